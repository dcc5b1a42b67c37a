"""A law firm: computers that neither vendor's document is about, and that like to look as if they were.

They use ports that a plant uses (5000, 8082, 9001), public resolvers and time servers, and package sources.
"""

from __future__ import annotations

from staging.internet import CLOUDFLARE_DNS, GOOGLE_DNS
from staging.stage import Host, Look, Stage

OURS = Look("not_judged", "a host that no document is about")
CHATTER = Look("not_judged", "what office computers send by themselves", also=("housekeeping",))
LEASE = Look("housekeeping", "DHCP of a host that no document is about", also=("not_judged",))
NEWS, MAIL, CLOUD, PACKAGES = (
    "www.city-news.example",
    "mail.law.example",
    "files.cloud-storage.example",
    "packages.example",
)
INTRANET = "intranet.law.example"
POOL = "2.europe.pool.ntp.org"
DISCOVERY = (("224.0.0.251", 5353), ("224.0.0.252", 5355), ("239.255.255.250", 1900))


def plain(stage: Stage) -> None:
    """Show a morning of an office."""
    stage.profile = ""
    stage.switch("company")
    for name, region, newest in ((NEWS, "edge-network", "1.3"), (MAIL, "europe", "1.2"), (CLOUD, "us-east", "1.3")):
        stage.internet.website(name, region, octets=1800, newest=newest)
    stage.internet.website(PACKAGES, "europe", tls=False, octets=900)
    stage.internet.name(POOL, "pool")
    stage.internet.alias(INTRANET, f"{stage.company}.5")
    guest = stage.hosts["guest"] = Host(stage, "guest")
    cable = stage.cable(guest, "company")
    stage.open_site(dnsmasq=(f"dhcp-range={stage.company}.150,{stage.company}.150,255.255.255.0,2h",))
    server, first, second = (stage.host(n, "company", a) for n, a in (("server", 5), ("desk", 71), ("laptop", 72)))
    for port, names in ((5000, ()), (8082, ()), (9001, (INTRANET,))):
        server.serve(port, *names)
    stage.record("company")
    guest.settle(cable, guest.lease(cable, LEASE, f"{stage.company}.1"), gateway=f"{stage.company}.1")
    _chatter(stage, first)
    first.ask(f"{stage.company}.1", OURS)
    second.ask(GOOGLE_DNS[0], OURS)
    guest.ask(CLOUDFLARE_DNS, OURS)
    for host in (first, second, guest):
        host.fetch(NEWS, OURS, agent="Mozilla/5.0", requests=2)
        host.fetch(CLOUD, OURS, post=1200)
    first.fetch(MAIL, OURS)
    second.fetch(PACKAGES, OURS, scheme="http", path="/apt/dists/stable/InRelease", agent="Debian APT-HTTP/1.3")
    second.set_clock(POOL, look=OURS)
    for port, scheme in ((5000, "http"), (8082, "http"), (9001, "https")):
        first.fetch(INTRANET, OURS, scheme=scheme, port=port, path="/index.html")
    stage.site = ["site: Law firm", f"networks: {{company: [{stage.company}.0/24]}}", f"resolvers: [{stage.company}.1]"]


def _chatter(stage: Stage, host: Host) -> None:
    """Let a computer look for printers and others."""
    host.ip("route", "add", "224.0.0.0/4", "dev", "eth0")
    for group, port in DISCOVERY:
        host.note(group, port, CHATTER, "udp")
    host.note(f"{stage.company}.255", 137, CHATTER, "udp")
    host.act("openers", "discover", host.main_address, f"{stage.company}.255")
