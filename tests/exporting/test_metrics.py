"""Metrics of a live capture, as a scraper gets them."""

from __future__ import annotations

import contextlib
import json
import math
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from analyzer.errors import AnalyzerError
from analyzer.exporting import metrics, monitoring
from analyzer.exporting.metrics import Metrics
from analyzer.findings import Outcome, Severity
from tests.builders import live
from tests.builders.plant import RULES


@pytest.fixture
def served():
    """A server of metrics on any free port."""
    made = Metrics("127.0.0.1:0")
    yield made
    made.close()


def fetched(port, host="127.0.0.1"):
    """What a scraper gets: by metric and labels, the values."""
    with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    found = {(sample.name, *sorted(sample.labels.values())): sample.value for sample in samples}
    assert len(found) == len(samples), "a sample stands twice"
    return found


def names(found):
    """The names of metrics."""
    return {name for name, *_ in found}


def test_counts_and_rates_are_those_of_the_picture(served):
    """Each with its unit in its name."""
    served.update(live.picture(60, dropped=7, shed_flows=3))
    found = fetched(served.port)
    assert found["analyzer_frames_total",] == 740_700
    assert found["analyzer_octets_total",] == 252_600_000
    assert found["analyzer_dropped_frames_total",] == 7
    assert found["analyzer_flows", "open"] == 812
    assert found["analyzer_flows", "held"] == 20_412
    assert found["analyzer_left_flows_total",] == 1_204_113
    assert found["analyzer_shed_flows_total",] == 3
    assert found["analyzer_uplink_bits_per_second", "up"] == 1_200_000
    assert found["analyzer_uplink_bits_per_second", "down"] == 3_400_000
    assert found["analyzer_uplink_capacity_bits_per_second",] == 10_000_000
    assert found["analyzer_judging_seconds",] == 0.42
    assert found["analyzer_last_frame_timestamp_seconds",] == pytest.approx(live.START_NS / 1e9 + 60)
    assert found["analyzer_first_frame_timestamp_seconds",] == pytest.approx(live.START_NS / 1e9)
    assert found["analyzer_capture_info", "eth0", "ring"] == 1
    assert [key for key in found if key[0] == "analyzer_build_info"]


def test_rules_have_one_outcome_each(served):
    """1 for it, 0 for the three others."""
    served.update(live.picture())
    found = fetched(served.port)
    told = {key: value for key, value in found.items() if key[0] == "analyzer_rule_outcome"}
    assert len(told) == len(RULES) * len(Outcome)
    assert sum(told.values()) == len(RULES)
    assert told["analyzer_rule_outcome", *sorted(("machinemetrics", "mm-iso-machines", "fails"))] == 1


def test_findings_count_what_is_there_and_what_came_up(served):
    """A finding that went counts among those that came up, and again when it comes back."""
    served.update(live.picture(60))
    served.update(live.picture(62))
    found = fetched(served.port)
    assert found["analyzer_findings", "high"] == 1
    assert found["analyzer_findings", "critical"] == 0
    assert found["analyzer_findings_total", "machine-leaves-site"] == 1
    served.update(live.picture(64, findings=(live.seen(at_s=30, gone=True),)))
    assert fetched(served.port)["analyzer_findings", "high"] == 0
    served.update(live.picture(66))
    found = fetched(served.port)
    assert {key[1] for key in found if key[0] == "analyzer_findings"} == {severity.value for severity in Severity}
    assert found["analyzer_findings_total", "machine-leaves-site"] == 2


def test_hosts_have_rates_and_budgets(served):
    """What each budget counts: an Edge's upload, a machine's side, a browser's download; NaN is left out."""
    budgets = [
        live.budget("e", 10_000.0, 9_000.0, "edge", Outcome.FAILS),
        live.budget("m", 400.0, 1_000.0),
        live.budget("b", 300.0, math.inf, "browser"),
        live.budget("n", math.nan, 1_000.0),
    ]
    served.update(live.picture(result=live.with_rules((), budgets)))
    found = fetched(served.port)
    rates = {key[1:]: value for key, value in found.items() if key[0] == "analyzer_host_bits_per_second"}
    assert rates == {("e", "upload"): 10_000, ("m", "machine_side"): 400, ("b", "download"): 300}
    granted = {key[1]: value for key, value in found.items() if key[0] == "analyzer_host_budget_bits_per_second"}
    assert granted == {"e": 9_000, "m": 1_000, "n": 1_000}
    assert found["analyzer_host_budget_exceeded", "e"] == 1
    assert found["analyzer_host_budget_exceeded", "m"] == 0


