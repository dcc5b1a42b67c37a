"""Facts are summed up in the figures that other programs give."""

from __future__ import annotations

import pytest

import analyzer
from analyzer.inspecting import ours
from tests.builders import frames as fr
from tests.builders.captures import Shot, pcap
from tests.builders.hellos import client_hello, server_flight
from tests.builders.readings import signed
from tests.builders.traffic import question

HOME, AWAY = "10.0.0.1", "10.0.0.2"
SECOND, HOUR = 1_000_000_000, 3600
START_S = 1_800_000_000


@pytest.fixture
def read(tmp_path):
    """A function that gives the reading of frames, (second, octets)."""

    def reading(*frames):
        path = tmp_path / "capture"
        path.write_bytes(pcap([Shot((START_S + second) * SECOND, octets) for second, octets in frames]))
        return ours.read(analyzer.observe([str(path)]))

    return reading


def udp(payload=b"x", src=HOME, dst=AWAY, ports=(40000, 9)):
    """A datagram."""
    return fr.linked(fr.ip(src, dst, fr.UDP, fr.udp(*ports, payload)))


def tcp(payload=b"", *, seq=1, ack=1, flags=fr.ACK, answer=False, port=443):
    """A segment."""
    ends, ports = ((AWAY, HOME), (port, 40000)) if answer else ((HOME, AWAY), (40000, port))
    return fr.linked(fr.ip(*ends, fr.TCP, fr.tcp(*ports, seq=seq, ack=ack, flags=flags, payload=payload)))


def test_frames_octets_and_times_are_the_captures(read):
    """What stands in the file's records is what is told."""
    seen = read((0, udp()), (5, udp(b"xyz")))
    assert (seen.packets, seen.octets) == (2, len(udp()) + len(udp(b"xyz")))
    assert (seen.start_ns, seen.end_ns) == (START_S * SECOND, (START_S + 5) * SECOND)
    assert (seen.cut, seen.snaplen_cut_frames) == (False, 0)


def test_silence_parts_flows_and_not_conversations(read):
    """Two flows of the same ends are one conversation of datagrams, and of TCP unless a SYN opens another."""
    far = 3 * HOUR
    seen = read((0, udp()), (1, tcp(b"x")), (far, udp()), (far, tcp(b"y", seq=2)))
    assert (seen.udp_conversations, seen.tcp_conversations) == (1, 1)
    opened = read((0, tcp(b"x")), (far, tcp(seq=900, ack=0, flags=fr.SYN)))
    assert opened.tcp_conversations == 2
    assert read((0, udp()), (1, udp(ports=(40001, 9)))).udp_conversations == 2


def test_a_reused_port_is_another_conversation(read):
    """A SYN with a new number after the opening is counted."""
    opening = [(0, tcp(seq=5, ack=0, flags=fr.SYN)), (1, tcp(seq=7, ack=6, flags=fr.SYN | fr.ACK, answer=True))]
    assert read(*opening, (2, tcp(seq=999, ack=0, flags=fr.SYN))).tcp_conversations == 2
    assert read(*opening, (2, tcp(seq=5, ack=0, flags=fr.SYN))).tcp_conversations == 1


def test_names_asked_for_are_those_of_dns(read):
    """DNS counts, whatever port asks; the root is a dot; mDNS does not count."""
    asked = question(b"\x07machine\x07example\x00")
    seen = read((0, udp(asked, ports=(40000, 53))), (1, udp(question(b"\x00"), ports=(40001, 53))))
    assert seen.dns_names == {"machine.example", "."}
    assert read((0, udp(asked, ports=(5353, 53)))).dns_names == {"machine.example"}
    assert read((0, udp(asked, ports=(5353, 5353)))).dns_names == frozenset()


def test_tls_gives_its_server_name_and_the_issuer_of_the_leaf(read):
    """The name of the ClientHello, and who issued the first certificate; one that cannot be read has no issuer."""
    leaf, above = signed({"CN": "Acme CA"}), signed({"CN": "Root"})
    hello = client_hello("app.example")

    def spoken(*ders):
        return read(
            (0, tcp(seq=0, ack=0, flags=fr.SYN)), (0, tcp(seq=0, flags=fr.SYN | fr.ACK, answer=True)),
            (1, tcp(hello)), (2, tcp(server_flight(*ders), ack=1 + len(hello), answer=True)),
        )  # fmt: skip

    seen = spoken(leaf, above)
    assert (seen.server_names, seen.issuers) == ({"app.example"}, {"Acme CA"})
    assert (seen.quic_server_names, seen.dtls_server_names) == (frozenset(), frozenset())
    assert spoken(b"0\x03\x02\x01\x05").issuers == frozenset()


def test_targets_are_those_of_connect(read):
    """Where a proxy is asked to connect to, and no other request's target."""
    asked = b"CONNECT app.example:443 HTTP/1.1\r\nHost: app.example:443\r\n\r\n"
    assert read((0, tcp(asked, port=3128))).connect_targets == {"app.example:443"}
    assert read((0, tcp(b"GET / HTTP/1.1\r\nHost: app.example\r\n\r\n", port=80))).connect_targets == frozenset()
