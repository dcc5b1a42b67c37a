"""The first octets of a conversation become as few of them as it takes to be known as what it is.

Which octets a protocol is known by, its dissector decides: what it does not miss is zeroed or masked. Names, passwords
and communities of any protocol go this way, without a list of where they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analyzer.conversations import Conversation, Stream
from analyzer.dissecting import dissect
from analyzer.dissecting.dissected import TCP, Dissected
from analyzer.extracting.summed import EMPTIED

FILLS = (0, 0xA5, 0x3F)
MASKS = (b"x", b"0", b"A")
"""What is a letter, a digit (in any base), and a capital where zeros will not do, as in names of NetBIOS."""

MOST_KEPT = 64
"""Octets of a text that may stay: a protocol that takes more is not to be told from its contents."""

MOST_TRIES = 2000

Texts = list[bytes]
Mark = Callable[[bytes], bytes]
"""The last octets of a datagram that is zeroed: what tells it from another one of its length."""


class _TooMuchError(Exception):
    """More octets, or more tries, than are allowed."""


def least(talk: Conversation, tails: Sequence[bytes], mark: Mark) -> Texts:
    """What is kept of both streams, or of each datagram, as long as before.

    tails  what stands for what is not missed: of streams the TLS inside, else zeros
    """
    found = dissect(talk)
    told = _told(found)
    whole = [talk.orig.octets, talk.resp.octets] if talk.proto == TCP else [one.octets for one in talk.messages]
    bare = [*tails] if talk.proto == TCP else [_ended(*row, mark) for row in zip(whole, tails, strict=True)]

    def known(texts: Texts) -> bool:
        return _told(dissect(_with(talk, texts))) == told

    if found is None:
        empty = [[_ended(text, bytes([fill]) * len(text), mark) for text in whole] for fill in FILLS]
        return next((texts for texts in empty if known(texts)), empty[0])
    if known(bare):
        return bare
    if emptied := EMPTIED.get(found.service):
        texts = [emptied(text, b"" if talk.proto == TCP else mark(text)) for text in whole]
        return texts if known(texts) else bare
    try:
        return _Search(whole, bare, known).found()
    except _TooMuchError:
        return bare


class _Search:
    """Takes out of texts all that they are known without."""

    def __init__(self, whole: Texts, bare: Texts, known: Callable[[Texts], bool]) -> None:
        self._texts, self._bare, self._known = [*whole], bare, known
        self._tries = 0

    def found(self) -> Texts:
        """What is left; raises _TooMuchError."""
        for side in reversed(range(len(self._texts))):
            self._reduce(side)
        return self._texts

    def _reduce(self, side: int) -> None:
        left, kept = [(0, len(self._texts[side]))], 0
        while left:
            begin, end = left.pop()
            if begin == end or self._without(side, begin, end):
                continue
            if end - begin == 1:
                kept += self._texts[side][begin] != self._bare[side][begin]
                if kept > MOST_KEPT:
                    raise _TooMuchError
            else:
                middle = (begin + end) // 2
                left += [(begin, middle), (middle, end)]

    def _without(self, side: int, begin: int, end: int) -> bool:
        """Takes a range out, if the texts are known without it."""
        text = self._texts[side]
        for fill in (self._bare[side][begin:end], *(mask * (end - begin) for mask in MASKS)):
            self._tries += 1
            if self._tries > MOST_TRIES:
                raise _TooMuchError
            tried = [*self._texts]
            tried[side] = text[:begin] + fill + text[end:]
            if self._known(tried):
                self._texts = tried
                return True
        return False


def _told(told: Dissected | None) -> object:
    return told and (told.service, told.certainty, told.inner is None and told.tls_at)


def _with(talk: Conversation, texts: Texts) -> Conversation:
    """A conversation that says something else."""
    if talk.proto == TCP:
        return talk._replace(orig=Stream(texts[0], talk.orig.marks), resp=Stream(texts[1], talk.resp.marks))
    rows = zip(talk.messages, texts, strict=True)
    return talk._replace(messages=tuple(one._replace(octets=text) for one, text in rows))


def _ended(text: bytes, made: bytes, mark: Mark) -> bytes:
    """A text with its mark at the end."""
    end = mark(text)
    return made[: len(made) - len(end)] + end
