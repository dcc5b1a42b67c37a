"""What all device formats ask of a list: rows whose hosts have addresses, networks, names as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_network

from analyzer.addresses import Network
from analyzer.exporting.allowlist.entries import AllowList, Entry, UnheldError

VERSIONS = (4, 6)
NOT_NAME = re.compile(r"[^A-Za-z0-9_.*-]")


def placed(listed: AllowList) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """The rows whose hosts' addresses the site file tells, and in words which roles have none.

    Raises UnheldError where no row has any: a rule without a source would let everybody through.
    """
    rows = tuple(entry for entry in listed.rows if entry.sources)
    absent = ", ".join(role for role in listed.roles if role not in {entry.who for entry in rows})
    if not rows:
        raise UnheldError(f"a site file has to tell the addresses of hosts in a role (hosts): {absent or 'none known'}")
    return rows, (f"left out, the site file has no address of a host in the role: {absent}",) if absent else ()


def sources(rows: Iterable[Entry]) -> dict[str, tuple[Network, ...]]:
    """The addresses of each role's hosts."""
    return {entry.who: tuple(networks(entry.sources)) for entry in rows}


def networks(texts: Iterable[str]) -> Iterator[Network]:
    """Addresses and networks as networks."""
    return (ip_network(text, strict=False) for text in texts)


def alone(net: Network) -> bool:
    """Whether a network is one address."""
    return net.num_addresses == 1


def written(net: Network) -> str:
    """A network as a person writes it: an address without its prefix."""
    return str(net.network_address if alone(net) else net)


def host_name(text: str) -> str:
    """A host name with nothing in it that no host name has."""
    return NOT_NAME.sub("_", text)


def exempt(rows: Iterable[Entry]) -> tuple[tuple[str, ...], tuple[Network, ...]]:
    """What nobody may decrypt: names, and addresses of what has none."""
    mine = [entry for entry in rows if entry.bypass]
    names = dict.fromkeys(host_name(name) for entry in mine for name in entry.names)
    numbers = dict.fromkeys(net for entry in mine if not entry.names for net in networks(entry.addresses))
    return tuple(names), tuple(numbers)


def unheld(reason: str, entries: Iterable[tuple[Entry, Iterable[str]]]) -> tuple[str, ...]:
    """A line on names that a format cannot hold, by rule; none where there are none."""
    told = {entry.rule: " ".join(map(host_name, names)) for entry, names in entries if names}
    return (f"{reason}: {', '.join(f'{rule} ({names})' for rule, names in told.items())}",) if told else ()
