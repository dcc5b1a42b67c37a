"""Acme, plant 3: an Edge on the standard cloud with two networks, seven machines and a dashboard in the office.

In `clean` it is as the document asks. In `faults` the same plant is as plants are: somebody has patched the machine
switch into the firewall's spare port, somebody forwarded a port years ago, and somebody was only going to try a thing.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from staging.internet import QUAD9_DNS
from staging.stage import Host, Look, Port, Stage

from scenarios.edge import start_nats, start_tunnel

NATS = ("54.218.103.126", "52.24.16.63", "52.34.161.223", "35.155.82.103")
CLOUDLINK = "cloudlink.balena-cloud.com"
TUNNEL = "tunnel.balena-cloud.com"
MES = "hooks.acme-mes.example"
SPINDLE = "telemetry.spindle-monitor.example"
TIME = "time.cloudflare.com"
PROXY_PORT = 3128
MACHINES = (
    # name, protocols, class, last octet of the address
    ("lathe-2", ("modbus",), "standard", 21),
    ("press-1", ("opcua",), "standard", 22),
    ("cell-plc", ("ethernet-ip",), "standard", 23),
    ("mill-4", ("mtconnect-agent", "mtconnect-adapter"), "standard", 24),
    ("robodrill", ("focas",), "focas", 25),
    ("vf-2", ("haas-mtconnect", "haas-serial"), "standard", 26),
    ("millplus", ("heidenhain",), "standard", 27),
)
WEBSITES = (
    # name, region, octets of a page, newest TLS version
    ("api.machinemetrics.com", "us-west", 380, "1.3"),
    ("app.machinemetrics.com", "edge-network", 900, "1.3"),
    ("api.balena-cloud.com", "balena", 620, "1.3"),
    ("registry2.balena-cloud.com", "balena", 1400, "1.3"),
    ("notify.bugsnag.com", "google", 2, "1.3"),
    ("mm-adapter-store.s3.us-west-2.amazonaws.com", "us-west-s3", 2400, "1.2"),
    ("mm-edge-uploads.s3.us-west-2.amazonaws.com", "us-west-s3", 0, "1.2"),
    ("machinemetrics-deploy.s3.us-west-2.amazonaws.com", "us-west-s3", 2600, "1.2"),
    ("machinemetrics-public.s3.us-west-2.amazonaws.com", "us-west-s3", 1500, "1.3"),
    ("352302322568.dkr.ecr.us-west-2.amazonaws.com", "us-west", 700, "1.2"),
    ("prod-us-west-2-starport-layer-bucket.s3.us-west-2.amazonaws.com", "us-west-s3", 4100, "1.3"),
)
SSH = (
    "ssh",
    "-F",
    "none",
    "-i",
    "/dev/null",
    "-o",
    "IdentitiesOnly=yes",
    "-o",
    "BatchMode=yes",
    "-o",
    "ConnectTimeout=15",
)
SSH += ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null")
PROTOCOLS = {"mtconnect-agent": "mtconnect"}
POOL = "2.resinio.pool.ntp.org"
# Rules of the pack that `clean` shows to hold, and rules whose traffic it does not have.
SEEN = (
    "mm-std-api",
    "mm-std-app",
    "mm-std-cloudlink",
    "mm-std-balena",
    "mm-std-bugsnag",
    "mm-std-adapter-store",
    "mm-std-edge-uploads",
    "mm-std-deploy",
    "mm-std-public",
    "mm-std-ecr",
    "mm-std-ecr-layers",
    "mm-nats-std-1",
    "mm-nats-std-3",
    "mm-machine-ethernet-ip",
    "mm-machine-focas",
    "mm-machine-mtconnect-adapter",
    "mm-machine-mtconnect-agent",
    "mm-machine-haas-serial",
    "mm-machine-haas-mtconnect",
    "mm-machine-heidenhain",
    "mm-machine-opcua-siemens",
    "mm-machine-modbus",
)
UNSEEN = ("mm-nats-std-2", "mm-nats-std-4", "mm-machine-683", "mm-machine-opcua-kepware", "mm-machine-opcua-bystronic")


@dataclass
class Plant:
    """What both scenarios build: the Edge with its two cables, the machines, and the office PC."""

    stage: Stage
    edge: Host
    lan1: Port
    lan2: Port
    machines: dict[str, Host]
    pc: Host

    @property
    def edge_inside(self) -> str:
        """Give the Edge's address on the machine network."""
        return f"{self.stage.machine}.10"


