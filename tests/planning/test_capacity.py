"""What so many machines need."""

from __future__ import annotations

import json
import math
from importlib.resources import files

import jsonschema
import pytest

from analyzer import api, planning
from analyzer.planning import PlanError, Request, Usage, parse
from analyzer.planning.capacity import Need, present
from analyzer.sitefile import Site, SiteHost
from tests.builders.site import BEGIN, EDGE, PUBLIC, UPLOADS, S, Scene

FOCAS, MODBUS = "10.7.0.21", "10.7.0.22"


def plant(seconds=7200, per_minute=37_500):
    """An Edge with a FOCAS and a Modbus machine, whose upload comes once a minute: 5 of its 6 kbps."""
    scene = Scene(seconds)
    scene.poll(EDGE, FOCAS, "focas", 8193, orig_octets=100, resp_octets=3000)
    scene.poll(EDGE, MODBUS, "modbus", 502, orig_octets=100, resp_octets=1000)
    count = seconds // 60
    row = scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=per_minute * count, resp_octets=0)
    scene.rows["rates"] = [rate for rate in scene.rows["rates"] if rate["flow"] != row]
    scene.rows["rates"] += [
        {"flow": row, "start_ns": BEGIN + minute * 60 * S, "orig_octets": per_minute, "resp_octets": 0}
        for minute in range(count)
    ]
    return scene


def planned(scene, text, **given):
    """The plan, by what a scene shows."""
    return planning.plan(Usage(api.judge(scene.seen())), parse(text, **given))


@pytest.mark.parametrize("text", ["machines=50", "standard=50", "standard=40,focas=10"])
def test_the_documents_example_comes_out_exactly(text):
    """Fifty machines of any class: 50 to 250 kbps up, 12.5 to 100 kbps down."""
    plan = planned(plant(), text)
    assert (plan.example_up, plan.example_down) == (Need(50_000, 250_000), Need(12_500, 100_000))


def test_known_classes_have_one_figure():
    """40 at 1 kbps and 10 at 5; each of three dashboards shows all of them."""
    plan = planned(plant(), "standard=40,focas=10,dashboards=3")
    assert (plan.up, plan.down) == (Need(90_000, 90_000), Need(37_500, 300_000))


def test_open_views_are_counted_where_they_are_told():
    """One dashboard of fifty machines, and two workcenter views beside it."""
    assert planned(plant(), "machines=50,workcenters=2").down == Need(16_500, 16_500)


def test_what_was_measured_scales_by_what_is_granted():
    """5 of 6 kbps: the plan's machines are granted 90, and send five sixths of it."""
    seen = planned(plant(), "standard=40,focas=10").measured
    assert seen.factor == pytest.approx((5 / 6, 5 / 6))
    assert (seen.mean.bps, seen.window_s, seen.windows) == (pytest.approx(75_000), 300, 24)


def test_an_even_upload_has_a_narrow_interval():
    """Every resample of equal windows is the same; the interval holds the figure."""
    seen = planned(plant(), "standard=10").measured
    assert seen.sure
    assert seen.mean.low_bps <= seen.mean.bps <= seen.mean.high_bps
    assert seen.mean.high_bps - seen.mean.low_bps < 0.02 * seen.mean.bps


def test_few_windows_have_no_interval():
    """Ten minutes hold two windows of five: nothing is said of a spread."""
    seen = planned(plant(600), "standard=10").measured
    assert (seen.sure, seen.mean.low_bps) == (False, seen.mean.bps)


def test_machines_of_unknown_class_are_taken_for_the_same():
    """Two of unknown class send 1.2 kbps: twenty of them need twelve, whichever they are; twenty FOCAS ones more."""
    site = Site(
        hosts=(
            SiteHost("edge", "edge", (EDGE,)),
            *(SiteHost(f"m{number}", "machine", (f"10.7.0.{40 + number}",)) for number in (1, 2)),
        )
    )
    scene = plant(7200, 9000)
    scene.rows["flows"][0].update(conn_state="S0", resp_h="10.7.0.41", service="", certainty="")
    scene.rows["flows"][1].update(resp_h="10.7.0.42", service="", certainty="", resp_p=9999)
    usage = Usage(api.judge(scene.seen(), site=site))
    unknown, focas = (planning.plan(usage, parse(text)).measured for text in ("machines=20", "focas=20"))
    assert unknown.mean.bps == pytest.approx(12_000)
    assert focas.mean.bps == pytest.approx(60_000)
    assert unknown.factor == pytest.approx((0.12, 0.6))


