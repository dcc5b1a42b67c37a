"""gzip, zstd and LZ4 frames become plain octets, a bounded piece at a time.

A generator here yields pieces of at most `PIECE` octets, so a decompression bomb costs time and never memory. A piece
without octets says that the next one has to be waited for: of a pipe, what was unpacked by then can be looked at. What
comes before damage is yielded first; then `Damage` is raised, whose text says what is wrong. Each library is imported
where its format occurs: most captures are not packed.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Protocol

PIECE = 1 << 18
"""Octets that a piece holds at most; a zstd block holds half of it (RFC 8878 section 3.1.1.2.4)."""

TAKE = 1 << 17

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
LZ4 = b"\x04\x22\x4d\x18"


class Damage(Exception):  # noqa: N818 - what the packed octets have, told to Source alone; no error of the program
    """The packed octets end too early or cannot be unpacked from here on."""


class Packed(Protocol):
    """Where the packed octets come from."""

    def take(self, octets: int) -> bytes:
        """The next octets, as many as there are by now, which is one at least; none at the end."""

    def waits(self) -> bool:
        """Whether `take` would wait for somebody to write more."""

    def again(self, offset: int) -> Packed | None:
        """The same octets from an offset on, to be read a second time; None where that cannot be (a pipe)."""

    @property
    def consumed(self) -> int:
        """Octets taken so far."""


class _Decompressor(Protocol):
    """What isal's and lz4's decompressors share with those of the standard library."""

    @property
    def eof(self) -> bool:
        """Whether the end of the member or frame has been reached."""

    @property
    def unused_data(self) -> bytes | None:
        """What was handed in and stands behind that end."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """At most `max_length` more octets."""


def gzip_pieces(packed: Packed) -> Iterator[bytes]:
    """The octets of a gzip file, of all its members (RFC 1952 section 2.2); raises Damage."""
    from isal import igzip_lib  # noqa: PLC0415 - see the module's docstring

    def member() -> _Decompressor:
        return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)

    error: type[BaseException] = igzip_lib.IsalError  # type: ignore[assignment]  # isal's stub says an instance
    return _member_pieces(packed, GZIP, member, error, "gzip")


def lz4_pieces(packed: Packed) -> Iterator[bytes]:
    """The octets of an LZ4 file, of all its frames (LZ4 Frame Format Description 1.6.4); raises Damage."""
    import lz4.frame  # noqa: PLC0415 - see the module's docstring

    return _member_pieces(packed, LZ4, lz4.frame.LZ4FrameDecompressor, RuntimeError, "LZ4")


def _member_pieces(
    packed: Packed, magic: bytes, member: Callable[[], _Decompressor], error: type[BaseException], name: str
) -> Iterator[bytes]:
    data = yield from _more(packed, TAKE)
    while data:
        if data.startswith(magic[: len(data)]):
            try:
                data = yield from _member_piece(packed, data, member, error)
            except EOFError as why:
                raise Damage(f"the {name} data ends too early") from why
            except error as why:
                raise Damage(f"the {name} data is damaged ({str(why).lower()})") from why
        elif any(data):
            raise Damage(f"octets that are no {name} data follow its end")
        else:  # padding with zeros, as on tapes; gzip(1) passes over it too
            data = b""
        if len(data) < len(magic):
            data += yield from _more(packed, TAKE)


def _more(packed: Packed, octets: int) -> Generator[bytes, None, bytes]:
    """The next octets, none at the end; where they have to be waited for, that is said first."""
    if packed.waits():
        yield b""
    return packed.take(octets)


def _member_piece(
    packed: Packed, data: bytes, member: Callable[[], _Decompressor], error: type[BaseException]
) -> Generator[bytes, None, bytes]:
    """The pieces of the member that begins with `data`; returns the octets taken that stand behind it."""
    begin = packed.consumed - len(data)
    unpacked = 0
    machine = member()
    while True:
        try:
            piece = machine.decompress(data, max_length=PIECE)
        except error:
            yield from _rescued(packed.again(begin), member(), unpacked, error)
            raise
        unpacked += len(piece)
        if piece:
            yield piece
        if machine.eof:
            return machine.unused_data or b""
        data = b"" if len(piece) == PIECE else (yield from _more(packed, TAKE))
        if not data and len(piece) < PIECE:
            raise EOFError


def _rescued(
    packed: Packed | None, machine: _Decompressor, unpacked: int, error: type[BaseException]
) -> Iterator[bytes]:
    """What a member still gives after its first `unpacked` octets, octet by octet up to the damage."""
    got = 0
    data = packed.take(TAKE) if packed else b""
    while packed and data:
        more = True
        while more and not machine.eof:
            room = max(min(unpacked - got, PIECE), 1)
            try:
                piece = machine.decompress(data, max_length=room)
            except error:
                return
            if got >= unpacked and piece:
                yield piece
            got += len(piece)
            data = b""
            more = len(piece) == room
        data = b"" if machine.eof else packed.take(TAKE)


def zstd_pieces(packed: Packed) -> Iterator[bytes]:
    """The octets of a zstd file, of all its frames (RFC 8878 section 3.1); raises Damage."""
    while True:
        head = yield from _up_to(packed, 4)
        if not head:
            return
        if _is_skippable(head):
            yield from _skip(packed, int.from_bytes((yield from _whole(packed, 4)), "little"))
        elif head == ZSTD:
            yield from _zstd_frame(packed)
        else:
            raise Damage("octets that are no zstd data follow its end")


def _zstd_frame(packed: Packed) -> Iterator[bytes]:
    """The blocks of one frame; each is unpacked by itself, so that none that stands before damage is lost."""
    import zstandard  # noqa: PLC0415 - see the module's docstring

    descriptor = yield from _whole(packed, 1)
    single = descriptor[0] >> 5 & 1
    sizes = (single, 2, 4, 8)[descriptor[0] >> 6] + (0, 1, 2, 4)[descriptor[0] & 3] + 1 - single
    machine = zstandard.ZstdDecompressor().decompressobj()
    try:
        machine.decompress(ZSTD + descriptor + (yield from _whole(packed, sizes)))
        last = 0
        while not last:
            head = yield from _whole(packed, 3)
            fields = int.from_bytes(head, "little")
            last, kind, octets = fields & 1, fields >> 1 & 3, fields >> 3
            block = machine.decompress(head + (yield from _whole(packed, 1 if kind == 1 else min(octets, PIECE))))
            if block:
                yield block
        if descriptor[0] >> 2 & 1:
            machine.decompress((yield from _whole(packed, 4)))
    except zstandard.ZstdError as why:
        raise Damage(f"the zstd data is damaged ({str(why).lower()})") from why


def _is_skippable(head: bytes) -> bool:
    """Is it the magic of a skippable frame (RFC 8878 section 3.1.2)? zstd and LZ4 share them."""
    return len(head) == 4 and head[0] & 0xF0 == 0x50 and head[1:] == b"\x2a\x4d\x18"


def _skip(packed: Packed, octets: int) -> Iterator[bytes]:
    while octets > 0:
        taken = len((yield from _more(packed, min(octets, TAKE))))
        if not taken:
            raise Damage("the zstd data ends too early")
        octets -= taken


def _whole(packed: Packed, octets: int) -> Generator[bytes, None, bytes]:
    taken = yield from _up_to(packed, octets)
    if len(taken) < octets:
        raise Damage("the zstd data ends too early")
    return taken


def _up_to(packed: Packed, octets: int) -> Generator[bytes, None, bytes]:
    """So many octets, fewer only at the end."""
    taken = b""
    while len(taken) < octets:
        more = yield from _more(packed, octets - len(taken))
        if not more:
            break
        taken += more
    return taken


def pieces(head: bytes, packed: Packed) -> Iterator[bytes] | None:
    """The unpacked octets of what begins with `head`, piece by piece; None where no compression known here does."""
    if head.startswith(GZIP):
        return gzip_pieces(packed)
    if head.startswith(ZSTD) or _is_skippable(head[:4]):
        return zstd_pieces(packed)
    if head.startswith(LZ4):
        return lz4_pieces(packed)
    return None
