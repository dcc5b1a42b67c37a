"""An internet of one host: names, public addresses, and the servers behind them, at plausible distances."""

from __future__ import annotations

import ipaddress
import json
import random
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from staging.authority import Authority, Identity
from staging.links import Namespace

GOOGLE_DNS = ("8.8.8.8", "8.8.4.4")
CLOUDFLARE_DNS = "1.1.1.1"
QUAD9_DNS = "9.9.9.9"
DEVICE_CA = "Device Management"
SHARED_PORT = 8443


@dataclass(frozen=True)
class Region:
    """A part of the internet: its address blocks, and how far away it is (one-way milliseconds, hops)."""

    blocks: tuple[str, ...]
    delay_ms: float
    hops: int


# Where addresses are drawn from for names whose addresses the documents do not give. Clouds rent these to anybody.
REGIONS = {
    "us-west": Region(("52.24.0.0/14", "44.224.0.0/13"), 21.0, 13),
    "us-west-s3": Region(("52.218.128.0/17", "3.5.76.0/22"), 20.4, 14),
    "us-gov-east": Region(("18.253.0.0/18", "3.30.0.0/16"), 34.0, 16),
    "us-east": Region(("3.208.0.0/12", "34.224.0.0/12"), 38.0, 12),
    "balena": Region(("34.192.0.0/12",), 36.5, 12),
    "edge-network": Region(("13.224.0.0/16", "99.84.0.0/16"), 4.6, 8),
    "google": Region(("35.184.0.0/14",), 8.8, 9),
    "europe": Region(("3.120.0.0/14",), 61.0, 15),
    "pool": Region(("66.220.0.0/18", "162.159.200.0/24"), 17.0, 11),
    "asia": Region(("13.112.0.0/14",), 79.0, 18),
}


@dataclass
class WebServer:
    """What answers at one address and port: the names it has certificates for, and how long its pages are."""

    address: str
    port: int
    octets: int
    newest: str
    certificates: dict[str, Identity] = field(default_factory=dict)


