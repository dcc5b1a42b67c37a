import io
import json
from dataclasses import replace

import pytest

from analyzer.exporting import rulebook
from analyzer.findings import Cite
from analyzer.rulelint import Remark
from analyzer.rulepack import Omission, shipped

EVIL = "\x1b[2J\u202e"


@pytest.fixture
def stream(monkeypatch):
    """A pipe of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    return io.StringIO()


def test_a_rule_is_shown_with_its_row(stream):
    """Everything that a rule says is there, with the quote letter by letter."""
    pack = shipped()[0]
    for rule in pack.rules:
        rulebook.shown([(pack, rule)], stream)
        text = "".join(stream.getvalue().split())
        for said in (rule.id, rule.title, rule.cite.quote, rule.remedy, rule.note, *rule.to.names):
            assert "".join(said.split()) in text
        stream.seek(0)
        stream.truncate()


def test_rules_are_plain_data():
    """A rule as data survives JSON."""
    for pack in shipped():
        for rule in pack.rules:
            plain = rulebook.facts(pack, rule)
            assert json.loads(json.dumps(plain))["id"] == rule.id


def test_no_line_is_longer_than_the_terminal(stream):
    """Lists, rules and remarks fit 80 columns."""
    packs = shipped()
    rulebook.listed(packs, stream)
    rulebook.shown([(pack, rule) for pack in packs for rule in pack.rules], stream)
    assert max(map(len, stream.getvalue().split("\n"))) <= 80


def test_what_makes_no_rule_is_told(stream):
    """Each row that is left out with its reason; a pack that leaves nothing out says nothing."""
    pack = next(pack for pack in shipped() if pack.not_rules)
    rulebook.omitted(pack, stream)
    text = "".join(stream.getvalue().split())
    for entry in pack.not_rules:
        assert "".join(f"{entry.cite.quote}:{entry.reason}".split()) in text
        assert f"{pack.name}.yaml:{entry.line}" in text
    stream.seek(0)
    stream.truncate()
    rulebook.omitted(replace(pack, not_rules=()), stream)
    assert stream.getvalue() == ""


def test_a_pack_of_somebody_else_is_harmless(stream):
    """Escape sequences in a pack reach the terminal as visible escapes."""
    pack = shipped()[0]
    evil = replace(pack.rules[0], title=EVIL, note=EVIL, remedy=EVIL, options={"x": (EVIL,)})
    left = Omission(Cite(EVIL, EVIL, 1, EVIL), EVIL)
    other = replace(pack, title=EVIL, rules=(evil,), path=EVIL, not_rules=(left,))
    rulebook.listed([other], stream)
    rulebook.shown([(other, evil)], stream)
    rulebook.omitted(other, stream)
    rulebook.remarked([(other, Remark("odd", (), 1, EVIL))], stream)
    assert stream.getvalue().replace("\n", "").isprintable()
