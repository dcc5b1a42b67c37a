"""The first octets of a flow become records: one module per protocol, each named for what it reads.

A dissector is a module that satisfies `Dissector`; to add one is the module, its line in `DISSECTORS`, its test.
DNS and TLS, which most flows speak, are read by kernels; `dns.py` and `tls.py` here turn what those found into tables.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Protocol, cast

from analyzer.conversations import Conversation, Mark, Message, Stream
from analyzer.dissecting import ports
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, PORT, TCP, UDP, Dissected

__all__ = [
    "DISSECTORS",
    "PARTIAL",
    "PAYLOAD",
    "PORT",
    "Conversation",
    "Dissected",
    "Dissector",
    "Mark",
    "Message",
    "Part",
    "Stream",
    "dissect",
    "readers",
]


class Dissector(Protocol):
    """A module of this folder."""

    SERVICE: str

    def dissect(self, talk: Conversation) -> Dissected | None:
        """What the conversation tells, or None where it is not this protocol. Never raises on any octets."""


class Part:
    """A dissector's line below. The module is imported when it is asked for the first time: few captures need many.

    name    of the module
    protos  IP protocols
    first   octets that its messages can begin with: it is asked only about a conversation where one side (over UDP: the
            first datagram) begins with one of them
    """

    def __init__(self, name: str, protos: tuple[int, ...], first: Iterable[int] = range(256)) -> None:
        self.name = name
        self.protos = protos
        self.first = frozenset(first)

    @functools.cached_property
    def module(self) -> Dissector:
        """The module."""
        return cast("Dissector", import_module(f"{__name__}.{self.name}"))


TCP_ONLY, UDP_ONLY, BOTH = (TCP,), (UDP,), (TCP, UDP)

# Signatures that cannot be mistaken first, then the weaker ones, the bare port last. MTConnect is HTTP and more; a
# server that says SSH is one, whatever its client sends.
DISSECTORS = (
    Part("ssh", TCP_ONLY),
    Part("mtconnect", TCP_ONLY),
    Part("http1", TCP_ONLY),
    Part("http2", TCP_ONLY),
    Part("opcua", TCP_ONLY),
    Part("focas", TCP_ONLY),
    Part("nats", TCP_ONLY),
    Part("smtp", TCP_ONLY, b"245EHLMehlm"),
    Part("imap", TCP_ONLY, b"*"),  # of the greeting
    Part("pop3", TCP_ONLY, b"+"),  # of the greeting
    Part("xmpp", TCP_ONLY, b"< \t\n\v\f\r"),
    Part("starttls", TCP_ONLY),
    Part("postgresql", TCP_ONLY, b"\x00"),  # of a length
    Part("mysql", TCP_ONLY),
    Part("rdp", TCP_ONLY, b"\x03"),
    Part("tds", TCP_ONLY, b"\x02\x10\x12"),
    Part("ldap", BOTH, b"0"),
    Part("mqtt", TCP_ONLY),
    Part("enip", BOTH),
    Part("giop", TCP_ONLY),
    Part("lsv2", TCP_ONLY),
    Part("dtls", UDP_ONLY),
    Part("openvpn", BOTH),
    Part("modbus", TCP_ONLY),
    Part("shdr", TCP_ONLY),
    Part("haas", TCP_ONLY),
    Part("cotp", TCP_ONLY, b"\x03"),
    Part("smb", TCP_ONLY, b"\x00\x81\x82\x83"),
    Part("dnp3", BOTH, b"\x05"),
    Part("iec104", TCP_ONLY, b"h"),
    Part("ads", BOTH, b"\x00\x03"),
    Part("fins", BOTH, b"F\x80\x81\xc0\xc1"),
    Part("c1222", BOTH, b"`"),
    Part("synchrophasor", BOTH, b"\xaa"),
    Part("knxip", BOTH, b"\x06"),
    Part("doip", BOTH, b"\x01\x02\x03\xff"),
    Part("rtps", BOTH, b"R"),
    Part("fox", TCP_ONLY, b"f"),
    Part("hislip", TCP_ONLY, b"H"),
    Part("vnc", TCP_ONLY, b"R"),
    Part("ica", TCP_ONLY, b"\x7f"),
    Part("nomachine", TCP_ONLY, b"N"),
    Part("spice", TCP_ONLY, b"R"),
    Part("radmin", TCP_ONLY, b"\x01"),
    Part("telnet", TCP_ONLY, b"\xff"),
    Part("ftp", TCP_ONLY, b"1245UAFSOCuafsoc"),
    Part("bgp", TCP_ONLY, b"\xff"),
    Part("amqp", TCP_ONLY, b"A\x01\x02\x03\x08"),
    Part("sip", BOTH, b"\0\r\nABCDEFGHIJKLMNOPQRSTUVWXYZ"),  # zeros are a keepalive of many proxies
    Part("rsync", TCP_ONLY, b"@(0123456789abcdef"),
    Part("jrmi", TCP_ONLY, b"J"),
    Part("tns", TCP_ONLY, range(0x21)),
    Part("bittorrent", BOTH, b"\x13d"),
    Part("l2tp", BOTH, b"\x00\x01\xc8"),
    Part("printers", TCP_ONLY, b"\x1b%@"),
    Part("irc", TCP_ONLY, b"CPNU:"),
    Part("kerberos", BOTH, b"\x00jklmnotuv~"),
    Part("dcerpc", BOTH, b"\x04\x05"),
    Part("mongodb", TCP_ONLY),
    Part("redis", TCP_ONLY, b"*+-:$%~_"),
    Part("dhcp", UDP_ONLY),
    Part("dhcpv6", UDP_ONLY, range(1, 37)),
    Part("ntp", UDP_ONLY),
    Part("oncrpc", BOTH),
    Part("ptp", UDP_ONLY),
    Part("quic", UDP_ONLY),
    Part("stun", BOTH, range(0x40)),
    Part("wireguard", UDP_ONLY, b"\x01\x02\x03\x04T"),
    Part("rdpudp", UDP_ONLY),
    Part("ipsec", UDP_ONLY),
    Part("gtp", UDP_ONLY),
    Part("tftp", UDP_ONLY, b"\x00"),
    Part("mdns", UDP_ONLY),
    Part("netbios", UDP_ONLY),
    Part("ssdp", UDP_ONLY),
    Part("wsdiscovery", UDP_ONLY, b"<\xef\r\n\t "),
    Part("bacnet", UDP_ONLY, b"\x81"),
    Part("snmp", UDP_ONLY, b"0"),
    Part("syslog", BOTH),
    Part("radius", UDP_ONLY, b"\x01\x02\x03\x04\x05\x0b\x0c()*+,-"),
    Part("flowexport", UDP_ONLY, b"\x00"),
    Part("dropbox", UDP_ONLY, b"{"),
    Part("coap", UDP_ONLY, range(0x40, 0x80)),
    Part("codesys", BOTH, b"\x00\xc5"),
    Part("hartip", BOTH, b"\x01\x02"),
    Part("slmp", BOTH, b"PT\xd0\xd4"),
    Part("x11", BOTH, b"lB\x00\x01\x02"),
    Part("socks", TCP_ONLY, b"\x04\x05"),
    Part("teamviewer", BOTH, b"\x00\x11\x17"),
    Part("ports", BOTH),
)


@functools.lru_cache(maxsize=4096)
def readers(proto: int, orig: int, resp: int) -> tuple[Callable[[Conversation], Dissected | None], ...]:
    """The dissectors of a transport whose messages may begin with one of two octets, in order; -1 is any octet.

    Most octets begin few protocols: without this, what no dissector knows takes a call of each.
    """
    parts = [part for part in DISSECTORS if proto in part.protos]
    if -1 not in {orig, resp}:
        parts = [part for part in parts if orig in part.first or resp in part.first]
    return tuple(part.module.dissect for part in parts)


def dissect(talk: Conversation) -> Dissected | None:
    """What the first dissector that knows the conversation tells, or None where none does."""
    if talk.proto == TCP:
        one, other = talk.orig.octets or talk.resp.octets, talk.resp.octets or talk.orig.octets
    else:
        one = other = talk.messages[0].octets if talk.messages else b""
    if not one and not talk.messages:
        return ports.dissect(talk)
    for read in readers(talk.proto, one[0] if one else -1, other[0] if other else -1):
        found = read(talk)
        if found is not None:
            return found
    return None
