"""How much each host, pair, rule and purpose sent, and at which rate, over windows from a second to an hour.

Octets are those of judged flows and of all others: each flow belongs to one pair, one rule and one purpose, which may
be none, and to two hosts. What is in the capture twice, on both sides of a NAT, counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer import addresses, rating
from analyzer.addresses import Reach
from analyzer.findings import Rate, Verdict
from analyzer.result import Result

WINDOWS_S = (1.0, 10.0, 60.0, 300.0, 3600.0)
KINDS = ("uplink", "steady", "other", "host", "pair", "rule", "purpose")

BUDGET_S = 300.0
"""Over so long budgets mean their rates; where captures are shorter, since what is counted began."""

MOST_KEYS = 200
"""So many keys of each kind have rates over windows: those with most octets. The others have their mean."""

BETWEEN = " ↔ "
UNALLOWED = Verdict.UNEXPECTED.value
"""The rule of such a flow is one that it breaks."""

COLUMNS: Mapping[str, str] = {
    "kind": "uplink (to public addresses), steady (what upload budgets count), other (the rest), host, pair, rule,"
    " purpose",
    "key": "host's name or address; a pair as one and other; rule's id; purpose; empty for no rule or purpose",
    "direction": "up: sent by the host, by the first of the pair, by the site; down: received",
    "window_s": "length of the windows; the last row of a key is the whole time, as one window",
    "windows": "how many windows, one begins with every bin",
    "mean_bps": "over the whole time, idle time included, at IP length; steady: as budgets have it",
    "p50_bps": "half of the windows are below",
    "p95_bps": "95 of 100 windows are below",
    "p99_bps": "99 of 100 windows are below",
    "peak_bps": "highest window",
    "octets": "at IP length",
    "frame_octets": "of frames on the wire",
    "payload_octets": "of transport payload",
    "flows": "how many",
}

NOWHERE = -1
DIRECTIONS = ("up", "down")
Codes = npt.NDArray[np.int64]
Ups = npt.NDArray[np.bool_]


class _View(NamedTuple):
    """Per flow the number of its key, `NOWHERE` where it does not count, and whether its originator's octets are up."""

    code: Codes
    up: Ups


class _Keyed(NamedTuple):
    """Keys of a kind by their numbers, and the flows as they see them: once, or once for each end."""

    names: list[str]
    views: tuple[_View, ...]


