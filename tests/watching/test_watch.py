"""The live loop gives what `check` gives, keeps it on disk, and bounds what it holds."""

from __future__ import annotations

import json
import threading
import time
from contextlib import nullcontext
from pathlib import Path

import pytest

from analyzer import api
from analyzer.errors import AnalyzerError, SourceError
from analyzer.live import watch
from analyzer.locking import FolderLock
from analyzer.watching import clock
from analyzer.watching.feeds import StreamFeed
from analyzer.watching.limits import Limits
from tests.builders import frames as fr
from tests.builders.captures import Shot
from tests.builders.feeds import Chunks, flood, records
from tests.watching.test_intake import BEGIN_S, asked_of, datagrams

CAPTURES = Path(__file__).resolve().parents[2] / "captures"
SAMPLES = sorted(path.name for path in CAPTURES.glob("*.pcap*") if "capacity" not in path.name)


def until(condition, limit_s=30):
    """Waits for something to become so."""
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def verdicts(result):
    """What a result says, without the name and the format of its capture."""
    told = result.to_dict()
    for capture in told["captures"]:
        capture["path"] = capture["format"] = ""
    return told, result.conclusions.flows.verdict.tolist()


@pytest.mark.parametrize("name", SAMPLES)
def test_live_gives_the_verdicts_of_check(name):
    """On a capture that is read as a stream, judged on the way."""
    path = str(CAPTURES / name)
    watched = watch(StreamFeed(path), limits=Limits(0.1))
    watched.start()
    until(lambda: watched.over)
    assert verdicts(watched.finish()) == verdicts(api.check([path]))


def test_findings_are_told_once_and_pictures_show_them():
    """As soon as they are made, and not again."""
    path = str(CAPTURES / "mm-faults.pcapng")
    told = []
    watched = watch(StreamFeed(path), limits=Limits(0.1), on_finding=told.append)
    watched.start()
    until(lambda: watched.picture().result is not None)
    result = watched.finish()
    picture = watched.picture()
    assert [seen.finding.title for seen in told] == [finding.title for finding in result.conclusions.findings]
    assert len(picture.findings) == len(told)
    assert (picture.frames, picture.held_flows) == (result.captures["packets"][0], result.observations.flows.proto.size)


def test_the_folder_holds_the_result_as_it_is_now(tmp_path):
    """Result, tables and the facts of all that was held; a second run leaves the first one's beside its own."""
    path = str(CAPTURES / "mm-blocked.pcapng.gz")
    for runs in (0, 1):
        watched = watch(StreamFeed(path), limits=Limits(0.1, out=str(tmp_path)))
        watched.start()
        until(lambda: watched.over)  # noqa: B023 - runs in this turn only
        result = watched.finish()
        assert json.loads((tmp_path / "result.json").read_text()) == result.to_dict()
        assert (tmp_path / "flows.parquet").exists()
        assert len(list((tmp_path / "runs").glob("*/result.json")) if runs else []) == runs
    assert [part.name for part in sorted((tmp_path / "facts").iterdir())] == ["000001", "000002"]


def test_a_folder_is_one_programs_until_it_is_done(tmp_path):
    """Whoever else would write there is refused; when it has ended, another may, also where it ended badly."""
    gone = SourceError("made0", "no such interface")
    for error in (None, gone):
        watched = watch(Chunks([], error=error), limits=Limits(0.1, out=str(tmp_path)))
        with pytest.raises(AnalyzerError, match="another program writes there"):
            watch(Chunks([]), limits=Limits(0.1, out=str(tmp_path)))
        watched.start()
        with pytest.raises(SourceError) if error else nullcontext():
            watched.finish()
    FolderLock(tmp_path).close()


def test_flows_that_left_are_found_in_the_facts(tmp_path):
    """More flows than are to be held: those that are over leave for the folder; all parts together are the whole."""
    chunks = [records(datagrams(k, 50)) for k in range(0, 1000, 50)]
    (gate := threading.Event()).clear()
    watched = watch(Chunks(chunks, wait=gate), limits=Limits(0.1, most_flows=600, out=str(tmp_path)))
    watched.start()
    until(lambda: watched.picture().left_flows > 0)
    gate.set()
    result = watched.finish()
    picture = watched.picture()
    assert picture.held_flows < 1000
    assert picture.left_flows + picture.held_flows == 1000
    assert any("have left memory and are not judged here; their facts are in" in note for note in result.notes)
    whole = api.load_facts(str(tmp_path / "facts"))
    assert whole.flows.first_frame.tolist() == list(range(1, 1001))
    assert whole.captures[0].packets == 1000


