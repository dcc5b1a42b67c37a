"""Rulings and books of rules."""

from analyzer.findings import Severity, Verdict
from analyzer.judging.ruling import ORDER, Book, Ruling, weight
from analyzer.rulepack import shipped

PACK = next(pack for pack in shipped() if pack.name == "machinemetrics")


def test_a_ruling_rests_on_the_rule_that_is_broken_or_allows():
    """The broken rule comes first, then the narrowest that allows."""
    one, other = PACK.rules[:2]
    assert Ruling(Verdict.EXPECTED, allowed=(one, other)).rule is one
    assert Ruling(Verdict.UNEXPECTED, broken=other).rule is other
    assert Ruling(Verdict.NOT_JUDGED).rule is None


def test_rulings_that_say_the_same_have_one_key():
    """A ruling can be counted although its rules hold mappings."""
    assert (
        Ruling(Verdict.EXPECTED, allowed=(PACK.rules[0],)).key == Ruling(Verdict.EXPECTED, allowed=(PACK.rules[0],)).key
    )
    assert Ruling(Verdict.EXPECTED).key != Ruling(Verdict.EXPECTED, why="for a reason").key


def test_unexpected_outweighs_all():
    """Doubt outweighs what is expected, and that what is not judged."""
    verdicts = [Verdict.UNEXPECTED, Verdict.NOT_JUDGED, Verdict.UNDETERMINED, Verdict.EXPECTED]
    ranked = sorted((Ruling(verdict) for verdict in verdicts), key=weight)
    assert [ruling.verdict for ruling in ranked] == [verdicts[1], verdicts[3], verdicts[2], verdicts[0]]
    assert ORDER[0] is Severity.CRITICAL


def test_a_book_knows_its_kinds():
    """Rules of one kind in order, and the one that undocumented flows break."""
    book = Book(PACK, PACK.rules, PACK.variants)
    assert {rule.kind for rule in book.of("budget")} == {"budget"}
    assert book.unlisted().id == "mm-only-documented"
    assert Book(PACK, (), ()).unlisted() is None
