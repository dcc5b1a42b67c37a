"""Certificates for somebody else than was asked for."""

import pytest

from analyzer.judging.ladder import certificate_of_another
from analyzer.judging.ladder.certificate_of_another import find
from tests.builders.blocked import FAR, NEAR
from tests.builders.certificates import Shown, authority, found, leaf, sight_of
from tests.builders.site import EDGE, MACHINE, PUBLIC

HOST, OTHER = "files.acme.com", "api.zebra.net"
ROOT = authority("Plant root")
PORTAL = leaf("portal.plant.example")
GOOD = leaf("portal.plant.example", issuer=ROOT)
LEFT = {"established": False}


def shown(*asked, made=PORTAL, tls=(), roots=(ROOT,), **given):
    """What is found where this certificate is shown for these names, beside a server that works afar."""
    scene = Shown()
    scene.tls(EDGE, FAR, "works.example")
    for name in asked:
        scene.show(EDGE, PUBLIC, name, made, tls=tls, **given)
    return found(certificate_of_another, scene, roots=roots)


def test_a_page_from_next_door():
    """Strong, where nobody vouches for it; the client may even have gone on."""
    assert shown(HOST, **NEAR) == [(1, "strong")]
    assert shown(HOST, tls=LEFT, **NEAR) == [(1, "strong")]


def test_a_vouched_page_from_next_door():
    """Strong, where the client minded; who went on, minded not."""
    assert shown(HOST, made=GOOD, tls=LEFT, **NEAR) == [(1, "strong")]
    assert shown(HOST, made=GOOD, **NEAR) == []


def test_one_certificate_for_unrelated_operators():
    """Strong: no server is both."""
    assert shown(HOST, OTHER) == [(1, "strong"), (2, "strong")]
    assert shown(HOST, OTHER, made=GOOD, tls=LEFT) == [(1, "strong"), (2, "strong")]


def test_a_server_that_does_not_know_the_name():
    """It shows the certificate that it has, to names of one operator and from where it is."""
    assert shown(HOST) == []
    assert shown(HOST, "api.acme.com") == []
    assert shown(HOST, made=GOOD, tls=LEFT) == []


def test_a_server_that_knows_both_names():
    """Its certificate covers them; or it is good, and the clients go on."""
    assert shown(HOST, OTHER, made=leaf(HOST, OTHER)) == []
    assert shown(HOST, OTHER, made=GOOD) == []


@pytest.mark.parametrize("asked", ["one.acme.com", "two.acme.com"])
def test_a_star_covers_a_name(asked):
    """However near it is."""
    assert shown(asked, made=leaf("*.acme.com"), **NEAR) == []


def test_a_known_product():
    """By the issuer's name, unless somebody vouches for it."""
    product = authority("mitmproxy")
    made = leaf("blocked.plant.example", issuer=product)
    assert shown(HOST, made=made, roots=()) == [(1, "strong")]
    assert shown(HOST, made=made, tls=LEFT, roots=[product]) == []


def test_what_is_told():
    """Whose certificate it is, who issued it, why it is strange, and by whom it was shown."""
    scene = Shown()
    scene.tls(EDGE, FAR, "works.example")
    row = scene.show(EDGE, PUBLIC, HOST, PORTAL, **NEAR)
    (seen,) = find(sight_of(scene))
    assert seen.detail == (
        f"asked for {HOST}, it was shown the certificate of portal.plant.example (issuer “portal.plant.example”):"
        f" its answers passed no router, and between {EDGE} and {PUBLIC} there is one"
    )
    assert (seen.code, seen.target, seen.by) == ("certificate-of-another", HOST, "02:00:00:00:00:01")
    assert (seen.frames, seen.alone) == ((10 * row + 3, 10 * row + 5), False)


def test_without_a_name_sent():
    """A server then shows the certificate that it has."""
    scene = Shown()
    scene.tls(EDGE, FAR, "works.example")
    scene.show(EDGE, PUBLIC, "", PORTAL, **NEAR)
    scene.rows["flows"][-1].update(server_name=HOST, server_name_basis="dns")
    assert found(certificate_of_another, scene) == []


def test_sessions_that_show_nothing():
    """TLS 1.3 hides its certificate, and a resumed session has none."""
    assert shown(HOST, tls={"chain": ()}, **NEAR) == []
    assert shown(HOST, OTHER, tls={"resumed": True}, **NEAR) == []


def test_devices_of_the_site():
    """Their certificates are for nobody."""
    scene = Shown()
    for name in (HOST, OTHER):
        scene.show(EDGE, MACHINE, name, PORTAL)
    assert found(certificate_of_another, scene) == []
