"""Steps of checklists, answered by other rules."""

import pytest

from analyzer.sitefile import Site, SiteHost
from tests.builders.site import API, EDGE, GOOGLE, PUBLIC, Scene, answer, outcome

NATS = "54.218.103.126"


@pytest.fixture
def scene():
    """An Edge that has shown itself on 443."""
    made = Scene()
    made.edge()
    return made


def test_a_step_that_names_ports_holds_once_each_port_worked(scene):
    """53, 123, 443 and 7422, each by one flow that worked."""
    scene.lookup(EDGE, API, PUBLIC)
    scene.clock(EDGE, "192.0.2.123")
    assert outcome(scene.judged(), "mm-check-1") == "not_observed"
    scene.flow(EDGE, NATS, 7422, service="nats")
    made = scene.judged()
    assert outcome(made, "mm-check-1") == "holds"
    assert answer(made, "mm-check-1").because == "shown by flows that worked: port 53, port 123, port 443, port 7422"


def test_a_port_that_was_not_seen_is_named(scene):
    """Not seen is not failed: the step is not observed, and what is missing stands there."""
    made = scene.judged()
    assert outcome(made, "mm-ts-connect-2") == "not_observed"
    assert answer(made, "mm-ts-connect-2").because == "1 of 2 shown, none fails; not shown: port 7422"


def test_a_step_fails_with_one_of_its_rules():
    """An upload above its budget breaks the row, and so the step on the bandwidth."""
    scene = Scene(duration_s=300)
    scene.poll(EDGE, "10.7.0.21", "modbus", 502)
    scene.tls(EDGE, PUBLIC, API, orig_octets=100_000)
    made = scene.judged(profiles=["machinemetrics"])
    assert [outcome(made, rule) for rule in ("mm-rate-up-standard", "mm-check-5")] == ["fails", "fails"]
    assert answer(made, "mm-check-5").because == "fails: Upload, ~1 kbps for each standard machine"


def test_a_step_on_the_way_out_does_not_fail_by_what_went_there(scene):
    """SSH on 443 to a documented name breaks the name's row; that the way was open it does not disprove."""
    scene.flow(EDGE, PUBLIC, 443, service="ssh", server_name=API, server_name_basis="dns")
    made = scene.judged()
    assert [outcome(made, rule) for rule in ("mm-std-api", "mm-check-2")] == ["fails", "not_observed"]


def test_all_required_destinations_must_have_been_seen(scene):
    """Ten of eleven names are not all names."""
    held = [rule for pack in scene.judged().rules for rule in [pack.rule] if rule.startswith("mm-std-")]
    names = {
        "mm-std-api": API, "mm-std-app": "app.machinemetrics.com", "mm-std-cloudlink": "cloudlink.balena-cloud.com",
        "mm-std-balena": "api.balena-cloud.com", "mm-std-bugsnag": "notify.bugsnag.com",
        "mm-std-edge-uploads": "mm-edge-uploads.s3.us-west-2.amazonaws.com",
        "mm-std-deploy": "machinemetrics-deploy.s3.us-west-2.amazonaws.com",
        "mm-std-public": "machinemetrics-public.s3.us-west-2.amazonaws.com",
        "mm-std-ecr": "352302322568.dkr.ecr.us-west-2.amazonaws.com",
        "mm-std-ecr-layers": "prod-us-west-2-starport-layer-bucket.s3.us-west-2.amazonaws.com",
    }  # fmt: skip
    assert set(held) == {*names, "mm-std-adapter-store"}
    for name in list(names.values())[:-1]:
        scene.tls(EDGE, PUBLIC, name)
    assert outcome(scene.judged(), "mm-check-2") == "not_observed"
    scene.tls(EDGE, PUBLIC, names["mm-std-ecr-layers"])
    assert outcome(scene.judged(), "mm-check-2") == "holds"


def test_a_step_on_what_no_capture_shows_is_not_observable(scene):
    """DPI hides in TLS 1.3; the step says what would tell."""
    made = scene.judged()
    assert outcome(made, "mm-check-3") == "not_observable"
    assert "dumpcap" in answer(made, "mm-check-3").because


def test_a_step_on_the_bandwidth_follows_the_budgets():
    """It holds with the upload's budgets, and fails with them."""
    site = Site(hosts=(SiteHost("e", "edge", (EDGE,)), SiteHost("m", "machine", ("10.7.0.21",), (), "standard")))
    for octets, expected in ((10_000, "holds"), (100_000, "fails")):
        scene = Scene(duration_s=300)
        scene.tls(EDGE, PUBLIC, API, orig_octets=octets)
        assert outcome(scene.judged(site), "mm-check-5") == expected


def test_a_step_may_hold_for_each_kind_of_machine_that_was_seen(scene):
    """Nobody has machines of fourteen makes; those that were polled answer."""
    scene.poll(EDGE, "10.7.0.21")
    made = scene.judged()
    assert outcome(made, "mm-ts-machines-2") == "holds"
    assert answer(made, "mm-ts-machines-2").because == "shown by flows that worked: FANUC FOCAS"


def test_a_machine_that_did_not_answer_leaves_the_step_open(scene):
    """Tried in vain is not shown, and not failed."""
    scene.poll(EDGE, "10.7.0.21")
    scene.poll(EDGE, "10.7.0.22", service="", port=502, unanswered=True)
    assert outcome(scene.judged(), "mm-ts-machines-2") == "not_observed"


def test_nothing_seen_answers_nothing():
    """A site file alone is no observation."""
    scene = Scene()
    scene.tls("10.7.0.99", GOOGLE, "news.example")
    made = scene.judged(Site(hosts=(SiteHost("e", "edge", (EDGE,)),), topology="company"))
    assert outcome(made, "mm-company-ports") == "not_observed"
    assert answer(made, "mm-company-ports").because.startswith("nothing in the capture answers it")


def test_the_topologys_own_step_is_there_in_that_topology_only():
    """The company network's firewall line is asked of the company topology."""
    scene = Scene()
    scene.edge()
    assert "mm-company-ports" not in {found.rule for found in scene.judged().rules}
    assert "mm-company-ports" in {found.rule for found in scene.judged(Site(topology="company")).rules}
