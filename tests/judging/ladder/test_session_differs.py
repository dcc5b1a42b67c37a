"""Servers that do not answer as they did."""

from dataclasses import replace

import numpy as np
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from analyzer.judging.baseline import Baseline
from analyzer.judging.ladder import session_differs
from analyzer.judging.sessions import read_sessions
from analyzer.judging.sight import Sight
from analyzer.judging.vantage import Vantage
from tests.builders.certificates import stamped
from tests.builders.facts import certificates_table
from tests.builders.site import API, EDGE, PUBLIC, Scene

HELLO = "t13d3112h1_e8f1e7e78f70_b26ce05bbdd6"
OTHER = "t13d2812h1_a01be8c064b6_ef4b9b248d72"
FRAMES = {"client_hello_frame": 3, "server_hello_frame": 4, "certificate_frame": 5}
NEWER = {
    "ja4": HELLO,
    "version": "TLSv13",
    "client_version": "TLSv13",
    "server_records": ("22:122", "23:42", "23:1000"),
}
OLDER = {
    "ja4": HELLO, "version": "TLSv12", "client_version": "TLSv13", "alpn": ("h2", "http/1.1"),
    "server_alpn": "http/1.1", "chain": ("logged",),
}  # fmt: skip
VERSION = "TLSv12 was chosen (there TLSv13)"
PROTOCOL = "no protocol was chosen by ALPN (there http/1.1)"
RETRY = "the server asked for another hello (there never)"
BARE = "the certificate carries no signature of a log (there always)"


def made(mark):
    """A row of a certificate that carries the signature of a log, or not."""
    return {"fingerprint": mark, "der": stamped(API, logged=mark == "logged").public_bytes(Encoding.DER)}


CERTIFICATES = certificates_table(made("logged"), made("bare"))


def facts(*sessions, name=API, server=PUBLIC):
    """Facts with sessions of one name, each given by columns of Tls."""
    scene = Scene()
    for columns in sessions:
        scene.tls(EDGE, server, name)
        scene.rows["tls"][-1].update(FRAMES | columns)
    return replace(scene.seen(), certificates=CERTIFICATES)


def evidence(seen, before):
    """What is found in facts against earlier ones, None for no baseline."""
    every = np.ones(len(seen.flows.proto), np.bool_)
    sessions = read_sessions(seen, every, (), lambda _: frozenset())
    baseline = Baseline.of([before]) if before else None
    return list(session_differs.find(Sight(Vantage(seen, every), sessions, ~every, None, baseline)))


def said(now, *before):
    """In what a session differs from earlier ones, in words."""
    found = evidence(facts(now), facts(*before))
    return [part for seen in found for part in seen.detail.partition(": ")[2].split("; ")]


def record(octets):
    """The server's records with a certificate in one of this length."""
    return {"server_records": ("22:122", "20:1", "23:42", f"23:{octets}", "23:96", "23:69")}


def test_one_piece_of_evidence_tells_of_all_differences():
    """A server that differs in version, hello and log is told of once."""
    now = OLDER | {"chain": ("bare",), "hello_retry": True, "server_alpn": ""}
    (found,) = evidence(facts(now), facts(NEWER | {"chain": ("logged",)}))
    assert (str(found.leaning), str(found.strength), found.flow) == ("intercepted", "suggestive", 0)
    assert (found.target, found.frames) == (API, (3, 4, 5))
    assert found.detail == f"{API} against the baseline: {VERSION}; {RETRY}; {BARE}"


@pytest.mark.parametrize("same", [NEWER, OLDER], ids=["TLS 1.3", "TLS 1.2"])
def test_what_is_as_it_was_tells_nothing(same):
    """The healthy twin answers as in the baseline."""
    assert said(same, same) == []


@pytest.mark.parametrize(("octets", "differs"), [(749, True), (750, False), (1250, False), (1251, True)])
def test_a_certificate_record_differs_by_more_than_a_quarter(octets, differs):
    """A renewed certificate has about the length of the one before."""
    expected = [f"the record with the certificate has {octets} octets (there 1000)"] if differs else []
    assert said(NEWER | record(octets), NEWER) == expected


