"""Datagrams become whole, or are accounted for as what was seen of them, by the oracle and by the kernels alike."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import fragments as cuts
from tests.builders import frames as fr
from tests.builders import links, tunnels
from tests.builders.agreement import differences
from tests.builders.captures import Shot
from tests.builders.traffic import question
from tests.oracle.readers import READERS, STEP_NS, rows, seen

SECOND = 1_000_000_000
COUNTED = ("orig_packets", "orig_octets", "orig_frame_octets", "orig_payload_octets")

readers = pytest.mark.parametrize("reader", READERS)
both = pytest.mark.parametrize("six", [False, True])


def linked(packets):
    """Packets on Ethernet."""
    return [fr.linked(packet) for packet in packets]


def counted(found):
    """(frames that were fragments, frames of which nothing is known)."""
    return found.quality.fragments, found.quality.stray_fragments


def check_whole(reader, one, packets):
    """Whether one datagram is found, at the time and number of its last fragment, with all that it took."""
    frames = linked(packets)
    found = seen(reader, frames)
    assert rows(found, *COUNTED) == [
        (len(frames), sum(map(len, packets)), sum(map(len, frames)), len(one.body) - 8),
    ]  # fmt: skip
    last = len(frames)
    assert rows(found, "first_frame", "last_frame", "orig_data_frame") == [(last, last, last)]
    assert rows(found, "start_ns", "history", "orig_p", "resp_p") == [(last * STEP_NS, "D", 40000, 9)]
    assert counted(found) == (last, 0)


@settings(max_examples=30)
@given(cuts.pieces())
def test_the_oracle_joins_fragments_in_any_order(made):
    """A datagram is one event, whatever the order in which its fragments come."""
    check_whole("oracle", *made)


@settings(max_examples=30)
@given(cuts.pieces())
def test_the_kernels_join_fragments_in_any_order(made):
    """A datagram is one event, whatever the order in which its fragments come."""
    check_whole("analyzer", *made)


def check_heap(reader, packets, size):
    """Whether every fragment is accounted for once: in a flow, among the strays, or as a copy."""
    found = seen(reader, linked(packets))
    packets_in_flows = int(found.flows.orig_packets.sum() + found.flows.resp_packets.sum())
    others = found.quality.stray_fragments + found.quality.undecoded_frames + found.quality.duplicates
    assert packets_in_flows + others == size
    return found


@settings(max_examples=40)
@given(cuts.heaps())
def test_the_oracle_loses_no_fragment(packets):
    """Every fragment is counted once, in a flow, among the strays or among what is damaged."""
    check_heap("oracle", packets, len(packets))


@settings(max_examples=40)
@given(cuts.heaps())
def test_the_kernels_lose_no_fragment(packets):
    """Every fragment is counted once, in a flow, among the strays or among what is damaged."""
    check_heap("analyzer", packets, len(packets))


@st.composite
def shuffled_shots(draw):
    """Fragments of several datagrams with times of their own, wrapped or not, some cut short, many ids."""
    made = []
    plain = draw(cuts.heaps())
    for number, packet in enumerate(plain + draw(cuts.heaps((fr.UDP, 4, 60, 51)))):
        nest = draw(st.sampled_from(([], [], ["gre"], ["vxlan"], ["mpls"], ["teredo"])))
        octets = links.LINKS["ethernet"].frame(tunnels.wrapped(packet, nest))[0]
        cut = draw(st.sampled_from((None, None, None, len(octets) - 5))) if number < len(plain) else None
        ts_ns = draw(st.sampled_from((number, number, number, 70_000))) * SECOND // 1000
        made.append(Shot(ts_ns, octets[:cut], len(octets)))
    return made


@settings(max_examples=50)
@given(shuffled_shots())
def test_readers_agree_on_fragments(shots):
    """Whatever is missing, twice, cut, late, or in conflict, both readers see the same."""
    assert differences(*(seen(reader, shots) for reader in ("analyzer", "oracle"))) == []


@readers
@both
def test_what_came_first_stays(reader, six):
    """Octets that a later fragment has otherwise are those of the earlier one."""
    true, false = (
        cuts.udp(question(name), six=six, ports=(40000, 53)) for name in (b"\1a\7example\0", b"\1b\7example\0")
    )
    low, high = 16, 24
    head = true.fragment(0, low)
    tail = true.fragment(high, len(true.body))
    lie, truth = (one.fragment(low, high) for one in (false, true))
    wide = false.fragment(8, len(true.body))
    assert true.body[low:high] != false.body[low:high]
    for packets, name in (
        ([head, lie, truth, tail], "b.example"),
        ([truth, lie, head, tail], "a.example"),
        ([truth, head, wide], "a.example"),
        ([wide, truth, head], "b.example"),
    ):
        assert seen(reader, linked(packets)).dns.query.tolist() == [name]


@readers
@both
def test_a_datagram_that_never_gets_whole_is_its_ports(reader, six):
    """With the first fragment it is packets and octets of a flow, and no payload; without, its frames are strays."""
    one = cuts.udp(b"x" * 100, six=six)
    first, middle, last = one.cut(40, 80)
    found = seen(reader, linked([middle, first]))
    length = len(first) + len(middle)
    assert rows(found, *COUNTED) == [(2, length, length + 28, 0)]
    assert rows(found, "orig_p", "resp_p", "history", "first_frame", "end_ns", "service") == [
        (40000, 9, "D", 2, 2 * STEP_NS, ""),
    ]  # fmt: skip
    assert counted(found) == (2, 0)
    assert counted(seen(reader, linked([middle, last]))) == (2, 2)
    assert found.flows.proto.size == 1


@readers
def test_a_connections_first_fragment_opens_and_ends_nothing(reader):
    """Of a SYN whose rest is missing only the ports are read."""
    one = cuts.Datagram("10.0.0.1", "10.0.0.2", fr.TCP, fr.tcp(40000, 443, flags=fr.SYN, options=b"\1" * 20))
    found = seen(reader, linked(one.cut(32)[:1]))
    assert rows(found, "orig_p", "resp_p", "orig_syns", "attempts", "orig_packets") == [(40000, 443, 0, 0, 1)]


@readers
def test_a_fragmented_connection_is_read(reader):
    """A SYN in fragments opens a connection."""
    one = cuts.Datagram("10.0.0.1", "10.0.0.2", fr.TCP, fr.tcp(40000, 443, flags=fr.SYN, options=b"\1" * 20))
    found = seen(reader, linked(reversed(one.cut(8, 16))))
    assert rows(found, "history", "conn_state", "orig_syns", "orig_packets") == [("S", "S0", 1, 3)]


@readers
@both
def test_an_incomplete_error_quotes_nothing(reader, six):
    """An ICMP error is a row only where it is whole."""
    kind, proto = (1, fr.ICMPV6) if six else (3, fr.ICMP)
    hosts = ("fd00::1", "fd00::2") if six else ("10.0.0.1", "10.0.0.2")
    quote = fr.ip(*reversed(hosts), fr.UDP, fr.udp(9, 9, b"y" * 50))
    one = cuts.Datagram(*hosts, proto, fr.icmp(kind, 4, payload=quote))
    packets = one.cut(64)
    found = seen(reader, linked(packets))
    assert (found.icmp.frame.tolist(), found.icmp.code.tolist()) == ([2], [4])
    found = seen(reader, linked(packets[:1]))
    assert found.icmp.frame.tolist() == []
    assert rows(found, "orig_p", "resp_p", "orig_packets") == [(kind, 4, 1)]


@readers
def test_sixty_four_datagrams_wait(reader):
    """The datagram that was begun first gives its place to the sixty-fifth."""
    many = [cuts.udp(b"x" * 40, ident=number, ports=(1000 + number, 9)) for number in range(65)]
    begun = [one.cut(24)[0] for one in many]
    ended = [one.cut(24)[1] for one in many]
    found = seen(reader, linked(begun + ended[:1]))
    assert min(rows(found, "orig_p")) == (1000,)
    assert counted(found) == (66, 1)
    found = seen(reader, linked([*begun[:64], ended[0], begun[64]]))
    assert min(rows(found, "orig_p", "orig_packets", "orig_payload_octets")) == (1000, 2, 40)
    assert counted(found) == (66, 0)


@readers
@pytest.mark.parametrize(("seconds", "payload", "strays"), [(60, 40, 0), (61, 0, 1)])
def test_a_datagram_waits_for_a_minute(reader, seconds, payload, strays):
    """RFC 8200 section 4.5: a fragment that comes more than 60 s after the first one begins another datagram."""
    first, last = linked(cuts.udp(b"x" * 40).cut(24))
    found = seen(reader, [Shot(SECOND, first), Shot((1 + seconds) * SECOND, last)])
    assert rows(found, "orig_payload_octets") == [(payload,)]
    assert counted(found) == (2, strays)


@readers
def test_identification_tells_datagrams_apart(reader):
    """Fragments belong together by addresses and id, in IPv4 by protocol too, and never across versions."""
    body = cuts.udp(b"x" * 40).body
    one, other = (cuts.Datagram("10.0.0.1", "10.0.0.2", proto, body) for proto in (fr.UDP, 132))
    six, strange = (cuts.Datagram("fd00::1", "fd00::2", proto, body) for proto in (fr.UDP, 132))
    assert counted(seen(reader, linked([one.cut(24)[0], other.cut(24)[1]]))) == (2, 1)
    found = seen(reader, linked([strange.cut(24)[1], six.cut(24)[0]]))
    assert counted(found) == (2, 0)
    assert rows(found, "proto", "orig_payload_octets") == [(fr.UDP, 40)]


@readers
@pytest.mark.parametrize(
    "packet",
    [
        fr.ipv4("10.0.0.1", "10.0.0.2", fr.UDP, b"", offset=8),
        fr.ipv4("10.0.0.1", "10.0.0.2", fr.UDP, b"x" * 24, offset=65512),
        fr.ipv6("fd00::1", "fd00::2", fr.UDP, b"", fragment=(1, 8, True)),
    ],
)
def test_impossible_fragments_are_counted_as_damaged(reader, packet):
    """A fragment without octets, or one that ends past 65535, is no fragment."""
    found = seen(reader, linked([packet]))
    assert (found.quality.undecoded_frames, counted(found), found.flows.proto.size) == (1, (0, 0), 0)


@readers
@both
def test_atomic_fragments_are_whole(reader, six):
    """A packet that says that it is the first and last fragment at once is a packet like any other (RFC 6946)."""
    one = cuts.udp(b"x" * 40, six=six)
    found = seen(reader, linked([one.fragment(0, len(one.body))]))
    assert rows(found, "orig_payload_octets") == [(40,)]
    assert counted(found) == (0, 0)


@readers
def test_odd_fragments_claim_whole_units(reader):
    """Of a fragment that is not the last one the octets past a multiple of 8 are nobody's, but its ports are read."""
    one = cuts.udp(b"x" * 60)
    odd = fr.ipv4(one.src, one.dst, fr.UDP, one.body[:29], ident=7, more=True)
    assert rows(seen(reader, linked([odd])), "orig_p", "orig_payload_octets") == [(40000, 0)]
    tiny = fr.ipv4(one.src, one.dst, fr.UDP, one.body[:4], ident=7, more=True)
    assert rows(seen(reader, linked([tiny])), "orig_p", "orig_payload_octets") == [(40000, 0)]
    found = seen(reader, linked([odd, one.fragment(24, len(one.body))]))
    assert rows(found, "orig_packets", "orig_payload_octets") == [(2, 60)]


