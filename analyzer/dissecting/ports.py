"""What a port is registered for: the last guess, where no octet was seen that could tell (IANA port registry)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PORT, TCP, UDP, Dissected

SERVICE = "port"

# Names of the IANA registry, but where a dissector reads the protocol its name. 443 is left out: without octets
# it may be TLS, QUIC's fallback or a tunnel.
REGISTERED = {
    TCP: {
        21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 53: "dns", 80: "http", 88: "kerberos", 102: "iso-tsap",
        110: "pop3", 135: "epmap", 139: "netbios-ssn", 143: "imap", 389: "ldap", 445: "smb", 502: "modbus",
        515: "printer", 554: "rtsp", 631: "ipp", 1433: "tds", 1521: "oracle", 1723: "pptp", 1883: "mqtt",
        2049: "nfs", 2404: "iec104", 3306: "mysql", 3389: "rdp", 4840: "opcua", 5432: "postgresql",
        5900: "vnc", 5938: "teamviewer", 9100: "pdl-datastream", 9600: "fins", 20000: "dnp3", 44818: "ethernet-ip",
        48898: "ads",
    },
    UDP: {
        69: "tftp", 88: "kerberos", 389: "ldap", 500: "ike", 3478: "stun", 3702: "ws-discovery",
        4500: "ipsec-nat-t", 5060: "sip", 5683: "coap", 9600: "fins", 20000: "dnp3", 34964: "profinet-cm",
        51820: "wireguard",
    },
}  # fmt: skip
# Protocols whose every message tells: other octets speak against them.
READ = frozenset(
    {
        *("ads", "coap", "dns", "dnp3", "ethernet-ip", "fins", "http", "iec104", "ike", "iso-tsap", "modbus", "mqtt"),
        *("opcua", "profinet-cm", "smb", "ssh", "stun", "vnc", "wireguard", "ws-discovery"),
    }
)
PROBE = 1  # octet of a keep-alive (RFC 9293 section 3.8.4), which says nothing
HANDSHAKE = b"\x16\x03"


def dissect(talk: Conversation) -> Dissected | None:
    """The service that the responder's port is registered for, where nothing that was sent speaks against it."""
    service = REGISTERED.get(talk.proto, {}).get(talk.resp_p)
    if not service:
        return None
    streams = any(len(stream.octets) > PROBE for stream in (talk.orig, talk.resp))
    sent = streams or any(message.octets for message in talk.messages)
    if sent and (service in READ or talk.orig.octets.startswith(HANDSHAKE)):
        return None
    return Dissected(service, PORT)