def test_a_refused_session_shows_its_certificate_record_as_well():
    """The client that refuses it has seen it."""
    refused = NEWER | record(600) | {"established": False}
    assert said(refused, NEWER) == ["the record with the certificate has 600 octets (there 1000)"]


def test_another_server_of_the_operator_has_been_there_before():
    """Any length of the baseline will do."""
    assert said(NEWER | record(3000), NEWER, NEWER | record(2900)) == []


@pytest.mark.parametrize(
    "now", [record(600) | {"resumed": True}, record(600) | {"ja4": OTHER}, record(60)],
    ids=["resumed", "other hello", "no certificate"],
)  # fmt: skip
def test_certificate_records_are_compared_for_one_hello_only(now):
    """A resumed session has none, and another program may ask for another kind."""
    assert said(NEWER | now, NEWER) == []


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (OLDER, [NEWER], [VERSION]),
        (OLDER, [NEWER, OLDER], []),
        (OLDER | {"client_version": "TLSv12"}, [NEWER], []),
        (OLDER | {"client_version": ""}, [NEWER], []),
        (OLDER | {"version": ""}, [NEWER], []),
        (OLDER | {"version": "DTLSv12", "client_version": "DTLSv12"}, [NEWER], []),
        (OLDER | {"version": "TLSv10"}, [OLDER], ["TLSv10 was chosen (there TLSv12)"]),
        (NEWER, [OLDER], []),
        (NEWER, [OLDER | {"version": ""}], []),
    ],
)
def test_a_version_is_lowered_where_the_client_still_offers_the_newer_one(now, before, expected):
    """A device that no longer offers it explains it itself, and no answer chooses nothing."""
    assert said(now, *before) == expected


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ({}, [OLDER], [PROTOCOL]),
        ({}, [OLDER, OLDER | {"server_alpn": ""}], []),
        ({"alpn": ()}, [OLDER], []),
        ({"alpn": ("h2",)}, [OLDER], []),
        ({"resumed": True}, [OLDER], []),
        ({"version": "TLSv13"}, [OLDER], []),
        ({"version": ""}, [OLDER], []),
        ({}, [NEWER | {"version": ""}], []),
    ],
)
def test_a_protocol_is_missed_where_it_was_always_chosen_and_is_still_offered(now, before, expected):
    """In TLS 1.3 the choice is encrypted."""
    assert said(OLDER | {"server_alpn": ""} | now, *before) == expected


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ({}, [NEWER], [RETRY]),
        ({}, [NEWER, NEWER | {"hello_retry": True}], []),
        ({"ja4": OTHER}, [NEWER], []),
    ],
)
def test_another_hello_is_asked_for_that_never_was(now, before, expected):
    """Another hello may lack what the server wants."""
    assert said(NEWER | {"hello_retry": True} | now, *before) == expected


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ("bare", [OLDER], [BARE]),
        ("bare", [OLDER, OLDER | {"chain": ("bare",)}], []),
        ("bare", [OLDER | {"chain": ()}], []),
        ("logged", [OLDER], []),
        ("lost", [OLDER], []),
    ],
)
def test_a_certificate_lacks_the_log_that_all_had(now, before, expected):
    """A certificate that cannot be read tells nothing."""
    assert said(OLDER | {"chain": (now,)}, *before) == expected


def test_only_public_servers_that_the_baseline_knows_are_compared():
    """Another name, no name, a server of the site's own, and no baseline at all tell nothing."""
    now = OLDER | {"hello_retry": True}
    found = [
        evidence(facts(now, name="works.example"), facts(NEWER)),
        evidence(facts(now, name=""), facts(NEWER, name="")),
        evidence(facts(now, server="10.7.0.200"), facts(NEWER)),
        evidence(facts(now), facts(NEWER | {"established": False})),
        evidence(facts(now), None),
    ]
    assert found == [[], [], [], [], []]