@readers
def test_extension_headers_behind_the_fragment_header_are_passed_over(reader):
    """Destination options in the fragmentable part are read when the datagram is whole, or in its first fragment."""
    body = bytes([fr.UDP, 0]) + b"\0" * 6 + fr.udp(40000, 9, b"x" * 40)
    one = cuts.Datagram("fd00::1", "fd00::2", 60, body)
    packets = one.cut(24)
    assert rows(seen(reader, linked(packets)), "proto", "orig_p", "orig_payload_octets") == [(fr.UDP, 40000, 40)]
    assert rows(seen(reader, linked(packets[:1])), "proto", "orig_p", "orig_payload_octets") == [(fr.UDP, 40000, 0)]


@readers
def test_fragments_that_the_snaplen_cut_keep_what_was_captured(reader):
    """Lengths that are claimed decide what is whole; octets are known up to the first that was cut away."""
    one = cuts.udp(question() + b"\0" * 100, ports=(40000, 53))
    frames = linked(one.cut(64))
    shots = [Shot(SECOND, frames[0]), Shot(2 * SECOND, frames[1][:40], len(frames[1]))]
    found = seen(reader, shots)
    assert rows(found, "orig_payload_octets", "service") == [(len(one.body) - 8, "dns")]
    assert found.dns.query.tolist() == ["a.example"]
    shots = [Shot(SECOND, frames[0][:50], len(frames[0])), Shot(2 * SECOND, frames[1])]
    assert seen(reader, shots).dns.query.tolist() == []


