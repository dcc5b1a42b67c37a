"""Housekeeping of a link."""

import pytest

from analyzer.judging.links import housekeeping
from analyzer.judging.traffic import Traffic
from tests.builders.site import EDGE, PC, PUBLIC, Scene


@pytest.mark.parametrize(
    ("orig", "resp", "given", "quiet"),
    [
        (PC, EDGE, {"proto": 1}, True),
        (EDGE, "8.8.8.8", {"proto": 1}, True),
        ("fe80::1", "ff02::2", {"proto": 58}, True),
        (PC, "224.0.0.22", {"proto": 2}, True),
        (PC, "224.0.0.251", {"proto": 17, "resp_p": 5353}, True),
        (PC, "239.255.255.250", {"proto": 17, "resp_p": 1900}, True),
        (PC, "10.7.0.255", {"proto": 17, "resp_p": 138, "resp_packets": 0}, True),
        (PC, "10.7.0.255", {"proto": 6, "resp_p": 502}, False),
        ("0.0.0.0", "255.255.255.255", {"proto": 17, "orig_p": 68, "resp_p": 67}, True),
        (EDGE, "10.7.0.1", {"proto": 17, "orig_p": 68, "resp_p": 67}, True),
        (EDGE, PC, {"proto": 17, "orig_p": 5355, "resp_p": 50000}, True),
        (EDGE, PUBLIC, {"proto": 17, "resp_p": 137}, False),
        (EDGE, PUBLIC, {"proto": 17, "resp_p": 53}, False),
        (EDGE, PUBLIC, {"proto": 6, "resp_p": 5353}, False),
    ],
)
def test_housekeeping_is_what_a_link_needs(orig, resp, given, quiet):
    """Groups, broadcasts, leases, ICMP and discovery between neighbours; TCP, or what leaves the site, is not."""
    scene = Scene()
    scene.flow(orig, resp, given.pop("resp_p", 0), **given)
    assert housekeeping(Traffic(scene.seen(), frozenset(), frozenset())).tolist() == [quiet]
