import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from analyzer.exporting import report, terminal
from analyzer.exporting.report import document
from analyzer.findings import Outcome, Severity
from analyzer.observations import Quality
from analyzer.result import Result
from tests.builders import hostile
from tests.builders.plant import FINDING, HOSTS, RULES, conclusions, flow, healthy, observations, result, rule, verdicts

VOID = {"meta", "link", "input", "img", "br"}


class Read(HTMLParser):
    """What a browser would make of a page: elements with attributes, headings, and whether all are closed."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.headings, self.words = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """An element begins."""
        self.elements.append((tag, dict(attrs)))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """An element of SVG that is empty."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        """An element ends."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Text."""
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self):
        """The text, white space folded."""
        return " ".join("".join(self.words).split())

    @property
    def ids(self):
        """All ids."""
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


MADE = {"faulty": result, "healthy": healthy, "hostile": hostile.result}


@pytest.fixture(params=MADE.values(), ids=MADE)
def page(request):
    return Read(document.text(request.param()))


def test_the_page_is_well_formed(page):
    """Every element is closed in order, ids are unique, links lead to what is there, headings skip no level."""
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    links = {attributes["href"] for tag, attributes in page.elements if tag == "a"}
    assert {link.removeprefix("#") for link in links} <= set(page.ids)
    assert page.headings[0] == 1
    assert all(below <= above + 1 for above, below in zip(page.headings, page.headings[1:], strict=False))


def test_the_page_loads_nothing(page):
    """Nothing in it points to a network, and no handler, inline style or foreign script stands in it."""
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name != "style", tag
            if name in ("href", "src", "action", "data", "poster", "srcset"):
                assert value.startswith(("#", "data:")), (tag, value)
    assert sum(tag == "script" for tag, _ in page.elements) == 2
    assert sum(tag == "style" for tag, _ in page.elements) == 1


def test_the_policy_names_what_is_in_the_page():
    """The hashes of the policy are those of the style and the script that stand in the page."""
    text = document.text(result())
    said = re.search('http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1].replace("&#39;", "'")
    style, script = (re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1] for tag in ("style", "script"))
    assert said == document.policy(style, script)
    assert said.startswith("default-src 'none';")
    assert "unsafe" not in said
    assert document.digest("") == "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def test_the_first_screen_says_what_fails_and_who_can_change_it():
    """The verdict, the failing rule with its reason, and the remedy with its addressee come before all else."""
    text = Read(document.text(result())).text
    first = text[: text.index("The picture as a table")]
    for part in (
        "1 of 17 requirements fails",
        "machines have no internet access",
        "Plant network administrator",
        FINDING.remedy,
    ):
        assert part in first
    assert "Nothing has to be changed" in Read(document.text(healthy())).text


def test_the_verdict_is_that_of_the_terminal():
    """The report and the screen begin with the same words."""
    for made in (result(), healthy(), result(rules=(), findings=())):
        assert terminal.headline(made).plain.partition(" · ")[0] in Read(document.text(made)).text


def test_rules_of_two_packs_that_share_an_id_are_apart():
    """Each has a place of its own in the page, and the findings that break it beside it."""
    mine = replace(FINDING, id="f1", rule="x", pack="skala")
    other = replace(FINDING, id="f2", rule="x", pack="machinemetrics")
    rules = [rule("x", Outcome.FAILS, pack=pack) for pack in ("skala", "machinemetrics")]
    text = document.text(result(rules=rules, findings=(mine, other)))
    ids = Read(text).ids
    assert len(ids) == len(set(ids))
    assert {"rule-skala.x", "rule-machinemetrics.x"} <= set(ids)
    rows = re.findall(r'<tr id="rule-(\w+)\.x".*?</tr>', text, re.DOTALL)
    told = [
        re.findall('href="#finding-(f.)"', row) for row in re.findall(r'<tr id="rule-\w+\.x".*?</tr>', text, re.DOTALL)
    ]
    assert dict(zip(rows, told, strict=True)) == {"skala": ["f1"], "machinemetrics": ["f2"]}


