"""Flows that are alike, each kind once: what a verdict depends on, and nothing that it does not."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analyzer.judging.index import Index
from analyzer.observations import Observations
from analyzer.rulepack import RulePack

Codes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

ICMP, IGMP, TCP, UDP, ICMP6 = 1, 2, 6, 17, 58
SYSTEM_PORTS = 1024  # RFC 6335 section 6: ports below are System Ports, where no client draws its own
MAX_REQUESTS = 16
MAX_KEY = 1 << 62


class Trouble(StrEnum):
    """Why a flow did not work, as far as its frames tell; empty where it did."""

    NONE = ""
    UNSEEN = "only one direction is in the capture"
    UNANSWERED = "its SYN was not answered"
    REFUSED = "its SYN was answered by a RST"
    RESET = "it was reset before the other side sent data"
    SILENT = "the other side never sent data"
    IDLE = "it opened, and nothing was sent on it"
    NO_ANSWER = "it was not answered"
    ALERT = "TLS ended with an alert before any data"
    PROXY = "the proxy did not open the way"


TROUBLES = tuple(Trouble)


class Request(NamedTuple):
    """What an HTTP request names: host and port for a proxy's, else what tells a package source."""

    proxied: bool
    host: str
    port: int
    path: str
    user_agent: str


class Kind(NamedTuple):
    """What a group of flows has in common."""

    orig: str
    resp: str
    proto: int
    orig_p: int
    resp_p: int
    service: str
    certainty: str
    name: str
    basis: str
    midstream: bool
    hello: bool
    trouble: Trouble
    requests: tuple[Request, ...]


class Groups(NamedTuple):
    """Kinds of flows, and for each row of `rows` (rows of Flows) the kind that it is."""

    kinds: tuple[Kind, ...]
    rows: Codes
    kind: Codes


def coded(column: Iterable[object], count: int) -> tuple[Codes, list[object]]:
    """Each cell as a small number, and what the numbers stand for."""
    cells = list(column)
    index = {cell: number for number, cell in enumerate(dict.fromkeys(cells))}
    return np.fromiter(map(index.__getitem__, cells), np.int64, count), list(index)


