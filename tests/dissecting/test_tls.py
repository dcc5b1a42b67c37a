"""Rows of the TLS kernel become the table: versions and ciphers by name, resumption, what each side sent."""

from __future__ import annotations

import pytest

from analyzer.dissecting import fingerprints as fp
from analyzer.dissecting.tls import CCS, CERTIFICATE, DONE, HELLO, VIA, sessions
from analyzer.metering.harvest import Sessions

# TLS 1.2; suite c02f; extensions 0, 10; group 29; no algorithms; version 1.3; format 0; h2
LISTS = bytes.fromhex("0303 0002c02f 0004 0000000a 0002001d 0000 00020304 000100 00026832")
ANSWER = bytes.fromhex("0303 c02f ff01")


def made(**given):
    """One session with the given numbers, as a dict."""
    raw = Sessions.room(1)
    row = raw.rows[0]
    for name in ("server_name", "alpn", "server_alpn", "hello", "answer", "ech_config", "cipher", "alert"):
        row[name] = -1
    for name, value in given.items():
        if name in {"types", "lengths", "chains", "frames"}:
            getattr(raw, name)[0][:] = value
        else:
            row[name] = value
    table = sessions(raw, ["a.example", "h2,http/1.1"], ["fp0", "fp1"], [LISTS, ANSWER])
    return {name: getattr(table, name).tolist()[0] for name in table._fields}


def test_numbers_become_names():
    """Strings by their number, versions and ciphers by the registry, a list of protocols as its members."""
    row = made(server_name=0, alpn=1, version=0x0303, client_version=0x0304, cipher=0xC02F, chain=2,
               chains=[1, 0, *[-1] * 8])  # fmt: skip
    assert (row["server_name"], row["alpn"], row["server_alpn"]) == ("a.example", ("h2", "http/1.1"), "")
    assert (row["version"], row["client_version"]) == ("TLSv12", "TLSv13")
    assert row["cipher"] == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    assert row["chain"] == ("fp1", "fp0")


def test_what_was_not_seen_is_empty():
    """No ServerHello: no version, no cipher, no alert."""
    row = made()
    assert (row["version"], row["cipher"], row["alert_from"], row["alert"], row["chain"]) == ("", "", "", -1, ())
    assert not row["established"]


@pytest.mark.parametrize(
    ("version", "psk", "seen", "resumed"),
    [
        (0x0304, 1, HELLO, True),
        (0x0304, 0, HELLO | CCS, False),
        (0x0303, 0, HELLO | CCS, True),
        (0x0303, 0, HELLO | CERTIFICATE | CCS, False),
        (0x0303, 0, HELLO | CCS | DONE, False),
        (0x0303, 1, HELLO, False),
        (0xFEFD, 0, HELLO | CCS, True),
        (0xFEFC, 1, HELLO, True),
        (0xFEFC, 0, HELLO | CCS, False),
        (0x7F17, 1, HELLO, True),
    ],
)
def test_resumption(version, psk, seen, resumed):
    """TLS 1.3 is resumed by a PSK, older ones by encryption without a certificate."""
    assert made(version=version, psk=psk, server_done=seen)["resumed"] is resumed


@pytest.mark.parametrize(
    ("version", "client", "established"), [(0x0304, 1, False), (0x0304, 2, True), (0x0303, 1, True)]
)
def test_established(version, client, established):
    """In TLS 1.3 the first application data of the client is its Finished."""
    assert made(version=version, client_data=client, server_data=1)["established"] is established
    assert not made(version=version, client_data=client, server_data=0)["established"]


def test_records_are_listed_by_side():
    """type:length in order, up to the first empty place."""
    types, lengths = [[22, 23, *[0] * 14], [22, *[0] * 15]], [[100, 53, *[0] * 14], [90, *[0] * 15]]
    row = made(types=types, lengths=lengths)
    assert (row["client_records"], row["server_records"]) == (("22:100", "23:53"), ("22:90",))


@pytest.mark.parametrize(("side", "who"), [(0, "client"), (1, "server")])
def test_an_alert_names_who_sent_it(side, who):
    """Description and sender, where one was sent in clear."""
    row = made(alert=48, alert_side=side)
    assert (row["alert"], row["alert_from"]) == (48, who)


def test_where_tls_began_is_told():
    """Every number of `via` has its word."""
    assert [made(via=k)["via"] for k in range(VIA.size)] == [
        "", "connect", "nats", "starttls", "quic", "dtls",
    ]  # fmt: skip


def test_fingerprints_are_those_of_the_lists():
    """JA3, JA3S, JA4 and groups by the numbers of the lists; what carries TLS is JA4's first letter."""
    row = made(hello=0, answer=1)
    lists = fp.read_lists(LISTS)
    assert (row["ja3"], row["ja3s"], row["ja4"]) == (fp.ja3(lists), fp.ja3s(ANSWER), fp.ja4(lists, "t"))
    assert row["groups"] == ("x25519",)
    letters = {via: made(hello=0, via=k)["ja4"][0] for k, via in enumerate(VIA.tolist())}
    assert letters == {"": "t", "connect": "t", "nats": "t", "starttls": "t", "quic": "q", "dtls": "d"}


def test_without_lists_there_is_no_fingerprint():
    """A hello that was not seen whole has none."""
    row = made()
    assert (row["ja3"], row["ja3s"], row["ja4"], row["groups"]) == ("", "", "", ())
