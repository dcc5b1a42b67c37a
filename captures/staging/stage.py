"""The stage of one scenario: a plant behind a firewall, the internet before it, and the hosts that act."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from staging.expectations import BROADCAST, Intent, Script
from staging.internet import GOOGLE_DNS, Internet
from staging.links import Namespace, Switch
from staging.recording import (
    ALL_DEVICES,
    COOKED,
    EXACT,
    RAW,
    Clock,
    Frame,
    Recorder,
    five_tuples,
    write_capture,
    write_json,
)

POLLED = {
    # protocol: (actor's words before the address, after it, port, service)
    "modbus": (("modbus", "poll"), (), 502, "modbus"),
    "opcua": (("opcua", "poll"), ("4840",), 4840, "opcua"),
    "ethernet-ip": (("ethernet_ip", "poll"), (), 44818, "ethernet-ip"),
    "mtconnect-agent": (("mtconnect", "poll-agent"), ("5000",), 5000, "mtconnect"),
    "mtconnect-adapter": (("mtconnect", "poll-adapter"), (), 7878, "shdr"),
    "haas-mtconnect": (("mtconnect", "poll-agent"), ("8082",), 8082, "mtconnect"),
    "haas-serial": (("plain", "poll", "haas"), (), 4001, "haas-q"),
    "focas": (("plain", "poll", "focas"), (), 8193, "focas"),
    "heidenhain": (("plain", "poll", "lsv2"), (), 19000, "lsv2"),
}


@dataclass(frozen=True)
class Look:
    """What is right to say of a host's traffic; see Intent."""

    verdict: str = "expected"
    because: str = "a documented destination"
    also: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    needs_site: bool = False
    evidence: tuple[str, ...] = ()
    passage: str = ""


@dataclass
class Port:
    """A host's cable to a switch: its device, its hardware address, its address once it has one."""

    device: str
    mac: str
    address: str = ""


