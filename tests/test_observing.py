"""Captures become the same facts as the oracle's: whatever is in them, however they are cut, whatever the room."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import AnalyzerError
from analyzer.metering.harvest import REPEATS, harvest
from analyzer.metering.sweep import Room, Sweep
from analyzer.observing import MANY_ROWS, Observer
from analyzer.settings import Settings
from tests.builders import datagrams, hellos, traffic
from tests.builders import frames as fr
from tests.builders import quicsealing as qs
from tests.builders.agreement import differences
from tests.builders.captures import Shot, block, enhanced, interface, pcap, pcapng, section, simple, statistics
from tests.builders.feeds import records as records_of
from tests.builders.hellos import client_hello_message, server_hello_message
from tests.builders.services import dhcp
from tests.builders.sweeping import form_of, interfaces_of
from tests.oracle import records
from tests.oracle.observe import observe as oracle

FLOWS = ("flows", "icmp", "rates")
CHAOS = st.sampled_from((0, 0.1, 0.5, 0.9))
TINY = Room(slots=4, flows=1, gaps=1, segments=1, arena=1, errors=1)
LITTLE = Room(slots=128, flows=70, gaps=300, segments=200, arena=(2 << 20) + 4000, errors=70)


def seen(path, room=Room(), **chosen):  # noqa: B008 - a tuple of numbers
    """The observations of one file."""
    observer = Observer(Settings(**chosen), room)
    observer.read(str(path), None, (0, 1))
    return observer.finish()


@pytest.fixture(scope="module")
def put(tmp_path_factory):
    """A function that writes octets to a file, always the same one."""
    path = tmp_path_factory.mktemp("captures") / "capture"

    def write(octets):
        path.write_bytes(octets)
        return path

    return write


@settings(max_examples=120, deadline=None)
@given(number=traffic.numbers, chaos=CHAOS)
def test_any_traffic_is_seen_as_the_oracle_sees_it(put, number, chaos):
    """Overlaps, fragments, odd flags, tags, tunnels of time, every container and link: all tables are equal."""
    path = put(traffic.capture(number, chaos=chaos))
    assert differences(seen(path), oracle([path])) == []


@settings(max_examples=40, deadline=None)
@given(number=traffic.numbers, step=st.sampled_from((7, 64, 500, 4096)))
def test_the_facts_do_not_depend_on_how_the_file_is_read(put, number, step):
    """Buffers of a few octets give the tables that one buffer gives."""
    path = put(traffic.capture(number))
    whole = seen(path)
    with patch("analyzer.capturing.buffers.FRESH", step):
        assert differences(seen(path), whole) == []


@settings(max_examples=60, deadline=None)
@given(number=traffic.numbers, share=st.floats(0, 1))
def test_a_capture_cut_anywhere_gives_what_stood_before_the_cut(put, number, share):
    """The facts of a cut file are those of a whole one that holds the frames before the cut."""
    shots = traffic.shots(number)
    octets = pcapng(shots)
    cut = octets[: 80 + int(share * (len(octets) - 80))]
    kept = len(records.walk(cut)[0])
    try:
        found = seen(put(cut))
    except AnalyzerError:
        assert kept == 0
        return
    assert found.captures[0].packets == kept
    expected = seen(put(pcapng(shots[:kept])))
    assert [line for line in differences(found, expected) if not line.startswith("captures")] == []


@settings(max_examples=40, deadline=None)
@given(number=traffic.numbers, room=st.sampled_from((TINY, LITTLE)))
def test_growing_tables_change_no_fact_of_a_flow(put, number, room):
    """Tables that begin with next to no room grow, and whatever is not read from first octets stays the same."""
    path = put(traffic.capture(number))
    lines = differences(seen(path, room), seen(path), FLOWS)
    assert [line for line in lines if not line.startswith(("flows.serv", "flows.certainty"))] == []


@settings(max_examples=40, deadline=None)
@given(number=traffic.numbers)
def test_an_early_harvest_changes_no_fact_of_orderly_traffic(put, number):
    """Where flows lose and repeat nothing, octets carried over from one harvest to the next give the same records."""
    path = put(traffic.capture(number, chaos=0))
    whole = seen(path)
    feed = Sweep.feed

    def feed_and_harvest(sweep, *buffer):
        answer = feed(sweep, *buffer)
        harvest(sweep.tables, sweep.found, silence_ns=10**18, final=False)
        return answer

    with patch.object(Sweep, "feed", feed_and_harvest), patch("analyzer.capturing.buffers.FRESH", 300):
        assert differences(seen(path), whole) == []


def tidying():
    """Observers are tidied after each buffer, as that of a live capture is at each look."""
    dissect = Observer.dissect

    def dissect_and_tidy(observer):
        with patch.object(Observer, "dissect", dissect):
            observer.dissect()
            observer.tidy()

    return patch.object(Observer, "dissect", dissect_and_tidy)


@settings(max_examples=40, deadline=None)
@given(number=traffic.numbers, chaos=CHAOS)
def test_reading_what_can_be_read_changes_no_fact(put, number, chaos):
    """As a live capture does at each look: whatever the traffic, what waits is read sooner, and nothing else."""
    path = put(traffic.capture(number, chaos=chaos))
    whole = seen(path)
    with tidying(), patch("analyzer.capturing.buffers.FRESH", 300):
        assert differences(seen(path), whole) == []


def leases(clients, source="0.0.0.0"):
    """DHCP of these clients, by number, between the same two ends, as broadcasts of a site are: a flow without end."""
    for k, client in enumerate(clients, 1):
        octets = bytearray(dhcp(1))
        octets[28:34] = client.to_bytes(6, "big")
        packet = fr.ipv4(source, "255.255.255.255", fr.UDP, fr.udp(68, 67, bytes(octets)))
        yield Shot(k * 100_000_000, fr.linked(packet))


@pytest.mark.parametrize("fresh", [300, 40_000, 1 << 20])
def test_every_message_of_dhcp_is_read(put, fresh):
    """However many clients share a flow, as their broadcasts do, and whenever they are read: each, with its frame."""
    pairs = zip(leases(range(300)), leases(range(300), source="10.0.0.1"), strict=True)
    path = put(pcap([shot for pair in pairs for shot in pair]))
    with tidying(), patch("analyzer.capturing.buffers.FRESH", fresh):
        found = seen(path)
    assert found.dhcp.frame.tolist() == [*range(1, 601, 2), *range(2, 601, 2)]
    assert len({*found.dhcp.client_mac.tolist()}) == 300
    assert differences(found, oracle([path])) == []


def test_rows_that_are_the_same_are_thinned():
    """Of messages that say the same the first few stay, in their order, and a client that comes later is still seen."""
    observer, most = Observer(Settings()), 0
    reading = observer.begin("made0")
    shots = [*leases([1, 2] * 1500 + [3])]
    for at in range(0, len(shots), 100):
        octets = records_of(shots[at : at + 100])
        reading.take(octets, 0, octets.size, form_of(), interfaces_of(1))
        observer.tidy()
        most = max(most, observer.records)
    assert most < MANY_ROWS + 200
    frames = observer.finish().dhcp.frame.tolist()
    assert frames[: 2 * REPEATS] == list(range(1, 2 * REPEATS + 1))
    assert (frames[-1], frames) == (len(shots), sorted(frames))


@settings(max_examples=40, deadline=None)
@given(number=traffic.numbers)
def test_a_full_arena_is_emptied(put, number):
    """Where more waits than may, it is read as it is, and what does not depend on it stays the same."""
    path = put(traffic.capture(number, chaos=0))
    whole = seen(path)
    with patch("analyzer.capturing.buffers.FRESH", 1000):  # room is looked for at the begin of a buffer
        lines = differences(seen(path, LITTLE), whole, FLOWS)
    assert [line for line in lines if not line.startswith(("flows.serv", "flows.certainty"))] == []


@settings(max_examples=30, deadline=None)
@given(number=traffic.numbers, bins=st.sampled_from((130, 200, 400)))
def test_a_small_log_of_rates_makes_bins_wider_and_loses_no_octet(put, number, bins):
    """With little room for rates the bins become wider; octets per flow and wide bin are those of the narrow ones."""
    path = put(traffic.capture(number, chaos=0.9))
    wide, fine = seen(path, rates=bins), seen(path)
    sums = {}
    for flow, start, orig, resp in zip(*(column.tolist() for column in fine.rates), strict=True):
        had = sums.setdefault((flow, start // wide.quality.bin_ns * wide.quality.bin_ns), [0, 0])
        had[0], had[1] = had[0] + orig, had[1] + resp
    columns = [column.tolist() for column in wide.rates]
    found = {(flow, start): [orig, resp] for flow, start, orig, resp in zip(*columns, strict=True)}
    assert found == sums


@settings(max_examples=30, deadline=None)
@given(number=traffic.numbers, other=traffic.numbers)
def test_flows_of_other_hosts_change_no_fact_of_a_flow(put, number, other):
    """A capture mixed with flows of hosts that it does not have holds the same flows, frame numbers apart."""
    ours = traffic.shots(number, chaos=0.3)
    foreign = [Shot(one.ts_ns, one.octets.replace(b"\x0a\0\0", b"\x0b\7\7"), one.origlen) for one in
               traffic.shots(other, chaos=0) if b"\x0a\0\0" in one.octets[26:34]]  # fmt: skip
    mixed = [one for pair in zip(ours, foreign, strict=False) for one in pair] + ours[len(foreign) :]
    alone, both = seen(put(pcapng(ours))).flows, seen(put(pcapng(mixed))).flows
    facts = [
        name for name in alone._fields if not name.endswith("frame") and name not in {"start_ns", "end_ns", "rtt_ns"}
    ]
    wanted = sorted(map(repr, zip(*(getattr(alone, name).tolist() for name in facts), strict=True)))
    found = [repr(row) for row in zip(*(getattr(both, name).tolist() for name in facts), strict=True)]
    assert sorted(row for row in found if "11.7.7." not in row) == wanted


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("resolution", [0, 3, 6, 9, 0x80, 0x80 | 7, 0x80 | 20, 0x80 | 30])
def test_times_are_those_of_the_interface(put, order, resolution):
    """Whole seconds come out exactly, whatever power of ten or two an interface counts in."""
    second = 1 << (resolution & 127) if resolution & 128 else 10**resolution
    shots = [Shot(0, shot.octets, shot.origlen) for shot in traffic.shots(3, chaos=0)][:3]
    times = [1_700_000_000, 1_700_000_001, 1_700_000_060]
    blocks = [enhanced(shot, order, 0, time * second) for shot, time in zip(shots, times, strict=True)]
    path = put(section(order) + interface(order, options=((9, bytes([resolution])),)) + b"".join(blocks))
    capture = seen(path).captures[0]
    assert (capture.start_ns, capture.end_ns) == (times[0] * 10**9, times[-1] * 10**9)


def test_a_second_section_brings_its_own_order_and_interfaces(put):
    """Sections of both byte orders and other links follow each other in one file."""
    shots = traffic.shots(11, chaos=0)
    raw = [Shot(shot.ts_ns, shot.octets[14:], shot.origlen) for shot in shots if shot.octets[12:14] == b"\x08\0"]
    path = put(pcapng(shots, order="<") + pcapng(raw, order=">", link=101))
    found = seen(path)
    assert len(found.captures[0].link_types) == 2
    assert differences(found, oracle([path])) == []


def test_drops_are_those_of_the_last_statistics(put):
    """Of several statistics of one interface the last counts; those of two interfaces add up."""
    made = section() + interface() + interface() + enhanced(traffic.shots(2)[0])
    for index, drops in ((0, 3), (0, 5), (1, 2)):
        made += statistics(index=index, options=((5, drops),))
    assert seen(put(made)).quality.kernel_drops == 7


def test_packets_without_time_take_the_time_before(put):
    """Simple packet blocks have no time: they count as of the frame before them."""
    shots = traffic.shots(5, chaos=0)[:2]
    capture = seen(put(section() + interface() + enhanced(shots[0]) + simple(shots[1]))).captures[0]
    assert capture.packets == 2
    assert capture.start_ns == capture.end_ns == shots[0].ts_ns


@pytest.mark.parametrize(
    ("tail", "why"),
    [
        (b"\x0a\x0d\x0d\x0a\x1c\0\0\0rubbish!", "no pcapng section header"),
        (block("<", 6, b"\0" * 4), "record claims 16 octets"),
        (enhanced(Shot(0, b"abc"))[:-5], "the file ends inside a record"),
        (block("<", 1, b"\0" * 4), "an interface description block of 16 octets"),
    ],
)
def test_damage_ends_the_reading_and_is_told(put, tail, why):
    """What stood before damage is kept; the note says at which octet it is and what is wrong."""
    whole = pcapng(traffic.shots(4, chaos=0))
    capture = seen(put(whole + tail)).captures[0]
    assert capture.cut
    assert capture.note == f"octet {len(whole)}: {why}"
    assert capture.packets == len(traffic.shots(4, chaos=0))


def test_several_captures_are_read_as_one(tmp_path):
    """A connection that goes on in the next file stays one flow."""
    shots = traffic.shots(8, chaos=0)
    half = len(shots) // 2
    parts = []
    for number, some in enumerate((shots[:half], shots[half:])):
        parts.append(tmp_path / f"{number}.pcap")
        parts[-1].write_bytes(pcap(some))
    whole = tmp_path / "whole.pcap"
    whole.write_bytes(pcap(shots))
    observer = Observer(Settings())
    for number, part in enumerate(parts):
        observer.read(str(part), None, (number, 2))
    lines = differences(observer.finish(), seen(whole))
    assert [line for line in lines if not line.startswith("captures")] == []


def test_a_quic_flow_is_named_by_its_hello(put):
    """Two Initials out of order, and the answer: rows of TLS and QUIC, name and basis, all as the oracle has them."""
    hello = client_hello_message("A.example", alpn=("h3",), padding=900)
    parts = [qs.initial(qs.crypto(at, hello[at : at + 600]), number=at, least=1200) for at in (600, 0)]
    answer = qs.initial(
        qs.crypto(0, server_hello_message(selected=0x0304, cipher=0x1301)), to=b"", first_id=qs.FIRST, side="server"
    )
    ends = ("10.0.0.1", 40000), ("192.0.2.7", 443)
    sent = [(0, parts[0]), (0, parts[1]), (1, answer)]
    shots = [
        Shot(
            (turn + 1) * 1_000_000,
            fr.linked(
                fr.ipv4(ends[side][0], ends[1 - side][0], fr.UDP, fr.udp(ends[side][1], ends[1 - side][1], part))
            ),
        )
        for turn, (side, part) in enumerate(sent)
    ]
    path = put(pcap(shots))
    found = seen(path)
    assert differences(found, oracle([path])) == []
    flow, session, row = (
        {name: column.tolist()[0] for name, column in zip(table._fields, table, strict=True)}
        for table in (found.flows, found.tls, found.quic)
    )
    assert (flow["server_name"], flow["server_name_basis"], flow["service"]) == ("a.example", "quic", "quic")
    assert (session["via"], session["client_hello_frame"], session["server_hello_frame"]) == ("quic", 1, 3)
    assert (session["version"], session["cipher"]) == ("TLSv13", "TLS_AES_128_GCM_SHA256")
    assert (row["server_name"], row["alpn"], row["hello_frame"], row["version"]) == ("a.example", ("h3",), 2, "1")


def test_sessions_inside_other_protocols_are_rows_of_tls(put):
    """A hello in datagrams and one behind STARTTLS: each is a session with its carrier, and the oracle's."""
    mail = [
        (b"", b"220 mail.example ESMTP\r\n"), (b"EHLO a\r\n", b"250 STARTTLS\r\n"), (b"STARTTLS\r\n", b"220 go\r\n"),
        (hellos.client_hello("mail.example"), hellos.server_flight()),
    ]  # fmt: skip
    shots, at = [], [101, 501]
    for k, part in enumerate(part for pair in mail for part in pair):
        ends = ("10.0.0.1", "10.0.0.2", 40000, 25)
        src, dst, sport, dport = ends if k % 2 == 0 else (ends[1], ends[0], ends[3], ends[2])
        body = fr.tcp(sport, dport, seq=at[k % 2], payload=part)
        shots.append(Shot(k * 1_000_000, fr.linked(fr.ipv4(src, dst, fr.TCP, body))))
        at[k % 2] += len(part)
    message = datagrams.client_hello_message("plant.example")
    hello = fr.udp(40001, 4433, datagrams.handshake(message, 0))
    shots.append(Shot(9_000_000, fr.linked(fr.ipv4("10.0.0.1", "10.0.0.3", fr.UDP, hello))))
    path = put(pcap(shots))
    facts = seen(path)
    told = zip(
        facts.tls.via.tolist(), facts.tls.server_name.tolist(), facts.tls.client_hello_frame.tolist(), strict=True
    )
    assert list(told) == [("starttls", "mail.example", 7), ("dtls", "plant.example", 9)]
    assert facts.flows.service.tolist() == ["smtp", "dtls"]
    assert [ja4[0] for ja4 in facts.tls.ja4.tolist()] == ["t", "d"]
    assert differences(facts, oracle([path])) == []
