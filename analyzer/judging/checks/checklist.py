"""A step of a checklist, answered by what became of other rules."""

from __future__ import annotations

import re

from analyzer.findings import Outcome
from analyzer.judging.case import Answer, Case, Rows, listed, united
from analyzer.rulepack import Rule

KIND = "checklist"
LAST = 2
OPENED = frozenset({"tls", "http", "later"})
"""Stages that an attempt reaches only where its port is open."""

NUMBER = re.compile(r"\b[0-9]{1,5}\b")


def check(rule: Rule, case: Case) -> Answer:
    """Fails where one of the rules fails; holds where each does, or where one does for each port that is named.

    A destination to which something else went than the row allows is told by its own row: the way there was open. So is
    a port that lets connections through of which a name is then filtered.
    """
    rules = [found for found in case.selected(rule) if found.id in case.answers]
    answers = {found.id: case.answers[found.id] for found in rules}
    flows = united([answer.flows for answer in answers.values()])
    named = {int(number) for number in NUMBER.findall(rule.cite.quote)}
    ports = {port.number for found in rules for port in found.to.ports} & named
    failed = [
        found.title
        for found in rules
        if answers[found.id].outcome is Outcome.FAILS
        and not answers[found.id].breached
        and not (ports and _opens(case, found))
    ]
    if failed:
        return Answer(Outcome.FAILS, f"fails: {listed(failed)}", flows)
    hidden = [answer for answer in answers.values() if answer.outcome is Outcome.NOT_OBSERVABLE]
    if hidden and not any(answer.outcome is Outcome.HOLDS for answer in answers.values()):
        return Answer(Outcome.NOT_OBSERVABLE, max(hidden, key=lambda answer: len(answer.flows)).because, flows)
    if ports:
        open_ports = {
            port.number
            for found in rules
            for port in found.to.ports
            if answers[found.id].outcome is Outcome.HOLDS or _opens(case, found)
        }
        return _of_parts({f"port {port}": port in open_ports for port in sorted(ports)}, flows)
    needed = [found for found in rules if found.required and (len(answers[found.id].flows) or not _of_some(found))]
    return _of_parts({found.title: answers[found.id].outcome is Outcome.HOLDS for found in needed}, flows)


def _opens(case: Case, rule: Rule) -> bool:
    """Whether connections to a destination opened, and what stops them came after."""
    blocks = case.blocks([rule.id])
    return bool(blocks) and all(block.stage in OPENED for block in blocks)


def _of_some(rule: Rule) -> bool:
    """Whether a rule speaks of hosts that a site need not have: makes of machines, a class of them."""
    return bool(rule.to.role or rule.options.get("machine_class"))


def _of_parts(parts: dict[str, bool], flows: Rows) -> Answer:
    """The answer from what was shown of each part."""
    shown = [name for name, good in parts.items() if good]
    missing = [name for name, good in parts.items() if not good]
    if parts and not missing:
        return Answer(Outcome.HOLDS, f"shown by flows that worked: {listed(shown, 6)}", flows)
    if not shown:
        what = f": {listed(missing)}" if missing else ""
        return Answer(Outcome.NOT_OBSERVED, f"nothing in the capture answers it{what}", flows)
    because = f"{len(shown)} of {len(parts)} shown, none fails; not shown: {listed(missing, 4)}"
    return Answer(Outcome.NOT_OBSERVED, because, flows)
