"""Bay Bakery: a NEXUS, the iPad that reads it, and a PC in the laboratory, on one company network.

In `faults` the NEXUS leases its address, so that its name for a while points to where the label printer is now, the
site's resolver strips local answers, somebody swaps the cable for Wi-Fi, and a fleet agent reports to a host of its
own.
"""

from __future__ import annotations

from staging.internet import CLOUDFLARE_DNS
from staging.stage import Host, Look, Stage

LOCAL = "n0417.skalanexus.com"
MIRROR = "mirror.bay-bakery.example"
RASBIAN = "rasbian.raspberrypi.org"
FLEET = "collect.fleet-agent.example"
POOL = "1.debian.pool.ntp.org"
APT = "Debian APT-HTTP/1.3 (2.6.1)"
WEBSITES = (
    # name, region, octets of a page, newest TLS version
    ("skalacontrol.com", "us-west", 800, "1.3"),
    ("websocket.skalacontrol.com", "us-west", 200, "1.3"),
    ("iot-prod.skalacontrol.com", "us-west", 200, "1.3"),
    ("assist.zoho.com", "us-east", 500, "1.2"),
    ("www.metergroup.com", "edge-network", 1200, "1.3"),
    ("skalacontrol.io", "us-west", 1500, "1.3"),
)
PORT = 9001
NEXUS_AT, MOVED_TO = 41, 131
SILENT = Look(because="a lookup at the site's resolver; the document is silent", also=("not_judged",))


def put_up(stage: Stage) -> None:
    """Put up the documented names."""
    stage.profile = "skala:global"
    stage.switch("company")
    for name, region, octets, newest in WEBSITES:
        stage.internet.website(name, region, octets=octets, newest=newest)
    for name, octets in ((RASBIAN, 1600), (MIRROR, 1100), ("updates.decagon.com", 900)):
        stage.internet.website(name, "us-east", octets=octets, tls=False)
    stage.internet.name(POOL, "pool")
    stage.internet.alias(LOCAL, f"{stage.company}.{NEXUS_AT}")


def site_file(stage: Stage, nexus: Host) -> list[str]:
    """Write down what the site's engineer knows."""
    lines = [
        "site: Bay Bakery, laboratory",
        "profiles: [skala:global]",
        f"networks: {{company: [{stage.company}.0/24]}}",
    ]
    lines += ["hosts:", f"  - {{name: nexus, role: nexus, addresses: [{nexus.main_address}]}}"]
    lines.append(f"  - {{name: ipad, role: ipad, addresses: [{stage.company}.52]}}")
    lines.append(f"  - {{name: laboratory PC, role: pc, addresses: [{stage.company}.53]}}")
    lines += [f"nat: [{stage.outside}]", f"resolvers: [{stage.company}.1]"]
    return [*lines, f"mirrors: [{MIRROR}]"]


def work(stage: Stage, nexus: Host) -> None:
    """Let the NEXUS do what it does all day."""
    nexus.fetch("skalacontrol.com", requests=2)
    nexus.fetch("skalacontrol.com", post=700)
    stage.wait(nexus.open_with("websocket", "websocket.skalacontrol.com", "4", "3"))


def clean(stage: Stage) -> None:
    """Show a healthy site: all documented traffic, a static NEXUS, an iPad that asks Cloudflare."""
    stage.form = "pcapng.zst"
    put_up(stage)
    stage.open_site()
    nexus = stage.host("nexus", "company", NEXUS_AT)
    ipad, pc = stage.host("ipad", "company", 52), stage.host("laboratory", "company", 53)
    nexus.serve(PORT, LOCAL)
    stage.record("company")
    nexus.ask(f"{stage.company}.1", SILENT)
    nexus.set_clock(POOL)
    telemetry = nexus.open_with("mqtt", "iot-prod.skalacontrol.com", "6", "7")
    ipad.ask(CLOUDFLARE_DNS, Look(because="a lookup at Cloudflare's resolver, which the document offers"))
    ipad.note_lookup()
    ipad.note(nexus.main_address, PORT, Look(because="the iPad reads the NEXUS"), service="tls")
    reading = ipad.start_actor("openers", "tls", LOCAL, str(PORT), str(stage.roots), "5", "5")
    work(stage, nexus)
    ipad.fetch("skalacontrol.com")
    nexus.fetch(RASBIAN, scheme="http", path="/raspbian/dists/bookworm/InRelease", agent=APT)
    nexus.fetch(MIRROR, scheme="http", path="/debian/dists/bookworm/InRelease", agent=APT)
    nexus.fetch("updates.decagon.com", scheme="http", path="/firmware/nexus.bin")
    nexus.fetch("www.metergroup.com", path="/firmware")
    nexus.fetch("assist.zoho.com")
    pc.ask(f"{stage.company}.1", SILENT)
    pc.fetch("skalacontrol.io", agent="Mozilla/5.0", requests=2)
    stage.wait(telemetry, reading)
    stage.site = site_file(stage, nexus)


