"""The files for programs that watch a live capture."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys

import pytest

from analyzer.exporting import monitoring
from analyzer.exporting.metrics import Metrics
from tests.builders import live

NAMED = re.compile(r"\banalyzer_[a-z_]+")


@pytest.fixture(scope="module")
def known():
    """Every metric that there is, and its labels, of a picture that has all."""
    served = Metrics("127.0.0.1:0")
    served.update(live.picture())
    found = {}
    for family in served.collect():
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    served.close()
    return found


@pytest.fixture(scope="module")
def dashboard():
    """Grafana's, read."""
    return json.loads(monitoring.text("grafana"))


@pytest.mark.parametrize("name", ["grafana", "alerts"])
def test_every_metric_that_is_named_exists(name, known):
    """And so does every label that is asked for or grouped by."""
    text = monitoring.text(name)
    named = set(NAMED.findall(text))
    assert named
    assert named <= set(known)
    scraped = {"instance", "job"}
    for metric, selector in re.findall(r"\b(analyzer_[a-z_]+)\{([^}]*)\}", text):
        assert set(re.findall(r"([a-z_]+)=", selector)) <= known[metric] | scraped
    grouped = {label for labels in re.findall(r"\bby \(([a-z, ]+)\)", text) for label in labels.split(", ")}
    assert grouped | set(re.findall(r"\$labels\.([a-z_]+)", text)) <= set[str]().union(*known.values()) | scraped


def test_every_metric_that_matters_is_on_the_dashboard_or_alerts(known):
    """Nothing is served that nobody looks at, but what only names the capture."""
    used = set(NAMED.findall(monitoring.text("grafana") + monitoring.text("alerts")))
    assert set(known) - used == {"analyzer_capture_info", "analyzer_first_frame_timestamp_seconds"}


def test_the_dashboard_is_whole(dashboard):
    """Panels have ids and titles of their own, stand on Grafana's grid of 24 columns without overlapping, and ask."""
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert dashboard["title"]
    assert dashboard["schemaVersion"] >= 36
    for panel in panels:
        place = panel["gridPos"]
        assert 0 <= place["x"] < place["x"] + place["w"] <= 24
        assert panel["type"] in {"stat", "timeseries", "table", "bargauge"}
        assert panel["title"]
        refs = [target["refId"] for target in panel["targets"]]
        assert len(set(refs)) == len(refs) > 0
        assert all(target["expr"] for target in panel["targets"])

    def cells(panel):
        place = panel["gridPos"]
        ranges = (range(place[at], place[at] + place[size]) for at, size in (("x", "w"), ("y", "h")))
        return set(itertools.product(*ranges))

    for one, other in itertools.combinations(panels, 2):
        assert not cells(one) & cells(other)


def test_the_dashboard_goes_with_any_data_source(dashboard):
    """It is a variable, as the capture is; nothing else is meant by a dollar but Grafana's own."""
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    assert variables == {"datasource", "instance"}
    sources = {panel["datasource"]["uid"] for panel in dashboard["panels"]}
    sources |= {target["datasource"]["uid"] for panel in dashboard["panels"] for target in panel["targets"]}
    assert sources == {"${datasource}"}
    used = set(re.findall(r"\$\{?([a-z_]+)", json.dumps(dashboard)))
    assert used == variables | {"__rate_interval", "__all"}


def test_promtool_takes_the_alerts(needs_program, tmp_path):
    """As Prometheus reads them."""
    needs_program("promtool")
    (tmp_path / "alerts.yaml").write_text(monitoring.text("alerts"))
    run = subprocess.run(
        ["promtool", "check", "rules", "alerts.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "SUCCESS" in run.stdout


ALERTS = """
rule_files: [alerts.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'analyzer_build_info{version="1"}', values: '1x20'}
      - {series: 'analyzer_frames_total', values: '0+1000x20'}
      - {series: 'analyzer_dropped_frames_total', values: '0+DROPPEDx20'}
      - {series: 'analyzer_shed_flows_total', values: '0+0x20'}
      - {series: 'analyzer_uplink_bits_per_second{direction="up"}', values: 'UPx20'}
      - {series: 'analyzer_uplink_capacity_bits_per_second', values: '1000x20'}
      - {series: 'analyzer_last_frame_timestamp_seconds', values: '0+60x20'}
    alert_rule_test:
"""
QUIET = "      - {eval_time: 20m, alertname: %s, exp_alerts: []}\n"
LOUD = (
    "      - {eval_time: 20m, alertname: AnalyzerDropsFrames, exp_alerts: [{exp_labels: {severity: warning}, "
    'exp_annotations: {summary: "50% of all frames are lost before they are read", '
    'description: "What rests on every frame being seen is no longer judged."}}]}\n'
    "      - {eval_time: 20m, alertname: AnalyzerUplinkNearlyFull, exp_alerts: [{exp_labels: {severity: warning, "
    'direction: up}, exp_annotations: {summary: "The uplink (up) is 90% full"}}]}\n'
)


@pytest.mark.parametrize("loud", [False, True])
def test_alerts_fire_when_they_should_and_only_then(needs_program, tmp_path, loud):
    """Promtool plays twenty minutes: half of all frames lost and an uplink at 90 %, or a quiet plant."""
    needs_program("promtool")
    text = monitoring.text("alerts")
    (tmp_path / "alerts.yaml").write_text(text)
    told = ALERTS.replace("DROPPED", "1000" if loud else "0").replace("UPx", "900x" if loud else "100x")
    told += LOUD if loud else "".join(QUIET % name for name in re.findall(r"- alert: (\w+)", text))
    (tmp_path / "test.yaml").write_text(told)
    run = subprocess.run(
        ["promtool", "test", "rules", "test.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_systemd_takes_the_unit(needs_program, tmp_path):
    """It is verified without a word, with a program that is there in place of the analyzer."""
    needs_program("systemd-analyze")
    unit = tmp_path / "analyzer-live@eth0.service"
    unit.write_text(monitoring.text("systemd").replace("/usr/local/bin/analyzer", sys.executable))
    run = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout + run.stderr) == (0, "")


def test_the_unit_is_no_more_than_it_has_to_be():
    """Of all rights it has those to capture, as a user that nobody else is; a requirement that fails is no failure."""
    lines = monitoring.text("systemd").splitlines()
    for line in (
        "DynamicUser=yes",
        "AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN",
        "CapabilityBoundingSet=CAP_NET_RAW CAP_NET_ADMIN",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "Restart=always",
        "SuccessExitStatus=1",
        "StateDirectory=analyzer-live/%i",
    ):
        assert line in lines


def test_there_is_no_other_file():
    """A name that is unknown is an error."""
    assert set(monitoring.FILES) == {"grafana", "alerts", "systemd"}
    with pytest.raises(KeyError):
        monitoring.text("../metrics.py")
