"""TLS sessions, as a kernel read them, become the table of TLS (RFC 8446, RFC 5246)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from analyzer.dissecting import fingerprints as fp
from analyzer.iana import cipher_suite_name, group_name, tls_version_name
from analyzer.tables import Column, Tls, build, mapped

Array = npt.NDArray[Any]
TLS_13, DTLS_13, DTLS = 0x0304, 0xFEFC, 0xFE00
HELLO, CERTIFICATE, CCS, DONE = 1, 2, 4, 8  # bits of server_done
OFFERED_ID, OFFERED_TICKET = 1, 2  # bits of offered
ECH_INNER = 2
ECH_REQUIRED = 121  # alert (RFC 9849 section 5)
VIA = np.array(["", "connect", "nats", "starttls", "quic", "dtls"], dtype=object)
CARRIERS = "tqd"
MAX_GROUPS = 64  # twice as many as any client offers


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
        """Times of the ClientHello (or of the first record) and of the ServerHello, ns, -1 unknown."""


def sessions(raw: Raw, texts: Sequence[str], fingerprints: Sequence[str], lists: Sequence[bytes]) -> Tls:
    """The table of all sessions.

    What the numbers in `raw` stand for: `texts`, `fingerprints` (of certificates), `lists` (see kernels/hellos.py).
    """
    rows, frames = raw.rows, raw.frames
    known = np.append(np.array(texts, dtype=object), "")
    alert = rows["alert"] >= 0
    resumed, established = _resumed(rows), _established(rows)
    return build(
        Tls,
        flow=rows["flow"],
        ts_ns=raw.times[:, 0],
        server_name=known[rows["server_name"]],
        version=mapped(rows["version"], _version),
        client_version=mapped(rows["client_version"], _version),
        cipher=mapped(rows["cipher"], _cipher),
        alpn=[tuple(text.split(",")) if text else () for text in known[rows["alpn"]].tolist()],
        server_alpn=known[rows["server_alpn"]],
        **_offers(rows, lists),
        resumed=resumed,
        resumption=_resumption(rows, resumed),
        **_ech(rows, established),
        hello_retry=rows["retry"] > 0,
        hello_octets=rows["hello_octets"],
        client_print=rows["client_print"],
        server_print=rows["server_print"],
        answer_ns=_answers(rows, raw.times),
        established=established,
        client_records=_records(raw.types[:, 0], raw.lengths[:, 0]),
        server_records=_records(raw.types[:, 1], raw.lengths[:, 1]),
        alert_from=np.where(alert, np.where(rows["alert_side"] == 0, "client", "server"), ""),
        alert=rows["alert"],
        chain=_chains(raw, fingerprints),
        client_hello_frame=frames[:, 0],
        server_hello_frame=frames[:, 1],
        certificate_frame=frames[:, 2],
        alert_frame=frames[:, 3],
        via=VIA[rows["via"]],
    )


def _answers(rows: Array, times: Array) -> Array:
    """ClientHello to ServerHello in ns, -1 where one of them was not seen or time went backwards."""
    known = (rows["client_at"] >= 0) & (times[:, 1] >= times[:, 0])
    return np.where(known, times[:, 1] - times[:, 0], -1)


def _chains(raw: Raw, fingerprints: Sequence[str]) -> list[tuple[str, ...]]:
    """Per session, the fingerprints of its certificates."""
    return [
        tuple(fingerprints[number] for number in chain[:size])
        for chain, size in zip(raw.chains.tolist(), raw.rows["chain"].tolist(), strict=True)
    ]


def _offers(rows: Array, lists: Sequence[bytes]) -> dict[str, Column]:
    """The columns made of the lists of hellos: groups, ja3, ja4, ja3s; every distinct one is read once."""
    carrier = np.select([VIA[rows["via"]] == "quic", VIA[rows["via"]] == "dtls"], [1, 2], 0)
    keys, row_of = np.unique(rows["hello"].astype(np.int64) * len(CARRIERS) + carrier, return_inverse=True)
    made = [np.empty(keys.size, dtype=object) for _ in range(3)]
    for k, (number, letter) in enumerate(divmod(key, len(CARRIERS)) for key in keys.tolist()):
        told: tuple[tuple[str, ...], str, str] = ((), "", "")
        if number >= 0:
            offered = fp.read_lists(lists[number])
            groups = tuple(map(group_name, fp.numbers(offered.groups)[:MAX_GROUPS]))
            told = groups, fp.ja3(offered), fp.ja4(offered, CARRIERS[letter])
        for column, cell in zip(made, told, strict=True):
            column[k] = cell
    ja3s = mapped(rows["answer"], lambda number: fp.ja3s(lists[number]) if number >= 0 else "")
    return dict(zip(("groups", "ja3", "ja4"), (column[row_of] for column in made), strict=True)) | {"ja3s": ja3s}


def _is_13(version: Array) -> npt.NDArray[np.bool_]:
    """Whether it is TLS 1.3, one of its drafts, or DTLS 1.3."""
    is_13: npt.NDArray[np.bool_] = ((version >= TLS_13) & (version < DTLS)) | (version == DTLS_13)
    return is_13


def _resumed(rows: Array) -> npt.NDArray[np.bool_]:
    """Whether the server went on with an earlier session: a PSK in TLS 1.3, else encryption right after its hello.

    A server that has no certificate either (anonymous, PSK) still says ServerHelloDone (RFC 5246 section 7.3).
    """
    seen = rows["server_done"]
    early = (seen & (HELLO | CERTIFICATE | CCS | DONE)) == (HELLO | CCS)
    resumed: npt.NDArray[np.bool_] = np.where(_is_13(rows["version"]), rows["psk"] > 0, early)
    return resumed


def _resumption(rows: Array, resumed: npt.NDArray[np.bool_]) -> Column:
    """What the server accepted. A server that is offered a ticket looks at no session id (RFC 5077 section 3.4)."""
    offered = rows["offered"]
    ticket, own = (offered & OFFERED_TICKET) > 0, (offered & OFFERED_ID) > 0
    told: Column = np.select(
        [~resumed, _is_13(rows["version"]), ticket, own], np.array(["", "psk", "ticket", "id"], dtype=object), ""
    )
    return told


def _ech(rows: Array, established: npt.NDArray[np.bool_]) -> dict[str, Column]:
    """The columns of encrypted_client_hello; GREASE is made to look real, and keys would be needed to tell.

    Proven is GREASE where application data went through TLS 1.2 or older: a client that meant it gives up there, with
    an alert that can be in clear (RFC 9849 section 6.1.6). An inner one, between two servers, says what it is (section
    5).
    """
    older = (rows["version"] > 0) & ~_is_13(rows["version"])
    required = (rows["alert"] == ECH_REQUIRED) & (rows["alert_side"] == 0)
    kind = np.select(
        [rows["ech"] == 0, rows["ech"] == ECH_INNER, required, older & established],
        np.array(["", "inner", "outer", "grease"], dtype=object),
        "unknown",
    )
    return {"ech": rows["ech"] > 0, "ech_kind": kind, "ech_config": rows["ech_config"]}


def _established(rows: Array) -> npt.NDArray[np.bool_]:
    """Whether application data went both ways. In TLS 1.3 the client's first such record is its Finished."""
    needed = np.where(_is_13(rows["version"]), 2, 1)
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