def test_the_interval_is_of_what_is_told():
    """The 95th percentile of windows that overlap lies within that of their resamples."""
    seen = planned(plant(), "standard=10").measured
    assert seen.p95.low_bps <= seen.p95.bps <= seen.p95.high_bps


def test_room_is_what_the_uplink_leaves():
    """Beside 90 kbps planned, 1 Mbps leaves room for 910 at 1 kbps and for 182 at 5."""
    plan = planned(plant(), "standard=40,focas=10", uplink=1e6)
    assert plan.other_bps == 0
    assert (plan.fits["standard"][0], plan.fits["focas"][0]) == (910, 182)
    assert plan.fits["standard"][1] > 910


def test_growth_fills_the_uplink_in_time():
    """Twice as many each year: 100 of 800 kbps are eight times as many in three years."""
    plan = planned(plant(), "standard=100", uplink=8e5, growth=1.0)
    assert plan.years[0] == pytest.approx(3)
    assert planned(plant(), "standard=100", uplink=5e4, growth=1.0).years[0] == 0
    assert math.isinf(planned(plant(), "standard=1", uplink=1e12, growth=0.01).years[0])


def test_a_month_is_thirty_days_of_the_captures():
    """5 kbps for thirty days; with 75 kbps in place of them it is fifteen times as much."""
    captured, with_plan = planned(plant(), "standard=40,focas=10").month_octets
    assert captured == pytest.approx(5000 / 8 * 86_400 * 30)
    assert with_plan == pytest.approx(15 * captured)


def test_no_machines_are_those_that_are_there():
    """An uplink alone asks what else fits beside the present ones."""
    plan = planned(plant(), "", uplink=1e6)
    assert (dict(plan.request.machines), plan.up) == ({"standard": 1, "focas": 1}, Need(6000, 6000))
    assert present(Usage(api.judge(Scene().seen()))) == {}


def test_a_site_without_upload_has_the_document_only():
    """Nothing measured, nothing made up."""
    plan = planned(plant(7200, 0), "standard=5", uplink=1e6)
    assert plan.measured is None
    assert math.isnan(plan.fits["standard"][1])


def test_without_a_budget_there_is_no_plan():
    """A pack that grants no upload cannot be planned by."""
    with pytest.raises(PlanError, match="no budget for uploads"):
        planned(Scene(), "standard=5")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("standard", "=NUMBER"),
        ("robots=5", "expected standard, focas"),
        ("standard=-1", "standard: expected a number"),
        ("standard=1,standard=2", "stands twice"),
        ("focas=99999999", "expected a number up to"),
        ("focas=\x1b[31m", "found"),
    ],
)
def test_a_plan_that_cannot_be_read_is_told(text, said):
    """In one line, that a terminal only shows."""
    with pytest.raises(PlanError, match=said) as caught:
        parse(text)
    assert "\x1b" not in str(caught.value)


def test_what_is_left_out_is_usual():
    """One dashboard, a view of each machine, no uplink."""
    assert parse("standard=4") == Request({"standard": 4}, 1, None, 0.0, 0.0)


def test_a_plan_is_part_of_the_result():
    """As its schema has it, numbers that JSON cannot hold as null; the result that was planned from stays as it was."""
    measured = api.judge(plant().seen())
    plan = api.plan(measured, "standard=40,focas=10", uplink="1M", growth=0.2)
    result = planning.planned(measured, plan)
    assert measured.plan is None
    schema = json.loads((files("analyzer.exporting") / "result.schema.json").read_text("utf-8"))
    told = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    jsonschema.validate(told, schema)
    assert told["bandwidth"]["plan"]["up"] == {"low_bps": 90_000, "high_bps": 90_000}
