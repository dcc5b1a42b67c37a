"""When evidence makes a verdict."""

import pytest

from analyzer.sitefile import Site, SiteHost
from tests.builders.site import (
    API,
    BEGIN,
    EDGE,
    GOOGLE,
    MACHINE,
    PUBLIC,
    RESOLVER,
    S,
    Scene,
    codes,
    findings,
    outcome,
    verdict,
)

NATS = "54.218.103.126"


@pytest.fixture
def scene():
    """An Edge that has shown itself."""
    made = Scene()
    made.edge()
    return made


def verdicts(scene, rows, **given):
    """The verdicts of flows."""
    made = scene.judged(**given)
    return [verdict(made, row) for row in rows]


def test_one_attempt_is_no_pattern_and_two_are(scene):
    """A fifth of all connections fail; attempts at one target add up."""
    rows = [scene.silent(EDGE, NATS, 7422)]
    assert verdicts(scene, rows) == ["undetermined"]
    rows.append(scene.silent(EDGE, NATS, 7422))
    assert verdicts(scene, rows) == ["blocked", "blocked"]


def test_new_initial_numbers_on_one_flow_are_attempts(scene):
    """A retry has the same number."""
    retried = scene.silent(EDGE, NATS, 7422, syns=6)
    assert verdicts(scene, [retried]) == ["undetermined"]
    anew = scene.silent(EDGE, "52.24.16.63", 7422, syns=6, attempts=2)
    assert verdicts(scene, [anew]) == ["blocked"]


def test_two_hosts_at_one_target_are_a_pattern(scene):
    """Each of them is told of the other."""
    scene.edge("10.7.0.11")
    rows = [scene.silent(host, NATS, 7422) for host in (EDGE, "10.7.0.11")]
    site = Site(hosts=(SiteHost("one", "edge", (EDGE,)), SiteHost("two", "edge", ("10.7.0.11",))))
    assert verdicts(scene, rows, site=site) == ["blocked", "blocked"]
    assert [found.host for found in findings(scene.judged(site), "syn-unanswered")] == ["one", "two"]


def test_what_works_at_other_times_takes_more(scene):
    """Two failures among successes are the internet; four in a row are not."""

    def attempt(*, works):
        if works:
            return scene.tls(EDGE, NATS, port=7422)
        return scene.silent(EDGE, NATS, 7422)

    few = [attempt(works=works) for works in (True, False, False, True)]
    assert verdicts(scene, few) == ["expected", "undetermined", "undetermined", "expected"]
    many = [attempt(works=False) for _ in range(4)]
    assert verdicts(scene, many) == ["blocked"] * 4


def test_a_machine_that_is_switched_off_is_nobodys_block(scene):
    """However often the Edge tries."""
    scene.poll(EDGE, "10.7.0.22")
    rows = [scene.silent(EDGE, MACHINE, 8193) for _ in range(9)]
    site = Site(hosts=(SiteHost("edge", "edge", (EDGE,)), SiteHost("m", "machine", (MACHINE,))))
    assert set(verdicts(scene, rows, site=site)) == {"undetermined"}


def test_a_silent_port_of_a_host_that_is_on_takes_one_attempt(scene):
    """With its retries, over some seconds."""
    scene.poll(EDGE, "10.7.0.22")
    row = scene.silent(EDGE, MACHINE, 8193, syns=5)
    scene.arp(MACHINE)
    site = Site(hosts=(SiteHost("edge", "edge", (EDGE,)), SiteHost("m", "machine", (MACHINE,))))
    assert verdicts(scene, [row], site=site) == ["blocked"]


def test_the_last_seconds_of_a_capture_show_nothing_by_themselves():
    """An answer may be on the way."""
    scene = Scene(duration_s=4)
    scene.edge()
    rows = [scene.silent(EDGE, NATS, 7422, syns=1, start_ns=BEGIN + 3 * S, end_ns=BEGIN + 3 * S) for _ in range(3)]
    assert verdicts(scene, rows) == ["undetermined"] * 3


def test_attempts_at_the_end_are_as_those_before(scene):
    """Where the target was stopped before, and nothing worked since."""
    rows = [scene.silent(EDGE, NATS, 7422) for _ in range(2)]
    late = BEGIN + 120 * S
    rows.append(scene.silent(EDGE, NATS, 7422, syns=1, start_ns=late, end_ns=late))
    assert verdicts(scene, rows) == ["blocked"] * 3


def test_a_capture_that_lost_frames_needs_more():
    """The answers to so many frames would all have to be among what was lost."""
    scene = Scene(kernel_drops=40)
    scene.edge()
    rows = [scene.silent(EDGE, NATS, 7422, syns=1) for _ in range(2)]
    assert verdicts(scene, rows) == ["undetermined"] * 2
    assert verdicts(scene, [scene.silent(EDGE, NATS, 7422, syns=30)]) == ["blocked"]


