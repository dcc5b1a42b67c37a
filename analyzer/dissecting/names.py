"""Addresses become names, by ranks: what the flow itself says, then its certificate, then what its client looked up."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from analyzer.dissecting.lookups import ADDRESS, Ints, find_lookups, read_lookups
from analyzer.tables import Certificates, Column, Dns, Flows, Http, Quic, Tls

SNI, QUIC, CONNECT, HOST, CERT, DNS = "sni", "quic", "connect", "host", "cert", "dns"

HOST_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+")


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
