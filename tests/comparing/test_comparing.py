"""Two taps of real interceptors: the project's own captures, and the lab's where it is at hand."""

from __future__ import annotations

import json
import pathlib

import pytest

from analyzer import api, sitefile
from analyzer.observations import Observations

CAPTURES = pathlib.Path(__file__).resolve().parents[2] / "captures"
SAMPLES = ("mm-intercepted", "mm-resigned")
PASSED = {"same", "relayed"}


def truth_of(name):
    return json.loads((CAPTURES / f"{name}.truth.json").read_text("utf-8"))


def file_of(name):
    return str(CAPTURES / truth_of(name)["capture"])


@pytest.fixture(scope="module", params=SAMPLES)
def compared(request):
    site = sitefile.load(str(CAPTURES / f"{request.param}.site.yaml"))
    return request.param, api.compare([file_of(request.param)], [file_of(f"{request.param}-outside")], site=site)


def by_ends(result):
    """Rows of the result's flows by originator's port and responder."""
    return {(row.orig_h, row.orig_p, row.resp_h, row.resp_p): row for row in result.flows.itertuples()}


def test_every_passage_is_found(compared):
    """Each flow of which the scenario knows the passage has it, in both captures."""
    name, result = compared
    pairs = result.pairs
    for sample, column, flows in ((name, "inside", result.flows), (f"{name}-outside", "outside", result.outside.flows)):
        found = dict(zip(pairs[column], pairs["passage"], strict=True))
        at = {(row.orig_h, row.orig_p, row.resp_h, row.resp_p): row.flow for row in flows.itertuples()}
        for row in truth_of(sample)["flows"]:
            if "passage" in row:
                key = (row["orig_h"], row["orig_p"], row["resp_h"], row["resp_p"])
                assert (key, found[at[key]]) == (key, row["passage"])


def test_opened_flows_are_proven_broken_and_others_proven(compared):
    """Without exception: what the interceptor opened is broken by proof, TLS that it passed on is proven end to end."""
    name, result = compared
    flows = by_ends(result)
    for row in truth_of(name)["flows"]:
        seen = flows[row["orig_h"], row["orig_p"], row["resp_h"], row["resp_p"]]
        if row.get("passage") == "opened":
            assert (seen.end_to_end, seen.verdict, seen.strength) == ("broken", "intercepted", "proof")
        elif row.get("passage") in PASSED and seen.end_to_end:
            assert (seen.end_to_end, seen.verdict) == ("proven", "expected")


def test_the_clock_is_found(compared):
    """The offset with which the outside capture was written is found within a millisecond."""
    name, result = compared
    assert abs(result.taps.clock.offset_ns / 1e9 - truth_of(f"{name}-outside")["clock_offset_s"]) < 0.001


def test_the_rows_fail_and_nothing_else_is_accused(compared):
    """The rows that forbid inspection fail by proof; no flow is called blocked or unexpected."""
    _, result = compared
    outcomes = result.rules.set_index("rule")["outcome"]
    assert outcomes["mm-dpi-never"] == "fails"
    assert set(result.flows["verdict"]) <= {"expected", "intercepted", "undetermined", "housekeeping", "not_judged"}


def test_facts_are_not_changed(compared):
    """The result is that of the inside capture: its flows, in its order."""
    name, result = compared
    alone: Observations = api.observe([file_of(name)])
    assert result.flows["community_id"].tolist() == alone.flows.community_id.tolist()


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ("mm-intercepted", "mm-resigned-outside"),
        ("mm-resigned", "mm-intercepted-outside"),
        ("mm-clean", "mm-intercepted-outside"),
        ("mm-blocked", "mm-resigned-outside"),
    ],
)
def test_captures_of_different_times_accuse_nobody(inside, outside):
    """The same plant's captures of other minutes or days have names and servers in common, and nothing else."""
    result = api.compare([file_of(inside)], [file_of(outside)], trust=[str(CAPTURES / f"{inside}.trust.pem")])
    assert set(result.pairs["passage"]) == {"unclear"}
    assert "hello-differs" not in set(result.findings["code"])


def lab_pairs(shared):
    """Scenarios of the lab with both taps: the flows inside, and the result."""
    lab = shared / "corpus" / "lab"
    labels = json.loads((lab / "labels.json").read_text("utf-8"))
    for scenario, entry in sorted(labels.items()):
        names = {
            tap: next((name for name in entry["captures"] if name.startswith(tap)), None) for tap in ("lan", "wan")
        }
        if not all(names.values()):
            continue
        files = {
            tap: [str(lab / "captures" / scenario / part) for part in name.split("+")] for tap, name in names.items()
        }
        result = api.compare(files["lan"], files["wan"], trust=[str(lab / "pki" / "public-roots.pem")])
        yield scenario, entry["captures"][names["lan"]]["flows"], by_ends(result)


def test_the_lab_without_exception(shared):
    """Every flow that mitmproxy opened between the taps is proven broken, every one that it passed is proven."""
    opened = passed = 0
    for scenario, labels, flows in lab_pairs(shared):
        for label in labels:
            seen = flows.get((label["src"], label["sport"], label["dst"], label["dport"]))
            tls = (label.get("observed") or {}).get("tls")
            if seen is None or (label["proto"], label["dport"]) == ("tcp", 9001):
                continue
            if label["verdict"] == "intercepted" and "remote" not in scenario:
                assert (scenario, label["hostname"], seen.end_to_end) == (scenario, label["hostname"], "broken")
                assert seen.strength == "proof" or seen.verdict == "not_judged"
                opened += 1
            elif tls and label["verdict"] == "expected":
                assert (scenario, label["hostname"], seen.end_to_end) == (scenario, label["hostname"], "proven")
                passed += 1
            elif label["verdict"] in {"expected", "noise"}:
                assert seen.verdict not in {"blocked", "intercepted"}
    assert opened > 20
    assert passed > 80
