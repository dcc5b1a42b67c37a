"""What holds of all conclusions, whatever the facts: the door of judging, on any scene."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.errors import AnalyzerError
from analyzer.findings import Outcome, Verdict
from analyzer.judging import CODES, draft_site, judge, parse
from analyzer.rulepack import shipped
from analyzer.sitefile import Site, SiteHost
from tests.builders.site import (
    API,
    EDGE,
    GOOGLE,
    IPAD,
    MACHINE,
    MACS,
    NEXUS,
    NOWHERE,
    OUTSIDE,
    PC,
    PUBLIC,
    RESOLVER,
    STORE,
    Scene,
    codes,
)

SITE = Site(
    hosts=(
        SiteHost("edge-1", "edge", (EDGE,)),
        SiteHost("m1", "machine", (MACHINE,), (), "standard"),
        SiteHost("desk", "browser", (PC,)),
        SiteHost("nexus", "nexus", (NEXUS,)),
        SiteHost("ipad", "ipad", (IPAD,)),
    ),
    topology="isolated",
    machine_networks=("10.7.0.0/27",),
    nat=(OUTSIDE,),
)
BROAD = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=30)

OURS = (EDGE, MACHINE, PC, NEXUS, IPAD, OUTSIDE)
OTHERS = ("10.7.0.90", "10.7.0.91", "192.168.9.9", "203.0.113.50", "fd00::90")
SERVERS = (PUBLIC, GOOGLE, RESOLVER, "54.218.103.126", "18.253.182.20", "1.1.1.1", "2001:db8::7")
NAMES = (
    API, STORE, "app.machinemetrics.com", "api.balena.machinemetrics-us-gov.com", "x.balena-cloud.com", "files.example",
    "skalacontrol.com", "eu.skalacontrol.com", "iot-prod.skalacontrol.com", "lab1.skalanexus.com", "www.decagon.com",
    "",
)  # fmt: skip
SERVICES = ("", "tls", "http", "dns", "ntp", "nats", "ssh", "modbus", "focas", "opcua", "openvpn", "quic")
PORTS = (22, 53, 80, 123, 443, 502, 683, 2222, 3128, 5353, 7422, 8193, 9001, 44818, 49320, 61000)
STATES = st.sampled_from(
    [{}, {"unanswered": True}, {"midstream": True}, {"one_sided": True, "resp_payload_octets": 0}, {"resp_rsts": 1},
     {"resp_payload_octets": 0}, {"orig_p": 443, "midstream": True}, {"orig_ttl": 127}]
)  # fmt: skip


def acts(hosts):
    """One thing that one of these hosts does, with another one."""
    peers = (*hosts, *SERVERS)
    host, peer, name = st.sampled_from(hosts), st.sampled_from(peers), st.sampled_from(NAMES)
    return st.one_of(
        st.tuples(st.just("tls"), host, peer, name, st.sampled_from((443, 7422, 9001, 8443)), STATES),
        st.tuples(st.just("flow"), host, peer, st.sampled_from(PORTS), st.sampled_from(SERVICES), STATES),
        st.tuples(st.just("udp"), host, peer, st.sampled_from(PORTS), st.sampled_from(SERVICES), STATES),
        st.tuples(st.just("lookup"), host, peer, name.filter(bool), st.sampled_from((PUBLIC, NEXUS, MACHINE))),
        st.tuples(st.just("connect"), host, peer, name.filter(bool), st.sampled_from((200, 407, -1))),
        st.tuples(st.just("fetch"), host, peer, name, st.sampled_from(("/", "/pool/x.deb"))),
        st.tuples(st.just("clock"), host, peer, st.sampled_from((0, 2))),
        st.tuples(st.just("flow"), peer, host, st.sampled_from(PORTS), st.sampled_from(SERVICES), STATES),
    ).filter(lambda act: act[1] != act[2])


def played(scene, act):
    """The flow that an act makes."""
    what, one, other, *rest = act
    if what == "tls":
        return scene.tls(one, other, rest[0], port=rest[1], **rest[2])
    if what in {"flow", "udp"}:
        return getattr(scene, what)(one, other, rest[0], service=rest[1], **rest[2])
    if what == "lookup":
        return scene.lookup(one, rest[0], rest[1], resolver=other)
    if what == "connect":
        return scene.connect(one, other, rest[0], status=rest[1])
    if what == "fetch":
        return scene.fetch(one, other, *rest)
    return scene.clock(one, other, stratum=rest[0])


def scene_of(*parts):
    """A scene of acts, and the rows that each part made."""
    scene = Scene(duration_s=300)
    return scene, [[played(scene, act) for act in part] for part in parts]


SCENES = st.lists(acts(OURS), min_size=1, max_size=8)
SITES = st.sampled_from([SITE, NOWHERE, Site(nat=(OUTSIDE,)), Site(topology="cellular")])


def facts(seen):
    """All tables of facts, as lists."""
    tables = [getattr(seen, field.name) for field in fields(seen)]
    return [column.tolist() for table in tables if hasattr(table, "_fields") for column in table if column is not None
            and isinstance(column, np.ndarray)]  # fmt: skip


def shown(made, rows):
    """What is concluded on some flows."""
    return [tuple(column[row] for column in replaced(made)) for row in rows]


def replaced(made):
    """The columns of the verdicts."""
    return [getattr(made.flows, field.name) for field in fields(made.flows)]


@BROAD
@given(SCENES, SITES)
def test_any_scene_is_judged_and_each_flow_has_a_verdict(acted, site):
    """No facts make judging fail; every flow has one of the verdicts, every rule one of the outcomes and a reason."""
    scene, _ = scene_of(acted)
    made = scene.judged(site)
    assert set(made.flows.verdict) <= {str(verdict) for verdict in Verdict}
    assert all(rule.outcome in set(Outcome) and rule.because for rule in made.rules)
    assert made.fails == any(rule.outcome is Outcome.FAILS for rule in made.rules)


@BROAD
@given(SCENES, SITES)
def test_judging_is_deterministic(acted, site):
    """The same facts, packs and site give the same conclusions, each time."""
    seen = scene_of(acted)[0].seen()
    once, again = judge(seen, shipped(), site), judge(seen, shipped(), site)
    assert replace(once, flows=None) == replace(again, flows=None)
    rows = range(len(seen.flows.proto))
    assert shown(once, rows) == shown(again, rows)


@BROAD
@given(SCENES, SITES)
def test_swapping_the_pack_changes_no_fact(acted, site):
    """Judging reads facts and writes none, whichever packs it judges by."""
    seen = scene_of(acted)[0].seen()
    before = facts(seen)
    for packs in (shipped(), shipped()[:1], shipped()[1:], ()):
        judge(seen, packs, site)
    assert facts(seen) == before


@BROAD
@given(SCENES, st.lists(acts(OTHERS), max_size=8))
def test_flows_of_other_hosts_change_no_verdict(acted, noise):
    """Whatever hosts out of scope do among themselves and with the internet, what is concluded on ours stays."""
    alone, (rows,) = scene_of(acted)
    crowded, (same, _) = scene_of(acted, [act for act in noise if act[0] != "lookup" or "skalanexus" not in act[3]])
    before, after = alone.judged(SITE), crowded.judged(SITE)
    assert rows == same
    assert shown(before, rows) == shown(after, rows)
    told = [
        [(found.code, found.title, found.flows, found.severity) for found in made.findings] for made in (before, after)
    ]
    assert told[0] == told[1]
    assert [(rule.rule, rule.outcome) for rule in before.rules if rule.rule != "sk-link-rate"] == [
        (rule.rule, rule.outcome) for rule in after.rules if rule.rule != "sk-link-rate"
    ]


@BROAD
@given(SCENES, SITES)
def test_every_code_is_explained_and_every_finding_quotes_its_document(acted, site):
    """Codes of flows, of findings and of their evidence; cites whose quote stands in the text letter by letter."""
    scene, _ = scene_of(acted)
    made, texts = scene.judged(site), {pack.name: pack.text for pack in shipped()}
    carried = {code for codes in made.flows.codes for code in codes}
    carried |= {found.code for found in made.findings}
    carried |= {evidence.code for found in made.findings for evidence in found.evidence}
    assert carried <= set(CODES)
    for found in made.findings:
        assert found.remedy
        assert found.rivals
        assert found.cite.quote in texts[found.pack]
        assert (found.cite.quote != "") == (found.rule != "")
        assert all(0 <= flow < len(made.flows.verdict) for flow in found.flows)
        assert found.evidence
        assert all(frame > 0 for evidence in found.evidence for frame in evidence.frames)


@BROAD
@given(SCENES, SITES)
def test_every_unexpected_flow_stands_in_a_finding(acted, site):
    """And every finding on an unexpected flow breaks a rule that fails or is told by it."""
    scene, _ = scene_of(acted)
    made = scene.judged(site)
    told = {flow for found in made.findings for flow in found.flows}
    unexpected = {row for row, word in enumerate(made.flows.verdict) if word == "unexpected"}
    assert unexpected <= told
    assert all(made.flows.rule[row] for row in unexpected)


@BROAD
@given(SCENES, SITES)
def test_findings_are_numbered_from_the_worst(acted, site):
    """F1 is the most severe, and no two have one number."""
    found = scene_of(acted)[0].judged(site).findings
    order = ["critical", "high", "medium", "low", "info"]
    assert [finding.id for finding in found] == [f"F{number}" for number in range(1, len(found) + 1)]
    grades = [order.index(str(finding.severity)) for finding in found]
    assert grades == sorted(grades)


@BROAD
@given(SCENES)
def test_a_filter_judges_a_part_and_changes_nothing_of_it(acted):
    """What it keeps is judged as before, what it leaves out is not judged."""
    scene, (rows,) = scene_of(acted)
    seen = scene.seen()
    keep = parse(f"host {EDGE} and tcp")
    made, all_made = judge(seen, shipped(), SITE, keep=keep), judge(seen, shipped(), SITE)
    kept = keep.mask(seen.flows)
    assert {made.flows.verdict[row] for row in rows if not kept[row]} <= {"not_judged"}
    assert shown(made, np.flatnonzero(kept)) == shown(all_made, np.flatnonzero(kept))


@BROAD
@given(SCENES)
def test_a_draft_gives_the_verdicts_that_judging_without_a_site_file_gives(acted):
    """The site file that `analyzer site` writes changes nothing by itself."""
    seen = scene_of(acted)[0].seen()
    site, _ = draft_site(seen, shipped())
    assert judge(seen, shipped(), site).flows.verdict.tolist() == judge(seen, shipped(), NOWHERE).flows.verdict.tolist()


def test_no_flows_and_no_packs_are_no_conclusions():
    """An empty capture, and a judge without a law."""
    assert Scene().judged().rules == ()
    scene = Scene()
    scene.edge()
    made = judge(scene.seen(), (), NOWHERE)
    assert (made.packs, made.rules, made.findings, set(made.flows.verdict)) == ((), (), (), {"not_judged"})


def test_a_wrong_filter_is_an_error_of_one_line():
    """It says where."""
    with pytest.raises(AnalyzerError, match="character 6"):
        parse("host nonsense")


def test_the_purposes_of_both_packs_stand_once():
    """Time is time, whoever asks for it."""
    scene = Scene()
    scene.clock(EDGE, PUBLIC)
    scene.clock(NEXUS, PUBLIC)
    scene.tls(EDGE, PUBLIC, "files.example", orig_mac=MACS[EDGE])
    made = scene.judged(SITE)
    assert [(part.purpose, part.flows) for part in made.purposes] == [("time", 2)]
    assert codes(made) == ["undocumented-destination"]
