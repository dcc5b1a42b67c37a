"""Delta Forge: an Edge on the GovCloud with one cable, on the company network with its machines.

In `redirect` the company's resolver answers for the cloud's name with an address of its own choosing.
"""

from __future__ import annotations

import subprocess

from staging.stage import Host, Look, Stage

from scenarios.edge import start_nats, start_tunnel

API = "api.machinemetrics-us-gov.com"
STREAM = "stream.machinemetrics-us-gov.com"
CLOUDLINK = "cloudlink.balena.machinemetrics-us-gov.com"
API_AT, STREAM_AT, BALENA_AT = "18.252.129.108", "18.254.70.116", "18.253.182.20"
BALENA = ("api", "ca", "logs", "ocsp", "registry2", "s3", "tunnel")
BUCKETS = (
    ("machinemetrics-adapter-store.s3.us-gov-east-1.amazonaws.com", 1800, "1.2"),
    ("machinemetrics-govcloud-edge-uploads.s3.us-gov-east-1.amazonaws.com", 0, "1.3"),
    ("machinemetrics-deploy.s3.us-gov-east-1.amazonaws.com", 900, "1.2"),
    ("machinemetrics-govcloud-public.s3.us-gov-east-1.amazonaws.com", 700, "1.3"),
    ("139811071765.dkr.ecr.us-gov-east-1.amazonaws.com", 300, "1.3"),
)
MACHINES = (("saw-1", "modbus", "standard", 31), ("lathe-9", "focas", "focas", 32), ("mill-7", "opcua", "standard", 33))
POOL = "0.resinio.pool.ntp.org"
PAUSES = {"modbus": 8.0, "focas": 4.0, "opcua": 15.0}


def _open(stage: Stage, *dnsmasq: str) -> Host:
    """Put up the site and its internet; the Edge, which asks the company's resolver."""
    stage.profile = "machinemetrics:govcloud"
    internet = stage.internet
    stage.switch("company")
    internet.website(API, "us-gov-east", at=(API_AT,))
    internet.website("app.machinemetrics-us-gov.com", "us-gov-east", octets=700)
    internet.name(STREAM, "us-gov-east", at=(STREAM_AT,))
    internet.name(CLOUDLINK, "us-gov-east", at=(BALENA_AT,))
    for label in BALENA:
        name = f"{label}.balena.machinemetrics-us-gov.com"
        internet.website(name, "us-gov-east", at=(BALENA_AT,), octets=260, private=True, shared=True)
    for name, octets, newest in BUCKETS:
        internet.website(name, "us-gov-east", octets=octets, newest=newest)
    internet.name(POOL, "pool")
    stage.open_site(dnsmasq=dnsmasq)
    internet.serve_nats(STREAM_AT, name=STREAM)
    internet.serve_vpn(CLOUDLINK)
    internet.namespace.start_actor("nats_talk", "subscribe", "4300", "tool.>")
    edge = stage.host("edge", "company", 20)
    edge.ask(f"{stage.company}.1")
    return edge


def _start_polls(stage: Stage, edge: Host, seconds: float) -> list[subprocess.Popen[bytes]]:
    """Put up the machines and poll each for a while."""
    machines = [(stage.machine_host(name, "company", last, proto), proto) for name, proto, _, last in MACHINES]
    stage.record("company")
    return [edge.poll(to, proto, round(seconds / PAUSES[proto]), PAUSES[proto]) for to, proto in machines]


def _site_file(stage: Stage) -> list[str]:
    """Write down what the site's engineer knows."""
    lines = ["site: Delta Forge", "profiles: [machinemetrics:govcloud]", "topology: company"]
    lines += [f"networks: {{company: [{stage.company}.0/24]}}", "hosts:"]
    lines.append(f"  - {{name: edge-1, role: edge, addresses: [{stage.company}.20]}}")
    for name, protocol, kind, last in MACHINES:
        address = f"{stage.company}.{last}"
        lines.append(
            f"  - {{name: {name}, role: machine, class: {kind}, protocol: {protocol}, addresses: [{address}]}}"
        )
    lines += [f"nat: [{stage.outside}]", f"resolvers: [{stage.company}.1]"]
    return lines


def clean(stage: Stage) -> None:
    """Show a healthy site on the GovCloud: documented names at documented addresses, a private authority."""
    stage.form = "pcap"
    edge = _open(stage)
    polls = _start_polls(stage, edge, 45)
    edge.set_clock(POOL)
    start_tunnel(edge, CLOUDLINK)
    start_nats(edge, {STREAM: STREAM_AT})
    edge.fetch(API, requests=2)
    for label in BALENA[:5]:
        stage.pause(2)
        edge.fetch(f"{label}.balena.machinemetrics-us-gov.com")
    for name, _, _ in BUCKETS:
        stage.pause(2)
        edge.fetch(name, post=900 if "uploads" in name else 0)
    edge.fetch(API, post=600)
    stage.wait(*polls)
    stage.site = _site_file(stage)
    balena = (f"mm-gov-balena-{label}" for label in (*BALENA[:5], "cloudlink"))
    stage.script.outcome(
        "holds", "mm-no-inbound", "mm-gov-api", "mm-gov-stream", "mm-gov-public", "mm-gov-ecr", *balena
    )
    stage.script.outcome("not_observed", "mm-gov-app", "mm-gov-balena-s3", "mm-gov-balena-tunnel")


def redirect(stage: Stage) -> None:
    """Show the same site where the company's resolver sends the cloud's API to a relay of a security service."""
    address = stage.internet.website(API, "us-east")
    stage.internet.names.pop(API)
    edge = _open(stage, f"address=/{API}/{address}")
    polls = _start_polls(stage, edge, 24)
    stage.internet.names[API] = [address]
    wrong = "a documented name at an address that the document does not give"
    look = Look("unexpected", wrong, also=("intercepted",), codes=("name-at-other-address",))
    edge.fetch(API, look, requests=2)
    start_nats(edge, {STREAM: STREAM_AT})
    edge.fetch("api.balena.machinemetrics-us-gov.com")
    edge.fetch("machinemetrics-govcloud-public.s3.us-gov-east-1.amazonaws.com")
    stage.pause(4)
    edge.fetch(API, look, post=600)
    stage.wait(*polls)
    stage.site = _site_file(stage)
    stage.script.finding("name-at-other-address", edge.main_address, wrong)
    stage.script.outcome("fails", "mm-gov-api")
