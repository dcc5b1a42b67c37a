"""Acme, plant 3, with the machines on the company network, behind a new firewall that nobody told of the document.

It refuses, drops and cuts what the Edge needs, each in another way, while the rest goes on working. No two servers are
stopped alike, so that each fault has its own name or address; the Edge tries each at least twice.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from staging.internet import GOOGLE_DNS
from staging.stage import Host, Look, Stage

from scenarios.edge import start_leaf, start_nats, start_tunnel
from scenarios.machinemetrics import CLOUDLINK, NATS, POOL
from scenarios.one_network import put_up, site_file, start_polls

API, REGISTRY, BUGSNAG = "api.machinemetrics.com", "registry2.balena-cloud.com", "notify.bugsnag.com"
BUCKET = "s3.us-west-2.amazonaws.com"
STORE, UPLOADS = f"mm-adapter-store.{BUCKET}", f"mm-edge-uploads.{BUCKET}"
DEPLOY, PUBLIC = f"machinemetrics-deploy.{BUCKET}", f"machinemetrics-public.{BUCKET}"
LAYERS, CONTAINERS = f"prod-us-west-2-starport-layer-bucket.{BUCKET}", "352302322568.dkr.ecr.us-west-2.amazonaws.com"
DELTA = "delta.balena-cloud.com"
# What the site's resolver asks others for: whoever wrote the list did not think of notify.bugsnag.com.
RESOLVED = ("machinemetrics.com", "balena-cloud.com", "us-west-2.amazonaws.com", "pool.ntp.org")
BLOCK_PAGE_AT = 9
NAME_AT = 153  # octets before the server name in a ClientHello of curl with OpenSSL 3.0
QUOTA = 12_000  # octets, headers too, that a connection may send


@contextmanager
def _fault(stage: Stage, code: str, because: str, *also: str, evidence: tuple[str, ...] = ()) -> Iterator[Look]:
    """Begin a chapter whose traffic the firewall, or the resolver on it, stops; how to look at that traffic."""
    stage.script.turn()
    yield Look("blocked", because, also, (code,), evidence=evidence)
    stage.script.finding(code, stage.hosts["edge"].main_address, because, actor=f"{stage.company}.1")


def _open(stage: Stage) -> Host:
    """Put up the site; its resolver has a list of what it resolves, and another of what it does not like."""
    nowhere = [f"address=/{CONTAINERS}/", f"address=/{LAYERS}/0.0.0.0"]
    nowhere.append(f"address=/{STORE}/{stage.company}.{BLOCK_PAGE_AT}")
    edge = put_up(stage, more=[DELTA], dnsmasq=nowhere, resolved=RESOLVED)
    stage.host("block-page", "company", BLOCK_PAGE_AT).serve(80)
    return edge


def _bar(stage: Stage) -> None:
    """Write the firewall's rules."""
    at = stage.internet.address
    stage.firewall.do("sysctl", "-qw", "net.netfilter.nf_conntrack_acct=1")
    for address in GOOGLE_DNS:
        stage.rule("through", "ip", "daddr", address, "udp", "dport", "53", "drop")
    for address in (NATS[0], NATS[3]):
        stage.rule("through", "ip", "daddr", address, "tcp", "dport", "7422", "drop")
    stage.rule("through", "udp", "dport", "123", "drop")
    stage.rule("through", "ip", "daddr", at(UPLOADS), "reject", "with", "tcp", "reset")
    stage.rule("through", "ip", "daddr", at(REGISTRY), "reject", "with", "icmp", "type", "admin-prohibited")
    for name, fate in ((DEPLOY, ("drop",)), (PUBLIC, ("reject", "with", "tcp", "reset"))):
        begun = name.encode()[:16]  # as much as one comparison takes
        place = f"@ih,{8 * NAME_AT},{8 * len(begun)}"
        stage.rule("through", "tcp", "dport", "443", place, f"0x{begun.hex()}", *fate)
    stage.rule("through", "ip", "daddr", at(API), "ct", "original", "bytes", ">", str(QUOTA), "drop")


def blocked(stage: Stage) -> None:
    """Show one fault after another, while machines, tunnel and one NATS server work."""
    stage.form = "pcapng.gz"
    edge = _open(stage)
    _bar(stage)
    stage.record("company")
    polls = start_polls(stage, 100)
    leaves = _start_nats(stage, edge)
    _fall_back(stage, edge)
    edge.ask(f"{stage.company}.1", Look(because="the site's resolver, on a private address"))
    start_tunnel(edge, CLOUDLINK)
    edge.fetch(API, post=900)
    _set_clock(stage, edge)
    _be_refused(stage, edge)
    _be_misled(stage, edge)
    _say_hello(stage, edge)
    _upload_too_much(stage, edge)
    for leaf in leaves:
        edge.stop(leaf)
    stage.wait(*polls)
    stage.pause(9)
    stage.site = site_file(stage)
    _settle(stage)


def _start_nats(stage: Stage, edge: Host) -> list[subprocess.Popen[bytes]]:
    """Start one leaf node that works, and two whose server is never reached, which try again every ten seconds."""
    start_nats(edge, {NATS[2]: NATS[2]})
    dropped = "the firewall drops what goes to this NATS server; another one is reached"
    for address in (NATS[0], NATS[3]):
        edge.note(address, 7422, Look("blocked", dropped, codes=("syn-unanswered",)))
    stage.script.finding("syn-unanswered", edge.main_address, dropped, actor=f"{stage.company}.1")
    return [start_leaf(edge, index, NATS[at], "reconnect: 10") for index, at in ((1, 0), (2, 3))]


