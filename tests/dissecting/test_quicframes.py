import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting.quicframes import read_frames, read_google_frames
from tests.builders.quicsealing import crypto, stream_one, varint

ACK = b"\2" + b"".join(map(varint, (9, 100, 1, 2, 0, 3)))
ACK_ECN = b"\3" + b"".join(map(varint, (9, 100, 0, 2, 1, 2, 3)))
CLOSED = b"\x1c" + varint(0x0128) + varint(6) + varint(3) + b"why"


def test_crypto_is_found_among_the_other_frames():
    """PADDING, PING, ACK with ranges, ACK with ECN counts, in any order (RFC 9000 section 12.4)."""
    payload = b"\0\0\1" + crypto(1200, b"late") + ACK + b"\0\0\0" + ACK_ECN + crypto(0, b"early") + bytes(50)
    assert read_frames(payload) == (((1200, b"late"), (0, b"early")), -1)


def test_a_closing_alert_is_found():
    """CONNECTION_CLOSE with 0x0128 is TLS's handshake_failure, 40; other codes are none of TLS."""
    assert read_frames(crypto(0, b"x") + CLOSED) == (((0, b"x"),), 40)
    assert read_frames(b"\x1c" + varint(0x0A) + b"\0\0") == ((), -1)


@pytest.mark.parametrize("bad", [b"\x08\1\1x", b"\6\0\x20xx", b"\6\xff", b"\2\1\1\x40\xff", b"\2\1", b"\x1d\0"])
def test_reading_ends_where_a_frame_is_not_whole_or_may_not_stand(bad):
    """STREAM in an Initial, a CRYPTO frame or ACK that is cut, an application's close."""
    assert read_frames(crypto(0, b"kept") + bad + crypto(4, b"lost")) == (((0, b"kept"),), -1)


def test_an_ack_of_a_million_ranges_costs_nothing():
    """The count is held against the octets that are there."""
    assert read_frames(b"\2" + b"".join(map(varint, (9, 9, 1 << 40, 9))) + bytes(40)) == ((), -1)


@pytest.mark.parametrize(("version", "order"), [(43, ">"), (39, ">"), (36, "<"), (24, "<")])
def test_googles_stream_1_is_found(version, order):
    """With and without offset and length, PING and STOP_WAITING between; other streams are passed over."""
    stop = b"\6" + bytes(1 if version >= 34 else 2)
    other = b"\xa0\3" + (b"\0\2" if order == ">" else b"\2\0") + b"no"
    last = b"\x80\1tail"
    payload = stop + stream_one(0, b"CHLO", order) + b"\7" + other + stream_one(4, b"more", order) + last
    assert read_google_frames(payload, version, 1).crypto == ((0, b"CHLO"), (4, b"more"), (0, b"tail"))


def test_googles_ack_and_crypto_frames_are_read():
    """Q050: ACK with two blocks and a time stamp (wire layout of 2016), then CRYPTO as type 8."""
    plain = b"\x40\x09\0\0\x09\0"
    ranges = b"\x60\x09\0\0\x01\x02\x01\x03\x01\x09\0\0\0\0"
    assert read_google_frames(plain + ranges + crypto(7, b"hello", 8), 50, 4).crypto == ((7, b"hello"),)


@pytest.mark.parametrize("bad", [b"\xa0\1\0\x09xx", b"\xbf\1", b"\x40\1", b"\3\0", b"\x08\0\x09x", b"\x08"])
def test_googles_frames_that_are_not_whole_end_the_reading(bad):
    """A STREAM or CRYPTO frame longer than the packet, an ACK that is cut, a frame of another kind."""
    assert read_google_frames(stream_one(0, b"kept") + bad, 43, 1).crypto == ((0, b"kept"),)


@given(st.binary(max_size=120), st.sampled_from([24, 36, 43, 46, 50]))
def test_any_octets_never_raise(payload, version):
    """No frame is longer than the payload."""
    for frames in (read_frames(payload), read_google_frames(payload, version, 4)):
        assert all(len(octets) <= len(payload) and offset >= 0 for offset, octets in frames.crypto)