def _build(stage: Stage) -> Plant:
    """Put up the plant and its internet; nothing moves yet."""
    stage.profile = "machinemetrics:standard"
    stage.switch("company")
    stage.switch("machine")
    for name, region, octets, newest in WEBSITES:
        stage.internet.website(name, region, octets=octets, newest=newest)
    stage.internet.name(CLOUDLINK, "balena")
    stage.internet.name(POOL, "pool")
    edge = stage.hosts["edge"] = Host(stage, "edge")
    lan1, lan2 = stage.cable(edge, "machine", "eno1"), stage.cable(edge, "company", "enp2s0")
    machines = {}
    for name, protocols, _, last in MACHINES:
        machines[name] = stage.machine_host(name, "machine", last, *protocols, gateway=name == "robodrill")
    pc = stage.host("front-desk", "company", 62)
    return Plant(stage, edge, lan1, lan2, machines, pc)


def _open(plant: Plant, *more: str, forward: tuple[tuple[int, str, int], ...] = ()) -> None:
    """Open the site: its DHCP on the company network gives the Edge its lease."""
    stage = plant.stage
    company = stage.company
    lease = [f"dhcp-range=set:office,{company}.100,{company}.199,255.255.255.0,2h"]
    lease += [f"dhcp-host={plant.lan2.mac},{company}.117", f"dhcp-option=tag:office,42,{company}.1"]
    stage.open_site(forward=forward, dnsmasq=(*lease, *more))
    stage.internet.serve_nats(*NATS)
    stage.internet.serve_vpn(CLOUDLINK)
    stage.internet.namespace.start_actor("nats_talk", "subscribe", "4300", "tool.>")


def _site_file(plant: Plant) -> list[str]:
    """Write down what the plant's engineer knows."""
    stage = plant.stage
    addresses = f"{stage.company}.117, {plant.edge_inside}"
    lines = [
        "site: Acme, plant 3",
        "profiles: [machinemetrics:standard]",
        "topology: isolated",
        f"networks: {{company: [{stage.company}.0/24], machine: [{stage.machine}.0/24]}}",
        "hosts:",
        f'  - {{name: edge-1, role: edge, addresses: [{addresses}], macs: ["{plant.lan2.mac}", "{plant.lan1.mac}"]}}',
    ]
    for name, protocols, kind, _ in MACHINES:
        address = plant.machines[name].main_address
        protocol = PROTOCOLS.get(protocols[0], protocols[0])
        lines.append(
            f"  - {{name: {name}, role: machine, class: {kind}, protocol: {protocol}, addresses: [{address}]}}"
        )
    lines.append(f"  - {{name: front desk, role: browser, addresses: [{plant.pc.main_address}]}}")
    lines += [f"nat: [{stage.outside}]", f"resolvers: [{stage.company}.1]", f"ntp: [{stage.company}.1]"]
    return [*lines, "uplink: 10M"]


def _settle(plant: Plant) -> None:
    """Have the Edge lease its company address, and take its static one on the machine network."""
    stage = plant.stage
    look = Look("housekeeping", "DHCP on the company network, which the document allows")
    leased = plant.edge.lease(plant.lan2, look, f"{stage.company}.1")
    plant.edge.settle(plant.lan2, leased, gateway=f"{stage.company}.1")


def _start_polls(plant: Plant, seconds: float) -> list[subprocess.Popen[bytes]]:
    """Poll every machine for a while."""
    pauses = {"opcua": 15, "ethernet-ip": 15, "mtconnect-agent": 15, "haas-mtconnect": 20, "focas": 4}
    polls = []
    for name, protocols, _, _ in MACHINES:
        for protocol in protocols:
            pause = pauses.get(protocol, 8)
            polls.append(plant.edge.poll(plant.machines[name], protocol, round(seconds / pause), pause))
    return polls


def _talk_to_cloud(plant: Plant) -> None:
    """Let the Edge do once what it does all day."""
    stage, edge = plant.stage, plant.edge
    edge.ask("8.8.8.8")
    edge.set_clock(POOL)
    start_tunnel(edge, CLOUDLINK)
    start_nats(edge, {address: address for address in (NATS[0], NATS[2])})
    edge.fetch("api.machinemetrics.com", requests=2)
    stage.pause(4)
    edge.fetch("api.balena-cloud.com", path="/device/v2/state")
    stage.pause(4)
    edge.fetch("mm-edge-uploads.s3.us-west-2.amazonaws.com", post=2200)
    stage.pause(6)
    edge.fetch("api.machinemetrics.com", path="/v1/readings", post=900)


