"""Certificates that TLS 1.3 encrypts, read by tshark with the sessions' secrets, join the facts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analyzer.errors import AnalyzerError
from analyzer.observations import Observations
from analyzer.tables import Certificates, columns, from_rows

MOST = 5000
"""Sessions that are asked for: tshark reads some hundred packets a second."""

TCP = 6


def with_certificates(seen: Observations, keylog: str, timeout_s: float) -> Observations:
    """The facts with what secrets show: those of a key log (NSS format), and those that the captures hold.

    Without secrets the facts are given back as they are. Where tshark is not installed, the captures' note says so.

    Raises SourceError or CaptureError where the key log or a capture cannot be read by tshark.
    """
    holding = [capture.path for capture in seen.captures if capture.secrets or keylog]
    rows = _encrypted(seen) if holding else []
    if not rows:
        return seen
    from analyzer.inspecting import secrets, wireshark  # noqa: PLC0415 - slow to import, and few captures need it

    try:
        wireshark.find()
    except AnalyzerError as error:
        return _noted(seen, holding, f"its TLS 1.3 certificates stay unread in spite of keys: {error}")
    flows = seen.flows
    wanted = {}
    for row in rows:
        flow = int(seen.tls.flow[row])
        ends = flows.orig_h[flow], int(flows.orig_p[flow]), flows.resp_h[flow], int(flows.resp_p[flow])
        wanted[secrets.Ends(*ends)] = row
    chains = secrets.read_chains(holding, keylog, tuple(wanted), timeout_s)
    return _joined(seen, {wanted[ends]: chain for ends, chain in chains.items()})


def _encrypted(seen: Observations) -> list[int]:
    """The sessions, by row, whose certificates are encrypted: TLS 1.3 over TCP that went on with no older session."""
    tls, flows = seen.tls, seen.flows
    newer = (tls.version == "TLSv13") & ~tls.resumed & (flows.proto[tls.flow] == TCP)
    rows: list[int] = np.flatnonzero(newer).tolist()
    return rows[:MOST]


def _joined(seen: Observations, chains: dict[int, tuple[bytes, ...]]) -> Observations:
    """The facts with chains of sessions, by row of Tls."""
    from analyzer.dissecting import certificates  # noqa: PLC0415 - slow to import; many captures show none

    column = seen.tls.chain.copy()
    known = set(seen.certificates.fingerprint)
    rows = []
    for row, chain in chains.items():
        column[row] = tuple(hashlib.sha256(der).hexdigest() for der in chain)
        for der, mark in zip(chain, column[row], strict=True):
            read = certificates.read(der) if mark not in known else None
            known.add(mark)
            if read is not None:
                rows.append(read)
    made = from_rows(Certificates, rows)
    cells = {
        name: np.concatenate([getattr(seen.certificates, name), getattr(made, name)]) for name in columns(Certificates)
    }
    return replace(seen, tls=seen.tls._replace(chain=column), certificates=Certificates(**cells))


def _noted(seen: Observations, paths: Sequence[str], note: str) -> Observations:
    """The facts with a note on captures."""
    captures = tuple(
        replace(capture, note=f"{capture.note}; {note}" if capture.note else note) if capture.path in paths else capture
        for capture in seen.captures
    )
    return replace(seen, captures=captures)
