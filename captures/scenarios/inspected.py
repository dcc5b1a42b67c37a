"""Acme, plant 3, behind a firewall that looks into TLS, recorded inside it and outside it in the same minute.

In `opened` its authority is among those that the Edge's programs trust, and a list has it leave some names alone; in
`resigned` nobody told the Edge, whose programs refuse what they are shown. Some names never meet it: the firewall only
translates them, as it does NATS, DNS and NTP. The outside has a clock of its own, which is ahead and goes too fast.
"""

from __future__ import annotations

import subprocess

from staging.interceptors import divert, start_mitmproxy, start_sslsplit
from staging.recording import Clock
from staging.stage import Host, Look, Stage

from scenarios.edge import start_nats, start_tunnel
from scenarios.firewalled import API, BUGSNAG, CONTAINERS, DEPLOY, LAYERS, PUBLIC, REGISTRY, STORE, UPLOADS
from scenarios.machinemetrics import CLOUDLINK, NATS, POOL
from scenarios.one_network import put_up, site_file, start_polls

BALENA = "api.balena-cloud.com"
OTHER_CLOCK = Clock(offset_s=7.3, drift_ppm=20.0)
OLD, NEW = "1.2", "1.3"
SAME = Look(because="a documented destination; the firewall only translates its addresses", passage="same")
RELAYED = Look(because="a documented name whose TLS the firewall hands on as it is", passage="relayed")
OPENED = {
    OLD: Look(
        "intercepted",
        "the firewall's own certificate is readable, as TLS 1.2 has it",
        codes=("certificate-forged",),
        passage="opened",
    ),
    NEW: Look(
        because="the firewall opens TLS 1.3 with a certificate that the Edge trusts; one capture cannot show it",
        also=("undetermined",),
        passage="opened",
    ),
}
REFUSED = {
    OLD: Look(
        "intercepted",
        "the firewall's own certificate is readable, as TLS 1.2 has it, and curl refuses it",
        codes=("certificate-forged",),
        evidence=("certificate-refused",),
        passage="opened",
    ),
    NEW: Look(
        "intercepted",
        "curl refuses the firewall's certificate in TLS 1.3",
        codes=("certificate-refused",),
        passage="opened",
    ),
}
# with GnuTLS the handshake is over before wget looks at the certificate: it says good-bye and raises no alert
LEFT = {
    OLD: Look(
        "intercepted",
        "the firewall's own certificate is readable, as TLS 1.2 has it; wget leaves without a request",
        codes=("certificate-forged",),
        passage="opened",
    ),
    NEW: Look(
        "intercepted",
        "wget leaves without a request in TLS 1.3, where nothing tells why",
        also=("undetermined", "expected"),
        passage="opened",
    ),
}
FORGED = "the firewall shows certificates of its own for documented names"


def opened(stage: Stage) -> None:
    """Show an interceptor that the Edge trusts: opened, handed on and translated connections in turn."""
    edge = put_up(stage)
    with stage.roots.open("a") as roots:
        roots.write(start_mitmproxy(stage, BUGSNAG, UPLOADS))
    divert(stage, (CLOUDLINK, REGISTRY, CONTAINERS))
    polls = _begin(stage, edge)
    start_tunnel(edge, CLOUDLINK, SAME)
    edge.fetch(API, OPENED[NEW], requests=2)
    edge.fetch(BALENA, OPENED[NEW], path="/device/v2/state")
    edge.fetch(STORE, OPENED[NEW], path="/adapters/focas.tgz")  # whose server has no TLS 1.3
    _fetch_with_wget(edge, LAYERS, OPENED[NEW], NEW)
    for name in (BUGSNAG, UPLOADS):
        edge.fetch(name, RELAYED, post=900)
    for name in (REGISTRY, CONTAINERS):
        edge.fetch(name, SAME, path="/v2/")
    stage.pause(2)
    stage.script.turn()
    edge.fetch(API, OPENED[OLD], path="/v1/readings", post=900, newest=OLD)
    edge.fetch(DEPLOY, OPENED[OLD], newest=OLD)
    _fetch_with_wget(edge, BALENA, OPENED[OLD], OLD)
    stage.pause(2)
    stage.script.turn()
    edge.fetch(API, OPENED[NEW])
    edge.fetch(PUBLIC, OPENED[NEW])
    edge.fetch(BUGSNAG, RELAYED, post=400)
    stage.script.finding("certificate-forged", edge.main_address, FORGED)
    _end(stage, polls)


def resigned(stage: Stage) -> None:
    """Show an interceptor that the Edge does not trust: nothing but what it spares gets through."""
    edge = put_up(stage)
    start_sslsplit(stage)
    divert(stage, (CONTAINERS,))
    polls = _begin(stage, edge)
    for name, newest, times in (
        (API, NEW, 3),
        (BALENA, NEW, 2),
        (BUGSNAG, NEW, 2),
        (DEPLOY, OLD, 2),
        (UPLOADS, OLD, 2),
    ):
        _be_refused(edge, name, newest, times)
    edge.fetch(CONTAINERS, SAME, path="/v2/")
    stage.script.turn()
    for name in (API, REGISTRY):
        _be_refused(edge, name, OLD, 2)
    for name, newest in ((LAYERS, NEW), (STORE, OLD)):
        for _ in range(2):
            _fetch_with_wget(edge, name, LEFT[newest], newest)
    edge.fetch(CONTAINERS, SAME, path="/v2/")
    stage.script.finding("certificate-forged", edge.main_address, FORGED)
    stage.script.finding("certificate-refused", edge.main_address, "curl knows no authority of the firewall's")
    _end(stage, polls)


def _begin(stage: Stage, edge: Host) -> list[subprocess.Popen[bytes]]:
    """Record on both sides, poll the machines, and do what never meets the interceptor."""
    stage.form = "pcapng.gz"
    stage.record("company")
    stage.record_outside(OTHER_CLOCK)
    polls = start_polls(stage, 27)
    edge.ask("8.8.8.8")
    edge.set_clock(POOL)
    start_nats(edge, {NATS[0]: NATS[0]}, SAME)
    return polls


def _be_refused(edge: Host, name: str, newest: str, times: int) -> None:
    """Ask a name for a page with curl, which refuses the certificate that it is shown."""
    edge.note_lookup()
    edge.note(edge.stage.internet.address(name), 443, REFUSED[newest], service="tls")
    edge.attempt(f"https://{name}/v1/status", "--tls-max", newest, times=times, pause=0.5)


def _fetch_with_wget(edge: Host, name: str, look: Look, version: str) -> None:
    """Ask a name for a page with wget, whose TLS is GnuTLS, in one version only; in vain where it sees no root."""
    edge.note_lookup()
    edge.note(edge.stage.internet.address(name), 443, look, service="tls")
    words = ("--no-config", "--no-hsts", "-q", "-O", "/dev/null", "--tries=1", "-T", "10", "-U", "sample/1.0")
    tls = (f"--ca-certificate={edge.stage.roots}", f"--ciphers=NORMAL:-VERS-ALL:+VERS-TLS{version}")
    edge.do("wget", *words, *tls, f"https://{name}/v1/status", may_fail=look in LEFT.values())


def _end(stage: Stage, polls: list[subprocess.Popen[bytes]]) -> None:
    """Let the rest of the minute pass, and say what is known and what became of the document's rules."""
    stage.wait(*polls)
    stage.pause(6)
    stage.site = site_file(stage)
    stage.script.outcome("fails", *(f"mm-dpi-{what}" for what in ("never", "domains", "balena", "s3", "https")))
    stage.script.outcome("holds", "mm-no-inbound", "mm-nats-std-1")
