"""Which flow a user means."""

from __future__ import annotations

import pytest

from analyzer.inspecting.steps import FlowError, chosen, wanted
from tests.builders.site import API, EDGE, PUBLIC, Scene

COMMUNITY = "1:LQU9qZlK+B5F3KDmev6m5PMibrg="


@pytest.fixture
def seen():
    """Two connections and a question, the second connection over IPv6."""
    scene = Scene()
    scene.tls(EDGE, PUBLIC, API, orig_p=40000, community_id=COMMUNITY)
    scene.flow("fd00::1", "fd00::2", 443, orig_p=40001, ip_version=6)
    scene.lookup(EDGE, API, PUBLIC, orig_p=40002)
    return scene.seen()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0", [0]),
        (COMMUNITY, [0]),
        (f"{EDGE}:40000 > {PUBLIC}:443/tcp", [0]),
        (f"{PUBLIC}:443 > {EDGE}:40000", [0]),
        (f"{EDGE} 40000 {PUBLIC} 443 tcp", [0]),
        (f"{EDGE}:40000->{PUBLIC}:443", [0]),
        ("[fd00::1]:40001 > [fd00::2]:443/tcp", [1]),
        (f"{EDGE}:40002 > 8.8.8.8:53/udp", [2]),
    ],
)
def test_a_flow_is_named_in_several_ways(seen, text, found):
    """By its number, its community id, or its ends, as one copies them from elsewhere."""
    assert chosen(seen, text) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("7", "not in the capture (3 flows"),
        ("1:nothing=", "not in the capture"),
        (f"{EDGE}:40000 > {PUBLIC}:443/udp", "not in the capture"),
        (f"{EDGE}:40000 > {PUBLIC}:443/foo", "none of icmp, tcp"),
        ("the first", "expected an id"),
        ("\x1b[2J", "expected an id"),
    ],
)
def test_what_names_no_flow_is_told(seen, text, said):
    """In one line that a terminal only shows."""
    with pytest.raises(FlowError) as caught:
        chosen(seen, text)
    assert said in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_flow_is_wanted_by_ends_and_frames(seen):
    """From its first frame to its last one."""
    assert wanted(seen, 0) == (6, EDGE, 40000, PUBLIC, 443, 1, 10)
