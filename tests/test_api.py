from pathlib import Path

import pytest

from analyzer import api, exporting
from analyzer.errors import AnalyzerError, SourceError
from analyzer.rulepack import shipped
from analyzer.sitefile import Site
from tests.builders.readings import program as put_program

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


@pytest.fixture
def tshark(tmp_path, monkeypatch):
    """A function that puts a made-up tshark on the PATH: Python to run unless it is asked for its version."""

    def put(code):
        told = "if '--version' in sys.argv: sys.exit(write('TShark (Wireshark) 9.9.9.\\n') and 0)"
        put_program(tmp_path, f"{told}\n{code}")
        monkeypatch.setenv("PATH", str(tmp_path))

    return put


def test_a_capture_is_held_against_another_programs_reading(tshark):
    """The two readings stand side by side: ours is of the capture, the other what the program printed: nothing."""
    tshark("")
    made = api.inspect(FAULTS)
    assert (made.capture, made.program, made.agree) == (FAULTS, "TShark 9.9.9", False)
    packets = made.compared[0]
    assert (packets.ours, packets.theirs) == (api.observe([FAULTS]).captures[0].packets, 0)


def test_a_program_that_hangs_is_given_up(tshark):
    """The time that it is given is all that it gets."""
    tshark("time.sleep(60)")
    with pytest.raises(SourceError, match=r"tshark did not end within 0\.3 s"):
        api.inspect(FAULTS, timeout_s=0.3)


@pytest.mark.parametrize(
    ("capture", "said"),
    [
        ("-", "cannot be read twice"),
        ("captures", "cannot be read twice"),
        ("nowhere.pcap", "no such file"),
        ("captures/*.pcapng", "no such file"),
    ],
)
def test_only_a_file_can_be_read_twice(capture, said):
    """Standard input, a folder, a glob and what is not there are refused."""
    with pytest.raises(SourceError, match=said):
        api.inspect(capture)


def test_progress_is_told():
    """Octets read never exceed octets in all, and reach them."""
    told = []
    api.observe([FAULTS], progress=lambda done, total: told.append((done, total)))
    assert all(done <= total for done, total in told)
    assert told[-1][0] == told[-1][1] == Path(FAULTS).stat().st_size


def test_results_are_compared_from_a_notebook(tmp_path):
    """By the folder of an earlier one, or by what was read of it."""
    made = api.check([CLEAN])
    exporting.write(api.check([FAULTS]), tmp_path)
    changed = api.difference(made, str(tmp_path))
    assert changed == api.difference(made, api.load_result(str(tmp_path)))
    assert changed.findings
    with pytest.raises(AnalyzerError, match=r"diff: .*no result here"):
        api.difference(made, str(tmp_path / "nowhere"))


def test_an_allow_list_is_had_from_python():
    """As the command prints it, by a pack and its variant."""
    made = api.export_rules("machinemetrics:govcloud", "csv", role="edge")
    assert "api.machinemetrics-us-gov.com" in made.text
    assert "api.machinemetrics.com" not in made.text
    with pytest.raises(AnalyzerError, match="no such rule pack"):
        api.export_rules("mars", "csv")
