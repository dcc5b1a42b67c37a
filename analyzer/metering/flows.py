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
from analyzer.kernels.headers import ICMP, ICMPV6, TCP, UDP, V4_MAPPED
from analyzer.kernels.tunnels import KEPT_NAMES, NAMES
from analyzer.metering.communityid import identify
from analyzer.metering.sweep import Tables
from analyzer.metering.twins import twins
from analyzer.tables import Flows, build, mapped

Array = npt.NDArray[Any]
UNSIGNED = 2**64 - 1
GIVEN_UP = re.compile(r"\^?S[^HAFGIQ]*R.*")
LAST = ("last_ns", "last_frame", "mss", "ident", "ttl_low", "ttl_high", "print")
OTH, S0, S1, S2, S3, SF, REJ, RSTO, RSTR, RSTOS0, RSTRH, SH, SHR = range(13)
STATES = np.array(
    ["OTH", "S0", "S1", "S2", "S3", "SF", "REJ", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR"], dtype=object
)


def addresses(hi: Array, lo: Array, version: Array) -> npt.NDArray[np.object_]:
    """Addresses as text (RFC 5952), each distinct one made once."""
    texts = np.empty(hi.size, dtype=object)
    four = version == 4
    distinct, inverse = np.unique(lo[four] - V4_MAPPED, return_inverse=True)
    # by hand: a third of what ipaddress takes, and a capture may hold a million
    texts[four] = _texts(f"{v >> 24 & 255}.{v >> 16 & 255}.{v >> 8 & 255}.{v & 255}" for v in distinct.tolist())[
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
    return mapped(values, _mac)


def _mac(value: int) -> str:
    if not value:
        return ""
    digits = f"{value:012x}"  # by hand: a third of what a join takes, and a capture may hold a hundred thousand
    return f"{digits[:2]}:{digits[2:4]}:{digits[4:6]}:{digits[6:8]}:{digits[8:10]}:{digits[10:]}"


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
    written = histories(flows, tables.histories[:count])
    empty = np.full(count, "", dtype=object)
    same = ("proto", "start_ns", "end_ns", "vlan", "attempts", "first_frame", "last_frame", "rst_frame", "fin_frame")
    return build(
        Flows,
        ip_version=flows["version"],
        conn_state=conn_states(flows, orig, resp, written),
        history=written,
        community_id=identify(flows),
        resp_frame=resp["first_frame"],
        tunnel=mapped(flows["tunnel"], _wrapping),
        service=empty,
        certainty=empty,
        server_name=empty,
        server_name_basis=empty,
        **{column: flows[column] for column in same},
        **_ends(flows),
        **_sent("orig", orig, tables.gaps),
        **_sent("resp", resp, tables.gaps),
        **{f"orig_{name}": column for name, column in _heard(orig, resp).items()},
        **{f"resp_{name}": column for name, column in _heard(resp, orig).items()},
        twin=twins(flows, orig, resp),
        **_handshake(flows, orig, resp),
        **_reset(flows),
    )


def _wrapping(tunnel: int) -> str:
    """The names of what a packet was wrapped in, outermost first."""
    return ">".join(NAMES[tunnel >> place & 255] for place in range(0, 8 * KEPT_NAMES, 8) if tunnel >> place & 255)


def _ends(flows: Array) -> dict[str, Array]:
    """Addresses and ports by who is the originator; of ICMP, type and code."""
    by_a = flows["orig"] == 0
    typed = by_a | (flows["proto"] == ICMP) | (flows["proto"] == ICMPV6)
    a = addresses(flows["a_hi"], flows["a_lo"], flows["version"])
    b = addresses(flows["b_hi"], flows["b_lo"], flows["version"])
    return {
        "orig_h": np.where(by_a, a, b),
        "resp_h": np.where(by_a, b, a),
        "orig_p": np.where(typed, flows["a_port"], flows["b_port"]),
        "resp_p": np.where(typed, flows["b_port"], flows["a_port"]),
    }


def _sent(end: str, side: Array, gaps: Array) -> dict[str, Array]:
    """What one end sent: the columns that begin with its name."""
    same = ("packets", "octets", "frame_octets", "retransmitted", "ttl", "fins", "rsts", "data_frame")
    return {
        **{f"{end}_{column}": side[column] for column in (*same, *LAST)},
        f"{end}_isn": np.where(side["syns"] + side["synacks"] > 0, side["isn"], np.int64(-1)),
        f"{end}_payload_octets": side["payload"],
        f"{end}_missed": missed(side, gaps),
        f"{end}_mac": macs(side["mac"]),
    }


def _reset(flows: Array) -> dict[str, Array]:
    """What the first RST of each flow was like."""
    same = ("rst_ns", "rst_ttl", "rst_ident", "rst_window")
    mine = (flows["rst_frame"] > 0) & (flows["rst_side"] == flows["orig"])
    return {"rst_delay_ns": flows["rst_delay"], "rst_from_orig": mine, **{name: flows[name] for name in same}}


def _heard(mine: Array, other: Array) -> dict[str, Array]:
    """Octets of a side that the other one acknowledged, and segments sent again since the other one last spoke."""
    octets = np.array(mine["acked"] - mine["base"], np.uint32).astype(np.int64)
    told = (other["packets"] > 0) & (mine["known"] > 0) & (octets < 1 << 31)
    return {
        "acked": np.where(told, octets, -1),
        "again": np.where(mine["again_at"] == other["packets"], mine["again"], 0),
    }


def _handshake(flows: Array, orig: Array, resp: Array) -> dict[str, Array]:
    """How TCP flows opened, as far as the capture shows it."""
    is_tcp = flows["proto"] == TCP
    opened = is_tcp & (flows["opening"] & (fl.SYN_SEEN | fl.SYNACK_SEEN) > 0)
    timed = (flows["syn_rtt"] >= 0) & (flows["ack_rtt"] >= 0)
    return {
        "orig_syns": orig["syns"],
        "resp_synacks": resp["synacks"],
        "rtt_ns": np.where(timed, flows["syn_rtt"] + flows["ack_rtt"], -1),
        "synack_ns": flows["syn_rtt"],
        "midstream": is_tcp & ~opened,
        "one_sided": _one_sided(orig, resp, is_tcp),
    }


def _one_sided(orig: Array, resp: Array, is_tcp: Array) -> npt.NDArray[np.bool_]:
    """TCP of which one direction is missing although it must have been there.

    The originator went on after its SYN (an ACK, data), or only the responder was seen: the other end must have spoken.
    """
    talked = (orig["packets"] > orig["syns"] + orig["rsts"]) & (resp["packets"] == 0)
    answered = (resp["packets"] > 0) & (orig["packets"] == 0)
    one_sided: npt.NDArray[np.bool_] = is_tcp & (talked | answered)
    return one_sided
