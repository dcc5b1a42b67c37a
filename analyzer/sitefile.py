"""What the user knows of the place: a site file, read from YAML and checked."""

from __future__ import annotations

from dataclasses import dataclass

TOPOLOGIES = ("company", "isolated", "wireless-lan", "wireless", "cellular")


@dataclass(frozen=True)
class SiteHost:
    """One host of the site file; `machine_class` is standard or focas for machines, else empty."""

    name: str
    role: str
    addresses: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()
    machine_class: str = ""
    protocol: str = ""


@dataclass(frozen=True)
class Site:
    """All of a site file; everything is optional, and an empty Site knows nothing. `uplink_bps` is 0 where unsaid."""

    name: str = ""
    path: str = ""
    profiles: tuple[str, ...] = ()
    topology: str = ""
    company_networks: tuple[str, ...] = ()
    machine_networks: tuple[str, ...] = ()
    hosts: tuple[SiteHost, ...] = ()
    nat: tuple[str, ...] = ()
    resolvers: tuple[str, ...] = ()
    ntp: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = ()
    trust: tuple[str, ...] = ()
    tolerance: float = 0.25
    uplink_bps: float = 0.0
