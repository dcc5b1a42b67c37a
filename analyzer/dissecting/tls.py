"""TLS sessions, as a kernel read them, become the table of TLS (RFC 8446, RFC 5246)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from analyzer.iana import cipher_suite_name, tls_version_name
from analyzer.tables import Tls, build, mapped

Array = npt.NDArray[Any]
TLS_13 = 0x0304
HELLO, CERTIFICATE, CCS = 1, 2, 4  # bits of server_done
VIA = np.array(["", "connect", "nats", "starttls", "quic", "dtls"], dtype=object)


class Raw(Protocol):
    """Sessions as the kernel writes them (metering.harvest.Sessions): one entry per session in each array."""

    @property
    def rows(self) -> Array:
        """Numbers read from the hellos."""

    @property
    def chains(self) -> Array:
        """Numbers of the certificates."""

    @property
    def types(self) -> Array:
        """Types of the first records of both sides."""

    @property
    def lengths(self) -> Array:
        """Their lengths."""

    @property
    def frames(self) -> Array:
        """Frames of ClientHello, ServerHello, Certificate, alert."""

    @property
    def times(self) -> Array:
        """Time of the ClientHello, ns."""


def sessions(raw: Raw, texts: Sequence[str], fingerprints: Sequence[str]) -> Tls:
    """The table of all sessions; `texts` and `fingerprints` are what the numbers in `raw` stand for."""
    rows, frames = raw.rows, raw.frames
    known = np.append(np.array(texts, dtype=object), "")
    records = [_records(raw.types[:, side], raw.lengths[:, side]) for side in (0, 1)]
    alert = rows["alert"] >= 0
    retried = rows["retry"] > 0
    return build(
        Tls,
        flow=rows["flow"],
        ts_ns=raw.times,
        server_name=known[rows["server_name"]],
        version=mapped(rows["version"], _version),
        client_version=mapped(rows["client_version"], _version),
        cipher=mapped(rows["cipher"], _cipher),
        alpn=[tuple(text.split(",")) if text else () for text in known[rows["alpn"]].tolist()],
        server_alpn=known[rows["server_alpn"]],
        resumed=_resumed(rows),
        ech=rows["ech"] > 0,
        hello_retry=retried,
        hello_octets=rows["hello_octets"],
        established=_established(rows),
        client_records=records[0],
        server_records=records[1],
        alert_from=np.where(alert, np.where(rows["alert_side"] == 0, "client", "server"), ""),
        alert=rows["alert"],
        chain=[
            tuple(fingerprints[number] for number in chain[:size])
            for chain, size in zip(raw.chains.tolist(), rows["chain"].tolist(), strict=True)
        ],
        client_hello_frame=frames[:, 0],
        server_hello_frame=frames[:, 1],
        certificate_frame=frames[:, 2],
        alert_frame=frames[:, 3],
        via=VIA[rows["via"]],
    )


def _resumed(rows: Array) -> npt.NDArray[np.bool_]:
    """Whether the server went on with an earlier session: a PSK in TLS 1.3, else encryption without a certificate."""
    seen = rows["server_done"]
    early = (seen & (HELLO | CERTIFICATE | CCS)) == (HELLO | CCS)
    resumed: npt.NDArray[np.bool_] = np.where(rows["version"] >= TLS_13, rows["psk"] > 0, early)
    return resumed


def _established(rows: Array) -> npt.NDArray[np.bool_]:
    """Whether application data went both ways. In TLS 1.3 the client's first such record is its Finished."""
    needed = np.where(rows["version"] >= TLS_13, 2, 1)
    established: npt.NDArray[np.bool_] = (rows["client_data"] >= needed) & (rows["server_data"] >= 1)
    return established


def _records(types: Array, lengths: Array) -> list[tuple[str, ...]]:
    """Per session, type:length of the records listed; many sessions list the same ones."""
    both = np.ascontiguousarray(np.concatenate([types.astype(np.uint16), lengths], axis=1))
    width, octets, whole = types.shape[1], both.shape[1] * both.itemsize, both.tobytes()
    known: dict[bytes, tuple[str, ...]] = {}
    listed = []
    for at in range(0, len(whole), octets):
        key = whole[at : at + octets]
        texts = known.get(key)
        if texts is None:
            row = np.frombuffer(key, np.uint16).tolist()
            pairs = zip(row[:width], row[width:], strict=True)
            texts = known[key] = tuple(f"{kind}:{length}" for kind, length in pairs if kind)
        listed.append(texts)
    return listed


def _version(number: int) -> str:
    """The name of a version, empty for 0."""
    return tls_version_name(number) if number else ""


def _cipher(number: int) -> str:
    """The name of a cipher suite; empty for 0, which encrypts nothing, and for -1, not seen."""
    return cipher_suite_name(number) if number > 0 else ""
