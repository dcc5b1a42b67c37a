"""Tests of analyzer/capturing/unpacking.py."""

import gzip
import io
import random
import struct
import tracemalloc

import lz4.frame
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capturing.unpacking import PIECE, Damage, pieces

RANDOM = random.Random(7).randbytes(300_000)
TEXT = b"".join(b"%d frames on the wire\n" % number for number in range(40_000))


class Octets:
    """Packed octets from memory; `again` as a file offers it, unless it is a pipe, which gives `step` at a time."""

    def __init__(self, octets, *, pipe=False, step=0):
        self.octets = octets
        self.file = io.BytesIO(octets)
        self.pipe = pipe
        self.step = step

    @property
    def consumed(self):
        """Octets taken so far."""
        return self.file.tell()

    def take(self, octets):
        """The next octets."""
        return self.file.read(min(octets, self.step or octets))

    def waits(self):
        """Before each step."""
        return bool(self.step)

    def again(self, offset):
        """The octets from an offset on."""
        return None if self.pipe else Octets(self.octets[offset:])


def zstd(octets, **parameters):
    return zstandard.ZstdCompressor(write_checksum=True, **parameters).compress(octets)


PACKERS = {
    "gzip": gzip.compress,
    "zstd": zstd,
    "lz4": lambda octets: lz4.frame.compress(octets, content_checksum=True),
}
packers = pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)


def unpack(packed, **how):
    """(octets that come out, what the damage is or "")."""
    got = []
    try:
        for piece in pieces(packed[:64], Octets(packed, **how)):
            assert len(piece) <= PIECE
            assert piece or how.get("step")
            got.append(piece)
    except Damage as why:
        return b"".join(got), str(why)
    return b"".join(got), ""


@packers
@pytest.mark.parametrize(
    "plain", [b"", b"x", RANDOM, TEXT, bytes(3_000_000)], ids=["none", "one", "random", "text", "0"]
)
def test_what_was_packed_comes_out(pack, plain):
    """Unpacking gives what was packed, without a complaint."""
    assert unpack(pack(plain)) == (plain, "")


@packers
@given(step=st.integers(1, 300))
def test_in_whatever_steps_it_comes(pack, step):
    """A pipe that gives a few octets at a time changes nothing, at ends of members neither."""
    packed = pack(TEXT[:3000]) + pack(b"") + pack(RANDOM[:900])
    assert unpack(packed, pipe=True, step=step) == (TEXT[:3000] + RANDOM[:900], "")


@packers
def test_before_it_waits_all_that_came_is_out(pack):
    """Of two members all of the first is out when the second has not come."""
    first, second = pack(TEXT[:3000]), pack(RANDOM)
    got = b""
    for piece in pieces(first[:64], Octets(first + second, pipe=True, step=len(first))):
        if not piece and got:
            break
        got += piece
    assert got == TEXT[:3000]


@packers
def test_all_members_are_read(pack):
    """Members or frames that follow one another are read as one, empty ones among them."""
    assert unpack(pack(TEXT) + pack(b"") + pack(RANDOM) + pack(b"end")) == (TEXT + RANDOM + b"end", "")


@packers
def test_a_cut_gives_all_before_it(pack):
    """Octets that end too early give a prefix as long as what was there allows, and say so."""
    packed = pack(RANDOM)
    for left in (12, 1000, 150_000, len(packed) - 1):
        plain, damage = unpack(packed[:left])
        assert "ends too early" in damage
        assert RANDOM.startswith(plain)
        assert len(plain) >= left - 140_000


@pytest.mark.parametrize("pack", [gzip.compress, PACKERS["lz4"]], ids=["gzip", "lz4"])
def test_damage_in_the_middle_gives_all_before_it(pack):
    """What stands before a damaged octet comes out, up to what one step of the format holds."""
    packed = bytearray(pack(TEXT))
    packed[len(packed) // 2 : len(packed) // 2 + 64] = b"\xff" * 64
    plain, damage = unpack(bytes(packed))
    assert "damaged" in damage
    assert len(plain) > len(TEXT) * 2 // 5
    assert plain[: len(TEXT) * 2 // 5] == TEXT[: len(TEXT) * 2 // 5]
    of_pipe, _ = unpack(bytes(packed), pipe=True)
    assert plain.startswith(of_pipe)


def test_damage_in_zstd_gives_all_blocks_before_it():
    """Every block of a zstd frame before the damaged one comes out."""
    packed = bytearray(zstd(RANDOM))
    packed[131_072 * 2 : 131_072 * 2 + 50] = b"\xff" * 50
    plain, damage = unpack(bytes(packed))
    assert plain[:131_072] == RANDOM[:131_072]
    assert damage


@packers
def test_a_wrong_checksum_is_told(pack):
    """Octets whose checksum does not fit come out, and the damage is told."""
    packed = bytearray(pack(RANDOM))
    packed[-5 if pack is gzip.compress else -1] ^= 1
    plain, damage = unpack(bytes(packed))
    assert damage
    assert RANDOM.startswith(plain)


@packers
def test_garbage_behind_the_end_is_told(pack):
    """Other octets behind the last member are told, all before them comes out."""
    assert unpack(pack(TEXT) + b"garbage that is no member")[0] == TEXT
    assert "follow its end" in unpack(pack(TEXT) + b"garbage that is no member")[1]


def test_zeros_behind_a_gzip_member_are_padding():
    """Zeros after the end, as tapes leave them, are passed over."""
    assert unpack(gzip.compress(TEXT) + bytes(1000)) == (TEXT, "")


def test_skippable_frames_of_zstd_are_skipped():
    """A skippable frame, as pzstd writes it, holds no octets of the file."""
    skipped = struct.pack("<II", 0x184D2A50, 300_000) + bytes(300_000)
    assert unpack(skipped + zstd(TEXT) + skipped) == (TEXT, "")


@packers
def test_a_bomb_takes_no_memory(pack):
    """A thousand times as many octets as were packed pass through flat memory."""
    packed = pack(bytes(64 << 20))
    tracemalloc.start()
    total = sum(len(piece) for piece in pieces(packed[:64], Octets(packed)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 64 << 20
    assert peak < 8 << 20


@given(st.sampled_from([b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"\x50\x2a\x4d\x18"]), st.binary())
def test_any_octets_are_octets_or_damage(magic, rest):
    """Whatever follows the magic, it comes out as octets or damage, and nothing else is raised."""
    assert isinstance(unpack(magic + rest), tuple)


def test_plain_octets_are_not_unpacked():
    """What has no magic of a compression stays as it is."""
    assert pieces(b"\xd4\xc3\xb2\xa1" + bytes(20), Octets(b"")) is None
