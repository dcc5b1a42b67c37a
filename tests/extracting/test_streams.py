"""Streams of TLS and DNS without contents."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dns import DNS, DNSQR

from analyzer.extracting.disguise import Disguise
from analyzer.extracting.streams import dns_messages, framed, hello, tls
from analyzer.rulepack import shipped
from tests.builders import secrets

DISGUISE = Disguise(b"key", shipped())
HELLO = secrets.hello()


def gone(octets):
    """Nothing of certificates."""
    return bytes(len(octets))


def secret(octets):
    """What is secret in octets."""
    return [one for one in secrets.SECRETS if one in octets.lower()]


def test_a_hello_has_another_name_and_no_tickets():
    """Suites, groups, versions and what extensions there are stay as they were, to the octet."""
    made = tls(HELLO, 0, DISGUISE, gone)
    assert len(made) == len(HELLO)
    assert secret(HELLO)
    assert secret(made) == []
    at = HELLO.index(secrets.NAME.encode())
    assert made[:at] == HELLO[:at]
    assert made[at : at + len(secrets.NAME)] == DISGUISE.name(secrets.NAME.encode())
    rest = at + len(secrets.NAME)
    assert made[rest : rest + 15] == HELLO[rest : rest + 15]
    documented = secrets.hello("api.machinemetrics.com")
    assert b"api.machinemetrics.com" in tls(documented, 0, DISGUISE, gone)


def test_a_hello_of_several_records_is_one():
    """As it is read."""
    body = HELLO[5:]
    split = b"".join(b"\x16\x03\x01" + secrets.sized(part) for part in (body[:70], body[70:90], body[90:]))
    made = tls(split, 0, DISGUISE, gone)
    assert len(made) == len(split)
    assert secret(made.replace(b"\x16\x03\x01", b"")) == []
    joined = made[5:75] + made[80:100] + made[105:]
    assert joined == tls(HELLO, 0, DISGUISE, gone)[5:]


def test_a_hello_that_is_cut_or_lies_says_less():
    """What stands behind a length that does not fit is not kept."""
    for cut in range(len(HELLO)):
        assert secret(tls(HELLO[:cut], 0, DISGUISE, gone)) == []
    for at in (43, 44, 50, 51):
        lying = HELLO[:at] + b"\xff" + HELLO[at + 1 :]
        assert secret(tls(lying, 0, DISGUISE, gone)) == []


def test_certificates_are_somebody_elses_choice():
    """The rest of a server's flight is zeroed; what is encrypted too, by its lengths."""
    octets = secrets.certified() + b"\x14\x03\x03\0\1\1" + b"\x16\x03\x03\0\4\1\0hi" + b"\x17\x03\x03\0\6hemlig"
    assert secret(tls(octets, 0, DISGUISE, bytes))
    made = tls(octets, 0, DISGUISE, gone)
    assert secret(made) == []
    assert made.endswith(b"\x17\x03\x03\0\6" + bytes(6))
    assert made[:9] == octets[:9]
    assert b"\x15\x03\x03\0\2\2\x30" in tls(octets + b"\x15\x03\x03\0\2\2\x30", 0, DISGUISE, gone)
    assert b"hemlig" not in tls(b"\x15\x03\x03\0\6hemlig", 0, DISGUISE, gone)


def test_dns_over_tcp_is_dns():
    """Message by message."""
    asked = secrets.sized(bytes(DNS(id=3, qd=DNSQR(qname=secrets.NAME))))
    made = dns_messages(asked + asked + b"\0", DISGUISE)
    assert made[: len(asked)] == made[len(asked) : 2 * len(asked)]
    assert DNS(made[2 : len(asked)]).qd[0].qname == DISGUISE.name(secrets.NAME.encode()) + b"."
    assert secret(made) == []


def test_messages_that_are_all_looked_at_keep_their_heads():
    """MBAP header and function of Modbus, either way round; not the value that is written, nor where."""
    many, single = b"\0\1\0\0\0\x0f\1\x10\0\1\0\4\x08hemlig!!", b"\0\2\0\0\0\6\1\6\0\7he"
    for side in (0, 1):
        made = framed(many + single, "modbus", side)
        assert made == many[:9] + bytes(len(many) - 9) + single[:9] + bytes(3)


@given(st.binary(max_size=200), st.integers(0, 9))
def test_any_octets_are_as_many_afterwards(octets, at):
    """Whatever they are, nothing is raised."""
    for text in (octets, HELLO[: 5 + at * 9] + octets, b"\x16\x03\x03\0\x60" + octets):
        assert len(tls(text, 0, DISGUISE, bytes)) == len(text)
        assert len(tls(text, at, DISGUISE, gone)) == len(text)
        assert len(dns_messages(text, DISGUISE)) == len(text)
        assert len(framed(text, "modbus", at % 2)) == len(framed(text, "openvpn", 0)) == len(text)
        assert len(hello(text, DISGUISE, client=bool(at % 2))) <= len(text)
