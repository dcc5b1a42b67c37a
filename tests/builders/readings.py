"""Readings of a capture, certificates with made-up issuers, and made-up programs."""

from __future__ import annotations

import datetime as dt
import functools
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from analyzer.inspecting.reading import Reading

KINDS = {
    "CN": NameOID.COMMON_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "L": NameOID.LOCALITY_NAME,
}
BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def reading(**given):
    """A reading of one frame, but for what is given."""
    told = {
        "packets": 1, "octets": 60, "start_ns": 1_000_000_000, "end_ns": 1_000_000_000, "cut": False,
        "snaplen_cut_frames": 0, "tcp_conversations": 1, "udp_conversations": 0,
        "server_names": frozenset({"a.example"}), "quic_server_names": frozenset(),
        "dtls_server_names": frozenset(), "dns_names": frozenset(),
        "issuers": frozenset(), "connect_targets": frozenset(),
    }  # fmt: skip
    return Reading(**told | given)


@functools.cache
def key():
    """One key for all certificates."""
    return ec.generate_private_key(ec.SECP256R1())


def signed(issuer):
    """A certificate in DER whose issuer has these attributes, by their short names."""
    name = x509.Name([x509.NameAttribute(KINDS[kind], text) for kind, text in issuer.items()])
    made = x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(name).public_key(key().public_key())
    made = made.serial_number(7).not_valid_before(BEGIN).not_valid_after(BEGIN + dt.timedelta(days=9))
    return made.sign(key(), hashes.SHA256()).public_bytes(Encoding.DER)


def program(folder, code, name="tshark"):
    """A program of this name in a folder that runs the given Python; its path."""
    path = Path(folder) / name
    path.write_text(f"#!{sys.executable}\nimport os, sys, time\nwrite = sys.stdout.write\n{code}\n")
    path.chmod(0o755)
    return path