def test_labels_are_bounded(served):
    """Of very many hosts, rules and codes, the first have a label of their own, and the fullest hosts."""
    budgets = [live.budget(f"h{n}", float(n), 10_000.0) for n in range(metrics.MOST_HOSTS + 50)]
    rules = [live.RULES[0]] * 3 + [live.replace(RULES[0], rule=f"r{n}") for n in range(metrics.MOST_RULES + 9)]
    findings = tuple(live.seen(code=f"c{n}") for n in range(metrics.MOST_CODES + 20))
    served.update(live.picture(result=live.with_rules(tuple(rules), budgets), findings=findings))
    found = fetched(served.port)
    hosts = {key[1]: value for key, value in found.items() if key[0] == "analyzer_host_budget_exceeded"}
    assert len(hosts) == metrics.MOST_HOSTS + 1
    assert "h549" in hosts
    assert "h0" not in hosts
    assert found["analyzer_host_bits_per_second", "machine_side", "other"] == sum(range(50))
    assert len([key for key in found if key[0] == "analyzer_rule_outcome"]) <= metrics.MOST_RULES * len(Outcome)
    codes = {key[1]: value for key, value in found.items() if key[0] == "analyzer_findings_total"}
    assert len(codes) == metrics.MOST_CODES + 1
    assert codes["other"] == 20


def test_labels_are_harmless(served):
    """What a capture says is printable, short, and breaks no line."""
    served.update(live.hostile())
    long = live.budget("x" * 5_000, 1.0, 2.0)
    assert all(part.isprintable() for key in fetched(served.port) for part in key)
    served.update(live.picture(result=live.with_rules((), [long])))
    assert max(len(part) for key in fetched(served.port) for part in key) <= metrics.LABEL_LENGTH


def test_what_is_not_known_has_no_sample(served):
    """Drops that the feed cannot tell, an uplink, times before the first frame; before the first picture all."""
    assert names(fetched(served.port)) == {"analyzer_build_info"}
    served.update(live.empty())
    told = names(fetched(served.port))
    for name in (
        "dropped_frames_total",
        "uplink_capacity_bits_per_second",
        "last_frame_timestamp_seconds",
        "rule_outcome",
    ):
        assert f"analyzer_{name}" not in told


@pytest.mark.parametrize(
    "address", ["0.0.0.0:9469", "[::]:9469", "192.0.2.1:9469", "[2001:db8::1]:9469", "198.51.100.7:80", "8.8.8.8:1"]
)
def test_only_loopback_is_served(address):
    """Any address that others reach is one clear error."""
    with pytest.raises(AnalyzerError, match="loopback"):
        Metrics(address)


@pytest.mark.parametrize(
    "address",
    ["", "9469", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "::1:9469", "[127.0.0.1]:1", "host:1", "a\nb:1"],
)
def test_what_is_no_address_is_one_line(address):
    """With how an address looks."""
    with pytest.raises(AnalyzerError, match=r"as 127\.0\.0\.1:9469") as told:
        Metrics(address)
    assert str(told.value).isprintable()


def test_ipv6_loopback_is_served():
    """In brackets."""
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 loopback here")
    served = Metrics("[::1]:0")
    served.update(live.picture())
    assert ("analyzer_frames_total",) in fetched(served.port, "[::1]")
    served.close()


def test_a_port_that_is_taken_is_one_line(served):
    """With the reason."""
    with pytest.raises(AnalyzerError, match="in use"):
        Metrics(f"127.0.0.1:{served.port}")


def test_close_frees_the_port():
    """Once more does nothing."""
    served = Metrics("localhost:0")
    served.close()
    served.close()
    Metrics(f"127.0.0.1:{served.port}").close()


