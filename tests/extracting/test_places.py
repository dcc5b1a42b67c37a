"""A site file in disguise."""

from __future__ import annotations

import io

from analyzer import addresses, sitefile
from analyzer.extracting.disguise import Disguise
from analyzer.extracting.places import disguised
from analyzer.rulepack import shipped

DISGUISE = Disguise(b"key", shipped())
SITE = sitefile.parse(
    """
site: Zwieback Foundry
topology: isolated
networks: {company: [10.20.30.0/24, 10.20.0.0/16], machine: [192.168.50.64/26]}
hosts:
  - {name: edge zwieback, role: edge, addresses: [10.20.30.10, 192.168.50.71], macs: ["00:16:3e:00:00:01"]}
  - {name: lathe, role: machine, class: focas, protocol: focas, addresses: [192.168.50.72]}
nat: [198.51.100.23]
resolvers: [10.20.30.1, 8.8.8.8]
proxies: ["10.20.30.8:3128", "proxy.zwieback.example:8080", "[fd00::7]:3128"]
mirrors: [mirror.zwieback.example]
tolerance: 0.5
uplink: 10M
"""
)


def test_it_says_the_same_of_others():
    """Hosts in their networks, with their roles; what is no place stays, and it can be written and read."""
    stream = io.StringIO()
    sitefile.write(disguised(SITE, DISGUISE), stream)
    written = stream.getvalue()
    for gone in ("wieback", "lathe", "10.20.", "192.168.50.", "198.51.100.23", "00:16:3e", "fd00::7"):
        assert gone not in written
    made = sitefile.parse(written)
    assert [(host.role, host.machine_class, host.protocol) for host in made.hosts] == [
        ("edge", "", ""),
        ("machine", "focas", "focas"),
    ]
    assert (made.topology, made.tolerance, made.uplink_bps) == ("isolated", 0.5, 10e6)
    assert made.resolvers[1] == "8.8.8.8"
    assert [proxy.rpartition(":")[2] for proxy in made.proxies] == ["3128", "8080", "3128"]
    edge, lathe = made.hosts
    assert addresses.within_texts(edge.addresses[0], [made.company_networks[0]])
    assert addresses.within_texts(edge.addresses[0], [made.company_networks[1]])
    assert addresses.within_texts(edge.addresses[1], made.machine_networks)
    assert addresses.within_texts(lathe.addresses[0], made.machine_networks)
    assert made.mirrors == (DISGUISE.name(b"mirror.zwieback.example").decode(),)
