"""The facts of one or several captures: what was seen, never what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_type_hints

from analyzer.tables import Arp, Certificates, Dhcp, Dns, Flows, Http, Icmp, Ntp, Quic, Rates, Tls

SCHEMA = "analyzer-facts/3"


@dataclass(frozen=True)
class Capture:
    """One capture file as it was read. Times are ns since 1970-01-01 UTC, 0 where it holds no frame.

    secrets  it holds keys of its TLS sessions (pcapng, Decryption Secrets Block)
    """

    path: str
    format: str
    packets: int
    octets: int
    start_ns: int
    end_ns: int
    cut: bool
    link_types: tuple[str, ...]
    note: str = ""
    secrets: bool = False


@dataclass(frozen=True)
class Quality:
    """What the capture itself lacks. A count of None was not to be had from this capture."""

    kernel_drops: int | None = None
    duplicates: int = 0
    duplicate_octets: int = 0
    nat_twins: int = 0
    super_frames: int = 0
    checksums: int = 0
    bad_checksums: int = 0
    partial_checksums: int = 0
    reordered_segments: int = 0
    payload_flows: int = 0
    control_flows: int = 0
    filters: tuple[str, ...] = ()
    missed_octets: int = 0
    one_sided_flows: int = 0
    midstream_flows: int = 0
    tcp_flows: int = 0
    snaplen_cut_frames: int = 0
    unknown_link_frames: int = 0
    undecoded_frames: int = 0
    non_ip_frames: int = 0
    encrypted_frames: int = 0
    fragments: int = 0
    stray_fragments: int = 0
    time_steps_back: int = 0
    bin_ns: int = 1_000_000_000

    @property
    def one_sided_share(self) -> float:
        """One-sided TCP flows as a share of all TCP flows, 0 where there are none."""
        return self.one_sided_flows / self.tcp_flows if self.tcp_flows else 0.0


def flow_counts(flows: Flows) -> dict[str, Any]:
    """The counts of Quality that follow from the flows."""
    is_tcp = flows.proto == 6
    opens = flows.orig_syns + flows.resp_synacks > 0
    closes = flows.orig_fins + flows.resp_fins + flows.orig_rsts + flows.resp_rsts > 0
    carries = flows.orig_payload_octets + flows.resp_payload_octets > 0
    return {
        "nat_twins": int((flows.twin >= 0).sum()),
        "payload_flows": int((is_tcp & carries).sum()),
        "control_flows": int((is_tcp & (opens | closes)).sum()),
        "missed_octets": int(flows.orig_missed.sum() + flows.resp_missed.sum()),
        "one_sided_flows": int(flows.one_sided.sum()),
        "midstream_flows": int(flows.midstream.sum()),
        "tcp_flows": int(is_tcp.sum()),
    }


@dataclass(frozen=True)
class Observations:
    """Captures, their quality, and one table of facts per kind of record."""

    captures: tuple[Capture, ...]
    quality: Quality
    flows: Flows
    dns: Dns
    tls: Tls
    certificates: Certificates
    http: Http
    dhcp: Dhcp
    ntp: Ntp
    quic: Quic
    icmp: Icmp
    rates: Rates
    arp: Arp


TABLES: dict[str, type[Any]] = {
    name: kind for name, kind in get_type_hints(Observations).items() if name not in ("captures", "quality")
}
"""The tables of facts by their name in Observations, which is also that of their file."""

REFERENCES = {"flow": 0, "quoted_flow": -1, "twin": -1}
"""Columns that hold rows of Flows, and the lowest value that may stand there."""
