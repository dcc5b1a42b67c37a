"""A comparison is shown in 80 columns, and told to programs, whatever the names are."""

from __future__ import annotations

import io
import json

import pytest

from analyzer.exporting import comparison
from analyzer.inspecting.reading import QUANTITIES, Comparison, compare
from tests.builders.readings import reading

EVIL = "\x1b[2J\u202e.example"
START_NS = 1_795_000_000_123_456_789


def made(**theirs):
    """One capture's comparison, in which the other program says this."""
    here = reading(start_ns=START_NS, end_ns=START_NS)
    there = reading(**{"start_ns": START_NS, "end_ns": START_NS} | theirs)
    return Comparison("a.pcap", "TShark 4.0.17", compare(here, there))


@pytest.fixture
def shown(monkeypatch):
    """A function that gives the lines of a comparison in a pipe of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")

    def lines(what):
        stream = io.StringIO()
        comparison.shown(what, stream)
        return stream.getvalue().splitlines()

    return lines


def test_no_difference_is_said_first(shown):
    """A line for the verdict, one for the columns' heads, one per quantity, each ticked."""
    lines = shown(made())
    assert lines[0] == "a.pcap against TShark 4.0.17: no difference"
    assert len(lines) == 3 + len(QUANTITIES)
    assert all(line.startswith("✓") for line in lines[3:])
    assert max(map(len, lines)) <= 80


def test_a_difference_comes_with_names_and_causes(shown):
    """What only one has is named, and what may be behind it."""
    lines = shown(made(server_names=frozenset({f"{k}.example" for k in range(12)})))
    assert lines[0] == "a.pcap against TShark 4.0.17: 1 of 14 quantities differ"
    at = next(number for number, line in enumerate(lines) if line.startswith("✗"))
    assert lines[at].split()[-2:] == ["1", "12"]
    told = " ".join(" ".join(lines[at + 1 :]).split())
    assert "only here: a.example only there: 0.example, 1.example" in told
    assert "and 4 more" in told
    assert "may be: Wireshark guesses" in told


@pytest.mark.parametrize(
    ("end_ns", "text"),
    [
        (START_NS + 1, "2026-11-18 11:06:40.123456790"),
        (1 << 64, "2554-07-21 23:34:33.709551616"),
        (1 << 80, "1208925819614629.174706176"),
        (-1, "-0.000000001"),
    ],
)
def test_any_time_is_shown(shown, end_ns, text):
    """Times in UTC with every ns; those beyond the calendar as a number."""
    assert text in " ".join(" ".join(shown(made(end_ns=end_ns))).split())


def test_hostile_names_do_not_reach_the_terminal(shown):
    """A control character is shown, not obeyed."""
    lines = shown(made(dns_names=frozenset({EVIL})))
    assert not {"\x1b", "\u202e"} & set("".join(lines))


def test_programs_get_all_of_it():
    """The data survives JSON, has every quantity, and names and causes where they differ."""
    plain = json.loads(json.dumps(comparison.facts(made(dns_names=frozenset({"b", "a"})))))
    assert (plain["schema"], plain["capture"], plain["program"]) == ("analyzer-comparison/1", "a.pcap", "TShark 4.0.17")
    assert plain["agree"] is False
    assert [one["quantity"] for one in plain["quantities"]] == [one.name for one in QUANTITIES]
    (differs,) = (one for one in plain["quantities"] if not one["agree"])
    assert (differs["theirs"], differs["only_theirs"], differs["only_ours"]) == (["a", "b"], ["a", "b"], [])
    assert differs["causes"]
    assert comparison.facts(made())["agree"] is True
