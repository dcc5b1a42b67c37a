"""What saved facts tell of each server name."""

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from analyzer.judging.baseline import Baseline, Known, alike, certificate_octets
from analyzer.judging.vouching import is_logged
from tests.builders.certificates import stamped
from tests.builders.facts import certificates_table
from tests.builders.site import API, EDGE, PUBLIC, STORE, Scene

HELLO = "t13d3112h1_e8f1e7e78f70_b26ce05bbdd6"
OTHER = "t13d2812h1_a01be8c064b6_ef4b9b248d72"
FLIGHT = ("22:122", "20:1", "23:42", "23:1025", "23:96", "23:69", "23:282")
NOTHING = Known(frozenset(), frozenset(), frozenset(), retried=False, octets=frozenset(), logged=False)


def facts(*sessions, certificates=()):
    """Facts with sessions, each given by its name and columns of Tls, and certificates by fingerprint."""
    scene = Scene()
    for name, columns in sessions:
        scene.tls(EDGE, PUBLIC, name)
        scene.rows["tls"][-1].update(columns)
    rows = [{"fingerprint": mark, "der": made.public_bytes(Encoding.DER)} for mark, made in certificates]
    return replace(scene.seen(), certificates=certificates_table(*rows))


def known(*sessions, **given):
    """What is known of one name from its sessions."""
    return Baseline.of([facts(*((API, columns) for columns in sessions), **given)]).names[API]


def test_a_name_has_what_all_its_sessions_tell_in_all_facts():
    """Versions, protocols, hellos and lengths of several saved captures are united by name."""
    one = facts((API, {"ja4": HELLO, "version": "TLSv13", "server_records": FLIGHT, "hello_retry": True}))
    two = facts(
        (API, {"ja4": OTHER, "version": "TLSv12", "server_alpn": "h2"}), (STORE, {"ja4": OTHER, "version": "TLSv12"})
    )
    baseline = Baseline.of([one, two])
    united = Known(
        frozenset({HELLO, OTHER}), frozenset({"TLSv13", "TLSv12"}), frozenset({"h2"}), retried=True,
        octets=frozenset({1025}), logged=False,
    )  # fmt: skip
    single = replace(NOTHING, hellos=frozenset({OTHER}), versions=frozenset({"TLSv12"}), protocols=frozenset({""}))
    assert (baseline.names, baseline.hellos) == ({API: united, STORE: single}, frozenset({HELLO, OTHER}))


def test_no_facts_know_no_name():
    """An empty baseline names nothing."""
    assert Baseline.of([]) == Baseline({}, frozenset())


def test_only_established_sessions_with_a_name_tell_of_a_server():
    """A session that failed, or that names nobody, tells of no server; its hello is the device's all the same."""
    failed = API, {"ja4": HELLO, "version": "TLSv10", "established": False}
    baseline = Baseline.of([facts(failed, ("", {"ja4": OTHER, "version": "TLSv12"}))])
    assert (baseline.names, baseline.hellos) == ({}, frozenset({HELLO, OTHER}))


def test_a_resumed_session_tells_nothing_of_certificate_and_protocol():
    """Its records hold no certificate, and its ServerHello may leave out ALPN."""
    seen = known(
        {"version": "TLSv13", "resumed": True, "server_records": ("23:42", "23:53", "23:900")},
        {"version": "TLSv12", "resumed": True},
    )
    assert seen == replace(NOTHING, versions=frozenset({"TLSv13", "TLSv12"}))


@pytest.mark.parametrize(
    ("records", "octets"),
    [
        (FLIGHT, 1025),
        (("22:122", "23:3000", "23:250", "23:250", "23:16000"), 3000),
        (("22:122", "20:1", "23:42", "23:53", "23:16000"), 16000),
        (("22:122", "20:1", "23:42", "23:96", "23:96", "23:69", "23:16000"), 0),
        ((), 0),
    ],
)
def test_the_record_with_the_certificate_is_the_first_that_can_hold_one(records, octets):
    """It is found in a flight of several records or of one, whatever data follows it."""
    assert certificate_octets(records) == octets


@pytest.mark.parametrize("logged", [True, False])
def test_the_signature_of_a_log_is_seen_in_a_certificate(logged):
    """It stands in an extension of its own."""
    made = x509.load_der_x509_certificate(stamped(API, logged=logged).public_bytes(Encoding.DER))
    assert is_logged(made) is logged


@pytest.mark.parametrize(
    ("chains", "logged"),
    [
        ([("good",)], True),
        ([("good", "bare")], True),
        ([("good",), ("bare",)], False),
        ([("bare",)], False),
        ([("lost",)], False),
        ([()], False),
    ],
)
def test_a_name_is_logged_where_all_its_leaves_are(chains, logged):
    """A certificate that is not in the facts tells nothing, nor does a session without one."""
    held = ("good", stamped(API, logged=True)), ("bare", stamped(API, logged=False))
    seen = known(*({"version": "TLSv12", "chain": chain} for chain in chains), certificates=held)
    assert seen.logged is logged


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (HELLO, HELLO, True),
        (HELLO, "t13i310900_e8f1e7e78f70_b26ce05bbdd6", True),
        (HELLO, "t13d3113h1_e8f1e7e78f70_0123456789ab", True),
        (HELLO, "t13d3114h1_e8f1e7e78f70_0123456789ab", True),
        (HELLO, "t13d3115h1_e8f1e7e78f70_0123456789ab", False),
        (HELLO, "t13d3112h1_e8f1e7e78f70_0123456789ab", False),
        (HELLO, "q13d3112h1_e8f1e7e78f70_b26ce05bbdd6", False),
        (HELLO, OTHER, False),
        (HELLO, "", False),
        ("", "", True),
    ],
)
def test_hellos_of_one_program_differ_in_name_protocol_and_ticket_only(one, other, same):
    """Without SNI and ALPN the hashes stay; a ticket and early data are one or two extensions more."""
    assert (alike(one, other), alike(other, one)) == (same, same)


def test_a_baseline_without_hellos_speaks_against_none():
    """Where no hello to a name was seen whole, none can differ from it."""
    assert (NOTHING.speaks(HELLO), replace(NOTHING, hellos=frozenset({OTHER})).speaks(HELLO)) == (True, False)


def test_a_hello_to_another_name_is_known_to_the_baseline():
    """The whole baseline is asked whether it knows a hello."""
    baseline = Baseline.of([facts((API, {"ja4": HELLO}))])
    assert (baseline.speaks(HELLO), baseline.speaks(OTHER)) == (True, False)
