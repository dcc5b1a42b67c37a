"""The flows of a result become columns that a browser sorts, filters and searches by comparing numbers.

A column of words is sent as its distinct words in the order in which they sort, and per row the number of its word:
whoever compares the numbers has compared the words. Times and ids are sent as steps from row to row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from analyzer import addresses
from analyzer.findings import Verdict
from analyzer.printable import printable
from analyzer.result import Result

MOST = 100_000
"""Rows that a report holds; flows.parquet has all."""

MS = 1_000_000
FIRST = (
    Verdict.INTERCEPTED, Verdict.BLOCKED, Verdict.UNEXPECTED, Verdict.UNDETERMINED, Verdict.EXPECTED,
    Verdict.HOUSEKEEPING, Verdict.NOT_JUDGED,
)  # fmt: skip
"""Which flows are kept where there are too many, and in which order verdicts sort: the worst first."""

WORDS = (
    "proto", "service", "server_name", "server_name_basis", "end_to_end", "strength", "conn_state",
)  # fmt: skip
ADDRESSES = ("orig_h", "resp_h")
NUMBERS = ("orig_p", "resp_p", "orig_packets", "resp_packets", "orig_octets", "resp_octets")


def encoded(result: Result, most: int) -> dict[str, Any]:
    """The flows as plain data for JSON: all, or so many of those with the worst verdicts.

    total    flows in all                       rows    those that are here
    start    ms since 1970 UTC                  words   by column, its distinct words as they sort
    cells    by column, a number for each row: of its word, of itself, or (flow, start) its step from the row before
    """
    kept = _kept(result, most)
    frame = result.flows.iloc[kept]
    start_ns, end_ns = (frame[name].astype("int64").to_numpy() for name in ("start", "end"))
    words: dict[str, list[str]] = {}
    cells: dict[str, list[int]] = {name: frame[name].tolist() for name in NUMBERS}
    for name in WORDS:
        words[name], cells[name] = _ranked(frame[name].tolist(), str.casefold)
    words["rule"], cells["rule"] = _ranked(_rules(frame["rule"].tolist(), frame["pack"].tolist()), str.casefold)
    for name in ADDRESSES:
        words[name], cells[name] = _ranked(frame[name].tolist(), _by_number)
    words["codes"], cells["codes"] = _ranked([" ".join(codes) for codes in frame["codes"]], str)
    words["verdict"], cells["verdict"] = _ranked(frame["verdict"].tolist(), _worst)
    cells["flow"] = _steps(frame["flow"].to_numpy())
    cells["start"] = _steps(start_ns // MS)
    cells["duration"] = ((end_ns - start_ns) // MS).tolist()
    return {"total": len(result.flows), "rows": len(kept), "words": words, "cells": cells}


def _rules(rules: list[str], packs: list[str]) -> list[str]:
    """The rules of flows; one whose id two packs have, with its pack, since they are two rules."""
    distinct = set(zip(rules, packs, strict=True))
    shared = Counter(rule for rule, _ in distinct)
    return [f"{rule} ({pack})" if rule and shared[rule] > 1 else rule for rule, pack in zip(rules, packs, strict=True)]


def _kept(result: Result, most: int) -> np.ndarray[Any, Any]:
    """The rows that are shown, in their order: all, or those with the worst verdicts."""
    verdicts = result.conclusions.flows.verdict
    if len(verdicts) <= most:
        return np.arange(len(verdicts))
    places = {verdict.value: place for place, verdict in enumerate(FIRST)}
    order = np.argsort([places[str(verdict)] for verdict in verdicts], kind="stable")
    return np.sort(order[:most])


def _ranked(column: Iterable[Any], order: Callable[[str], Any]) -> tuple[list[str], list[int]]:
    """The distinct words of a column, sorted, harmless, and each row's place among them."""
    cells = ["" if cell is None else str(cell) for cell in column]
    distinct = sorted(set(cells), key=lambda word: (order(word), word))
    places = {word: place for place, word in enumerate(distinct)}
    return [printable(word, whole=True) for word in distinct], [places[cell] for cell in cells]


def _by_number(text: str) -> tuple[int, int]:
    """An address as it counts: those of version 4 first."""
    address = addresses.parse(text)
    return (address.version, int(address)) if address else (0, 0)


def _worst(verdict: str) -> int:
    return FIRST.index(Verdict(verdict))


def _steps(column: np.ndarray[Any, Any]) -> list[int]:
    """Each number less the one before it, the first as it is."""
    steps: list[int] = np.diff(column, prepend=0).tolist()
    return steps
