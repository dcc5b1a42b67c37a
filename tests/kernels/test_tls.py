"""TLS sessions are read as the oracle reads them: split, disordered, doubled, damaged, one-sided."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.conversations import Conversation, Mark, Stream
from analyzer.dissecting.tls import sessions
from analyzer.iana import group_name
from analyzer.metering.harvest import Harvest, Sessions
from analyzer.metering.strings import Strings
from tests.builders import hellos as he
from tests.oracle import tls as oracle

DER = b"\x30\x03\x02\x01\x05"
HELLO = he.client_hello("Machine.Example.", alpn=("h2", "http/1.1"), ech=True)
FLIGHT = he.server_flight(DER, b"\x30\x03\x02\x01\x06")


def read(client, server):
    """(row of the table, DERs) of the session in two streams; None where it is no TLS."""
    found = Harvest(Strings(7, 1, 4), Strings(7, 1, 4))
    streams = [Stream(octets, (Mark(0, 5, 9),) if octets else ()) for octets in (client, server)]
    if not found.read_inner(Conversation(0, 6, 40000, 443, *streams), (0, 0), "connect"):
        return None
    ders = [der.hex() for der in found.ders.octets()]
    table = sessions(found.sessions[0], found.strings.texts(), ders, found.lists.octets())
    return {name: getattr(table, name).tolist()[0] for name in table._fields}


def expected(client, server):
    """The same of the oracle, as far as they can be compared."""
    seen = oracle.read(client, server)
    return {
        "server_name": seen.server_name, "alpn": seen.alpn, "server_alpn": seen.server_alpn,
        "ech": bool(seen.ech), "ech_kind": seen.ech_kind, "ech_config": seen.ech_config,
        "groups": tuple(map(group_name, seen.groups)), "ja3": seen.ja3, "ja3s": seen.ja3s, "ja4": seen.ja4("t"),
        "resumption": seen.resumption,
        "resumed": seen.resumed, "established": seen.established, "hello_retry": seen.retry,
        "hello_octets": seen.hello_octets, "client_records": seen.client_records,
        "server_records": seen.server_records, "alert": seen.alert, "alert_from": seen.alert_side,
        "chain": tuple(der.hex() for der in seen.chain),
    }  # fmt: skip


def assert_alike(client, server):
    """Kernel and oracle say the same of two streams."""
    made = read(client, server)
    assert (made is not None) == bool(oracle.looks(client, server))
    if made is not None:
        wanted = expected(client, server)
        assert {name: made[name] for name in wanted} == wanted


def split(message, sizes, kind=he.HANDSHAKE):
    """A message over several records."""
    parts, at = [], 0
    for size in [*sizes, len(message)]:
        if message[at : at + size]:
            parts.append(he.tls_record(kind, message[at : at + size]))
        at += size
    return b"".join(parts)


def test_a_hello_tells_name_protocols_and_versions():
    """What stands in a ClientHello and its answer comes out, the name in lower case without final dot."""
    made = read(HELLO, FLIGHT)
    assert (made["server_name"], made["alpn"], made["ech"]) == ("machine.example", ("h2", "http/1.1"), True)
    assert (made["version"], made["client_version"]) == ("TLSv12", "TLSv13")
    assert made["chain"] == (DER.hex(), "3003020106")
    assert made["via"] == "connect"
    assert_alike(HELLO, FLIGHT)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 90), max_size=8), st.lists(st.integers(1, 90), max_size=8))
def test_messages_over_several_records_are_put_together(hello, flight):
    """However hello and flight are cut into records, they tell the same."""
    client = split(he.client_hello_message("a.example", padding=300), hello)
    server = split(he.server_hello_message(alpn="h2") + he.certificate_message(DER), flight)
    made = read(client, server)
    assert (made["server_name"], made["server_alpn"], made["chain"]) == ("a.example", "h2", (DER.hex(),))
    assert_alike(client, server)


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 400), st.integers(0, 255)), max_size=4),
    st.integers(0, 400),
    st.integers(0, 400),
)
def test_damaged_sessions_are_read_as_the_oracle_reads_them(wrong, cut_client, cut_server):
    """Whatever octets are wrong or missing, nothing is read past an end and both agree."""
    streams = [bytearray(HELLO), bytearray(FLIGHT)]
    for client, at, value in wrong:
        streams[client][at % len(streams[client])] = value
    assert_alike(bytes(streams[0][: max(len(HELLO) - cut_client, 0)]), bytes(streams[1]))
    assert_alike(bytes(streams[0]), bytes(streams[1][: max(len(FLIGHT) - cut_server, 0)]))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_as_records_are_read_as_the_oracle_reads_them(client, server):
    """Rubbish inside records is read without harm."""
    assert_alike(he.tls_record(22, b"\1" + client), he.tls_record(22, b"\2" + server))
    assert_alike(client, server)


def test_a_part_of_a_hello_names_nobody_and_ends_nowhere():
    """A part of a name is another name; the frame of a hello is the one in which it ends."""
    whole = he.client_hello("machine.example", padding=200)
    at = whole.index(b"machine.example")
    for end in range(60, len(whole)):
        made = read(whole[:end], b"")
        named = end >= at + len(b"machine.example")
        assert (made["server_name"], made["client_hello_frame"]) == ("machine.example" if named else "", 0)
    assert read(whole, b"")["client_hello_frame"] == 9


def test_a_hello_retry_request_is_seen_and_the_first_hello_counts():
    """Two ClientHellos and two ServerHellos are one session that was asked again."""
    again = he.client_hello("second.example")
    retry = he.tls_record(22, he.server_hello_message(selected=0x0304, cipher=0x1301, random=he.RETRY))
    final = he.tls_record(22, he.server_hello_message(selected=0x0304, cipher=0x1302))
    client, server = HELLO + he.tls_record(20, b"\1") + again, retry + he.tls_record(20, b"\1") + final
    made = read(client, server)
    assert made["hello_retry"]
    assert (made["server_name"], made["version"]) == ("machine.example", "TLSv13")
    assert (made["ja4"], made["ja3"]) == (read(HELLO, b"")["ja4"], read(HELLO, b"")["ja3"])
    assert made["cipher"] == "TLS_AES_256_GCM_SHA384"
    assert made["ja3s"] == read(b"", final)["ja3s"] != ""
    assert read(b"", retry)["ja3s"] == ""
    assert_alike(client, server)


@pytest.mark.parametrize(
    ("client", "server", "resumed", "established"),
    [
        (he.tls_record(23, b"x") * 2, he.tls_record(23, b"x"), False, True),
        (he.tls_record(23, b"x"), he.tls_record(23, b"x"), False, False),
        (b"", b"", False, False),
    ],
)
def test_tls_13_is_established_after_the_clients_finished(client, server, resumed, established):
    """In TLS 1.3 the client's first record of application data is its Finished."""
    hello = he.tls_record(22, he.server_hello_message(selected=0x0304, cipher=0x1301))
    made = read(HELLO + client, hello + server)
    assert (made["resumed"], made["established"]) == (resumed, established)


