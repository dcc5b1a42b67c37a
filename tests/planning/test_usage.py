"""Who sends how much, and for what."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import api
from analyzer.planning import Usage
from tests.builders import traffic
from tests.builders.captures import pcapng
from tests.builders.site import API, BEGIN, EDGE, PC, PUBLIC, RESOLVER, UPLOADS, S, Scene

MACHINE = "10.7.0.21"
HOUR_S = 3600


def plant(duration_s=4 * HOUR_S):
    """An Edge that polls a machine and uploads, updates itself once, and a PC that looks on."""
    scene = Scene(duration_s)
    scene.poll(EDGE, MACHINE, "modbus", 502, orig_octets=1000, resp_octets=4000)
    scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=36_000, resp_octets=600)
    scene.tls(EDGE, PUBLIC, "registry2.balena-cloud.com", orig_octets=2000, resp_octets=900_000)
    scene.tls(PC, PUBLIC, "app.machinemetrics.com", orig_octets=700, resp_octets=7000)
    scene.tls(EDGE, "192.0.2.77", "files.example", orig_octets=50, resp_octets=60)
    return scene


def used(scene):
    """What a scene's hosts sent."""
    return Usage(api.judge(scene.seen()))


def total(usage, kind, direction):
    """Octets over all keys of a kind."""
    table = usage.table
    mine = table[(table["kind"] == kind) & (table["direction"] == direction)]
    return int(mine.groupby("key")["octets"].first().sum())


def test_purposes_keep_updates_apart():
    """Each flow has the purpose of the rule that allows it; what none allows has none."""
    usage = used(plant())
    table = usage.table
    mine = table[(table["kind"] == "purpose") & (table["direction"] == "up")].groupby("key")["octets"].first()
    assert dict(mine) == {"machine data": 1000, "telemetry": 36_000, "software updates": 2000, "dashboard": 700, "": 50}


def test_the_steady_upload_is_what_budgets_count():
    """Telemetry of the host that has machines, and nothing else."""
    usage = used(plant())
    table = usage.table
    mine = table[(table["kind"] == "steady") & (table["direction"] == "up")]
    assert set(zip(mine["key"], mine["octets"], strict=True)) == {(EDGE, 36_000)}


def test_a_pair_is_one_whoever_opens():
    """The host in scope comes first, and what it sends is up."""
    scene = plant()
    scene.flow(MACHINE, EDGE, 9000, orig_octets=10, resp_octets=20)
    table = used(scene).table
    key = f"{EDGE} \u2194 {MACHINE}"
    mine = table[(table["kind"] == "pair") & (table["key"] == key)].groupby("direction")["octets"].first()
    assert dict(mine) == {"up": 1020, "down": 4010}


def test_the_uplink_is_between_site_and_world():
    """What stays on the site does not count."""
    usage = used(plant())
    assert (total(usage, "uplink", "up"), total(usage, "uplink", "down")) == (38_750, 907_660)


def test_what_is_seen_twice_counts_once():
    """The flow on the other side of a NAT is the same octets."""
    scene = plant()
    before = total(used(scene), "host", "up")
    row = scene.tls("198.51.100.9", PUBLIC, UPLOADS, orig_octets=36_000, resp_octets=600)
    scene.rows["flows"][row].update(twin=1)
    scene.rows["flows"][1].update(twin=-1)
    for flow in scene.rows["flows"]:
        flow.setdefault("twin", -1)
    usage = used(scene)
    assert "198.51.100.9" not in usage.keys("host")
    assert total(usage, "host", "up") == before


def test_windows_are_those_that_the_captures_carry():
    """A minute and a half carries a second, ten and sixty; each key ends with the whole time."""
    table = used(plant(90)).table
    mine = table[(table["kind"] == "host") & (table["key"] == EDGE) & (table["direction"] == "up")]
    assert list(zip(mine["window_s"], mine["windows"], strict=True)) == [(1, 91), (10, 82), (60, 32), (90, 1)]


def test_a_series_has_its_idle_windows():
    """One value for each minute, zero where nothing was sent, and its octets are all octets."""
    usage = used(plant(600))
    series = usage.series("host", EDGE, "up", 60)
    assert len(series) == 10
    assert (series > 0).sum() == 1
    assert series.sum() * 60 / 8 == 39_050
    assert str(series.index[0]) == "2023-11-14 22:13:20+00:00"


def test_an_unknown_key_is_refused():
    """By KeyError, as in a dictionary."""
    usage = used(plant())
    with pytest.raises(KeyError, match="nobody"):
        usage.series("host", "nobody", "up", 60)


def test_nothing_captured_is_nothing_used():
    """A scene without a flow has a table without a row."""
    assert used(Scene()).table.empty


def test_the_mean_of_a_short_capture_is_that_of_the_budget():
    """Both begin with the first counted flow."""
    scene = Scene(120)
    scene.poll(EDGE, MACHINE, "modbus", 502)
    scene.lookup(EDGE, API, PUBLIC, resolver=RESOLVER)
    scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=1000, start_ns=BEGIN + 20 * S)
    usage = used(scene)
    budget = next(held for held in usage.result.conclusions.budgets if held.role == "edge")
    mine = usage.table[usage.table["kind"] == "steady"]
    assert set(mine.loc[mine["direction"] == "up", "mean_bps"]) == {budget.rate.mean_bps} == {80.0}


@settings(max_examples=30, deadline=None)
@given(number=traffic.numbers, cut=st.integers(0, 10**6))
def test_sums_agree_however_a_capture_is_cut(tmp_path_factory, number, cut):
    """Any traffic: rules, pairs and purposes add up to what hosts sent; two files give the figures of one."""
    shots = traffic.shots(number, chaos=0.0)
    folder = tmp_path_factory.mktemp("cut")
    at = cut % (len(shots) + 1)
    parts = [part for part in (shots[:at], shots[at:]) if part]
    names = []
    for place, part in enumerate(parts):
        names.append(str(folder / f"{place}.pcapng"))
        (folder / f"{place}.pcapng").write_bytes(pcapng(part))
    (folder / "whole.pcapng").write_bytes(pcapng(shots))
    whole, cut_up = (Usage(api.check(paths)) for paths in ([str(folder / "whole.pcapng")], names))
    sent = total(whole, "host", "up")
    assert total(whole, "host", "down") == sent
    for kind in ("pair", "rule", "purpose"):
        assert total(whole, kind, "up") + total(whole, kind, "down") == sent
    assert whole.table.equals(cut_up.table)
