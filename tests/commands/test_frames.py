"""A flow in full and the frames of a finding, on the command line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from analyzer import api
from analyzer.cli import main
from analyzer.inspecting.reading import Comparison, compare
from tests.builders import secrets
from tests.builders.captures import Shot, pcap
from tests.builders.readings import reading

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments):
    return CliRunner().invoke(main, list(arguments), prog_name="analyzer")


@pytest.fixture
def compared(monkeypatch):
    """Makes inspecting give a comparison in which the other program says this; returns what it was asked."""
    asked = {}

    def give(**theirs):
        made = Comparison("a.pcap", "TShark 9.9.9", compare(reading(), reading(**theirs)))
        monkeypatch.setattr(api, "inspect", lambda capture, **given: asked.update(given, capture=capture) or made)
        return asked

    return give


def test_inspecting_ends_with_1_where_something_differs(compared):
    """0 without difference, 1 with one; the table is on standard output."""
    compared()
    done = run("inspect", "--against", "tshark", "a.pcap")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("a.pcap against TShark 9.9.9: no difference")
    asked = compared(packets=7)
    done = run("inspect", "--against", "tshark", "a.pcap", "--timeout", "5", "--json")
    assert (done.exit_code, json.loads(done.stdout)["agree"]) == (1, False)
    assert (asked["capture"], asked["timeout_s"]) == ("a.pcap", 5)


def test_tshark_that_is_not_there_is_one_line(monkeypatch, tmp_path):
    """Exit code 2, and how to get it."""
    (tmp_path / "a.pcap").write_bytes(b"")
    monkeypatch.setenv("PATH", str(tmp_path))
    done = run("inspect", "--against", "tshark", str(tmp_path / "a.pcap"))
    assert (done.exit_code, done.stderr) == (2, "analyzer: tshark is not installed: apt-get install tshark\n")


def test_one_flow_is_shown_in_full():
    """By its ends, with what is concluded of it; the frames are there, whichever program reads them."""
    done = run("inspect", str(ROOT / "captures" / "mm-clean.pcapng.gz"), "--flow", "0", "--json")
    told = json.loads(done.stdout)
    ends = f"{told['flow']['resp_h']}:{told['flow']['resp_p']} > {told['flow']['orig_h']}:{told['flow']['orig_p']}"
    again = run("inspect", str(ROOT / "captures" / "mm-clean.pcapng.gz"), "--flow", ends)
    assert (done.exit_code, again.exit_code) == (0, 0)
    assert f"flow 0: {told['flow']['proto']}" in again.stdout
    assert told["steps"]


def test_without_tshark_scapy_reads_the_flow(monkeypatch, tmp_path):
    """And says so."""
    monkeypatch.setenv("PATH", str(tmp_path))
    done = run("inspect", str(ROOT / "captures" / "mm-clean.pcapng.gz"), "--flow", "0")
    assert "as scapy" in done.stdout


@pytest.mark.parametrize("given", [(), ("--flow", "0", "--against", "tshark")])
def test_inspecting_needs_one_thing_to_do(given):
    """A flow, or another program."""
    done = run("inspect", "a.pcap", *given)
    assert (done.exit_code, "inspect needs --flow ID or --against tshark" in done.stderr) == (2, True)


def test_a_finding_becomes_a_capture(tmp_path):
    """Its frames, as check calls it with the same options; what is wrong is one line."""
    told = (str(ROOT / "captures" / "mm-blocked.pcapng.gz"), "--site", str(ROOT / "captures" / "mm-blocked.site.yaml"))
    target = tmp_path / "F1.pcapng"
    done = run("extract", *told, "--finding", "F1", "-w", str(target))
    assert (done.exit_code, done.stderr) == (0, f"{target}: 4 frames, 4 of them shown as evidence\n")
    assert target.stat().st_size > 0
    for given, said in (((), "needs --finding ID or --flow ID"), (("--finding", "F99"), "not in the result")):
        refused = run("extract", *told, *given, "-w", str(tmp_path / "other"))
        assert (refused.exit_code, said in refused.stderr) == (2, True)
    nowhere = run("extract", *told, "--finding", "F1", "-w", str(tmp_path / "no" / "where"))
    assert (nowhere.exit_code, "cannot be written" in nowhere.stderr) == (2, True)


def test_a_capture_is_sanitized(tmp_path):
    """Every frame, or those of a finding; the site file is written beside, and the verdicts are said to be the same."""
    told = (str(ROOT / "captures" / "mm-blocked.pcapng.gz"), "--site", str(ROOT / "captures" / "mm-blocked.site.yaml"))
    target, site = tmp_path / "out.pcapng", tmp_path / "out.site.yaml"
    done = run("extract", *told, "--sanitize", "-w", str(target))
    lines = done.stderr.splitlines()
    assert (done.exit_code, done.stdout) == (0, "")
    assert lines[0].startswith(f"{target}: 592 frames, ")
    assert lines[1:] == ["judged anew, sanitized: the same verdicts as before", f"{site}: the site file for it"]
    again = run("check", str(target), "--site", str(site), "-q")
    assert again.exit_code == run("check", *told, "-q").exit_code == 1
    one = run("extract", *told, "--sanitize", "--finding", "F1", "-w", str(tmp_path / "F1.pcapng"), "-q")
    assert (one.exit_code, one.stderr) == (0, "")
    over = run("extract", *told, "--sanitize", "-w", told[0])
    assert (over.exit_code, "would be written over" in over.stderr) == (2, True)


def test_other_verdicts_are_told(tmp_path):
    """Here those of flows whose link is not kept; of many only the first."""
    path, target = tmp_path / "ppp.pcap", tmp_path / "out.pcapng"
    packets = [bytes(packet)[14:] for packet in secrets.packets() if packet.haslayer("IP")]
    path.write_bytes(pcap([Shot(at * 1_000_000_000, b"\0\x21" + one) for at, one in enumerate(packets)], link=9))
    done = run("extract", str(path), "--sanitize", "-w", str(target))
    assert done.exit_code == 0
    line = done.stderr.splitlines()[1]
    assert line.startswith("judged anew, sanitized: other verdicts than before on flow 0, flow 1, ")
    assert line.endswith("flow 7 and more")
    gone = run("extract", str(path), "--sanitize", "--flow", "0", "-w", str(tmp_path / "flow.pcapng"))
    assert (gone.exit_code, "do not show it any more" in gone.stderr) == (2, True)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out.pcapng", "ppp.pcap"]
