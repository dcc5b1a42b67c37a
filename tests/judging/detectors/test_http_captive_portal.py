"""Portals that want a login first."""

import pytest

from analyzer.judging.detectors import http_captive_portal
from tests.builders.blocked import asked, evidence, leanings, measured


@pytest.fixture
def scene():
    """A site with a public server beyond four routers."""
    return measured()


def test_511_means_nothing_else(scene):
    """RFC 6585 section 6."""
    row = asked(scene, "firmware.decagon.com", status=511)
    (found,) = evidence(http_captive_portal, scene)
    assert (found.flow, str(found.leaning), str(found.strength), found.alone) == (row, "blocked", "strong", True)


def test_a_login_next_door(scene):
    """The answer passed no router."""
    row = asked(scene, "firmware.decagon.com", near=True, status=302, location="http://10.7.0.1/login")
    assert leanings(http_captive_portal, scene) == [(row, "blocked", "strong")]


def test_hosts_of_two_operators_lead_to_one_login(scene):
    """No operator sends its users to another one's login."""
    rows = [
        asked(scene, name, status=302, location="http://portal.hotel.example/guest")
        for name in ("a.one.example1", "b.two.example2")
    ]
    assert leanings(http_captive_portal, scene) == [(row, "blocked", "strong") for row in rows]


def test_a_public_login_that_services_share_is_single_sign_on(scene):
    """Unrelated operators let their visitors log in at one place."""
    for name in ("a.one.example1", "b.two.example2"):
        asked(scene, name, status=302, location="http://login.identity.example/signin")
    assert evidence(http_captive_portal, scene) == []


def test_one_login_on_a_local_host_is_suggestive(scene):
    """It has to come again."""
    row = asked(scene, "firmware.decagon.com", status=302, location="http://10.7.0.1/login")
    assert leanings(http_captive_portal, scene) == [(row, "blocked", "suggestive")]


@pytest.mark.parametrize(
    "location",
    ["https://login.decagon.com/", "https://signin.provider.example/", "http://10.7.0.1/status", "/login"],
    ids=["operator", "a service's login", "no login", "relative"],
)
def test_healthy_redirects(scene, location):
    """A service's own login, and redirects without one."""
    asked(scene, "firmware.decagon.com", status=302, location=location)
    assert evidence(http_captive_portal, scene) == []
