"""Which TLS is end to end, and what it means where it is not."""

import pytest

from analyzer.judging import Means
from analyzer.taps import Across, Crossing, Passage
from tests.builders.blocked import NEAR
from tests.builders.certificates import Shown, authority, leaf
from tests.builders.site import API, EDGE, PC, PUBLIC, S, answer, because, codes, findings, outcome, packs_with, verdict

APP, BALENA, BUGS = "app.machinemetrics.com", "api.balena-cloud.com", "notify.bugsnag.com"
ROOT = authority("Plant root")
BOX = authority("mitmproxy", organization="mitmproxy")
GOOD, FORGED = leaf(API, issuer=ROOT), leaf(API, issuer=BOX)
OTHERS = "198.51.100.7"


@pytest.fixture
def scene():
    """An Edge that has shown itself."""
    made = Shown()
    made.edge()
    return made


def judged(scene, **given):
    """The conclusions, with a root of the user's."""
    return scene.judged(means=Means(roots=(ROOT.der,)), **given)


def states(scene, *rows, **given):
    """How far the TLS of flows is known to be end to end."""
    made = judged(scene, **given)
    return [str(made.flows.end_to_end[row]) for row in rows]


def test_a_good_certificate_proves_its_server(scene):
    """For this name, and by a session that went on; the verdict stays as it was."""
    row = scene.show(EDGE, PUBLIC, API, GOOD)
    assert states(scene, row) == ["proven"]
    assert verdict(judged(scene), row) == "expected"


def test_tls_that_hides_what_it_shows(scene):
    """No sign: nothing speaks against it, and nothing for it."""
    rows = [scene.show(EDGE, PUBLIC, API, tls={"version": "TLSv13"}), scene.show(EDGE, PUBLIC, API, leaf(API))]
    assert states(scene, *rows) == ["no_sign", "no_sign"]
    assert [verdict(judged(scene), row) for row in rows] == ["expected", "expected"]


def test_what_is_no_tls_has_no_state(scene):
    """Neither proven nor not."""
    row = scene.lookup(EDGE, API, PUBLIC)
    assert states(scene, row) == [""]


def test_evidence_that_has_other_causes(scene):
    """Suspected: one refusal; the verdict stays as it was, and a finding tells of it."""
    row = scene.show(EDGE, PUBLIC, API)
    scene.rows["tls"][-1].update(established=False, alert=48, alert_from="client", alert_frame=10 * row + 7)
    made = judged(scene)
    assert states(scene, row) == ["suspected"]
    assert verdict(made, row) == "undetermined"
    assert len(findings(made, "certificate-refused")) == 1
    assert outcome(made, "mm-dpi-never") == "not_observable"


def test_a_forged_certificate_is_interception(scene):
    """The Edge's TLS is opened: its document forbids that, as critically as it says."""
    row = scene.show(EDGE, PUBLIC, API, FORGED)
    made = judged(scene)
    assert states(scene, row) == ["broken"]
    assert (verdict(made, row), outcome(made, "mm-dpi-never")) == ("intercepted", "fails")
    (found,) = findings(made, "certificate-forged")
    assert (str(found.severity), str(found.strength), str(found.verdict)) == ("critical", "proof", "intercepted")
    assert found.rule == "mm-dpi-never"
    assert API in because(made, "mm-dpi-never")


def test_a_root_that_the_user_trusts_forges_nothing(scene):
    """Without --trust the same certificate is strange."""
    row = scene.show(EDGE, PUBLIC, API, FORGED)
    made = scene.judged(means=Means(roots=(BOX.der,)))
    assert (str(made.flows.end_to_end[row]), verdict(made, row)) == ("proven", "expected")


def test_an_issuer_that_the_rule_names(scene):
    """Vouches for the destination of that rule, and for no other."""
    own = authority("Vendor root")
    rows = [scene.show(EDGE, PUBLIC, name, leaf(name, issuer=own), own) for name in (API, APP)]
    rule = next(rule for pack in packs_with("") for rule in pack.rules if rule.id == "mm-std-api")
    given = packs_with("mm-std-api", to=type(rule.to)(**{**vars(rule.to), "issuers": (own.mark,)}))
    made = judged(scene, packs=given)
    assert [str(made.flows.end_to_end[row]) for row in rows] == ["proven", "no_sign"]


def test_a_chain_that_nobody_vouches_for_is_told(scene):
    """With its issuer's name, and how to say that it is good."""
    scene.show(EDGE, PUBLIC, API, leaf(API, issuer=authority("Vendor root")))
    assert "“Vendor root”" in because(judged(scene), "mm-dpi-never")
    assert "--trust" in because(judged(scene), "mm-dpi-never")


