"""The verdicts of a result become colours in Wireshark: a file of coloring rules, one for each verdict.

A rule is a display filter that picks the frames of the flows with that verdict, and no others: by ends and the port
that was reached where all flows between them have it, else by both ports, else by time as well. ICMP errors quote
packets of other flows, so that they are left out by name. Wireshark takes the file in View, Coloring Rules, Import.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from analyzer.exporting.foreign import logs
from analyzer.exporting.page import counted
from analyzer.findings import Verdict
from analyzer.result import Result

NAME = "colours"
FILES: tuple[str, ...] = ("colorfilters",)

COLOURS = {
    Verdict.BLOCKED: (0x8B0000, 0xFFFFFF),
    Verdict.INTERCEPTED: (0x4B0082, 0xFFFFFF),
    Verdict.UNEXPECTED: (0xFFB347, 0x000000),
    Verdict.UNDETERMINED: (0xFFF3A3, 0x000000),
    Verdict.EXPECTED: (0xD5F5D5, 0x000000),
    Verdict.HOUSEKEEPING: (0xE4E4EC, 0x303030),
}
"""Background and foreground of each verdict, 24 bit each, the worst first: Wireshark takes the first rule that fits."""

COMMENT = (
    "# Verdicts of analyzer; in Wireshark: View, Coloring Rules, Import. They hold for the capture that was judged."
)
MOST = 1_000
"""Ends that a rule names; longer filters make Wireshark slow."""

PER_SET = 50
PORTED = {6: "tcp", 17: "udp"}
ICMP = {1: "icmp", 58: "icmpv6"}

Pair: TypeAlias = tuple[str, str]
Key: TypeAlias = tuple[Pair, int, frozenset[int]]


class Term(NamedTuple):
    """What a part of a filter picks: the packets between two hosts by protocol and ports (or ICMP types), and by time.

    hosts     the one that began first
    ports     the port that was reached, or both where one alone would pick other flows too
    times_ns  the first and the last frame, where the same ends were used for something else; else nothing
    """

    hosts: Pair
    proto: int
    ports: tuple[int, ...]
    times_ns: tuple[int, int] | tuple[()] = ()


def write(result: Result, folder: Path) -> tuple[str, ...]:
    """Writes colorfilters, and tells of verdicts with more ends than a rule can name; raises OSError."""
    lines, notes = [COMMENT], []
    for verdict, terms in _terms(result).items():
        flows = sum(str(one) == verdict for one in result.conclusions.flows.verdict)
        if len(terms) > MOST:
            some = f"the first {counted(MOST, 'end')} have their colour"
            notes.append(f"colours: of {counted(flows, 'flow')} that are {verdict.value}, {some}")
        name = f"analyzer, {verdict.value}: {counted(flows, 'flow')}"
        background, foreground = (_channels(colour) for colour in COLOURS[verdict])
        lines.append(f"@{name}@{display_filter(terms[:MOST])}@[{background}][{foreground}]")
    (folder / FILES[0]).write_text("\n".join(lines) + "\n", encoding="ascii")
    return tuple(notes)


def display_filter(terms: Iterable[Term]) -> str:
    """A display filter that picks what any of the terms does; those of one host and port share a set of peers."""
    peers: dict[tuple[str, int, int], list[str]] = defaultdict(list)
    ported: list[str] = []
    others: list[str] = []
    for term in terms:
        if len(term.ports) == 1 and term.proto in PORTED and not term.times_ns and term.hosts[0] != term.hosts[1]:
            peers[term.hosts[0], term.proto, term.ports[0]].append(term.hosts[1])
        else:
            (ported if term.proto in PORTED else others).append(_written(term))
    for (host, proto, port), found in peers.items():
        for at in range(0, len(found), PER_SET):
            some = found[at : at + PER_SET]
            field = _address(host)
            ends = f"{field} in {{{', '.join(some)}}}" if len(some) > 1 else f"{field} == {some[0]}"
            ported.append(f"({field} == {host} && {ends} && {PORTED[proto]}.port == {port})")
    made = [f"(!icmp && !icmpv6 && ({' || '.join(ported)}))"] if ported else []
    return " || ".join([*made, *others])


def _terms(result: Result) -> dict[Verdict, list[Term]]:
    """What picks the flows of each verdict, in the order of their first frames."""
    verdicts = [str(verdict) for verdict in result.conclusions.flows.verdict]
    rows = list(_rows(result))
    seen: dict[Key, set[str]] = defaultdict(set)
    for (hosts, proto, ports, _), verdict in zip(rows, verdicts, strict=True):
        pair = min(hosts), max(hosts)
        for some in {frozenset(ports), *(frozenset((port,)) for port in ports)}:
            seen[pair, proto, some].add(verdict)
    made: dict[Verdict, dict[Term, None]] = {verdict: {} for verdict in COLOURS}
    for (hosts, proto, ports, times_ns), verdict in zip(rows, verdicts, strict=True):
        if verdict not in made or not all(map(logs.valid, hosts)):
            continue
        pair = min(hosts), max(hosts)
        reached = ports[-1:] if proto in PORTED else ports
        if len(seen[pair, proto, frozenset(reached)]) == 1:
            term = Term(hosts, proto, reached)
        elif len(seen[pair, proto, frozenset(ports)]) == 1:
            term = Term(hosts, proto, ports)
        else:
            term = Term(hosts, proto, ports, times_ns)
        made[Verdict(verdict)][term] = None
    return {verdict: list(terms) for verdict, terms in made.items() if terms}


def _rows(result: Result) -> Iterator[tuple[Pair, int, tuple[int, ...], tuple[int, int]]]:
    """Hosts, protocol, ports (of ICMP the types, of other protocols nothing) and times of each flow."""
    flows = result.observations.flows
    names = ("orig_h", "resp_h", "proto", "orig_p", "resp_p", "start_ns", "end_ns")
    columns: Iterable[tuple[Any, ...]] = zip(*(getattr(flows, name).tolist() for name in names), strict=True)
    for orig, resp, proto, port, reached, start, end in columns:
        ports: tuple[int, ...] = (port, reached)
        if proto in ICMP:
            ports = tuple(sorted({port, logs.ANSWERS[proto].get(port, port)}))
        elif proto not in PORTED:
            ports = ()
        yield (orig, resp), proto, ports, (start, end)


def _written(term: Term) -> str:
    one, other = term.hosts
    field, version = _address(one), _address(one).partition(".")[0]
    ends = f"{field} == {one} && {field} == {other}"
    if one == other:
        ends = f"{version}.src == {one} && {version}.dst == {one}"
    if term.proto in PORTED:
        name = PORTED[term.proto]
        same = len(term.ports) > 1 and len(set(term.ports)) == 1
        fields = (f"{name}.srcport", f"{name}.dstport") if same else (f"{name}.port",) * len(term.ports)
        rest = " && ".join(f"{field} == {port}" for field, port in zip(fields, term.ports, strict=True))
    elif term.proto in ICMP:
        kinds = " || ".join(f"{ICMP[term.proto]}.type == {kind}" for kind in term.ports)
        rest = f"({kinds})" if len(term.ports) > 1 else kinds
    else:
        rest = f"ip.proto == {term.proto}" if version == "ip" else f"ipv6.nxt == {term.proto}"
    if term.times_ns:
        first, last = (f"{at // logs.NS}.{at % logs.NS:09}" for at in term.times_ns)
        rest += f" && frame.time_epoch >= {first} && frame.time_epoch <= {last}"
    return f"({ends} && {rest})"


def _address(address: str) -> str:
    return "ipv6.addr" if ":" in address else "ip.addr"


def _channels(colour: int) -> str:
    """Red, green and blue with 16 bit each, as Wireshark writes them."""
    return ",".join(str((colour >> shift & 0xFF) * 0x101) for shift in (16, 8, 0))
