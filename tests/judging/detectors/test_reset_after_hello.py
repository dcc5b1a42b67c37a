"""Hellos that are answered by a reset."""

import pytest

from analyzer.judging.detectors import reset_after_hello, reset_foreign
from tests.builders.blocked import evidence, leanings
from tests.builders.site import EDGE, PUBLIC, TRIP, Scene

CUT = {"resp_rsts": 1, "rst_frame": 4, "rst_window": 0, "rst_ident": 0, "orig_again": 0}


@pytest.fixture
def scene():
    """A site that was captured for two minutes."""
    return Scene()


def cut_off(scene, ttl, delay_ns, **given):
    """A hello that a RST with this TTL answered after this time."""
    return scene.hello(EDGE, PUBLIC, "files.example", frames=1, rst_ttl=ttl, rst_delay_ns=delay_ns, **{**CUT, **given})


@pytest.mark.parametrize(
    ("ttl", "delay_ns"), [(64, 30_000), (62, TRIP), (60, 100_000)], ids=["both", "nearer", "sooner"]
)
def test_a_box_on_the_way_resets(scene, ttl, delay_ns):
    """Nearer than the server's packets, or sooner than any of them can come."""
    row = cut_off(scene, ttl, delay_ns)
    assert leanings(reset_after_hello, scene) == [(row, "blocked", "strong")]
    assert leanings(reset_foreign, scene) == [(row, "blocked", "strong")]


def test_the_server_resets_by_itself(scene):
    """Its TTL and a full round trip: its own policy."""
    row = cut_off(scene, 60, TRIP + 1_000_000)
    assert leanings(reset_after_hello, scene) == [(row, "undetermined", "suggestive")]
    assert evidence(reset_foreign, scene) == []


def test_the_client_resets(scene):
    """A client that gives up is no block."""
    cut_off(scene, 64, 30_000, resp_rsts=0, orig_rsts=1, rst_from_orig=True)
    assert evidence(reset_after_hello, scene) == []


def test_a_server_on_the_same_switch(scene):
    """Where a round trip takes no time, time tells nothing."""
    row = cut_off(scene, 60, 10_000, synack_ns=60_000)
    assert leanings(reset_after_hello, scene) == [(row, "undetermined", "suggestive")]


def test_the_healthy_twin(scene):
    """A session that its server resets after data did its work."""
    scene.tls(EDGE, PUBLIC, "files.example", resp_rsts=1, rst_frame=9, rst_ttl=64, rst_delay_ns=10_000)
    assert (evidence(reset_after_hello, scene), evidence(reset_foreign, scene)) == ([], [])
