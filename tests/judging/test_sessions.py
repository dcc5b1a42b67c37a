"""TLS sessions as the ladder looks at them."""

import pytest

from analyzer.judging.sessions import encrypted, owner, read_sessions, unrelated
from tests.builders.certificates import ENDS, NOW, Shown, authority, leaf, sight_of
from tests.builders.site import EDGE, PUBLIC

HOST = "files.example"
ROOT = authority("Plant root")


@pytest.mark.parametrize(
    ("name", "whose"),
    [
        ("a.b.example.com", "example.com"),
        ("example.com", "example.com"),
        ("gateway", ""),
        ("", ""),
        ("10.0.0.1", ""),
        ("2001:db8::1", ""),
    ],
)
def test_whose_a_name_is(name, whose):
    """The last two labels tell; addresses and single labels tell nobody."""
    assert owner(name) == whose


@pytest.mark.parametrize(
    ("names", "several"),
    [
        ([], False),
        (["one.example"], False),
        (["a.one.example", "b.one.example"], False),
        (["a.acme.com", "b.acme.com"], False),
        (["www.machinemetrics.com", "api.machinemetrics-us-gov.com"], False),
        (["acme.com", "other.net"], True),
        (["acme.com", "10.0.0.1", "gateway", ""], False),
        (["10.0.0.1", "10.0.0.2"], False),
        (["acme.com", "acme.net"], False),
        (["acmes.com", "acmes.net", "zebra.org"], True),
    ],
)
def test_names_of_several_owners(names, several):
    """Those whose domains begin alike count as one owner's; the order says nothing."""
    assert (unrelated(names), unrelated(names[::-1])) == (several, several)


def test_the_records_of_application_data():
    """The lengths of a client's, others left out."""
    assert encrypted(("22:512", "20:1", "23:53", "21:2", "23:120")) == [53, 120]
    assert encrypted(()) == []


def session(records=(), history="", version="TLSv12", established=False, chain=(), **tls):
    """One session of an Edge."""
    scene = Shown()
    cells = {"client_records": records, "version": version, "established": established, **tls}
    scene.show(EDGE, PUBLIC, HOST, *chain, tls=cells, history=history)
    (read,) = sight_of(scene, roots=[ROOT]).sessions
    return read


@pytest.mark.parametrize(
    ("version", "records", "finished"),
    [
        ("TLSv12", ("22:200", "22:70", "20:1", "22:40"), True),
        ("TLSv12", ("22:200", "22:70", "20:1"), False),
        ("TLSv12", ("22:200", "22:70"), False),
        ("TLSv12", ("22:200", "20:1", "21:26"), False),
        ("TLSv13", ("22:512", "20:1", "23:53"), True),
        ("TLSv13", ("22:512", "20:1"), False),
        ("DTLSv13", ("22:512", "23:53"), True),
        ("", (), False),
    ],
)
def test_a_client_that_sent_its_finished(version, records, finished):
    """An encrypted record in TLS 1.3, a handshake record behind ChangeCipherSpec before that."""
    assert session(records, version=version).finished is finished


@pytest.mark.parametrize(
    ("version", "records", "history", "silent"),
    [
        ("TLSv12", ("22:200", "20:1", "22:40"), "ShADadF", True),
        ("TLSv12", ("22:200", "20:1", "22:40"), "ShADadR", True),
        ("TLSv12", ("22:200", "20:1", "22:40"), "ShADadfF", False),
        ("TLSv12", ("22:200", "20:1", "22:40"), "ShADad", False),
        ("TLSv12", ("22:200", "20:1", "22:40", "23:99"), "ShADadF", False),
        ("TLSv13", ("22:512", "23:53"), "ShADadF", True),
        ("TLSv13", ("22:512", "23:53", "23:99"), "ShADadF", False),
        ("TLSv13", ("22:512",), "ShADadFr", True),
    ],
)
def test_a_client_that_leaves_without_a_word(version, records, history, silent):
    """It sent no data after its handshake, and was the first to close; in TLS 1.3 its Finished is encrypted as data."""
    assert session(records, history, version).silent is silent


def test_a_session_that_went_on_is_not_silent():
    """Whatever the first records tell."""
    assert session(("22:200", "20:1", "22:40"), "ShADadF", established=True).silent is False


@pytest.mark.parametrize(
    ("made", "established", "proven"),
    [
        (leaf(HOST, issuer=ROOT), True, True),
        (leaf(HOST, issuer=ROOT), False, False),
        (leaf("other.example", issuer=ROOT), True, False),
        (leaf(HOST, issuer=ROOT, begin=NOW.replace(year=2024), end=ENDS.replace(year=2025)), True, False),
        (leaf(HOST), True, False),
    ],
)
def test_a_server_that_is_proven(made, established, proven):
    """By a certificate that is vouched for, for this name and time, and a session that went on."""
    assert session(established=established, chain=[made]).proven is proven


def test_without_a_certificate_nothing_is_proven():
    """Nobody vouches for what is not seen."""
    read = session(established=True)
    assert (read.leaf, read.voucher, read.vouched, read.proven) == (None, None, False, False)


def test_a_certificate_that_the_facts_lack():
    """A fingerprint without its certificate."""
    scene = Shown()
    scene.tls(EDGE, PUBLIC, HOST)
    scene.rows["tls"][-1].update(chain=("0" * 64,))
    (lacking,) = sight_of(scene).sessions
    assert (lacking.leaf, lacking.proven) == (None, False)


def test_whom_the_client_wanted():
    """Its SNI, else what else names the server; not the certificate, which anybody can write."""
    scene = Shown()
    scene.tls(EDGE, PUBLIC, HOST)
    for basis in ("dns", "cert"):
        scene.tls(EDGE, PUBLIC)
        scene.rows["flows"][-1].update(server_name="told.example", server_name_basis=basis)
    read = sight_of(scene).sessions
    assert [one.name for one in read] == [HOST, "told.example", ""]
    assert [one.whom for one in read] == [HOST, "told.example", PUBLIC]


def test_an_answer():
    """By a ServerHello, or any record."""
    assert [session(**cells).answered for cells in ({}, {"server_hello_frame": 0}, {"server_records": ("21:2",)})] == [
        True,
        False,
        True,
    ]


def test_only_flows_that_are_asked_about():
    """In order; the issuers are those of their rules."""
    scene = Shown()
    made, mine = leaf(HOST, issuer=ROOT), []
    rows = [scene.show(EDGE, PUBLIC, HOST, made, ROOT) for _ in range(3)]
    seen = scene.seen()
    wanted = seen.flows.start_ns >= seen.flows.start_ns[rows[1]]
    read = read_sessions(
        seen, wanted, (), lambda flow: mine.append(flow) or frozenset({ROOT.mark} if flow == 2 else ())
    )
    assert [(one.flow, one.vouched) for one in read] == [(1, False), (2, True)]
    assert mine == [1, 2]
