"""The rules of a result become JUnit XML: a suite per section of a document, a case per rule.

The form is that which Maven Surefire writes and Jenkins and GitLab read. What was not observed and what cannot be is
skipped, with the reason: a gate lets it pass, and shows it. A capture that gives no verdict is an error, so that no
gate opens on nothing.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from pathlib import Path

from analyzer.exporting.page import counted, one_line
from analyzer.findings import Cite, Finding, Outcome, RuleOutcome, Severity
from analyzer.printable import printable
from analyzer.result import HOLDS, NOTHING, Result, moment

NAME = "junit"
FILES: tuple[str, ...] = ("junit.xml",)

MANY_FINDINGS, MANY_EVIDENCE, MANY_FRAMES, MANY_CAPTURES = 20, 3, 20, 20
SKIPPED = {Outcome.NOT_OBSERVED: "not observed", Outcome.NOT_OBSERVABLE: "not observable"}


def write(result: Result, folder: Path) -> tuple[str, ...]:
    """Writes junit.xml; raises OSError."""
    root = document(result)
    ET.indent(root, " ")
    octets: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    (folder / FILES[0]).write_bytes(octets + b"\n")
    return ()


def document(result: Result) -> ET.Element:
    """The element testsuites, with rules by pack and section in the order of the document."""
    suites: dict[tuple[str, str], list[ET.Element]] = {}
    for rule in result.conclusions.rules:
        mine = (rule.rule, rule.pack)
        found = [finding for finding in result.conclusions.findings if (finding.rule, finding.pack) == mine]
        suites.setdefault((rule.pack, rule.cite.section), []).append(_case(rule, found))
    if not suites or result.exit_code == NOTHING:
        suites["analyzer", "Captures"] = [_verdict(result)]
    root = ET.Element("testsuites", name="analyzer")
    for (pack, section), cases in suites.items():
        root.append(_suite(result, f"{pack}: {section}" if section else pack, cases))
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    return root


def _suite(result: Result, name: str, cases: Sequence[ET.Element]) -> ET.Element:
    counts = {kind: sum(case.find(kind) is not None for case in cases) for kind in ("failure", "error", "skipped")}
    captures = result.observations.captures
    begin = min((capture.start_ns for capture in captures if capture.packets), default=0)
    suite = ET.Element(
        "testsuite",
        name=printable(name),
        tests=str(len(cases)),
        failures=str(counts["failure"]),
        errors=str(counts["error"]),
        skipped=str(counts["skipped"]),
        time="0",
        timestamp=moment(begin)[:19],
    )
    told = [("capture", capture.path) for capture in captures[:MANY_CAPTURES]]
    if len(captures) > MANY_CAPTURES:
        told.append(("capture", f"and {len(captures) - MANY_CAPTURES} more"))
    properties = ET.SubElement(suite, "properties")
    for key, value in (*told, ("quality", result.grade.value)):
        ET.SubElement(properties, "property", name=key, value=printable(value))
    suite.extend(cases)
    return suite


def _case(rule: RuleOutcome, found: Sequence[Finding]) -> ET.Element:
    case = _named(f"{rule.pack}.{rule.cite.section.replace('.', ' ')}", f"{rule.rule}: {rule.title}")
    because = rule.because or "no reason is told"
    if rule.outcome is Outcome.FAILS:
        worst = min((finding.severity for finding in found), key=list(Severity).index, default=Outcome.FAILS)
        failure = ET.SubElement(case, "failure", message=printable(because), type=worst.value)
        failure.text = "\n".join(map(printable, _told(rule, found)))
    elif rule.outcome in SKIPPED:
        ET.SubElement(case, "skipped", message=printable(f"{SKIPPED[rule.outcome]}: {because}"))
    return case


def _verdict(result: Result) -> ET.Element:
    """The case that stands for a result without rules, or without anything that was read."""
    case = _named("analyzer.Captures", "a verdict can be had")
    if result.exit_code == HOLDS:
        ET.SubElement(case, "skipped", message="no host that a rule pack governs was seen")
    else:
        ET.SubElement(case, "error", message="nothing was captured that could be read", type="no-verdict")
    return case


def _named(group: str, name: str) -> ET.Element:
    return ET.Element("testcase", classname=printable(group), name=printable(name), time="0")


def _told(rule: RuleOutcome, found: Sequence[Finding]) -> Iterator[str]:
    """Why a rule fails, with the sentence of the document, and what to look at and to change, line by line."""
    yield rule.because
    yield f"Document: “{one_line(rule.cite.quote)}” ({_place(rule.cite)})"
    for finding in found[:MANY_FINDINGS]:
        yield ""
        yield f"{finding.id} {finding.severity.value}: {finding.title} ({counted(len(finding.flows), 'flow')})"
        for seen in finding.evidence[:MANY_EVIDENCE]:
            frames = ", ".join(map(str, seen.frames[:MANY_FRAMES]))
            yield f"Seen: {seen.detail}{f' (frames {frames})' if frames else ''}"
        for label, text in (("Change", finding.remedy), ("Filter", finding.filter)):
            if text:
                yield f"{label}: {text}"
    if len(found) > MANY_FINDINGS:
        yield f"and {counted(len(found) - MANY_FINDINGS, 'finding')} more"


def _place(cite: Cite) -> str:
    return f"{cite.document}, {cite.section}, row {cite.row}" if cite.row else f"{cite.document}, {cite.section}"
