"""A picture of a live capture becomes what Prometheus scrapes, on a loopback address.

Names and units go by Prometheus's conventions. Every set of labels is bounded: rules are those of the packs judged, at
most MOST_RULES; hosts those with a budget, at most MOST_HOSTS, the others added up as "other"; codes are the program's.
"""

from __future__ import annotations

import importlib.metadata
import ipaddress
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

from analyzer.errors import AnalyzerError, reason
from analyzer.exporting import livechanges
from analyzer.exporting.livepanels import share_of
from analyzer.findings import Budget, Outcome, Severity
from analyzer.printable import printable
from analyzer.watching.picture import Picture

if TYPE_CHECKING:
    from prometheus_client.core import Metric

MOST_HOSTS, MOST_RULES, MOST_CODES = 500, 2_000, 500
OTHER = "other"
LABEL_LENGTH = 100

DIRECTIONS = {"edge": "upload", "machine": "machine_side"}
"""What of a host its budget counts, by its role; of any other role it is what it receives."""

Labels = tuple[str, ...]


class Metrics:
    """A server of metrics until it is closed; AnalyzerError where an address cannot be had or is no loopback one."""

    def __init__(self, address: str) -> None:
        """Serves on an address and port, as "127.0.0.1:9469" or "[::1]:9469"."""
        host, port = loopback(address)
        from prometheus_client import CollectorRegistry, start_http_server

        self._picture: Picture | None = None
        self._found: Counter[str] = Counter()
        self._told: list[Metric] = list(_build())
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        try:
            self._server, self._thread = start_http_server(port, host, registry)
        except (OSError, OverflowError) as error:
            why = reason(error) if isinstance(error, OSError) else str(error)
            raise AnalyzerError(f"{address}: metrics cannot be served there: {why}") from None
        self.port: int = self._server.server_port

    def update(self, picture: Picture) -> None:
        """What is scraped from now on."""
        for seen in livechanges.fresh(self._picture, picture):
            code = _label(seen.finding.code)
            self._found[code if code in self._found or len(self._found) < MOST_CODES else OTHER] += 1
        self._picture = picture
        self._told = [*_build(), *_capture(picture), *_flows(picture), *_judged(picture, self._found), *_hosts(picture)]

    def close(self) -> None:
        """Ends the server; once more does nothing."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def collect(self) -> Iterator[Metric]:
        """What Prometheus gets; called by the server's threads."""
        yield from self._told


def loopback(address: str) -> tuple[str, int]:
    """The address and port at which metrics can be served; nothing listens yet.

    Raises AnalyzerError for what is none, or can be reached from outside, and where prometheus-client is not installed.
    """
    if find_spec("prometheus_client") is None:
        raise AnalyzerError(
            "metrics need prometheus-client: install the extra metrics, as plant-capture-analyzer[metrics]"
        )
    host, _, port = address.rpartition(":")
    host = "127.0.0.1" if host == "localhost" else host.removeprefix("[").removesuffix("]")
    if not (port.isascii() and port.isdigit()) or int(port) > 65535 or (":" in host) != address.startswith("["):
        raise AnalyzerError(f"{printable(address)}: not an address and a port, as 127.0.0.1:9469 or [::1]:9469")
    try:
        known = ipaddress.ip_address(host)
    except ValueError:
        raise AnalyzerError(f"{printable(address)}: not an IP address and a port, as 127.0.0.1:9469") from None
    if not known.is_loopback:
        raise AnalyzerError(
            f"{printable(address)}: metrics are served on a loopback address only, as 127.0.0.1:9469; what they tell of"
            " the plant is for nobody else"
        )
    return str(known), int(port)


def _gauge(name: str, told: str, samples: Mapping[Labels, float], names: Labels = ()) -> Metric:
    """A gauge, by the values of its labels; what is not finite is left out."""
    from prometheus_client.core import GaugeMetricFamily

    made = GaugeMetricFamily(name, told, labels=names)
    for labels, value in samples.items():
        if math.isfinite(value):
            made.add_metric(labels, value)
    return made


def _counter(name: str, told: str, samples: Mapping[Labels, float], names: Labels = ()) -> Metric:
    """A counter, by the values of its labels."""
    from prometheus_client.core import CounterMetricFamily

    made = CounterMetricFamily(name, told, labels=names)
    for labels, value in samples.items():
        made.add_metric(labels, value)
    return made


def _label(text: str) -> str:
    """A label's value that prints, and is not long."""
    made = printable(text)
    return made if len(made) <= LABEL_LENGTH else f"{made[: LABEL_LENGTH - 1]}…"


def _build() -> Iterator[Metric]:
    try:
        version = importlib.metadata.version("plant-capture-analyzer")
    except importlib.metadata.PackageNotFoundError:
        version = "work tree"
    versions: dict[Labels, float] = {(version,): 1.0}
    yield _gauge("analyzer_build_info", "1, with the version of the analyzer.", versions, ("version",))