def test_nothing_is_green_where_no_flow_was_judged():
    """Though rules hold that are sums of the document's own figures."""
    rules = healthy().conclusions.rules
    made = Result(observations([flow()]), conclusions(rules=rules, findings=(), flows=verdicts(["not_judged"])))
    assert (document.tone(made), document.tone(healthy()), document.tone(result())) == ("unclear", "holds", "fails")
    text = Read(document.text(made)).text
    assert "No verdict: no flow of a host in scope was judged" in text
    assert "Nothing has to be changed" not in text


def test_a_finding_has_all_that_one_needs_to_act(page):
    """Quote, evidence with frames, look-alikes, remedy and filter of each finding are in the page."""
    if "Findings" not in page.text:
        pytest.skip("healthy")
    for part in (
        "Machines have no internet access",
        "frames 100-139",
        FINDING.rivals[0],
        FINDING.remedy,
        FINDING.filter,
    ):
        assert part in page.text


def test_every_rule_and_every_step_has_its_row():
    """All rules are there with their quotes, by section; those that are steps of a list stand there."""
    made = result()
    page = Read(document.text(made))
    for one in RULES:
        assert f"rule-{one.pack}.{one.rule}" in page.ids
        assert one.title in page.text
    for step in made.conclusions.checklist:
        assert step.item in page.text
    step = replace(RULES[0], cite=made.conclusions.checklist[0].cite)
    assert f"rule-{step.pack}.{step.rule}" not in Read(document.text(result(rules=(step,)))).ids


def test_the_same_remedy_is_told_once():
    """Findings with one remedy share its line, and the worst comes first."""
    worse = replace(FINDING, id="f2", severity=Severity.CRITICAL)
    other = replace(FINDING, id="f3", remedy="Something else.", code="dns-nxdomain")
    found = sorted((FINDING, worse, other), key=lambda finding: list(Severity).index(finding.severity))
    made = document.changes(found)
    assert [(who, [change.remedy for change in those]) for who, those in made] == [
        ("Plant network administrator", [FINDING.remedy]),
        ("DNS administrator", ["Something else."]),
    ]
    assert [finding.id for finding in made[0][1][0].findings] == ["f2", "f1"]
    assert made[0][1][0].severity is Severity.CRITICAL


@pytest.mark.parametrize(("number", "told"), [(1, "✗ 1 fails"), (2, "✗ 2 fail"), (0, "✗ 0 fail")])
def test_outcomes_are_counted_in_words(number, told):
    """A sign and words stand with each number."""
    assert document.tallied(Outcome.FAILS, number) == told


def test_quality_says_what_it_forbids():
    """Measures that spoil conclusions are told with what they spoil."""
    lossy = Result(observations(quality=Quality(kernel_drops=40, tcp_flows=3)), conclusions())
    text = Read(document.text(lossy)).text
    assert "40 frames dropped while capturing" in text
    assert "silence proves a block only when it comes often" in text
    assert "Nothing in it forbids a conclusion" in Read(document.text(result())).text


def test_no_text_ends_the_data():
    """The JSON of the flows is whole, whatever is in them: no bracket or ampersand is left, and it reads back."""
    made = hostile.result()
    data = document.data(made)
    assert not set("<>&") & set(data)
    assert data.isascii()
    assert any("</script>" in word for word in json.loads(data)["words"]["server_name"])


def test_what_hides_or_turns_text_around_is_visible():
    """No control, bidirectional or invisible character is in the page: they are spelled out."""
    text = document.text(hostile.result())
    assert all(sign.isprintable() for sign in text if sign != "\n")
    assert r"\u202emoc.elpmaxe" in text


def test_too_many_flows_are_told(monkeypatch):
    """What the table leaves out is said, with where it is."""
    monkeypatch.setattr(document, "MOST", 3)
    text = Read(document.text(result())).text
    assert "Of 5 flows the 3 with the worst verdicts are here; flows.parquet has all" in text


