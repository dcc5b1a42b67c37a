"""The allow-list of a role as a Manufacturer Usage Description (RFC 8520), whose access lists are those of RFC 8519."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

from analyzer.exporting.allowlist.entries import Entry
from analyzer.printable import printable

PROTOCOLS = {"tcp": 6, "udp": 17}
HOURS = 48
"""cache-validity: what RFC 8520 section 3.5 has where none is told."""

INFO = 60


def text(rows: Sequence[Entry], title: str, updated: str) -> tuple[str, list[str]]:
    """The description of all rows, and the rules with names that it cannot hold: it knows no wildcards.

    updated  date and time as RFC 3339 has it
    """
    aces: dict[str, list[dict[str, Any]]] = {"from": [], "to": []}
    left: list[str] = []
    for number, entry in enumerate(rows):
        whom = [name for name in entry.names if not name.startswith("*")]
        if len(whom) < len(entry.names):
            left.append(entry.rule)
        targets = [("name", name) for name in whom] + [("network", one) for one in entry.addresses if not entry.names]
        if not entry.names and not entry.addresses:
            targets = [("any", "")]
        for place, target in enumerate(targets):
            for port, transport in entry.ports:
                called = f"{entry.rule}-{number}-{place}-{port}-{transport}"
                aces["from"].append(_ace(f"{called}-out", target, port, transport, forth=True))
                aces["to"].append(_ace(f"{called}-in", target, port, transport, forth=False))
    described = {
        "ietf-mud:mud": {
            "mud-version": 1,
            "mud-url": "https://example.com/mud.json",
            "last-update": updated,
            "cache-validity": HOURS,
            "is-supported": True,
            "systeminfo": printable(title)[:INFO],
            "from-device-policy": {"access-lists": {"access-list": [{"name": "from-device"}]}},
            "to-device-policy": {"access-lists": {"access-list": [{"name": "to-device"}]}},
        },
        "ietf-access-control-list:acls": {
            "acl": [
                {"name": f"{way}-device", "type": "ipv4-acl-type", "aces": {"ace": held}} for way, held in aces.items()
            ]
        },
    }
    return json.dumps(described, indent=1) + "\n", list(dict.fromkeys(left))


def _ace(name: str, target: tuple[str, str], port: int, transport: str, *, forth: bool) -> dict[str, Any]:
    """An entry for one destination and port, out or back."""
    end = "dst" if forth else "src"
    ipv4: dict[str, Any] = {"protocol": PROTOCOLS[transport]}
    kind, value = target
    if kind == "name":
        ipv4[f"ietf-acldns:{end}-dnsname"] = value
    elif kind == "network":
        key = "destination-ipv4-network" if forth else "source-ipv4-network"
        ipv4[key] = str(ip_network(value, strict=False))
    ports = {"destination-port" if forth else "source-port": {"operator": "eq", "port": port}}
    opened = {"ietf-mud:direction-initiated": "from-device"} if transport == "tcp" else {}
    return {
        "name": re.sub(r"[^A-Za-z0-9_-]", "-", name)[:64],
        "matches": {"ipv4": ipv4, transport: {**opened, **ports}},
        "actions": {"forwarding": "accept"},
    }