class Internet:
    """Names and servers are added first; `open` then starts everything."""

    def __init__(self, scratch: Path, seed: str, folder: Path) -> None:
        self.namespace = Namespace("internet", scratch)
        self.scratch = scratch
        self.random = random.Random(f"internet {seed}")
        self.authorities = [Authority(folder, organisation) for organisation in ("Harbour Trust", "Pinewood Trust")]
        self.devices = Authority(folder, DEVICE_CA)
        self.names: dict[str, list[str]] = {}
        self.places: dict[str, tuple[float, int]] = {}
        self.web: dict[tuple[str, int], WebServer] = {}
        self.taken: set[str] = set()
        self.aliases: dict[str, str] = {}
        self.aliases_file = scratch / "aliases"
        self.resolvers: subprocess.Popen[bytes] | None = None
        for resolver in (*GOOGLE_DNS, CLOUDFLARE_DNS, QUAD9_DNS):
            self.place(resolver, "edge-network")
        self.aliases_file.write_text("", "ascii")

    def place(self, address: str, region: str) -> str:
        """Put an address on the internet, in a region."""
        if address not in self.places:
            where = REGIONS[region]
            self.places[address] = (round(where.delay_ms + self.random.uniform(0, 2.5), 2), where.hops)
            self.namespace.address("lo", f"{address}/32")
        return address

    def draw(self, region: str) -> str:
        """Place an address that nobody has yet, drawn from the region's blocks."""
        while True:
            block = ipaddress.ip_network(self.random.choice(REGIONS[region].blocks))
            address = (
                str(block[self.random.randrange(256, block.num_addresses - 256) | 1])
                if block.prefixlen < 24
                else str(block[self.random.randrange(2, 250)])
            )
            if address not in self.taken:
                self.taken.add(address)
                return self.place(address, region)

    def name(self, name: str, region: str, *, at: Sequence[str] = ()) -> str:
        """Give a name its addresses, drawn in a region unless given; the first of them."""
        addresses = [self.place(address, region) for address in at] or [self.draw(region)]
        self.names.setdefault(name, []).extend(addresses)
        return addresses[0]

    def website(  # noqa: PLR0913 - a web site has that many properties
        self,
        name: str,
        region: str,
        *,
        at: Sequence[str] = (),
        octets: int = 420,
        newest: str = "1.3",
        tls: bool = True,
        private: bool = False,
        shared: bool = False,
    ) -> str:
        """Put up a web site under a name: on 443 with a certificate, or on 80 in clear; its first address.

        `private` has the device maker's own authority sign, which no public root vouches for. `shared` puts it behind
        the tunnel's port 443, whose server hands on what is not its own.
        """
        self.name(name, region, at=at)
        port = 443 if tls else 80
        signer = self.devices if private else self.authorities[len(self.web) % 2]
        if shared:
            port = SHARED_PORT
        for address in ["127.0.0.1"] if shared else self.names[name]:
            server = self.web.setdefault((address, port), WebServer(address, port, octets, newest))
            if tls:
                server.certificates[name] = signer.issue(name)
        return self.names[name][0]

    def alias(self, name: str, address: str) -> None:
        """Give a name the address of a plant's own device; the public resolvers answer with it from now on."""
        self.names[name] = [address]
        self.aliases[name] = address
        self.aliases_file.write_text("".join(f"{to} {known}\n" for known, to in self.aliases.items()), "ascii")
        if self.resolvers is not None:
            self.resolvers.send_signal(signal.SIGHUP)  # dnsmasq(8): hosts files are read again

    def address(self, name: str) -> str:
        """Give the first address of a name."""
        return self.names[name][0]

    def roots(self) -> str:
        """Give the roots that every program of the stage trusts, PEM."""
        return "".join(authority.root_file.read_text("ascii") for authority in self.authorities)

    def open(self, firewall: Namespace, outside: str) -> None:
        """Start the wide area and the servers; `outside` is the site's public address."""
        places = self.scratch / "places.json"
        places.write_text(json.dumps(self.places), "utf-8")
        transit = Namespace("transit", self.scratch)
        transit.start_actor("wide_area", f"{firewall.name}=wan0", f"{self.namespace.name}=net0", str(places))
        for namespace, device in ((firewall, "wan0"), (self.namespace, "net0")):
            namespace.do("sh", "-c", f"for i in $(seq 50); do ip link show {device} && exit; sleep 0.1; done; exit 1")
            namespace.ip("link", "set", device, "mtu", "1500", "up")
        firewall.address("wan0", f"{outside}/32")
        firewall.ip("route", "add", "default", "dev", "wan0", "src", outside)
        self.namespace.ip("route", "add", "default", "dev", "net0")
        self._serve_names()
        self._serve_time()
        if self.web:
            self._serve_web()

    def _serve_names(self) -> None:
        """Answer DNS at every public resolver, for every name."""
        lines = ["no-daemon", "no-resolv", "no-hosts", "user=root", "bind-interfaces", "cache-size=0", "local-ttl=60"]
        lines += ["conf-file=", "pid-file="]
        lines += [f"listen-address={address}" for address in (*GOOGLE_DNS, CLOUDFLARE_DNS, QUAD9_DNS)]
        lines += [
            f"host-record={name},{address}"
            for name, all_ in self.names.items()
            if name not in self.aliases
            for address in all_
        ]
        lines += ["local=/#/", f"addn-hosts={self.aliases_file}"]
        config = self.scratch / "internet.dnsmasq.conf"
        config.write_text("\n".join(lines) + "\n", "ascii")
        self.resolvers = self.namespace.start("dnsmasq", "-C", str(config))

    def _serve_time(self) -> None:
        """Answer NTP at every address."""
        config = self.scratch / "internet.chrony.conf"
        pid, drift = self.scratch / "internet.chronyd.pid", self.scratch / "drift"
        lines = [
            "local stratum 2",
            "allow all",
            "cmdport 0",
            "bindcmdaddress /",
            f"pidfile {pid}",
            f"driftfile {drift}",
        ]
        config.write_text("\n".join(lines) + "\n", "ascii")
        self.namespace.start("chronyd", "-d", "-x", "-u", "root", "-f", str(config))

    def _serve_web(self) -> None:
        """Start the web server, for all sites."""
        sites = [
            {
                "address": server.address,
                "port": server.port,
                "octets": server.octets,
                "newest": server.newest,
                "tls": bool(server.certificates),
                "certificates": {n: [str(c.chain), str(c.key)] for n, c in server.certificates.items()},
            }
            for server in self.web.values()
        ]
        table = self.scratch / "sites.json"
        table.write_text(json.dumps(sites), "utf-8")
        self.namespace.start_actor("tls_server", str(table))
        last = list(self.web.values())[-1]
        self.namespace.wait_for(last.address, last.port)

    def serve_nats(self, *addresses: str, name: str = "") -> None:
        """Start the cloud's NATS server, for leaf nodes on 7422 over TLS, at these addresses."""
        identity = self.authorities[0].issue(*([name] if name else []), *addresses)
        for index, address in enumerate(addresses):
            self.place(address, "us-west")
            config = self.scratch / f"cloud-nats-{index}.conf"
            tls = f'tls {{cert_file: "{identity.chain}", key_file: "{identity.key}"}}'
            lines = [
                f'listen: "127.0.0.1:{4300 + index}"',
                f"server_name: cloud-{index}",
                'ping_interval: "8s"',
                f'leafnodes {{listen: "{address}:7422", {tls}}}',
            ]
            config.write_text("\n".join(lines) + "\n", "ascii")
            self.namespace.start("nats-server", "-c", str(config))
            self.namespace.wait_for("127.0.0.1", 4300 + index)

    def serve_vpn(self, name: str) -> None:
        """Start the device tunnel's OpenVPN server under a name, on 443/tcp."""
        identity = self.devices.issue(name)
        words = ("--mode", "server", "--tls-server", "--proto", "tcp-server", "--dev", "tun7", "--topology", "subnet")
        place = ("--local", self.address(name), "--port", "443", "--ifconfig", "10.242.0.1", "255.255.255.0")
        keys = ("--ca", str(self.devices.root_file), "--cert", str(identity.chain), "--key", str(identity.key))
        pool = ("--ifconfig-pool", "10.242.0.10", "10.242.0.20", "255.255.255.0", "--dh", "none")
        if ("127.0.0.1", SHARED_PORT) in self.web:
            pool += ("--port-share", "127.0.0.1", str(SHARED_PORT))
        calm = ("--push", "topology subnet", "--keepalive", "20", "60", "--verb", "2")
        self.namespace.start("openvpn", *words, *place, *pool, *calm, *keys)
        self.namespace.wait_for(self.address(name), 443)

    def serve_ssh(self, address: str, port: int) -> None:
        """Start an SSH server at an address."""
        self.namespace.start_actor("ssh_server", address, str(port))
        self.namespace.wait_for(address, port)
