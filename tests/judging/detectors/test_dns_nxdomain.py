"""Names that a resolver denies."""

import pytest

from analyzer.judging.detectors import dns_nxdomain, dns_refused
from tests.builders.blocked import evidence
from tests.builders.site import API, EDGE, GOOGLE, PUBLIC, RESOLVER, Scene


@pytest.fixture
def scene():
    """A resolver that answers for others."""
    made = Scene()
    made.lookup(EDGE, "works.example", PUBLIC, resolver=RESOLVER)
    return made


@pytest.mark.parametrize(("detector", "rcode"), [(dns_nxdomain, "NXDOMAIN"), (dns_refused, "REFUSED")])
def test_a_denial_has_to_come_again(scene, detector, rcode):
    """Names of one operator at one resolver add up."""
    rows = [scene.lookup(EDGE, name, resolver=RESOLVER, rcode=rcode) for name in (API, "app.machinemetrics.com")]
    found = evidence(detector, scene)
    assert [(seen.flow, str(seen.leaning), seen.alone) for seen in found] == [(row, "blocked", False) for row in rows]
    assert {seen.target for seen in found} == {f"names under machinemetrics.com at resolver {RESOLVER}"}
    assert [seen.about for seen in found] == [API, "app.machinemetrics.com"]


@pytest.mark.parametrize(("detector", "rcode"), [(dns_nxdomain, "NXDOMAIN"), (dns_refused, "REFUSED")])
def test_another_resolver_knows_better(scene, detector, rcode):
    """Then once is enough."""
    scene.lookup(EDGE, API, resolver=RESOLVER, rcode=rcode)
    scene.lookup(EDGE, API, PUBLIC, resolver=GOOGLE)
    (found,) = evidence(detector, scene)
    assert (str(found.leaning), str(found.strength), found.alone) == ("blocked", "strong", True)
    assert found.detail.endswith(f"; {GOOGLE} gave {PUBLIC}")


def test_a_name_beside_others_that_exist(scene):
    """It may not exist, as a name that a document misspells."""
    scene.lookup(EDGE, "raspbian.raspberrypi.org", PUBLIC, resolver=RESOLVER)
    scene.lookup(EDGE, "rasbian.raspberrypi.org", resolver=RESOLVER, rcode="NXDOMAIN")
    (found,) = evidence(dns_nxdomain, scene)
    assert (str(found.leaning), found.alone) == ("undetermined", False)


def test_the_healthy_twin(scene):
    """An empty answer is none: a host without an address of that version."""
    scene.lookup(EDGE, API, qtype="AAAA", resolver=RESOLVER)
    assert evidence(dns_nxdomain, scene) == []
