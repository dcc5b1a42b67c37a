"""Clients that no common program is: an MQTT client by ALPN on 443, a WebSocket client, discovery on a LAN.

usage: openers.py mqtt NAME ROOTS TIMES PAUSE | websocket NAME ROOTS TIMES PAUSE | tls NAME PORT ROOTS TIMES PAUSE |
       discover ADDRESS BROADCAST | mdns ADDRESS NAME
"""

from __future__ import annotations

import os
import socket
import ssl
import struct
import sys
import time

MQTT = "x-amzn-mqtt-ca"
MDNS = ("224.0.0.251", 5353)


def open_tls(name: str, port: int, roots: str, alpn: list[str]) -> ssl.SSLSocket:
    """Open a TLS connection whose certificate is checked."""
    context = ssl.create_default_context(cafile=roots)
    if alpn:
        context.set_alpn_protocols(alpn)
    return context.wrap_socket(socket.create_connection((name, port), timeout=15), server_hostname=name)


def mqtt(name: str, roots: str, times: str, pause: str) -> None:
    """Connect (MQTT 3.1.1), ping now and then, disconnect."""
    with open_tls(name, 443, roots, [MQTT]) as link:
        identity = b"nexus-04"
        body = b"\x00\x04MQTT\x04\x02\x00\x3c" + struct.pack("!H", len(identity)) + identity
        link.sendall(bytes([0x10, len(body)]) + body)
        link.recv(64)
        for _ in range(int(times)):
            link.sendall(b"\xc0\x00")
            link.recv(64)
            time.sleep(float(pause))
        link.sendall(b"\xe0\x00")


def websocket(name: str, roots: str, times: str, pause: str) -> None:
    """Upgrade (RFC 6455) and send short messages."""
    with open_tls(name, 443, roots, ["http/1.1"]) as link:
        head = f"GET /ws HTTP/1.1\r\nHost: {name}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        link.sendall(
            (head + "Sec-WebSocket-Key: c2FtcGxlIG5vbmNlIDE2Yg==\r\nSec-WebSocket-Version: 13\r\n\r\n").encode()
        )
        link.recv(1024)
        for _ in range(int(times)):
            text, mask = b'{"water_activity":0.612}', os.urandom(4)
            masked = bytes(octet ^ mask[at % 4] for at, octet in enumerate(text))
            link.sendall(bytes([0x81, 0x80 | len(text)]) + mask + masked)
            link.recv(1024)
            time.sleep(float(pause))


def tls(name: str, port: str, roots: str, times: str, pause: str) -> None:
    """Ask for a short page again and again over one TLS connection."""
    with open_tls(name, int(port), roots, []) as link:
        for _ in range(int(times)):
            link.sendall(f"GET /reading HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
            link.recv(4096)
            time.sleep(float(pause))


def question(name: str, kind: int) -> bytes:
    """Write a DNS message with one question (RFC 1035 section 4.1), transaction 0."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!6H", 0, 0, 1, 0, 0, 0) + labels + b"\x00" + struct.pack("!HH", kind, 1)


def mdns(address: str, name: str) -> None:
    """Ask all on the link for a name or service (RFC 6762)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        link.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
        link.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        link.bind((address, 5353))
        link.sendto(question(name, 12), MDNS)


def discover(address: str, broadcast: str) -> None:
    """Send what office computers send by themselves: mDNS, LLMNR, SSDP, NetBIOS names."""
    mdns(address, "_ipp._tcp.local")
    search = (
        b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n'
    )
    padded = "".join(chr(65 + (octet >> 4)) + chr(65 + (octet & 15)) for octet in b"WORKGROUP      \x00")
    netbios = struct.pack("!6H", 7, 0x0110, 1, 0, 0, 0) + b"\x20" + padded.encode() + b"\x00\x00\x20\x00\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        link.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
        link.bind((address, 0))
        link.sendto(question("printer", 1), ("224.0.0.252", 5355))
        link.sendto(search, ("239.255.255.250", 1900))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        link.bind((address, 137))
        link.sendto(netbios, (broadcast, 137))


ROLES = {"mqtt": mqtt, "websocket": websocket, "tls": tls, "discover": discover, "mdns": mdns}
ROLES[sys.argv[1]](*sys.argv[2:])
