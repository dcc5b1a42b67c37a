"""The lab's uploads of known rate, and captures of one traffic in other forms."""

from __future__ import annotations

import json
import struct

import pytest

from analyzer import api
from analyzer.planning import Usage

SCENARIOS = {"f2-upload-3x-budget": "fails", "f4-focas-12kbps": "fails", "f5-mixed-dashboard-within": "holds"}
HEADER, RECORD = struct.Struct("<IHHiIII"), struct.Struct("<IIII")
NANOSECONDS = 0xA1B23C4D


def capture_of(shared, scenario):
    """The capture of a scenario's site, from inside."""
    return shared / "corpus" / "lab" / "captures" / scenario / "lan.pcap"


def upload(paths):
    """The budget of the one Edge in captures."""
    budgets = api.check([str(path) for path in paths]).conclusions.budgets
    return next(budget for budget in budgets if budget.role == "edge")


def records(octets):
    """Each frame of a classic pcap in µs: seconds, fraction, length on the wire, octets."""
    at = HEADER.size
    while at < len(octets):
        seconds, fraction, kept, length = RECORD.unpack_from(octets, at)
        yield seconds, fraction, length, octets[at + RECORD.size : at + RECORD.size + kept]
        at += RECORD.size + kept


def written(path, head, frames):
    """A classic pcap of such frames."""
    body = b"".join(RECORD.pack(sec, part, len(data), length) + data for sec, part, length, data in frames)
    path.write_bytes(head + body)
    return path


@pytest.mark.parametrize(("scenario", "outcome"), SCENARIOS.items())
def test_uploads_are_what_was_sent(shared, scenario, outcome):
    """Over, over, within; each rate within 2 % of what the lab observed."""
    labels = json.loads((shared / "corpus" / "lab" / "labels.json").read_text("utf-8"))
    observed = labels[scenario]["bandwidth_observed"]["lan.pcap"]
    budget = upload([capture_of(shared, scenario)])
    assert (str(budget.outcome), budget.budget_bps) == (outcome, observed["budget_kbps"] * 1000)
    assert budget.rate.mean_bps / 1000 == pytest.approx(observed["upload_kbps_ip"], rel=0.02)


def test_a_rotated_and_a_mirrored_capture_have_the_same_octets(shared):
    """The lab's twins of one capture, cut in five and with each frame twice: no octet differs, by no key."""
    captures = shared / "corpus" / "lab" / "captures"
    cut = sorted((captures / "v-f1-rotated5").glob("*.pcap"))
    tables = [
        Usage(api.check([str(path) for path in paths])).table
        for paths in (cut, [captures / "v-f1-span-dup" / "lan.pcap"])
    ]
    columns = ["kind", "key", "direction", "octets", "payload_octets", "flows"]
    one, other = (table.groupby(columns).size().index.tolist() for table in tables)
    assert one == other


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_twins_have_the_same_figures(shared, tmp_path, scenario):
    """In nanoseconds, cut in three, and with each frame twice: every figure is the same, windows among them."""
    octets = capture_of(shared, scenario).read_bytes()
    head, frames = octets[: HEADER.size], list(records(octets))
    fine = HEADER.pack(NANOSECONDS, *HEADER.unpack(head)[1:])
    third = len(frames) // 3
    twins = {
        "nanoseconds": [
            written(tmp_path / "ns.pcap", fine, [(s, part * 1000, n, data) for s, part, n, data in frames])
        ],
        "cut": [
            written(tmp_path / f"{at}.pcap", head, frames[at * third : (at + 1) * third if at < 2 else None])
            for at in range(3)
        ],
        "mirrored": [written(tmp_path / "twice.pcap", head, [frame for frame in frames for _ in range(2)])],
    }
    wanted = Usage(api.check([str(capture_of(shared, scenario))])).table
    for how, paths in twins.items():
        assert (how, Usage(api.check([str(path) for path in paths])).table.equals(wanted)) == (how, True)
