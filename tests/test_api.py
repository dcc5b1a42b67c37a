from pathlib import Path

import pytest

from analyzer import api
from analyzer.errors import AnalyzerError, SourceError
from analyzer.rulepack import shipped
from analyzer.sitefile import Site

CAPTURES = Path(__file__).resolve().parent.parent / "captures"
CLEAN, FAULTS = str(CAPTURES / "mm-clean.pcapng.gz"), str(CAPTURES / "mm-faults.pcapng")
MISTAKES = [
    {"profiles": ("nix",)},
    {"profiles": ("machinemetrics:mars",)},
    {"site": Site(profiles=("nix",))},
    {"filter": "hots 1.2.3.4"},
    {"trust": ("nowhere.pem",)},
    {"site": Site(trust=("nowhere.pem",))},
]


def test_checking_is_judging_what_was_observed():
    """`check` gives what `judge` gives of what `observe` gives."""
    assert api.check([FAULTS]).to_dict() == api.judge(api.observe([FAULTS])).to_dict()


@pytest.mark.parametrize("given", MISTAKES, ids=str)
def test_what_cannot_be_used_is_refused_before_a_capture_is_opened(given):
    """A bad profile, filter or PEM file is told first, even where the capture is not there."""
    with pytest.raises(AnalyzerError) as caught:
        api.check(["nowhere.pcap"], **given)
    assert not isinstance(caught.value, SourceError)


def test_a_filter_leaves_the_rest_unjudged():
    """Flows that the filter does not pick are not judged, and facts are the same."""
    facts = api.observe([CLEAN])
    flows = api.judge(facts, filter="port 443").flows
    judged = flows[~flows["verdict"].isin(["not_judged", "housekeeping"])]
    assert len(judged)
    assert set(judged["resp_p"]) == {443}
    assert len(flows) == facts.flows.proto.size


def test_packs_and_profiles_choose_the_document():
    """A capture judged by the other vendor's pack alone has none of this one's rules."""
    other = next(pack for pack in shipped() if pack.name == "skala")
    assert {rule.pack for rule in api.check([CLEAN], packs=[other]).conclusions.rules} <= {"skala"}
    assert {rule.pack for rule in api.check([CLEAN], profiles=["machinemetrics"]).conclusions.rules} == {
        "machinemetrics"
    }


def test_progress_is_told():
    """Octets read never exceed octets in all, and reach them."""
    told = []
    api.observe([FAULTS], progress=lambda done, total: told.append((done, total)))
    assert all(done <= total for done, total in told)
    assert told[-1][0] == told[-1][1] == Path(FAULTS).stat().st_size