def _capture(picture: Picture) -> Iterator[Metric]:
    """What was captured and what was lost."""
    labels: Labels = (_label(picture.interface), _label(picture.feed))
    yield _gauge("analyzer_capture_info", "1, with what is captured, and how.", {labels: 1.0}, ("interface", "feed"))
    yield _counter("analyzer_frames_total", "Frames captured.", {(): picture.frames})
    yield _counter("analyzer_octets_total", "Bytes of captured frames, on the wire.", {(): picture.octets})
    if picture.dropped is not None:
        yield _counter("analyzer_dropped_frames_total", "Frames lost before they were read.", {(): picture.dropped})
    if picture.now_ns:
        first, last = picture.since_ns / 1e9, picture.now_ns / 1e9
        yield _gauge("analyzer_first_frame_timestamp_seconds", "Time of the first frame, since 1970.", {(): first})
        yield _gauge("analyzer_last_frame_timestamp_seconds", "Time of the last frame, since 1970.", {(): last})
    uplink: dict[Labels, float] = {("up",): picture.up_bps, ("down",): picture.down_bps}
    told = "Bit/s of the site to and from the outside, IP octets, over the last window."
    yield _gauge("analyzer_uplink_bits_per_second", told, uplink, ("direction",))
    if picture.uplink_bps:
        told = "Bit/s that the uplink carries."
        yield _gauge("analyzer_uplink_capacity_bits_per_second", told, {(): picture.uplink_bps})


def _flows(picture: Picture) -> Iterator[Metric]:
    """What is in memory, and what left it."""
    now: dict[Labels, float] = {("open",): picture.open_flows, ("held",): picture.held_flows}
    yield _gauge("analyzer_flows", "Flows that are open, and that are held in memory, open ones too.", now, ("state",))
    yield _counter(
        "analyzer_left_flows_total", "Flows that ended and left memory for a file.", {(): picture.left_flows}
    )
    yield _counter("analyzer_shed_flows_total", "Flows that were not kept under a flood.", {(): picture.shed_flows})


def _judged(picture: Picture, found: Counter[str]) -> Iterator[Metric]:
    """Rules and findings."""
    yield _gauge("analyzer_judging_seconds", "How long the last judging took.", {(): picture.judged_s})
    outcomes: dict[Labels, float] = {
        (_label(rule.pack), _label(rule.rule), outcome.value): float(rule.outcome is outcome)
        for rule in livechanges.rules_of(picture)[:MOST_RULES]
        for outcome in Outcome
    }
    names = ("pack", "rule", "outcome")
    yield _gauge("analyzer_rule_outcome", "1 for the outcome that a rule has, 0 for the others.", outcomes, names)
    there = Counter(seen.finding.severity for seen in picture.findings if not seen.gone)
    severities: dict[Labels, float] = {(severity.value,): float(there[severity]) for severity in Severity}
    yield _gauge("analyzer_findings", "Findings that are there now.", severities, ("severity",))
    codes: dict[Labels, float] = {(code,): float(number) for code, number in found.items()}
    yield _counter("analyzer_findings_total", "Findings that came up since the start.", codes, ("code",))


def _hosts(picture: Picture) -> Iterator[Metric]:
    """Rates against budgets, of the hosts that have one."""
    rates, granted, failing = (
        defaultdict[Labels, float](float),
        defaultdict[Labels, float](float),
        dict[Labels, float](),
    )
    budgets = picture.result.conclusions.budgets if picture.result is not None else ()
    for name, budget in _named(budgets):
        if math.isfinite(budget.rate.mean_bps):
            rates[name, DIRECTIONS.get(budget.role, "download")] += budget.rate.mean_bps
        if math.isfinite(budget.high_bps):
            granted[(name,)] += budget.high_bps
        failing[(name,)] = max(failing.get((name,), 0.0), float(budget.outcome is Outcome.FAILS))
    told = "Bit/s that count against a host's budget, IP octets, mean of the time judged; other: the hosts not listed."
    yield _gauge("analyzer_host_bits_per_second", told, rates, ("host", "direction"))
    told = "Bit/s that the document grants a host at most."
    yield _gauge("analyzer_host_budget_bits_per_second", told, granted, ("host",))
    told = "1 where a host's rate is above its budget, tolerance included."
    yield _gauge("analyzer_host_budget_exceeded", told, failing, ("host",))


def _named(budgets: Iterable[Budget]) -> Iterator[tuple[str, Budget]]:
    """Budgets with the names of their hosts; of too many, those that are least full share one."""
    ranked = sorted(budgets, key=lambda one: (one.outcome is not Outcome.FAILS, -_fullness(one), one.host))
    names: dict[str, str] = {}
    for budget in ranked:
        label = _label(budget.host)
        yield names.setdefault(label, label if len(names) < MOST_HOSTS else OTHER), budget


def _fullness(budget: Budget) -> float:
    share = share_of(budget)
    return share if math.isfinite(share) else -1.0
