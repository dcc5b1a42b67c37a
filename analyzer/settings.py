"""Timeouts and thresholds, each with its source."""

from __future__ import annotations

from dataclasses import dataclass

# Ports above 1023 on which servers listen, for flows whose opening is not in the capture: the documents' own tables
# and what the IANA registry and common use place beside them. Ports below 1024 (RFC 6335 section 6) count as well.
SERVER_PORTS = (
    1194, 1433, 1521, 1883, 1900, 2049, 2222, 3128, 3306, 3389, 3478, 4001, 4222, 4840, 4843, 4880, 5000, 5060, 5222,
    5353, 5355, 5432, 5671, 5672, 5900, 5938, 6379, 7070, 7422, 7878, 8000, 8080, 8082, 8193, 8443, 8883, 8888, 9001,
    9092, 9100, 9600, 11211, 19000, 20000, 20547, 27017, 34980, 44818, 47808, 49320, 51820, 56000,
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """How facts are made of frames."""

    udp_idle_s: int = 300
    """Silence that ends a flow without connection: RFC 4787 section 4.3 recommends NATs to keep one for 5 minutes."""

    tcp_idle_s: int = 7440
    """Silence that ends a TCP flow: RFC 5382 section 5, REQ-5, asks NATs to keep one for 2 hours and 4 minutes."""

    udp_active_s: int = 0
    """Age at which a flow without connection is cut, so that its parts can leave memory; 0 for never.

    RFC 7011 section 2 and RFC 5470 section 5.1.1 call it the active timeout; a talk over UDP may last for ever."""

    closed_s: int = 240
    """Silence after which a closed TCP flow is over where flows leave memory: 2 MSL (RFC 9293 section 3.4.2)."""

    stream_idle_s: int = 10
    """Silence after which the first octets of a flow are read as they are; a hello takes a few round trips."""

    copy_ms: int = 10
    """Within so long the same packet again is a mirror's copy, and counts nowhere; negative: copies count.

    A sender waits 0.2 s at least before it sends one again (RFC 6298 section 2.4 asks for a second); the copies of a
    switch come within milliseconds."""

    bin_s: int = 1
    """Width of a bin of the rates to begin with."""

    rates: int = 1_000_000
    """Rows of the rates kept; when they are used up, bins become twice as wide (32 octets each: 32 MB)."""

    server_ports: tuple[int, ...] = SERVER_PORTS