class Traffic:
    """The flows of a capture in codes, from which kinds are made for any part of them.

    A client's own port says nothing, so it is 0 in a kind unless it is one of `ports` or a System Port: then the
    flow may have been met in its middle, and what looks like the client may be the server.
    """

    def __init__(self, seen: Observations, ports: frozenset[int], request_ports: frozenset[int]) -> None:
        flows = seen.flows
        self.seen = seen
        self.count = len(flows.proto)
        self.once: Mask = flows.twin < 0  # what a NAT shows twice is judged on its inner side
        addresses, self.addresses = coded((*flows.orig_h, *flows.resp_h), 2 * self.count)
        self._address_codes = {str(address): code for code, address in enumerate(self.addresses)}
        self.orig, self.resp = addresses[: self.count], addresses[self.count :]
        self.service, self.services = coded(flows.service, self.count)
        self.certainty, self.certainties = coded(flows.certainty, self.count)
        self.name, self.names = coded(flows.server_name, self.count)
        self.basis, self.bases = coded(flows.server_name_basis, self.count)
        telling = np.isin(flows.orig_p, list(ports)) | (flows.orig_p < SYSTEM_PORTS)
        self.orig_p = np.where(telling, flows.orig_p, 0).astype(np.int64)
        self.hello = np.zeros(self.count, np.bool_)
        self.hello[seen.tls.flow[seen.tls.client_hello_frame > 0]] = True
        self.hello[seen.quic.flow] = seen.quic.hello_frame > 0  # a part of a hello does not tell that it names nobody
        self.trouble = troubles(seen)
        self.requests, self.request_sets = self._requests(request_ports)

    def code(self, address: str) -> int:
        """The number of an address, -1 where no flow has it."""
        return self._address_codes.get(address, -1)

    def codes(self, addresses: Iterable[str]) -> Codes:
        """The numbers of the addresses that flows have."""
        return np.array([code for code in map(self.code, addresses) if code >= 0], np.int64)

    def rows_of(self, addresses: Iterable[str]) -> Codes:
        """The flows that have one of these addresses at an end, in order."""
        codes = self.codes(addresses)
        return np.union1d(self.opened.among(codes), self.met.among(codes))

    @functools.cached_property
    def opened(self) -> Index:
        """The flows that each address opened."""
        return Index(self.orig)

    @functools.cached_property
    def met(self) -> Index:
        """The flows that were opened towards each address."""
        return Index(self.resp)

    @functools.cached_property
    def bins(self) -> Index:
        """The rows of Rates of each flow."""
        return Index(self.seen.rates.flow)

    @functools.cached_property
    def carried(self) -> dict[str, tuple[str, ...]]:
        """Per address the MACs that were the source of its frames, in alphabetical order."""
        flows = self.seen.flows
        macs, texts = coded((*flows.orig_mac, *flows.resp_mac), 2 * self.count)
        pairs = np.sort(np.concatenate([self.orig, self.resp]) * max(len(texts), 1) + macs)
        fresh = np.flatnonzero(np.diff(pairs, prepend=-1))
        found: dict[str, list[str]] = defaultdict(list)
        for pair in pairs[fresh].tolist():
            mac = str(texts[pair % len(texts)])
            if mac:
                found[str(self.addresses[pair // len(texts)])].append(mac)
        return {address: tuple(sorted(held)) for address, held in found.items()}

    def _requests(self, ports: frozenset[int]) -> tuple[Codes, list[object]]:
        """Per flow the requests that a verdict depends on."""
        flows, http = self.seen.flows, self.seen.http
        found: dict[int, list[Request]] = defaultdict(list)
        wanted = np.isin(http.form, ("absolute", "authority")) | np.isin(flows.resp_p[http.flow], list(ports))
        for row in np.flatnonzero(wanted & (http.method != "")).tolist():
            proxied = http.form[row] in {"absolute", "authority"}
            path, agent = ("", "") if proxied else (http.target[row], http.user_agent[row])
            request = Request(proxied, http.host[row], _port(int(http.port[row]), proxied), path, agent)
            held = found[int(http.flow[row])]
            if request not in held and len(held) < MAX_REQUESTS:
                held.append(request)
        index: dict[object, int] = {(): 0}
        codes = np.zeros(self.count, np.int64)
        for flow, requests in found.items():
            codes[flow] = index.setdefault(tuple(requests), len(index))
        return codes, list(index)

    def groups(self, mask: Mask) -> Groups:
        """The kinds of the flows in the mask."""
        rows = np.flatnonzero(mask)
        flows = self.seen.flows
        columns: Sequence[Codes] = [
            column[rows].astype(np.int64)
            for column in (
                self.orig, self.resp, flows.proto, self.orig_p, flows.resp_p, self.service, self.certainty, self.name,
                self.basis, flows.midstream, self.hello, self.trouble, self.requests,
            )
        ]  # fmt: skip
        first, kind = _distinct(columns, len(rows))
        kinds = tuple(self._kind([int(column[row]) for column in columns]) for row in first.tolist())
        return Groups(kinds, rows, kind)

    def _kind(self, cells: list[int]) -> Kind:
        """One kind, from codes back to what they stand for."""
        requests = self.request_sets[cells[12]]
        assert isinstance(requests, tuple)
        return Kind(
            str(self.addresses[cells[0]]), str(self.addresses[cells[1]]), cells[2], cells[3], cells[4],
            str(self.services[cells[5]]), str(self.certainties[cells[6]]), str(self.names[cells[7]]),
            str(self.bases[cells[8]]), bool(cells[9]), bool(cells[10]), TROUBLES[cells[11]], requests,
        )  # fmt: skip


def traffic_for(seen: Observations, packs: Sequence[RulePack]) -> Traffic:
    """The flows, with the ports that rules of these packs speak of, and requests where they look at any."""
    rules = [rule for pack in packs for rule in pack.rules]
    ports = frozenset(port.number for rule in rules for port in rule.to.ports)
    asking = frozenset(port.number for rule in rules if rule.to.user_agents or rule.to.paths for port in rule.to.ports)
    return Traffic(seen, ports, asking)


def _port(port: int, proxied: bool) -> int:
    """The port that a request to a proxy names; 80 is what http:// means (RFC 9110 section 4.2.1)."""
    return port if port > 0 else 80 * proxied


def _distinct(columns: Sequence[Codes], count: int) -> tuple[Codes, Codes]:
    """First row of each distinct combination, and each row's combination."""
    key, span = np.zeros(count, np.int64), 1
    for column in columns:
        width = int(column.max(initial=0)) + 1
        if span * width > MAX_KEY:
            values, key = np.unique(key, return_inverse=True)
            span = len(values)
        key = key * width + column
        span *= width
    _, first, kind = np.unique(key, return_index=True, return_inverse=True)
    return first.astype(np.int64), kind.astype(np.int64)


def troubles(seen: Observations) -> Codes:
    """Per flow the number of its Trouble."""
    flows = seen.flows
    tcp, one_way = flows.proto == TCP, flows.one_sided.copy()
    if seen.quality.one_sided_share > 0.5:
        one_way |= ~tcp & (flows.resp_packets == 0)
    opened = tcp & ~flows.midstream
    answered = flows.resp_payload_octets > 0
    made = [
        (Trouble.UNSEEN, one_way),
        (Trouble.REFUSED, opened & (flows.resp_synacks == 0) & (flows.resp_rsts > 0) & ~answered),
        (Trouble.UNANSWERED, opened & (flows.resp_synacks == 0) & ~answered),
        (
            Trouble.RESET,
            opened & ~answered & ((flows.resp_rsts > 0) | ((flows.orig_rsts > 0) & (flows.orig_payload_octets > 0))),
        ),
        (Trouble.SILENT, opened & ~answered & (flows.orig_payload_octets > 0)),
        (
            Trouble.IDLE,
            opened
            & ~answered
            & (flows.orig_payload_octets == 0)
            & (flows.orig_fins + flows.resp_fins == 0)
            & (flows.orig_rsts == 0),
        ),
        (Trouble.NO_ANSWER, (flows.proto == UDP) & (flows.resp_packets == 0)),
        (Trouble.ALERT, marked(seen, seen.tls.flow[(seen.tls.alert >= 0) & ~seen.tls.established])),
        (Trouble.PROXY, _closed_ways(seen)),
    ]
    which = np.select([mask for _, mask in made], [TROUBLES.index(trouble) for trouble, _ in made], 0)
    return which.astype(np.int64)


def marked(seen: Observations, rows: Codes) -> Mask:
    """A mask of flows from their rows."""
    mask = np.zeros(len(seen.flows.proto), np.bool_)
    mask[rows] = True
    return mask


def _closed_ways(seen: Observations) -> Mask:
    """Flows with CONNECT requests of which none was granted (RFC 9110 section 9.3.6: any 2xx grants it)."""
    http = seen.http
    connect = http.method == "CONNECT"
    granted = connect & (http.status >= 200) & (http.status < 300)
    relayed = (http.form == "absolute") & ((http.status < 0) | (http.status == 407))
    good = marked(seen, http.flow[granted | ((http.form == "absolute") & ~relayed)])
    return marked(seen, http.flow[connect | relayed]) & ~good
