"""Certificates read with secrets join the facts."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
import pytest

from analyzer import api, decrypting
from analyzer.errors import AnalyzerError
from analyzer.inspecting import secrets, wireshark
from tests.builders.captures import enhanced, interface, pcap, section
from tests.builders.certificates import authority, leaf
from tests.builders.sealed import hidden, session, shots
from tests.builders.site import Scene

NAME, HERE, SERVER = "api.machinemetrics.com", "10.0.0.5", "192.0.2.9"


def facts(secret=False):
    """One session in TLS 1.3, whose certificate is encrypted, and one in TLS 1.2."""
    scene = Scene()
    for version in ("TLSv13", "TLSv12"):
        scene.tls(HERE, SERVER, NAME)
        scene.rows["tls"][-1].update(version=version, server_hello_frame=3)
    seen = scene.seen()
    return dataclasses.replace(seen, captures=(dataclasses.replace(seen.captures[0], secrets=secret),))


def chain():
    """A chain of two certificates in DER."""
    issuer = authority("Test")
    return leaf(NAME, issuer=issuer).der, issuer.der


@pytest.fixture
def tshark(monkeypatch):
    """A tshark that shows a chain for every connection that is asked for."""
    asked = []

    def read_chains(captures, keylog, wanted, timeout_s):
        asked.append((tuple(captures), keylog, tuple(wanted), timeout_s))
        return {ends: chain() for ends in wanted}

    monkeypatch.setattr(wireshark, "find", lambda: "tshark")
    monkeypatch.setattr(secrets, "read_chains", read_chains)
    return asked


def test_only_encrypted_sessions_are_asked_for(tshark):
    """The session in TLS 1.3 gets its chain and its certificates' rows, the other stays as it was."""
    made = decrypting.with_certificates(facts(), "keys.log", 9)
    assert [len(held) for held in made.tls.chain] == [2, 0]
    assert set(made.tls.chain[0]) == set(made.certificates.fingerprint)
    ((captures, keylog, wanted, timeout_s),) = tshark
    assert (captures, keylog, len(wanted), timeout_s) == (("scene.pcap",), "keys.log", 1, 9)
    assert np.array_equal(made.flows.orig_h, facts().flows.orig_h)


def test_secrets_in_the_capture_are_enough(tshark):
    """A capture that holds its secrets needs no key log."""
    assert decrypting.with_certificates(facts(secret=True), "", 9).certificates.fingerprint.size == 2
    assert len(tshark) == 1


def test_without_secrets_nothing_is_started(tshark):
    """Facts without secrets are given back as they are."""
    seen = facts()
    assert decrypting.with_certificates(seen, "", 9) is seen
    assert tshark == []


def test_a_missing_tshark_is_said(monkeypatch):
    """Where tshark is missing the capture's note says so, and the facts stay."""

    def missing():
        raise AnalyzerError("tshark is not installed")

    monkeypatch.setattr(wireshark, "find", missing)
    made = decrypting.with_certificates(facts(), "keys.log", 9)
    assert "tshark is not installed" in made.captures[0].note
    assert made.certificates.fingerprint.size == 0


@pytest.mark.parametrize("inside", [True, False])
def test_a_real_session_shows_its_chain(tmp_path, needs_program, inside):
    """A session of Python's own, with its secrets in a key log or in the capture, shows its server's chain."""
    needs_program("tshark")
    made = session(NAME)
    told = shots((secrets.Ends("10.0.0.1", 40000, "192.0.2.9", 443), made.said))
    capture, keys = tmp_path / "a.pcapng", tmp_path / "keys"
    if inside:
        capture.write_bytes(section() + hidden(made.secrets) + interface() + b"".join(map(enhanced, told)))
    else:
        capture.write_bytes(pcap(told))
        keys.write_bytes(made.secrets)
    seen = api.observe([str(capture)], keylog="" if inside else str(keys))
    assert seen.captures[0].secrets == inside
    marks = [hashlib.sha256(der).hexdigest() for der in made.chain]
    assert [list(chain) for chain in seen.tls.chain] == [marks]
    assert sorted(seen.certificates.fingerprint) == sorted(marks)
