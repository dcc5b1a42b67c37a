"""Network namespaces, the links between them, and the programs that run in them."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ACTORS = Path(__file__).resolve().parent.parent / "actors"
NAMES = Path("/run/netns")
SIOCETHTOOL = 0x8946  # linux/sockios.h
# linux/ethtool.h: set transmit checksums, scatter-gather, TCP segmentation, generic segmentation and receive offload
OFFLOADS = (0x17, 0x19, 0x1F, 0x24, 0x2C)
CLONE_NEWNET = 0x40000000  # linux/sched.h


def located(program: str) -> str | None:
    """Find a program; mitmproxy may have an environment of its own in this one, as it wants other libraries."""
    own = Path(sys.prefix) / "mitmproxy" / "bin"
    return shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{own}")


def set_apart() -> None:
    """Make this process's mounts its own, so that no name of a namespace is left behind when it ends."""
    NAMES.mkdir(parents=True, exist_ok=True)
    run("mount", "--make-rprivate", "/")
    run("mount", "-t", "tmpfs", "tmpfs", str(NAMES))
    socket.sethostname("stage")


def run(*command: str) -> None:
    """Run a command of the stage's own; what it says is shown only where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")


class Namespace:
    """One host: a network namespace with its own links, addresses, resolver and programs."""

    def __init__(self, name: str, scratch: Path) -> None:
        self.name = name
        self.scratch = scratch
        self.resolv = scratch / f"{name}.resolv.conf"
        self.resolv.write_text("", "ascii")
        self.running: list[tuple[str, subprocess.Popen[bytes]]] = []
        run("ip", "netns", "add", name)
        for setting in ("ipv6.conf.all.disable_ipv6=1", "ipv6.conf.default.disable_ipv6=1"):
            run(*self.enter("sysctl", "-qw", f"net.{setting}"))
        self.ip("link", "set", "lo", "up")

    def enter(self, *command: str) -> tuple[str, ...]:
        """Give the command line that runs `command` on this host, with this host's resolver."""
        bind = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
        inside = ("nsenter", f"--net={NAMES / self.name}", *command)
        return ("unshare", "--mount", "--propagation", "private", "sh", "-c", bind, str(self.resolv), *inside)

    def ip(self, *words: str) -> None:
        """Run `ip` on this host."""
        run("ip", "-n", self.name, *words)

    def resolve_with(self, *resolvers: str, attempts: int = 2) -> None:
        """Set the resolvers that this host's programs ask."""
        lines = [*(f"nameserver {resolver}" for resolver in resolvers), f"options timeout:2 attempts:{attempts}"]
        self.resolv.write_text("\n".join(lines) + "\n", "ascii")

    def do(self, *command: str, may_fail: bool = False, timeout: float = 60.0, stdin: str = "") -> str:
        """Run a program on this host to its end; what it said on standard output."""
        done = subprocess.run(
            self.enter(*command), input=stdin, capture_output=True, text=True, timeout=timeout, check=False
        )
        if done.returncode and not may_fail:
            raise RuntimeError(f"{self.name}: {' '.join(command)}: exit {done.returncode}: {done.stderr[-600:]}")
        return done.stdout

    def act(self, actor: str, *words: str, may_fail: bool = False) -> str:
        """Run one of the actors on this host to its end; what it said on standard output."""
        return self.do(sys.executable, str(ACTORS / f"{actor}.py"), *words, may_fail=may_fail)

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a program on this host that goes on until the stage is struck."""
        log = (self.scratch / f"{self.name}.{Path(command[0]).name}.{len(self.running)}.log").open("wb")
        process = subprocess.Popen(self.enter(*command), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        self.running.append((log.name, process))
        return process

    def start_actor(self, actor: str, *words: str) -> subprocess.Popen[bytes]:
        """Start one of the actors on this host."""
        return self.start(sys.executable, str(ACTORS / f"{actor}.py"), *words)

    def start_nginx(self, address: str, port: int, *locations: str) -> None:
        """Start nginx, which answers as its locations say."""
        config = self.scratch / f"{self.name}.nginx.{port}.conf"
        lines = ["daemon off;", "user root;", f"pid {self.scratch}/{self.name}.nginx.{port}.pid;", "events {}"]
        lines += ["http {", "access_log off;", "server_tokens off;", "default_type text/html;"]
        lines += [f"server {{ listen {address}:{port};", *locations, "}", "}"]
        config.write_text("\n".join(lines) + "\n", "ascii")
        self.start("nginx", "-e", "stderr", "-c", str(config))
        self.wait_for(address, port)

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """End a program that was started."""
        self.running = [(log, known) for log, known in self.running if known is not process]
        process.terminate()
        process.wait(20)

    def check_running(self) -> None:
        """Raise RuntimeError, with the end of its log, if a program that should still run has ended badly."""
        for log, process in self.running:
            if process.poll():
                raise RuntimeError(f"{self.name}: ended early: {Path(log).read_text('utf-8', 'replace')[-800:]}")

    def wait_for(self, address: str, port: int, seconds: float = 15.0) -> None:
        """Wait until a program of this host listens on a TCP port."""
        wanted = f":{port:04X}"
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            table = self.do("cat", "/proc/net/tcp", "/proc/net/tcp6")
            rows = (line.split() for line in table.splitlines())
            if any(len(row) > 3 and row[1].endswith(wanted) and row[3] == "0A" for row in rows):
                return
            self.check_running()
            time.sleep(0.2)
        raise RuntimeError(f"{self.name}: nothing listens on {address}:{port}")

    def address(self, device: str, address: str) -> None:
        """Give a device of this host an address with its prefix length."""
        self.ip("address", "add", address, "dev", device)


@contextmanager
def _inside(name: str) -> Iterator[None]:
    """Let this thread's sockets be made in another network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(NAMES / name, os.O_RDONLY)
    try:
        if libc.setns(there, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        libc.setns(home, CLONE_NEWNET)
        os.close(there)
        os.close(home)


def _without_offload(namespace: str, device: str) -> None:
    """Let frames be captured as a wire would carry them: segmented, and with their checksums filled in."""
    with _inside(namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for command in OFFLOADS:
            value = ctypes.create_string_buffer(struct.pack("=II", command, 0))
            request = struct.pack("16sP", device.encode(), ctypes.addressof(value))
            try:
                fcntl.ioctl(control, SIOCETHTOOL, request)
            except OSError as error:
                if command == OFFLOADS[0]:
                    raise RuntimeError(f"{namespace}: {device}: checksum offload stays on: {error}") from error


class Switch:
    """A switch with a mirror: its bridge device sees every frame that passes it."""

    def __init__(self, rack: Namespace, name: str, mac: str) -> None:
        self.rack = rack
        self.name = name
        self.ports = 0
        rack.ip("link", "add", name, "address", mac, "type", "bridge", "stp_state", "0", "mcast_snooping", "0")
        rack.ip("link", "set", name, "up", "promisc", "on")

    def plug(self, host: Namespace, device: str, mac: str) -> None:
        """Cable a host's new device `device` to this switch."""
        self.ports += 1
        port = f"{self.name[:8]}-{self.ports}"
        self.rack.ip("link", "add", port, "type", "veth", "peer", "name", device, "netns", host.name)
        self.rack.ip("link", "set", port, "master", self.name, "up")
        host.ip("link", "set", device, "address", mac, "up")
        _without_offload(host.name, device)
        _without_offload(self.rack.name, port)

    def bar(self, source: str, target: str, port: int) -> None:
        """Let no frame pass from an address to a TCP port of another; the mirror sees it nevertheless."""
        rule = f"ip saddr {source} ip daddr {target} tcp dport {port} drop"
        hook = "type filter hook forward priority 0"
        self.rack.do("nft", "-f", "-", stdin=f"table bridge {self.name} {{\nchain ports {{\n{hook}\n{rule}\n}}\n}}\n")
