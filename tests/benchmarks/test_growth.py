"""Judging takes time in proportion to what was seen: twice the sites, twice the work.

Work is lines of Python that run, which every machine counts alike, not time.
"""

from __future__ import annotations

import sys

import pytest

from tests.builders.site import API, UPLOADS, Scene

SITES = 40
MORE = 1.02
NATS, MIRROR, SERVICE, STORES = "54.218.103.126", "203.0.113.9", "93.184.216.34", "52.218.1.1"
TOOLS = "tools.machinemetrics.com"


def working(scene, site):
    """A site where all is well: an Edge, which is told, and its machine."""
    edge, machine = f"10.7.{site}.10", f"10.7.{site}.21"
    scene.named(edge, SERVICE, API, 443)
    scene.lookup(edge, UPLOADS, STORES)
    scene.tls(edge, STORES, UPLOADS)
    scene.poll(edge, machine)
    return edge


def failing(scene, site):
    """A site where attempts fail in many ways, again and again."""
    edge = working(scene, site)
    for _ in range(2):
        scene.silent(edge, NATS, 7422)
        scene.lookup(edge, TOOLS, rcode="NXDOMAIN")
        scene.lookup(edge, UPLOADS, "0.0.0.0")
        scene.lookup(edge, API, unanswered=True)
        scene.hello(edge, SERVICE, API)
        scene.reset(edge, STORES, server_name=UPLOADS, server_name_basis="dns")


def breaking(scene, site):
    """A site that goes where no rule lets it go, and leases addresses on the machines' network."""
    edge, port = working(scene, site), f"02:00:00:00:{site:02x}:21"
    scene.lookup(edge, "telemetry.example.org", MIRROR)
    scene.tls(edge, MIRROR, "telemetry.example.org")
    scene.flow(f"10.7.{site}.21", MIRROR, 443)
    scene.flow(MIRROR, edge, 22)
    scene.connect(edge, "10.0.0.9", API, status=403)
    scene.poll(edge, f"10.7.{site}.21", orig_mac=port)
    scene.lease(port, assigned=edge)


def work(sites, kind):
    """Lines of Python that judging so many sites takes."""
    scene = Scene(duration_s=40 * sites)
    for site in range(sites):
        kind(scene, site)
    lines = 0

    def each(_frame, event, _argument):
        nonlocal lines
        lines += event == "line"
        return each

    before = sys.gettrace()
    sys.settrace(each)
    try:
        scene.judged()
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize("kind", [working, failing, breaking])
def test_each_site_takes_as_much_work_as_the_one_before(kind):
    """What is added to twice as many sites costs what it costs beside as many."""
    work(3 * SITES, kind)  # what is known of an address is kept
    once, twice, thrice = (work(times * SITES, kind) for times in (1, 2, 3))
    assert thrice - twice <= MORE * (twice - once)
