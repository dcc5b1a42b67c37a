"""The rows that the kernels work on become the table of flows: addresses, Zeek's conn_state and history, handshakes.

Source: Zeek's documentation of conn.log for conn_state and history.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from analyzer.kernels import flows as fl
from analyzer.kernels import tcp
from analyzer.kernels.headers import TCP, UDP, V4_MAPPED
from analyzer.metering.communityid import identify
from analyzer.metering.sweep import Tables
from analyzer.tables import Flows, build

Array = npt.NDArray[Any]
UNSIGNED = 2**64 - 1
GIVEN_UP = re.compile(r"\^?S[^HAFGIQ]*R.*")
OTH, S0, S1, S2, S3, SF, REJ, RSTO, RSTR, RSTOS0, RSTRH, SH, SHR = range(13)
STATES = np.array(
    ["OTH", "S0", "S1", "S2", "S3", "SF", "REJ", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR"], dtype=object
)


def addresses(hi: Array, lo: Array, version: Array) -> npt.NDArray[np.object_]:
    """Addresses as text (RFC 5952), each distinct one made once."""
    texts = np.empty(hi.size, dtype=object)
    four = version == 4
    distinct, inverse = np.unique(lo[four], return_inverse=True)
    texts[four] = _texts(str(ipaddress.IPv4Address((low - V4_MAPPED) & 0xFFFFFFFF)) for low in distinct.tolist())[
        inverse
    ]
    pairs = np.stack([hi[~four], lo[~four]], axis=1).view([("hi", "i8"), ("lo", "i8")]).ravel()
    distinct, inverse = np.unique(pairs, return_inverse=True)
    texts[~four] = _texts(
        str(ipaddress.IPv6Address((high & UNSIGNED) << 64 | low & UNSIGNED)) for high, low in distinct.tolist()
    )[inverse]
    return texts


def _texts(made: Iterable[str]) -> npt.NDArray[np.object_]:
    """An object column of what is made."""
    values = list(made)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def macs(values: Array) -> npt.NDArray[np.object_]:
    """Hardware addresses as text, empty for 0."""
    distinct, inverse = np.unique(values, return_inverse=True)
    texts = np.empty(distinct.size, dtype=object)
    texts[:] = [":".join(f"{v >> s & 255:02x}" for s in range(40, -8, -8)) if v else "" for v in distinct.tolist()]
    out: npt.NDArray[np.object_] = texts[inverse]
    return out


def conn_states(flows: Array, orig: Array, resp: Array, written: list[str]) -> npt.NDArray[np.object_]:
    """Zeek's conn_state of each flow; empty for protocols other than TCP and UDP. `written` is their history."""
    one, two = orig["state"], resp["state"]
    one_idle, two_idle = (one == tcp.INACTIVE) | (one == tcp.PARTIAL), (two == tcp.INACTIVE) | (two == tcp.PARTIAL)
    nothing = (orig["next"] == orig["base"]) & (resp["next"] == resp["base"])
    asked = (one == tcp.SYN_SENT) | (one == tcp.SYN_ACK_SENT)
    given_up = np.zeros(flows.size, np.bool_)
    for k in np.flatnonzero((one == tcp.RESET) & two_idle).tolist():
        given_up[k] = GIVEN_UP.fullmatch(written[k]) is not None
    rules = [
        ((two == tcp.RESET) & (asked | ((one == tcp.RESET) & nothing)), REJ),
        ((two == tcp.RESET) & one_idle, RSTRH),
        (two == tcp.RESET, RSTR),
        ((one == tcp.RESET) & ~two_idle, RSTO),
        (given_up, RSTOS0),
        (one == tcp.RESET, OTH),
        ((one == tcp.CLOSED) & (two == tcp.CLOSED), SF),
        ((one == tcp.CLOSED) & two_idle, SH),
        (one == tcp.CLOSED, S2),
        ((two == tcp.CLOSED) & one_idle, SHR),
        (two == tcp.CLOSED, S3),
        ((one == tcp.SYN_SENT) & (two == tcp.INACTIVE), S0),
        ((one == tcp.OPEN) & (two == tcp.OPEN), S1),
    ]
    states = np.select([rule for rule, _ in rules], [state for _, state in rules], OTH)
    both = (orig["packets"] > 0) & (resp["packets"] > 0)
    udp = np.where(both, SF, np.where(orig["packets"] > 0, S0, SHR))
    named = STATES[np.where(flows["proto"] == TCP, states, udp)]
    named[(flows["proto"] != TCP) & (flows["proto"] != UDP)] = ""
    return named


def histories(flows: Array, letters: Array) -> list[str]:
    """The history of each flow as text, each distinct one made once."""
    used = np.arange(letters.shape[1]) < flows["history"][:, None]
    rows = np.where(used, letters, 0).astype(np.uint8)
    width = letters.shape[1]
    return [text.decode("ascii") for text in np.ascontiguousarray(rows).view(f"S{width}").ravel().tolist()]


def missed(side: Array, gaps: Array) -> Array:
    """Octets of each side's stream that were acknowledged and never seen; none of a side that was not seen at all."""
    total = side["missed"].copy()
    total[side["packets"] == 0] = 0
    for k in np.flatnonzero((side["gap"] >= 0) & (side["packets"] > 0)).tolist():
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
    a, b = (
        addresses(flows["a_hi"], flows["a_lo"], flows["version"]),
        addresses(flows["b_hi"], flows["b_lo"], flows["version"]),
    )
    is_tcp = flows["proto"] == TCP
    written = histories(flows, tables.histories[:count])
    handshake = is_tcp & (flows["opening"] & (fl.SYN_SEEN | fl.SYNACK_SEEN) > 0)
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
        conn_state=conn_states(flows, orig, resp, written), history=written,
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
        midstream=is_tcp & ~handshake, one_sided=_one_sided(orig, resp, is_tcp),
        service=empty, certainty=empty, server_name=empty, server_name_basis=empty,
    )  # fmt: skip


def _one_sided(orig: Array, resp: Array, is_tcp: Array) -> npt.NDArray[np.bool_]:
    """TCP of which one direction is missing although it must have been there.

    The originator went on after its SYN (an ACK, data), or only the responder was seen: the other end must have spoken.
    """
    talked = (orig["packets"] > orig["syns"] + orig["rsts"]) & (resp["packets"] == 0)
    answered = (resp["packets"] > 0) & (orig["packets"] == 0)
    one_sided: npt.NDArray[np.bool_] = is_tcp & (talked | answered)
    return one_sided


__all__ = ["addresses", "conn_states", "finish", "histories", "macs", "missed"]
