"""What clients asked and were told."""

import pytest

from analyzer.judging.lookups import Lookups
from tests.builders.site import EDGE, GOOGLE, PC, Scene


def test_names_are_those_that_this_client_was_told():
    """Another client's answer, and one without an address, give no name."""
    scene = Scene()
    scene.lookup(EDGE, "a.example", "alias.example", "192.0.2.1")
    scene.lookup(EDGE, "b.example", "192.0.2.1")
    scene.lookup(PC, "c.example", "192.0.2.1")
    scene.lookup(EDGE, "d.example", rcode="NXDOMAIN")
    lookups = Lookups(scene.seen())
    assert lookups.names(EDGE, "192.0.2.1") == ("a.example", "b.example")
    assert lookups.names(PC, "192.0.2.1") == ("c.example",)
    assert next(lookup.told for lookup in lookups.all) == ("192.0.2.1",)


def test_who_asks_and_who_answers():
    """A client counts as asking once an address was told, a server as answering once anything came back."""
    scene = Scene()
    scene.lookup(EDGE, "d.example", unanswered=True)
    assert (Lookups(scene.seen()).asking, Lookups(scene.seen()).answering) == (set(), set())
    scene.lookup(EDGE, "d.example", rcode="NXDOMAIN")
    assert (Lookups(scene.seen()).asking, Lookups(scene.seen()).answering) == (set(), {GOOGLE})


@pytest.mark.parametrize("lack", ["snaplen_cut_frames", "kernel_drops", "stray_fragments"])
def test_a_client_whose_answers_may_be_lost_counts_as_not_asking(lack):
    """What it was told is known, what it was not told is not."""
    scene = Scene(**{lack: 1})
    scene.lookup(EDGE, "a.example", "192.0.2.1")
    lookups = Lookups(scene.seen())
    assert (lookups.names(EDGE, "192.0.2.1"), lookups.asking, lookups.lost) == (("a.example",), set(), True)


def test_lookups_of_some_clients_leave_out_the_others():
    """Only the rows of the clients that are asked for are read."""
    scene = Scene()
    scene.lookup(EDGE, "a.example", "192.0.2.1")
    scene.lookup(PC, "c.example", "192.0.2.1")
    assert [lookup.name for lookup in Lookups(scene.seen(), frozenset({PC})).all] == ["c.example"]
