"""What can be seen from where a capture was taken."""

from dataclasses import replace

import numpy as np
import pytest

from analyzer.judging.vantage import Vantage
from tests.builders.blocked import view_of
from tests.builders.site import API, BEGIN, EDGE, GOOGLE, MACHINE, PUBLIC, RESOLVER, S, Scene


@pytest.mark.parametrize(("duration_s", "early"), [(2, True), (3, False), (60, False)])
def test_the_last_seconds(duration_s, early):
    """An attempt needs three seconds before silence means anything."""
    scene = Scene(duration_s=duration_s)
    row = scene.silent(EDGE, PUBLIC, syns=1, end_ns=BEGIN)
    assert view_of(scene).early(row) is early


def test_a_question_put_to_another_resolver_was_given_up():
    """The client's own patience shows that no answer came."""
    scene = Scene(duration_s=1)
    first = scene.lookup(EDGE, API, unanswered=True, end_ns=BEGIN)
    scene.lookup(EDGE, API, PUBLIC, resolver=RESOLVER)
    assert view_of(scene).early(first) is False


def test_rotated_files_go_on_and_a_pause_does_not():
    """What one file ends with goes on in the next, unless the recorder paused."""
    scene = Scene(duration_s=1)
    row = scene.silent(EDGE, PUBLIC, syns=1, end_ns=BEGIN)
    seen = scene.seen()
    (one,) = seen.captures
    for pause, left in ((1, 60), (90, 1)):
        later = replace(one, start_ns=one.end_ns + pause * S, end_ns=BEGIN + 60 * S)
        view = Vantage(replace(seen, captures=(one, later)), np.ones(1, np.bool_))
        assert view.left_ns[row] == left * S


def test_a_client_to_whom_nothing_was_sent_is_not_heard():
    """The mirror may hold one direction only."""
    scene = Scene()
    row = scene.silent(EDGE, PUBLIC)
    assert "may hold one direction only" in view_of(scene).deaf(row)
    scene.lookup(EDGE, API, PUBLIC)
    assert view_of(scene).deaf(row) == ""


def test_flows_that_lack_a_direction_tell_of_others():
    """On the same side of the site, and of the whole client where that side shows nothing."""
    scene = Scene()
    row = scene.silent(EDGE, PUBLIC)
    scene.flow(EDGE, MACHINE, 502)
    for _ in range(2):
        scene.tls(EDGE, PUBLIC, API, one_sided=True, resp_packets=0, resp_payload_octets=0)
    assert view_of(scene).deaf(row) == f"2 of 2 flows of {EDGE} are in the capture in one direction only"


def test_loss_is_what_was_dropped_or_never_seen():
    """Frames that the recorder dropped, octets that were acknowledged and not seen."""
    scene = Scene()
    scene.tls(EDGE, PUBLIC, API)
    assert view_of(scene).loss == 0
    lossy = Scene(kernel_drops=10)
    lossy.tls(EDGE, PUBLIC, API)
    view = view_of(lossy)
    assert view.loss == 0.5
    assert [view.lost(frames) for frames in (1, 9, 10)] == [True, True, False]


def test_distances_are_those_of_the_nearest_answer():
    """Per address: hops and the shortest round trip."""
    scene = Scene()
    scene.tls(EDGE, PUBLIC, API, synack_ns=40_000_000, resp_ttl_high=59)
    scene.tls(EDGE, PUBLIC, API)
    scene.lookup(EDGE, API, PUBLIC)
    view = view_of(scene)
    assert view.distances[PUBLIC] == (4, 25_000_000)
    assert view.distances[GOOGLE] == (4, -1)


def test_who_is_on_and_who_is_next():
    """Frames and ARP show that a host is on; ARP names the neighbour whose MAC answers came from."""
    scene = Scene()
    row = scene.tls(EDGE, PUBLIC, API)
    scene.silent(EDGE, MACHINE, 502)
    view = view_of(scene)
    assert (view.alive(EDGE), view.alive(PUBLIC), view.alive(MACHINE)) == (True, True, False)
    assert view.next_hop(row) == "02:00:00:00:00:01"
    scene.arp(MACHINE)
    scene.arp(RESOLVER, "02:00:00:00:00:01")
    view = view_of(scene)
    assert (view.alive(MACHINE), view.next_hop(row)) == (True, f"{RESOLVER} (02:00:00:00:00:01)")
