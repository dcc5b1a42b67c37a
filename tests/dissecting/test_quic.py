import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.conversations import Mark
from analyzer.dissecting import dissect, quic
from analyzer.tables import Quic
from tests.builders import quicsealing as qs
from tests.builders.conversations import rows, told, turned, udp
from tests.builders.facts import tls_table
from tests.builders.hellos import client_hello_message, server_hello_message, tls_record

HELLO = client_hello_message("a.example", alpn=("h3",), padding=2000)
SERVER_HELLO = server_hello_message(selected=0x0304, cipher=0x1301)
SCID = b"s" * 8
THIRD = -(-len(HELLO) // 3)


def client(payload=None, **given):
    """A client's Initial in a datagram of 1,200 octets."""
    return qs.initial(qs.crypto(0, HELLO[:1000]) if payload is None else payload, least=1200, **given)


def server(payload=None, **given):
    """A server's Initial that answers it."""
    payload = b"\2\0\0\0\0" + qs.crypto(0, SERVER_HELLO) if payload is None else payload
    return qs.initial(payload, **{"to": b"", "source": SCID, "first_id": qs.FIRST, "side": "server", **given})


def split(**given):
    """The hello in three Initials."""
    parts = [(at, HELLO[at : at + THIRD]) for at in range(0, len(HELLO), THIRD)]
    return [client(qs.crypto(*part), number=number, **given) for number, part in enumerate(parts)]


def flow(*sent):
    """Datagrams as (from the client, octets)."""
    talk = udp(*[b"x" for _ in sent])
    made = [
        message._replace(from_orig=bool(side), octets=octets)
        for message, (side, octets) in zip(talk.messages, sent, strict=True)
    ]
    return talk._replace(messages=tuple(made))


def row(found):
    """The row of table quic."""
    (one,) = rows(found, Quic)
    return one


def cells(found, *names):
    """Some cells of the row."""
    return tuple(row(found)[name] for name in names)


@pytest.mark.parametrize(
    ("version", "name"), [(qs.V1, "1"), (qs.V2, "2"), (qs.DRAFT_29, "draft-29"), (qs.MVFST, "mvfst-2")]
)
def test_the_hellos_of_both_sides_are_handed_on(version, name):
    """As records of TLS, with the marks of the datagrams; the facts stand in the row."""
    one, two, three = split(version=version)
    found = dissect(flow((1, one), (1, two), (1, three), (0, server(version=version))))
    assert found.inner == (
        (tls_record(22, HELLO), (Mark(0, 1000, 1), Mark(5 + THIRD, 2000, 2), Mark(5 + 2 * THIRD, 3000, 3))),
        (tls_record(22, SERVER_HELLO), (Mark(0, 4000, 4),)),
    )
    assert (found.tls_at, found.via) == ((0, 0), "quic")
    assert row(found) == {
        "flow": 7, "ts_ns": 1000, "version": name, "client_version": "", "server_name": "", "alpn": (), "ja4": "",
        "versions": (), "retry": False, "initials": 3, "hello_frame": 3, "zero_rtt": False, "user_agent": "",
    }  # fmt: skip


def test_initials_out_of_order_twice_and_coalesced():
    """The last part first, the first one twice, the second behind another and before 0-RTT."""
    one, two, three = split()
    ping = qs.initial(b"\1" + bytes(30), number=9)
    found = dissect(flow((1, three), (1, one), (0, server()), (1, one), (1, ping + two + qs.other(1, to=qs.FIRST))))
    assert found.inner[0].octets == tls_record(22, HELLO)
    assert [mark[2] for mark in found.inner[0].marks] == [2, 5, 1]
    assert cells(found, "initials", "hello_frame", "zero_rtt") == (5, 5, True)
    assert dissect(flow((1, one), (1, three))).inner[0].octets == tls_record(22, HELLO[:THIRD])


def test_a_server_that_is_captured_before_its_client():
    """Its Initial opens with the id of the client's, whichever comes first; so in a flow taken from its far end."""
    talk = flow((0, server()), *[(1, part) for part in split()])
    for one in (talk, turned(talk)):
        found = dissect(one)
        assert [stream.octets for stream in found.inner] == [tls_record(22, HELLO), tls_record(22, SERVER_HELLO)]
        assert cells(found, "initials", "hello_frame") == (3, 4)


def test_the_client_goes_on_with_the_id_that_the_server_chose():
    """RFC 9000 section 7.2: the keys stay those of the first id."""
    one = split()[0]
    later = split(to=SCID, first_id=qs.FIRST)[1:]
    found = dissect(flow((1, one), (0, server()), (1, later[0]), (1, later[1])))
    assert (found.inner[0].octets, row(found)["hello_frame"]) == (tls_record(22, HELLO), 4)


@pytest.mark.parametrize("damaged", [lambda octets: octets[:-1] + b"\0", lambda octets: octets[:700]])
def test_a_damaged_or_cut_initial_gives_nothing(damaged):
    """The tag does not fit, or is not there: QUIC it is, and no name is read."""
    found = dissect(udp(damaged(client())))
    assert (told(found), found.inner, found.tls_at) == (("quic", "payload"), None, None)
    assert cells(found, "version", "initials", "hello_frame") == ("1", 0, 0)


def test_a_version_without_known_keys_gives_its_name():
    """Draft 20 is known by its header."""
    found = dissect(udp(plain(0xFF000014)))
    assert (found.inner, *cells(found, "version", "initials")) == (None, "draft-20", 0)


def test_a_version_negotiation_and_what_follows():
    """RFC 9000 section 6: a greased version, the server's list, and the client begins anew, here with the same id."""
    greased = qs.header(0x1A2A3A4A, 0, qs.FIRST, b"") + bytes(1100)
    offer = qs.negotiation(0x5A6A7A8A, qs.V2, 1)
    found = dissect(flow((1, greased), (0, offer), *[(1, part) for part in split()], (0, server())))
    assert cells(found, "version", "client_version", "versions", "hello_frame") == (
        "1", "0x1a2a3a4a", ("0x5a6a7a8a", "2", "1"), 5,
    )  # fmt: skip
    alone = dissect(flow((1, greased), (0, offer)))
    assert cells(alone, "version", "client_version", "versions") == ("0x1a2a3a4a", "", ("0x5a6a7a8a", "2", "1"))


def test_a_restart_with_another_known_version_has_a_hello_of_its_own():
    """What draft 29 carried does not mix with what version 1 carries, although the id is the same."""
    old = client(qs.crypto(0, client_hello_message("old.example")), version=qs.DRAFT_29)
    found = dissect(flow((1, old), (0, qs.negotiation(1)), *[(1, part) for part in split()]))
    assert found.inner[0].octets == tls_record(22, HELLO)
    assert cells(found, "version", "client_version", "initials") == ("1", "draft-29", 4)


def test_a_server_that_goes_on_in_another_version():
    """RFC 9368 section 2.3: the hello came in version 1, the answer in version 2 with keys of the same id."""
    answer = server(version=qs.V2)
    ack = client(b"\2\0\0\0\0", version=qs.V2, to=SCID, first_id=qs.FIRST)
    found = dissect(flow(*[(1, part) for part in split()], (0, answer), (1, ack)))
    assert [stream.octets for stream in found.inner] == [tls_record(22, HELLO), tls_record(22, SERVER_HELLO)]
    assert cells(found, "version", "client_version", "initials", "hello_frame") == ("2", "1", 4, 3)


@pytest.mark.parametrize("version", [qs.V1, qs.V2])
def test_a_client_that_begins_anew_with_a_retrys_token(version):
    """RFC 9000 section 8.1.2: keys of the id that the Retry chose, even where that has few octets."""
    whole = client_hello_message("a.example")
    first = client(qs.crypto(0, whole), version=version)
    for chosen in (b"r" * 8, b"rr"):
        again = client(qs.crypto(0, whole), version=version, to=chosen, token=b"token")
        asked = qs.retry(version=version, source=chosen)
        answer = server(version=version, first_id=chosen)
        found = dissect(flow((1, first), (0, asked), (1, again), (0, answer)))
        assert [stream.octets for stream in found.inner] == [tls_record(22, whole), tls_record(22, SERVER_HELLO)]
        assert cells(found, "retry", "initials", "hello_frame") == (True, 2, 3)


def test_a_retry_that_does_not_fit_is_none():
    """Its tag is for another id, or the client sent it; without the client's Initial its form has to do."""
    asked = qs.retry(first_id=b"another!")
    assert not row(dissect(flow((1, client()), (0, asked))))["retry"]
    assert not row(dissect(flow((1, client()), (1, qs.retry()))))["retry"]
    assert row(dissect(flow((0, asked), (1, plain(1)))))["retry"]


def test_an_alert_in_clear_is_handed_on():
    """RFC 9001 section 4.8: the server closes with 0x0100 and the alert; it becomes a record of TLS."""
    closed = server(b"\x1c" + qs.varint(0x0128) + b"\6\0")
    found = dissect(flow((1, client()), (0, closed)))
    assert found.inner[1] == (tls_record(21, b"\2\x28"), (Mark(0, 2000, 2),))
    lone = dissect(flow((1, client(b"\1")), (0, closed)))
    assert (lone.inner, row(lone)["initials"]) == (None, 1)


def test_googles_versions_with_keys():
    """Q050 has a CHLO in its CRYPTO frames, T051 a ClientHello; both number frames as Google did."""
    chlo = qs.message(b"CHLO", PAD=b"-" * 90, SNI=b"a.example", UAID=b"Chrome/85")
    found = dissect(udp(client(qs.crypto(0, chlo, 8), version=qs.Q050)))
    assert found.inner is None
    assert cells(found, "version", "server_name", "user_agent", "hello_frame") == ("Q050", "a.example", "Chrome/85", 1)
    hello = client_hello_message("a.example")
    found = dissect(udp(client(qs.crypto(0, hello, 8), version=qs.T051)))
    assert (found.inner[0].octets, row(found)["version"]) == (tls_record(22, hello), "T051")


def test_a_hello_in_clear():
    """Q043: name and program of the client; no TLS is in it."""
    chlo = qs.message(b"CHLO", SNI=b"a.example", UAID=b"Chrome/72")
    found = dissect(udp(qs.public("Q043", qs.stream_one(0, chlo))))
    assert (found.inner, found.tls_at) == (None, None)
    assert cells(found, "version", "server_name", "user_agent", "initials", "hello_frame") == (
        "Q043", "a.example", "Chrome/72", 1, 1,
    )  # fmt: skip


def test_a_client_that_leaves_googles_version_behind():
    """The server offers version 1, and the client takes it."""
    old = qs.public("Q043", qs.stream_one(0, qs.message(b"CHLO", SNI=b"old.example")))
    found = dissect(flow((1, old), (0, b"\x09" + b"c" * 8 + b"Q050T051"), *[(1, part) for part in split()]))
    assert found.inner[0].octets == tls_record(22, HELLO)
    assert cells(found, "version", "client_version", "versions", "server_name", "hello_frame") == (
        "1", "Q043", ("Q050", "T051"), "", 5,
    )  # fmt: skip


def test_the_rows_get_what_the_tls_inside_tells():
    """The first row of a flow, the first session inside QUIC; a session of another flow or kind tells nothing."""
    made = [(*dissect(udp(client())).rows[0][1],) for _ in range(2)]
    made = [(flow_row, *made[0][1:]) for flow_row in (9, 7, 9)]
    sessions = tls_table(
        {"flow": 7, "server_name": "no.example"},
        {"flow": 9, "server_name": "a.example", "alpn": ("h3",), "via": "quic"},
        {"flow": 9, "server_name": "late.example", "via": "quic"},
    )
    table = quic.with_sessions(made, sessions)
    assert table.flow.tolist() == [7, 9]
    assert table.server_name.tolist() == ["", "a.example"]
    assert table.alpn.tolist() == [(), ("h3",)]
    assert quic.with_sessions([], tls_table()).flow.size == 0


def plain(version, first=0xC3, to=b"d" * 8, source=b"s" * 5, rest=1200):
    """RFC 9000 section 17.2: first octet, version, two connection ids behind their lengths."""
    return (
        bytes([first])
        + version.to_bytes(4, "big")
        + bytes([len(to)])
        + to
        + bytes([len(source)])
        + source
        + b"p" * rest
    )


@pytest.mark.parametrize("version", [1, 0x6B3343CF, 0xFF00001D, 0xFF000011, 0xFACEB002])
def test_a_long_header_of_a_known_version_is_quic(version):
    """RFC 9000, RFC 9369, drafts and mvfst, on any port and from either side, also where the datagram is cut."""
    talk = udp(plain(version), resp_p=8443)
    assert told(dissect(talk)) == told(dissect(turned(talk))) == ("quic", "payload")
    assert told(dissect(udp(plain(version)[:96]))) == ("quic", "payload")


def test_version_negotiation_and_googles_quic():
    """RFC 9000 section 17.2.1: version 0 and a list; before the IETF the version was text."""
    assert told(dissect(udp(b"", plain(0, rest=0) + b"\x0a\x1a\x2a\x3a\x00\x00\x00\x01"))) == ("quic", "payload")
    assert told(dissect(udp(b"\x0d" + b"c" * 8 + b"Q043\x01" + b"x" * 50))) == ("quic", "payload")
    assert told(dissect(udp(b"\xc3Q050\x50" + b"x" * 50))) == ("quic", "payload")


@pytest.mark.parametrize(
    "octets",
    [
        plain(2),
        plain(1, first=0x43),
        plain(1, first=0x83),
        plain(1, to=b"d" * 21),
        plain(1, source=b"s" * 30),
        plain(1, rest=3)[:16],
        plain(0, rest=0) + b"\x0a\x1a\x2a\x3a",
        b"\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x40" + bytes(64),
        b"\x00\x01\x00\x08\x21\x12\xa4\x42" + bytes(20),
        b"\xff" * 60,
    ],
)
def test_other_datagrams_are_not(octets):
    """Unknown versions, short headers, ids too long, DTLS, STUN."""
    assert quic.dissect(udp(octets, resp_p=443)) is None


@given(st.binary(max_size=60))
def test_any_octets_never_raise(octets):
    """Whatever stands behind a version."""
    quic.dissect(udp(b"\xc0\0\0\0\1" + octets, b"\xc0\0\0\0\0" + octets, octets))
