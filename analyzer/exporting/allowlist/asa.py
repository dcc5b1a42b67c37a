"""The allow-list as commands for a Cisco ASA (9.0 and later): network objects and an extended access list.

An `fqdn` object is resolved by the ASA itself, which needs a resolver (`dns domain-lookup`); it knows no wildcards and
no underscores. An access list ends with an implicit deny, for all hosts behind the interface: it is not bound to one
here. The ASA itself opens no TLS; what a module or a Firepower behind it must not decrypt is listed in remarks.
Source: Cisco, ASA Series Command Reference: fqdn, object network, object-group network, access-list extended; Firewall
CLI Configuration Guide: Objects for Access Control (names of at most 64 letters, IPv4 and IPv6 in one group).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from analyzer.addresses import Network
from analyzer.exporting.allowlist import placing
from analyzer.exporting.allowlist.entries import AllowList, Entry, Exported
from analyzer.exporting.allowlist.naming import named, remark

OBJECT, REMARK = 64, 100
"""Letters of the name of an object, and of a remark."""

FQDN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
"""What the command takes as a name."""

Objects = dict[str, str]
"""Network objects: name, and the line that says what it is."""


def write(listed: AllowList) -> Exported:
    """The commands for the roles whose hosts the site file tells."""
    rows, absent = placing.placed(listed)
    hosts = placing.sources(rows)
    objects: Objects = {}
    rules = [line for entry in rows for line in _rules(listed.name, entry, hosts[entry.who], objects)]
    lines = [f"! {remark(listed.heading, REMARK)}"]
    for name, line in objects.items():
        lines += [f"object network {name}", f" {line}"]
    for who, mine in hosts.items():
        lines.append(f"object-group network {_group(listed.name, who)}")
        lines += [
            f" network-object {f'host {net[0]}' if placing.alone(net) and net.version == 4 else _written(net)}"
            for net in mine
        ]
    lines += [*rules, *_exempt(rows)]
    cannot = placing.unheld(
        "an ASA knows no wildcards and no underscores in names; not held",
        ((entry, [name for name in entry.names if not FQDN.fullmatch(name)]) for entry in rows if not entry.addresses),
    )
    bound = "access-group binds the list to an interface: it then denies what it does not name, for all hosts there"
    return Exported("\n".join(lines) + "\n", (*absent, *cannot, bound))


def _group(pack: str, who: str) -> str:
    return named(f"{pack}-{who}", OBJECT)


def _written(net: Network) -> str:
    """A network as the ASA writes it: with a mask in IPv4, with a prefix in IPv6."""
    return f"{net.network_address} {net.netmask}" if net.version == 4 else str(net)


def _rules(pack: str, entry: Entry, hosts: Sequence[Network], objects: Objects) -> list[str]:
    """The lines of the access list for a row; adds the objects that they name."""
    name = named(f"{pack}-outbound", OBJECT)
    whom = ["any"] if entry.open else [f"object {one}" for one in _objects(pack, entry, hosts, objects)]
    if not whom:
        return []
    lines = [f"access-list {name} remark {remark(f'{entry.rule}: {entry.title}', REMARK)}"]
    for port, transport in entry.ports or ((0, "ip"),):
        lines += [
            f"access-list {name} extended permit {transport} object-group {_group(pack, entry.who)} {one}"
            f"{f' eq {port}' if port else ''}"
            for one in whom
        ]
    return lines


def _objects(pack: str, entry: Entry, hosts: Iterable[Network], objects: Objects) -> list[str]:
    """The names of the objects of a row's destinations, which are made where they are not."""
    made: Objects = {}
    for net in placing.networks(entry.addresses):
        made[named(f"{pack}-{placing.written(net)}", OBJECT)] = (
            f"host {net[0]}" if placing.alone(net) else f"subnet {_written(net)}"
        )
    if not entry.addresses:
        for version in sorted({net.version for net in hosts}):
            for one in filter(FQDN.fullmatch, entry.names):
                made[named(f"{pack}-{one}-v{version}", OBJECT)] = f"fqdn v{version} {one}"
    objects |= made
    return [*made]


def _exempt(rows: Iterable[Entry]) -> list[str]:
    """Remarks on what nobody may decrypt."""
    names, numbers = placing.exempt(rows)
    if not names and not numbers:
        return []
    return [
        "! Not to be decrypted. The ASA opens no TLS; a FirePOWER module or Firepower Threat Defense that does needs",
        "! a rule Do Not Decrypt for:",
        *(f"!   {one}" for one in (*names, *map(placing.written, numbers))),
    ]
