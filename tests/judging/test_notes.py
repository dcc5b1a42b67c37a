"""What a reader has to know."""

from analyzer.sitefile import Site, SiteHost
from tests.builders.site import EDGE, IPAD, NOWHERE, PC, PUBLIC, RESOLVER, Scene


def notes(scene, site=NOWHERE):
    """All notes as one text."""
    return "\n".join(scene.judged(site).notes)


def test_readings_that_were_used_are_named():
    """A verdict that rests on a reading says so, one that was not used does not."""
    scene = Scene()
    scene.edge()
    assert "is a reading" not in notes(scene)
    scene.lookup(EDGE, "api.machinemetrics.com", PUBLIC, resolver=RESOLVER)
    assert "mm-dns-private is a reading: a resolver on a private address" in notes(scene)


def test_an_undocumented_question_is_noted():
    """It breaks no row; what an office PC asks for is nobody's business."""
    scene = Scene()
    scene.edge()
    scene.lookup(EDGE, "files.example", PUBLIC)
    scene.tls(PC, PUBLIC, "app.machinemetrics.com")
    scene.lookup(PC, "news.example", PUBLIC, resolver=RESOLVER)
    told = notes(scene)
    assert f"{EDGE} asked for names that the document does not list (no breach): files.example" in told
    assert "news.example" not in told
    assert not scene.judged().findings


def test_a_cellular_site_is_told_its_month():
    """2 minutes at this rate, 21600 times."""
    scene = Scene(duration_s=120)
    scene.edge()
    site = Site(topology="cellular", hosts=(SiteHost("e", "edge", (EDGE,)),))
    assert "cellular: at the rate of this capture 60 MB a month" in notes(scene, site)


def test_an_ipad_on_another_subnet_is_noted():
    """The document accepts it."""
    scene = Scene()
    scene.tls(IPAD, "10.9.0.60", "lab1.skalanexus.com", port=9001)
    assert f"{IPAD} and 10.9.0.60 are on different subnets, which the document accepts" in notes(scene)
