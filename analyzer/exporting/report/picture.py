"""Flows of the site's hosts become a picture: whom each speaks with inside, and what crosses the border, and how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from analyzer import addresses
from analyzer.exporting import units
from analyzer.exporting.page import several
from analyzer.findings import Verdict
from analyzer.printable import printable
from analyzer.result import Result

STATES: Mapping[Verdict, tuple[str, str, str]] = {
    Verdict.INTERCEPTED: ("opened", "◆", "opened on the way"),
    Verdict.BLOCKED: ("stopped", "✗", "stopped"),
    Verdict.UNEXPECTED: ("unexpected", "!", "not allowed"),
    Verdict.UNDETERMINED: ("unclear", "?", "unclear"),
    Verdict.EXPECTED: ("passes", "✓", "as documented"),
}
"""By verdict, worst first: its class, its sign, and its word in the picture."""

DONE_BY = (Verdict.INTERCEPTED, Verdict.BLOCKED)
ALIKE = ("orig_h", "resp_h", "resp_p", "proto", "server_name", "verdict")
"""What flows have in common that are one in the picture."""

MOST_HOSTS, MOST_OUTSIDE, MOST_INSIDE = 12, 16, 8
MOST_BY = 2
OUTSIDE, INSIDE, BOX = (58, 74), (31, 39), 15
"""Characters that fit beside a line outside and inside, of a name and of what is told of it, and into a host's box."""

ROW, GAP, HEAD, LEAST = 38, 18, 34, 58
"""Heights in the picture's own units: of a link, between hosts, of the heading, of a host at least."""


@dataclass
class Link:
    """What a host and one peer say to each other: flows by verdict, and who stopped or opened some of them."""

    peer: str
    port: str
    inbound: bool
    flows: Counter[Verdict] = field(default_factory=Counter)
    by: dict[str, None] = field(default_factory=dict)
    proxies: dict[str, None] = field(default_factory=dict)

    @property
    def worst(self) -> Verdict:
        """The worst verdict of its flows."""
        return next(verdict for verdict in STATES if self.flows[verdict])

    @property
    def words(self) -> str:
        """Its flows in words."""
        told = [f"{units.count(self.flows[each])} {STATES[each][2]}" for each in STATES if self.flows[each]]
        by = f", by {several(list(self.by), MOST_BY)}" if self.by else ""
        through = f", through {several(list(self.proxies), MOST_BY)}" if self.proxies else ""
        return f"{', '.join(told)}{by}{through}{', inbound' if self.inbound else ''}"


@dataclass
class Lane:
    """One host of the site with its links, those inside the site and those across its border."""

    host: str
    role: str
    inside: dict[tuple[str, str, bool], Link] = field(default_factory=dict)
    outside: dict[tuple[str, str, bool], Link] = field(default_factory=dict)


class Placed(NamedTuple):
    """A link where it is drawn: its height, its look, sign and words."""

    y: float
    state: str
    sign: str
    name: str
    told: str
    inbound: bool


class Drawn(NamedTuple):
    """A lane where it is drawn."""

    y: float
    height: float
    host: str
    role: str
    inside: tuple[Placed, ...]
    outside: tuple[Placed, ...]


def lanes(result: Result) -> list[Lane]:
    """The hosts of the site that speak, those across the border first, with all of their links."""
    hosts = {address: host for host in reversed(result.conclusions.hosts) for address in host.addresses}
    made: dict[str, Lane] = {}
    for row in _told(result):
        orig, resp = hosts.get(row.orig_h), hosts.get(row.resp_h)
        mine = orig or resp
        if mine is None:
            continue
        lane = made.setdefault(mine.host, Lane(mine.host, mine.role))
        inbound = orig is None
        own, other = (row.resp_h, row.orig_h) if inbound else (row.orig_h, row.resp_h)
        name = other if inbound else resp.host if resp else row.server_name or other
        key = str(name), f"{row.resp_p}/{row.proto}", inbound
        side = lane.outside if row.proxied or not _local_to(own, other) else lane.inside
        link = side.setdefault(key, Link(*key))
        link.flows[Verdict(str(row.verdict))] += row.count
        if row.verdict in DONE_BY and row.by:
            link.by[row.by] = None
        if row.proxied:
            link.proxies[other] = None
    return sorted(made.values(), key=lambda lane: (not lane.outside, -len(lane.outside) - len(lane.inside)))


