"""Tests of analyzer/capturing/source.py."""

import gzip
import os
import pty
import sys
import threading
import zlib

import lz4.frame
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capturing.source import open_source
from analyzer.errors import CaptureError, SourceError
from tests.builders.captures import Shot, pcap

CAPTURE = pcap([Shot(1_700_000_000_000_000_000 + n, bytes([n % 251]) * 1000) for n in range(3000)])


def read(path, step=1 << 20):
    """(all octets, why they end early) of a source read `step` octets at a time."""
    got = bytearray()
    room = bytearray(step)
    with open_source(str(path)) as source:
        while filled := source.readinto(memoryview(room)):
            got += room[:filled]
        assert source.readinto(memoryview(room)) == 0
        return bytes(got), source.cut


@pytest.fixture
def written(tmp_path):
    """Writes octets to a file and gives its path."""

    def write(octets, name="capture"):
        path = tmp_path / name
        path.write_bytes(octets)
        return path

    return write


@pytest.mark.parametrize(
    "pack",
    [bytes, gzip.compress, zstandard.ZstdCompressor().compress, lz4.frame.compress],
    ids=["plain", "gz", "zst", "lz4"],
)
@pytest.mark.parametrize("step", [7919, 1 << 20])
def test_packed_equals_plain(written, pack, step):
    """The same octets come from a file however it is packed, whatever its name says."""
    assert read(written(pack(CAPTURE), "capture.txt"), step) == (CAPTURE, "")


def test_the_sizes_follow_what_was_read(written):
    """`size` is the file's on disk, and `consumed` reaches it."""
    packed = gzip.compress(CAPTURE)
    with open_source(str(written(packed))) as source:
        assert (source.size, source.compressed) == (len(packed), True)
        while source.readinto(memoryview(bytearray(1 << 20))):
            assert 0 < source.consumed <= len(packed)
        assert source.consumed == len(packed)


def test_a_pipe_is_read_to_its_end(tmp_path):
    """A pipe gives what its writer wrote, in a capture's order, and has no size."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(gzip.compress(CAPTURE),))
    writer.start()
    assert read(path) == (CAPTURE, "")
    writer.join()


def gzip_parts(parts):
    """Parts of one gzip member, each flushed."""
    packer = zlib.compressobj(wbits=31)
    yield from (packer.compress(part) + packer.flush(zlib.Z_SYNC_FLUSH) for part in parts)
    yield packer.flush()


def zstd_parts(parts):
    """Parts of one zstd frame, each flushed."""
    packer = zstandard.ZstdCompressor().compressobj()
    yield from (packer.compress(part) + packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK) for part in parts)
    yield packer.flush()


def lz4_parts(parts):
    """Parts of one LZ4 frame, each flushed."""
    packer = lz4.frame.LZ4FrameCompressor(auto_flush=True)
    begin = packer.begin()
    for part in parts:
        yield begin + packer.compress(part)
        begin = b""
    yield packer.flush()


@pytest.mark.parametrize("parts_of", [iter, gzip_parts, zstd_parts, lz4_parts], ids=["plain", "gz", "zst", "lz4"])
def test_a_pipe_gives_what_is_there(tmp_path, parts_of):
    """Frames that have come are handed on before the writer says more, packed or not."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    asked = threading.Event()

    def write():
        with path.open("wb", buffering=0) as pipe:
            for part in parts_of([CAPTURE[:5000], CAPTURE[5000:6000]]):
                pipe.write(part)
                assert asked.wait(10)

    writer = threading.Thread(target=write)
    writer.start()
    room = bytearray(1 << 20)
    with open_source(str(path)) as source:
        first = source.readinto(memoryview(room))
        early = not asked.is_set()
        asked.set()
        assert early
        assert 0 < first <= 5000
        while more := source.readinto(memoryview(room)[first:]):
            first += more
        assert bytes(room[:first]) == CAPTURE[:6000]
        assert (source.size, source.cut) == (0, "")
    writer.join()


def test_standard_input_is_a_dash(written, monkeypatch):
    """A dash reads descriptor 0, which stays open afterwards."""
    descriptor = os.open(written(CAPTURE), os.O_RDONLY)
    kept = os.dup(0)
    try:
        os.dup2(descriptor, 0)
        assert read("-") == (CAPTURE, "")
        os.fstat(0)
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(descriptor)


@pytest.mark.parametrize(
    ("path", "reason"), [("missing.pcap", "no such file"), (".", "is a directory"), ("with\0nul", "no path")]
)
def test_what_cannot_be_opened_is_told_in_one_line(path, reason):
    """An input that cannot be opened is a SourceError of one line that names it."""
    with pytest.raises(SourceError, match=reason) as caught:
        open_source(path)
    assert "\n" not in str(caught.value)


def test_a_terminal_is_no_capture():
    """Nobody waits for what somebody types."""
    main, child = pty.openpty()
    try:
        with pytest.raises(SourceError, match="is a terminal; pipe a capture in"):
            open_source(os.ttyname(child))
    finally:
        os.close(main)
        os.close(child)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(written):
    """A file without permission is a SourceError."""
    path = written(CAPTURE)
    path.chmod(0)
    with pytest.raises(SourceError, match="may not be read"):
        open_source(str(path))


def test_what_is_packed_twice_is_refused(written):
    """A gzip within a zstd is refused before any octet is given."""
    with pytest.raises(SourceError, match="compressed twice"):
        open_source(str(written(zstandard.ZstdCompressor().compress(gzip.compress(CAPTURE)))))


def test_a_cut_is_told_after_all_before_it(written):
    """A packed file that ends early gives a prefix, then nothing, and says why."""
    plain, cut = read(written(gzip.compress(CAPTURE)[:-3000]))
    assert plain
    assert CAPTURE.startswith(plain)
    assert cut == "the gzip data ends too early"


def test_damage_from_the_first_octet_on_is_an_error(written):
    """A packed file that gives nothing at all is a CaptureError at octet 0."""
    with pytest.raises(CaptureError, match="octet 0: the gzip data"):
        read(written(b"\x1f\x8b\x08\x00rubbish"))


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/self/mem is Linux")
def test_an_error_while_reading_is_a_cut():
    """Where reading itself fails, what was read stands, and the failure is told."""
    with pytest.raises((SourceError, CaptureError)):
        read("/proc/self/mem")


@settings(max_examples=50, deadline=None)
@given(st.integers(0, len(CAPTURE)), st.integers(5000, 1 << 20))
def test_any_cut_and_any_step_give_a_prefix(tmp_path_factory, cut, step):
    """However much of a packed file is left and however it is read, a prefix comes out."""
    path = tmp_path_factory.getbasetemp() / "cut"
    packed = zstandard.ZstdCompressor(write_checksum=True).compress(CAPTURE)
    left = packed[: cut * len(packed) // len(CAPTURE)]
    path.write_bytes(left)
    try:
        plain, why = read(path, step)
    except CaptureError:
        assert len(left) < 1000
        return
    if left[:4] != packed[:4]:
        assert plain == left
    else:
        assert CAPTURE.startswith(plain)
        assert bool(why) == (left != packed)