def test_all_proven_holds():
    """A rule holds where each of its flows is."""
    scene = Shown()
    edge = scene.edge()
    store = scene.rows["tls"][-1]["server_name"]
    scene.rows["certificates"] = [leaf(store, issuer=ROOT)]
    scene.rows["tls"][edge].update(version="TLSv12", chain=(scene.rows["certificates"][0].mark,), server_hello_frame=4)
    scene.show(EDGE, PUBLIC, API, GOOD)
    made = judged(scene)
    assert (outcome(made, "mm-dpi-never"), outcome(made, "mm-dpi-s3")) == ("holds", "holds")


@pytest.mark.parametrize(("version", "state"), [("TLSv12", "proven"), ("TLSv13", "no_sign")])
def test_a_resumed_session_goes_on_with_the_keys_of_another(scene, version, state):
    """It inherits its state, in TLS 1.2; in TLS 1.3 nothing tells which one that was."""
    scene.show(EDGE, PUBLIC, API, GOOD)
    row = scene.show(EDGE, PUBLIC, API, tls={"resumed": True, "version": version})
    assert states(scene, row) == [state]


@pytest.mark.parametrize(("name", "server"), [(APP, PUBLIC), (API, OTHERS)])
def test_a_resumed_session_with_somebody_else(scene, name, server):
    """Inherits nothing: another name, or another server."""
    scene.show(EDGE, PUBLIC, API, GOOD)
    row = scene.show(EDGE, server, name, tls={"resumed": True})
    assert states(scene, row) == ["no_sign"]


def test_a_session_resumed_before_any_was_seen(scene):
    """It has a state of its own, and one that did not go on as well."""
    early = scene.show(EDGE, PUBLIC, API, tls={"resumed": True})
    scene.show(EDGE, PUBLIC, API, GOOD)
    broken_off = scene.show(EDGE, PUBLIC, API, tls={"resumed": True, "established": False})
    assert states(scene, early, broken_off) == ["no_sign", "no_sign"]


def test_other_hosts_change_no_verdict(scene):
    """What opens a PC's TLS marks the PC's flows; the Edge's names stay as they are."""
    mine = scene.show(EDGE, PUBLIC, API, leaf(API, issuer=authority("Shared"), own=leaf("x").key))
    browsing = leaf("news.example", issuer=authority("Shared"), own=leaf("x").key)
    theirs = scene.show(PC, OTHERS, "news.example", browsing)
    made = judged(scene)
    assert [str(made.flows.end_to_end[row]) for row in (mine, theirs)] == ["no_sign", "no_sign"]
    assert verdict(made, mine) == "expected"


def test_a_pcs_browsing_is_not_judged(scene):
    """While its end_to_end is broken: who reads the table sees it, and no finding tells of it."""
    row = scene.show(PC, OTHERS, "news.example", leaf("news.example", issuer=BOX))
    made = judged(scene)
    assert (str(made.flows.end_to_end[row]), verdict(made, row)) == ("broken", "not_judged")
    assert "certificate-forged" not in codes(made)
    assert outcome(made, "mm-dpi-never") != "fails"


def test_an_undocumented_destination_that_is_opened(scene):
    """It is intercepted, and that it is not documented stays a failure of its own."""
    row = scene.show(EDGE, OTHERS, "files.example", leaf("files.example", issuer=BOX))
    made = judged(scene)
    assert (verdict(made, row), outcome(made, "mm-only-documented")) == ("intercepted", "fails")
    assert outcome(made, "mm-dpi-https") == "fails"
    assert "certificate-forged" in codes(made)


def test_a_rule_that_forbids_fails_for_its_names_only(scene):
    """Others of the kind are as they would be, and the widest one fails as well."""
    scene.show(EDGE, PUBLIC, API, FORGED)
    scene.show(EDGE, OTHERS, BALENA)
    made = judged(scene)
    wanted = {"mm-dpi-never": "fails", "mm-dpi-domains": "fails", "mm-dpi-balena": "not_observable"}
    wanted |= {"mm-dpi-nats": "not_observed", "mm-dpi-https": "fails"}
    assert {rule: outcome(made, rule) for rule in wanted} == wanted


def test_a_name_that_only_the_widest_rule_covers(scene):
    """The Edge's other TLS is exempt as well."""
    row = scene.show(EDGE, PUBLIC, BUGS, leaf(BUGS, issuer=BOX))
    made = judged(scene)
    assert verdict(made, row) == "intercepted"
    assert outcome(made, "mm-dpi-https") == "fails"


