"""A network namespace of a test's own, with a wire in it, and frames that are sent along the wire."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NEW_NETWORK = 0x40000000
FAR, TAP = "far0", "tap0"


def run(*words, check=True):
    """A program's run, which has to end well."""
    return subprocess.run(words, check=check, capture_output=True, text=True, timeout=60)


@contextmanager
def wired() -> Iterator[None]:
    """This thread, and what it starts, is in a namespace of its own: what is sent on FAR is received on TAP."""
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(NEW_NETWORK):
            raise OSError(ctypes.get_errno(), "no namespace")
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", FAR, "numtxqueues", "1", "type", "veth", "peer", "name", TAP)
        for end in (FAR, TAP):
            Path(f"/proc/sys/net/ipv6/conf/{end}/disable_ipv6").write_text("1")  # only a test speaks on the wire
            run("ip", "link", "set", end, "up")
        yield
    finally:
        libc.setns(home, NEW_NETWORK)
        os.close(home)


def send(frames, interface=FAR):
    """Send frames, as they stand."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sending:
        sending.bind((interface, 0))
        for frame in frames:
            sending.send(frame)


def ethernet(payload, *tags, kind=0x0800):
    """A frame with tags (TPID, TCI), padded to what Ethernet has at least."""
    tagged = b"".join(struct.pack(">HH", *tag) for tag in tags)
    return (bytes.fromhex("02000000000b02000000000a") + tagged + struct.pack(">H", kind) + payload).ljust(60, b"\0")
