"""Flows that are in a capture twice, before and after a NAT, as in one of all interfaces of a gateway.

A NAT changes one end's address and port, and takes one off the TTL; sequence numbers and payloads stay. A box that
answers by itself (a proxy) draws numbers of its own, so its two connections are two flows.
Source: RFC 3022 section 4.1; RFC 1812 section 5.3.1.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from analyzer.kernels.headers import TCP, UDP, V4_MAPPED

Array = npt.NDArray[Any]
Ends: TypeAlias = dict[str, tuple[Array, Array, Array]]
APART_NS = {TCP: 1_000_000_000, UDP: 100_000_000}
NEIGHBOURS = 4
"""Flows with the same key that are looked at: a flow is there twice, on a chain of gateways a few times."""

PRIVATE = ((0x0A000000, 0xFF000000), (0xAC100000, 0xFFF00000), (0xC0A80000, 0xFFFF0000), (0x64400000, 0xFFC00000))


def twins(flows: Array, orig: Array, resp: Array) -> npt.NDArray[np.int64]:
    """Per flow the row of the one that it is once more, -1 where it stands for itself."""
    found = np.full(flows.size, -1, np.int64)
    kept: set[int] = set()
    ends = _ends(flows)
    for proto in (TCP, UDP):
        key = orig["isn"].astype(np.int64) if proto == TCP else orig["print"]
        known = orig["syns"] > 0 if proto == TCP else orig["print"] != 0
        rows = np.flatnonzero((flows["proto"] == proto) & known)
        rows = rows[np.lexsort((flows["start_ns"][rows], key[rows]))]
        for step in range(1, NEIGHBOURS):
            one, other = rows[:-step], rows[step:]
            near = flows["start_ns"][other] - flows["start_ns"][one] <= APART_NS[proto]
            near &= (key[one] == key[other]) & _translated(orig, resp, ends, one, other)
            near &= _told_alike(resp, one, other, proto)
            for first, second in zip(one[near].tolist(), other[near].tolist(), strict=True):
                _pair(flows, found, kept, first, second)
    return found


def _ends(flows: Array) -> Ends:
    """Address (both halves) and port of each flow's ends."""
    by_a = flows["orig"] == 0
    parts = (("a_hi", "b_hi"), ("a_lo", "b_lo"), ("a_port", "b_port"))
    orig = [np.where(by_a, flows[a], flows[b]) for a, b in parts]
    resp = [np.where(by_a, flows[b], flows[a]) for a, b in parts]
    return {"orig": (orig[0], orig[1], orig[2]), "resp": (resp[0], resp[1], resp[2])}


def _translated(orig: Array, resp: Array, ends: Ends, one: Array, other: Array) -> npt.NDArray[np.bool_]:
    """Whether of two flows one end is the same, the other end's address is not, and one hop lies between them."""
    same, moved = {}, {}
    for name, (high, low, port) in ends.items():
        address = (high[one] == high[other]) & (low[one] == low[other])
        same[name], moved[name] = address & (port[one] == port[other]), ~address
    there = orig["ttl"][one].astype(np.int64) - orig["ttl"][other]
    back = resp["ttl"][other].astype(np.int64) - resp["ttl"][one]
    answered = (resp["ttl"][one] > 0) & (resp["ttl"][other] > 0)
    moved_one = (same["resp"] & moved["orig"]) | (same["orig"] & moved["resp"])
    made: npt.NDArray[np.bool_] = moved_one & (np.abs(there) == 1) & (~answered | (there == back))
    return made


def _told_alike(resp: Array, one: Array, other: Array, proto: int) -> npt.NDArray[np.bool_]:
    """Whether what the responder sent is the same as well, where it sent anything on both sides."""
    told, key = ("synacks", "isn") if proto == TCP else ("print", "print")
    both = (resp[told][one] != 0) & (resp[told][other] != 0)
    alike: npt.NDArray[np.bool_] = ~both | (resp[key][one] == resp[key][other])
    return alike


def _pair(flows: Array, found: Array, kept: set[int], first: int, second: int) -> None:
    """Note that two flows are one: the one inside stays, more of whose ends are private, or else the earlier one."""
    if found[first] >= 0 or found[second] >= 0 or {first, second} & kept:
        return
    inside = _private_ends(flows, second) > _private_ends(flows, first)
    stays, goes = (second, first) if inside else (first, second)
    found[goes] = stays
    kept.add(stays)


def _private_ends(flows: Array, row: int) -> int:
    """How many ends of a flow have private addresses (RFC 1918, RFC 6598; RFC 4193)."""
    return sum(_private(int(flows[f"{end}_hi"][row]), int(flows[f"{end}_lo"][row])) for end in ("a", "b"))


def _private(hi: int, lo: int) -> bool:
    """Whether an address is private."""
    if hi == 0 and lo >> 32 == V4_MAPPED >> 32:
        return any(lo & mask == net for net, mask in PRIVATE)
    return hi >> 57 & 0x7F == 0xFC >> 1
