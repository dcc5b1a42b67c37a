"""What the dissectors get: the first octets of flows, and the errors of ICMP with the flow that they quote."""

from __future__ import annotations

import pytest

from analyzer.kernels import flows as fl
from analyzer.kernels import keeping
from tests.builders import frames as fr
from tests.builders.captures import Shot
from tests.builders.sweeping import swept

HOME, AWAY = "10.0.0.1", "10.0.0.2"


def datagram(payload, sport=40000, dport=9):
    """A datagram on Ethernet."""
    return Shot(1_000_000, fr.linked(fr.ipv4(HOME, AWAY, fr.UDP, fr.udp(sport, dport, payload))))


def segment(seq, payload, ts_ns=1_000_000):
    """A segment of an open connection."""
    return Shot(ts_ns, fr.linked(fr.ipv4(HOME, AWAY, fr.TCP, fr.tcp(40000, 443, seq=seq, payload=payload))))


def test_a_stream_is_kept_up_to_its_bound():
    """What lies past the first octets of a stream is not kept, nor what comes again and again."""
    octets = b"x" * 1024
    whole = swept([segment(1 + 1024 * k, octets) for k in range(64)])
    assert whole.counter(fl.ARENA) == keeping.STREAM_OCTETS
    again = swept([segment(1, octets, k * 20_000_000) for k in range(100)])
    assert again.counter(fl.ARENA) <= keeping.STREAM_OCTETS_TWICE
    assert again.counter(fl.SEGMENTS) <= keeping.STREAM_SEGMENTS


def test_a_flow_hands_on_its_first_messages_only():
    """Of datagrams sixteen are kept, of DNS all."""
    assert swept([datagram(b"%d" % k) for k in range(30)]).counter(fl.SEGMENTS) == 16
    assert swept([datagram(b"%d" % k, dport=53) for k in range(30)]).counter(fl.SEGMENTS) == 30
    assert swept([datagram(b"%d" % k, sport=5353) for k in range(30)]).counter(fl.SEGMENTS) == 30


@pytest.mark.parametrize(("kind", "code", "quoted"), [(3, 13, 0), (11, 0, 0), (8, 0, None)])
def test_an_error_names_the_flow_that_it_quotes(kind, code, quoted):
    """Unreachable and time exceeded quote a packet; an echo does not."""
    sent = fr.ipv4(HOME, AWAY, fr.TCP, fr.tcp(40000, 443, seq=1, flags=fr.SYN))
    error = fr.ipv4("10.0.0.254", HOME, fr.ICMP, fr.icmp(kind, code, payload=sent[:28]))
    sweep = swept([Shot(0, fr.linked(sent)), Shot(1_000, fr.linked(error))])
    errors = sweep.tables.errors[: sweep.counter(fl.ERRORS)]
    assert errors["quoted"].tolist() == ([] if quoted is None else [quoted])
    assert errors["type"].tolist() == ([] if quoted is None else [kind])
