"""Bay Bakery once more, behind a gateway that filters plain HTTP, and with a switch that keeps the iPad to itself.

Whom the gateway does not like it answers in the server's name: with a redirect to its block page, with the page itself,
or, for a browser's check whether it is on the internet, with a login page.
"""

from __future__ import annotations

from staging.internet import CLOUDFLARE_DNS
from staging.stage import Host, Look, Stage

from scenarios.skala import APT, LOCAL, MIRROR, NEXUS_AT, PORT, RASBIAN, SILENT, put_up, site_file, work

BALANCER = "packages.bay-bakery.example"
BLOCK_PAGE = "blocked.bay-bakery.example"
FIRMWARE = "firmware.decagon.com"
CHECK = "www.msftconnecttest.com"
TITLE = "Web Page Blocked"
SENT_ON, SHOWN, LOGIN = 8081, 8082, 8083  # the gateway's own ports


def blocked(stage: Stage) -> None:
    """Show web pages that are not the server's, a reading that never arrives, and a redirect that is all right."""
    put_up(stage)
    internet = stage.internet
    for name in (FIRMWARE, CHECK):
        internet.website(name, "us-east", tls=False)
    internet.name(BALANCER, "us-east")
    stage.open_site()
    internet.namespace.start_nginx(internet.address(BALANCER), 80, f"return 302 http://{MIRROR}$request_uri;")
    _filter(stage)
    nexus = stage.host("nexus", "company", NEXUS_AT)
    ipad, pc = stage.host("ipad", "company", 52), stage.host("laboratory", "company", 53)
    nexus.serve(PORT, LOCAL)
    stage.switches["company"].bar(ipad.main_address, nexus.main_address, PORT)
    stage.record("company")
    nexus.ask(f"{stage.company}.1", SILENT)
    telemetry = nexus.open_with("mqtt", "iot-prod.skalacontrol.com", "8", "8")
    work(stage, nexus)
    _read_in_vain(ipad, nexus)
    _fetch_packages(nexus)
    _fetch_firmware(nexus)
    _look_for_the_internet(pc)
    stage.wait(telemetry)
    stage.pause(9)
    stage.site = [line.replace(MIRROR, f"{MIRROR}, {BALANCER}") for line in site_file(stage, nexus)]
    stage.script.outcome("fails", "sk-os-updates", "sk-firmware-decagon")
    stage.script.outcome("holds", "sk-server", "sk-packages-mirror", "sk-browser")


def _filter(stage: Stage) -> None:
    """Have the gateway answer plain HTTP to three names itself."""
    own, at = f"{stage.company}.1", stage.internet.address
    page = f"<html><head><title>{TITLE}</title></head><body><h1>{TITLE}</h1><p>Category: Downloads</p></body></html>"
    login = "<html><head><title>Guest network</title></head><body><a href='/login'>Log in</a></body></html>"
    stage.firewall.start_nginx(own, SENT_ON, f"return 302 http://{BLOCK_PAGE}/?host=$host&reason=Downloads;")
    stage.firewall.start_nginx(own, SHOWN, f'return 403 "{page}";')
    moved = f"location /connecttest.txt {{ return 302 http://{own}/login?from=$host; }}"
    stage.firewall.start_nginx(own, LOGIN, moved, f'location / {{ return 511 "{login}"; }}')
    for name, port in ((RASBIAN, SENT_ON), (FIRMWARE, SHOWN), (CHECK, LOGIN)):
        stage.rule("in", "ip", "daddr", at(name), "tcp", "dport", "80", "redirect", "to", f":{port}")


def _read_in_vain(ipad: Host, nexus: Host) -> None:
    """Let the iPad try to read the NEXUS, which the PC reads; the switch drops what it sends."""
    stage, pc = ipad.stage, ipad.stage.hosts["laboratory"]
    own = Look(because="a lookup at Cloudflare's resolver, which the document offers")
    for host in (ipad, pc):
        host.ask(CLOUDFLARE_DNS, own)
        host.note_lookup()
    kept = Look("blocked", "the switch drops what the iPad sends to the NEXUS", codes=("syn-unanswered",))
    ipad.note(nexus.main_address, PORT, kept)
    ipad.attempt(f"https://{LOCAL}:{PORT}/reading")
    stage.script.finding("syn-unanswered", ipad.main_address, kept.because)
    pc.note(nexus.main_address, PORT, Look(because="the PC reads the NEXUS"), service="tls")
    pc.act("openers", "tls", LOCAL, str(PORT), str(stage.roots), "2", "2")
    ipad.fetch("skalacontrol.com")


def _fetch_packages(nexus: Host) -> None:
    """Be sent on by the mirror to another host, which has the package, and by the gateway, which wants to be read."""
    stage = nexus.stage
    at, path = stage.internet.address, "dists/bookworm/InRelease"
    for name in (BALANCER, MIRROR):
        nexus.note_lookup()
        nexus.note(at(name), 80, Look(because="a mirror of the site file; it may send on to another"), service="http")
    nexus.attempt(f"http://{BALANCER}/debian/{path}", "-L", "-A", APT, times=1)
    barred = "the gateway sends on to its block page, in the server's name"
    nexus.note(at(RASBIAN), 80, Look("blocked", barred, codes=("http-block-page",)), service="http")
    nexus.attempt(f"http://{RASBIAN}/raspbian/{path}", "-A", APT)
    stage.script.finding("http-block-page", nexus.main_address, barred, actor=f"{stage.company}.1")


def _fetch_firmware(nexus: Host) -> None:
    """Get the gateway's block page in place of firmware."""
    stage = nexus.stage
    barred = "the gateway answers with its block page, in the server's name"
    nexus.note_lookup()
    look = Look("blocked", barred, codes=("http-block-page",))
    nexus.note(stage.internet.address(FIRMWARE), 80, look, service="http")
    nexus.attempt(f"http://{FIRMWARE}/nexus/firmware.bin")
    stage.script.finding("http-block-page", nexus.main_address, barred, actor=f"{stage.company}.1")


def _look_for_the_internet(pc: Host) -> None:
    """Let the PC's system check whether it is on the internet, and be shown to a login; the rest works."""
    stage = pc.stage
    portal = "the gateway answers the system's check with a login page"
    shown = ("http-captive-portal",)
    look = Look("not_judged", portal, also=("blocked", "unexpected", "intercepted"), evidence=shown)  # in no row
    pc.note(stage.internet.address(CHECK), 80, look, service="http")
    for path in ("connecttest.txt", "redirect"):
        pc.attempt(f"http://{CHECK}/{path}", "-A", "Microsoft NCSI", times=1)
    pc.fetch("skalacontrol.io", agent="Mozilla/5.0")
