"""Of a talk that never falls silent little waits, and what is read of it in portions is what one reading gives."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.kernels import flows as fl
from analyzer.metering.talks import PORTION
from tests.builders import frames as fr
from tests.builders.captures import Shot, pcap
from tests.builders.hellos import client_hello
from tests.builders.sweeping import CLASSIC, form_of, interfaces_of, swept

MS = 1_000_000
DHCP, DHCPV6, DNS = (68, 67), (546, 547), (40000, 53)
COUNT = 5 * PORTION + 10


def talk(ports, count=COUNT):
    """Datagrams of one flow that are no DNS, a millisecond apart, every third of them an answer."""
    for k in range(count):
        src, dst, ends = ("10.0.0.1", "10.0.0.2", ports) if k % 3 else ("10.0.0.2", "10.0.0.1", ports[::-1])
        yield Shot(k * MS, fr.linked(fr.ipv4(src, dst, fr.UDP, fr.udp(*ends, b"%04d" % k))))


def read_on(shots, *, tidy_each):
    """A sweep of the shots that is tidied after so many, and how many segments waited after each time."""
    sweep, waited = swept([]), []
    for at in range(0, len(shots), tidy_each):
        octets = np.frombuffer(bytearray(pcap(shots[at : at + tidy_each])), np.uint8)
        sweep.feed(octets, CLASSIC, octets.size, form_of(), interfaces_of(1))
        sweep.tidy()
        waited.append(sweep.counter(fl.SEGMENTS))
    return sweep, waited


def told(sweep):
    """The datagrams of all conversations, in their order, once the capture is over."""
    sweep.finish()
    talks = sweep.found.take_conversations()
    assert all(0 < len(one.messages) <= PORTION for one in talks)
    return [message for one in talks for message in one.messages]


@pytest.mark.parametrize(("ports", "read"), [(DHCP, COUNT), (DHCPV6, PORTION), (DNS, PORTION)])
@pytest.mark.parametrize("tidy_each", [1, 50, PORTION, 100, COUNT])
def test_what_is_read_in_portions_is_what_is_read_at_once(ports, read, tidy_each):
    """Of DHCP every message, of the others those that a dissector looks at; and no more than that ever waits."""
    shots = [*talk(ports)]
    sweep, waited = read_on(shots, tidy_each=tidy_each)
    assert max(waited) <= PORTION
    found = told(sweep)
    assert [message.octets for message in found] == [b"%04d" % k for k in range(read)]
    assert found == told(swept(shots))


def test_a_talk_of_two_flows_is_kept_apart():
    """Portions are of one flow each, whichever spoke when."""
    pairs = zip(talk(DHCP), talk((67, 67)), strict=True)
    sweep, waited = read_on([shot for pair in pairs for shot in pair], tidy_each=40)
    assert max(waited) < 2 * PORTION
    sweep.finish()
    talks = sweep.found.take_conversations()
    for flow in (0, 1):
        octets = [message.octets for one in talks if one.flow == flow for message in one.messages]
        assert octets == [b"%04d" % k for k in range(COUNT)]


def test_streams_wait_beside_them():
    """A hello of which a part is still to come is read whole, however much is read of others meanwhile."""
    hello = client_hello("a.example", padding=4000)
    ends = ("10.0.0.1", "10.0.0.2")
    parts = [(-1, fr.SYN, b""), *((at, fr.ACK, hello[at : at + 1000]) for at in range(0, len(hello), 1000))]
    stream = [
        Shot(0, fr.linked(fr.ipv4(*ends, fr.TCP, fr.tcp(40000, 443, seq=101 + at, flags=flags, payload=part))))
        for at, flags, part in parts
    ]
    others = [*talk(DHCP, 100)]
    sweep, _ = read_on([*stream[:3], *others, *stream[3:], *others], tidy_each=1)
    sweep.finish()
    rows = [row for made in sweep.found.sessions for row in made.rows]
    assert [sweep.found.strings.texts()[row["server_name"]] for row in rows] == ["a.example"]
