"""What changed between two results is told no better than it is seen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from analyzer import api, differing, earlier
from analyzer.differing import Change
from analyzer.findings import Host, Outcome, Verdict
from analyzer.judging.ladder import RUNGS
from analyzer.result import Result
from analyzer.tables import Dns, Tls
from tests.builders.plant import FINDING, RULES, conclusions, flow, observations, result, rule, table, verdicts

ROOT = Path(__file__).resolve().parent.parent
CAPTURES = ROOT / "captures"
SCHEMA = json.loads((ROOT / "analyzer" / "exporting" / "difference.schema.json").read_text(encoding="utf-8"))
EDGE = Host("edge-1", ("10.20.30.10",), (), "edge", "machinemetrics", "site-file", "")
HOLDS, FAILS, UNSEEN = Outcome.HOLDS, Outcome.FAILS, Outcome.NOT_OBSERVED


def blocked(whom="app.example port 443", code="syn-refused", title="edge-1 was refused at {}, by somebody", flows=(0,)):
    """A finding of the Edge that is stopped."""
    return replace(FINDING, code=code, title=title.format(whom), flows=flows, verdict=Verdict.BLOCKED)


def made_of(flows=(), findings=(), rules=RULES, hosts=(EDGE,)):
    """A result of flows to app.example, by verdict and how far they are proven, with findings."""
    rows = [
        flow(server_name=given.get("name", "app.example"), resp_p=given.get("port", 443))
        | ({"resp_h": given["to"]} if "to" in given else {})
        for given in flows
    ]
    seen = observations(rows, dns=table(Dns, []), tls=table(Tls, []))
    judged = verdicts([given["verdict"] for given in flows])
    judged.end_to_end[:] = [given.get("proven", "no_sign") for given in flows]
    for row, given in enumerate(flows):
        judged.codes[row] = given.get("codes", ())
    return Result(seen, conclusions(flows=judged, findings=tuple(findings), rules=tuple(rules), hosts=hosts))


def between(old, new):
    """What changed from one result to another."""
    return differing.between(earlier.of(old), earlier.of(new))


def changes(old, new):
    """What became of findings: change, destination, codes."""
    return [(one.change, f"{one.whom}:{one.port}", one.was, one.now) for one in between(old, new).findings]


BAD, WELL = {"verdict": "blocked"}, {"verdict": "expected"}
STOPPED = made_of([BAD], [blocked()])
CODES = ("syn-refused",)


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (STOPPED, made_of([WELL]), Change.MENDED),
        (STOPPED, made_of([]), Change.GONE),
        (STOPPED, made_of([{"verdict": "undetermined"}]), Change.UNCLEAR),
        (STOPPED, made_of([WELL | {"port": 80}]), Change.GONE),
        (STOPPED, made_of([WELL | {"name": "other.example"}]), Change.GONE),
        (made_of([WELL]), STOPPED, Change.BROKEN),
        (made_of([]), STOPPED, Change.NEW),
        (STOPPED, STOPPED, Change.STILL),
    ],
)
def test_only_what_is_seen_again_and_well_is_mended(old, new, change):
    """And only what was seen well before is broken."""
    ((found, whom, was, now),) = changes(old, new)
    assert (found, whom) == (change, "app.example:443")
    assert was == (() if change in (Change.BROKEN, Change.NEW) else CODES)
    assert now == (() if change in (Change.MENDED, Change.GONE, Change.UNCLEAR) else CODES)


VAIN = {"verdict": "undetermined", "codes": ("syn-refused",)}


@pytest.mark.parametrize(
    ("flows", "change"),
    [
        ([WELL, VAIN, VAIN], Change.UNCLEAR),
        ([WELL, VAIN | {"codes": ("syn-unanswered",)}], Change.MENDED),
        ([WELL, VAIN | {"port": 80}], Change.MENDED),
        ([WELL, VAIN | {"name": "other.example", "to": "198.51.100.77"}], Change.MENDED),
    ],
)
def test_what_fails_as_before_at_times_is_not_mended(flows, change):
    """Neither the destination, nor the rule of the finding, nor rules whose reason names the destination."""
    failed = [
        rule(FINDING.rule, FAILS),
        rule("mm-check", FAILS, because="fails: HTTPS at app.example"),
        rule("mm-apart", FAILS, because="fails: other.app.example"),
    ]
    old = made_of([BAD], [blocked()], failed)
    found = between(old, made_of(flows, rules=[replace(one, outcome=HOLDS) for one in failed]))
    assert [one.change for one in found.findings] == [change]
    assert {one.rule: one.change for one in found.rules} == {
        FINDING.rule: change, "mm-check": change, "mm-apart": Change.MENDED,
    }  # fmt: skip


def test_another_code_for_the_same_destination_is_no_new_finding():
    """What is stopped in another way has changed."""
    other = made_of([BAD], [blocked(code="syn-unanswered", title="edge-1 got no answer from {}: its SYNs vanish")])
    assert changes(STOPPED, other) == [(Change.CHANGED, "app.example:443", CODES, ("syn-unanswered",))]


def test_tls_that_was_opened_is_mended_where_it_is_proven():
    """A flow without a sign shows nothing: TLS 1.3 hides who opens it. Each destination of a finding is on its own."""
    opened = replace(FINDING, code="certificate-forged", title="edge-1 got a forged certificate for a, b", flows=(0, 1))
    old = made_of([{"verdict": "intercepted", "name": name} for name in ("a.example", "b.example")], [opened])
    new = made_of([WELL | {"name": "a.example", "proven": "proven"}, WELL | {"name": "b.example"}])
    codes = ("certificate-forged",)
    assert changes(old, new) == [
        (Change.UNCLEAR, "b.example:443", codes, ()),
        (Change.MENDED, "a.example:443", codes, ()),
    ]


def test_codes_of_opened_tls_are_those_that_are_judged():
    """Each rung of the ladder, and no other code."""
    assert {rung.CODE for rung in RUNGS} == differing.SEVERAL


def test_a_name_in_a_title_is_what_a_finding_is_about():
    """A resolver that denied a name is mended when the name is reached, whatever else the resolver answers."""
    denied = blocked("app.example", "dns-nxdomain", "edge-1 was told that {} does not exist")
    old = made_of([BAD | {"name": "", "port": 53}], [denied])
    assert changes(old, made_of([WELL])) == [(Change.MENDED, "app.example:0", ("dns-nxdomain",), ())]
    resolver = made_of([WELL | {"name": "", "port": 53}])
    assert changes(old, resolver) == [(Change.GONE, "app.example:0", ("dns-nxdomain",), ())]


def test_a_finding_about_a_host_alone_cannot_be_seen_to_be_mended():
    """Nothing says that what was wrong would have shown again."""
    leased = blocked("", "address-by-dhcp", "edge-1 leases its address{}")
    assert changes(made_of([BAD], [leased]), made_of([WELL])) == [(Change.GONE, ":0", ("address-by-dhcp",), ())]
    assert changes(made_of([BAD], [replace(leased, flows=())]), made_of([])) == [
        (Change.GONE, ":0", ("address-by-dhcp",), ())
    ]


def test_figures_in_a_title_are_no_destination():
    """A budget that is exceeded by another rate is the same budget."""
    old, new = (
        made_of([WELL], [blocked("", "rate-over-budget", f"edge-1: {rate} kbps against a budget of 8.5 kbps")])
        for rate in ("24.1", "23.9")
    )
    assert changes(old, new) == [(Change.STILL, ":0", ("rate-over-budget",), ("rate-over-budget",))]


@pytest.mark.parametrize(
    "whom",
    [
        *("app.example", "*.app.example", "xn--p1ai.xn--p1ai", "\u043f.\u0440\u0444", "198.51.100.7", "2001:db8::7"),
        *("proxy.example:3128", "198.51.100.7:3128"),
    ],
)
def test_names_and_addresses_in_a_title_are_destinations(whom):
    """With a port of their own or without."""
    found = made_of([BAD], [blocked(whom)])
    assert changes(found, found) == [(Change.STILL, f"{whom}:0", CODES, CODES)]


def test_a_host_that_has_got_a_name_is_the_same_host():
    """A site file that came later makes nothing new."""
    unnamed = replace(EDGE, host="10.20.30.10")
    old = made_of([BAD], [blocked(title="10.20.30.10 was refused at {}")], hosts=(unnamed,))
    (one,) = between(old, STOPPED).findings
    assert (one.change, one.host) == (Change.STILL, "edge-1")


@pytest.mark.parametrize(
    ("was", "now", "change"),
    [
        (FAILS, HOLDS, Change.MENDED),
        (FAILS, UNSEEN, Change.GONE),
        (FAILS, None, Change.GONE),
        (HOLDS, FAILS, Change.BROKEN),
        (UNSEEN, FAILS, Change.NEW),
        (None, FAILS, Change.NEW),
        (FAILS, FAILS, Change.STILL),
        (HOLDS, UNSEEN, Change.CHANGED),
        (None, HOLDS, Change.CHANGED),
        (HOLDS, HOLDS, None),
    ],
)
def test_a_rule_is_mended_where_it_holds(was, now, change):
    """Not where it is not observed any more."""
    old, new = (made_of(rules=[rule("x", outcome)] if outcome else []) for outcome in (was, now))
    found = between(old, new)
    assert [one.change for one in found.rules] == ([change] if change else [])
    assert found.same == (0 if change else 1)
    if change:
        (one,) = found.rules
        assert (one.was, one.now) == (was or "", now or "")


def test_a_rule_whose_flows_are_seen_and_do_not_tell_is_unclear():
    """Something of it is in the capture."""
    tried = rule("x", UNSEEN, flows=4, because="4 flows tried, none worked")
    (found,) = between(made_of(rules=[rule("x", FAILS)]), made_of(rules=[tried])).rules
    assert found.change is Change.UNCLEAR


def test_other_documents_are_noted():
    """Rules of a pack that only one was judged by are no change of the site."""
    old = made_of(rules=[rule("x", HOLDS, pack="skala")])
    assert between(old, made_of()).notes == ("judged by skala before, by machinemetrics now",)
    assert between(made_of(rules=[]), made_of()).notes == ("judged by no document before, by machinemetrics now",)
    assert between(STOPPED, STOPPED).notes == ()


def test_the_worst_comes_first():
    """What broke before what is mended, whatever the names."""
    old = made_of([BAD | {"name": "a.example"}, WELL | {"name": "b.example"}], [blocked("a.example port 443")])
    other = blocked("b.example port 443", flows=(1,))
    new = made_of([WELL | {"name": "a.example"}, BAD | {"name": "b.example"}], [other])
    assert [change for change, *_ in changes(old, new)] == [Change.BROKEN, Change.MENDED]


@pytest.mark.parametrize(("old", "new"), [(result(), result()), (STOPPED, made_of([WELL])), (made_of([]), STOPPED),
                         (STOPPED, made_of([WELL, VAIN]))])  # fmt: skip
def test_the_structure_satisfies_its_schema(old, new):
    """What difference.json holds is what its schema says."""
    told = json.loads(json.dumps(differing.facts(between(old, new))))
    jsonschema.Draft202012Validator(SCHEMA).validate(told)


def test_a_firewall_that_is_opened_mends_what_it_stopped():
    """Of two captures of the lab, one behind a firewall that stops a lot, one in which all is well."""
    names = {"mm-blocked": "mm-blocked.pcapng.gz", "mm-clean": "mm-clean.pcapng.gz"}
    stopped, well = (
        api.check([str(CAPTURES / path)], site=api.load_site(str(CAPTURES / f"{name}.site.yaml")))
        for name, path in names.items()
    )
    found = between(stopped, well)
    assert {one.change for one in found.findings} == {Change.MENDED, Change.GONE}
    assert sum(len(one.was) for one in found.findings) == len(stopped.conclusions.findings)
    back = between(well, stopped)
    assert {one.change for one in back.findings} == {Change.BROKEN, Change.NEW}
    mended = {(one.whom, one.port) for one in found.findings if one.change is Change.MENDED}
    assert mended == {(one.whom, one.port) for one in back.findings if one.change is Change.BROKEN}
    failing = {one.rule for one in stopped.conclusions.rules if one.outcome is FAILS}
    assert failing == {one.rule for one in found.rules if one.change in (Change.MENDED, Change.GONE, Change.UNCLEAR)}