@readers
@pytest.mark.parametrize("name", ["gre", "mpls", "pppoe", "ip_in_ip"])
def test_fragments_in_a_tunnel_are_joined(reader, name):
    """A datagram that was cut before it went through a tunnel is one flow there."""
    one = cuts.udp(b"x" * 40)
    frames = [links.LINKS["ethernet"].frame(tunnels.wrapped(packet, [name]))[0] for packet in one.cut(24)]
    found = seen(reader, frames)
    names = tunnels.wrapped(one.cut(24)[0], [name]).tunnel
    assert rows(found, *COUNTED, "tunnel") == [(2, 88, sum(map(len, frames)), 40, ">".join(names))]


@readers
def test_fragments_in_a_udp_tunnel_are_joined_and_the_tunnel_counted(reader):
    """The outer flow has every frame at its time, the inner one the datagram when it is whole."""
    one = cuts.udp(b"x" * 40)
    frames = [links.LINKS["ethernet"].frame(tunnels.wrapped(packet, ["vxlan"]))[0] for packet in one.cut(24)]
    found = seen(reader, frames)
    assert rows(found, "service", "orig_packets", "first_frame", "last_frame") == [("vxlan", 2, 1, 2), ("", 2, 2, 2)]


@readers
@both
def test_tunnels_in_fragments_are_opened(reader, six):
    """A tunnel's packet that was cut on its way is joined, and all inside has come in as many frames."""
    syn = fr.ipv4("10.0.0.1", "10.0.0.2", fr.TCP, fr.tcp(40000, 443, flags=fr.SYN))
    inner = tunnels.ethernet(tunnels.carried(syn), links.MAC)
    hosts = ("fd00::8", "fd00::9") if six else ("192.0.2.8", "192.0.2.9")
    vxlan = cuts.Datagram(*hosts, fr.UDP, fr.udp(50000, 4789, b"\x08\0\0\0\0\0\7\0" + inner.octets))
    gre = cuts.Datagram(*hosts, 47, b"\0\0\x08\0" + syn)
    packets = vxlan.cut(24, 48)
    found = seen(reader, linked(packets))
    total = sum(map(len, linked(packets)))
    assert rows(found, "proto", "orig_packets", "orig_octets", "orig_frame_octets", "tunnel") == [
        (fr.UDP, 3, sum(map(len, packets)), total, ""), (fr.TCP, 3, 40, total, "vxlan"),
    ]  # fmt: skip
    packets = gre.cut(16)
    found = seen(reader, linked(packets))
    assert rows(found, "proto", "orig_packets", "orig_octets", "tunnel") == [(fr.TCP, 2, 40, "gre")]
    found = seen(reader, linked(packets[:1]))
    assert rows(found, "proto", "orig_packets", "orig_octets", "tunnel") == [(47, 1, len(packets[0]), "")]