_local_to = lru_cache(maxsize=100_000)(addresses.local_to)


def _told(result: Result) -> Iterator[Any]:
    """The flows that have a verdict to be drawn, between two hosts: those that are alike once, with their `count`."""
    by = {seen.flow: seen.by for finding in result.conclusions.findings for seen in finding.evidence if seen.by}
    frame = result.flows[["flow", *ALIKE]]
    frame = frame[frame["verdict"].isin([verdict.value for verdict in STATES])]
    frame = frame.assign(by=[by.get(flow, "") for flow in frame["flow"]], proxied=frame["flow"].isin(_proxied(result)))
    names = [*ALIKE, "by", "proxied"]
    counted = frame.groupby(names, sort=False, observed=True).size().reset_index(name="count")
    pairs = (addresses.Reach.LOCAL, addresses.Reach.PUBLIC)
    for row in counted.itertuples(index=False):
        if addresses.reach(row.orig_h) in pairs and addresses.reach(row.resp_h) in pairs:
            yield row


def _proxied(result: Result) -> set[int]:
    """Flows to a proxy that is asked to open the way to somebody else (RFC 9110 section 9.3.6)."""
    seen = result.observations
    asked = seen.http.flow[seen.http.form == "authority"], seen.tls.flow[seen.tls.via == "connect"]
    return {flow for flows in asked for flow in flows.tolist()}


def worst_first(links: Iterable[Link]) -> list[Link]:
    """Links by their worst verdict, then by how many flows they have."""
    order = list(STATES)
    return sorted(links, key=lambda link: (order.index(link.worst), -link.flows.total(), link.peer, link.port))


def placed(found: list[Lane]) -> tuple[list[Drawn], float]:
    """Lanes one below the other, and how high the picture is; of many links, those that are worst."""
    made, y = [], float(HEAD)
    for lane in found[:MOST_HOSTS]:
        inside, outside = _rows(lane.inside, MOST_INSIDE, INSIDE), _rows(lane.outside, MOST_OUTSIDE, OUTSIDE)
        height = max(ROW * max(len(inside), len(outside)), LEAST)
        first = [y + (height - ROW * len(rows)) / 2 + ROW / 2 for rows in (inside, outside)]
        sides = [
            tuple(row._replace(y=top + ROW * place) for place, row in enumerate(rows))
            for top, rows in zip(first, (inside, outside), strict=True)
        ]
        made.append(Drawn(y, height, cut(lane.host, BOX), cut(lane.role, BOX), *sides))
        y += height + GAP
    return made, y


def _rows(links: Mapping[tuple[str, str, bool], Link], most: int, wide: tuple[int, int]) -> list[Placed]:
    """Links as rows, and one row for those that are left out."""
    ordered = worst_first(links.values())
    shown = ordered if len(ordered) <= most else ordered[: most - 1]
    rows = [_row(link, cut(link.peer, wide[0] - len(link.port) - 1), link.port, wide[1]) for link in shown]
    if len(ordered) > len(shown):
        rest = Link("", "", inbound=False)
        for link in ordered[len(shown) :]:
            rest.flows.update(link.flows)
        rows.append(_row(rest, f"{len(ordered) - len(shown)} more", "", wide[1]))
    return rows


def _row(link: Link, name: str, port: str, wide: int) -> Placed:
    state, sign, _ = STATES[link.worst]
    told = printable(link.words)
    return Placed(
        0, state, sign, f"{name} {port}".strip(), told if len(told) <= wide else f"{told[: wide - 1]}…", link.inbound
    )


def cut(text: str, most: int) -> str:
    """Text, harmless, and cut in its middle where it is long."""
    shown = printable(text)
    if len(shown) <= most:
        return shown
    return f"{shown[: most // 2]}…{shown[len(shown) - (most - 1 - most // 2) :]}"
