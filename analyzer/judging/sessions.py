"""TLS sessions as the ladder looks at them: with whom, how they ended, and what their certificate is worth."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from cryptography import x509

from analyzer import addresses
from analyzer.judging.lookups import operator
from analyzer.judging.traffic import Mask
from analyzer.judging.vouching import Asked, Leaf, Trust, Voucher, load, read_leaf
from analyzer.observations import Observations

SHARED = 5
"""Letters with which the names of one owner's domains begin alike (example.com, example-cloud.net)."""

NEWER = ("TLSv13", "DTLSv13")


@dataclass(frozen=True)
class Session:
    """One TLS session. `row` is its row of Tls, `name` whom the client wanted, empty where nothing tells.

    finished  the client sent its Finished, as far as its records tell
    silent    it then sent no data, and was the first to close
    """

    row: int
    flow: int
    client: str
    name: str
    server: str
    at_ns: int
    via: str
    newer: bool
    answered: bool
    established: bool
    resumed: bool
    finished: bool
    silent: bool
    leaf: Leaf | None
    voucher: Voucher | None

    @property
    def whom(self) -> str:
        """The server in words."""
        return self.name or self.server

    @property
    def vouched(self) -> bool:
        """Whether somebody vouches for the certificate that the server sent."""
        return self.voucher is not None and self.voucher.vouched

    @property
    def proven(self) -> bool:
        """Whether the server proved to be whom the client wanted: by a good certificate, and a session that went on."""
        good = self.voucher is not None and self.voucher.vouched and self.voucher.named and self.voucher.current
        return good and self.established


def read_sessions(
    seen: Observations, wanted: Mask, roots: Sequence[bytes], issuers: Callable[[int], frozenset[str]]
) -> tuple[Session, ...]:
    """The sessions of the flows in a mask, in order; `issuers` gives those that the rules of a flow name."""
    tls = seen.tls
    rows = np.flatnonzero(wanted[tls.flow]).tolist()
    certificates = _Certificates(seen, {mark for row in rows for mark in tls.chain[row]}, roots)
    return tuple(_read(seen, row, certificates, issuers) for row in rows)


class _Certificates:
    """The certificates that some sessions show, read when asked for."""

    def __init__(self, seen: Observations, shown: set[str], roots: Sequence[bytes]) -> None:
        self.table = seen.certificates
        self.at: Mapping[str, int] = {
            mark: at for at, mark in enumerate(seen.certificates.fingerprint) if mark in shown
        }
        self.roots = roots
        self.leaves: dict[str, Leaf | None] = {}

    @functools.cached_property
    def trust(self) -> Trust:
        """The roots, read once a certificate was seen."""
        return Trust(self.roots, [self.table.der[at] for at in self.at.values()])

    def leaf(self, mark: str) -> Leaf | None:
        """A certificate, None where it could not be read."""
        if mark not in self.leaves:
            at, table = self.at.get(mark), self.table
            self.leaves[mark] = None if at is None else read_leaf(
                (mark, table.key_fingerprint[at], table.names[at], int(table.not_before_ns[at]),
                 int(table.not_after_ns[at]), table.der[at])
            )  # fmt: skip
        return self.leaves[mark]

    def others(self, chain: Sequence[str]) -> list[x509.Certificate]:
        """What was sent beside the leaf."""
        read = (load(self.table.der[self.at[mark]]) for mark in chain[1:] if mark in self.at)
        return [certificate for certificate in read if certificate is not None]


def _read(
    seen: Observations, row: int, certificates: _Certificates, issuers: Callable[[int], frozenset[str]]
) -> Session:
    """One session."""
    tls, flows = seen.tls, seen.flows
    flow, chain = int(tls.flow[row]), tls.chain[row]
    name = tls.server_name[row] or (flows.server_name[flow] if flows.server_name_basis[flow] != "cert" else "")
    leaf = certificates.leaf(chain[0]) if chain else None
    voucher = None
    if leaf is not None:
        asked = Asked(name or flows.resp_h[flow], int(tls.ts_ns[row]), issuers(flow))
        voucher = certificates.trust.vouch(leaf, certificates.others(chain), asked)
    newer, records = tls.version[row] in NEWER, tls.client_records[row]
    finished = _finished(records, newer=newer)
    return Session(
        row, flow, flows.orig_h[flow], name, flows.resp_h[flow], int(tls.ts_ns[row]), tls.via[row], newer,
        bool(tls.server_hello_frame[row] or tls.server_records[row]), bool(tls.established[row]),
        bool(tls.resumed[row]), finished, _silent(seen, row, newer=newer), leaf, voucher,
    )  # fmt: skip


def encrypted(records: Sequence[str]) -> list[int]:
    """The lengths of a client's records of application data, in order."""
    return [int(length) for kind, _, length in (record.partition(":") for record in records) if kind == "23"]


def _finished(records: Sequence[str], *, newer: bool) -> bool:
    """Whether a client sent its Finished: in TLS 1.3 an encrypted record, else a record after ChangeCipherSpec."""
    if newer:
        return bool(encrypted(records))
    kinds = [record.partition(":")[0] for record in records]
    return "20" in kinds and "22" in kinds[kinds.index("20") + 1 :]


def _silent(seen: Observations, row: int, *, newer: bool) -> bool:
    """Whether a client sent no data after its handshake and closed first, though the server had answered."""
    tls, history = seen.tls, seen.flows.history[seen.tls.flow[row]]
    data = len(encrypted(tls.client_records[row])) - newer
    closing = next((letter for letter in history if letter in "FfRr"), "")
    return data <= 0 and closing.isupper() and not tls.established[row]


def owner(name: str) -> str:
    """Whose name it is, as far as a name tells: its operator's domain, empty for addresses and names without a dot."""
    return operator(name) if "." in name and addresses.parse(name) is None else ""


def unrelated(names: Sequence[str]) -> bool:
    """Whether names belong to several owners, so far as their domains do not even begin alike."""
    owners = sorted({held for held in map(owner, names) if held})
    return any(not _akin(owners[0], other) for other in owners[1:])


def _akin(one: str, other: str) -> bool:
    return one[:SHARED] == other[:SHARED]
