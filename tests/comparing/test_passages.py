"""What becomes of flows between two taps."""

from __future__ import annotations

import dataclasses

import pytest

from analyzer.comparing import lay
from tests.builders.taps import HERE, SERVER, THERE, Site, pairs_of


def passages(site, **quality):
    """What became of each flow; `quality` is that of the outside capture."""
    inside, outside = site.seen()
    outside = dataclasses.replace(outside, quality=dataclasses.replace(outside.quality, **quality))
    return [row[2] for row in pairs_of(lay(inside, outside))]


def busy():
    """A site of whose traffic all sorts pass both taps, and a SYN to port 7422 that only the inside one shows."""
    site = Site()
    site.passed("a.example.com", hello=1)
    for last in (11, 12):
        site.plain(443, 70 + last, f"192.0.2.{last}")
    site.both(lambda scene, client: scene.udp(client, "192.0.2.53", 53, orig_print=9), (-1, -1))
    row = site.inside.silent(HERE, "192.0.2.77", 7422)
    site.stamp(site.inside, row, 0, orig_isn=5, twin=-1)
    return site


def test_a_relay_is_told_from_a_nat():
    """The same hello in a connection with numbers of its own, answered before the server can have, is relayed."""
    site = Site()
    site.passed("a.example.com", hello=1)
    site.relayed("b.example.com", hello=2)
    assert passages(site) == ["same", "relayed"]


def test_a_firewall_that_renumbers_is_no_relay():
    """Other numbers alone, with a SYN-ACK that takes as long inside as outside, are the same connection."""
    site = Site()
    site.passed("a.example.com", hello=1)
    site.both(lambda scene, client: site.session(scene, client, "b.example.com", 2), (5, 6))
    for scene, trip in ((site.inside, 26_000_000), (site.outside, 25_000_000)):
        scene.rows["flows"][1].update(synack_ns=trip)
    assert passages(site) == ["same", "same"]


def test_another_answer_is_opened():
    """Where the ClientHello is passed on and the ServerHello is another one, somebody ends TLS."""
    site = Site()
    site.passed("a.example.com", hello=1)
    site.outside.rows["tls"][0].update(server_print=99)
    assert passages(site) == ["opened"]


def test_a_hello_that_nobody_answered_is_not_opened():
    """A session that was stopped inside is not opened because another host went to the same name at the moment."""
    site = Site()
    site.passed("a.example.com", hello=1)
    site.opened("b.example.com", hello=2, answered=False)
    assert passages(site) == ["same", "unclear"]


def test_what_does_not_come_out_is_inside_only():
    """A SYN that was sent again and again and is not outside was stopped between the taps."""
    assert passages(busy()) == ["same", "same", "same", "same", "inside_only"]


@pytest.mark.parametrize(
    ("filters", "last"),
    [
        (("tcp port 443",), "unclear"),
        (("tcp port 443 or tcp port 7422",), "inside_only"),
        (("host 192.0.2.9 and tcp port 7422",), "unclear"),
        (("not port 7422",), "unclear"),
    ],
)
def test_a_filter_is_no_firewall(filters, last):
    """What the outside capture's filter leaves out is not called stopped."""
    assert passages(busy(), filters=filters)[-1] == last


def test_a_capture_of_one_direction_is_no_firewall():
    """Where the outside tap holds one direction only, or lost frames, what it lacks is not called stopped."""
    assert passages(busy(), tcp_flows=4, one_sided_flows=3)[-1] == "unclear"
    assert passages(busy(), kernel_drops=10_000)[-1] == "unclear"


@pytest.mark.parametrize(("packets", "last"), [(1, "unclear"), (4, "inside_only")])
def test_what_a_capture_lost_may_be_a_small_flow(packets, last):
    """Where the outside tap lost octets, one packet that it lacks is not called stopped; several in a row are."""
    site = busy()
    site.inside.rows["flows"][-1].update(orig_packets=packets)
    assert passages(site, missed_octets=700)[-1] == last


def test_a_capture_of_one_sort_may_have_been_filtered():
    """Where the outside tap shows one port of one server, nobody knows what else it would have shown."""
    site = Site()
    site.passed("a.example.com", hello=1)
    row = site.inside.silent(HERE, "192.0.2.77", 7422)
    site.stamp(site.inside, row, 0, orig_isn=5, twin=-1)
    assert passages(site) == ["same", "unclear"]


def test_what_was_answered_is_not_stopped():
    """A session that works and is not outside took another way, or was answered by a box: nothing tells."""
    site = Site()
    site.passed("a.example.com", hello=1)
    row = site.inside.tls(HERE, "192.0.2.77", "other.example.com")
    site.inside.rows["flows"][row].update(twin=-1)
    site.add_hello(site.inside, 9)
    assert passages(site) == ["same", "unclear"]


def test_what_comes_from_elsewhere_is_outside_only():
    """A flow outside that no inside flow explains came from another part of the site."""
    site = Site()
    site.passed("a.example.com", hello=1)
    site.outside.silent(THERE, SERVER, 25, orig_isn=5, twin=-1)
    assert passages(site) == ["same", "outside_only"]


def test_taps_at_different_times_tell_nothing():
    """Where nothing was seen on both sides the clocks are not known, and no flow is called stopped."""
    site = Site()
    site.inside.silent(HERE, "192.0.2.77", 7422, orig_isn=5, twin=-1)
    site.outside.silent(THERE, "192.0.2.78", 25, orig_isn=6, twin=-1)
    assert passages(site) == ["unclear"]


def test_local_flows_lead_past_no_tap():
    """What stays between hosts of the site has no passage."""
    site = Site()
    site.passed("a.example.com", hello=1)
    row = site.inside.flow(HERE, "10.0.0.21", 502)
    site.inside.rows["flows"][row].update(twin=-1)
    assert passages(site) == ["same", ""]
