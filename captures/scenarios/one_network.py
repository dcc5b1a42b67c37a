"""Acme, plant 3, with one network: the Edge and two machines on the company network, as several scenarios have it."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from staging.stage import Host, Stage

from scenarios.machinemetrics import CLOUDLINK, NATS, POOL, WEBSITES

MACHINES = (("lathe-2", "modbus", "standard", 21, 9.0), ("robodrill", "focas", "focas", 25, 5.0))
EDGE_AT = 117


def put_up(
    stage: Stage, *, more: Sequence[str] = (), dnsmasq: Sequence[str] = (), resolved: Sequence[str] = ("",)
) -> Host:
    """Put up the site, its machines and its internet, with more names of balena's where nobody serves; the Edge."""
    stage.profile = "machinemetrics:standard"
    internet = stage.internet
    stage.switch("company")
    for name, region, octets, newest in WEBSITES:
        internet.website(name, region, octets=octets, newest=newest)
    for name, region in ((CLOUDLINK, "balena"), (POOL, "pool"), *((name, "balena") for name in more)):
        internet.name(name, region)
    stage.open_site(dnsmasq=dnsmasq, resolved=resolved)
    internet.serve_nats(*NATS)
    internet.serve_vpn(CLOUDLINK)
    internet.namespace.start_actor("nats_talk", "subscribe", "4300", "tool.>")
    for name, protocol, _, last, _ in MACHINES:
        stage.machine_host(name, "company", last, protocol)
    return stage.host("edge", "company", EDGE_AT)


def start_polls(stage: Stage, seconds: float) -> list[subprocess.Popen[bytes]]:
    """Poll the machines for a while."""
    edge = stage.hosts["edge"]
    return [edge.poll(stage.hosts[name], proto, round(seconds / pause), pause) for name, proto, *_, pause in MACHINES]


def site_file(stage: Stage) -> list[str]:
    """Write down what the plant's engineer knows."""
    lines = ["site: Acme, plant 3", "profiles: [machinemetrics:standard]", "topology: company"]
    lines += [f"networks: {{company: [{stage.company}.0/24]}}", "hosts:"]
    lines.append(f"  - {{name: edge-1, role: edge, addresses: [{stage.company}.{EDGE_AT}]}}")
    for name, protocol, kind, last, _ in MACHINES:
        address = f"{stage.company}.{last}"
        lines.append(
            f"  - {{name: {name}, role: machine, class: {kind}, protocol: {protocol}, addresses: [{address}]}}"
        )
    lines += [f"nat: [{stage.outside}]", f"resolvers: [{stage.company}.1]"]
    return lines