class Host(Namespace):
    """A host of the plant that acts, and notes in the script what it does."""

    def __init__(self, stage: Stage, name: str) -> None:
        super().__init__(name, stage.scratch)
        self.stage = stage
        self.ports: list[Port] = []
        self.resolver = ""
        self.dns = Look()

    @property
    def main_address(self) -> str:
        """Give the address of the last cable that has one: an Edge's way out is its second."""
        return next(port.address for port in reversed(self.ports) if port.address)

    def ask(self, resolver: str, look: Look | None = None) -> None:
        """Have this host's programs ask a resolver from now on."""
        self.resolver = resolver
        self.dns = look or Look(because="a lookup at a resolver that the document allows")
        self.resolve_with(resolver)

    def note(  # noqa: PLR0913 - what there is to say of a flow
        self, resp: str, port: int, look: Look, proto: str = "tcp", *, orig: str = "", service: str = ""
    ) -> None:
        """Note in the script that this host opens flows to a port."""
        origin = orig or self.main_address
        self.stage.script.expect(_intent(proto, origin, resp, port, look, service))

    def note_lookup(self) -> None:
        """Note in the script that this host looks something up."""
        self.note(self.resolver, 53, self.dns, "udp", service="dns")

    def fetch(  # noqa: PLR0913 - what there is to say of an HTTP request
        self,
        name: str,
        look: Look | None = None,
        *,
        scheme: str = "https",
        path: str = "/v1/status",
        requests: int = 1,
        post: int = 0,
        agent: str = "",
        proxy: str = "",
        port: int = 0,
        newest: str = "",
    ) -> None:
        """Ask a web site for pages over one connection, or post octets to it, with curl; `newest` limits TLS."""
        words = ["-sS", "--http1.1", "--max-time", "30", "--cacert", str(self.stage.roots), "-A", agent or "sample/1.0"]
        if post:
            body = self.scratch / "body"
            body.write_bytes(self.stage.random.randbytes(post))
            words += ["-H", "Expect:", "--data-binary", f"@{body}"]
        words += ["--tls-max", newest] if newest else []
        if proxy:
            words += ["--proxy", proxy]
        else:
            self.note_lookup()
            service = "tls" if scheme == "https" else "http"
            known = 443 if scheme == "https" else 80
            self.note(self.stage.internet.address(name), port or known, look or Look(), service=service)
        where = f"{name}:{port}" if port else name
        for _ in range(requests):
            words += ["-o", "/dev/null", f"{scheme}://{where}{path}"]
        self.do("curl", *words)

    def attempt(self, url: str, *words: str, times: int = 2, seconds: int = 8, pause: float = 2.0) -> None:
        """Ask for a page with curl, in vain or not, again and again; what comes of it is for the scenario to note."""
        fixed = ("-sS", "--http1.1", "--max-time", str(seconds), "--cacert", str(self.stage.roots), "-A", "sample/1.0")
        for _ in range(times):
            self.do("curl", *fixed, *words, "-o", "/dev/null", url, may_fail=True)
            self.stage.pause(pause)

    def open_with(self, actor: str, name: str, *words: str, look: Look | None = None) -> subprocess.Popen[bytes]:
        """Start a client of another kind (see openers.py) that talks to a web site on 443 for a while."""
        self.note_lookup()
        self.note(self.stage.internet.address(name), 443, look or Look(), service="tls")
        return self.start_actor("openers", actor, name, str(self.stage.roots), *words)

    def set_clock(self, server: str, *, by_name: bool = True, look: Look | None = None) -> None:
        """Ask a time server four times with chronyd, which here only tells what it would set."""
        if by_name:
            self.note_lookup()
        address = self.stage.internet.address(server) if by_name else server
        self.note(address, 123, look or Look(because="NTP, by port and payload"), "udp", service="ntp")
        options = ("-Q", "-u", "root", "-t", "8", f"pidfile {self.scratch}/{self.name}.client.pid", "cmdport 0")
        self.do("chronyd", *options, f"server {server} iburst minpoll 4", may_fail=True)

    def poll(self, machine: Host, protocol: str, times: int, pause: float) -> subprocess.Popen[bytes]:
        """Start polling a machine."""
        before, after, port, service = POLLED[protocol]
        self.note(
            machine.main_address,
            port,
            Look(because="a documented machine protocol"),
            orig=self.ports[0].address,
            service=service,
        )
        return self.start_actor(before[0], *before[1:], machine.main_address, *after, str(times), str(pause))

    def serve(self, port: int, *names: str, octets: int = 400) -> None:
        """Serve pages on a port: over TLS, for the names given, or else in clear."""
        issued = {name: self.stage.internet.authorities[0].issue(name) for name in names}
        certificates = {name: [str(identity.chain), str(identity.key)] for name, identity in issued.items()}
        site = {"address": self.main_address, "port": port, "octets": octets, "newest": "1.3", "tls": bool(names)}
        table = self.scratch / f"{self.name}.{port}.json"
        table.write_text(json.dumps([site | {"certificates": certificates}]), "utf-8")
        self.start_actor("tls_server", str(table))
        self.wait_for(self.main_address, port)

    def lease(self, port: Port, look: Look, server: str) -> str:
        """Lease an address by DHCP for a cable without setting it; the address."""
        self.note(BROADCAST, 67, look, "udp", orig="0.0.0.0", service="dhcp")
        self.stage.script.expect(_intent("udp", server, BROADCAST, 68, look, "dhcp"))
        return self.act("dhcp_client", port.device, self.name).strip()

    def settle(self, port: Port, address: str, *, gateway: str = "") -> None:
        """Set a cable's address (of a /24), and the way out where there is one."""
        port.address = address
        self.address(port.device, f"{address}/24")
        if gateway:
            self.ip("route", "add", "default", "via", gateway)


def _intent(proto: str, orig: str, resp: str, port: int, look: Look, service: str) -> Intent:  # noqa: PLR0913 - a flow
    """Give the intent of a flow that is to be looked at in a certain way."""
    said = {name: getattr(look, name) for name in Look.__dataclass_fields__}
    return Intent(proto, orig, resp, port, service=service, **said)


@dataclass(frozen=True)
class Tap:
    """A place that is recorded, by its own clock, into a capture of its own; outside are what NAT has made of flows."""

    capture: str
    recorder: Recorder
    clock: Clock = EXACT
    outside: bool = False


