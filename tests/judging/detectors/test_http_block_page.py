"""Pages that a filter serves in a server's name."""

import pytest

from analyzer.judging.detectors import http_block_page
from tests.builders.blocked import asked as plainly
from tests.builders.blocked import evidence, leanings, measured

NAME = "firmware.decagon.com"


def asked(scene, **answer):
    """A request for a file, and its answer."""
    return plainly(scene, NAME, target=answer.pop("target", "/x/file.bin"), **answer)


@pytest.fixture
def scene():
    """A site with a public server beyond four routers."""
    return measured()


@pytest.mark.parametrize(
    ("answer", "by"),
    [
        ({"status": 302, "location": "http://10.7.0.1:1000/fgtauth"}, "Fortinet FortiGate, page at 10.7.0.1"),
        ({"status": 302, "location": "https://10.7.0.1:6083/php/urlblock.php"}, "Palo Alto Networks, page at 10.7.0.1"),
        (
            {"status": 303, "location": "http://hit-block.opendns.com/x"},
            "Cisco Umbrella, page at hit-block.opendns.com",
        ),
    ],
)
def test_a_products_mark(scene, answer, by):
    """It is named, and once is enough."""
    row = asked(scene, **answer)
    (found,) = evidence(http_block_page, scene)
    assert (found.flow, str(found.leaning), str(found.strength), found.alone) == (row, "blocked", "strong", True)
    assert found.by == by


@pytest.mark.parametrize(
    ("answer", "by"),
    [
        ({"status": 403, "title": "Web Page Blocked!"}, "Fortinet FortiGate"),
        ({"status": 403, "refusal": "x-squid-error: ERR_ACCESS_DENIED 0"}, "squid"),
    ],
)
def test_products_that_stand_before_servers_too(scene, answer, by):
    """The page may be the operator's own, unless it came from next door."""
    far, near = asked(scene, **answer), asked(scene, near=True, **answer)
    assert leanings(http_block_page, scene) == [(far, "blocked", "suggestive"), (near, "blocked", "strong")]
    assert {found.by for found in evidence(http_block_page, scene)} == {by}


def test_a_cache_that_could_not_reach_the_server_blocks_nobody(scene):
    """It says so with the same header."""
    asked(
        scene,
        status=503,
        refusal="x-squid-error: ERR_DNS_FAIL 0",
        title="ERROR: The requested URL could not be retrieved",
    )
    assert evidence(http_block_page, scene) == []


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 302, "location": "http://blocked.acme.lan/deny"},
        {"status": 307, "location": "http://10.7.0.9/x"},
        {"status": 403, "title": "Access to this site is denied"},
    ],
)
def test_an_answer_from_next_door_in_a_public_servers_name(scene, answer):
    """It passed no router, so the server did not send it."""
    row = asked(scene, near=True, **answer)
    assert leanings(http_block_page, scene) == [(row, "blocked", "strong")]


def test_a_page_of_status_200_from_next_door_has_to_come_again(scene):
    """A proxy that nobody sees may serve a page about denial."""
    row = asked(scene, near=True, status=200, title="Access to this site is denied")
    assert leanings(http_block_page, scene) == [(row, "blocked", "suggestive")]


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 403, "title": "403 Forbidden"},
        {"status": 451},
        {"status": 403, "title": "Access Denied", "server": "AkamaiGHost"},
    ],
)
def test_a_proxy_that_nobody_sees_passes_on_a_servers_refusal(scene, answer):
    """From next door, and yet the server's own words."""
    row = asked(scene, near=True, **answer)
    assert leanings(http_block_page, scene) == [(row, "undetermined", "suggestive")]


def test_words_alone_are_suggestive(scene):
    """A redirect to a host of the site that speaks of blocking."""
    row = asked(scene, status=302, location="http://10.7.0.9/blocked/index.html")
    (found,) = evidence(http_block_page, scene)
    assert (found.flow, str(found.strength), found.alone) == (row, "suggestive", False)


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 301, "location": f"https://{NAME}/x/file.bin"},
        {"status": 302, "location": "https://cdn.decagon.com/blocked"},
        {"status": 302, "location": "http://mirror.example.org/pub/x/file.bin"},
        {"status": 302, "location": "https://login.vendor.example/deny"},
        {"status": 302, "location": "/elsewhere"},
        {"status": 200, "title": "Access denied: how to configure it"},
        {"status": 304},
        {"status": 404, "title": "Not Found"},
    ],
    ids=["https", "operator", "mirror", "another operator", "relative", "an article", "unchanged", "not found"],
)
def test_healthy_answers(scene, answer):
    """Redirects of one operator, to a mirror, to a login elsewhere; pages that speak of denial."""
    asked(scene, **answer)
    assert evidence(http_block_page, scene) == []


def test_the_servers_own_refusal(scene):
    """A 403 from afar is nobody's block."""
    row = asked(scene, status=403, title="403 Forbidden")
    assert leanings(http_block_page, scene) == [(row, "undetermined", "suggestive")]


def test_a_transparent_cache_next_door_serves_pages(scene):
    """An answer from nearby that says nothing of blocking is no block."""
    asked(scene, near=True, status=200, title="Firmware")
    assert evidence(http_block_page, scene) == []
