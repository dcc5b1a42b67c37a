"""Certificates that nobody vouches for, and which of them were made on the way."""

import datetime as dt

import pytest

from analyzer.judging.ladder import certificate_forged
from analyzer.judging.ladder.certificate_forged import find
from tests.builders.blocked import FAR, NEAR
from tests.builders.certificates import ENDS, NOW, Shown, authority, found, key, leaf, sight_of
from tests.builders.site import EDGE, MACHINE, PUBLIC

HOST, OTHER = "files.acme.com", "api.zebra.net"
BOX = authority("Inspection", organization="Plant IT")
DAY, HOUR, SECOND = dt.timedelta(days=1), dt.timedelta(hours=1), dt.timedelta(seconds=1)


def shown(*certificates, names=(HOST, OTHER), roots=(), **given):
    """What is found where each server shows one of these certificates, with the box's own."""
    scene = Shown()
    for made, host in zip(certificates, names, strict=False):
        scene.show(EDGE, PUBLIC, host, made, **given)
    return found(certificate_forged, scene, roots=roots)


def test_a_private_authority_of_one_operator_proves_nothing():
    """Devices and clouds have their own; names of one operator are not several."""
    one, two = leaf(HOST, issuer=BOX), leaf("api.acme.com", issuer=BOX)
    assert shown(one, two, names=(HOST, "api.acme.com")) == []


def test_one_issuer_for_unrelated_operators():
    """Strong: nobody else signs for both."""
    assert shown(leaf(HOST, issuer=BOX), leaf(OTHER, issuer=BOX)) == [(0, "strong"), (1, "strong")]


def test_one_certificate_for_several_is_no_issuer_of_two():
    """A server shows the one that it has, whoever is asked for."""
    made = leaf(HOST, OTHER, issuer=BOX)
    assert shown(made, made) == []


def test_two_issuers_of_one_name_are_two():
    """Where their keys are told."""
    another = authority("Inspection", organization="Plant IT", own=key("another"))
    assert shown(leaf(HOST, issuer=BOX), leaf(OTHER, issuer=another)) == []


def test_a_root_that_left_the_public_list():
    """Its leaves say where to ask for revocation: they are nobody's forgeries, for whomever they are."""
    given = [{"crl": True}, {"place": "OCSP"}, {"place": "CA_ISSUERS"}]
    for kind in given:
        assert shown(leaf(HOST, issuer=BOX, **kind), leaf(OTHER, issuer=BOX, **kind)) == []
    young = NOW - 2 * HOUR
    assert shown(leaf(HOST, issuer=BOX, crl=True, begin=young)) == []
    assert shown(leaf(HOST, own=key("own"), signer=key("own"), issuer=BOX, crl=True)) == []


def test_one_key_for_unrelated_operators():
    """Proof: a box has one for all that it makes; one operator may use one for its servers."""
    one, two = leaf(HOST, own=key("box's")), leaf(OTHER, own=key("box's"))
    assert shown(one, two) == [(0, "proof"), (1, "proof")]
    mine = leaf("api.acme.com", own=key("box's"))
    assert shown(one, mine, names=(HOST, "api.acme.com")) == []


def test_its_own_key_in_the_name_of_another():
    """Proof; a certificate that says it is its own issuer is a device's."""
    assert shown(leaf(HOST, own=key("own"), signer=key("own"), issuer=BOX)) == [(0, "proof")]
    assert shown(leaf(HOST)) == []


@pytest.mark.parametrize("age", [0 * SECOND, 20 * SECOND, DAY, DAY + 30 * SECOND, 2 * DAY + SECOND, DAY - 5 * SECOND])
def test_made_at_the_moment_of_the_session(age):
    """Proof: dated back by whole days, if at all."""
    assert shown(leaf(HOST, issuer=BOX, begin=NOW - age)) == [(0, "proof")]


@pytest.mark.parametrize("age", [HOUR, DAY + 6 * HOUR, 3 * DAY - HOUR, 3 * DAY + HOUR, 30 * DAY + SECOND, -HOUR])
def test_young_alone_forges_nothing(age):
    """Operators renew as well; nor do older ones, and those of the time to come."""
    assert shown(leaf(HOST, issuer=BOX, begin=NOW - age)) == []


def test_young_and_from_nearer_than_the_server_can_be():
    """Strong, where the answers passed no router though one lies between."""
    scene = Shown()
    scene.tls(EDGE, FAR, "works.example")
    row = scene.show(EDGE, PUBLIC, HOST, leaf(HOST, issuer=BOX, begin=NOW - HOUR), **NEAR)
    assert found(certificate_forged, scene) == [(row, "strong")]
    (evidence,) = find(sight_of(scene))
    assert "passed no router" in evidence.detail
    assert evidence.by == "the holder of the authority “Inspection”, 02:00:00:00:00:01"


def test_near_alone_forges_nothing():
    """A relay that passes on a private authority's certificate looks the same."""
    scene = Shown()
    scene.tls(EDGE, FAR, "works.example")
    scene.show(EDGE, PUBLIC, HOST, leaf(HOST, issuer=BOX), **NEAR)
    assert found(certificate_forged, scene) == []


