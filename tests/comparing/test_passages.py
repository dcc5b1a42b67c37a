"""What becomes of flows between two taps."""

from __future__ import annotations

import pytest

from analyzer.comparing import lay
from tests.builders.site import BEGIN, S
from tests.builders.taps import HERE, SERVER, THERE, Site, pairs_of


def passages(site):
    """What became of each flow."""
    return [row[2] for row in pairs_of(lay(*site.seen()))]


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


def opened_after(change):
    """A session that a box next door says anew, after one that passes, with something changed; its passage."""
    site = Site()
    site.passed("a.example.com", hello=1)
    site.opened("b.example.com", hello=2)
    change(site)
    return passages(site)[1]


def test_a_box_that_shows_itself_opens():
    """Another hello to the same name, in a connection that was answered next door, is said anew."""
    assert opened_after(lambda site: None) == "opened"


def test_a_box_shows_by_its_hops_too():
    """Who waits for the server before it answers is known by answers that passed no router."""

    def change(site):
        site.inside.rows["flows"][1].update(synack_ns=26_000_000, resp_ttl_high=64)

    assert opened_after(change) == "opened"


def answered_from_afar(site):
    """The session inside took another way out: its answer comes from as far as the server is."""
    site.inside.rows["flows"][1].update(synack_ns=24_000_000, resp_ttl_high=58)


def by_a_faster_way(site):
    """The other way out is a faster one, and still no LAN."""
    site.inside.rows["flows"][1].update(synack_ns=900_000, resp_ttl_high=58)


def began_before(site):
    """The session inside began before the outside capture did, and another host's came later."""
    site.inside.rows["flows"][1].update(start_ns=site.inside.rows["flows"][1]["start_ns"] - 60 * 1_000_000_000)


def seen_midway(site):
    """The session inside was met midway."""
    site.inside.rows["flows"][1].update(midstream=True)


def hello_lost(site):
    """A connection to the same server came out whose hello was lost; another host's session came out as well."""
    row = site.outside.flow(THERE, SERVER, 443)
    site.now -= 1
    site.only(site.outside, row, 77)
    site.now += 1


def from_thirty_two_routers(site):
    """A server as far as 32 routers, whose TTL looks like that of a stack that begins with 32."""
    site.inside.rows["flows"][1].update(synack_ns=24_000_000, resp_ttl_high=32)


def others_go_there(site):
    """Another host, which the inside tap does not show, goes to that name as well."""
    site.only(site.outside, site.session(site.outside, THERE, "b.example.com", 88), isn=80)
    site.outside.rows["flows"][-1].update(start_ns=site.outside.rows["flows"][0]["start_ns"] + 20 * 1_000_000_000)
    site.outside.rows["tls"][-1].update(ts_ns=site.outside.rows["flows"][-1]["start_ns"])
    site.now += 30


def works_unseen(site):
    """Another connection works and does not come out where the outside tap is."""
    site.only(site.inside, site.inside.flow(HERE, "192.0.2.88", 25), isn=99)
    site.now += 5


def paired_by_chance(site):
    """The connection whose hello was lost is taken by a check of the server's port."""
    hello_lost(site)
    site.only(site.inside, site.inside.flow(HERE, SERVER, 443), 78)


def connected_before(site):
    """A box had connected ahead of time, and its hello was lost."""
    row = site.outside.flow(THERE, SERVER, 443)
    site.only(site.outside, row, 77)
    site.outside.rows["flows"][row].update(start_ns=BEGIN - 20 * S, end_ns=BEGIN + 9 * S)


def much_later(site):
    """The session outside came four seconds later."""
    row = site.outside.rows["flows"][1]
    row["start_ns"] += 4_000_000_000
    site.outside.rows["tls"][1]["ts_ns"] = row["start_ns"]


@pytest.mark.parametrize(
    "change",
    [
        answered_from_afar,
        by_a_faster_way,
        from_thirty_two_routers,
        began_before,
        seen_midway,
        hello_lost,
        paired_by_chance,
        connected_before,
        others_go_there,
        works_unseen,
        much_later,
    ],
)
def test_another_hosts_session_convicts_nobody(change):
    """Where the session outside may be another host's, nothing is claimed."""
    assert opened_after(change) == "unclear"


def test_a_changed_hello_in_one_connection_is_opened():
    """A box that leaves the connection as it is, with the numbers of both ends, and says another hello in it."""
    site = Site()
    site.both(lambda scene, client: site.session(scene, client, "a.example.com", 1 if client == HERE else 2), (5, 5))
    assert passages(site) == ["opened"]


def test_a_hello_unseen_proves_nothing():
    """In a connection that passes, a hello may still be another one where the outside tap did not see it."""
    site = Site()
    site.passed("a.example.com", hello=1)
    site.passed("b.example.com", hello=2)
    site.outside.rows["tls"][1].update(client_print=0)
    assert passages(site) == ["same", "unclear"]


def test_a_connection_that_nobody_answered_is_no_relay():
    """An unanswered SYN is not relayed because another host reached that server at the moment."""
    site = Site()
    site.passed("a.example.com", hello=1)
    site.only(site.inside, site.inside.silent(HERE, SERVER, 25))
    site.only(site.outside, site.outside.flow(THERE, SERVER, 25), isn=6)
    assert passages(site) == ["same", "unclear"]
