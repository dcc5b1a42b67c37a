"""Lease an address by DHCP (RFC 2131) and print it; the device itself is left as it is.

usage: dhcp_client.py DEVICE HOSTNAME
"""

from __future__ import annotations

import fcntl
import random
import socket
import struct
import sys

from scapy.layers.dhcp import BOOTP, DHCP

SIOCGIFHWADDR = 0x8927  # linux/sockios.h
BROADCAST = 0x8000  # RFC 2131 section 2: answer to all, this host has no address yet


def exchange(link: socket.socket, message: BOOTP) -> BOOTP:
    """Send a message and wait for the answer to it."""
    link.sendto(bytes(message), ("255.255.255.255", 67))
    while True:
        answer = BOOTP(link.recv(2048))
        if answer.xid == message.xid and answer.op == 2:
            return answer


def option(message: BOOTP, name: str) -> object:
    """Give one option of a message."""
    return next(entry[1] for entry in message[DHCP].options if entry[0] == name)


def main(device: str, hostname: str) -> None:
    """Discover, request, and print the address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        mac = fcntl.ioctl(link, SIOCGIFHWADDR, struct.pack("256s", device.encode()))[18:24]
        link.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, struct.pack("16s", device.encode()))
        link.bind(("", 68))
        link.settimeout(10)
        xid = random.getrandbits(32)
        first = BOOTP(xid=xid, chaddr=mac + bytes(10), flags=BROADCAST)
        wanted = ("param_req_list", [1, 3, 6, 42, 51])
        offer = exchange(
            link, first / DHCP(options=[("message-type", "discover"), wanted, ("hostname", hostname), "end"])
        )
        chosen = [("requested_addr", offer.yiaddr), ("server_id", option(offer, "server_id"))]
        options = [("message-type", "request"), *chosen, wanted, ("hostname", hostname), "end"]
        print(exchange(link, first.copy() / DHCP(options=options)).yiaddr)


main(*sys.argv[1:])
