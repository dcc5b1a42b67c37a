"""The rules as JUnit XML, by a schema and by a foreign reader."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from lxml import etree

from analyzer import api
from analyzer.exporting.foreign import junit
from analyzer.findings import Outcome
from analyzer.observations import Quality
from analyzer.result import Result
from tests.builders.plant import FINDING, RULES, conclusions, healthy, observations, result, rule, verdicts

CAPTURES = Path(__file__).resolve().parents[3] / "captures"
SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("junit.xsd")))
EVIL = "]]><script>&\"'\x1b[2J\x00\x0b\ufffe\udc80\u202eend"


def cases(made: Result, folder: Path) -> dict[str, list[object]]:
    """The outcomes of each case by its name, as a foreign reader gets them out of a file that the schema allows."""
    assert junit.write(made, folder) == ()
    path = folder / "junit.xml"
    SCHEMA.assertValid(etree.parse(path, etree.XMLParser(resolve_entities=False)))
    read = JUnitXml.fromfile(str(path))
    found = {case.name: case.result for suite in read for case in suite}
    kinds = Counter(type(one) for outcome in found.values() for one in outcome)
    assert (read.tests, read.failures, read.errors) == (len(found), kinds[Failure], kinds[Error])
    assert sum(suite.skipped for suite in read) == kinds[Skipped]
    return found


def test_every_rule_is_a_case_with_its_outcome(tmp_path):
    """A rule that holds passes, one that fails is a failure, the others are skipped."""
    found = cases(result(), tmp_path)
    assert list(found) == [f"{rule.rule}: {rule.title}" for rule in RULES]
    for one, outcome in zip(RULES, found.values(), strict=True):
        kinds = {Outcome.HOLDS: [], Outcome.FAILS: [Failure]}.get(one.outcome, [Skipped])
        assert [type(each) for each in outcome] == kinds


def test_a_suite_is_a_section_of_a_document(tmp_path):
    """In the order of the document, with the capture and its quality."""
    junit.write(result(), tmp_path)
    suites = list(JUnitXml.fromfile(str(tmp_path / "junit.xml")))
    sections = list(dict.fromkeys(f"{rule.pack}: {rule.cite.section}" for rule in RULES))
    assert [suite.name for suite in suites] == sections
    assert [(one.name, one.value) for one in suites[0].properties()] == [
        ("capture", "plant-3.pcapng"),
        ("quality", "good"),
    ]
    assert suites[0].timestamp == "2026-03-01T10:00:00"


def test_a_failure_tells_what_to_look_at_and_to_change(tmp_path):
    """Reason, the sentence of the document, the finding with its evidence, the remedy."""
    (failure,) = cases(result(), tmp_path)["mm-iso-machines: machines have no internet access"]
    assert (failure.message, failure.type) == ("3 flows, all as the document says", "high")
    assert "“443TCPSecure communication” (MachineMetrics Network Requirements, Option 2" in failure.text
    for text in (FINDING.title, FINDING.remedy, FINDING.filter, FINDING.evidence[0].detail, "(frames 100, 101,"):
        assert text in failure.text


def test_what_was_skipped_says_why(tmp_path):
    """Not observed and not observable are two things."""
    found = cases(result(), tmp_path)
    (seen,), (able,) = found["mm-out-ntp: time from an NTP pool"], found[next(k for k in found if "mm-dpi" in k)]
    assert seen.message == "not observed: no flow to it in the capture"
    assert able.message.startswith("not observable: TLS 1.3 hides")


def test_many_findings_are_counted(tmp_path):
    """A failure of a rule that a whole plant breaks stays readable."""
    many = tuple(replace(FINDING, id=f"F{number}") for number in range(junit.MANY_FINDINGS + 5))
    (failure,) = cases(result(findings=many), tmp_path)["mm-iso-machines: machines have no internet access"]
    assert failure.text.endswith("and 5 findings more")
    assert failure.text.count(FINDING.title) == junit.MANY_FINDINGS


def test_a_gate_does_not_open_on_nothing(tmp_path):
    """A capture that cannot be read is an error, as its exit code is 3; where no rule applies, that is said."""
    empty = observations([], captures=(), quality=Quality())
    none = conclusions(flows=verdicts([]), rules=(), findings=())
    (found,) = cases(Result(empty, none), tmp_path).values()
    assert [type(one) for one in found] == [Error]
    (found,) = cases(result(rules=(), findings=()), tmp_path).values()
    assert [type(one) for one in found] == [Skipped]
    assert not any(isinstance(one, Failure) for found in cases(healthy(), tmp_path).values() for one in found)


def test_hostile_text_is_text(tmp_path):
    """Markup, control characters and what XML does not allow are spelled out in every place."""
    finding = replace(
        FINDING, title=EVIL, remedy=EVIL, filter=EVIL, evidence=(replace(FINDING.evidence[0], detail=EVIL),), rule="x"
    )
    cite = replace(rule("x", Outcome.FAILS).cite, section=EVIL, document=EVIL, quote=EVIL)
    rules = [rule("x", outcome, because=EVIL, title=EVIL, cite=cite, pack=EVIL) for outcome in Outcome]
    captures = (replace(observations().captures[0], path=EVIL),) * 30
    made = Result(observations(captures=captures), conclusions(rules=tuple(rules), findings=(finding,)))
    junit.write(made, tmp_path)
    path = tmp_path / "junit.xml"
    SCHEMA.assertValid(etree.parse(path))
    text = path.read_text(encoding="utf-8")
    assert text.replace("\n", "").isprintable()
    assert "<script" not in text
    failures = [one for suite in JUnitXml.fromfile(str(path)) for case in suite for one in case.result]
    assert failures[0].message == "]]><script>&\"'\\x1b[2J\\x00\\x0b\\ufffe\\udc80\\u202eend"


@pytest.mark.parametrize("name", ["mm-faults.pcapng", "skala-clean.pcapng.zst"])
def test_a_capture_of_the_lab_gives_a_file_that_holds(tmp_path, name):
    """Failures are as many as the requirements that fail."""
    made = api.check([str(CAPTURES / name)])
    found = cases(made, tmp_path)
    assert len(found) == len(made.conclusions.rules)
    failed = sum(isinstance(one, Failure) for outcome in found.values() for one in outcome)
    assert failed == made.outcomes[Outcome.FAILS]
    assert bool(failed) == bool(made.exit_code)