def test_refusals_of_several_operators_are_interception(scene):
    """What the client says of its certificates breaks them, and its flows did not work."""
    rows = [scene.show(EDGE, PUBLIC, name, tls={"established": False}) for name in (API, BUGS)]
    for row in rows:
        told = {"alert": 48, "alert_from": "client", "alert_frame": 10 * row + 7}
        scene.rows["tls"][row].update(told)
        scene.rows["flows"][row].update(conn_state="RSTO")
    made = judged(scene)
    assert [verdict(made, row) for row in rows] == ["intercepted", "intercepted"]
    (found,) = findings(made, "certificate-refused")
    assert (str(found.strength), str(found.severity)) == ("strong", "critical")


def test_of_several_marks_the_first_rung_names_the_finding(scene):
    """A forged certificate that the client refuses is one finding."""
    rows = [scene.show(EDGE, PUBLIC, name, leaf(name, issuer=BOX)) for name in (API, BUGS)]
    for row in rows:
        told = {"established": False, "alert": 48, "alert_from": "client", "alert_frame": 10 * row + 7}
        scene.rows["tls"][row].update(told)
    made = judged(scene)
    assert [code for code in codes(made) if code.startswith("certificate-")] == ["certificate-forged"]


def test_a_stack_next_door_is_a_suspicion(scene):
    """It opens nothing by itself: all stay expected."""
    rows = [scene.tls(EDGE, server, name, resp_mss=1460, **NEAR) for server, name in ((PUBLIC, API), (OTHERS, BALENA))]
    made = judged(scene)
    assert [(str(made.flows.end_to_end[row]), verdict(made, row)) for row in rows] == [("suspected", "expected")] * 2
    assert "operators-one-stack" in codes(made)


def test_a_proof_outweighs_a_suspicion(scene):
    """A relay that passes on a good certificate opens nothing."""
    rows = [
        scene.show(EDGE, server, name, leaf(name, issuer=ROOT), resp_mss=1460, **NEAR)
        for server, name in ((PUBLIC, API), (OTHERS, BALENA))
    ]
    assert states(scene, *rows) == ["proven", "proven"]


def test_two_sessions_in_one_flow(scene):
    """The worse one is the flow's."""
    row = scene.show(EDGE, PUBLIC, API, GOOD)
    scene.rows["certificates"].append(FORGED)
    second = {**scene.rows["tls"][row], "chain": (FORGED.mark,), "ts_ns": scene.rows["tls"][row]["ts_ns"] + S // 4}
    scene.rows["tls"].append(second)
    assert states(scene, row) == ["broken"]


def test_a_scene_without_tls():
    """Nothing is said of it."""
    scene = Shown()
    scene.poll(EDGE, "10.7.0.21")
    assert set(judged(scene).flows.end_to_end) == {""}


def test_flows_of_a_rule_are_counted(scene):
    """All of them, whatever became of them."""
    scene.show(EDGE, PUBLIC, API, FORGED)
    scene.show(EDGE, PUBLIC, API, GOOD)
    told = answer(judged(scene), "mm-dpi-domains")
    assert (told.flows, str(told.outcome)) == (2, "fails")
    assert told.because.startswith("2 TLS flows: 1 proven end to end, 1 opened")


def test_a_session_that_resumes_a_forged_one_is_intercepted(scene):
    """It has no certificate of its own, and goes on with the forger's keys."""
    scene.show(EDGE, PUBLIC, API, FORGED)
    row = scene.show(EDGE, PUBLIC, API, tls={"resumed": True})
    made = judged(scene)
    assert (str(made.flows.end_to_end[row]), verdict(made, row)) == ("broken", "intercepted")


def test_the_steps_of_the_checklists_fail_as_well(scene):
    """What asks for a bypass fails where TLS is opened."""
    scene.show(EDGE, PUBLIC, API, FORGED)
    made = judged(scene)
    assert [outcome(made, step) for step in ("mm-dpi-bypass", "mm-ts-connect-4", "mm-check-3")] == ["fails"] * 3


@pytest.mark.parametrize(("border", "state"), [(True, "proven"), (False, "suspected")])
def test_taps_on_one_side_overrule_no_suspicion(scene, border, state):
    """Equal hellos at two taps prove a session of which something speaks only where a border between these shows."""
    rows = [scene.tls(EDGE, server, name, resp_mss=1460, **NEAR) for server, name in ((PUBLIC, API), (OTHERS, BALENA))]
    crossings = {row: Crossing(Passage.SAME, row, "hello") for row in rows}
    across = Across(scene.seen(), crossings, border)
    made = scene.judged(means=Means(roots=(ROOT.der,), across=across))
    assert [str(made.flows.end_to_end[row]) for row in rows] == [state] * 2
