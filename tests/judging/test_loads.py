"""Budgets of Edges, machines and browsers."""

import pytest

from analyzer.sitefile import Site, SiteHost
from tests.builders.site import API, EDGE, NOWHERE, OUTSIDE, PC, PUBLIC, STORE, Scene

MACHINES = ("10.7.0.21", "10.7.0.22")


def plant(upload=15_000, duration_s=120, **given):
    """An Edge with a FOCAS and a Modbus machine that uploads so many octets."""
    scene = Scene(duration_s)
    scene.poll(EDGE, MACHINES[0], "focas", 8193, orig_octets=100, resp_octets=3000)
    scene.poll(EDGE, MACHINES[1], "modbus", 502, orig_octets=100, resp_octets=1000)
    scene.tls(EDGE, PUBLIC, STORE, orig_octets=upload, **given)
    return scene


def budgets(scene, site=NOWHERE):
    """Budgets by host."""
    return {budget.host: budget for budget in scene.judged(site).budgets}


@pytest.mark.parametrize(("upload", "outcome"), [(90_000, "holds"), (112_000, "holds"), (113_000, "fails")])
def test_an_edge_has_the_sum_of_its_machines(upload, outcome):
    """1 kbps and 5 kbps, with a quarter of tolerance: 7.5 kbps over two minutes."""
    budget = budgets(plant(upload))[EDGE]
    assert (budget.budget_bps, dict(budget.machines), str(budget.outcome)) == (
        6000,
        {"focas": 1, "standard": 1},
        outcome,
    )


def test_the_site_file_may_change_the_tolerance():
    """Half as much again."""
    hosts = (
        SiteHost("edge", "edge", (EDGE,)),
        SiteHost("a", "machine", MACHINES[:1], machine_class="focas"),
        SiteHost("b", "machine", MACHINES[1:]),
    )
    budget = budgets(plant(130_000), Site(hosts=hosts, tolerance=0.5))["edge"]
    assert (str(budget.outcome), dict(budget.machines)) == ("holds", {"focas": 1, "unknown": 1})


def test_a_very_short_capture_tells_nothing():
    """The start of a few connections is not a rate."""
    assert str(budgets(plant(90_000, 8))[EDGE].outcome) == "not_observable"


def test_an_edge_without_known_machines_has_no_budget():
    """Outside the machine network nobody knows how many it serves."""
    scene = Scene()
    scene.tls(EDGE, PUBLIC, STORE, orig_octets=500_000)
    assert str(budgets(scene)[EDGE].outcome) == "not_observable"


def test_frames_that_are_there_twice_break_no_budget():
    """A mirror that sends everything twice doubles every rate."""
    budget = budgets(plant(180_000, orig_payload_octets=170_000, orig_retransmitted=85_000, resp_payload_octets=100))[
        EDGE
    ]
    assert str(budget.outcome) == "not_observable"


def test_a_machines_upload_is_an_estimate_by_what_was_collected():
    """Three quarters came from the FOCAS machine."""
    made = budgets(plant())
    assert made[MACHINES[0]].estimate.mean_bps == pytest.approx(0.75 * made[EDGE].rate.mean_bps)
    assert made[MACHINES[0]].rate.mean_bps == pytest.approx(3100 * 8 / 120)
    assert str(made[MACHINES[0]].outcome) == "not_observable"


def test_outside_the_nat_a_sites_one_edge_is_told_by_its_destinations():
    """What browsers may reach as well is not counted as the Edge's."""
    scene = Scene()
    scene.tls(OUTSIDE, PUBLIC, STORE, orig_octets=113_000)
    scene.tls(OUTSIDE, PUBLIC, API, orig_octets=500_000)
    hosts = (
        SiteHost("edge", "edge", (EDGE,)),
        SiteHost("a", "machine", MACHINES[:1], machine_class="focas"),
        SiteHost("b", "machine", MACHINES[1:], machine_class="standard"),
    )
    budget = budgets(scene, Site(hosts=hosts, nat=(OUTSIDE,)))["edge"]
    assert (round(budget.rate.mean_bps), str(budget.outcome)) == (7533, "fails")


@pytest.mark.parametrize(("octets", "outcome"), [(7_000, "holds"), (70_000, "holds"), (80_000, "fails")])
def test_a_browsers_download_is_held_against_its_machines(octets, outcome):
    """250 bps for each on the dashboard, 2 kbps for each workcenter view; which was open is not seen."""
    scene = plant()
    scene.tls(PC, PUBLIC, "app.machinemetrics.com", resp_octets=octets)
    budget = budgets(scene)[PC]
    assert (budget.role, budget.budget_bps, str(budget.outcome)) == ("browser", 500, outcome)


def test_purposes_add_up_by_what_traffic_serves():
    """Up is what the host in scope sent, whoever opened the flow."""
    made = {purpose.purpose: purpose for purpose in plant().judged().purposes}
    assert (made["machine data"].octets_up, made["machine data"].octets_down, made["machine data"].flows) == (
        200,
        4000,
        2,
    )
    assert made["adapter scripts"].octets_up == 15_000
