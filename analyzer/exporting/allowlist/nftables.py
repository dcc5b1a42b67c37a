"""The allow-list as an nftables table: it lets the document's hosts do what they need, and nothing else.

A packet filter knows addresses and no names. What the document gives by name only goes into sets that are empty at
first; dnsmasq (2.87 and later) fills them from the answers that it gives to the site's hosts, by the `nftset` lines at
the end. A name in such a line stands for all names below it as well; dnsmasq has no form that is narrower. What stays
within the site is not touched.
Source: nft(8); dnsmasq(8), --nftset.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

from analyzer import addresses
from analyzer.exporting.allowlist.entries import AllowList, Entry, Exported
from analyzer.exporting.allowlist.naming import named
from analyzer.printable import printable

FAMILIES = {4: ("ip", "ipv4_addr"), 6: ("ip6", "ipv6_addr")}
DAY = "1d"
LONGEST = 100
"""Characters of a comment; nft takes 128 octets."""

LONGEST_NAME = 60

NAME = re.compile(r"\*\.|[^a-z0-9._-]")

WIDER = (
    "dnsmasq takes a name for all names below it: it lets through more than the document, names below those that are "
    "meant alone, and the bare domain of a wildcard"
)


def write(listed: AllowList) -> Exported:
    """The ruleset, to be loaded with `nft -f`; a table of its name is replaced."""
    told = [] if all(entry.sources for entry in listed.rows) else ["sets of hosts are empty: a site file names them"]
    if any(entry.names and not entry.addresses for entry in listed.rows):
        told += ["destinations by name pass once dnsmasq fills their sets, by the lines at the end", WIDER]
    for version in FAMILIES:
        free = ", ".join(dict.fromkeys(entry.who for entry in listed.rows if _unbound(entry, version)))
        if free:
            told.append(f"IPv{version} is not restricted for {free}: the site file has no such address of theirs")
    return Exported(_text(listed.rows, listed.heading, f"plant_{listed.name}", listed.own), tuple(told))


def _text(rows: Sequence[Entry], title: str, table: str, own: Sequence[str]) -> str:
    """The ruleset for rows in a table; `own` are the site's networks beside those that are local to any site."""
    name = _word(table)
    hosts: dict[str, tuple[str, ...]] = {entry.who: entry.sources for entry in rows}
    bound = dict.fromkeys(entry.who for entry in rows if not entry.general)
    sets, rules, fills = _destinations(rows, name)
    lines = [
        "#!/usr/sbin/nft -f",
        f"# {_remark(title)}",
        f"# {_remark(', '.join(bound)) or 'no host'}: what the rules name passes to the outside, nothing else does.",
        "# Other hosts, people's computers among them, and what stays within the site are not touched. Sets without",
        "# elements are to be filled: hosts by you, names by dnsmasq (see the end).",
        f"table inet {name}",
        f"delete table inet {name}",
        f"table inet {name} {{",
    ]
    for who, sources in hosts.items():
        lines += _host_sets(who, sources)
    lines += sets
    lines += ["\tchain forward {", "\t\ttype filter hook forward priority filter; policy accept;"]
    lines += ["\t\tct state established,related accept", *rules]
    inside = _within(own)
    for who in bound:
        for version, (family, _) in FAMILIES.items():
            for mine, theirs in (("saddr", "daddr"), ("daddr", "saddr")):
                held, within = (
                    f"\t\t{family} {mine} @{_hosts(who, version)}",
                    f"{family} {theirs} {{ {inside[version]} }}",
                )
                lines += [f"{held} {within} accept", f"{held} counter drop"]
    lines += ["\t}", "}", *(["", f"# {WIDER}:", *fills] if fills else [])]
    return "\n".join(lines) + "\n"


def _within(own: Iterable[str]) -> dict[int, str]:
    """By version what is within the site, as elements of a set, none of which overlap: nft takes no others."""
    nets = [net for net in (*addresses.LOCAL, *map(addresses.network, own)) if net is not None]
    four = collapse_addresses(net for net in nets if isinstance(net, IPv4Network))
    six = collapse_addresses(net for net in nets if isinstance(net, IPv6Network))
    return {4: ", ".join(map(str, four)), 6: ", ".join(map(str, six))}


def _host_sets(who: str, sources: Sequence[str]) -> list[str]:
    """The sets of a role's addresses."""
    made = []
    for version, (_, kind) in FAMILIES.items():
        mine = [address for address in sources if ip_network(address, strict=False).version == version]
        elements = f" elements = {{ {', '.join(mine)} }};" if mine else ""
        made.append(f"\tset {_hosts(who, version)} {{ type {kind}; flags interval;{elements} }}")
    return made


def _destinations(rows: Sequence[Entry], table: str) -> tuple[list[str], list[str], list[str]]:
    """Sets for names, the rules, and the lines with which dnsmasq fills the sets."""
    sets: dict[str, None] = {}
    rules: list[str] = []
    fills: dict[str, dict[str, None]] = defaultdict(dict)
    for entry in rows:
        for version, (family, kind) in FAMILIES.items():
            fixed = [one for one in entry.addresses if ip_network(one, strict=False).version == version]
            for port, transport in entry.ports or ((0, ""),):
                where = f"{transport} dport {port} " if port else ""
                head = f"\t\t{family} saddr @{_hosts(entry.who, version)} "
                tail = f'{where}accept comment "{_remark(entry.rule)}"'
                if fixed:
                    rules.append(f"{head}{family} daddr {{ {', '.join(fixed)} }} {tail}")
                elif entry.open:
                    rules.append(f"{head}{tail}")
                if entry.names and not entry.addresses:
                    called = _word(f"d_{entry.who}_{transport or 'any'}_{port or 'any'}_{version}")
                    sets[f"\tset {called} {{ type {kind}; flags timeout; timeout {DAY}; }}"] = None
                    rules.append(f"{head}{family} daddr @{called} {tail}")
                    for name in entry.names:
                        fills[_domain(name)][f"{version}#inet#{table}#{called}"] = None
    lines = [f"# nftset=/{domain}/{','.join(targets)}" for domain, targets in fills.items()]
    return list(sets), list(dict.fromkeys(rules)), lines


def _domain(name: str) -> str:
    """A name as dnsmasq takes it: it stands for the domain and all below it."""
    return NAME.sub("", name.lower())


def _unbound(entry: Entry, version: int) -> bool:
    """Whether what a role's hosts send is dropped in the other version of IP only."""
    versions = {ip_network(address, strict=False).version for address in entry.sources}
    return not entry.general and bool(versions) and version not in versions


def _hosts(who: str, version: int) -> str:
    """The name of the set of a role's addresses; sets of destinations begin with d_ instead."""
    return _word(f"h_{who}_{version}")


def _word(text: str) -> str:
    """Text as nft takes a name."""
    return named(text.replace("-", "_"), LONGEST_NAME, r"[^A-Za-z0-9_]", "_")


def _remark(text: str) -> str:
    """Text within a comment: one line, no quotes, as long as one may be."""
    return re.sub(r'["\\]', "'", printable(text))[:LONGEST]
