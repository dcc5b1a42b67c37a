"""Wireshark's coloring rules pick exactly the frames of the flows with their verdict."""

from __future__ import annotations

import re
import subprocess
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from analyzer import api
from analyzer.exporting.foreign import colours
from analyzer.findings import Verdict
from analyzer.result import Result
from analyzer.tables import Dns, Tls
from tests.builders.plant import MINUTE_NS, START_NS, conclusions, flow, observations, table, verdicts
from tests.exporting.foreign.test_junit import CAPTURES

LINE = re.compile(r"@([^@]+)@([^@]+)@\[(\d+),(\d+),(\d+)\]\[(\d+),(\d+),(\d+)\]")
FIELDS = ("frame.time_epoch", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport")
FIELDS = (*FIELDS, "udp.srcport", "udp.dstport", "icmp.type", "icmpv6.type", "frame.coloring_rule.name")


def made_of(rows: list[dict[str, Any]], words: list[str]) -> Result:
    """A result of flows and their verdicts."""
    seen = observations(rows, dns=table(Dns, []), tls=table(Tls, []))
    return Result(seen, conclusions(flows=verdicts(words), findings=()))


def rules(made: Result, folder: Path) -> dict[str, str]:
    """The rules of the file: each verdict's filter."""
    colours.write(made, folder)
    lines = (folder / "colorfilters").read_text(encoding="ascii").splitlines()
    assert lines[0].startswith("# ")
    found = [LINE.fullmatch(line) for line in lines[1:]]
    assert all(found)
    return {one[1].partition(": ")[0].removeprefix("analyzer, "): one[2] for one in found if one}


def tshark(capture: Path, *words: str, **given: Any) -> list[list[str]]:
    """The lines that tshark prints of a capture, by cells."""
    run = subprocess.run(["tshark", "-n", "-r", capture, *words], capture_output=True, text=True, check=False, **given)
    assert run.returncode == 0, run.stderr
    return [line.split("\t") for line in run.stdout.splitlines()]


def test_a_port_that_all_flows_between_two_hosts_share_is_enough(tmp_path):
    """Many connections to one service are one term; peers of one host and port are one set."""
    rows = [flow(orig_p=port) for port in (1, 2, 3)] + [flow(resp_h="203.0.113.8"), flow(proto=17, resp_p=53)]
    found = rules(made_of(rows, ["expected"] * 4 + ["not_judged"]), tmp_path)
    assert found == {
        "expected": "(!icmp && !icmpv6 && ((ip.addr == 10.20.30.10 && ip.addr in {203.0.113.7, 203.0.113.8}"
        " && tcp.port == 443)))"
    }


def test_both_ports_where_verdicts_differ_and_time_where_both_are_used_again(tmp_path):
    """A rule does not take in flows of another verdict."""
    rows = [flow(orig_p=1), flow(orig_p=2), flow(orig_p=2, start_ns=START_NS + 2 * MINUTE_NS, end_ns=START_NS + 10**12)]
    found = rules(made_of(rows, ["blocked", "unexpected", "expected"]), tmp_path)
    ends = "ip.addr == 10.20.30.10 && ip.addr == 203.0.113.7"
    assert found["blocked"] == f"(!icmp && !icmpv6 && (({ends} && tcp.port == 1 && tcp.port == 443)))"
    assert found["unexpected"] == (
        f"(!icmp && !icmpv6 && (({ends} && tcp.port == 2 && tcp.port == 443"
        " && frame.time_epoch >= 1772359200.123456789 && frame.time_epoch <= 1772359260.123456789)))"
    )
    assert "frame.time_epoch >= 1772359320.123456789" in found["expected"]


def test_a_time_is_one_that_wireshark_compares(needs_program):
    """To the ns: of a connection's frames those up to one of them, and none after it."""
    needs_program("tshark")
    capture = CAPTURES / "mm-faults.pcapng"
    flows = api.observe([str(capture)]).flows
    row = next(row for row in range(flows.proto.size) if flows.proto[row] == 6 and flows.orig_packets[row] > 5)
    hosts, ports = (flows.orig_h[row], flows.resp_h[row]), (int(flows.orig_p[row]), int(flows.resp_p[row]))
    words = ("-T", "fields", "-e", "frame.time_epoch")
    whole = tshark(capture, "-Y", colours.display_filter([colours.Term(hosts, 6, ports)]), *words)
    times = [int(at.replace(".", "")) for (at,) in whole]
    assert times[0] == flows.start_ns[row]
    part = colours.Term(hosts, 6, ports, (times[1], times[3]))
    assert tshark(capture, "-Y", colours.display_filter([part]), *words) == whole[1:4]


def test_a_port_counts_on_both_sides(tmp_path):
    """A flow whose originator's port is another one's service is not taken in."""
    rows = [flow(orig_p=1), flow(orig_p=443, resp_p=9)]
    found = rules(made_of(rows, ["blocked", "expected"]), tmp_path)
    assert "tcp.port == 1 && tcp.port == 443" in found["blocked"]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"proto": 1, "orig_p": 8, "resp_p": 0}, "(icmp.type == 0 || icmp.type == 8)"),
        ({"proto": 1, "orig_p": 3, "resp_p": 1}, "icmp.type == 3"),
        ({"proto": 58, "orig_h": "fe80::1", "resp_h": "ff02::1", "orig_p": 134}, "icmpv6.type == 133 || icmpv6.type"),
        ({"proto": 2}, "ip.proto == 2"),
        ({"proto": 50, "orig_h": "fe80::1", "resp_h": "fe80::2"}, "ipv6.addr == fe80::2 && ipv6.nxt == 50"),
        ({"resp_h": "10.20.30.10"}, "ip.src == 10.20.30.10 && ip.dst == 10.20.30.10 && tcp.port == 443"),
        ({"proto": 17, "orig_p": 5353, "resp_p": 5353}, "udp.port == 5353"),
    ],
)
def test_every_kind_of_flow_has_a_filter_that_compiles(tmp_path, needs_program, given, text):
    """Also those without ports, and those of a host with itself."""
    needs_program("tshark")
    found = rules(made_of([flow(**given)], ["unexpected"]), tmp_path)
    assert text in found["unexpected"]
    tshark(CAPTURES / "mm-govcloud-clean.pcap", "-c", "1", "-Y", found["unexpected"])


