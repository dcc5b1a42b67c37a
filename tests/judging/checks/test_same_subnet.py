"""A recommendation to share a subnet, and what is accepted instead."""

from analyzer.sitefile import Site, SiteHost
from tests.builders.site import IPAD, NEXUS, Scene, answer, outcome

RULE = "sk-one-subnet"


def site(ipad):
    """A NEXUS and an iPad at this address."""
    return Site(hosts=(SiteHost("nexus", "nexus", (NEXUS,)), SiteHost("ipad", "ipad", (ipad,))))


def test_it_holds_in_one_subnet():
    """As far as addresses tell."""
    scene = Scene()
    scene.tls(IPAD, NEXUS, "lab1.skalanexus.com", port=9001)
    assert outcome(scene.judged(site(IPAD)), RULE) == "holds"


def test_it_holds_across_subnets_where_traffic_passes():
    """The document accepts what bridges them."""
    scene = Scene()
    scene.tls("10.9.0.61", NEXUS, "lab1.skalanexus.com", port=9001)
    found = answer(scene.judged(site("10.9.0.61")), RULE)
    assert (str(found.outcome), "which the document accepts" in found.because) == ("holds", True)


def test_it_is_not_observed_where_nothing_passes():
    """What would tell is said."""
    scene = Scene()
    scene.silent("10.9.0.61", NEXUS, 9001)
    scene.tls(NEXUS, "203.0.113.5", "skalacontrol.com")
    found = answer(scene.judged(site("10.9.0.61")), RULE)
    assert (str(found.outcome), "what would tell: " in found.because) == ("not_observed", True)


def test_not_seen_is_not_held():
    """Addresses of a site file alone show nothing."""
    assert outcome(Scene().judged(site(IPAD)), RULE) == "not_observed"
