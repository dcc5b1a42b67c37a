"""Housekeeping of a link: traffic without which no network runs, on which the documents are silent."""

from __future__ import annotations

import numpy as np

from analyzer.judging import addresses
from analyzer.judging.addresses import Reach
from analyzer.judging.traffic import ICMP, ICMP6, IGMP, TCP, UDP, Mask, Traffic

# IANA: DHCP 67/68, DHCPv6 546/547, mDNS 5353, LLMNR 5355, SSDP 1900, WS-Discovery 3702, NetBIOS 137/138,
# NAT-PMP and PCP 5350/5351.
LEASE_PORTS = (67, 68, 546, 547)
DISCOVERY_PORTS = (137, 138, 1900, 3702, 5350, 5351, 5353, 5355)


def housekeeping(traffic: Traffic) -> Mask:
    """Flows that are housekeeping: ICMP and IGMP, groups and broadcasts, leases, and discovery between neighbours."""
    flows = traffic.seen.flows
    reaches = [addresses.reach(str(address)) for address in traffic.addresses]
    to_all = np.array([reach in {Reach.GROUP, Reach.EVERYBODY} for reach in reaches], np.bool_)
    nearby = np.array([reach in {Reach.LOCAL, Reach.NOBODY} for reach in reaches], np.bool_)
    last = np.array([_last_octet(str(address)) for address in traffic.addresses], np.bool_)
    udp = flows.proto == UDP
    link = np.isin(flows.proto, (ICMP, IGMP, ICMP6))
    spread = to_all[traffic.resp] & (flows.proto != TCP)
    subnet = udp & last[traffic.resp] & (flows.resp_packets == 0)
    lease = udp & np.isin(flows.orig_p, LEASE_PORTS) & np.isin(flows.resp_p, LEASE_PORTS)
    discovery = np.isin(flows.orig_p, DISCOVERY_PORTS) | np.isin(flows.resp_p, DISCOVERY_PORTS)
    near = udp & discovery & nearby[traffic.orig] & nearby[traffic.resp]
    mask: Mask = link | spread | subnet | lease | near
    return mask


def _last_octet(address: str) -> bool:
    """Whether a local IPv4 address ends as the broadcast address of a subnet of 256 does."""
    return address.endswith(".255") and addresses.reach(address) is Reach.LOCAL
