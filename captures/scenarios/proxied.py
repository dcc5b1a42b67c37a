"""Acme, plant 3, where the company has the Edge go through its proxy, squid, whose rules nobody has read of late.

One documented name it denies, and for another it wants a name and password that the Edge does not have right.
"""

from __future__ import annotations

from collections.abc import Sequence

from staging.stage import Host, Look, Stage

from scenarios.edge import start_nats
from scenarios.machinemetrics import NATS
from scenarios.one_network import put_up, site_file, start_polls

API, BUGSNAG = "api.machinemetrics.com", "notify.bugsnag.com"
CONTAINERS, REGISTRY = "352302322568.dkr.ecr.us-west-2.amazonaws.com", "registry2.balena-cloud.com"
DEPLOY = "machinemetrics-deploy.s3.us-west-2.amazonaws.com"
PROXY_AT, PROXY_PORT = 8, 3128
OWN = Look("not_judged", "the proxy's own traffic", also=("expected",))


def denied(stage: Stage) -> None:
    """Show a site whose proxy lets most of what the Edge needs through, and not all."""
    edge = put_up(stage)
    proxy = stage.host("proxy", "company", PROXY_AT)
    proxy.ask(f"{stage.company}.1", OWN)
    proxy.note_lookup()
    _start_squid(proxy)
    stage.record("company")
    polls = start_polls(stage, 30)
    edge.ask(f"{stage.company}.1")
    edge.set_clock(f"{stage.company}.1", by_name=False)
    start_nats(edge, {NATS[2]: NATS[2]})
    _get_through(edge, proxy, (API, DEPLOY))
    stage.script.turn()
    barred = Look("blocked", "the proxy denies a documented name", codes=("proxy-denied",))
    edge.note(proxy.main_address, PROXY_PORT, barred, service="http")
    _attempt(edge, proxy, CONTAINERS)
    stage.script.finding("proxy-denied", edge.main_address, barred.because, actor=proxy.main_address)
    _give_the_wrong_password(edge, proxy)
    stage.script.turn()
    _get_through(edge, proxy, (BUGSNAG, API))
    stage.wait(*polls)
    stage.pause(9)
    stage.site = [*site_file(stage), f'proxies: ["{proxy.main_address}:{PROXY_PORT}"]']
    stage.script.outcome("fails", "mm-std-ecr")
    stage.script.outcome("holds", "mm-no-inbound", "mm-nats-std-3", "mm-std-api", "mm-std-deploy", "mm-std-bugsnag")


def _start_squid(proxy: Host) -> None:
    """Start squid, which denies one name, wants credentials for another, and tunnels what else is asked for."""
    proxy.scratch.chmod(0o711)  # squid gives up root's rights before it reads who its users are
    users, config = proxy.scratch / "proxy.users", proxy.scratch / "squid.conf"
    users.write_text(f"edge:{proxy.do('openssl', 'passwd', '-apr1', 'nobody-knows').strip()}\n", "ascii")
    users.chmod(0o644)
    lines = [
        f"http_port {proxy.main_address}:{PROXY_PORT}",
        "visible_hostname proxy.acme.example",
        f"dns_nameservers {proxy.resolver}",
        f"auth_param basic program /usr/lib/squid/basic_ncsa_auth {users}",
        "auth_param basic realm proxy",
        f"acl denied dstdomain {CONTAINERS}",
        f"acl members_only dstdomain {REGISTRY}",
        "acl member proxy_auth REQUIRED",
        "http_access deny denied",
        "http_access deny members_only !member",
        "http_access allow all",
        "cache deny all",
        "pid_filename none",
        "access_log none",
        "cache_log /dev/null",
        "pinger_enable off",
        "netdb_filename none",
    ]
    config.write_text("\n".join(lines) + "\n", "ascii")
    proxy.start("squid", "-N", "-f", str(config))
    proxy.wait_for(proxy.main_address, PROXY_PORT)


def _get_through(edge: Host, proxy: Host, names: Sequence[str]) -> None:
    """Fetch from documented names, by CONNECT."""
    edge.note(proxy.main_address, PROXY_PORT, Look(because="a documented name by CONNECT"), service="http")
    for name in names:
        proxy.note(edge.stage.internet.address(name), 443, OWN, service="tls")
        edge.fetch(name, proxy=f"http://{proxy.main_address}:{PROXY_PORT}", post=500)
        edge.stage.pause(2)


def _attempt(edge: Host, proxy: Host, name: str, user: str = "") -> None:
    """Ask the proxy for a tunnel to a name, in vain and again."""
    edge.attempt(f"https://{name}/v2/", "--proxy", f"http://{user}{proxy.main_address}:{PROXY_PORT}")


def _give_the_wrong_password(edge: Host, proxy: Host) -> None:
    """Ask for a name that is for members only, with a password that is not theirs, and in clear at that."""
    script = edge.stage.script
    script.turn()
    wrong, clear = "the proxy does not take the Edge's password", "proxy credentials are readable"
    codes = ("proxy-auth-required", "proxy-credentials-clear")
    edge.note(proxy.main_address, PROXY_PORT, Look("blocked", wrong, codes=codes), service="http")
    _attempt(edge, proxy, REGISTRY, "edge:not-a-real-password@")
    script.finding("proxy-auth-required", edge.main_address, wrong, actor=proxy.main_address)
    script.finding("proxy-credentials-clear", edge.main_address, clear)
