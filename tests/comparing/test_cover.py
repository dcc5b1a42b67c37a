"""Where the outside tap would have shown a flow, and where it would not."""

from __future__ import annotations

import dataclasses

import pytest

from analyzer.comparing import lay
from tests.builders.site import BEGIN, S
from tests.builders.taps import HERE, RESOLVER, SERVER, THERE, Site, pairs_of

STOPPED = "192.0.2.77"
ROUTER = "02:00:00:00:00:01"


def busy(server=STOPPED, **cells):
    """A site of which all sorts of traffic pass both taps, and at last a SYN to port 7422 that only one shows."""
    site = Site()
    site.passed("a.example.com", hello=1)
    for last in (11, 12):
        site.plain(443, 70 + last, f"192.0.2.{last}")
    site.plain(7422, 70, "192.0.2.13")
    site.asked(9)
    site.passed("b.example.com", hello=2)
    site.now -= 1
    site.only(site.inside, site.inside.silent(HERE, server, 7422, **cells))
    return site


def last(site, **quality):
    """What became of the last flow inside; `quality` is that of the outside capture."""
    inside, outside = site.seen()
    outside = dataclasses.replace(outside, quality=dataclasses.replace(outside.quality, **quality))
    return [row[2] for row in pairs_of(lay(inside, outside)) if row[0] >= 0][-1]


def test_what_does_not_come_out_is_stopped():
    """A SYN that was sent again and again and is not outside was stopped between the taps."""
    assert last(busy()) == "inside_only"


@pytest.mark.parametrize(
    ("filters", "passage"),
    [
        (("tcp port 443",), "unclear"),
        (("tcp port 443 or tcp port 7422",), "inside_only"),
        (("tcp port 443 or udp port 7422",), "unclear"),
        (("port 7422 or udp",), "inside_only"),
        (("tcp",), "inside_only"),
        (("tcp port 7422 or udp", "tcp port 443"), "unclear"),
        (("host 192.0.2.9 and tcp port 7422",), "unclear"),
        (("not port 7422",), "unclear"),
        (("vlan 7422",), "unclear"),
        (("tcp[tcpflags] == 2 or tcp port 7422",), "unclear"),
        (("(tcp port 7422)",), "unclear"),
    ],
)
def test_a_filter_is_no_firewall(filters, passage):
    """What the outside capture's filter leaves out, or may leave out, is not called stopped."""
    assert last(busy(), filters=filters) == passage


def test_a_capture_of_one_direction_is_no_firewall():
    """Where the outside tap holds one direction only, or lost frames, what it lacks is not called stopped."""
    assert last(busy(), tcp_flows=4, one_sided_flows=3) == "unclear"
    assert last(busy(), kernel_drops=10_000) == "unclear"


@pytest.mark.parametrize(("packets", "passage"), [(1, "unclear"), (4, "inside_only")])
def test_what_a_capture_lost_may_be_a_small_flow(packets, passage):
    """Where the outside tap lost octets, one packet that it lacks is not called stopped; several in a row are."""
    assert last(busy(orig_packets=packets), missed_octets=700) == passage


@pytest.mark.parametrize(("ports", "passage"), [((443,), "unclear"), ((443, 22, 25, 80), "inside_only")])
def test_a_capture_of_few_sorts_may_have_been_filtered(ports, passage):
    """Where the outside tap shows the web and names only, nobody knows what it would have shown of another port."""
    site = Site()
    for number, port in enumerate(ports):
        for place in (11, 12, 13):
            site.plain(port, 70 + 10 * number + place, f"192.0.2.{place}")
    site.asked(9)
    site.passed("b.example.com", hello=2)
    site.now -= 1
    site.only(site.inside, site.inside.silent(HERE, STOPPED, 7422))
    assert last(site) == passage


def test_a_probe_that_dies_at_the_first_router_is_not_stopped():
    """What traceroute sends ends where it is meant to."""
    site = busy()
    site.inside.rows["flows"][-1].update(orig_ttl_high=1)
    assert last(site) == "unclear"


def test_a_connection_that_a_box_accepts_is_not_stopped():
    """A proxy that ends TCP may ask over a connection that it has already."""
    site = busy()
    site.inside.rows["flows"][-1].update(resp_synacks=1, resp_packets=1)
    assert last(site) == "unclear"


def test_of_two_attempts_at_once_one_pair_clears_both():
    """A firewall with numbers of its own: which of two attempts came out is not known."""
    site = busy()
    site.only(site.inside, site.inside.silent("10.0.0.6", STOPPED, 7422), isn=8)
    site.only(site.outside, site.outside.silent(THERE, STOPPED, 7422), isn=9)
    inside, outside = site.seen()
    assert [row[2] for row in pairs_of(lay(inside, outside)) if row[0] >= 0][-2:] == ["unclear", "unclear"]


def test_a_block_page_hides_no_connection():
    """What a box next door answers shows no other way out of the site."""
    site = busy()
    site.only(site.inside, site.inside.flow(HERE, "192.0.2.88", 80, resp_ttl_high=64), isn=99)
    site.only(site.inside, site.inside.silent(HERE, STOPPED, 7422), isn=8)
    assert last(site) == "inside_only"


