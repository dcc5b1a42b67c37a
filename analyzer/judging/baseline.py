"""Facts of the same devices from when all was well become what is known of the TLS of each server name."""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from analyzer.judging.sessions import NEWER, encrypted
from analyzer.judging.vouching import is_logged, load
from analyzer.observations import Observations

LEAST_CERTIFICATE = 300
"""Octets of a record that can hold a certificate; EncryptedExtensions and CertificateRequest are shorter as a rule."""

FLIGHT = 4
"""Records of a server's flight: EncryptedExtensions, Certificate, CertificateVerify, Finished (RFC 8446 figure 1)."""

TICKET = 2
"""Extensions that a client adds where it resumes: pre_shared_key, early_data. JA4 counts them and hashes them."""

JA4 = re.compile(r"([tqd]..)([di])(\d\d)(\d\d)(..)_([0-9a-f]{12})_([0-9a-f]{12})")


class Stack(NamedTuple):
    """What JA4 tells of the program that speaks, whatever the server's name and the protocol it asks for.

    ciphers     carrier, version, and the cipher suites
    extensions  their hash, in which SNI and ALPN do not stand, and their number without these two
    """

    ciphers: str
    extensions: str
    number: int


@functools.lru_cache(maxsize=10_000)
def stack_of(ja4: str) -> Stack:
    """The stack that speaks a hello."""
    found = JA4.fullmatch(ja4)
    if found is None:
        return Stack(ja4, "", 0)
    version, named, suites, number, protocol, ciphers, extensions = found.groups()
    return Stack(f"{version}{suites}_{ciphers}", extensions, int(number) - (named == "d") - (protocol != "00"))


def alike(one: str, other: str) -> bool:
    """Whether two JA4 may be hellos of one program: they differ in SNI, in ALPN, or as a ticket makes them differ."""
    first, second = stack_of(one), stack_of(other)
    ticket = 0 < abs(first.number - second.number) <= TICKET
    return first.ciphers == second.ciphers and (first.extensions == second.extensions or ticket)


@dataclass(frozen=True)
class Known:
    """What is known of one server name, from sessions that were established.

    hellos     JA4 of its clients
    versions   that the server chose
    protocols  that it chose in clear, before TLS 1.3 (RFC 7301); empty for none
    retried    it asked for another hello
    octets     of the records with its certificate in TLS 1.3
    logged     its certificates were seen, and all carry the signature of a log
    """

    hellos: frozenset[str]
    versions: frozenset[str]
    protocols: frozenset[str]
    retried: bool
    octets: frozenset[int]
    logged: bool

    def speaks(self, ja4: str) -> bool:
        """Whether a client spoke such a hello to it; nothing speaks against it where no hello was seen whole."""
        return not self.hellos or any(alike(ja4, hello) for hello in self.hellos)


@dataclass(frozen=True)
class Baseline:
    """What is known by server name (SNI), and the JA4 of every hello, to whomever and however it ended."""

    names: Mapping[str, Known]
    hellos: frozenset[str]

    @classmethod
    def of(cls, observations: Sequence[Observations]) -> Baseline:
        """What these facts tell."""
        told: dict[str, list[_Told]] = defaultdict(list)
        for seen in observations:
            for name, session in _sessions(seen):
                told[name].append(session)
        hellos = {ja4 for seen in observations for ja4 in seen.tls.ja4} - {""}
        return cls({name: _known(held) for name, held in told.items()}, frozenset(hellos))

    def speaks(self, ja4: str) -> bool:
        """Whether somebody spoke such a hello."""
        return ja4 in self.hellos or any(alike(ja4, hello) for hello in self.hellos)


class _Told(NamedTuple):
    """One session: see Known. `octets` is 0, `protocol` and `logged` None where it does not tell."""

    ja4: str
    version: str
    protocol: str | None
    retried: bool
    octets: int
    logged: bool | None


def _sessions(seen: Observations) -> Iterator[tuple[str, _Told]]:
    """The sessions that were established, with the name that their client asked for."""
    tls, table = seen.tls, seen.certificates
    at = {mark: row for row, mark in enumerate(table.fingerprint)}

    @functools.cache
    def in_log(mark: str) -> bool | None:
        leaf = load(table.der[at[mark]]) if mark in at else None
        return None if leaf is None else is_logged(leaf)

    for row, name in enumerate(tls.server_name):
        if not name or not tls.established[row]:
            continue
        version, whole, chain = tls.version[row], not tls.resumed[row], tls.chain[row]
        yield name, _Told(
            tls.ja4[row], version,
            tls.server_alpn[row] if whole and version not in NEWER else None,
            bool(tls.hello_retry[row]),
            certificate_octets(tls.server_records[row]) if whole and version in NEWER else 0,
            in_log(chain[0]) if chain else None,
        )  # fmt: skip


def _known(sessions: Iterable[_Told]) -> Known:
    """What sessions with one name tell together."""
    held = list(sessions)
    logged = [session.logged for session in held if session.logged is not None]
    return Known(
        hellos=frozenset(session.ja4 for session in held if session.ja4),
        versions=frozenset(session.version for session in held if session.version),
        protocols=frozenset(session.protocol for session in held if session.protocol is not None),
        retried=any(session.retried for session in held),
        octets=frozenset(session.octets for session in held if session.octets),
        logged=bool(logged) and all(logged),
    )


def certificate_octets(records: Sequence[str]) -> int:
    """The length of the record with the certificate in a server's flight of TLS 1.3, 0 where none can be it.

    That of the whole flight, where the server puts it into one record. What follows it can be longer: data.
    """
    return next((length for length in encrypted(records)[:FLIGHT] if length >= LEAST_CERTIFICATE), 0)