def _update(plant: Plant) -> None:
    """Let the Edge fetch adapters and containers, as it does when they change."""
    stage, edge = plant.stage, plant.edge
    edge.fetch("mm-adapter-store.s3.us-west-2.amazonaws.com", path="/adapters/focas.tgz")
    edge.fetch("machinemetrics-deploy.s3.us-west-2.amazonaws.com")
    stage.pause(4)
    edge.fetch("machinemetrics-public.s3.us-west-2.amazonaws.com")
    edge.fetch("352302322568.dkr.ecr.us-west-2.amazonaws.com", path="/v2/")
    edge.fetch("registry2.balena-cloud.com", path="/v2/")
    edge.fetch("prod-us-west-2-starport-layer-bucket.s3.us-west-2.amazonaws.com")


def _look_at_dashboard(plant: Plant) -> None:
    """Let the front desk open the dashboard."""
    tolerated = Look(because="a browser's lookup; the document is silent", also=("not_judged",))
    plant.pc.ask(f"{plant.stage.company}.1", tolerated)
    plant.pc.fetch("app.machinemetrics.com", agent="Mozilla/5.0", requests=3)


def clean(stage: Stage) -> None:
    """Show a healthy isolated site: every kind of documented traffic, at the document's rates."""
    stage.form = "pcapng.gz"
    plant = _build(stage)
    _open(plant)
    stage.record("company", "machine")
    _settle(plant)
    plant.edge.settle(plant.lan1, plant.edge_inside)
    polls = _start_polls(plant, 64)
    _talk_to_cloud(plant)
    _look_at_dashboard(plant)
    stage.pause(6)
    _update(plant)
    plant.edge.fetch("notify.bugsnag.com", post=600)
    allowed = Look(because="the site's resolver, handed out by DHCP")
    plant.edge.ask(f"{stage.company}.1", allowed)
    plant.edge.fetch("api.machinemetrics.com")
    plant.edge.ask("8.8.4.4")
    stage.pause(6)
    plant.edge.fetch("api.machinemetrics.com", path="/v1/readings", post=900)
    plant.edge.set_clock(f"{stage.company}.1", by_name=False)
    stage.wait(*polls)
    stage.site = _site_file(plant)
    stage.script.outcome("holds", "mm-no-inbound", "mm-machines-isolated", *SEEN)
    stage.script.outcome("not_observed", *UNSEEN)


def faults(stage: Stage) -> None:
    """Show the same site with what goes wrong at real plants, each fault once."""
    plant = _build(stage)
    internet = stage.internet
    internet.website(MES, "europe", octets=300)
    internet.website(SPINDLE, "asia", octets=200)
    internet.name(TUNNEL, "balena")
    internet.name(TIME, "pool")
    stranger = internet.draw("asia")
    spare = stage.cable(stage.firewall, "machine", "lan1")
    stage.firewall.settle(spare, f"{stage.machine}.1")
    leases = (f"dhcp-range=set:spare,{stage.machine}.10,{stage.machine}.19,255.255.255.0,2h",)
    leases += (f"dhcp-host={plant.lan1.mac},{plant.edge_inside}",)
    _open(plant, *leases, forward=((22, f"{stage.company}.117", 22),))
    internet.serve_ssh(internet.address(TUNNEL), 443)
    proxy = stage.host("proxy", "company", 8)
    proxy.start_actor("proxy", proxy.main_address, str(PROXY_PORT))
    proxy.wait_for(proxy.main_address, PROXY_PORT)
    laptop = stage.host("laptop", "machine", 90, gateway=False)
    plant.edge.start_actor("ssh_server", "0.0.0.0", "22")
    plant.edge.wait_for("0.0.0.0", 22)
    stage.record("company", "machine")
    _lease_on_machine_network(plant)
    polls = _start_polls(plant, 48)
    _talk_to_cloud(plant)
    _look_at_dashboard(plant)
    _talk_to_others(plant)
    _report_errors_through_proxy(plant, proxy)
    _wander(plant, laptop)
    _come_in(plant, stranger)
    stage.wait(*polls)
    stage.script.outcome("fails", "mm-no-inbound", "mm-lan1-static", "mm-machines-isolated", "mm-only-documented")
    stage.site = [*_site_file(plant), f'proxies: ["{proxy.main_address}:{PROXY_PORT}"]']


