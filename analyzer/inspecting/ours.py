"""Facts become the reading that another program's is held against."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from analyzer.inspecting.reading import Names, Reading, issuer_name
from analyzer.observations import Observations
from analyzer.tables import Flows

TCP, UDP, UDP_LITE = 6, 17, 136  # RFC 3828: tshark counts the last with the second
NO_TYPE = "TYPE0"
LOCAL = {"mdns", "llmnr"}
DATAGRAMS = {"quic", "dtls"}


def read(seen: Observations) -> Reading:
    """The reading of the one capture that facts were made of."""
    (capture,) = seen.captures
    return Reading(
        packets=capture.packets,
        octets=capture.octets,
        start_ns=capture.start_ns,
        end_ns=capture.end_ns,
        cut=capture.cut,
        snaplen_cut_frames=seen.quality.snaplen_cut_frames,
        tcp_conversations=conversations(seen.flows, TCP),
        udp_conversations=conversations(seen.flows, UDP) + conversations(seen.flows, UDP_LITE),
        server_names=_server_names(seen, {*seen.tls.via.tolist()} - DATAGRAMS),
        quic_server_names=_named([*_server_names(seen, {"quic"}), *seen.quic.server_name.tolist()]),
        dtls_server_names=_server_names(seen, {"dtls"}),
        dns_names=_dns_names(seen),
        issuers=_issuers(seen),
        connect_targets=_named(seen.http.target[seen.http.method == "CONNECT"].tolist()),
    )


def conversations(flows: Flows, proto: int) -> int:
    """How many conversations the flows of a protocol are: what only silence parts is one.

    A flow ends by silence or, in TCP, where a new opening begins another one between the same ends (RFC 7011).
    """
    known = set()
    count = 0
    for row in np.flatnonzero(flows.proto == proto).tolist():
        orig, resp = (flows.orig_h[row], int(flows.orig_p[row])), (flows.resp_h[row], int(flows.resp_p[row]))
        ends = (orig, resp) if orig < resp else (resp, orig)
        opens = proto == TCP and flows.history[row].startswith("S")
        count += opens or ends not in known
        known.add(ends)
    return count


def _server_names(seen: Observations, via: set[str]) -> Names:
    names = zip(seen.tls.server_name.tolist(), seen.tls.via.tolist(), strict=True)
    return _named(name for name, how in names if how in via)


def _dns_names(seen: Observations) -> Names:
    """The names asked for, but in mDNS and LLMNR; the root is "."."""
    asked = zip(seen.flows.service[seen.dns.flow], seen.dns.query, seen.dns.qtype_name, strict=True)
    return _named(query or "." for service, query, kind in asked if service not in LOCAL and (query or kind != NO_TYPE))


def _issuers(seen: Observations) -> Names:
    """Who issued the servers' certificates; those that cannot be read are left out."""
    names = dict(zip(seen.certificates.fingerprint, map(issuer_name, seen.certificates.der), strict=True))
    return frozenset(name for chain in seen.tls.chain if chain and (name := names.get(chain[0])) is not None)


def _named(names: Iterable[str]) -> Names:
    return frozenset(name for name in names if name)
