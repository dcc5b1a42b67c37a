"""Frames are observed as they come; looks do not disturb; floods do not fill memory."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from analyzer import merging
from analyzer.errors import SourceError
from analyzer.metering.talks import PORTION
from analyzer.observing import LARGER, Observer
from analyzer.settings import Settings
from analyzer.watching.intake import MARGIN, Intake
from tests.builders import frames as fr
from tests.builders.agreement import differences
from tests.builders.captures import Shot, pcap
from tests.builders.feeds import Chunks, flood, records
from tests.builders.services import dhcp
from tests.builders.traffic import question

SECOND = 1_000_000_000
BEGIN_S = 1_772_359_200


def datagrams(first, count):
    """Datagrams of a flow each, a second apart."""
    for k in range(first, first + count):
        packet = fr.ipv4("10.0.0.1", "10.0.0.2", fr.UDP, fr.udp(1024 + k, 9, b"%04d" % k))
        yield Shot((BEGIN_S + k) * SECOND, fr.linked(packet))


def taken(feed, most=1000, **chosen):
    """An intake whose feed has come to its end."""
    intake = Intake(feed, most, Settings(**chosen))
    intake.start()
    assert intake.over.wait(60)
    return intake


def test_a_look_is_what_observing_gives(tmp_path):
    """After the same frames; twice, since a look changes nothing."""
    (tmp_path / "a").write_bytes(pcap([*datagrams(0, 20)]))
    observer = Observer(Settings())
    observer.read(str(tmp_path / "a"), None, (0, 1))
    whole = observer.finish()
    intake = taken(Chunks([records(datagrams(0, 7)), records(datagrams(7, 13))], dropped=3))
    for _ in range(2):
        intake.tidy()
        seen, _ = intake.look("told beside")
        assert differences(seen, whole) == []
        assert (seen.captures[0].path, seen.captures[0].format, seen.captures[0].note) == (
            "made0",
            "live",
            "told beside",
        )
        assert seen.quality.kernel_drops == 3


def test_how_much_came():
    """Frames, octets on the wire, flows, times."""
    tally = taken(Chunks([records(datagrams(0, 5))])).tally()
    assert tally[:5] == (5, 5 * (14 + 20 + 8 + 4), 5, 5, 0)
    assert (tally.first_ns, tally.last_ns) == (BEGIN_S * SECOND, (BEGIN_S + 4) * SECOND)


def test_flows_that_are_over_leave():
    """And only these: of the others nothing is lost."""
    intake = taken(Chunks([records(datagrams(0, 100))]), udp_idle_s=60)
    seen, turn = intake.look("")
    goes = intake.leaving(seen, turn)
    assert goes.tolist() == [k < 39 for k in range(100)]
    assert intake.leave(seen, goes, turn).sum() == 39
    rest, _ = intake.look("")
    assert rest.flows.first_frame.tolist() == list(range(40, 101))
    assert rest.captures[0].packets == 100


def test_what_the_capture_tells_of_drops_is_not_told_twice():
    """A statistics block counts; what the program said at its end is the same."""
    intake = taken(Chunks([records(datagrams(0, 5))], dropped=7))
    intake._reading.drops[1, 0] = 7  # noqa: SLF001 - as a block of pcapng has it
    assert intake.look("")[0].quality.kernel_drops == 7


def test_a_clock_that_is_set_back_begins_no_other_capture():
    """What left before and what is there afterwards are of one capture, whose frames count once."""
    early = [Shot(shot.ts_ns - 500 * SECOND, shot.octets) for shot in datagrams(100, 10)]
    gate = threading.Event()

    def chunks():
        yield records(datagrams(0, 100))
        gate.wait(20)
        yield records(early)

    intake = Intake(Chunks(chunks()), 1000, Settings(udp_idle_s=60))
    intake.start()
    while intake.tally().frames < 100:
        time.sleep(0.01)
    seen, turn = intake.look("")
    left = intake.leave(seen, intake.leaving(seen, turn), turn)
    gate.set()
    assert intake.over.wait(20)
    rest, _ = intake.look("")
    whole = merging.merge([merging.subset(seen, left), rest])
    assert [capture.packets for capture in whole.captures] == [110]
    assert whole.flows.proto.size == 110


def test_nothing_leaves_by_rows_that_are_others_by_now():
    """Where flows were shed since the look, its rows say nothing."""
    intake = taken(Chunks([records(datagrams(0, 100))]), udp_idle_s=60)
    seen, turn = intake.look("")
    everything = np.ones(100, np.bool_)
    assert not intake.leave(seen, everything, turn - 1).any()
    assert not intake.leaving(seen, turn - 1).any()


def test_a_flood_is_shed_and_counted():
    """Memory is bounded by what is to be held; every frame is counted, and a conversation amid the flood stays."""
    talk = [
        Shot((BEGIN_S - 2) * SECOND, fr.linked(fr.ipv4("10.0.0.9", "10.0.0.2", fr.TCP, fr.tcp(5, 443, flags=fr.SYN)))),
        Shot(
            (BEGIN_S - 1) * SECOND, fr.linked(fr.ipv4("10.0.0.2", "10.0.0.9", fr.TCP, fr.tcp(443, 5, flags=18, ack=1)))
        ),
    ]
    intake = taken(Chunks([records(talk), *flood(60_000, BEGIN_S, at_once=2000)]), most=1000)
    tally = intake.tally()
    assert (tally.frames, tally.flows + tally.shed) == (60_002, 60_001)
    assert tally.flows <= MARGIN * 1000 + 2000
    seen, _ = intake.look("")
    assert seen.flows.orig_h[0] == "10.0.0.9"
    assert seen.flows.last_frame[-1] == 60_002


def asked_of(count, port, begin_s=BEGIN_S):
    """Questions of one flow, each for another name."""
    for k in range(count):
        body = fr.udp(port, 53, question(b"\x05%05d\x07example\x00" % k, number=k))
        yield Shot(begin_s * SECOND + k * 1000, fr.linked(fr.ipv4("10.0.0.1", "10.0.0.2", fr.UDP, body)))


def test_questions_without_end_are_bounded_and_counted():
    """One flow may ask anything any number of times: its newest stay, and a flow that asks little keeps all."""
    asked = [*asked_of(20_000, 40000)]
    chunks = [records(asked_of(5, 40001)), *(records(asked[at : at + 1000]) for at in range(0, len(asked), 1000))]
    intake = taken(Chunks(chunks), most=1000)
    intake.tidy()
    seen, _ = intake.look("")
    assert len(seen.dns.flow) == intake.most_records
    assert intake.forgotten == 20_005 - intake.most_records
    assert seen.dns.query_frame.tolist() == [*range(1, 6), *range(20_011 - intake.most_records, 20_006)]
    assert {*seen.flows.service.tolist()} == {"dns"}
    assert intake.look("")[0].dns.query.tolist() == seen.dns.query.tolist()


def test_leases_without_end_are_bounded_and_counted():
    """Anybody may ask in any number of names: the newest stay."""

    def asked(first):
        for k in range(first, first + 1000):
            octets = bytearray(dhcp(1))
            octets[28:34] = k.to_bytes(6, "big")
            body = fr.udp(68, 67, bytes(octets))
            packet = fr.ipv4("0.0.0.0", "255.255.255.255", fr.UDP, body, ident=k)
            yield Shot(BEGIN_S * SECOND + k * 1000, fr.linked(packet))

    intake = taken(Chunks([records(asked(first)) for first in range(0, 5000, 1000)]))
    intake.tidy()
    seen, _ = intake.look("")
    most = intake.most_records // LARGER
    assert seen.dhcp.frame.tolist() == list(range(intake.forgotten + 1, 5001))
    assert most <= len(seen.dhcp.flow) < most + PORTION


def test_what_ends_a_feed_is_kept():
    """For who waits; what came before stays."""
    intake = taken(Chunks([records(datagrams(0, 5))], error=SourceError("made0", "the interface is gone")))
    assert str(intake.error) == "made0: the interface is gone"
    assert intake.tally().frames == 5


@pytest.mark.slow
def test_a_flood_of_ten_million_flows():
    """As above, at the size at which memory would be gone."""
    intake = Intake(Chunks(flood(10_000_000, BEGIN_S)), 100_000, Settings())
    intake.start()
    while not intake.over.is_set():
        time.sleep(1)
        intake.look("")
    tally = intake.tally()
    assert (tally.frames, tally.flows + tally.shed) == (10_000_000, 10_000_000)
