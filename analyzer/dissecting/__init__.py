"""The first octets of a flow become records: one module per protocol, each named for what it reads.

A dissector is a module that satisfies `Dissector`; to add one is the module, its line in `DISSECTORS`, its test.
DNS and TLS, which most flows speak, are read by kernels; `dns.py` and `tls.py` here turn what those found into tables.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Protocol

from analyzer.conversations import Conversation, Mark, Message, Stream
from analyzer.dissecting import (
    ads,
    amqp,
    bacnet,
    bgp,
    bittorrent,
    c1222,
    coap,
    codesys,
    cotp,
    dcerpc,
    dhcp,
    dhcpv6,
    dnp3,
    doip,
    dropbox,
    dtls,
    enip,
    fins,
    flowexport,
    focas,
    fox,
    ftp,
    giop,
    gtp,
    haas,
    hartip,
    hislip,
    http1,
    http2,
    ica,
    iec104,
    imap,
    ipsec,
    irc,
    jrmi,
    kerberos,
    knxip,
    l2tp,
    ldap,
    lsv2,
    mdns,
    modbus,
    mongodb,
    mqtt,
    mtconnect,
    mysql,
    nats,
    netbios,
    nomachine,
    ntp,
    oncrpc,
    opcua,
    openvpn,
    pop3,
    ports,
    postgresql,
    printers,
    ptp,
    quic,
    radius,
    radmin,
    rdp,
    rdpudp,
    redis,
    rsync,
    rtps,
    shdr,
    sip,
    slmp,
    smb,
    smtp,
    snmp,
    socks,
    spice,
    ssdp,
    ssh,
    starttls,
    stun,
    synchrophasor,
    syslog,
    tds,
    teamviewer,
    telnet,
    tftp,
    tns,
    vnc,
    wireguard,
    wsdiscovery,
    x11,
    xmpp,
)
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, PORT, TCP, Dissected

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
    "Stream",
    "dissect",
    "readers",
]


class Dissector(Protocol):
    """A module of this folder.

    It may have FIRST_OCTETS, those that its messages can begin with: then it is asked only about a conversation where
    one side (over UDP: the first datagram) begins with one of them.
    """

    SERVICE: str
    PROTOS: tuple[int, ...]

    def dissect(self, talk: Conversation) -> Dissected | None:
        """What the conversation tells, or None where it is not this protocol. Never raises on any octets."""


# Signatures that cannot be mistaken first, then the weaker ones, the bare port last. MTConnect is HTTP and more; a
# server that says SSH is one, whatever its client sends.
DISSECTORS: tuple[Dissector, ...] = (
    ssh,
    mtconnect,
    http1,
    http2,
    opcua,
    focas,
    nats,
    smtp,
    imap,
    pop3,
    xmpp,
    starttls,
    postgresql,
    mysql,
    rdp,
    tds,
    ldap,
    mqtt,
    enip,
    giop,
    lsv2,
    dtls,
    openvpn,
    modbus,
    shdr,
    haas,
    cotp,
    smb,
    dnp3,
    iec104,
    ads,
    fins,
    c1222,
    synchrophasor,
    knxip,
    doip,
    rtps,
    fox,
    hislip,
    vnc,
    ica,
    nomachine,
    spice,
    radmin,
    telnet,
    ftp,
    bgp,
    amqp,
    sip,
    rsync,
    jrmi,
    tns,
    bittorrent,
    l2tp,
    printers,
    irc,
    kerberos,
    dcerpc,
    mongodb,
    redis,
    dhcp,
    dhcpv6,
    ntp,
    oncrpc,
    ptp,
    quic,
    stun,
    wireguard,
    rdpudp,
    ipsec,
    gtp,
    tftp,
    mdns,
    netbios,
    ssdp,
    wsdiscovery,
    bacnet,
    snmp,
    syslog,
    radius,
    flowexport,
    dropbox,
    coap,
    codesys,
    hartip,
    slmp,
    x11,
    socks,
    teamviewer,
    ports,
)


@functools.lru_cache(maxsize=4096)
def readers(proto: int, orig: int, resp: int) -> tuple[Callable[[Conversation], Dissected | None], ...]:
    """The dissectors of a transport whose messages may begin with one of two octets, in order; -1 is any octet.

    Most octets begin few protocols: without this, what no dissector knows takes a call of each.
    """
    parts = [part for part in DISSECTORS if proto in part.PROTOS]
    if -1 in {orig, resp}:
        return tuple(part.dissect for part in parts)
    starts = {orig, resp}
    return tuple(part.dissect for part in parts if not starts.isdisjoint(getattr(part, "FIRST_OCTETS", starts)))


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
