"""Facts and conclusions become what users get: tables of pandas, the structure of result.json, an exit code."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.findings import Budget, Cite, Conclusions, Finding, Outcome, Rate
from analyzer.observations import Capture, Observations
from analyzer.quality import Grade, Measure, grade, measures
from analyzer.taps import PAIR_COLUMNS, Taps, side_by_side, summary

SCHEMA = "analyzer-result/1"

HOLDS, FAILS, NOTHING = 0, 1, 3
"""Exit codes: no requirement fails; at least one does; no verdict could be had."""

PROTOCOLS: Mapping[int, str] = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6"}
"""Transport protocols as flows.parquet writes them (Zeek's words); any other as its IANA number."""

FLOW_COLUMNS: Mapping[str, str] = {
    "flow": "id of the flow within this result",
    "community_id": "Community ID v1, seed 0",
    "start": "time of the first frame, UTC, ns",
    "end": "time of the last frame, UTC, ns",
    "proto": "tcp, udp, icmp, icmp6, or the IANA protocol number",
    "orig_h": "originator's address",
    "orig_p": "originator's port, or ICMP type",
    "resp_h": "responder's address",
    "resp_p": "responder's port, or ICMP code",
    "orig_packets": "frames from the originator",
    "resp_packets": "frames from the responder",
    "orig_octets": "octets from the originator at IP length",
    "resp_octets": "octets from the responder at IP length",
    "conn_state": "Zeek conn_state, letter by letter",
    "history": "Zeek history, letter by letter",
    "service": "application protocol, by payload",
    "server_name": "name of the responder",
    "server_name_basis": "how the name is known: sni, quic, host, connect, cert, dns, address",
    "end_to_end": "proven, no_sign, suspected or broken for TLS, else empty",
    "pack": "rule pack that judges the flow",
    "rule": "id of the rule that the verdict rests on",
    "verdict": "expected, unexpected, blocked, intercepted, undetermined, housekeeping or not_judged",
    "strength": "proof, strong or suggestive; empty where nothing had to be shown",
    "codes": "codes of the evidence",
}
"""What each column of Result.flows and of flows.parquet holds."""

CATEGORIES = ("conn_state", "service", "server_name_basis")
CITE = ("document", "section", "row", "quote")
FINDING_COLUMNS = (
    *("id", "code", "verdict", "severity", "strength", "title", "rule", *CITE),
    *("flows", "evidence", "rivals", "remedy", "filter"),
)
RATE = ("mean_bps", "p50_bps", "p95_bps", "p99_bps", "peak_bps", "window_s")


class Result:
    """What a check gives: every table as a DataFrame, and the whole as result.json has it.

    observations, conclusions   what it was made from
    taps, outside               of two captures compared: their flows side by side, and the result of the other one
    plan                        the capacity plan as result.json has it, where one was asked for
    """

    def __init__(
        self,
        observations: Observations,
        conclusions: Conclusions,
        taps: Taps | None = None,
        outside: Result | None = None,
        plan: Mapping[str, object] | None = None,
    ) -> None:
        self.observations, self.conclusions = observations, conclusions
        self.taps, self.outside, self.plan = taps, outside, plan

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {outcome}" for outcome, count in self.outcomes.items() if count)
        return f"<Result: {self.observations.flows.proto.size} flows, {counts or 'no rules'}>"

    @property
    def outcomes(self) -> dict[Outcome, int]:
        """How many rules have each of the four outcomes."""
        return {outcome: sum(rule.outcome is outcome for rule in self.conclusions.rules) for outcome in Outcome}

    @property
    def exit_code(self) -> int:
        """0 where no requirement fails, 1 where one does, 3 where the captures hold nothing that could be read."""
        if self.conclusions.fails:
            return FAILS
        seen = self.observations
        readable = sum(capture.packets for capture in seen.captures) - seen.quality.unknown_link_frames
        return HOLDS if readable > 0 or seen.flows.proto.size else NOTHING

    @property
    def grade(self) -> Grade:
        """How far the captures carry verdicts."""
        return grade(self.measures, self.observations.captures)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What the captures lack, and what that spoils."""
        return measures(self.observations.quality, self.observations.captures)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the result does not know, and what was found out about each capture while it was read."""
        read = (f"{_sound(c.path)}: {c.note}" for c in self.observations.captures if c.note)
        return (*self.conclusions.notes, *read)

    @cached_property
    def flows(self) -> pd.DataFrame:
        """One row per flow, with the columns of FLOW_COLUMNS; what few words fill is categorical."""
        flows, verdicts = self.observations.flows, self.conclusions.flows
        made: dict[str, Any] = {
            "flow": np.arange(flows.proto.size, dtype=np.int64),
            "start": pd.DatetimeIndex(flows.start_ns.view("M8[ns]")).tz_localize("UTC"),
            "end": pd.DatetimeIndex(flows.end_ns.view("M8[ns]")).tz_localize("UTC"),
            "proto": _protocols(flows.proto),
        }
        for name in ("community_id", "orig_h", "resp_h", "history", "server_name"):
            made[name] = _texts(getattr(flows, name))
        for name in CATEGORIES:
            made[name] = _categories(getattr(flows, name))
        for name in ("end_to_end", "pack", "rule", "verdict", "strength"):
            made[name] = _categories(getattr(verdicts, name))
        made["codes"] = verdicts.codes
        columns = {name: made[name] if name in made else getattr(flows, name) for name in FLOW_COLUMNS}
        return pd.DataFrame(columns, copy=False)

    @property
    def pairs(self) -> pd.DataFrame:
        """One row per flow that leads past the other tap, with the columns of PAIR_COLUMNS; empty without one."""
        return pd.DataFrame(side_by_side(self.taps) if self.taps else [], columns=list(PAIR_COLUMNS))

    @property
    def findings(self) -> pd.DataFrame:
        """One row per finding, worst first as judged; `cite` as four columns, evidence as a list of dictionaries."""
        return _frame(
            [_flat(finding_facts(finding)) for finding in self.conclusions.findings],
            FINDING_COLUMNS,
        )

    @property
    def rules(self) -> pd.DataFrame:
        """One row per rule: its outcome, over how many flows and octets, and why."""
        return _frame(
            [
                {**_flat(rule), "title": seen.title}
                for rule, seen in zip(self._rules(), self.conclusions.rules, strict=True)
            ],
            ("rule", "pack", "basis", "outcome", "title", *CITE, "flows", "octets", "because"),
        )

    @property
    def hosts(self) -> pd.DataFrame:
        """One row per host and pack: its role and how that is known."""
        return _frame(self._hosts(), ("host", "addresses", "macs", "role", "pack", "basis", "why"))

    @property
    def checklist(self) -> pd.DataFrame:
        """One row per step of the documents' checklists and troubleshooting lists."""
        return _frame(
            [_flat(item) for item in self._checklist()], ("item", "pack", "outcome", *CITE, "flows", "because")
        )

    @property
    def captures(self) -> pd.DataFrame:
        """One row per capture file, as it was read."""
        table = _frame(
            [asdict(capture) for capture in self.observations.captures],
            ("path", "format", "packets", "octets", "start_ns", "end_ns", "cut", "link_types", "note"),
        )
        for name in ("start", "end"):
            at = table.columns.get_loc(f"{name}_ns")
            stamps = table.pop(f"{name}_ns").astype("int64")
            table.insert(at, name, pd.to_datetime(stamps.where(table["packets"] > 0), unit="ns", utc=True))
        return table

    @property
    def quality(self) -> pd.DataFrame:
        """One row per measure of capture quality: its value (missing where not to be had) and its effect."""
        rows = [{"measure": m.name, "value": m.value, "effect": m.effect} for m in self.measures]
        return _frame(rows).astype({"value": "float64"})

    @property
    def bandwidth(self) -> pd.DataFrame:
        """One row per host with a budget: budget, rate measured, the share estimated for it (machines), outcome."""
        names = ("host", "role", "class", "protocol", "standard", "focas", "unknown", "budget_bps")
        estimates = tuple(f"upload_share_{name}" for name in RATE)
        rows = [_budget_row(budget) for budget in self.conclusions.budgets]
        table = _frame(rows, (*names, "budget_high_bps", "tolerance", "direction", *RATE, *estimates, "outcome"))
        return table.astype(dict.fromkeys(("budget_bps", "budget_high_bps", "tolerance", *RATE, *estimates), "float64"))

    @property
    def purposes(self) -> pd.DataFrame:
        """One row per purpose that judged traffic served: octets up and down, flows."""
        return _frame(self._purposes(), ("purpose", "octets_up", "octets_down", "flows"))

    def to_dict(self) -> dict[str, Any]:
        """The structure of result.json, of plain dictionaries, lists, strings, numbers and None."""
        return {
            "schema": SCHEMA,
            "captures": [_capture(capture) for capture in self.observations.captures],
            "quality": {
                "grade": self.grade.value,
                **{m.name: {"value": m.value, "effect": m.effect} for m in self.measures},
            },
            "hosts": self._hosts(),
            "rules": self._rules(),
            "findings": [finding_facts(finding) for finding in self.conclusions.findings],
            "checklist": self._checklist(),
            "bandwidth": self._bandwidth(),
            "notes": list(self.notes),
            "taps": self.taps and {"outside": [_capture(c) for c in self.taps.outside.captures], **summary(self.taps)},
        }

    def _hosts(self) -> list[dict[str, Any]]:
        return [
            {
                "host": host.host,
                "addresses": list(host.addresses),
                "macs": list(host.macs),
                "role": host.role,
                "pack": host.pack,
                "basis": str(host.basis),
                "why": host.why,
            }
            for host in self.conclusions.hosts
        ]

    def _rules(self) -> list[dict[str, Any]]:
        return [
            {
                "rule": rule.rule, "pack": rule.pack, "basis": rule.basis.value, "outcome": rule.outcome.value,
                "cite": _cite(rule.cite), "flows": int(rule.flows), "octets": int(rule.octets), "because": rule.because,
            }
            for rule in self.conclusions.rules
        ]  # fmt: skip

    def _checklist(self) -> list[dict[str, Any]]:
        return [
            {
                "item": item.item, "pack": item.pack, "outcome": item.outcome.value, "cite": _cite(item.cite),
                "flows": int(item.flows), "because": item.because,
            }
            for item in self.conclusions.checklist
        ]  # fmt: skip

    def _purposes(self) -> list[dict[str, Any]]:
        return [asdict(purpose) for purpose in self.conclusions.purposes]

    def _bandwidth(self) -> dict[str, Any]:
        made: dict[str, Any] = {
            "edges": [],
            "machines": [],
            "browsers": [],
            "purposes": self._purposes(),
        }
        for budget in self.conclusions.budgets:
            granted = {"budget_bps": _number(budget.budget_bps), "budget_high_bps": _number(budget.high_bps)}
            told, end = {"host": budget.host, **granted}, {"outcome": budget.outcome.value}
            if budget.role == "edge":
                held = {"machines": _machines(budget), "tolerance": _number(budget.tolerance)}
                made["edges"].append({**told, **held, "upload": _rate(budget.rate), **end})
            elif budget.role == "machine":
                share = budget.estimate and {**_rate(budget.estimate), "estimate": True}
                kind = {"class": budget.machine_class, "protocol": budget.protocol}
                measured = {"machine_side": _rate(budget.rate), "upload_share": share}
                made["machines"].append({**told, **kind, **measured, **end})
            else:
                made["browsers"].append({**told, "download": _rate(budget.rate), **end})
        return {**made, "plan": self.plan}


def _sound(text: str) -> str:
    """Text that is valid Unicode: a path may hold octets that are not."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _arrow(column: np.ndarray[Any, Any]) -> pa.Array:
    """An object column of str as an Arrow array; lone surrogates, which no file format takes, become escapes."""
    try:
        return pa.array(column, type=pa.large_string())
    except UnicodeEncodeError:
        return pa.array([_sound(cell) for cell in column], type=pa.large_string())


def _texts(column: np.ndarray[Any, Any]) -> pd.Series[str]:
    return pd.Series(pd.array(_arrow(column), dtype="str"))


def _categories(column: np.ndarray[Any, Any]) -> pd.Categorical:
    encoded = _arrow(column).dictionary_encode()
    return pd.Categorical.from_codes(encoded.indices.to_numpy(), categories=encoded.dictionary.to_pylist())


def _protocols(numbers: np.ndarray[Any, Any]) -> pd.Categorical:
    seen, codes = np.unique(numbers, return_inverse=True)
    names = [PROTOCOLS.get(number, str(number)) for number in seen.tolist()]
    return pd.Categorical.from_codes(codes, categories=names)


def _frame(rows: list[dict[str, Any]], names: Iterable[str] | None = None) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(names) if names else None)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row with the fields of its citation beside its own."""
    return {**{name: value for name, value in row.items() if name != "cite"}, **row["cite"]}


def _cite(cite: Cite) -> dict[str, Any]:
    return {"document": cite.document, "section": cite.section, "row": int(cite.row), "quote": cite.quote}


def _capture(capture: Capture) -> dict[str, Any]:
    return {
        "path": _sound(capture.path),
        "format": capture.format,
        "packets": int(capture.packets),
        "octets": int(capture.octets),
        "start": moment(capture.start_ns) if capture.packets else None,
        "end": moment(capture.end_ns) if capture.packets else None,
        "cut": bool(capture.cut),
        "link_types": list(capture.link_types),
    }


def moment(at_ns: int) -> str:
    """A time as RFC 3339 has it, in UTC with nanoseconds; int64 ns reach from 1677 to 2262."""
    seconds, rest = divmod(int(at_ns), 1_000_000_000)
    at = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{rest:09}Z"


def finding_facts(finding: Finding) -> dict[str, Any]:
    """A finding as result.json has it."""
    return {
        "id": finding.id,
        "code": finding.code,
        "verdict": finding.verdict.value,
        "severity": finding.severity.value,
        "strength": finding.strength.value,
        "title": finding.title,
        "rule": finding.rule,
        "cite": _cite(finding.cite),
        "flows": [int(flow) for flow in finding.flows],
        "evidence": [
            {"code": seen.code, "detail": seen.detail, "frames": [int(frame) for frame in seen.frames]}
            for seen in finding.evidence
        ],
        "rivals": list(finding.rivals),
        "remedy": finding.remedy,
        "filter": finding.filter,
    }


def _number(value: float) -> float | None:
    """A number that JSON can hold."""
    return float(value) if math.isfinite(value) else None


def _rate(rate: Rate) -> dict[str, Any]:
    return {name: _number(getattr(rate, name)) for name in RATE}


def _machines(budget: Budget) -> dict[str, int]:
    return {**dict.fromkeys(("standard", "focas", "unknown"), 0), **dict(budget.machines)}


def _budget_row(budget: Budget) -> dict[str, Any]:
    share = _rate(budget.estimate) if budget.estimate else {}
    directions = {"edge": "upload", "machine": "machine_side"}
    return {
        "host": budget.host,
        "role": budget.role,
        "class": budget.machine_class,
        "protocol": budget.protocol,
        **_machines(budget),
        "budget_bps": budget.budget_bps,
        "budget_high_bps": budget.high_bps,
        "tolerance": budget.tolerance,
        "direction": directions.get(budget.role, "download"),
        **_rate(budget.rate),
        **{f"upload_share_{name}": value for name, value in share.items()},
        "outcome": budget.outcome.value,
    }
