"""The allow-list of a role as a Manufacturer Usage Description (RFC 8520), whose access lists are those of RFC 8519.

A description is of one type of device, so it holds one role. It knows names, addresses and anybody, in lists for IPv4
and IPv6 apart; it knows no wildcards. It is held against all that the device sends, so what stays within the site is in
it, by network or as `local-networks`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

from analyzer.exporting.allowlist.entries import AllowList, Entry, Exported
from analyzer.exporting.allowlist.naming import named
from analyzer.printable import printable

PROTOCOLS = {"tcp": 6, "udp": 17}
VERSIONS = (4, 6)
HOURS = 48
"""cache-validity: what RFC 8520 section 3.5 has where none is told."""

INFO = 60
"""Characters of systeminfo (RFC 8520, section 3.6)."""

NAME = 64
"""Characters of the name of an entry (RFC 8519, section 4.1)."""

NOWHERE = "https://{pack}.invalid/{role}.json"
"""Where no URL is told: a name that never resolves (RFC 6761, section 6.4)."""

Match = tuple[str, dict[str, Any]]


def write(listed: AllowList) -> Exported:
    """The description of the only role of a list, and what it cannot hold."""
    (role,) = listed.roles
    url = listed.url or NOWHERE.format(pack=named(listed.name, 60), role=named(role, 60))
    policies: dict[str, list[dict[str, str]]] = {"from": [], "to": []}
    lists = []
    for version in VERSIONS:
        for way, held in policies.items():
            entries = list(_aces(listed.rows, version, forth=way == "from"))
            if entries:
                name = f"{named(role, 48)}-{way}-v{version}"
                held.append({"name": name})
                lists.append({"name": name, "type": f"ipv{version}-acl-type", "aces": {"ace": entries}})
    described = {
        "ietf-mud:mud": {
            "mud-version": 1,
            "mud-url": url,
            "last-update": listed.updated,
            "cache-validity": HOURS,
            "is-supported": True,
            "systeminfo": printable(listed.title)[:INFO],
            "model-name": role,
            **{f"{way}-device-policy": {"access-lists": {"access-list": held}} for way, held in policies.items()},
        },
        "ietf-access-control-list:acls": {"acl": lists},
    }
    return Exported(json.dumps(described, indent=1) + "\n", tuple(_notes(listed, url)))


def _notes(listed: AllowList, url: str) -> Iterator[str]:
    """What the description cannot hold, or not truly say."""
    wide = {entry.rule: entry.wildcards for entry in listed.rows if entry.wildcards}
    if wide:
        told = ", ".join(f"{rule} ({' '.join(names)})" for rule, names in wide.items())
        yield f"MUD knows no wildcards: not held in full are {told}"
    if not listed.url:
        yield f"mud-url is {url}, which nobody serves: --mud-url tells where the file will be served"


def _aces(rows: tuple[Entry, ...], version: int, *, forth: bool) -> Iterator[dict[str, Any]]:
    """The entries for one version of IP, out or back."""
    counted: dict[str, int] = defaultdict(int)
    for entry in rows:
        for target in _targets(entry, version, forth=forth):
            for port, transport in entry.ports or ((0, ""),):
                counted[entry.rule] += 1
                name = named(f"{entry.rule}-{counted[entry.rule]}", NAME, r"[^A-Za-z0-9_-]")
                yield _ace(name, (f"ipv{version}", target), port, transport, forth=forth, local=_local(entry))


def _local(entry: Entry) -> bool:
    """Whether any host of the site is meant."""
    return entry.within and not entry.names and not entry.addresses


def _targets(entry: Entry, version: int, *, forth: bool) -> Iterator[dict[str, Any]]:
    """What is matched of IP for each destination of a row; nothing for anybody, and for any host of the site."""
    if entry.open or _local(entry):
        yield {}
    for name in entry.exact:
        yield {f"ietf-acldns:{'dst' if forth else 'src'}-dnsname": name}
    for one in entry.addresses if not entry.names else ():
        net = ip_network(one, strict=False)
        if net.version == version:
            yield {f"{'destination' if forth else 'source'}-ipv{version}-network": str(net)}


def _ace(  # noqa: PLR0913 - what an entry is made of
    name: str, where: Match, port: int, transport: str, *, forth: bool, local: bool
) -> dict[str, Any]:
    """An entry for one destination and port, out or back; port 0 stands for all that IP carries."""
    family, target = where
    matches: dict[str, Any] = {"ietf-mud:mud": {"local-networks": [None]}} if local else {}
    matches[family] = {**target, "protocol": PROTOCOLS[transport]} if transport else target
    if transport:
        opened = {"ietf-mud:direction-initiated": "from-device"} if transport == "tcp" else {}
        ports = {"destination-port" if forth else "source-port": {"operator": "eq", "port": port}}
        matches[transport] = {**opened, **ports}
    return {"name": name, "matches": matches, "actions": {"forwarding": "accept"}}