@readers
@both
def test_of_octets_that_the_capture_lacks_nothing_is_read(reader, six):
    """What a cut fragment claims is nobody's: not a later fragment's, and never what another datagram left there."""
    left = cuts.udp(b"x" * 40, six=six, ident=6, ports=(7, 7))
    one = cuts.udp(b"x" * 40, six=six)
    body = bytes([fr.UDP, 1]) + b"\0" * 10 + one.body
    one = cuts.Datagram(one.src, one.dst, 51, body)
    middle = linked([one.fragment(8, 16)])[0]
    shots = [Shot(SECOND, frame) for frame in linked(left.cut(16, 24))]
    shots += [Shot(SECOND, middle[:-5], len(middle)), Shot(SECOND, linked([one.fragment(0, 24)])[0])]
    found = seen(reader, shots)
    assert rows(found, "orig_p", "orig_packets") == [(7, 3)]
    assert counted(found) == (5, 2)


@readers
def test_whole_datagrams_that_cannot_be_read_are_strays(reader):
    """Extension headers that the capture lacks, or a part of a part: all frames of the datagram are counted once."""
    one = cuts.udp(b"x" * 40, six=True)
    body = bytes([fr.UDP, 1]) + b"\0" * 10 + one.body
    head, tail = linked(cuts.Datagram(one.src, one.dst, 51, body).cut(8))
    found = seen(reader, [Shot(SECOND, head[:-5], len(head)), Shot(SECOND, tail)])
    assert (counted(found), found.flows.proto.size, found.quality.undecoded_frames) == ((2, 2), 0, 0)
    body = bytes([fr.UDP, 0, 0, 9, 0, 0, 0, 1]) + one.body
    found = seen(reader, linked(cuts.Datagram(one.src, one.dst, 44, body).cut(24)))
    assert (counted(found), found.flows.proto.size, found.quality.undecoded_frames) == ((2, 2), 0, 0)


@readers
def test_the_rest_of_an_odd_fragment_takes_nothings_place(reader):
    """Octets past a multiple of 8 are not put over those of the fragment that came first."""
    one, other = (
        cuts.Datagram("fd00::1", "fd00::2", 60, bytes([fr.UDP, 0]) + b"\0" * 6 + fr.udp(*ports, b"x" * 40))
        for ports in ((40000, 9), (7, 7))
    )
    found = seen(reader, linked([one.fragment(0, 13, more=True), other.fragment(0, 13, more=True)]))
    assert rows(found, "orig_p", "resp_p", "orig_packets") == [(40000, 9, 2)]


@readers
def test_fragments_that_were_cut_otherwise_are_no_copies(reader):
    """What two snaplens left of one fragment is told apart by how much it is."""
    frame = linked([fr.ipv4("10.0.0.1", "10.0.0.2", fr.UDP, b"\0" * 4 + b"\1" * 17, offset=8)])[0]
    found = seen(reader, [Shot(SECOND, frame), Shot(SECOND, frame[:-5], len(frame))])
    assert (found.quality.duplicates, counted(found)) == (0, (2, 2))