class Stage:
    """Everything of one scenario; a scenario builds it up, records, and lets the hosts act."""

    def __init__(self, name: str, place: str, scratch: Path, out: Path) -> None:
        self.name, self.scratch, self.out = name, scratch, out
        self.random = random.Random(f"stage {place}")
        self.script = Script()
        self.internet = Internet(scratch, place, scratch)
        self.public_roots, self.roots = scratch / "internet-roots.pem", scratch / "roots.pem"
        self.public_roots.write_text(self.internet.roots(), "ascii")
        # what the plant's programs trust; the trust file that is written has the public roots only
        self.roots.write_text(self.internet.roots() + self.internet.devices.root_file.read_text("ascii"), "ascii")
        self.rack = Namespace("rack", scratch)
        self.firewall = Host(self, "firewall")
        self.switches: dict[str, Switch] = {}
        self.company = f"10.{self.random.randrange(60, 200)}.{self.random.randrange(2, 250)}"
        self.machine = f"172.{self.random.randrange(17, 31)}.{self.random.randrange(2, 250)}"
        self.outside = f"203.0.113.{self.random.randrange(9, 250)}"  # RFC 5737
        self.hosts: dict[str, Host] = {}
        self.taps: list[Tap] = []
        self.form = "pcapng"
        self.profile = ""
        self.site: list[str] = []
        self.firewall.do("sysctl", "-qw", "net.ipv4.ip_forward=1")

    def mac(self) -> str:
        """Draw a locally administered hardware address."""
        return "02:" + ":".join(f"{self.random.randrange(256):02x}" for _ in range(5))

    def switch(self, name: str) -> Switch:
        """Put up a switch."""
        self.switches[name] = Switch(self.rack, name, self.mac())
        return self.switches[name]

    def cable(self, host: Host, switch: str, device: str = "eth0") -> Port:
        """Cable a host to a switch; it has no address yet."""
        port = Port(device, self.mac())
        self.switches[switch].plug(host, device, port.mac)
        host.ports.append(port)
        return port

    def host(self, name: str, switch: str, last: int, *, gateway: bool = True) -> Host:
        """Put up a host with one cable and a static address that ends in `last`."""
        host = self.hosts[name] = Host(self, name)
        network = self.company if switch == "company" else self.machine
        host.settle(self.cable(host, switch), f"{network}.{last}", gateway=f"{network}.1" if gateway else "")
        return host

    def open_site(
        self,
        *,
        forward: Sequence[tuple[int, str, int]] = (),
        dnsmasq: Sequence[str] = (),
        resolved: Sequence[str] = ("",),
    ) -> None:
        """Connect the firewall: addresses inside, NAT and forwarded ports outside, a resolver, DHCP and NTP.

        The resolver knows names that end in one of `resolved` and refuses others.
        """
        inside = self.cable(self.firewall, "company", "lan0")
        self.firewall.settle(inside, f"{self.company}.1")
        self.internet.open(self.firewall, self.outside)
        rules = ["table ip site {", "chain out { type nat hook postrouting priority 100; oifname wan0 masquerade; }"]
        rules += ["chain in { type nat hook prerouting priority -100;"]
        rules += [f"iifname wan0 tcp dport {port} dnat to {to}:{there}" for port, to, there in forward]
        rules += ["}", "chain through { type filter hook forward priority 0;"]
        rules += ["ct status dnat accept", "iifname wan0 ct state new drop", "}", "}"]
        self.firewall.do("nft", "-f", "-", stdin="\n".join(rules) + "\n")
        lines = ["no-daemon", "no-resolv", "no-hosts", "no-ping", "user=root", *dnsmasq]
        lines += [f"server=/{end}/{GOOGLE_DNS[0]}" if end else f"server={GOOGLE_DNS[0]}" for end in resolved]
        config = self.scratch / "site.dnsmasq.conf"
        lines += [f"dhcp-leasefile={self.scratch / 'leases'}", "dhcp-authoritative"]
        config.write_text("\n".join(lines) + "\n", "ascii")
        self.firewall.start("dnsmasq", "-C", str(config))
        pid, drift = self.scratch / "site.chronyd.pid", self.scratch / "site.drift"
        config = self.scratch / "site.chrony.conf"
        lines = ["local stratum 3", "allow all", "cmdport 0", f"pidfile {pid}", f"driftfile {drift}"]
        config.write_text("\n".join(lines) + "\n", "ascii")
        self.firewall.start("chronyd", "-d", "-x", "-u", "root", "-f", str(config))

    def rule(self, chain: str, *words: str) -> None:
        """Give the firewall one more rule: `through`, for what it forwards, or `in`, for where that goes."""
        self.firewall.do("nft", "add", "rule", "ip", "site", chain, *words)

    def machine_host(self, name: str, switch: str, last: int, *protocols: str, gateway: bool = False) -> Host:
        """Put up a machine with the servers of its protocols."""
        machine = self.host(name, switch, last, gateway=gateway)
        address = machine.main_address
        serve = {
            "modbus": ("modbus", "serve", address),
            "opcua": ("opcua", "serve", address, "4840"),
            "ethernet-ip": ("ethernet_ip", "serve", address),
            "mtconnect-agent": ("mtconnect", "agent", address, "5000"),
            "mtconnect-adapter": ("mtconnect", "adapter", address),
            "haas-mtconnect": ("mtconnect", "agent", address, "8082"),
            "haas-serial": ("plain", "serve", "haas", address),
            "focas": ("plain", "serve", "focas", address),
            "heidenhain": ("plain", "serve", "lsv2", address),
        }
        for protocol in protocols:
            actor, *words = serve[protocol]
            machine.start_actor(actor, *words)
        for protocol in protocols:
            machine.wait_for(address, POLLED[protocol][2])
        return machine

    def record(self, *switches: str) -> None:
        """Start recording switches."""
        self._tap(Tap(self.name, Recorder(self.rack, switches)))

    def record_firewall(self) -> None:
        """Start recording on the firewall itself, all its devices at once."""
        self._tap(Tap(self.name, Recorder(self.firewall, [ALL_DEVICES], COOKED)))

    def record_outside(self, clock: Clock) -> None:
        """Start recording the firewall's way out as well, for a capture of its own."""
        self._tap(Tap(f"{self.name}-outside", Recorder(self.firewall, ["wan0"], RAW), clock, outside=True))

    def _tap(self, tap: Tap) -> None:
        """Start recording at a tap."""
        self.taps.append(tap)
        tap.recorder.start()

    def pause(self, seconds: float) -> None:
        """Let time pass, as between two things that a device does."""
        time.sleep(seconds)

    def wait(self, *processes: subprocess.Popen[bytes]) -> None:
        """Wait until clients that were started have done what they were to do; raises RuntimeError if one failed."""
        for process in processes:
            if process.wait(240):
                raise RuntimeError(f"a client failed: {process.args!r}")

    def write(self) -> None:
        """Stop recording and write everything."""
        if not self.taps:
            raise RuntimeError("nothing was recorded")
        time.sleep(1.5)
        for tap, frames in [(tap, tap.recorder.stop()) for tap in self.taps]:
            self._write(tap, frames)

    def _write(self, tap: Tap, frames: list[Frame]) -> None:
        """Write what was recorded at a tap, and beside it what is right to say of it."""
        name, link, script = tap.capture, tap.recorder.link, self.script
        if tap.outside:
            script = script.outside(f"{self.company}.", self.outside)
        flows = script.truth(five_tuples(frames, link))
        file = self.out / f"{name}.{self.form}"
        write_capture(file, tap.clock.shown(frames), tap.recorder.switches, link)
        truth = {"capture": file.name, "profile": self.profile, "site": f"{name}.site.yaml", "frames": len(frames)}
        if tap.clock != EXACT:
            truth |= {"clock_offset_s": tap.clock.offset_s, "clock_drift_ppm": tap.clock.drift_ppm}
        truth |= {"flows": flows, "findings": script.findings, "outcomes": script.outcomes}
        write_json(self.out / f"{name}.truth.json", truth)
        lines = [*self.site, f"trust: [{name}.trust.pem]"]
        (self.out / f"{name}.site.yaml").write_text("\n".join(lines) + "\n", "utf-8")
        (self.out / f"{name}.trust.pem").write_text(self.internet.roots(), "ascii")
        seconds = (frames[-1].time_ns - frames[0].time_ns) / 1e9
        print(f"{file.name}: {len(frames)} frames, {len(flows)} flows, {seconds:.0f} s, {file.stat().st_size} octets")
