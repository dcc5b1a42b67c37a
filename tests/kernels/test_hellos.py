"""Hellos are read as the oracle reads them: lists without GREASE, tickets, ECH, hellos of SSL 2."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.kernels.hellos import greased, newness
from tests.builders import hellos as he
from tests.kernels.test_tls import DER, FLIGHT, assert_alike, read

GREASE = [0x0A0A + 0x1010 * k for k in range(16)]
numbers = st.lists(st.sampled_from([*GREASE, 0x1301, 0xC02B, 0x002F, 0x0A0B, 0x1A0A, 0x00FF]), max_size=120)
bodies = st.one_of(
    st.binary(max_size=12),
    numbers.map(lambda values: he.listed(*values)),
    numbers.map(lambda values: bytes([min(2 * len(values), 255)]) + he.numbers(*values)),
    st.lists(st.binary(max_size=6), max_size=3).map(
        lambda names: (
            struct.pack(">H", sum(map(len, names)) + len(names)) + b"".join(bytes([len(n)]) + n for n in names)
        )
    ),
)
kinds = st.sampled_from([0, 5, 10, 11, 13, 16, 35, 41, 43, 0xFE0D, 0x2A2A, 0xFF01])


def in_record(message):
    """A handshake message in records of TLS."""
    parts = [message[at : at + 16384] for at in range(0, len(message), 16384)]
    return b"".join(he.tls_record(he.HANDSHAKE, part, 0x0301) for part in parts)


@settings(max_examples=150, deadline=None)
@given(numbers, st.lists(st.tuples(kinds, bodies), max_size=14), st.integers(0, 40), st.booleans())
def test_lists_are_those_of_the_oracle(ciphers, extensions, cut, shorter):
    """Whatever a ClientHello lists, doubled, empty or damaged, its fingerprints and groups are the oracle's."""
    message = he.lists_hello_message(ciphers, extensions)
    if shorter:  # its length is told right, its lists are cut
        message = he.handshake(1, message[4 : max(len(message) - cut, 4)])
    assert_alike(in_record(message), FLIGHT)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(kinds, bodies), max_size=8), st.sampled_from([0x0303, 0x0300, 0xFEFD]), st.integers(0, 9))
def test_a_servers_answer_is_that_of_the_oracle(extensions, version, cut):
    """Whatever a ServerHello holds, JA3S and all else are the oracle's."""
    chained = b"".join(he.extension(kind, body) for kind, body in extensions)
    body = struct.pack(">H", version) + b"\x33" * 32 + b"\0\xc0\x2f\0" + struct.pack(">H", len(chained)) + chained
    assert_alike(he.client_hello("a.example"), in_record(he.handshake(2, body[: len(body) - cut])))


def test_grease_is_the_sixteen_values_of_the_rfc():
    """RFC 8701 section 2: 0x0a0a, 0x1a1a … 0xfafa and no other."""
    assert [value for value in range(1 << 16) if greased(np.int64(value))] == GREASE


def test_versions_of_dtls_count_down():
    """DTLS 1.3 is newer than 1.2, which is newer than 1.0; TLS counts up."""
    assert newness(0xFEFC) > newness(0xFEFD) > newness(0xFEFF)
    assert newness(0x0304) > newness(0x0303)


def test_groups_have_names():
    """What the client offers by IANA's names, GREASE left out."""
    message = he.lists_hello_message([0x1301], [(10, he.listed(0x2A2A, 4588, 29, 0x6A6B))])
    assert read(in_record(message), b"")["groups"] == ("X25519MLKEM768", "x25519", "0x6a6b")


def test_64_groups_are_kept():
    """A hello of nothing but groups makes no cell of thousands."""
    message = he.lists_hello_message([0x1301], [(10, he.listed(*range(1, 300)))])
    assert len(read(in_record(message), b"")["groups"]) == 64
    assert_alike(in_record(message), b"")


def test_a_hello_that_is_not_whole_has_no_fingerprint():
    """Its name is read as far as it goes; a fingerprint of a part would be that of another client."""
    hello = he.client_hello("a.example", padding=600)
    assert read(hello, b"")["ja4"]
    cut = read(hello[:-1], b"")
    assert (cut["ja3"], cut["ja4"], cut["groups"]) == ("", "", ())


@pytest.mark.parametrize(
    ("body", "kind", "config"),
    [
        (b"\0\0\1\0\1\x2a" + b"\0\x20" + b"k" * 32 + b"\0\x10" + b"p" * 16, "unknown", 42),
        (b"\1", "inner", -1),
        (b"", "", -1),
    ],
)
def test_an_encrypted_hello_tells_which_one_it_is(body, kind, config):
    """RFC 9849 section 5: outer with the number of a key, inner without anything."""
    made = read(in_record(he.lists_hello_message([0x1301], [(0xFE0D, body)])), b"")
    assert (made["ech"], made["ech_kind"], made["ech_config"]) == (bool(kind), kind, config)


@pytest.mark.parametrize("version", [0x0002, 0x0300, 0x0301, 0x0303])
def test_a_hello_of_ssl_2_begins_a_session(version):
    """RFC 5246 appendix E.2: its version is read, what the server answers is a record of TLS; it has no fingerprint."""
    hello = he.old_client_hello(0x00002F, 0x010080, version=version, session=b"s" * 16)
    made = read(hello, FLIGHT)
    assert made["client_version"] == {2: "SSLv2", 0x300: "SSLv3", 0x301: "TLSv10", 0x303: "TLSv12"}[version]
    assert (made["version"], made["chain"][0], made["hello_octets"]) == ("TLSv12", DER.hex(), len(hello) - 2)
    assert (made["ja3"], made["ja4"]) == ("", "")
    assert_alike(hello, FLIGHT)
    assert_alike(hello + he.tls_record(22, b"\x10\0\0\0") + he.tls_record(21, b"\2\x28"), FLIGHT)


def test_a_server_of_ssl_2_shows_its_certificate_in_its_hello():
    """RFC 6101 appendix E: version and certificate stand in clear."""
    hello, answer = he.old_client_hello(0x010080, version=2), he.old_server_hello(DER, 0x010080)
    made = read(hello, answer)
    assert (made["version"], made["chain"]) == ("SSLv2", (DER.hex(),))
    assert_alike(hello, answer)
    assert_alike(b"", answer)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 60), st.integers(0, 255), st.integers(0, 80), st.integers(0, 80))
def test_damaged_hellos_of_ssl_2_are_read_as_the_oracle_reads_them(at, value, cut_client, cut_server):
    """Whatever octet is wrong or missing, both agree whether it is one, and on all of it."""
    streams = [bytearray(he.old_client_hello(0x2F, 0x010080)), bytearray(he.old_server_hello(DER, 0x010080))]
    for stream in streams:
        stream[at % len(stream)] = value
    assert_alike(bytes(streams[0][: max(len(streams[0]) - cut_client, 0)]), bytes(streams[1]))
    assert_alike(bytes(streams[0]), bytes(streams[1][: max(len(streams[1]) - cut_server, 0)]))


@pytest.mark.parametrize(
    "octets",
    [
        he.old_client_hello(0x2F)[:8],
        he.old_client_hello(0x2F, challenge=b"c" * 8),
        he.old_client_hello(0x2F, version=0x0500),
        b"\x80\x2e\x02" + he.old_client_hello(0x2F)[3:],
        b"\x00\x2e" + he.old_client_hello(0x2F)[2:],
        he.old_client_hello(),
    ],
)
def test_other_octets_are_no_hello_of_ssl_2(octets):
    """Too short, another type, version or framing, a challenge too short, no suites."""
    assert read(octets, b"") is None
