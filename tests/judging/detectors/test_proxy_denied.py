"""Proxies that refuse."""

import pytest

from analyzer.judging.detectors import proxy_denied
from tests.builders.blocked import evidence, leanings
from tests.builders.site import API, EDGE, PC, Scene

PROXY = "10.7.0.8"


@pytest.mark.parametrize("status", [403, 451])
def test_a_connect_that_is_refused(status):
    """The proxy says so, and once is enough."""
    scene = Scene()
    row = scene.connect(EDGE, PROXY, API, status=status)
    (found,) = evidence(proxy_denied, scene)
    assert (found.flow, str(found.leaning), str(found.strength), found.alone) == (row, "blocked", "strong", True)
    assert found.detail == f"the proxy {PROXY} port 3128 answered {status} to CONNECT {API} port 443"
    assert found.by == f"the proxy {PROXY} port 3128"


def test_its_product_is_named():
    """By the header that only it sends."""
    scene = Scene()
    scene.connect(EDGE, PROXY, API, status=403)
    scene.rows["http"][-1]["refusal"] = "x-squid-error: ERR_ACCESS_DENIED 0"
    assert [found.by for found in evidence(proxy_denied, scene)] == [f"the proxy {PROXY} port 3128 (squid)"]


def test_a_host_that_it_let_through_at_another_time():
    """A rule that was changed, or a retry with credentials."""
    scene = Scene()
    scene.connect(EDGE, PROXY, API, status=403)
    scene.connect(EDGE, PROXY, API, status=200)
    assert evidence(proxy_denied, scene) == []


def test_what_another_client_may_is_another_matter():
    """The refusal is this host's."""
    scene = Scene()
    row = scene.connect(EDGE, PROXY, API, status=403)
    scene.connect(PC, PROXY, API, status=200)
    assert leanings(proxy_denied, scene) == [(row, "blocked", "strong")]


@pytest.mark.parametrize("status", [405, 502, 503, 504])
def test_what_the_proxy_cannot_reach(status):
    """502 to 504 are its own trouble; 405 is what a server says that is no proxy."""
    scene = Scene()
    row = scene.connect(EDGE, PROXY, API, status=status)
    assert leanings(proxy_denied, scene) == [(row, "undetermined", "strong")]


def test_the_server_behind_a_proxy_may_refuse():
    """A 403 to a request in absolute form is the server's unless the proxy's mark is on it."""
    scene = Scene()
    row = scene.flow(EDGE, PROXY, 3128, service="http")
    scene.request(row, form="absolute", host=API, port=80, status=403)
    assert leanings(proxy_denied, scene) == [(row, "undetermined", "suggestive")]
    scene.rows["http"][-1]["refusal"] = "x-squid-error: ERR_ACCESS_DENIED 0"
    assert leanings(proxy_denied, scene) == [(row, "blocked", "strong")]


def test_the_healthy_twin():
    """A way that was opened; and a server's own 403, without a proxy."""
    scene = Scene()
    scene.connect(EDGE, PROXY, API)
    row = scene.flow(EDGE, "203.0.113.9", 80, service="http")
    scene.request(row, host=API, status=403)
    assert evidence(proxy_denied, scene) == []
