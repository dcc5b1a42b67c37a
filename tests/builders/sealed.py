"""TLS sessions made with Python's own TLS in memory, as the packets of a capture, with their secrets."""

from __future__ import annotations

import datetime as dt
import functools
import ssl
import struct
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.builders import frames as fr
from tests.builders.captures import Shot, block

SEGMENT = 500
START_NS = 1_800_000_000_000_000_000
BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SECRETS, TLS_KEY_LOG = 10, 0x544C534B


class Session(NamedTuple):
    """What a TLS session comes to: what was said, by turns from the client's first, its secrets and the chain."""

    said: tuple[bytes, ...]
    secrets: bytes
    chain: tuple[bytes, ...]


def signed(subject, issuer, key, signer, *, authority, padding=0):
    """A certificate, longer by as many octets as wanted."""
    named = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in (subject, issuer)]
    made = x509.CertificateBuilder().subject_name(named[0]).issuer_name(named[1]).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(BEGIN)
    made = made.not_valid_after(BEGIN + dt.timedelta(days=9999))
    made = made.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
    if padding:
        made = made.add_extension(
            x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), bytes(padding)), critical=False
        )
    return made.sign(signer, hashes.SHA256())


def issued(folder, name, authority):
    """A server's chain, in PEM and behind its key in a file of the folder, and in DER."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    root = signed(authority, authority, keys[1], keys[1], authority=True)
    leaf = signed(name, authority, keys[0], keys[1], authority=False)
    path = Path(folder) / f"{name}.pem"
    secret = keys[0].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + leaf.public_bytes(Encoding.PEM) + root.public_bytes(Encoding.PEM))
    return path, root.public_bytes(Encoding.DER), tuple(one.public_bytes(Encoding.DER) for one in (leaf, root))


@functools.cache
def session(name, *, mutual=False, version=ssl.TLSVersion.TLSv1_3):
    """A session between a client and a server in memory; a mutual one has a certificate of the client too."""
    with tempfile.TemporaryDirectory() as folder:
        server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        path, root, chain = issued(folder, name, "authority.example")
        server.load_cert_chain(path)
        client.load_verify_locations(cadata=root)
        client.minimum_version = client.maximum_version = version
        client.keylog_filename = str(Path(folder) / "keys")
        if mutual:
            path, root, _ = issued(folder, "client.example", "clients.example")
            client.load_cert_chain(path)
            server.load_verify_locations(cadata=root)
            server.verify_mode = ssl.CERT_REQUIRED
        said = talk(client, server, name)
        return Session(said, Path(client.keylog_filename).read_bytes(), chain)


def talk(client, server, name):
    """The octets that the two say by turns until both have shaken hands and said something."""
    ways = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(ways[1], ways[0], server_hostname=name),
        server.wrap_bio(ways[0], ways[1], server_side=True),
    ]
    said, shaken = [], set()
    for turn in range(8):
        side = turn % 2
        with suppress(ssl.SSLWantReadError):
            if side not in shaken:
                sides[side].do_handshake()
                shaken.add(side)
                sides[side].write(b"something")
        said.append(ways[side].read())
        ways[side].write(said[-1])
    assert shaken == {0, 1}
    return tuple(said)


def packets(ends, said):
    """The packets of a TCP connection in which this was said by turns, with its opening."""
    places = (ends.orig_h, ends.resp_h), (ends.orig_p, ends.resp_p)
    numbers = [1000, 5000]

    def packet(side, flags, payload=b""):
        sport, dport = places[1][side], places[1][1 - side]
        body = fr.tcp(sport, dport, seq=numbers[side], ack=numbers[1 - side], flags=flags, payload=payload)
        numbers[side] += len(payload) + bool(flags & fr.SYN)
        return fr.linked(fr.ip(places[0][side], places[0][1 - side], fr.TCP, body), source=side)

    yield packet(0, fr.SYN)
    yield packet(1, fr.SYN | fr.ACK)
    yield packet(0, fr.ACK)
    for turn, octets in enumerate(said):
        for at in range(0, len(octets), SEGMENT):
            yield packet(turn % 2, fr.PSH | fr.ACK, octets[at : at + SEGMENT])


def shots(*connections):
    """The frames of connections, (ends, what was said), one after the other."""
    frames = [frame for ends, said in connections for frame in packets(ends, said)]
    return [Shot(START_NS + at * 1_000_000, frame) for at, frame in enumerate(frames)]


def hidden(secrets, *, kind=TLS_KEY_LOG):
    """A decryption secrets block."""
    return block("<", SECRETS, struct.pack("<II", kind, len(secrets)) + secrets)
