"""A result becomes text for a person: the verdict first, then what to change, then everything that it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.text import Text

from analyzer.exporting import outcomes, pairs, units
from analyzer.exporting.outcomes import SIGNS
from analyzer.exporting.page import Page, counted, fitted, one_line, several, words
from analyzer.findings import (
    Basis,
    Evidence,
    Finding,
    Outcome,
    Severity,
    Verdict,
)
from analyzer.quality import Grade
from analyzer.result import Result, moment

TERSE, USUAL, FULL = -1, 0, 1
"""How much is shown: the verdict and the findings' titles; what one has to know; everything."""

SEVERITIES = {
    Severity.CRITICAL: "bold white on red",
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "bold yellow",
    Severity.LOW: "bold cyan",
    Severity.INFO: "bold",
}
GRADES = {Grade.GOOD: "green", Grade.LIMITED: "yellow", Grade.POOR: "bold red", Grade.EMPTY: "bold red"}
LABEL = 12
MANY_FINDINGS = 20
MANY_FRAMES = 8
MANY_EVIDENCE = 3


def show(result: Result, stream: TextIO, detail: int = USUAL) -> None:
    """Writes the result to a stream, in colour and at its width where it is a terminal; raises OSError."""
    page = Page(stream)
    page.line(headline(result))
    findings = sorted(result.conclusions.findings, key=lambda finding: list(Severity).index(finding.severity))
    if detail <= TERSE:
        for finding in findings:
            page.hang(_badge(finding), words(finding.title), at=LABEL, indent=2)
        return
    page.blank()
    _captures(page, result)
    _findings(page, findings, detail)
    if result.taps is not None:
        pairs.shown(page, result, detail >= FULL)
    concluded = result.conclusions
    outcomes.rules(page, concluded.rules, {item.cite for item in concluded.checklist}, detail >= FULL)
    outcomes.settling(page, concluded.rules)
    outcomes.checklist(page, concluded.checklist, detail >= FULL)
    _hosts(page, result, detail)
    _bandwidth(page, result, detail)
    if detail >= FULL:
        _flows(page, result)
    _notes(page, result)


def headline(result: Result) -> Text:
    """The verdict in one line."""
    counts = result.outcomes
    total = sum(counts.values())
    if result.exit_code not in (0, 1):
        return Text("No verdict: nothing was captured that could be read", "bold red")
    if not total:
        return Text("No verdict: no host that a rule pack governs was seen", "bold yellow")
    fails = counts[Outcome.FAILS]
    if fails:
        line = Text(f"{fails} of {counted(total, 'requirement')} {'fails' if fails == 1 else 'fail'}", "bold red")
    elif judged(result):
        line = Text(f"No requirement fails, of {total}", "bold green")
    else:
        line = Text("No verdict: no flow of a host in scope was judged", "bold yellow")
    rest = {"hold": Outcome.HOLDS, "not observed": Outcome.NOT_OBSERVED, "not observable": Outcome.NOT_OBSERVABLE}
    for word, outcome in rest.items():
        if counts[outcome]:
            said = "holds" if (word, counts[outcome]) == ("hold", 1) else word
            line.append(f" · {counts[outcome]} {said}", "default")
    return line


def judged(result: Result) -> bool:
    """Whether the verdict on any flow is one by a document: what only stands in documents holds without a capture."""
    beside = (Verdict.HOUSEKEEPING, Verdict.NOT_JUDGED)
    return any(verdict not in beside for verdict in result.conclusions.flows.verdict)


