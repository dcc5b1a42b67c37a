"""XMPP by its streams; TLS behind <proceed/>."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, xmpp
from tests.builders import hellos as he
from tests.builders.conversations import tcp, told, turned

HELLO, ANSWER = he.client_hello("chat.example"), he.server_flight()
OPENING = b"<?xml version='1.0'?><stream:stream to='a' xmlns:stream='http://etherx.jabber.org/streams'>"
NAMESPACE = b"xmlns='urn:ietf:params:xml:ns:xmpp-tls'"
FEATURES = b"<stream:features><starttls " + NAMESPACE + b"/></stream:features>"


@pytest.mark.parametrize("closed", [b"/>", b"></%s>"])
def test_proceed_begins_tls(closed):
    """RFC 6120 section 5.4.2.3: behind both elements, however they are closed."""
    asked = b"<starttls " + NAMESPACE + closed.replace(b"%s", b"starttls")
    agreed = b"<proceed " + NAMESPACE + closed.replace(b"%s", b"proceed")
    talk = tcp(OPENING, OPENING + FEATURES, asked, agreed, HELLO, ANSWER)
    found = dissect(talk)
    at = len(OPENING + asked), len(OPENING + FEATURES + agreed)
    assert (told(found), found.tls_at, found.via) == (("xmpp", "payload"), at, "starttls")
    assert dissect(turned(talk)).tls_at == at[::-1]


def test_a_failure_begins_nothing():
    """RFC 6120 section 5.4.2.2."""
    failed = b"<failure " + NAMESPACE + b"/></stream:stream>"
    found = dissect(tcp(OPENING, OPENING + FEATURES, b"<starttls " + NAMESPACE + b"/>", failed))
    assert (told(found), found.tls_at) == (("xmpp", "payload"), None)


def test_other_xml_is_not_xmpp():
    """A stream of another namespace, and a word that begins alike."""
    assert xmpp.dissect(tcp(b"<?xml version='1.0'?><stream:stream xmlns='x'>")) is None
    assert xmpp.dissect(tcp(b"<stream:streams xmlns='http://etherx.jabber.org/streams'>")) is None


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_octets_never_raise(client, server):
    """Whatever follows on the openings."""
    xmpp.dissect(tcp(OPENING + b"<starttls" + client, OPENING + b"<proceed" + server))
