"""What an address is by itself: local to a site, public, a group, everybody, nobody."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterable
from enum import StrEnum
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

# RFC 1918, RFC 6598 (shared by carriers and the sites behind them), RFC 3927, RFC 4193, RFC 4291 section 2.5.6.
# Addresses set aside for documentation are public here: what they stand for in a capture is a public host.
LOCAL = tuple(
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip
BROADCAST = ipaddress.ip_address("255.255.255.255")
SUBNET = {4: 24, 6: 64}


class Reach(StrEnum):
    """Who is meant by an address."""

    LOCAL = "local"
    PUBLIC = "public"
    GROUP = "group"
    EVERYBODY = "everybody"
    NOBODY = "nobody"


@functools.lru_cache(maxsize=200_000)
def parse(text: str) -> Address | None:
    """The address, None where the text is none; an IPv4 address mapped into IPv6 is the IPv4 address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


@functools.lru_cache(maxsize=10_000)
def network(text: str) -> Network | None:
    """The network, or the address as a network of one, None where the text is neither."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


@functools.lru_cache(maxsize=200_000)
def reach(text: str) -> Reach:
    """Who is meant by an address."""
    address = parse(text)
    if address is None or address.is_unspecified or address.is_loopback:
        return Reach.NOBODY
    if address == BROADCAST:
        return Reach.EVERYBODY
    if address.is_multicast:
        return Reach.GROUP
    return Reach.LOCAL if within(text, LOCAL) else Reach.PUBLIC


def within(text: str, networks: Iterable[Network]) -> bool:
    """Whether an address lies in one of these networks."""
    address = parse(text)
    return address is not None and any(address.version == net.version and address in net for net in networks)


def within_texts(text: str, networks: Iterable[str]) -> bool:
    """Whether an address lies in one of these networks, given as text; what is no network holds nothing."""
    return within(text, [known for net in networks if (known := network(net)) is not None])


@functools.lru_cache(maxsize=200_000)
def subnet(text: str) -> Network | None:
    """What is usually the subnet of an address: 24 bits in IPv4, 64 in IPv6; None where the text is no address."""
    address = parse(text)
    return None if address is None else ipaddress.ip_network((address.packed, SUBNET[address.version]), strict=False)


def neighbours(one: str, other: str) -> bool:
    """Whether two addresses share what is usually one subnet."""
    first = subnet(one)
    return first is not None and first == subnet(other)


def local_to(one: str, other: str) -> bool:
    """Whether `other` is on the site of `one` as far as addresses tell: local itself, or in the same subnet."""
    return reach(other) is Reach.LOCAL or (reach(other) is Reach.PUBLIC and neighbours(one, other))


def hops(ttl: int) -> int:
    """How many routers a packet passed, if it began with 32, 64, 128 or 255 (what stacks begin with)."""
    return next(base for base in (32, 64, 128, 255) if ttl <= base) - ttl
