"""Addresses become names, by ranks: what the flow itself says, then its certificate, then what its client looked up."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from analyzer.dissecting.lookups import ADDRESS, Ints, find_lookups, pairs_of, read_lookups
from analyzer.tables import Certificates, Column, Dns, Flows, Http, Quic, Tls

SNI, QUIC, CONNECT, HOST, CERT, DNS = "sni", "quic", "connect", "host", "cert", "dns"

HOST_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+")

Disagreement = tuple[int, str, str, str, str]


class Sources(NamedTuple):
    """The tables that tell names."""

    flows: Flows
    dns: Dns
    tls: Tls
    http: Http
    certificates: Certificates
    quic: Quic


def name_flows(seen: Sources) -> tuple[Column, Column]:
    """Name and basis of every flow's responder, empty where unknown (ranks: SNI, QUIC, HTTP, certificate, DNS).

    A lower rank never overrides a higher one. An ECH outer name counts as the SNI that it is on the wire.
    """
    flows, tls = seen.flows, seen.tls
    count = flows.proto.size
    names, basis = _empty(count), _empty(count)
    for kind, (flow, name) in (
        (CERT, _certificate_names(tls, seen.certificates)),
        (HOST, _request_names(seen.http, connect=False)),
        (CONNECT, _request_names(seen.http, connect=True)),
        (QUIC, _first_of(seen.quic.flow, seen.quic.server_name)),
        (SNI, _first_sni(tls)),
    ):
        names[flow], basis[flow] = name, kind
    unnamed = np.flatnonzero(basis == "")
    looked_up = read_lookups(flows, seen.dns, unnamed)
    flow, row = find_lookups(flows, looked_up, unnamed)
    names[flow], basis[flow] = looked_up.name[row], DNS
    return names, basis


def disagreements(seen: Sources) -> list[Disagreement]:
    """Flows whose ranks tell different names: (flow, basis, name, other basis, other name), in the order of flows.

    SNI, QUIC or Host against DNS: only where this client was given this address, and never under that name (nor as an
    alias of it). Names share addresses in every large cloud, so this alone is no sign of anything. SNI against CONNECT:
    the tunnel was asked for another name. SNI against the certificate: none of its names covers the SNI.
    """
    flows, dns, tls, http, certificates, quic = seen
    rows: list[Disagreement] = []
    proxied = http.flow[(http.form == "authority") | (http.form == "absolute")]
    sni = _first_sni(tls)
    initial = _first_of(quic.flow, quic.server_name)
    for kind, (flow, name) in ((SNI, sni), (QUIC, initial), (HOST, _request_names(http, connect=False))):
        direct = ~np.isin(flow, proxied)
        told = dict(zip(flow[direct].tolist(), name[direct].tolist(), strict=True))
        rows += [(at, kind, told[at], DNS, other) for at, other in _other_lookups(flows, dns, told)]
    named: dict[int, str] = dict(zip(*(part.tolist() for part in sni), strict=True))
    for at, asked in zip(*(part.tolist() for part in _request_names(http, connect=True)), strict=True):
        if named.get(at, asked) != asked and not ADDRESS.fullmatch(asked):
            rows.append((at, SNI, named[at], CONNECT, asked))
    rows += _against_certificates(tls, certificates)
    return sorted(rows)


def _empty(count: int) -> Column:
    column = np.empty(count, dtype=object)
    column[:] = ""
    return column


def _first_sni(tls: Tls) -> tuple[Ints, Column]:
    """Flows and the first name of each that a ClientHello outside of QUIC tells."""
    outside = tls.via != QUIC
    return _first_of(tls.flow[outside], tls.server_name[outside])


def _first_of(flow: Column, text: Column) -> tuple[Ints, Column]:
    """Flows and the first text of each that is not empty, without a trailing dot."""
    given = np.flatnonzero(text != "")
    distinct, first = np.unique(flow[given], return_index=True)
    names = _empty(distinct.size)
    names[:] = [name.removesuffix(".") for name in text[given[first]].tolist()]
    return distinct.astype(np.int64), names


def _request_names(http: Http, *, connect: bool) -> tuple[Ints, Column]:
    """Flows and the host of the first request of each: of CONNECT requests, or of the others.

    An address names nothing in a Host; in a CONNECT it says that the flow's own address is not where it goes.
    """
    authority = http.form == "authority"
    flow, name = _first_of(*((http.flow[authority], http.host[authority]) if connect else (http.flow, http.host)))
    if not connect:
        tunnels = np.isin(flow, http.flow[authority])
        named = np.array([HOST_NAME.fullmatch(host) is not None for host in name.tolist()], bool)
        named &= np.array([not ADDRESS.fullmatch(host) for host in name.tolist()], bool)
        flow, name = flow[named & ~tunnels], name[named & ~tunnels]
    return flow, name


def _certificate_names(tls: Tls, certificates: Certificates) -> tuple[Ints, Column]:
    """Flows and the one name that the leaf is for.

    A wildcard, or one of several names, does not tell which host this is, so such leaves name nothing
    (`www.` in front of the only other name does not count as several).
    """
    only = {
        fingerprint: _only_name(names)
        for fingerprint, names in zip(certificates.fingerprint.tolist(), certificates.names.tolist(), strict=True)
    }
    leaves = _empty(tls.flow.size)
    leaves[:] = [only.get(chain[0], "") if chain else "" for chain in tls.chain.tolist()]
    return _first_of(tls.flow, leaves)


def _only_name(names: tuple[str, ...]) -> str:
    hosts = {name.lower() for name in names}
    bare = min(hosts, key=len, default="")
    alone = hosts <= {bare, f"www.{bare}"}
    return bare if alone and HOST_NAME.fullmatch(bare) and not ADDRESS.fullmatch(bare) else ""


def _other_lookups(flows: Flows, dns: Dns, told: dict[int, str]) -> list[tuple[int, str]]:
    """Flows of `told`, by flow, whose client was given their address under another name only, and that name."""
    flow = np.fromiter(told, np.int64, len(told))
    looked_up = read_lookups(flows, dns, flow)
    at, row = find_lookups(flows, looked_up, flow)
    other = looked_up.name[row]
    # Only where the last answer differs is it worth to look at every answer of the pair.
    differs = np.array([told[one] != text for one, text in zip(at.tolist(), other.tolist(), strict=True)], bool)
    at, other = at[differs], other[differs]
    pair = pairs_of(flows, looked_up, at)
    wanted = np.isin(looked_up.pair, pair)
    known: dict[int, set[str]] = {}
    for one, answer in zip(looked_up.pair[wanted].tolist(), looked_up.row[wanted].tolist(), strict=True):
        known.setdefault(one, set()).update((dns.query[answer], *dns.answers[answer]))
    found = zip(at.tolist(), other.tolist(), pair.tolist(), strict=True)
    return [(one, text) for one, text, where in found if told[one] not in known[where]]


def _against_certificates(tls: Tls, certificates: Certificates) -> list[Disagreement]:
    named = dict(zip(certificates.fingerprint.tolist(), certificates.names.tolist(), strict=True))
    rows: list[Disagreement] = []
    for flow, sni, chain in zip(tls.flow.tolist(), tls.server_name.tolist(), tls.chain.tolist(), strict=True):
        names = named.get(chain[0], ()) if sni and chain else ()
        hosts = [name.lower() for name in names if HOST_NAME.fullmatch(name.lower().removeprefix("*."))]
        if hosts and not any(covers(host, sni.removesuffix(".")) for host in hosts):
            rows.append((flow, SNI, sni, CERT, hosts[0]))
    return rows


def covers(pattern: str, name: str) -> bool:
    """Whether a certificate's name is this name; a star stands for exactly one label (RFC 9525 section 6.3)."""
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:] and not name.startswith(".")
    return pattern == name