def test_in_a_one_sided_capture_silence_is_nothing(scene):
    """Nothing that was sent to the client is there."""
    for _ in range(3):
        scene.tls(EDGE, PUBLIC, API, one_sided=True, resp_packets=0, resp_payload_octets=0)
    rows = [scene.silent(EDGE, NATS, 7422) for _ in range(3)]
    assert verdicts(scene, rows) == ["undetermined"] * 3


def test_a_refusal_by_the_server_itself_is_nobodys_block(scene):
    """However often; who refused is told."""
    scene.tls(EDGE, PUBLIC, "notify.bugsnag.com")
    rows = [scene.reset(EDGE, NATS, 7422, ttl=55, delay_ns=40_000_000) for _ in range(5)]
    made = scene.judged()
    assert [verdict(made, row) for row in rows] == ["undetermined"] * 5
    assert outcome(made, "mm-out-nats") == "not_observed"
    assert made.flows.codes[rows[0]] == ("syn-refused",)


def test_what_no_rule_allows_stays_unexpected(scene):
    """That it was stopped as well excuses nothing."""
    rows = [scene.silent(EDGE, PUBLIC, server_name="files.example", server_name_basis="dns") for _ in range(3)]
    assert verdicts(scene, rows) == ["unexpected"] * 3


def test_hosts_out_of_scope_are_not_judged(scene):
    """A neighbour's trouble is counted, not judged."""
    rows = [scene.silent("10.7.0.99", NATS, 7422) for _ in range(3)]
    assert verdicts(scene, rows, site=Site(hosts=(SiteHost("edge", "edge", (EDGE,)),))) == ["not_judged"] * 3


def test_a_name_that_is_denied_breaks_its_own_row(scene):
    """The lookup is the flow, and the rule is the name's, by its narrowest row."""
    rows = [scene.lookup(EDGE, API, "0.0.0.0", resolver=RESOLVER)]
    rows.append(scene.lookup(EDGE, "cloudlink.balena-cloud.com", "0.0.0.0", resolver=RESOLVER))
    made = scene.judged()
    assert [verdict(made, row) for row in rows] == ["blocked", "blocked"]
    assert [made.flows.rule[row] for row in rows] == ["mm-std-api", "mm-std-cloudlink"]
    assert (outcome(made, "mm-std-api"), outcome(made, "mm-std-balena")) == ("fails", "not_observed")


def test_a_name_of_no_row_may_be_denied(scene):
    """What is asked for breaks no row."""
    row = scene.lookup(EDGE, "ads.example", "0.0.0.0", resolver=RESOLVER)
    made = scene.judged()
    assert (verdict(made, row), codes(made)) == ("expected", [])


def test_a_lookup_beside_good_ones_stays_what_it_is(scene):
    """One socket asks for many names: what was denied is told by the finding, not by the flow."""
    row = scene.lookup(EDGE, API, "0.0.0.0", resolver=RESOLVER)
    start = scene.rows["flows"][row]["start_ns"]
    scene.rows["dns"].append(
        {"flow": row, "ts_ns": start, "query": "notify.bugsnag.com", "qtype_name": "A", "rcode_name": "NOERROR",
         "answers": (PUBLIC,), "ttls": ("60",), "queries": 1, "query_frame": 3, "answer_frame": 4}
    )  # fmt: skip
    made = scene.judged()
    assert (verdict(made, row), outcome(made, "mm-std-api"), codes(made)) == ("expected", "fails", ["dns-sinkholed"])


def test_a_denied_name_that_another_resolver_gives_is_reached(scene):
    """Its row holds, and the finding is a small one."""
    scene.lookup(EDGE, API, resolver=RESOLVER, rcode="NXDOMAIN")
    scene.lookup(EDGE, API, PUBLIC, resolver=GOOGLE)
    scene.tls(EDGE, PUBLIC, API)
    made = scene.judged()
    assert outcome(made, "mm-std-api") == "holds"
    assert [str(found.severity) for found in findings(made, "dns-nxdomain")] == ["low"]


def test_both_codes_of_a_forged_reset_are_told(scene):
    """The one that says at which stage names the finding."""
    scene.tls(EDGE, "203.0.113.80", "notify.bugsnag.com")
    cut = {"resp_rsts": 1, "rst_frame": 4, "rst_ttl": 64, "rst_delay_ns": 20_000}
    rows = [scene.hello(EDGE, PUBLIC, API, frames=1, **cut) for _ in range(2)]
    made = scene.judged()
    assert made.flows.codes[rows[0]] == ("reset-after-hello", "reset-foreign")
    (found,) = findings(made, "reset-after-hello")
    assert found.flows == tuple(rows)
    assert findings(made, "reset-foreign") == []


def test_doubled_evidence_is_told_once(scene):
    """A finding lists each thing that was seen once, behind what it comes to."""
    for _ in range(3):
        scene.silent(EDGE, NATS, 7422)
    (found,) = findings(scene.judged(), "syn-unanswered")
    assert found.evidence[0].detail == (
        "3 attempts in 3 flows, stopped, by whom the capture does not show: beyond the place where it was taken"
    )
    assert len(found.evidence) == 4