def test_without_the_library_that_is_said(monkeypatch):
    """As one line that names the extra."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(AnalyzerError, match=r"plant-capture-analyzer\[metrics\]"):
        Metrics("127.0.0.1:0")


SCRAPE = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [alerts.yaml]
scrape_configs:
  - job_name: analyzer
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""
FRAMES_S, PATIENCE_S = 4_000, 30


class Prometheus:
    """A real one, and what it answers."""

    def __init__(self, port):
        self.api = f"http://127.0.0.1:{port}/api/v1"

    def asked(self, path, **parameters):
        """The data of an answer, which has to be a success."""
        address = f"{self.api}/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(address, timeout=5) as answer:
            told = json.load(answer)
        assert told["status"] == "success"
        return told["data"]

    def scraped(self, times):
        """Whether it has scraped so often within a while."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                if next(iter(self.query("count_over_time(analyzer_frames_total[30s])").values()), 0) >= times:
                    return True
            time.sleep(0.2)
        return False

    def query(self, expression):
        """Values by labels, without the metric's name."""
        rows = self.asked("query", query=expression)["result"]
        drop = {"__name__", "instance", "job"}
        return {
            tuple(value for name, value in sorted(row["metric"].items()) if name not in drop): float(row["value"][1])
            for row in rows
        }


def counting(served, over):
    """A capture of FRAMES_S, until it is over."""
    critical = (live.seen(at_s=30, severity=Severity.CRITICAL),)
    begin = time.monotonic()
    while not over.wait(0.1):
        past_s = time.monotonic() - begin
        frames = int(FRAMES_S * past_s)
        counts = {"frames": frames, "octets": 100 * frames, "dropped": frames // 100}
        served.update(live.picture(60 + int(past_s), findings=critical, **counts))


@pytest.fixture
def prometheus(tmp_path, needs_program):
    """A real Prometheus that has scraped a capture for some seconds, and goes on."""
    needs_program("prometheus")
    folder, served, over = tmp_path, Metrics("127.0.0.1:0"), threading.Event()
    (folder / "prometheus.yml").write_text(SCRAPE.format(port=served.port))
    (folder / "alerts.yaml").write_text(monitoring.text("alerts"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--config.file=prometheus.yml", "--storage.tsdb.path=data", f"--web.listen-address=127.0.0.1:{port}"]
    capture = threading.Thread(target=counting, args=(served, over))
    capture.start()
    with (folder / "log").open("w") as log, subprocess.Popen(["prometheus", *options], cwd=folder, stderr=log) as run:
        try:
            made = Prometheus(port)
            assert made.scraped(5), (folder / "log").read_text()
            yield made
        finally:
            run.terminate()
            over.set()
            capture.join()
            served.close()


def rates_are_told(prometheus):
    """Frames, bits and drops a second, by its own query language."""
    (rate,) = prometheus.query("rate(analyzer_frames_total[4s])").values()
    assert rate == pytest.approx(FRAMES_S, rel=0.25)
    (bits,) = prometheus.query("rate(analyzer_octets_total[4s]) * 8").values()
    assert bits == pytest.approx(rate * 800, rel=0.01)
    (share,) = prometheus.query("rate(analyzer_dropped_frames_total[4s]) / rate(analyzer_frames_total[4s])").values()
    assert share == pytest.approx(0.01, rel=0.05)
    assert prometheus.query("analyzer_uplink_bits_per_second") == {("up",): 1_200_000, ("down",): 3_400_000}
    assert prometheus.query("sum by (outcome) (analyzer_rule_outcome)")[("fails",)] == 1


def alerts_are_evaluated(prometheus):
    """Every rule is evaluated without an error, and a critical finding fires."""
    (group,) = prometheus.asked("rules")["groups"]
    assert {rule["health"] for rule in group["rules"]} == {"ok"}
    assert len(group["rules"]) == monitoring.text("alerts").count("- alert:")
    firing = prometheus.query('ALERTS{alertstate="firing"}')
    assert any("AnalyzerFindingCritical" in labels for labels in firing)
    pending = prometheus.query('ALERTS{alertname="AnalyzerRequirementFails"}')
    assert any("mm-iso-machines" in labels for labels in pending)


def the_dashboard_is_answered(prometheus):
    """Every expression of every panel has values."""
    panels = json.loads(monitoring.text("grafana"))["panels"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    assert asked
    for expression in asked:
        assert prometheus.query(expression.replace("$__rate_interval", "4s").replace("$instance", ".+")), expression


def test_a_real_prometheus_scrapes_warns_and_answers(prometheus):
    """Rates come out as they went in, alerts are taken and fire, and the dashboard's questions have answers."""
    rates_are_told(prometheus)
    alerts_are_evaluated(prometheus)
    the_dashboard_is_answered(prometheus)
