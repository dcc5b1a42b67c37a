"""The allow-list of a role as JSON for `aws ec2 authorize-security-group-egress --ip-permissions file://FILE`.

A security group hangs on the host itself, so it says nothing of sources, and it knows addresses only. Nothing is looked
up here: what the document gives by name cannot be held, and is told. It opens no TLS: there is nothing to exempt.
Source: Amazon EC2 API Reference: AuthorizeSecurityGroupEgress, IpPermission, IpRange, Ipv6Range (a description has at
most 255 letters of `a-z A-Z 0-9 . _ - : / ( ) # , @ [ ] + = & ; { } ! $ *` and spaces).
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from analyzer.addresses import Network
from analyzer.exporting.allowlist import placing
from analyzer.exporting.allowlist.entries import AllowList, Exported, UnheldError
from analyzer.exporting.allowlist.naming import named, remark

DESCRIPTION, RULE = 255, 61
ANY = ("0.0.0.0/0", "::/0")
KEYS = {4: ("IpRanges", "CidrIp"), 6: ("Ipv6Ranges", "CidrIpv6")}

Service = tuple[int, str]


def write(listed: AllowList) -> Exported:
    """The permissions of the only role of a list; raises UnheldError where it has no destination by address."""
    (role,) = listed.roles
    held: dict[Service, dict[Network, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for entry in listed.rows:
        for net in placing.networks(ANY if entry.open else entry.addresses):
            for service in entry.ports or ((0, "-1"),):
                held[service][net][named(entry.rule, RULE)] = None
    cannot = placing.unheld(
        "a security group knows no names; not held",
        ((entry, entry.names) for entry in listed.rows if not entry.addresses),
    )
    if not held:
        raise UnheldError("; ".join(cannot) or f"nothing is let through for {role}")
    notes = (
        f"the group is for the interfaces of hosts in the role {role}; its first rule, that all may leave, has to go",
        *((*cannot, "AWS Network Firewall holds names, by a list of domains") if cannot else ()),
    )
    made = [_permission(service, ranges) for service, ranges in held.items()]
    return Exported(json.dumps(made, indent=1) + "\n", notes)


def _permission(service: Service, ranges: dict[Network, dict[str, None]]) -> dict[str, Any]:
    """One port, and whom it may reach; port 0 is every port of every protocol."""
    port, transport = service
    made: dict[str, Any] = {"IpProtocol": transport}
    if port:
        made |= {"FromPort": port, "ToPort": port}
    for net, rules in ranges.items():
        key, cidr = KEYS[net.version]
        made.setdefault(key, []).append({cidr: str(net), "Description": remark(", ".join(rules), DESCRIPTION)})
    return made