def test_what_is_no_address_is_in_no_filter(tmp_path):
    """Saved facts that somebody edited cannot put a rule of their own into the file."""
    rows = [flow(resp_h="1.2.3.4@[0,0,0][0,0,0]\n@x@tcp"), flow(resp_h="ü"), flow()]
    assert set(rules(made_of(rows, ["blocked", "blocked", "expected"]), tmp_path)) == {"expected"}


def test_too_many_ends_are_told_and_left_out(tmp_path, needs_program):
    """The filter stays one that Wireshark compiles."""
    needs_program("tshark")
    rows = [flow(resp_h=f"203.{k % 256}.{k // 256}.1", resp_p=k) for k in range(colours.MOST + 500)]
    made = made_of(rows, ["blocked"] * len(rows))
    assert colours.write(made, tmp_path) == (
        "colours: of 1 500 flows that are blocked, the first 1 000 ends have their colour",
    )
    found = rules(made, tmp_path)["blocked"]
    assert found.count("ip.addr == 203.") == colours.MOST
    tshark(CAPTURES / "mm-govcloud-clean.pcap", "-c", "1", "-Y", found)


def test_every_colour_can_be_read():
    """Contrast of text is 4.5 at least (WCAG 2.2, 1.4.3), and each verdict is another colour."""

    def luminance(colour: int) -> float:
        parts = [(colour >> shift & 0xFF) / 255 for shift in (16, 8, 0)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for pair in colours.COLOURS.values():
        dark, light = sorted(map(luminance, pair))
        assert (light + 0.05) / (dark + 0.05) >= 4.5
    assert len({background for background, _ in colours.COLOURS.values()}) == len(colours.COLOURS)
    assert set(colours.COLOURS) == set(Verdict) - {Verdict.NOT_JUDGED}


def verdict_of_frames(made: Result, seen: list[list[str]]) -> dict[int, str]:
    """By frame the verdict of its flow: of the outermost packet's ends, within the flow's time."""
    flows = made.observations.flows
    known: dict[Any, list[int]] = defaultdict(list)
    for row in range(flows.proto.size):
        proto = int(flows.proto[row])
        ports = frozenset((int(flows.orig_p[row]), int(flows.resp_p[row]))) if proto in (6, 17) else None
        known[proto, frozenset((flows.orig_h[row], flows.resp_h[row])), ports].append(row)
    found = {}
    for number, cells in enumerate(seen, 1):
        at, *rest = cells
        first = [cell.split(",")[0] for cell in rest]
        hosts = frozenset(first[0:2] if first[0] else first[2:4])
        if first[8] or first[9]:  # an ICMP error shows the ports that it quotes as well
            proto, ports = (1 if first[8] else 58), None
        else:
            proto = 6 if first[4] else 17
            ports = frozenset(map(int, filter(None, first[4:6] if first[4] else first[6:8])))
        ns = int(at.replace(".", ""))
        rows = [row for row in known[proto, hosts, ports] if flows.start_ns[row] <= ns <= flows.end_ns[row]]
        if rows:
            found[number] = str(made.conclusions.flows.verdict[rows[-1]])
    return found


@pytest.mark.parametrize(
    "name",
    ["mm-faults.pcapng", "mm-blocked.pcapng.gz", "mm-intercepted.pcapng.gz", "skala-blocked.pcapng", "office.pcapng"],
)
def test_wireshark_colours_each_frame_by_its_flows_verdict(tmp_path, needs_program, name):
    """The file as Wireshark reads it, and each filter alone: the frames of those flows, and no others."""
    needs_program("tshark")
    site = CAPTURES / f"{name.partition('.')[0]}.site.yaml"
    made = api.check([str(CAPTURES / name)], site=api.load_site(str(site)))
    folder = tmp_path / "wireshark"
    folder.mkdir()
    found = rules(made, folder)
    words = ["-T", "fields", *(word for field in FIELDS for word in ("-e", field))]
    seen = tshark(CAPTURES / name, "--color", *words, env={"XDG_CONFIG_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
    expected = verdict_of_frames(made, [cells[:-1] for cells in seen])
    coloured = {
        number: cells[-1].partition(":")[0].removeprefix("analyzer, ")
        for number, cells in enumerate(seen, 1)
        if cells[-1]
    }
    assert coloured == {number: verdict for number, verdict in expected.items() if verdict != "not_judged"}
    for verdict, text in found.items():
        picked = {int(cells[0]) for cells in tshark(CAPTURES / name, "-Y", text, "-T", "fields", "-e", "frame.number")}
        assert picked == {number for number, one in expected.items() if one == verdict}
    assert set(Counter(coloured.values())) == set(found)
