"""The rows that the kernels work on become the table of flows: addresses, Zeek's conn_state and history, handshakes.

Source: Zeek's documentation of conn.log for conn_state and history.
"""

from __future__ import annotations

import ipaddress
from typing import Any

import numpy as np
import numpy.typing as npt

from analyzer.kernels import flows as fl
from analyzer.kernels.headers import TCP, UDP, V4_MAPPED
from analyzer.metering.communityid import identify
from analyzer.metering.sweep import Tables
from analyzer.tables import Flows, build

Array = npt.NDArray[Any]
OTH, S0, S1, S2, S3, SF, REJ, RSTO, RSTR, RSTOS0, RSTRH, SH, SHR = range(13)
STATES = np.array(
    ["OTH", "S0", "S1", "S2", "S3", "SF", "REJ", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR"], dtype=object
)


def addresses(hi: Array, lo: Array, version: Array) -> npt.NDArray[np.object_]:
    """Addresses as text (RFC 5952), each distinct one made once."""
    pairs = np.empty(hi.size, [("hi", "i8"), ("lo", "i8"), ("v", "u1")])
    pairs["hi"], pairs["lo"], pairs["v"] = hi, lo, version
    distinct, inverse = np.unique(pairs, return_inverse=True)
    texts = np.empty(distinct.size, dtype=object)
    for k, (high, low, ip) in enumerate(distinct.tolist()):
        if ip == 4:
            texts[k] = str(ipaddress.IPv4Address((low - V4_MAPPED) & 0xFFFFFFFF))
        else:
            texts[k] = str(ipaddress.IPv6Address((high & (2**64 - 1)) << 64 | low & (2**64 - 1)))
    out: npt.NDArray[np.object_] = texts[inverse]
    return out


def macs(values: Array) -> npt.NDArray[np.object_]:
    """Hardware addresses as text, empty for 0."""
    distinct, inverse = np.unique(values, return_inverse=True)
    texts = np.empty(distinct.size, dtype=object)
    texts[:] = [":".join(f"{v >> s & 255:02x}" for s in range(40, -8, -8)) if v else "" for v in distinct.tolist()]
    out: npt.NDArray[np.object_] = texts[inverse]
    return out


def conn_states(flows: Array, orig: Array, resp: Array) -> npt.NDArray[np.object_]:
    """Zeek's conn_state of each flow; empty for protocols other than TCP and UDP."""
    syn = flows["opening"] & fl.SYN_SEEN > 0
    synack = flows["opening"] & fl.SYNACK_SEEN > 0
    orig_rst = (orig["rsts"] > 0) & (flows["closing"] == 1 + flows["orig"])
    resp_rst = (resp["rsts"] > 0) & (flows["closing"] == 2 - flows["orig"])
    orig_fin, resp_fin = orig["fins"] > 0, resp["fins"] > 0
    after = flows["opening"] & fl.BOTH_CLOSED > 0
    rules = [
        (syn & ~synack & resp_rst, REJ),
        (syn & synack & orig_fin & resp_fin & (after | ~(orig_rst | resp_rst)), SF),
        (syn & ~synack & orig_rst & (resp["packets"] == 0), RSTOS0),
        (~syn & synack & resp_rst, RSTRH),
        (syn & synack & orig_rst, RSTO),
        (syn & synack & resp_rst, RSTR),
        (syn & synack & orig_fin, S2),
        (syn & synack & resp_fin, S3),
        (syn & synack, S1),
        (syn & orig_fin & (resp["packets"] == 0), SH),
        (syn & (resp["packets"] == 0), S0),
        (~syn & synack & resp_fin & (orig["packets"] == 0), SHR),
    ]
    tcp = np.select([rule for rule, _ in rules], [state for _, state in rules], OTH)
    both = (orig["packets"] > 0) & (resp["packets"] > 0)
    udp = np.where(both, SF, np.where(orig["packets"] > 0, S0, SHR))
    states = STATES[np.where(flows["proto"] == TCP, tcp, udp)]
    states[(flows["proto"] != TCP) & (flows["proto"] != UDP)] = ""
    return states


def histories(flows: Array, letters: Array) -> list[str]:
    """The history of each flow as text, each distinct one made once."""
    used = np.arange(letters.shape[1]) < flows["history"][:, None]
    rows = np.where(used, letters, 0).astype(np.uint8)
    width = letters.shape[1]
    return [text.decode("ascii") for text in np.ascontiguousarray(rows).view(f"S{width}").ravel().tolist()]


def missed(side: Array, gaps: Array) -> Array:
    """Octets of each side's stream that were acknowledged and never seen; what was never acknowledged may be in flight."""
    total = side["missed"].copy()
    for k in np.flatnonzero(side["gap"] >= 0).tolist():
        at, acked = int(side["gap"][k]), int(side["acked"][k])
        while at >= 0:
            low, high = int(gaps["low"][at]), int(gaps["high"][at])
            width = int(_difference(high, low))
            total[k] += min(width, max(int(_difference(acked, low)), 0))
            at = int(gaps["next"][at])
    return total


def _difference(one: int, other: int) -> int:
    """`one` minus `other` as sequence numbers."""
    return ((one - other + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def finish(tables: Tables) -> Flows:
    """The table of all flows in the order of their first frames; services and names are still empty."""
    count = int(tables.counters[fl.FLOWS])
    flows, sides = tables.flows[:count], tables.sides[: 2 * count]
    pick = 2 * np.arange(count)
    orig, resp = sides[pick + flows["orig"]], sides[pick + 1 - flows["orig"]]
    by_a = flows["orig"] == 0
    icmp = (flows["proto"] == 1) | (flows["proto"] == 58)
    a, b = addresses(flows["a_hi"], flows["a_lo"], flows["version"]), addresses(
        flows["b_hi"], flows["b_lo"], flows["version"]
    )
    tcp = flows["proto"] == TCP
    handshake = tcp & (flows["opening"] & (fl.SYN_SEEN | fl.SYNACK_SEEN) > 0)
    empty = np.full(count, "", dtype=object)
    rtt_known = (flows["syn_rtt"] >= 0) & (flows["ack_rtt"] >= 0)
    return build(
        Flows,
        proto=flows["proto"], ip_version=flows["version"],
        orig_h=np.where(by_a, a, b), resp_h=np.where(by_a, b, a),
        orig_p=np.where(by_a | icmp, flows["a_port"], flows["b_port"]),
        resp_p=np.where(by_a | icmp, flows["b_port"], flows["a_port"]),
        start_ns=flows["start_ns"], end_ns=flows["end_ns"],
        orig_packets=orig["packets"], resp_packets=resp["packets"],
        orig_octets=orig["octets"], resp_octets=resp["octets"],
        orig_frame_octets=orig["frame_octets"], resp_frame_octets=resp["frame_octets"],
        orig_payload_octets=orig["payload"], resp_payload_octets=resp["payload"],
        conn_state=conn_states(flows, orig, resp), history=histories(flows, tables.histories[:count]),
        orig_missed=missed(orig, tables.gaps), resp_missed=missed(resp, tables.gaps),
        orig_retransmitted=orig["retransmitted"], resp_retransmitted=resp["retransmitted"],
        community_id=identify(flows), orig_mac=macs(orig["mac"]), resp_mac=macs(resp["mac"]),
        vlan=flows["vlan"], orig_ttl=orig["ttl"], resp_ttl=resp["ttl"],
        orig_syns=orig["syns"], attempts=flows["attempts"], resp_synacks=resp["synacks"],
        orig_fins=orig["fins"], resp_fins=resp["fins"], orig_rsts=orig["rsts"], resp_rsts=resp["rsts"],
        rtt_ns=np.where(rtt_known, flows["syn_rtt"] + flows["ack_rtt"], -1), synack_ns=flows["syn_rtt"],
        first_frame=flows["first_frame"], last_frame=flows["last_frame"], resp_frame=resp["first_frame"],
        orig_data_frame=orig["data_frame"], resp_data_frame=resp["data_frame"],
        rst_frame=flows["rst_frame"], fin_frame=flows["fin_frame"],
        midstream=tcp & ~handshake, one_sided=_one_sided(flows, orig, resp, tcp),
        service=empty, certainty=empty, server_name=empty, server_name_basis=empty,
    )  # fmt: skip


def _one_sided(flows: Array, orig: Array, resp: Array, tcp: Array) -> npt.NDArray[np.bool_]:
    """TCP of which one direction is missing although it must have been there.

    The originator went on after its SYN (an ACK, data), or only the responder was seen: the other end must have spoken.
    """
    talked = (orig["packets"] > orig["syns"] + orig["rsts"]) & (resp["packets"] == 0)
    answered = (resp["packets"] > 0) & (orig["packets"] == 0)
    one_sided: npt.NDArray[np.bool_] = tcp & (talked | answered)
    return one_sided


__all__ = ["addresses", "conn_states", "finish", "histories", "macs", "missed"]