def _fall_back(stage: Stage, edge: Host) -> None:
    """Ask Google DNS, twice and in vain, and the site's resolver after it, which knows."""
    own = f"{stage.company}.1"
    because = "the firewall drops questions to Google DNS; the Edge falls back to the site's resolver"
    with _fault(stage, "dns-no-answer", because, "undetermined") as look:
        edge.resolve_with(*GOOGLE_DNS, own, attempts=1)
        for address in GOOGLE_DNS:
            edge.note(address, 53, look, "udp", service="dns")
        edge.note(own, 53, Look(because="the site's resolver, after Google DNS was silent"), "udp", service="dns")
        for name in (API, "api.balena-cloud.com"):
            edge.note(stage.internet.address(name), 443, Look(), service="tls")
            edge.attempt(f"https://{name}/v1/status", times=1, seconds=15)
    stage.script.turn()


def _set_clock(stage: Stage, edge: Host) -> None:
    """Ask the time of the documented pool, and get no answer."""
    with _fault(stage, "udp-unanswered", "the firewall drops NTP", "undetermined") as look:
        edge.set_clock(POOL, look=look)


def _be_refused(stage: Stage, edge: Host) -> None:
    """Be refused by the firewall in the server's name, by the firewall in its own, and by a server itself."""
    at = stage.internet.address
    with _fault(stage, "syn-refused", "the firewall answers with a reset in the server's name") as look:
        edge.note_lookup()
        edge.note(at(UPLOADS), 443, look)
        edge.attempt(f"https://{UPLOADS}/batch")
    with _fault(stage, "icmp-prohibited", "the firewall says that it is prohibited") as look:
        edge.note_lookup()
        edge.note(at(REGISTRY), 443, look)
        edge.attempt(f"https://{REGISTRY}/v2/")
    stage.script.turn()
    itself = "the far server's port is closed; its own reset takes the whole way"
    edge.note_lookup()
    edge.note(at(DELTA), 443, Look("undetermined", itself, also=("expected",)))
    edge.attempt(f"https://{DELTA}/")


def _be_misled(stage: Stage, edge: Host) -> None:
    """Be told by the site's resolver that names are nowhere, or elsewhere, or none of the Edge's business."""
    known = edge.dns
    for name, code, because in (
        (CONTAINERS, "dns-nxdomain", "the site's resolver says that a documented name does not exist"),
        (LAYERS, "dns-sinkholed", "the site's resolver gives 0.0.0.0 for a documented name"),
        (STORE, "dns-sinkholed", "the site's resolver gives the address of its block page for a documented name"),
        (BUGSNAG, "dns-refused", "the site's resolver refuses to look up a documented name"),
    ):
        with _fault(stage, code, because, "expected", "intercepted") as look:
            edge.dns = look
            edge.note_lookup()
            if name == STORE:
                wrong = Look("blocked", "the block page, which has no port 443", ("undetermined", "unexpected"))
                edge.note(f"{stage.company}.{BLOCK_PAGE_AT}", 443, wrong)
            edge.attempt(f"https://{name}/")
    edge.dns = known


def _say_hello(stage: Stage, edge: Host) -> None:
    """Open connections to names that the firewall reads in the hello: one is dropped there, the other reset."""
    resets = "the firewall answers hellos with this name by a reset, to the Edge only"
    for name, code, because, evidence in (
        (DEPLOY, "silent-after-hello", "the firewall drops hellos with this name", ()),
        (PUBLIC, "reset-after-hello", resets, ("reset-foreign",)),
    ):
        with _fault(stage, code, because, evidence=evidence) as look:
            edge.note_lookup()
            edge.note(stage.internet.address(name), 443, look, service="tls")
            edge.attempt(f"https://{name}/")


def _upload_too_much(stage: Stage, edge: Host) -> None:
    """Upload more than the firewall lets through in one connection, twice: it drops the rest without a word."""
    with _fault(
        stage, "stalled", "the firewall drops what a connection sends beyond its quota", "undetermined"
    ) as look:
        edge.note_lookup()
        edge.note(stage.internet.address(API), 443, look, service="tls")
        body = edge.scratch / "readings"
        body.write_bytes(stage.random.randbytes(QUOTA + 9000))
        posted = ("--limit-rate", "3k", "-H", "Expect:", "--data-binary", f"@{body}")
        edge.attempt(f"https://{API}/v1/readings", *posted, seconds=14)
    stage.script.turn()
    edge.fetch(API, post=600)  # what is short gets through


def _settle(stage: Stage) -> None:
    """Say what became of the document's rules."""
    barred = ("edge-uploads", "deploy", "public", "adapter-store", "ecr", "ecr-layers", "bugsnag")
    stage.script.outcome("fails", *(f"mm-std-{name}" for name in barred))
    stage.script.outcome("holds", "mm-no-inbound", "mm-nats-std-3", "mm-std-cloudlink", "mm-dns-fallback")
    # two of the four NATS servers are cut off, and a third one serves what they would
    stage.script.outcome("not_observed", "mm-nats-std-1", "mm-nats-std-2", "mm-nats-std-4", "mm-std-app")
