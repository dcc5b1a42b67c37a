"""DNS answers become what each client was told of an address, and when (RFC 1034 section 3.6.2 on aliases)."""

from __future__ import annotations

import itertools
import re
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from analyzer.tables import Column, Dns, Flows

# How long past its TTL an answer still explains a flow. Devices look a name up once and keep the address; a resolver
# itself may serve an answer for one to three days past its TTL (RFC 8767 section 5).
GRACE_NS = 86_400 * 1_000_000_000
MAX_TTL = (1 << 31) - 1  # RFC 2181 section 8
CHASE_NS = 10 * 1_000_000_000  # a stub that follows a chain itself asks at once; resolvers time out within 10 s

ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]*(?:%\w+)?")

Ints = npt.NDArray[np.int64]
Codes = dict[Any, int]


class Lookups(NamedTuple):
    """Answers as (client, address) pairs: one row per address that a client was given, ordered by pair and time.

    pair     client's code times `addresses` plus the address's code
    ts_ns    time of the answer
    until_ns time until which it explains a flow
    name     the name that was asked for
    row      row of Dns that it comes from
    """

    pair: Ints
    ts_ns: Ints
    until_ns: Ints
    name: Column
    row: Ints
    clients: Codes
    addresses: Codes


def _codes(texts: Column) -> Codes:
    return {text: code for code, text in enumerate(dict.fromkeys(texts.tolist()))}


def _encode(column: list[Any], codes: Codes) -> Ints:
    """Code of each cell, -1 where it has none."""
    return np.fromiter(map(codes.get, column, itertools.repeat(-1)), np.int64, len(column))


def _flatten(cells: Column) -> tuple[list[str], Ints]:
    """The texts of a column of tuples one after the other, and of each the row that it comes from."""
    listed = cells.tolist()
    lengths = np.fromiter(map(len, listed), np.int64, len(listed))
    return list(itertools.chain.from_iterable(listed)), np.repeat(np.arange(len(listed)), lengths)


def _shortest_ttl(dns: Dns) -> Ints:
    """The shortest TTL of each answer in s: a chain lives no longer than its shortest link. 0 without an answer."""
    texts, row = _flatten(dns.ttls)
    seconds = {text: min(int(text), MAX_TTL) if text.isdecimal() and len(text) < 11 else 0 for text in set(texts)}
    shortest = np.full(dns.flow.size, MAX_TTL, np.int64)
    np.minimum.at(shortest, row, _encode(texts, seconds))
    shortest[shortest == MAX_TTL] = 0
    return shortest


def read_lookups(flows: Flows, dns: Dns, flow: Ints) -> Lookups:
    """What each client was told of the addresses that are responders in the rows `flow` of `flows`."""
    addresses = _codes(flows.resp_h[flow])
    texts, row = _flatten(dns.answers)
    address = _encode(texts, addresses)
    client_texts = flows.orig_h[dns.flow]
    clients = _codes(client_texts)
    client = _encode(client_texts.tolist(), clients)
    ts_ns = dns.ts_ns + np.maximum(dns.rtt_ns, 0)

    known = address >= 0
    unknown = np.zeros(dns.flow.size, bool)
    unknown[row] = True
    unknown[row[known]] = False
    asked = _follow_back(dns, client, ts_ns, np.flatnonzero(unknown))
    row, address = row[known], address[known]
    pair = client[row] * max(len(addresses), 1) + address
    order = np.lexsort((ts_ns[row], pair))
    row, pair = row[order], pair[order]
    until_ns = ts_ns[row] + _shortest_ttl(dns)[row] * 1_000_000_000 + GRACE_NS
    return Lookups(pair, ts_ns[row], until_ns, dns.query[asked[row]], row, clients, addresses)


def _follow_back(dns: Dns, client: Ints, ts_ns: Ints, unknown: Ints) -> Ints:
    """Per row of `dns` the row that asked first: another one where a client was told an alias only and asked for that.

    unknown  rows none of whose answers is a responder's address: only these can be an alias alone
    """
    asked = np.arange(dns.flow.size)
    last = [found[-1] for found in dns.answers[unknown].tolist()]
    addresses = {text for text in set(last) if ADDRESS.fullmatch(text)}
    alias = {
        row: text.lower().removesuffix(".")
        for row, text in zip(unknown.tolist(), last, strict=True)
        if text not in addresses
    }
    if not alias:
        return asked
    targets = set(alias.values())
    chased = np.array([row for row, query in enumerate(dns.query.tolist()) if query in targets or row in alias])
    waiting: dict[tuple[int, str, str], int] = {}
    for row in chased[np.argsort(ts_ns[chased], kind="stable")].tolist():
        kind = dns.qtype_name[row]
        came = waiting.get((int(client[row]), kind, dns.query[row]), row)
        if ts_ns[row] - ts_ns[came] <= CHASE_NS:
            asked[row] = asked[came]
        if row in alias and kind in {"A", "AAAA"}:
            waiting[int(client[row]), kind, alias[row]] = row
    return asked


def _pairs_of(flows: Flows, looked_up: Lookups, flow: Ints) -> Ints:
    """The (client, address) pair of each of the flows, -1 where the client looked up nothing."""
    client = _encode(flows.orig_h[flow].tolist(), looked_up.clients)
    address = _encode(flows.resp_h[flow].tolist(), looked_up.addresses)
    return np.where((client >= 0) & (address >= 0), client * max(len(looked_up.addresses), 1) + address, -1)


def find_lookups(flows: Flows, looked_up: Lookups, flow: Ints) -> tuple[Ints, Ints]:
    """Those of `flow` that an answer explains, and the row of `looked_up`: the last one before the flow began."""
    pair = _pairs_of(flows, looked_up, flow)
    among = np.isin(pair, looked_up.pair)
    chosen, pair = flow[among], pair[among]
    start_ns = flows.start_ns[chosen]
    # Answers and flows in one order of pair and time, answers first within an instant; the last answer fills forward.
    answers = looked_up.pair.size
    order = np.lexsort(
        (
            np.concatenate((np.zeros(answers, np.int8), np.ones(chosen.size, np.int8))),
            np.concatenate((looked_up.ts_ns, start_ns)),
            np.concatenate((looked_up.pair, pair)),
        )
    )
    last = np.maximum.accumulate(np.where(order < answers, np.arange(order.size), -1))
    of_flow = np.flatnonzero(order >= answers)
    which = order[of_flow] - answers
    row = np.where(last[of_flow] >= 0, order[last[of_flow]], -1)
    fits = row >= 0
    which, row = which[fits], row[fits]
    fits = (looked_up.pair[row] == pair[which]) & (start_ns[which] <= looked_up.until_ns[row])
    return chosen[which[fits]], row[fits]
