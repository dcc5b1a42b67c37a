"""What was tried, in words that are the same each time: attempts at one target add up, and success at it counts."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from analyzer.judging.traffic import TCP, UDP, Mask
from analyzer.judging.vantage import Vantage

CLOCKS = "time servers"
PROTOCOLS = {TCP: "tcp", UDP: "udp"}


def place(view: Vantage, row: int) -> str:
    """The responder's address and port."""
    flows = view.seen.flows
    return f"{flows.resp_h[row]} port {flows.resp_p[row]}/{PROTOCOLS.get(int(flows.proto[row]), 'other')}"


def named(view: Vantage, row: int) -> str:
    """The responder by name, where it has one, else by address, and its port."""
    flows = view.seen.flows
    return f"{flows.server_name[row] or flows.resp_h[row]} port {flows.resp_p[row]}"


def resolver(address: str) -> str:
    """A resolver that was asked."""
    return f"resolver {address}"


class Successes:
    """When each client's attempts at each target worked, in ns."""

    def __init__(self, view: Vantage, worked: Mask) -> None:
        flows, dns = view.seen.flows, view.seen.dns
        self._times: dict[tuple[str, str], list[int]] = defaultdict(list)
        for row in view.rows(worked):
            client, start = flows.orig_h[row], int(flows.start_ns[row])
            for target in {place(view, row), named(view, row)}:
                self._times[client, target].append(start)
            if flows.service[row] == "ntp" and flows.resp_packets[row]:
                self._times[client, CLOCKS].append(start)
        for row in np.flatnonzero(dns.rcode_name != "").tolist():
            flow = int(dns.flow[row])
            if view.wanted[flow]:
                self._times[flows.orig_h[flow], resolver(flows.resp_h[flow])].append(int(dns.ts_ns[row]))

    def times(self, client: str, target: str) -> list[int]:
        """When a client's attempts at a target worked, in order."""
        return sorted(self._times.get((client, target), ()))
