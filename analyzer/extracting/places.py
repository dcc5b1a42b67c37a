"""A site file becomes that of the same site in disguise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from analyzer.extracting.disguise import Disguise
from analyzer.sitefile import Site


def disguised(site: Site, disguise: Disguise) -> Site:
    """What a site file says, of the hosts in disguise; its name and those of hosts are numbers."""

    def those(texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(disguise.place(text) or disguise.name(text.encode()).decode() for text in texts)

    def proxy(text: str) -> str:
        host, _, port = text.rpartition(":")
        (other,) = those([host.strip("[]")])
        return f"[{other}]:{port}" if host.startswith("[") else f"{other}:{port}"

    hosts = tuple(
        replace(
            host,
            name=f"host {number}",
            addresses=those(host.addresses),
            macs=tuple(disguise.mac(bytes.fromhex(mac.replace(":", ""))).hex(":") for mac in host.macs),
        )
        for number, host in enumerate(site.hosts, 1)
    )
    return replace(
        site,
        name="site" if site.name else "",
        hosts=hosts,
        company_networks=those(site.company_networks),
        machine_networks=those(site.machine_networks),
        nat=those(site.nat),
        resolvers=those(site.resolvers),
        ntp=those(site.ntp),
        proxies=tuple(map(proxy, site.proxies)),
        mirrors=those(site.mirrors),
    )