def test_a_known_product():
    """Proof by its issuer's name, be it traceable or not; in the words of the product."""
    product = authority("mitmproxy", organization="mitmproxy")
    scene = Shown()
    row = scene.show(EDGE, PUBLIC, HOST, leaf(HOST, issuer=product, crl=True))
    (evidence,) = find(sight_of(scene))
    assert (evidence.flow, str(evidence.strength), evidence.by) == (row, "proof", "mitmproxy (by the issuer's name)")
    assert evidence.frames == (10 * row + 3, 10 * row + 5)
    assert (evidence.code, evidence.target, evidence.alone, str(evidence.leaning)) == (
        "certificate-forged",
        HOST,
        True,
        "intercepted",
    )
    assert evidence.detail == (
        f"the certificate for {HOST}, of “mitmproxy”, is vouched for by nobody:"
        " its issuer names itself as mitmproxy does"
    )


def test_a_known_products_name_vouched_for():
    """A name can be borrowed: what somebody vouches for is nobody's forgery."""
    product = authority("mitmproxy", organization="mitmproxy")
    assert shown(leaf(HOST, issuer=product), roots=[product]) == []


def test_what_is_vouched_for_is_not_forged():
    """Whatever marks it bears: one issuer, made this moment."""
    one, two = leaf(HOST, issuer=BOX, begin=NOW), leaf(OTHER, issuer=BOX, begin=NOW)
    assert shown(one, two, roots=[BOX]) == []


def test_one_vouched_for_does_not_mark_the_other():
    """A key is shared among strange certificates only."""
    good, strange = leaf(HOST, issuer=BOX, own=key("box's")), leaf(OTHER, own=key("box's"))
    assert shown(good, strange, roots=[BOX]) == []


def test_servers_of_the_site_prove_nothing():
    """Their certificates are of their own making, and may be new."""
    scene = Shown()
    scene.show(EDGE, MACHINE, HOST, leaf(HOST, begin=NOW, end=ENDS))
    scene.show(EDGE, "10.7.0.22", OTHER, leaf(OTHER, own=key((HOST,))))
    assert found(certificate_forged, scene) == []


def test_a_proxy_that_opens_what_it_carries():
    """CONNECT is allowed; a certificate of the proxy's inside is not."""
    scene = Shown()
    made = leaf(HOST, issuer=authority("mitmproxy"))
    row = scene.show(EDGE, "10.7.0.3", HOST, made, port=3128, tls={"via": "connect"})
    assert found(certificate_forged, scene) == [(row, "proof")]


def test_a_resumed_session_shows_nothing():
    """What it shows was shown before."""
    assert shown(leaf(HOST, issuer=authority("mitmproxy")), tls={"resumed": True}) == []


def test_tls_that_hides_its_certificate():
    """Without one nothing is found."""
    scene = Shown()
    scene.show(EDGE, PUBLIC, HOST, tls={"version": "TLSv13"})
    assert found(certificate_forged, scene) == []


def test_proofs_stand_alone():
    """Beside a proof nothing weaker is told; without one all marks are."""
    scene = Shown()
    scene.tls(EDGE, FAR, "works.example")
    scene.show(EDGE, PUBLIC, HOST, leaf(HOST, issuer=BOX, begin=NOW - HOUR), **NEAR)
    scene.show(EDGE, PUBLIC, OTHER, leaf(OTHER, issuer=BOX))
    scene.show(EDGE, PUBLIC, HOST, leaf(HOST, issuer=authority("mitmproxy"), begin=NOW - HOUR))
    details = [evidence.detail.partition("nobody: ")[2] for evidence in find(sight_of(scene))]
    young = "it was made on 2023-11-14 21:13:20 UTC, hours before the session"
    assert details[0].startswith(f"one issuer signs for {HOST}, {OTHER}; {young}; its answers passed no router")
    assert details[1:] == [f"one issuer signs for {HOST}, {OTHER}", "its issuer names itself as mitmproxy does"]


@pytest.mark.parametrize(("age", "expected"), [(3 * DAY - HOUR, ["strong"]), (3 * DAY + HOUR, []), (-HOUR, [])])
def test_how_young_is_young(age, expected):
    """Three days, and not of the time to come."""
    scene = Shown()
    scene.tls(EDGE, FAR, "works.example")
    scene.show(EDGE, PUBLIC, HOST, leaf(HOST, issuer=BOX, begin=NOW - age), **NEAR)
    assert [strength for _, strength in found(certificate_forged, scene)] == expected


def test_defaults_that_sign_themselves_are_no_issuer_of_two():
    """Two servers with their software's own default, of one name, have no issuer in common."""
    names = (HOST, OTHER)
    made = [leaf(host, common="ingress.local", own=key(host), bare=True) for host in names]
    assert shown(*made) == []


def test_two_authorities_of_one_name_are_two():
    """Without an identifier of its key an issuer is told by the certificate that signed."""
    roots = [authority("ca", own=key(word)) for word in ("one", "two")]
    scene = Shown()
    for host, root in zip((HOST, OTHER), roots, strict=True):
        scene.show(EDGE, PUBLIC, host, leaf(host, issuer=root, bare=True), root)
    assert found(certificate_forged, scene) == []


@pytest.mark.parametrize("ahead", [5, 60, -3 * 86400 - 2])
def test_a_box_whose_clock_is_ahead(ahead):
    """A date a moment after the session, or three whole days before it, is that of the session."""
    begin = NOW + dt.timedelta(seconds=ahead)
    assert shown(leaf(HOST, issuer=BOX, begin=begin), names=(HOST,)) == [(0, "proof")]


def test_a_server_that_signed_for_itself_just_now():
    """A device set up a moment ago is no interceptor."""
    assert shown(leaf(HOST, begin=NOW - 2 * SECOND), names=(HOST,)) == []