def _captures(page: Page, result: Result) -> None:
    """What was read, how good it is, and by what it is judged: a line each."""
    captures = result.observations.captures
    names = Counter(capture.format for capture in captures)
    facts = [
        captures[0].path if len(captures) == 1 else f"{len(captures)} captures",
        " and ".join(names),
        counted(sum(capture.packets for capture in captures), "packet"),
        units.octets(sum(capture.octets for capture in captures)),
    ]
    filled = [capture for capture in captures if capture.packets]
    if filled:
        begin, end = min(c.start_ns for c in filled), max(c.end_ns for c in filled)
        facts.append(f"{moment(begin)[:19].replace('T', ' ')} UTC, {units.duration((end - begin) / 1e9)}")
    cut = [capture.path for capture in filled if capture.cut]
    if cut:
        facts.append("cut short" if len(captures) == 1 else f"{len(cut)} of them cut short")
    _fact(page, "capture" if len(captures) == 1 else "captures", words(" · ".join(facts)))
    quality = Text(result.grade.value, GRADES[result.grade])
    for measure in result.measures:
        if measure.words:
            quality.append(f" · {measure.words}" + (f": {measure.effect}" if measure.effect else ""), "default")
    _fact(page, "quality", quality)
    variants = dict(result.conclusions.variants)
    packs = [f"{pack} ({variants[pack]})" if variants.get(pack) else pack for pack in result.conclusions.packs]
    judged = Counter(str(verdict) for verdict in result.conclusions.flows.verdict)
    said = [f"{judged[verdict]} {verdict.value.replace('_', ' ')}" for verdict in Verdict if judged[verdict]]
    _fact(page, "judged by", words(" and ".join(packs) or "no rule pack: none of their hosts was seen"))
    _fact(page, "flows", words(" · ".join([f"{judged.total():,}".replace(",", " "), *said])))


def _findings(page: Page, findings: Sequence[Finding], detail: int) -> None:
    if not findings:
        return
    page.heading("findings", "analyzer explain CODE says more of one")
    shown = findings if detail >= FULL else findings[:MANY_FINDINGS]
    told: set[object] = set()
    for number, finding in enumerate(shown):
        if number:
            page.blank()
        one_finding(page, finding, told)
    if len(findings) > len(shown):
        page.blank()
        page.line(Text(f"and {len(findings) - len(shown)} more, none of them worse: -v shows all", "bold"), 2)


def one_finding(page: Page, finding: Finding, told: set[object]) -> None:
    """One finding; a quote or look-alikes that stand above (they are in `told`) are not told again."""
    page.hang(_badge(finding), words(finding.title, "bold"), at=LABEL)
    who = f"{finding.host} · " if finding.host else ""
    verdict = "" if finding.verdict is Verdict.EXPECTED else f"{finding.verdict.value.replace('_', ' ')}, "
    said = words(f"{who}{counted(len(finding.flows), 'flow')} · {verdict}{finding.strength.value} evidence · ")
    _field(page, "Who:", said.append_text(words(finding.code, "dim")))
    if finding.rule:
        _field(page, "Rule:", _quoted(finding, again=finding.cite in told))
    found = seen(finding.evidence)
    for text in found[:MANY_EVIDENCE]:
        _field(page, "Seen:", words(text))
    if len(found) > MANY_EVIDENCE:
        _field(page, "", words(f"and {len(found) - MANY_EVIDENCE} more like it", "dim"))
    for rival in ("as above",) if finding.rivals and finding.rivals in told else finding.rivals:
        _field(page, "Or else:", words(rival))
    told |= {finding.cite, finding.rivals}
    if finding.remedy:
        _field(page, "Change:", words(finding.remedy, "green"))
    if finding.filter:
        _field(page, "Filter:", words(finding.filter, "cyan"))


def _hosts(page: Page, result: Result, detail: int) -> None:
    judged = [host for host in result.conclusions.hosts if host.judged or detail >= FULL]
    if not judged:
        return
    page.heading("hosts")
    rows = [
        [
            words(host.host),
            words(host.role, "bold" if host.judged else "dim"),
            words(several([address for address in host.addresses if address != host.host], 2)),
            words(host.why if host.basis == "site-file" and host.why else f"{host.basis}: {host.why}", "dim"),
        ]
        for host in judged
    ]
    page.rows(rows, fitted(rows, (24, 12, 32)))
    if len(judged) < len(result.conclusions.hosts):
        left = len(result.conclusions.hosts) - len(judged)
        page.line(Text(f"{left} more seen and not judged", "dim"), 2)


