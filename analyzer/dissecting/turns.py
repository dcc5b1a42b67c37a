"""How much the two directions of a conversation prove together, one message form for each direction."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, TCP

MAX_MESSAGES = 4  # datagrams of a direction that are looked at

Fits = Callable[[bytes], object]


def firsts(talk: Conversation) -> tuple[list[bytes], list[bytes]]:
    """The first octets of the originator and of the responder: a stream each, or the first datagrams of each."""
    if talk.proto == TCP:
        return [talk.orig.octets] if talk.orig.octets else [], [talk.resp.octets] if talk.resp.octets else []
    orig: list[bytes] = []
    resp: list[bytes] = []
    for message in talk.messages:
        side = orig if message.from_orig else resp
        if message.octets and len(side) < MAX_MESSAGES:
            side.append(message.octets)
    return orig, resp


def agree(talk: Conversation, client: Fits, server: Fits | None = None, *, alone: str = PARTIAL) -> str:
    """PAYLOAD where both directions have their form, `alone` where one has and the other is silent, else empty.

    client  whether octets are what a client sends; `server` (else the same) what a server sends
    Either way round, since a capture that begins midway may take the server for the originator. All first datagrams
    of a direction must fit: one that does not speaks against the protocol.
    """
    answers = server or client
    first = _first(talk)
    straight, turned = bool(client(first)), bool(answers(first)) if server else False
    if not straight and not turned and first:
        return ""
    orig, resp = firsts(talk)
    certainty = PAYLOAD if orig and resp else alone if orig or resp else ""
    if all(map(client, orig)) and all(map(answers, resp)):
        return certainty
    if all(map(client, resp)) and all(map(answers, orig)):
        return certainty
    return ""


def _first(talk: Conversation) -> bytes:
    """What is looked at first, so that what fits nowhere costs little: one side's octets."""
    if talk.proto == TCP:
        return talk.orig.octets or talk.resp.octets
    return talk.messages[0].octets if talk.messages else b""