def faults(stage: Stage) -> None:
    """Show what goes wrong when a NEXUS has no static address, and more."""
    put_up(stage)
    stage.internet.website(FLEET, "europe")
    nexus = stage.hosts["nexus"] = Host(stage, "nexus")
    cable = stage.cable(nexus, "company")
    pool = f"dhcp-range={stage.company}.{MOVED_TO},{stage.company}.{MOVED_TO + 30},255.255.255.0,2h"
    stage.open_site(dnsmasq=(pool, f"dhcp-host={cable.mac},{stage.company}.{MOVED_TO}", "stop-dns-rebind"))
    stage.host("printer", "company", NEXUS_AT)
    ipad, pc = stage.host("ipad", "company", 52), stage.host("laboratory", "company", 53)
    stage.record("company")
    leased = Look("housekeeping", "the NEXUS leases its address", also=("unexpected",), codes=("address-by-dhcp",))
    nexus.settle(cable, nexus.lease(cable, leased, f"{stage.company}.1"), gateway=f"{stage.company}.1")
    stage.script.finding("address-by-dhcp", nexus.main_address, leased.because)
    nexus.serve(PORT, LOCAL)
    nexus.ask(f"{stage.company}.1", SILENT)
    telemetry = nexus.open_with("mqtt", "iot-prod.skalacontrol.com", "3", "5")
    work(stage, nexus)
    stage.wait(telemetry)
    _look_for_nexus(stage, ipad, pc)
    other = Look("unexpected", "an agent that the document does not know", codes=("undocumented-destination",))
    nexus.fetch(FLEET, other, post=300)
    stage.script.finding("undocumented-destination", nexus.main_address, other.because)
    _swap_cable(stage, nexus)
    nexus.fetch("skalacontrol.com")
    stage.site = site_file(stage, nexus)


def _look_for_nexus(stage: Stage, ipad: Host, pc: Host) -> None:
    """Let the iPad go where the NEXUS once was, and the PC be told of no address at all."""
    ipad.ask(CLOUDFLARE_DNS, Look(because="a lookup at Cloudflare's resolver, which the document offers"))
    ipad.note_lookup()
    # the lookups prove the finding; that the printer refuses is what comes of it
    refused = "the name still points to the old address, where a printer refuses"
    stale = Look("undetermined", refused, also=("blocked", "expected", "unexpected"))
    ipad.note(f"{stage.company}.{NEXUS_AT}", PORT, stale)
    reading = ("openers", "tls", LOCAL, str(PORT), str(stage.roots), "3", "2")
    for _ in range(2):
        ipad.act(*reading, may_fail=True)
        stage.pause(3)
    nexus = stage.hosts["nexus"]
    stage.internet.alias(LOCAL, nexus.main_address)  # as the vendor does, in the end
    stage.pause(2)
    ipad.note(nexus.main_address, PORT, Look(because="the iPad reads the NEXUS at its new address"), service="tls")
    ipad.act(*reading)
    stage.script.finding("stale-name", nexus.main_address, refused)
    ipad.fetch("skalacontrol.com")
    stripped = "the site's resolver strips a local answer"
    also = ("unexpected", "intercepted", "blocked", "undetermined", "not_judged")
    pc.ask(f"{stage.company}.1", Look(because=f"{stripped}; others it gives", also=also))
    pc.note_lookup()
    pc.do("curl", "-sS", "--max-time", "6", "-o", "/dev/null", f"https://{LOCAL}:{PORT}/", may_fail=True)
    pc.fetch("skalacontrol.io", agent="Mozilla/5.0")
    stage.script.finding("local-name-stripped", pc.main_address, stripped)


def _swap_cable(stage: Stage, nexus: Host) -> None:
    """Put the NEXUS on Wi-Fi: the same address under another hardware address."""
    cable = nexus.ports[0]
    nexus.ip("link", "set", cable.device, "down")
    nexus.ip("link", "set", cable.device, "address", stage.mac())
    nexus.ip("link", "set", cable.device, "up")
    nexus.ip("route", "add", "default", "via", f"{stage.company}.1")
    stage.firewall.ip("neighbour", "flush", "all")
    stage.script.finding("two-macs", nexus.main_address, "the NEXUS went from its cable to Wi-Fi")
