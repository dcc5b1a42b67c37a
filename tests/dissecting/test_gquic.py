import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.conversations import Message
from analyzer.dissecting.gquic import (
    Hello,
    is_clear,
    is_client,
    is_negotiation,
    number_of,
    read_clear,
    read_hello,
    read_opening,
)
from tests.builders.quicsealing import hashed, message, public, stream_one

CHLO = message(b"CHLO", PAD=b"-" * 400, SNI=b"Name.Example.", VER=b"Q043", UAID=b"Chrome/72.0 Linux")


def messages(*sent):
    """Datagrams of the client, of the server, by turns; an empty one is left out."""
    return tuple(Message(turn, turn + 1, turn % 2 == 0, octets) for turn, octets in enumerate(sent) if octets)


def long_header(frames, version=b"Q046", side=b"Client"):
    """Q046: the ids' lengths in one octet, a packet number of four octets."""
    return hashed(b"\xc3" + version + b"\x50" + b"d" * 8 + b"\0\0\0\1", frames, side)


@pytest.mark.parametrize("version", ["Q025", "Q033", "Q035", "Q039", "Q043"])
def test_the_hello_of_a_public_header_is_read(version):
    """Little-endian before Q039, private flags before Q034, the sender's side in the hash from Q037 on."""
    order = ">" if version >= "Q039" else "<"
    octets = public(version, stream_one(0, CHLO, order) + bytes(20))
    seen = read_clear(messages(octets))
    assert is_clear(octets)
    assert (seen.version, seen.began, seen.packets, seen.stream.whole) == (
        *2 * (int.from_bytes(version.encode(), "big"),), 1, 0,
    )  # fmt: skip
    assert read_hello(seen.stream.first(9999)) == Hello("name.example", "Chrome/72.0 Linux")


def test_the_hello_of_q046_is_read():
    """Its long header is that of the drafts of 2018; what the server sends is not taken for the client's."""
    octets = long_header(stream_one(0, CHLO))
    server = long_header(stream_one(0, message(b"REJ\0", SNO=b"secret")), side=b"Server")
    seen = read_clear(messages(octets, server))
    assert is_clear(octets)
    assert (seen.version, seen.packets, seen.stream.first(8)) == (0x51303436, 1, CHLO[:8])
    assert read_clear(messages(b"", octets)).packets == 1


def test_a_hello_in_two_packets_is_put_together():
    """In either order; without its begin it stays unread."""
    parts = [public("Q043", stream_one(at, CHLO[at : at + 250])) for at in (0, 250)]
    for sent in (parts, parts[::-1]):
        seen = read_clear(messages(sent[0], b"", sent[1]))
        assert (seen.packets, seen.stream.known, seen.stream.whole) == (2, len(CHLO), 1)
    assert read_clear(messages(parts[1])).packets == 0


@pytest.mark.parametrize("at", [9, 14, 30, 100, -1])
def test_a_packet_with_a_wrong_hash_gives_nothing(at):
    """Damaged, or encrypted and by chance like a hello."""
    octets = bytearray(public("Q043", stream_one(0, CHLO)))
    octets[at] ^= 4
    assert read_clear(messages(bytes(octets))).stream.known == 0
    assert not is_client(public("Q043", b"", side=b"Server"), read_opening(public("Q043", b"", side=b"Server")))


def test_a_client_that_begins_anew_with_another_version():
    """The server's Version Negotiation is a public header with a list of tags."""
    refused = b"\x09" + b"c" * 8 + b"Q043Q039"
    assert is_negotiation(refused)
    assert not is_negotiation(public("Q043", stream_one(0, CHLO)))
    first, second = (public(version, stream_one(0, CHLO)) for version in ("Q042", "Q043"))
    seen = read_clear(messages(first, refused, second))
    assert (seen.began, seen.version) == (0x51303432, 0x51303433)
    assert (seen.offered, seen.packets, seen.stream.whole) == ((0x51303433, 0x51303339), 1, 2)
    assert read_clear(messages(b"", first, refused)).began == 0x51303432


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"", ("", "")),
        (b"REJ\0" + CHLO[4:], ("", "")),
        (b"CHLO\xff\xff\0\0" + bytes(300), ("", "")),
        (CHLO[:200], ("", "")),
        (CHLO[:-5], ("name.example", "")),
        (message(b"CHLO", SNI=b"two names", UAID=b"a\nb\x1b[2J"), ("", r"a\x0ab\x1b[2J")),
        (message(b"CHLO", SNI=b"x" * 300), ("", "")),
        (b"CHLO\2\0\0\0SNI\0\x09\0\0\0UAID\5\0\0\0" + b"a.example", ("a.example", "")),
    ],
)
def test_tags_are_read_as_far_as_they_are_there(octets, expected):
    """Another message, too many tags, cut, values that are no name, ends that step back."""
    assert read_hello(octets) == expected


def test_few_hashes_are_made():
    """Sixteen packets that each begin a hello cost no more than four."""
    octets = public("Q043", stream_one(0, CHLO))
    assert read_clear(messages(*[octets] * 16)).packets <= 4
    assert read_clear(messages(public("Q043", stream_one(0, CHLO) + bytes(1500)))).packets == 0


def test_a_version_has_a_number():
    """By its last two digits."""
    assert (number_of(0x51303433), number_of(0x54303531)) == (43, 51)


@given(
    st.binary(max_size=90),
    st.sampled_from([b"\x0dccccccccQ043", b"\x09ccccccccQ025", b"\xc3Q046", b"\x39ccccccccQ039"]),
)
def test_any_octets_never_raise(rest, begin):
    """Whatever stands behind a version."""
    octets = begin + rest
    read_clear(messages(octets, octets))
    read_hello(b"CHLO" + rest)