def test_where_others_work_unseen_nothing_is_stopped():
    """A connection that works and is not outside went another way, and so may the one that does not."""
    site = busy()
    site.only(site.inside, site.inside.flow(HERE, "192.0.2.88", 25), isn=99)
    site.only(site.inside, site.inside.silent(HERE, STOPPED, 7422), isn=8)
    assert last(site) == "unclear"


def test_a_question_that_is_answered_on_the_site_hides_no_connection():
    """Datagrams that a box answers in the name of the resolver say nothing of connections."""
    site = busy()
    row = site.inside.udp(HERE, "192.0.2.54", 53, orig_print=10)
    site.only(site.inside, row, isn=-1)
    site.only(site.inside, site.inside.silent(HERE, STOPPED, 7422), isn=8)
    assert last(site) == "inside_only"


def test_a_gap_is_no_firewall():
    """Where the outside tap shows nothing for long, before or after, it may not have listened."""
    for wait in (-40, 40):
        site = busy()
        site.now += wait
        site.only(site.inside, site.inside.silent(HERE, STOPPED, 7422), isn=8)
        site.now -= wait
        inside, outside = site.seen()
        outer = dataclasses.replace(outside.captures[0], start_ns=BEGIN - 90 * S, end_ns=BEGIN + 90 * S)
        outside = dataclasses.replace(outside, captures=(outer,))
        assert pairs_of(lay(inside, outside))[7][2] == "unclear"


def test_a_nat_may_lead_elsewhere():
    """A connection with the same number to another address or port is the one that was not seen otherwise."""
    for place in (("203.0.113.99", 7422), (STOPPED, 8422)):
        site = busy()
        site.only(site.outside, site.outside.silent(THERE, *place), isn=5)
        assert last(site) in {"same", "unclear"}


def test_a_nat_may_change_numbers_and_address():
    """A connection to the same port of another address at the moment may be it."""
    site = busy()
    site.only(site.outside, site.outside.silent(THERE, "203.0.113.99", 7422), isn=6)
    assert last(site) == "unclear"


def test_a_resolver_may_be_another():
    """A question that a NAT leads to another resolver was not stopped."""
    site = busy()
    site.only(site.inside, site.inside.udp(HERE, "192.0.2.54", 53, orig_print=10, unanswered=True), isn=-1)
    site.only(site.outside, site.outside.udp(THERE, RESOLVER, 53, orig_print=10, unanswered=True), isn=-1)
    assert last(site) == "same"


def test_what_was_answered_is_not_stopped():
    """A session that works and is not outside took another way, or was answered by a box: nothing tells."""
    site = busy()
    row = site.session(site.inside, HERE, "other.example.com", 9)
    site.only(site.inside, row, isn=8, resp_h=STOPPED)
    assert last(site) == "unclear"


def test_what_passes_another_router_is_not_stopped():
    """A server that answers through another router than those of flows that pass is beyond no tap."""
    site = busy()
    site.only(site.inside, site.inside.flow(HERE, "192.0.2.88", 25, resp_mac="02:00:00:00:00:02"), isn=9)
    site.only(site.inside, site.inside.silent(HERE, "192.0.2.88", 25), isn=8)
    assert last(site) == ""


def test_a_server_of_the_site_is_beyond_no_tap():
    """A private host that others reach from outside may be the site's own."""
    site = busy()
    for scene, isn in ((site.outside, 40), (site.inside, 41)):
        site.only(scene, scene.flow("198.51.100.9", "10.0.0.21", 25, resp_mac="02:00:00:00:00:21"), isn=isn)
    site.only(site.inside, site.inside.silent(HERE, "10.0.0.21", 25), isn=42)
    assert last(site) == ""


def test_local_flows_lead_past_no_tap():
    """What stays between hosts of the site has no passage."""
    site = busy()
    site.only(site.inside, site.inside.flow(HERE, "10.0.0.21", 502, resp_mac="02:00:00:00:00:21"))
    assert last(site) == ""


def test_the_servers_that_pass_are_beyond_the_router():
    """A private server beyond the taps, which others reach through the site's router, is stopped like a public one."""
    site = busy()
    for k in (1, 2):
        site.plain(443, 900 + k, "10.9.0.9")
    site.now -= 1
    site.only(site.inside, site.inside.silent(HERE, "10.9.0.9", 7422), isn=8)
    assert last(site) == "inside_only"


def test_what_is_tried_at_a_proxy_may_end_there():
    """A proxy of the site relays a session; that another connection to it has no like outside is its own affair."""
    site = busy()
    for scene, client, server in ((site.inside, HERE, "10.0.0.30"), (site.outside, THERE, SERVER)):
        row = site.session(scene, client, "c.example.com", 3)
        site.only(scene, row, isn=50 + (scene is site.inside), resp_h=server)
    site.only(site.inside, site.inside.silent(HERE, "10.0.0.30", 3128), isn=60)
    assert last(site) == "unclear"
