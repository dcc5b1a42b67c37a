"""Proxies that want credentials."""

from analyzer.judging.detectors import proxy_auth_required
from tests.builders.blocked import evidence
from tests.builders.site import API, EDGE, Scene

PROXY = "10.7.0.8"


def test_requests_that_stay_at_407_add_up():
    """Whatever host they were for: the credentials are the proxy's matter."""
    scene = Scene()
    rows = [scene.connect(EDGE, PROXY, name, status=407) for name in (API, "api.balena-cloud.com")]
    scene.rows["http"][-1]["proxy_credentials"] = True
    found = evidence(proxy_auth_required, scene)
    assert [(seen.flow, str(seen.leaning), seen.alone) for seen in found] == [(row, "blocked", False) for row in rows]
    assert {seen.target for seen in found} == {f"credentials at {PROXY} port 3128"}
    assert [seen.detail.rpartition("; ")[2] for seen in found] == [
        "no credentials were sent", "credentials were sent and not taken",
    ]  # fmt: skip


def test_one_407_is_how_authentication_begins():
    """A grant afterwards makes it one."""
    scene = Scene()
    scene.connect(EDGE, PROXY, API, status=407)
    scene.connect(EDGE, PROXY, API, status=200)
    assert evidence(proxy_auth_required, scene) == []
