import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting.quicpackets import (
    HANDSHAKE,
    INITIAL,
    MAX_PACKETS,
    NEGOTIATION,
    RETRY,
    ZERO_RTT,
    name_version,
    read_ids,
    read_packets,
    read_varint,
    read_versions,
)
from tests.builders import quicsealing as qs


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        ("c2197c5eff14e88c", 151288809941952652),
        ("9d7f3e7d", 494878333),
        ("7bbd", 15293),
        ("25", 37),
        ("4025", 37),
    ],
)
def test_a_varint_is_read(octets, value):
    """RFC 9000 appendix A.1."""
    octets = bytes.fromhex(octets)
    assert read_varint(b"x" + octets, 1) == (value, 1 + len(octets))
    assert read_varint(octets[:-1], 0)[0] == -1


@pytest.mark.parametrize("version", [qs.V1, qs.V2])
def test_coalesced_packets_are_told_apart(version):
    """RFC 9000 section 12.2: Initial, 0-RTT, Handshake, then one with a short header, which ends the list."""
    parts = [
        qs.initial(b"\1" * 40, version=version, source=b"s" * 4, token=b"token"),
        qs.other(1, version=version),
        qs.other(2, version=version),
    ]
    found = read_packets(b"".join(parts) + b"\x40" + bytes(30))
    assert [packet.kind for packet in found] == [INITIAL, ZERO_RTT, HANDSHAKE]
    assert [packet.begin for packet in found] == [0, len(parts[0]), len(parts[0] + parts[1])]
    assert found[-1].end == sum(map(len, parts))
    assert (found[0].to, found[0].source, found[0].token) == (qs.FIRST, b"s" * 4, b"token")


def test_retry_and_version_negotiation_end_their_datagram():
    """Neither has a length (RFC 9000 sections 17.2.1 and 17.2.5); in version 2 the type bits of a Retry are 0."""
    for version in (qs.V1, qs.V2):
        packet = read_packets(qs.retry(version=version))[0]
        assert (packet.kind, packet.source) == (RETRY, b"r" * 8)
    octets = qs.negotiation(0x1A2A3A4A, 1, qs.V2)
    packet = read_packets(octets)[0]
    assert packet.kind == NEGOTIATION
    assert read_versions(octets[packet.at :]) == (0x1A2A3A4A, 1, qs.V2)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        qs.header(2, 0, b"d" * 8, b""),
        qs.header(1, 0, b"d" * 21, b"") + bytes(40),
        qs.header(1, 0, b"d" * 8, b"s" * 30) + bytes(40),
        b"\x43" + qs.initial(b"\1" * 40)[1:],
        b"\x83" + qs.initial(b"\1" * 40)[1:],
        qs.header(1, 0, b"d" * 8, b"") + qs.varint(500) + b"token",
        qs.header(1, 0, b"d" * 8, b"") + b"\0\x80",
        b"\xc3\0\0\0\1\x14short",
    ],
)
def test_what_is_no_long_header_gives_no_packet(octets):
    """Unknown version, ids too long, no long form, no fixed bit, a token or a length that is not there."""
    assert read_packets(octets) == []


def test_a_datagram_of_many_packets_is_read_up_to_a_bound():
    """Packets of a few octets could fill a datagram."""
    assert len(read_packets(qs.other(2, octets=1) * 100)) == MAX_PACKETS


@pytest.mark.parametrize(
    ("version", "name"),
    [
        (1, "1"),
        (0x6B3343CF, "2"),
        (0xFF00001D, "draft-29"),
        (0x51303433, "Q043"),
        (0x54303531, "T051"),
        (0xFACEB002, "mvfst-2"),
        (0xFACEB00E, "mvfst-e"),
        (0x1A2A3A4A, "0x1a2a3a4a"),
        (2, "0x00000002"),
    ],
)
def test_versions_have_names(version, name):
    """As IETF, Google and Facebook number them."""
    assert name_version(version) == name


@given(st.binary(max_size=80), st.sampled_from([0, 1, qs.V2, qs.Q050]))
def test_packets_stand_one_behind_the_other(rest, version):
    """Whatever the octets, no packet overlaps the one before, and nothing raises."""
    octets = b"\xc3" + version.to_bytes(4, "big") + rest
    found = read_packets(octets)
    assert all(one.begin < one.end for one in found)
    assert [one.begin for one in found] == [0, *(one.end for one in found)][: len(found)]
    assert read_ids(octets, 0) is None or read_ids(octets, 0)[0] == version
