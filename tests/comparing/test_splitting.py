"""One capture with both sides of a NAT is compared with itself."""

from __future__ import annotations

import pytest

from analyzer.comparing import SidesError, lay, split
from tests.builders.site import Scene
from tests.builders.taps import HERE, SERVER, THERE, pairs_of


def both_sides():
    """A relay's connection on both sides in one capture, and one that stays inside."""
    scene = Scene()
    for client, isn in ((HERE, 5), (THERE, 6)):
        row = scene.tls(client, SERVER, "a.example.com")
        scene.rows["tls"][-1].update(client_print=7, server_print=8)
        scene.rows["flows"][row].update(orig_isn=isn, twin=-1, synack_ns=1000 if client == HERE else 30_000_000)
    row = scene.flow(HERE, "10.0.0.21", 502)
    scene.rows["flows"][row].update(twin=-1)
    return scene.seen()


def test_the_sides_are_told_by_who_opens_flows():
    """What private addresses open is inside, what a public one opens towards the internet is outside."""
    inside, outside = split(both_sides())
    assert (inside.flows.orig_h.tolist(), outside.flows.orig_h.tolist()) == ([HERE, HERE], [THERE])
    assert (inside.tls.flow.tolist(), outside.tls.flow.tolist()) == ([0], [0])
    assert pairs_of(lay(inside, outside)) == [(0, 0, "relayed", "hello"), (1, -1, "", "")]


def test_a_capture_of_one_side_is_refused():
    """A capture without an outside flow cannot be compared with itself."""
    scene = Scene()
    scene.tls(HERE, SERVER, "a.example.com")
    with pytest.raises(SidesError, match="both sides of a NAT"):
        split(scene.seen())


def test_stated_addresses_are_outside():
    """A private address that the site file calls a NAT's is outside."""
    scene = Scene()
    for client in (HERE, "100.64.0.9"):
        scene.tls(client, SERVER, "a.example.com")
    inside, outside = split(scene.seen(), ["100.64.0.9"])
    assert (inside.flows.orig_h.tolist(), outside.flows.orig_h.tolist()) == ([HERE], ["100.64.0.9"])