def _lease_on_machine_network(plant: Plant) -> None:
    """Have LAN port 1 lease its address from the firewall's spare port; LAN port 2 has a static one."""
    stage, edge = plant.stage, plant.edge
    wrong = Look("unexpected", "DHCP on the machine network by the Edge", codes=("dhcp-on-machine-network",))
    leased = edge.lease(plant.lan1, wrong, f"{stage.machine}.1")
    edge.settle(plant.lan1, leased)
    edge.settle(plant.lan2, f"{stage.company}.117", gateway=f"{stage.company}.1")
    stage.script.finding("dhcp-on-machine-network", leased, wrong.because)


def _talk_to_others(plant: Plant) -> None:
    """Let the Edge talk to whom the document does not list, or in a way it does not."""
    stage, edge = plant.stage, plant.edge
    mes = Look("unexpected", "a web hook that an integrator added", codes=("undocumented-destination",))
    edge.fetch(MES, mes, path="/parts", post=700)
    stage.script.finding("undocumented-destination", plant.lan2.address, mes.because)
    shell = Look("unexpected", "SSH on 443, where the document has HTTPS", codes=("payload-mismatch",))
    edge.note_lookup()
    edge.note(stage.internet.address(TUNNEL), 443, shell, orig=plant.lan2.address, service="ssh")
    edge.do(*SSH, "-p", "443", f"support@{TUNNEL}", "true", may_fail=True)
    stage.script.finding("payload-mismatch", plant.lan2.address, shell.because)
    other_time = Look("unexpected", "a public time server of another name", codes=("other-ntp-server",))
    edge.set_clock(TIME, look=other_time)
    stage.script.finding("other-ntp-server", plant.lan2.address, other_time.because)
    other_resolver = Look("unexpected", "a public resolver that is not the site's", codes=("other-resolver",))
    edge.ask(QUAD9_DNS, other_resolver)
    edge.fetch("registry2.balena-cloud.com", path="/v2/")
    stage.script.finding("other-resolver", plant.lan2.address, other_resolver.because)
    edge.ask("8.8.8.8")


def _report_errors_through_proxy(plant: Plant, proxy: Host) -> None:
    """Have the Edge's error reports go through a proxy, with its name and password in clear."""
    outside = Look("not_judged", "the proxy's own traffic", also=("expected",))
    proxy.ask(f"{plant.stage.company}.1", outside)
    proxy.note_lookup()
    bugsnag = "notify.bugsnag.com"
    proxy.note(plant.stage.internet.address(bugsnag), 443, outside, service="tls")
    clear = Look(
        because="a documented name by CONNECT; its credentials are readable", codes=("proxy-credentials-clear",)
    )
    plant.edge.note(proxy.main_address, PROXY_PORT, clear, orig=plant.lan2.address, service="http")
    user = f"http://edge:not-a-real-password@{proxy.main_address}:{PROXY_PORT}"
    plant.edge.fetch(bugsnag, post=500, proxy=user)
    plant.stage.script.finding("proxy-credentials-clear", plant.lan2.address, clear.because)


def _wander(plant: Plant, laptop: Host) -> None:
    """Let a machine out to the internet through the spare port, and a laptop on the machine switch read another."""
    robodrill, haas = plant.machines["robodrill"], plant.machines["vf-2"]
    out = Look("unexpected", "a machine on the internet", codes=("machine-leaves-site",))
    robodrill.ask("8.8.8.8", out)
    robodrill.fetch(SPINDLE, out, path="/v1/vibration", post=400)
    plant.stage.script.finding("machine-leaves-site", robodrill.main_address, out.because)
    # without a site file, a laptop that polls a machine looks like an Edge
    wrong = "a laptop on the machine switch reads a machine"
    peer = Look("unexpected", wrong, codes=("machine-other-peer",), needs_site=True)
    laptop.note(haas.main_address, 8082, peer, service="mtconnect")
    laptop.act("mtconnect", "poll-agent", haas.main_address, "8082", "2", "1")
    plant.stage.script.finding("machine-other-peer", haas.main_address, wrong, needs_site=True)


def _come_in(plant: Plant, stranger: str) -> None:
    """Let a stranger reach the Edge's SSH port through a forgotten port forward."""
    stage = plant.stage
    inward = Look("unexpected", "SSH from the internet to the Edge", codes=("inbound-connection",))
    plant.edge.note(plant.lan2.address, 22, inward, orig=stranger, service="ssh")
    stage.internet.namespace.do(*SSH, "-b", stranger, f"root@{stage.outside}", "true", may_fail=True)
    stage.script.finding("inbound-connection", plant.lan2.address, inward.because)
