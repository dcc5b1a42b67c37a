"""What facts are judged by is refused before a capture is opened, in one line that names what is wrong."""

from __future__ import annotations

import pytest

from analyzer import factsfile
from analyzer.errors import AnalyzerError, SourceError
from analyzer.rulepack import shipped
from analyzer.sitefile import Site
from analyzer.terms import load_facts, terms_of
from tests.builders.plant import observations


def test_what_is_not_given_is_the_usual():
    """The shipped packs, a site of which nothing is known, no filter."""
    terms = terms_of(None, None, (), "", (), ())
    assert [pack.name for pack in terms.packs] == [pack.name for pack in shipped()]
    assert (terms.site, terms.keep, terms.roots, terms.baseline) == (Site(), None, (), ())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"profiles": ("mars",)}, "profile mars: no such rule pack (known: "),
        ({"profiles": ("skala:mars",)}, "profile skala:mars: skala has the variants "),
        ({"site": Site(profiles=("mars",))}, "profile mars: no such rule pack"),
        ({"trust": ("no-such.pem",)}, "trust: no-such.pem: "),
        ({"baseline": ("no-such-folder",)}, "baseline: no-such-folder"),
        ({"expression": "host"}, "filter"),
    ],
)
def test_what_cannot_be_used_is_told(given, said):
    """Before anything is read."""
    usual = {"packs": None, "site": None, "profiles": (), "expression": "", "trust": (), "baseline": ()}
    with pytest.raises(AnalyzerError) as caught:
        terms_of(**{**usual, **given})
    assert said in str(caught.value)


def test_facts_of_one_folder_or_of_several(tmp_path):
    """Folders in it are put together in the order of their names; what is none is passed over."""
    part = observations()
    for name in ("000001", "000002"):
        factsfile.save(part, tmp_path / name)
    (tmp_path / "other").mkdir()
    one, both = load_facts(tmp_path / "000001"), load_facts(tmp_path)
    assert (one.flows.proto.size, both.flows.proto.size) == (part.flows.proto.size, 2 * part.flows.proto.size)
    with pytest.raises(SourceError, match="no saved facts here"):
        load_facts(tmp_path / "other")