def _bandwidth(page: Page, result: Result, detail: int) -> None:
    """Rates against budgets, of those hosts for which the capture tells."""
    budgets = result.conclusions.budgets
    told = [budget for budget in budgets if detail >= FULL or budget.outcome in (Outcome.HOLDS, Outcome.FAILS)]
    if not told:
        return
    page.heading("bandwidth", "mean at IP length, against what the document grants")
    rows = [
        [
            Text(*SIGNS[budget.outcome]),
            words(budget.host),
            words(" ".join(part for part in (budget.machine_class, budget.role) if part)),
            words(
                f"{units.rate(budget.rate.mean_bps)} of {units.span(budget.budget_bps, budget.high_bps)}"
            ).append_text(
                words(
                    f", 95th percentile {units.rate(budget.rate.p95_bps)} in windows of {budget.rate.window_s:.3g} s",
                    "dim",
                )
            ),
        ]
        for budget in told
    ]
    page.rows(rows, fitted(rows, (0, 20, 18)))
    if len(told) < len(budgets):
        page.line(Text(f"· {len(budgets) - len(told)} more hosts for which the capture does not tell", "dim"), 2)


def _flows(page: Page, result: Result) -> None:
    """Every flow of hosts in scope, in the order of their first frames."""
    frame = result.flows[result.flows["verdict"] != Verdict.NOT_JUDGED.value]
    page.heading("flows", f"{len(frame)} of hosts in scope")
    for row in frame.itertuples(index=False):
        ends = f"{row.flow}  {_end(row.orig_h, row.orig_p)} > {_end(row.resp_h, row.resp_p)}/{row.proto}"
        rest = [row.service, row.server_name, row.rule, *row.codes]
        text = words(ends).append_text(words("  ".join(["", *(part for part in rest if part)]), "dim"))
        page.hang(words(str(row.verdict)), text, at=LABEL + 4, indent=2)


def _notes(page: Page, result: Result) -> None:
    if not result.notes:
        return
    page.heading("notes")
    for note in result.notes:
        page.hang(Text("-", "dim"), words(note), at=4, indent=2)


def _fact(page: Page, label: str, body: Text) -> None:
    page.hang(Text(label, "dim"), body, at=LABEL)


def _field(page: Page, label: str, body: Text) -> None:
    page.hang(Text(label, "dim"), body, at=LABEL, indent=2)


def _badge(finding: Finding) -> Text:
    return Text(finding.severity.value.upper(), SEVERITIES[finding.severity])


def _quoted(finding: Finding, *, again: bool) -> Text:
    """The row that a finding breaks, as the document has it, and where it stands."""
    cite = finding.cite
    place = f"{cite.section}, row {cite.row}" if cite.row else cite.section
    quote = "" if again or not cite.quote else f"“{one_line(cite.quote)}” "
    text = words(quote).append_text(words(f"{finding.pack}, {place} · {finding.rule}", "dim"))
    if finding.basis is Basis.READING:
        text.append(" · a reading: the document leaves this open", "dim")
    return text


def seen(evidence: Iterable[Evidence]) -> list[str]:
    """What was seen, each thing once, with the frames of all flows that show it."""
    frames: dict[str, list[int]] = {}
    for one in evidence:
        frames.setdefault(one.detail, []).extend(one.frames)
    return [f"{detail} · {_frames(found)}" if found else detail for detail, found in frames.items()]


def _frames(frames: Sequence[int]) -> str:
    """Frame numbers as Wireshark counts them, neighbours drawn together, a few in all."""
    runs: list[list[int]] = []
    for frame in sorted(set(frames)):
        if runs and frame == runs[-1][1] + 1:
            runs[-1][1] = frame
        else:
            runs.append([frame, frame])
    said = [str(first) if first == last else f"{first}-{last}" for first, last in runs]
    return f"{'frame' if len(set(frames)) == 1 else 'frames'} {several(said, MANY_FRAMES)}"


def _end(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