class Usage:
    """The octets of a result's flows by kind, key, direction and time."""

    def __init__(self, result: Result) -> None:
        """Of a result."""
        self.result = result
        self.seen = result.observations
        self.span = rating.span(self.seen)
        self._known: dict[str, _Keyed] = {}

    @property
    def windows_s(self) -> list[float]:
        """The windows of `WINDOWS_S` that the captures carry; where they carry none, they have a mean only."""
        return rating.carried(self.span, WINDOWS_S) if self.span.bins else []

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per kind, key, direction and window, with the columns of COLUMNS; most octets first in each kind."""
        rows = [row for kind in KINDS for row in self._rows(kind)]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def keys(self, kind: str) -> list[str]:
        """The keys of a kind, those with most octets first."""
        return list(dict.fromkeys(self.table.loc[self.table["kind"] == kind, "key"]))

    def series(self, kind: str, key: str, direction: str, window_s: float) -> pd.Series:
        """The rate in bit/s of windows one after the other, by the time (UTC) at which each begins; idle ones are 0.

        Where the captures are shorter than a window, what there is of it stands for it. Raises KeyError for a key that
        no flow has.
        """
        octets = self.octets(kind, key, direction)
        per = max(round(window_s * 1e9 / self.span.bin_ns), 1)
        width_ns = per * self.span.bin_ns
        starts = np.arange(0, len(octets), per)
        sums = np.add.reduceat(octets, starts) if len(octets) else octets
        whole = max(len(octets) // per, min(len(sums), 1))
        index = pd.DatetimeIndex((self.span.start_ns + starts[:whole] * self.span.bin_ns).view("M8[ns]"))
        rates = sums[:whole] * 8 / (min(width_ns, len(octets) * self.span.bin_ns) / 1e9)
        return pd.Series(rates, index=index.tz_localize("UTC"), name=f"{key} {direction}", dtype="float64")

    def rate(self, kind: str, key: str, direction: str, window_s: float) -> Rate:
        """The rate over windows so long; the mean over the whole time where the captures do not carry them.

        Raises KeyError for a key that no flow has.
        """
        return rating.rate(self.octets(kind, key, direction), self.span, window_s)

    def _rows(self, kind: str) -> list[tuple[object, ...]]:
        """The rows of a kind."""
        keyed = self._keyed(kind)
        totals = {direction: self._totals(keyed, direction) for direction in DIRECTIONS}
        both = totals["up"][:, 0] + totals["down"][:, 0]
        ranked = [code for code in np.argsort(-both, kind="stable").tolist() if totals["up"][code, 3]]
        rows: list[tuple[object, ...]] = []
        for place, code in enumerate(ranked):
            key = keyed.names[code]
            for direction in DIRECTIONS:
                octets, *more = totals[direction][code].tolist()
                windows = self.windows_s if place < MOST_KEYS else []
                series = self.octets(kind, key, direction) if windows else np.zeros(0, np.int64)
                whole = rating.even(octets, self._time_s(kind, code))
                carried = (rating.rate(series, self.span, window_s) for window_s in windows)
                rates = [*(replace(rate, mean_bps=whole.mean_bps) for rate in carried), whole]
                for rate in rates:
                    per = max(round(rate.window_s / (self.span.bin_ns / 1e9)), 1)
                    count = self.span.bins - per + 1 if rate is not rates[-1] else 1
                    figures = rate.mean_bps, rate.p50_bps, rate.p95_bps, rate.p99_bps, rate.peak_bps
                    rows.append((kind, key, direction, rate.window_s, count, *figures, octets, *more))
        return rows

    def _time_s(self, kind: str, code: int) -> float:
        """The time of a key's mean: all of it; of what budgets count, as they have it in shorter captures."""
        if kind != "steady" or self.span.duration_s > BUDGET_S:
            return self.span.duration_s
        (view,) = self._keyed(kind).views
        begun = int(self.seen.flows.start_ns[view.code == code].min())
        return max(self.span.last_ns - begun, self.span.bin_ns) / 1e9

    def _totals(self, keyed: _Keyed, direction: str) -> Codes:
        """Per key: octets, frame octets, payload octets, flows."""
        flows = self.seen.flows
        sides = (
            (flows.orig_octets, flows.resp_octets),
            (flows.orig_frame_octets, flows.resp_frame_octets),
            (flows.orig_payload_octets, flows.resp_payload_octets),
        )
        made = np.zeros((len(keyed.names), 4), np.int64)
        for view in keyed.views:
            held = view.code != NOWHERE
            forth = (view.up == (direction == "up"))[held]
            for column, (orig, resp) in enumerate(sides):
                np.add.at(made[:, column], view.code[held], np.where(forth, orig[held], resp[held]))
            np.add.at(made[:, 3], view.code[held], 1)
        return made

    def octets(self, kind: str, key: str, direction: str) -> rating.Counts:
        """Octets of a key in each bin; raises KeyError for a key that no flow has."""
        keyed = self._keyed(kind)
        if key not in keyed.names:
            raise KeyError(key)
        rates, made = self.seen.rates, np.zeros(self.span.bins, np.int64)
        for view, (order, bounds) in zip(keyed.views, self._order(kind), strict=True):
            code = keyed.names.index(key)
            rows = order[bounds[code] : bounds[code + 1]]
            forth = view.up[rates.flow[rows]] == (direction == "up")
            octets = np.where(forth, rates.orig_octets[rows], rates.resp_octets[rows])
            made += rating.binned(self.span.slot(rates.start_ns[rows]), octets, self.span.bins)
        return made

    def _order(self, kind: str) -> tuple[tuple[Codes, Codes], ...]:
        """Per view the rows of the rates in the order of keys, and where each key's begin."""
        if kind not in self._orders:
            keyed = self._keyed(kind)
            made = []
            for view in keyed.views:
                codes = view.code[self.seen.rates.flow]
                order = np.argsort(codes, kind="stable")
                made.append((order, np.searchsorted(codes[order], np.arange(len(keyed.names) + 1))))
            self._orders[kind] = tuple(made)
        return self._orders[kind]

    @cached_property
    def _orders(self) -> dict[str, tuple[tuple[Codes, Codes], ...]]:
        return {}

    def _keyed(self, kind: str) -> _Keyed:
        if kind not in self._known:
            makers: dict[str, Callable[[], _Keyed]] = {
                "uplink": self._by_uplink, "host": self._by_host, "pair": self._by_pair, "rule": self._by_rule,
                "steady": self._by_steady, "other": self._by_other, "purpose": self._by_purpose,
            }  # fmt: skip
            self._known[kind] = makers[kind]()
        return self._known[kind]

    @cached_property
    def _ends(self) -> list[tuple[str, str]]:
        """What the two ends of each flow are called: their host's name, else their address."""
        hosts = self.result.conclusions.hosts
        named = {address: host.host for host in hosts for address in host.addresses}
        flows = self.seen.flows
        both = zip(flows.orig_h, flows.resp_h, strict=True)
        return [(named.get(orig, orig), named.get(resp, resp)) for orig, resp in both]

    @cached_property
    def _purposes(self) -> list[str]:
        """What each flow serves, empty where no rule allows it."""
        verdicts = self.result.conclusions.flows
        purposes = {rule.rule: rule.purpose for rule in self.result.conclusions.rules}
        told = zip(verdicts.rule, verdicts.verdict, strict=True)
        return ["" if verdict == UNALLOWED else purposes.get(rule, "") for rule, verdict in told]

    @cached_property
    def _mine_first(self) -> Ups:
        """Per flow whether its originator is a host in scope, or none of its ends is."""
        judged = {host.host for host in self.result.conclusions.hosts if host.judged}
        return np.array([orig in judged or resp not in judged for orig, resp in self._ends], np.bool_)

    def _by_uplink(self) -> _Keyed:
        flows = self.seen.flows
        orig, resp = (
            np.array([addresses.reach(address) is Reach.PUBLIC for address in column], np.bool_)
            for column in (flows.orig_h, flows.resp_h)
        )
        code = np.where((orig != resp) & (flows.twin < 0), 0, NOWHERE).astype(np.int64)
        return _Keyed(["uplink"], (_View(code, ~orig),))

    def _by_other(self) -> _Keyed:
        """What goes over the uplink and is no steady upload."""
        ((uplink,), (steady,)) = (self._keyed(kind).views for kind in ("uplink", "steady"))
        return _Keyed(["other"], (_View(np.where(steady.code == NOWHERE, uplink.code, NOWHERE), uplink.up),))

    def _by_host(self) -> _Keyed:
        names = [name for ends in self._ends for name in ends]
        numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
        forth = np.ones(len(self._ends), np.bool_)
        views = [
            _View(self._counted([numbers[ends[side]] for ends in self._ends]), forth if side == 0 else ~forth)
            for side in (0, 1)
        ]
        return _Keyed(list(numbers), tuple(views))

    def _by_pair(self) -> _Keyed:
        first: dict[frozenset[str], str] = {}
        for ends, mine in zip(self._ends, self._mine_first.tolist(), strict=True):
            first.setdefault(frozenset(ends), ends[0] if mine else ends[1])
        up = np.array([first[frozenset(ends)] == ends[0] for ends in self._ends], np.bool_)
        pairs = zip(self._ends, up.tolist(), strict=True)
        return self._coded([BETWEEN.join(ends if forth else ends[::-1]) for ends, forth in pairs], up)

    def _by_rule(self) -> _Keyed:
        return self._coded([str(rule) for rule in self.result.conclusions.flows.rule], self._mine_first)

    def _by_purpose(self) -> _Keyed:
        return self._coded(self._purposes, self._mine_first)

    def _by_steady(self) -> _Keyed:
        """Flows that the budgets for uploads count, by the host that has one."""
        granted = [grant for grant in self.result.conclusions.grants if grant.direction == "up"]
        counted = {purpose for grant in granted for purpose in grant.purposes}
        edges = {budget.host for budget in self.result.conclusions.budgets if budget.machines and budget.role == "edge"}
        names = {name: number for number, name in enumerate(sorted(edges))}
        flows = zip(self._ends, self._purposes, strict=True)
        held = [
            names.get(ends[0], names.get(ends[1], NOWHERE)) if purpose in counted else NOWHERE
            for ends, purpose in flows
        ]
        up = np.array([ends[0] in names for ends in self._ends], np.bool_)
        return _Keyed(list(names), (_View(self._counted(held), up),))

    def _coded(self, keys: Sequence[str], up: Ups) -> _Keyed:
        """Flows of one key each."""
        numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        return _Keyed(list(numbers), (_View(self._counted([numbers[key] for key in keys]), up),))

    def _counted(self, codes: Sequence[int]) -> Codes:
        """The numbers of flows' keys; what is in the capture once more, beyond a NAT, has none."""
        return np.where(self.seen.flows.twin < 0, np.array(codes, np.int64), NOWHERE)
