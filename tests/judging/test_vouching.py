"""Who vouches for a certificate."""

import datetime as dt
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from analyzer.judging.vouching import MOST_TRIED, Asked, By, Trust, covers, is_traceable, load, read_leaf, signs_itself
from tests.builders.certificates import BORN, ENDS, NOW, Made, authority, key, leaf
from tests.builders.site import BEGIN

HOST = "files.example"
ROOT = authority("Plant root")
BETWEEN = authority("Plant issuing", ROOT)
LEAF = leaf(HOST, issuer=BETWEEN)
DAY = dt.timedelta(days=1)


def vouch(made, *sent, user=(ROOT,), name=HOST, issuers=()):
    """Who vouches for a certificate, for a host that sent others with it."""
    trust = Trust([root.der for root in user], [made.der, *(one.der for one in sent)])
    return trust.vouch(made.read, [one.certificate for one in sent], Asked(name, BEGIN, frozenset(issuers)))


def test_a_root_of_the_user():
    """By what the server sent between it and the leaf; nothing is said against it."""
    assert vouch(LEAF, BETWEEN)[:4] == (By.USER, "", True, True)
    assert vouch(LEAF, BETWEEN).vouched


def test_a_root_that_issued_the_leaf_itself():
    """Nothing lies between them."""
    assert vouch(leaf(HOST, issuer=ROOT))[:4] == (By.USER, "", True, True)


def test_a_leaf_that_the_user_trusts_itself():
    """As devices with a certificate of their own making."""
    made = leaf(HOST)
    assert vouch(made, user=(made,)).by == By.USER


def test_a_public_root_vouches(monkeypatch):
    """Those of certifi are asked, and stand before the user's."""
    pem = ROOT.certificate.public_bytes(Encoding.PEM).decode()
    monkeypatch.setattr("certifi.contents", lambda: pem)
    assert vouch(LEAF, BETWEEN, user=())[:4] == (By.PUBLIC, "", True, True)
    assert vouch(LEAF, BETWEEN).by == By.PUBLIC


@pytest.mark.parametrize("which", [ROOT, BETWEEN])
def test_an_issuer_that_the_rule_names(which):
    """By its fingerprint, root or not, where its certificate was seen."""
    assert vouch(LEAF, BETWEEN, ROOT, user=(), issuers=[which.mark])[:4] == (By.RULE, "", True, True)


def test_a_rule_that_names_the_leaf():
    """Its own fingerprint will do."""
    made = leaf(HOST)
    assert vouch(made, user=(), issuers=[made.mark]).by == By.RULE


def test_an_issuer_that_the_rule_does_not_name():
    """Another one of the same name and with another key."""
    other = authority("Plant root", own=key("another"))
    assert vouch(LEAF, BETWEEN, ROOT, user=(), issuers=[other.mark]).by == By.NOBODY


def test_an_intermediate_that_was_not_sent():
    """Nothing is known then: neither that somebody vouches, nor that nobody does."""
    assert vouch(LEAF)[:4] == (By.OPEN, "its issuer's certificate is not in the capture", True, True)
    assert not vouch(LEAF).vouched


def test_an_intermediate_that_another_server_sent():
    """The capture holds it, wherever."""
    trust = Trust([ROOT.der], [LEAF.der, BETWEEN.der])
    assert trust.vouch(LEAF.read, [], Asked(HOST, BEGIN))[:4] == (By.USER, "", True, True)


def test_a_root_of_nobodys():
    """It was sent, signs itself, and is on no list."""
    assert vouch(LEAF, BETWEEN, ROOT, user=())[:4] == (By.NOBODY, "", True, True)


def test_a_leaf_that_signs_itself():
    """Nobody else is asked."""
    assert vouch(leaf(HOST))[:4] == (By.NOBODY, "", True, True)


def test_a_servers_certificate_cannot_issue():
    """Though its signature is good, and its own issuer a root that vouches (RFC 5280 section 4.2.1.9)."""
    server = leaf("shop.example", issuer=ROOT)
    assert vouch(leaf(HOST, issuer=server), server).by == By.OPEN


