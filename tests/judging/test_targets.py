"""What was tried, and what worked."""

import numpy as np

from analyzer.judging import targets
from tests.builders.blocked import view_of
from tests.builders.site import API, EDGE, GOOGLE, PUBLIC, Scene


def test_targets_are_the_same_words_each_time():
    """By address, by name, by service."""
    scene = Scene()
    row = scene.tls(EDGE, PUBLIC, API)
    bare = scene.flow(EDGE, PUBLIC, 7422)
    view = view_of(scene)
    assert (targets.place(view, row), targets.named(view, row)) == (f"{PUBLIC} port 443/tcp", f"{API} port 443")
    assert targets.named(view, bare) == f"{PUBLIC} port 7422"


def test_successes_are_found_by_address_name_and_service():
    """Those of each client by themselves, in order."""
    scene = Scene()
    scene.tls(EDGE, PUBLIC, API)
    scene.clock(EDGE, PUBLIC)
    scene.lookup(EDGE, API, PUBLIC)
    scene.tls("10.7.0.99", PUBLIC, API)
    view = view_of(scene)
    found = targets.Successes(view, np.ones(4, np.bool_))
    for target in (f"{API} port 443", f"{PUBLIC} port 443/tcp", targets.CLOCKS, targets.resolver(GOOGLE)):
        assert len(found.times(EDGE, target)) == 1
    assert found.times(EDGE, "nobody") == []


def test_what_did_not_work_is_no_success():
    """Nor is a lookup without an answer."""
    scene = Scene()
    scene.silent(EDGE, PUBLIC)
    scene.lookup(EDGE, API, unanswered=True)
    found = targets.Successes(view_of(scene), np.zeros(2, np.bool_))
    assert found.times(EDGE, f"{PUBLIC} port 443/tcp") == []
    assert found.times(EDGE, targets.resolver(GOOGLE)) == []
