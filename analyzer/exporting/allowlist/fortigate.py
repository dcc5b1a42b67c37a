"""The allow-list as FortiOS commands (6.4 and later): objects, policies that only allow, exemptions from decryption.

An FQDN address takes wildcards: the FortiGate learns their addresses from answers that pass it, so the site's lookups
have to. The policies themselves decrypt nothing; the profile at the end holds what has to be exempt in a profile that
does. Exemptions by `wildcard-fqdn` go by the server name of the hello.
Source: Fortinet, FortiOS CLI Reference: config firewall address, address6, wildcard-fqdn custom, service custom,
policy, ssl-ssh-profile; Administration Guide: Using wildcard FQDN addresses in firewall policies; Technical Tip:
Exempting applications, domains, websites from SSL inspection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from analyzer.addresses import Network
from analyzer.exporting.allowlist import placing
from analyzer.exporting.allowlist.entries import AllowList, Entry, Exported
from analyzer.exporting.allowlist.naming import named, remark

OBJECT, POLICY = 79, 35
"""Letters of a name: of an object, and of a policy or profile."""

REMARK = 200
SUFFIX = {4: "", 6: "6"}
Items = Mapping[str, Sequence[str]]
"""What is edited, by name, and the lines that set it."""


def write(listed: AllowList) -> Exported:
    """The commands for the roles whose hosts the site file tells."""
    rows, absent = placing.placed(listed)
    pack = listed.name
    hosts = placing.sources(rows)
    lines = [
        f"# {remark(listed.heading, REMARK)}",
        "# Policies only allow, and are appended: move them above those that deny.",
    ]
    for version in placing.VERSIONS:
        lines += _block(f"firewall address{SUFFIX[version]}", _addresses(pack, rows, hosts, version))
    lines += _block("firewall service custom", _services(pack, rows))
    lines += _policies(pack, rows, hosts)
    lines += _exemptions(pack, rows)
    return Exported("\n".join(lines) + "\n", absent)


def _object(pack: str, what: object) -> str:
    return named(f"{pack}-{what}", OBJECT)


def _block(title: str, items: Items) -> list[str]:
    """A block of a configuration; nothing where there is nothing to set."""
    if not items:
        return []
    lines = [f"config {title}"]
    for name, held in items.items():
        lines += [f'    edit "{name}"', *(f"        {line}" for line in held), "    next"]
    return [*lines, "end"]


def _addresses(
    pack: str, rows: Iterable[Entry], hosts: Mapping[str, Sequence[Network]], version: int
) -> dict[str, list[str]]:
    """The objects of one family: hosts, destinations by address, and by name where hosts of the family ask for them."""
    items: dict[str, list[str]] = {}
    for net in (net for held in hosts.values() for net in held):
        items |= _network(pack, net, version)
    for entry in rows:
        for net in placing.networks(entry.addresses):
            items |= _network(pack, net, version)
        if not entry.addresses and any(net.version == version for net in hosts[entry.who]):
            for name in entry.names:
                items[_object(pack, name)] = ["set type fqdn", f'set fqdn "{placing.host_name(name)}"']
    return items


def _network(pack: str, net: Network, version: int) -> dict[str, list[str]]:
    """The object of a network, in the family that is asked for."""
    if net.version != version:
        return {}
    told = f"set ip6 {net}" if version == 6 else f"set subnet {net.network_address} {net.netmask}"
    return {_object(pack, placing.written(net)): [told]}


def _services(pack: str, rows: Iterable[Entry]) -> dict[str, list[str]]:
    """The ports as objects."""
    ports = dict.fromkeys(port for entry in rows for port in entry.ports)
    return {_object(pack, f"{transport}-{port}"): [f"set {transport}-portrange {port}"] for port, transport in ports}


def _policies(pack: str, rows: Iterable[Entry], hosts: Mapping[str, Sequence[Network]]) -> Iterator[str]:
    """A policy for each row whose hosts and destinations have a family of addresses in common."""
    yield "config firewall policy"
    for entry in rows:
        ends = [*_ends(pack, entry, hosts[entry.who], 4), *_ends(pack, entry, hosts[entry.who], 6)]
        if not ends:
            continue
        ports = [_object(pack, f"{transport}-{port}") for port, transport in entry.ports]
        yield from (
            "    edit 0",
            f'        set name "{named(f"{pack}-{entry.who}-{entry.rule}", POLICY)}"',
            '        set srcintf "any"',
            '        set dstintf "any"',
            *ends,
            "        set action accept",
            '        set schedule "always"',
            f"        set service {_quoted(ports or ['ALL'])}",
            "        set logtraffic all",
            f'        set comments "{remark(f"{entry.rule}: {entry.title}", REMARK)}"',
            "    next",
        )
    yield "end"


def _ends(pack: str, entry: Entry, hosts: Iterable[Network], version: int) -> list[str]:
    """Source and destination of a policy in one family; nothing where one of them has no such address."""
    mine = [_object(pack, placing.written(net)) for net in hosts if net.version == version]
    theirs = [
        _object(pack, placing.written(net)) for net in placing.networks(entry.addresses) if net.version == version
    ]
    if not entry.addresses:
        theirs = [_object(pack, name) for name in entry.names] or ["all"]
    if not mine or not theirs:
        return []
    suffix = SUFFIX[version]
    return [f"        set srcaddr{suffix} {_quoted(mine)}", f"        set dstaddr{suffix} {_quoted(theirs)}"]


def _exemptions(pack: str, rows: Iterable[Entry]) -> list[str]:
    """What nobody may decrypt: names as objects, and a profile that exempts them with the addresses."""
    names, numbers = placing.exempt(rows)
    if not names and not numbers:
        return []
    items = {_object(pack, name): [f'set wildcard-fqdn "{name}"'] for name in names}
    exempt = [("wildcard-fqdn", name) for name in items]
    exempt += [(f"address{SUFFIX[net.version]}", _object(pack, placing.written(net))) for net in numbers]
    lines = [
        *_block("firewall wildcard-fqdn custom", items),
        "# Not to be decrypted: put these exemptions into each profile that inspects what these hosts send.",
        "config firewall ssl-ssh-profile",
        f'    edit "{named(f"{pack}-no-decrypt", POLICY)}"',
        "        config ssl-exempt",
    ]
    for number, (kind, name) in enumerate(exempt, 1):
        lines += [
            f"            edit {number}",
            f"                set type {kind}",
            f'                set {kind} "{name}"',
            "            next",
        ]
    return [*lines, "        end", "    next", "end"]


def _quoted(words: Iterable[str]) -> str:
    return " ".join(f'"{word}"' for word in words)