def test_a_borrowed_name_vouches_for_nothing():
    """The issuer's name is that of a trusted root, the signature is not."""
    borrowed = authority("Plant root", own=key("box"))
    assert vouch(leaf(HOST, issuer=borrowed)).by == By.OPEN
    assert vouch(leaf(HOST, issuer=borrowed), borrowed).by == By.NOBODY


@pytest.mark.parametrize(
    ("begin", "end", "current"),
    [(BORN, ENDS, True), (BORN, NOW - DAY, False), (NOW + DAY, ENDS, False), (BORN, NOW, True), (NOW, ENDS, True)],
)
def test_the_time_of_the_capture_counts(begin, end, current):
    """Not today's; who vouches does not change with it."""
    told = vouch(leaf(HOST, issuer=ROOT, begin=begin, end=end))
    assert (told.by, told.named, told.current) == (By.USER, True, current)
    assert bool(told.why) is not current


def test_a_name_that_the_certificate_does_not_hold():
    """It stays vouched for; it is not for this host, and the strict check says so."""
    told = vouch(LEAF, BETWEEN, name="other.example")
    assert (told.by, told.named, told.current, bool(told.why)) == (By.USER, False, True, True)


@pytest.mark.parametrize("name", ["", "*.example", "10.0.0.1", "2001:db8::1", "ex ample", "bücher.example"])
def test_names_that_are_none(name):
    """What was asked for may be an address, nothing or anything."""
    told = vouch(LEAF, BETWEEN, name=name)
    assert (told.by, told.named) == (By.USER, False)


def test_strictness_alone_forges_nothing():
    """A chain that browsers dislike keeps who vouches for it, and why they dislike it."""
    narrow = authority("Plant narrow", ROOT, forbids=[HOST])
    bound = vouch(leaf(HOST, issuer=narrow), narrow)
    assert (bound.by, bound.named, bound.current, bool(bound.why)) == (By.USER, True, True, True)
    bare = vouch(leaf(HOST, issuer=ROOT, bare=True))
    assert (bare.by, bool(bare.why)) == (By.USER, True)
    nameless = vouch(leaf(issuer=ROOT, common=HOST))
    assert (nameless.by, nameless.named, bool(nameless.why)) == (By.USER, True, True)
    late = authority("Plant late", ROOT, end=NOW - DAY)
    expired = vouch(leaf(HOST, issuer=late), late)
    assert (expired.by, expired.current, bool(expired.why)) == (By.USER, True, True)


def test_many_of_one_name_are_not_all_tried(monkeypatch):
    """Names can be borrowed: so many signatures are tried, and no more."""
    pretenders = [authority("Plant root", own=key(f"pretender {at}")) for at in range(2 * MOST_TRIED)]
    tried = []
    whole = x509.Certificate.verify_directly_issued_by
    monkeypatch.setattr(
        "analyzer.judging.vouching._issued", lambda one, issuer: tried.append(issuer) or _good(whole, one, issuer)
    )
    made = leaf(HOST, issuer=authority("Plant root", own=key("none of them")))
    begun = time.monotonic()
    assert vouch(made, *pretenders, user=()).by == By.OPEN
    assert len(tried) == MOST_TRIED
    assert time.monotonic() - begun < 5


def _good(whole, one, issuer):
    try:
        whole(one, issuer)
    except Exception:  # noqa: BLE001 - whatever is wrong with it
        return False
    return True


def test_pretenders_do_not_stand_before_a_root():
    """However many of its name a capture holds, the root itself is tried."""
    pretenders = [authority("Plant root", own=key(f"pretender {at}")) for at in range(2 * MOST_TRIED)]
    assert vouch(leaf(HOST, issuer=ROOT), *pretenders).by == By.USER


def test_authorities_that_sign_each_other_end():
    """A circle has no root."""
    one, two = key("one"), key("two")
    first = authority("one", authority("two", own=two), own=one)
    second = authority("two", authority("one", own=one), own=two)
    assert vouch(leaf(HOST, issuer=first), first, second, user=()).by == By.OPEN


def test_a_cross_signed_authority_leads_to_either_root():
    """One way ends with nobody, and the other with a root that vouches."""
    lone = authority("Lone root")
    crossed = authority("Lone root", ROOT, own=lone.key)
    assert vouch(leaf(HOST, issuer=lone), lone, crossed).by == By.USER


