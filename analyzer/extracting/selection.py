"""A finding or a flow becomes the frames that belong to it, and what there is to say of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import NamedTuple

from analyzer.errors import AnalyzerError
from analyzer.findings import Finding
from analyzer.inspecting.steps import chosen, key_of
from analyzer.result import Result

MOST_HOSTS = 64
GONE = "the frames do not show it any more once they are sanitized"


class SelectionError(AnalyzerError):
    """A finding that the result does not have."""


class Life(NamedTuple):
    """A flow, its first and last frame, and between which addresses it is."""

    flow: int
    first: int
    last: int
    hosts: tuple[str, str]


class Selection(NamedTuple):
    """What is to be extracted.

    title  of all of it: the finding with the sentence of the document, or the flow
    flows  by their ends, each with its life
    notes  by frame, what it shows
    all    every frame is wanted
    drops  frames that were lost while the capture was recorded; None where that is not known, or not all are wanted
    """

    title: str
    flows: Mapping[object, Sequence[Life]]
    notes: Mapping[int, Sequence[str]]
    all: bool = False
    drops: int | None = None

    @property
    def hosts(self) -> list[tuple[bytes, bytes]]:
        """The addresses of the flows as packets have them, so that few frames are dissected; none where many are."""
        pairs = {lives[0].hosts for lives in self.flows.values()}
        packed = ((ip_address(one).packed, ip_address(other).packed) for one, other in pairs)
        return list(packed) if len(pairs) <= MOST_HOSTS else []

    @property
    def last(self) -> int:
        """The last frame that may be wanted."""
        return max([life.last for lives in self.flows.values() for life in lives] + [*self.notes, 0])


def of_finding(result: Result, text: str) -> Selection:
    """The frames of a finding, by its id, else of all with a code; raises SelectionError where there is none."""
    return _of(result, _found(result, text))


def of_same_finding(result: Result, text: str, again: Result) -> Selection:
    """The frames of what `text` means in a result, as another result of the same frames has it.

    Raises SelectionError where one of them lacks it.
    """
    meant = {(one.code, _begun(result, one.flows)) for one in _found(result, text)}
    held = [one for one in again.conclusions.findings if (one.code, _begun(again, one.flows)) in meant]
    if len(held) < len(meant):
        raise SelectionError(f"finding {text[:40]!a}: {GONE}")
    return _of(again, held)


def of_same_flow(result: Result, text: str, again: Result) -> Selection:
    """The frames of the flows that `text` means in a result, as another result of the same frames has them.

    Raises FlowError where the one, SelectionError where the other lacks it.
    """
    meant = _begun(result, chosen(result.observations, text))
    rows = {begun: row for row, begun in enumerate(_begun(again, range(again.observations.flows.proto.size)))}
    if not meant or not rows.keys() >= set(meant):
        raise SelectionError(f"flow {text[:80]!a}: {GONE}")
    return _of_flows(again, [rows[begun] for begun in meant])


def _begun(result: Result, flows: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """By what flows are the same in another result of the same frames: protocol, ports, first and last frame."""
    table = result.observations.flows
    columns = table.proto, table.orig_p, table.resp_p, table.first_frame, table.last_frame
    return tuple(tuple(int(column[flow]) for column in columns) for flow in flows)


def of_all(result: Result) -> Selection:
    """Every frame of the captures, with what it shows of any finding."""
    found = result.conclusions.findings
    title = "\n".join(map(_told, found)) or "no findings"
    return Selection(title, {}, _notes(found), all=True, drops=result.observations.quality.kernel_drops)


def _found(result: Result, text: str) -> list[Finding]:
    """The findings that a user means."""
    held = result.conclusions.findings
    found = [one for one in held if one.id.lower() == text.lower()] or [one for one in held if one.code == text]
    if not found:
        known = f"{held[0].id} to {held[-1].id}" if held else "there is none"
        raise SelectionError(f"finding {text[:40]!a}: not in the result ({known})")
    return found


def _of(result: Result, found: Sequence[Finding]) -> Selection:
    flows = sorted({flow for one in found for flow in one.flows})
    return Selection("\n".join(map(_told, found)), _lives(result, flows), _notes(found))


def _notes(found: Sequence[Finding]) -> dict[int, list[str]]:
    """By frame, what findings say of it."""
    notes: dict[int, list[str]] = defaultdict(list)
    for one in found:
        for seen in one.evidence:
            for frame in seen.frames:
                note = f"{one.id} {seen.code}: {seen.detail}{_rule(one)}"
                if note not in notes[frame]:
                    notes[frame].append(note)
    return notes


def of_flow(result: Result, text: str) -> Selection:
    """The frames of the flows that a user means; raises FlowError where there is none."""
    return _of_flows(result, chosen(result.observations, text))


def _of_flows(result: Result, flows: Sequence[int]) -> Selection:
    """The frames of flows, with what findings say of them."""
    notes: dict[int, list[str]] = defaultdict(list)
    for one in result.conclusions.findings:
        for seen in one.evidence:
            if seen.flow in flows:
                for frame in seen.frames:
                    notes[frame].append(f"{one.id} {seen.code}: {seen.detail}{_rule(one)}")
    rows = result.flows.iloc[list(flows)]
    told = [f"flow {row.flow}: {row.verdict} {row.rule} {' '.join(row.codes)}".strip() for row in rows.itertuples()]
    return Selection("; ".join(told), _lives(result, flows), notes)


def _told(finding: Finding) -> str:
    """A finding in full, with the row of the document."""
    cite = finding.cite
    row = f", row {cite.row}" if cite.row else ""
    parts = [
        f"{finding.id} {finding.title} ({finding.verdict.value}, {finding.strength.value} evidence, {finding.code})",
        f"{cite.document}, {cite.section}{row}: “{' '.join(cite.quote.split())}” [{finding.rule}]"
        if finding.rule
        else "",
        f"or else: {'; '.join(finding.rivals)}" if finding.rivals else "",
        f"change: {finding.remedy}" if finding.remedy else "",
    ]
    return ". ".join(part for part in parts if part)


def _rule(finding: Finding) -> str:
    """The rule that a finding is about, and its sentence."""
    return f" [{finding.rule}: “{' '.join(finding.cite.quote.split())}”]" if finding.rule else ""


def _lives(result: Result, flows: Sequence[int]) -> dict[object, list[Life]]:
    """Flows by their ends."""
    table = result.observations.flows
    made: dict[object, list[Life]] = defaultdict(list)
    for flow in flows:
        ends = (table.orig_h[flow], int(table.orig_p[flow])), (table.resp_h[flow], int(table.resp_p[flow]))
        hosts = table.orig_h[flow], table.resp_h[flow]
        life = Life(flow, int(table.first_frame[flow]), int(table.last_frame[flow]), hosts)
        made[key_of(int(table.proto[flow]), *ends)].append(life)
    return made