def test_of_what_nobody_can_read_much_is_left_out_and_told():
    """Findings, evidence, hosts and links have a bound; the worst are there, and what is missing is counted."""
    seen = [replace(FINDING.evidence[0], detail=f"sight {number}") for number in range(document.MOST_SEEN + 3)]
    first = replace(FINDING, id="worst", severity=Severity.CRITICAL, evidence=tuple(seen))
    many = [replace(FINDING, id=f"f{number}") for number in range(document.MOST_FINDINGS + 4)]
    hosts = [replace(HOSTS[2], host=f"h{number}") for number in range(document.MOST_HOSTS)]
    rows = [flow(server_name=f"host-{number}.example") for number in range(document.MOST_LINKS + 5)]
    made = Result(
        observations(rows),
        conclusions(
            findings=(*many, first), hosts=(*hosts, *HOSTS[:2]), flows=verdicts(["expected"] * len(rows)), budgets=()
        ),
    )
    page = Read(document.text(made))
    for told in ("5 findings more", "3 observations more", "2 hosts more", "5 links more"):
        assert told in page.text
    assert "finding-worst" in page.ids
    assert "named so in plant.yaml" in page.text


PLANNED = {
    "machines": {"standard": 40, "focas": 0, "machines": 3},
    "dashboards": 1,
    "workcenters": None,
    "uplink_bps": 1e6,
    "growth": 0.2,
    "up": {"low_bps": 43e3, "high_bps": 55e3},
    "down": {"low_bps": 1e3, "high_bps": 1e3},
    "example_up": {"low_bps": 43e3, "high_bps": 215e3},
    "example_down": {"low_bps": 1e3, "high_bps": 2e3},
    "measured": {
        "window_s": 300.0,
        "windows": 4,
        "factor_low": 0.3,
        "factor_high": 0.4,
        "mean": {"bps": 9e3, "low_bps": 8e3, "high_bps": 10e3},
        "p95": {"bps": 12e3, "low_bps": 11e3, "high_bps": 14e3},
        "interval": True,
    },
    "other_bps": 68.0,
    "fits": [{"class": "standard", "documented": 909, "measured": None}],
    "years": {"documented": 13.2, "measured": None},
    "month_octets": {"captured": 1e9, "planned": 1e10},
}


def test_a_plan_is_told():
    """Where a plan was asked for, what it needs, what fits and until when stand with the rates."""
    made = result()
    assert "Plan:" not in Read(document.text(made)).text
    made.plan = PLANNED
    text = Read(document.text(made)).text
    for told in (
        "Plan: 40 standard, 3 of unknown class",
        "up 43 to 55 kbit/s, down 1 kbit/s",
        "up 9 kbit/s in the mean, 95th percentile 12 kbit/s; nine of ten resamples give 11 to 14 kbit/s",
        "909 more standard machines by the document",
        "in 13.2 years by the document, at 20 % more machines each year",
    ):
        assert told in text
    made.plan = {**PLANNED, "measured": None, "uplink_bps": None, "years": {"documented": None, "measured": None}}
    text = Read(document.text(made)).text
    assert "no steady upload of a host with known machines" in text
    assert "Room for" not in text


def test_a_capture_that_is_cut_is_told():
    """The line on what was read says that it ends early."""
    whole = observations()
    cut = replace(whole, captures=(replace(whole.captures[0], cut=True),))
    assert "cut short" in document.captured(Result(cut, conclusions()))
    assert "cut short" not in document.captured(result())


def test_a_capture_of_nothing_has_a_report(tmp_path):
    """Without frames, flows and rules there is a page that says so, in UTF-8."""
    nothing = Result(observations([], captures=()), conclusions(rules=(), flows=verdicts([]), findings=(), hosts=()))
    report.write(nothing, tmp_path)
    page = Read((tmp_path / report.NAMES[0]).read_text(encoding="utf-8"))
    assert "No verdict: nothing was captured that could be read" in page.text


def test_the_same_result_gives_the_same_octets():
    """Nothing in the page depends on when or where it was made."""
    assert document.text(result()) == document.text(result())