def test_what_is_no_certificate_is_passed_over():
    """Among the user's roots and what was seen."""
    trust = Trust([b"", b"\x30\x00", ROOT.der], [b"junk", BETWEEN.der])
    assert trust.vouch(LEAF.read, [], Asked(HOST, BEGIN)).by == By.USER
    assert load(b"junk") is None
    assert read_leaf(("", "", (), 0, 0, b"junk")) is None


def test_a_certificate_with_a_wrong_octet_raises_nothing():
    """Wherever it is: in names, dates, keys or extensions, which are read only when they are asked for."""
    der = leaf("wrong.example").der
    for at in range(len(der)):
        read_leaf(("", "", (), 0, 0, der[:at] + bytes([der[at] ^ 0x15]) + der[at + 1 :]))


@pytest.mark.parametrize(
    ("held", "name", "covered"),
    [
        ("files.example", "files.example", True),
        ("files.example", "FILES.example.", True),
        ("files.example", "files.example.net", False),
        ("*.files.example", "one.files.example", True),
        ("*.files.example", "files.example", False),
        ("*.files.example", "two.one.files.example", False),
        ("f*.files.example", "fa.files.example", False),
        ("*", "example", False),
        ("*", "files.example", False),
        ("10.0.0.1", "10.0.0.1", True),
        ("", "files.example", False),
    ],
)
def test_names_that_a_certificate_covers(held, name, covered):
    """A star stands for one whole label, the first (RFC 9525 section 6.3)."""
    assert covers([held], name) is covered


@pytest.mark.parametrize(
    ("given", "traceable"),
    [({}, False), ({"crl": True}, True), ({"place": "OCSP"}, True), ({"place": "CA_ISSUERS"}, True)],
)
def test_a_place_to_ask_for_revocation(given, traceable):
    """A list of what is revoked, a responder, or the issuer's certificate."""
    made = leaf(HOST, issuer=ROOT, **given)
    assert (is_traceable(made.certificate), made.read.traceable) == (traceable, traceable)


def test_who_signs_itself():
    """By its signature, whatever name its issuer has."""
    borrowed = leaf(HOST, issuer=ROOT, signer=key((HOST,)))
    assert [signs_itself(made.certificate) for made in (ROOT, LEAF, leaf(HOST), borrowed)] == [True, False, True, True]
    assert [made.read.own_key for made in (ROOT, LEAF, leaf(HOST), borrowed)] == [False, False, False, True]


def test_what_a_leaf_says_of_itself():
    """Its issuer's name in parts, and with the issuer's key as far as that is told."""
    issuer = authority("Gateway", organization="Plant, Inc.")
    told, bare = leaf(HOST, issuer=issuer).read, leaf(HOST, issuer=issuer, bare=True).read
    assert told.issuer == "CN=Gateway,O=Plant\\, Inc."
    assert told.fields == (("CN", "Gateway"), ("O", "Plant, Inc."))
    assert told.issuer_name == "Gateway"
    assert (bare.signer, told.signer.startswith(f"{told.issuer} ")) == ("", True)
    assert leaf(HOST, issuer=authority("", organization="Only")).read.issuer_name == "Only"
    assert leaf(HOST, issuer=authority("")).read.issuer_name == "an issuer without a name"


def test_a_key_of_an_unknown_kind_signs_nothing():
    """A curve that nobody knows is the capture's business, and no error."""
    known, unknown = (bytes.fromhex(f"06082a8648ce3d0301{last}") for last in ("07", "7f"))
    odd = Made(x509.load_der_x509_certificate(leaf(HOST, issuer=ROOT).der.replace(known, unknown)), LEAF.key)
    assert not odd.read.own_key


def test_who_signed_is_told():
    """The certificate whose key signed the leaf, where it was seen."""
    assert vouch(LEAF, BETWEEN).issuer == BETWEEN.mark
    assert vouch(LEAF).issuer == ""


def test_common_names_compare_without_case():
    """A common name in capitals means the host."""
    assert covers(leaf(common="Files.ACME.com").read.names, "files.acme.com")