def test_a_flood_is_said():
    """In the result's notes, with how many flows were not kept."""
    watched = watch(Chunks([*flood(30_000, BEGIN_S, at_once=1000)]), limits=Limits(0.1, most_flows=1000))
    watched.start()
    until(lambda: watched.over)
    notes = watched.finish().notes
    shed = watched.picture().shed_flows
    assert shed > 20_000
    assert any(f"{shed} flows were not kept" in note for note in notes)


def test_questions_without_end_are_told():
    """In the result's notes, with how many were not kept."""
    chunks = [records(asked_of(1000, 40000, BEGIN_S + k)) for k in range(5)]
    watched = watch(Chunks(chunks), limits=Limits(60, most_flows=100))
    watched.start()
    until(lambda: watched.over)
    assert any("4700 messages of DNS and DHCP were not kept" in note for note in watched.finish().notes)


def test_an_interface_that_is_gone_ends_with_what_was_there():
    """The result is whole, and says so."""
    gone = SourceError("made0", "the interface is gone")
    watched = watch(Chunks([records(datagrams(0, 5))], error=gone), limits=Limits(0.1))
    watched.start()
    until(lambda: watched.over)
    result = watched.finish()
    assert result.captures["packets"][0] == 5
    assert any("made0: the interface is gone" in note for note in result.notes)


def test_a_feed_that_fails_at_once_is_an_error():
    """Nothing was captured: there is no result."""
    watched = watch(Chunks([], error=SourceError("made0", "no such interface")), limits=Limits(0.1))
    watched.start()
    until(lambda: watched.over)
    with pytest.raises(SourceError, match="no such interface"):
        watched.finish()


def test_a_clock_that_was_set_is_said(monkeypatch):
    """Times before and after do not fit together; nothing is lost."""
    gate = threading.Event()
    watched = watch(Chunks([records(datagrams(0, 5)), records(datagrams(4000, 5))], wait=gate), limits=Limits(0.05))
    now = time.time
    monkeypatch.setattr(clock.time, "time", lambda: now() + 3600)
    watched.start()
    until(lambda: watched.picture().notes)
    gate.set()
    result = watched.finish()
    assert any("the clock of this machine was set forward by 3600" in note for note in result.notes)
    assert result.captures["packets"][0] == 10


def test_a_full_disk_is_said_and_goes_on(tmp_path, monkeypatch):
    """The result is had all the same, and the picture tells what could not be kept."""
    gate = threading.Event()

    def full(*told, **how):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("analyzer.live.exporting.write", full)
    watched = watch(Chunks([records(datagrams(0, 5))], wait=gate), limits=Limits(0.05, out=str(tmp_path)))
    watched.start()
    until(lambda: any("no space left on device" in note for note in watched.picture().notes))
    gate.set()
    assert watched.finish().captures["packets"][0] == 5
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_breaks_the_judging_is_raised(monkeypatch):
    """Rather than a capture that goes on without a verdict."""
    gate = threading.Event()
    watched = watch(Chunks([records(datagrams(0, 5))], wait=gate), limits=Limits(0.05))
    monkeypatch.setattr(watched, "_judge", lambda seen: 1 / 0)
    watched.start()
    until(lambda: watched.over)
    gate.set()
    with pytest.raises(ZeroDivisionError):
        watched.finish()


def questions(first, count):
    """Questions over one pair of ports, one a second, each another one."""
    for k in range(first, first + count):
        name = b"\x06n%05d\x07example\x00" % k
        asked = k.to_bytes(2, "big") + b"\1\0\0\1\0\0\0\0\0\0" + name + b"\0\1\0\1"
        packet = fr.ipv4("10.0.0.1", "10.0.0.2", fr.UDP, fr.udp(5353, 53, asked))
        yield Shot((BEGIN_S + k) * 1_000_000_000, fr.linked(packet))


def test_questions_without_end_leave_memory(tmp_path):
    """Few flows, but thousands of records: what is over leaves all the same, and all of it is found again."""
    chunks = [records(questions(k, 500)) for k in range(0, 20_000, 500)]
    (gate := threading.Event()).clear()
    watched = watch(Chunks(chunks, wait=gate), limits=Limits(0.1, most_flows=1000, out=str(tmp_path)))
    watched.start()
    until(lambda: watched.picture().left_flows > 0)
    gate.set()
    result = watched.finish()
    assert result.observations.dns.flow.size < 15_000
    whole = api.load_facts(str(tmp_path / "facts"))
    assert whole.dns.query.tolist() == [f"n{k:05d}.example" for k in range(20_000)]
