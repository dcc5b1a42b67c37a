"""Names that must be local."""

import pytest

from analyzer.sitefile import Site, SiteHost
from tests.builders.site import IPAD, NEXUS, PUBLIC, RESOLVER, Scene, because, codes, outcome

RULE = "sk-nexus-name"
NAME = "lab1.skalanexus.com"
SITE = Site(hosts=(SiteHost("ipad", "ipad", (IPAD,)), SiteHost("nexus", "nexus", (NEXUS,))))


def lab(*told, rcode="NOERROR", other=True):
    """A lookup of the NEXUS's name, and of another one."""
    scene = Scene()
    scene.lookup(IPAD, NAME, *told, resolver=RESOLVER, rcode=rcode)
    if other:
        scene.lookup(IPAD, "skalacontrol.com", PUBLIC, resolver=RESOLVER)
    return scene


def test_a_local_answer_holds():
    """That is how it should be, in spite of rebinding protection."""
    made = lab(NEXUS).judged(SITE)
    assert (outcome(made, RULE), codes(made)) == ("holds", [])


@pytest.mark.parametrize(
    ("told", "rcode", "detail"),
    [
        ((), "NOERROR", "an answer without an address"),
        ((), "REFUSED", "REFUSED"),
        ((), "NXDOMAIN", "NXDOMAIN"),
        ((PUBLIC,), "NOERROR", f"answered {PUBLIC}"),
    ],
)
def test_an_empty_refused_or_altered_answer_fails(told, rcode, detail):
    """While other names resolve."""
    made = lab(*told, rcode=rcode).judged(SITE)
    assert outcome(made, RULE) == "fails"
    assert detail in because(made, RULE)
    assert "local-name-stripped" in codes(made)


def test_where_no_name_resolves_nothing_was_stripped():
    """The resolver is broken, not careful."""
    made = lab(rcode="SERVFAIL", other=False).judged(SITE)
    assert (outcome(made, RULE), codes(made)) == ("not_observed", [])


def test_an_empty_answer_for_ipv6_is_no_stripping():
    """The name has an IPv4 address only."""
    scene = lab(NEXUS)
    scene.lookup(IPAD, NAME, resolver=RESOLVER, qtype="AAAA")
    assert outcome(scene.judged(SITE), RULE) == "holds"


def test_a_name_that_nobody_asked_for_is_not_observed():
    """The capture may begin after the lookup."""
    assert outcome(Scene().judged(SITE), RULE) == "not_observed"
