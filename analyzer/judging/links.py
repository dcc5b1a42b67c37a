"""Housekeeping of a link: traffic without which no network runs, on which the documents are silent."""

from __future__ import annotations

import numpy as np

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.judging.traffic import ICMP, ICMP6, IGMP, TCP, UDP, Mask, Traffic

# IANA: DHCP 67/68, DHCPv6 546/547, mDNS 5353, LLMNR 5355, SSDP 1900, WS-Discovery 3702, NetBIOS 137/138,
# NAT-PMP and PCP 5350/5351.
LEASE_PORTS = (67, 68, 546, 547)
DISCOVERY_PORTS = (137, 138, 1900, 3702, 5350, 5351, 5353, 5355)


def housekeeping(traffic: Traffic) -> Mask:
    """Flows that are housekeeping: ICMP and IGMP, groups and broadcasts, leases, and discovery between neighbours."""
    flows = traffic.seen.flows
    other = flows.proto != TCP
    met = np.unique(np.concatenate([traffic.orig[other], traffic.resp[other]])).tolist()
    to_all, nearby, last = (np.zeros(len(traffic.addresses), np.bool_) for _ in range(3))
    for code in met:
        address = str(traffic.addresses[code])
        kind = addresses.reach(address)
        to_all[code] = kind in {Reach.GROUP, Reach.EVERYBODY}
        nearby[code] = kind in {Reach.LOCAL, Reach.NOBODY}
        last[code] = kind is Reach.LOCAL and address.endswith(".255")
    udp = flows.proto == UDP
    link = np.isin(flows.proto, (ICMP, IGMP, ICMP6))
    spread = to_all[traffic.resp] & other
    subnet = udp & last[traffic.resp] & (flows.resp_packets == 0)
    lease = udp & np.isin(flows.orig_p, LEASE_PORTS) & np.isin(flows.resp_p, LEASE_PORTS)
    discovery = np.isin(flows.orig_p, DISCOVERY_PORTS) | np.isin(flows.resp_p, DISCOVERY_PORTS)
    near = udp & discovery & nearby[traffic.orig] & nearby[traffic.resp]
    mask: Mask = link | spread | subnet | lease | near
    return mask