def test_resumption_is_told_by_psk_or_by_a_missing_certificate():
    """TLS 1.3 accepts a PSK; TLS 1.2 goes on to encryption without a Certificate."""
    psk = he.tls_record(22, he.server_hello_message(selected=0x0304, cipher=0x1301, psk=True))
    short = he.tls_record(22, he.server_hello_message()) + he.tls_record(20, b"\1")
    assert read(HELLO, psk)["resumed"]
    assert read(HELLO, short)["resumed"]
    assert not read(HELLO, FLIGHT + he.tls_record(20, b"\1"))["resumed"]


def test_a_server_without_certificate_is_no_resumption():
    """Anonymous suites and those of a PSK have no Certificate, but a ServerHelloDone (RFC 5246 section 7.3)."""
    anonymous = he.tls_record(22, he.server_hello_message() + he.handshake(14, b"")) + he.tls_record(20, b"\1")
    assert not read(HELLO, anonymous)["resumed"]
    assert_alike(HELLO, anonymous)


@pytest.mark.parametrize(
    ("ticket", "session", "what"),
    [(b"t" * 9, b"s" * 32, "ticket"), (b"", b"s" * 32, "id"), (b"", b"", ""), (b"t", b"", "ticket")],
)
def test_what_was_resumed_is_told_by_what_was_offered(ticket, session, what):
    """RFC 5077 section 3.4: a server that is offered a ticket ignores the session id."""
    hello = he.tls_record(22, he.lists_hello_message([0xC02F], [(35, ticket)], session=session))
    short = he.tls_record(22, he.server_hello_message()) + he.tls_record(20, b"\1")
    assert read(hello, short)["resumption"] == what
    assert read(hello, FLIGHT)["resumption"] == ""
    psk = he.tls_record(22, he.server_hello_message(selected=0x0304, psk=True))
    assert read(hello, psk)["resumption"] == "psk"
    assert_alike(hello, short)


def test_a_strange_hello_is_proven_grease_where_older_tls_went_on():
    """RFC 9849 section 6.1.6: a client that meant its encrypted hello gives up when TLS 1.2 is chosen."""
    outer = (0xFE0D, b"\0\0\1\0\1\x07" + b"\0" * 20)
    hello = he.tls_record(22, he.lists_hello_message([0xC02F], [outer]))
    data, required = he.tls_record(23, b"x") * 2, he.tls_record(21, b"\2\x79")
    newer = he.tls_record(22, he.server_hello_message(selected=0x0304, cipher=0x1301))
    assert read(hello + data, FLIGHT + data)["ech_kind"] == "grease"
    assert read(hello, FLIGHT)["ech_kind"] == "unknown"
    assert read(hello + data, newer + data)["ech_kind"] == "unknown"
    assert read(hello + required, FLIGHT)["ech_kind"] == "outer"
    assert read(HELLO[:40], FLIGHT)["ech_kind"] == ""
    assert_alike(hello + data, FLIGHT + data)


@pytest.mark.parametrize(("body", "alert"), [(b"\2\x30", 48), (b"\1\0", -1), (b"\1\x5a", 90), (b"\2\0", 0)])
def test_an_alert_is_kept_unless_it_only_says_goodbye(body, alert):
    """A fatal alert or a warning counts; close_notify as a warning does not."""
    made = read(HELLO + he.tls_record(21, body), FLIGHT)
    assert made["alert"] == alert
    assert made["alert_from"] == ("client" if alert >= 0 else "")


def test_one_side_alone_is_enough():
    """Where only one direction was captured, its hello is read."""
    assert read(HELLO, b"")["server_name"] == "machine.example"
    assert read(b"", FLIGHT)["chain"]
    assert read(b"", b"") is None


def test_ten_certificates_are_kept_of_a_chain():
    """A longer chain is no reason to write past the row."""
    ders = [b"\x30\x02\x05" + bytes([k]) for k in range(14)]
    assert len(read(HELLO, he.server_flight(*ders))["chain"]) == 10


def test_no_sessions_are_an_empty_table():
    """Room for nothing is a table without rows."""
    assert sessions(Sessions.room(0), [], [], []).flow.tolist() == []
