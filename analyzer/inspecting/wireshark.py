"""What tshark prints of a capture, frame by frame, becomes a reading.

tshark is found on the PATH. pyshark finds it too, but lets a `config.ini` of the current folder, which may be a
customer's, name the program to run.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from analyzer.errors import AnalyzerError, SourceError
from analyzer.inspecting.child import Child
from analyzer.inspecting.reading import Names, Reading, issuer_name

ON_MACOS = "/Applications/Wireshark.app/Contents/MacOS/tshark"
VERSION_S = 30

BETWEEN = "\x1f"  # the values of a field: no name holds this octet, but commas
CUT = "cut short"
CLIENT_HELLO, CERTIFICATE = "1", "11"
QUOTING = {"icmp", "icmpv6"}
LOCAL = {"mdns", "llmnr"}
ROOT = "<root>"


class Frame(NamedTuple):
    """The fields asked for, each the values that tshark found in the frame, in order."""

    length: list[str]
    caplen: list[str]
    time: list[str]
    protocols: list[str]
    tcp_stream: list[str]
    udp_stream: list[str]
    tcp_srcport: list[str]
    udp_srcport: list[str]
    dns_names: list[str]
    handshakes: list[str]
    sni: list[str]
    dtls_sni: list[str]
    gquic_sni: list[str]
    certificates: list[str]
    dtls_handshakes: list[str]
    dtls_certificates: list[str]
    methods: list[str]
    targets: list[str]


FIELDS = (
    "frame.len", "frame.cap_len", "frame.time_epoch", "frame.protocols", "tcp.stream", "udp.stream", "tcp.srcport",
    "udp.srcport", "dns.qry.name", "tls.handshake.type", "tls.handshake.extensions_server_name",
    "dtls.handshake.extensions_server_name", "gquic.tag.sni", "tls.handshake.certificate", "dtls.handshake.type",
    "dtls.handshake.certificate", "http.request.method", "http.request.uri",
)  # fmt: skip

OPTIONS = (
    "-n", "-o", "tcp.reassemble_out_of_order:TRUE", "-T", "fields", "-E", "occurrence=a", "-E", f"aggregator={BETWEEN}",
)  # fmt: skip


def find() -> str:
    """The path of tshark. Raises AnalyzerError where it is not installed."""
    found = shutil.which("tshark") or (shutil.which(ON_MACOS) if sys.platform == "darwin" else None)
    if found is None:
        raise AnalyzerError("tshark is not installed: apt-get install tshark")
    return str(Path(found).absolute())


def version(program: str) -> str:
    """What the program at this path calls itself, as "TShark 4.0.17". Raises SourceError where it is no tshark."""
    with Child([program, "--version"], of=program, limit_s=VERSION_S, environment=dict(os.environ)) as child:
        first, *_ = [*child.lines(), b""]
    name, *words = first.decode("ascii", "replace").split()[:3] or [""]
    if name != "TShark" or not words:
        raise SourceError(program, "does not say that it is TShark")
    return f"{name} {words[-1].rstrip('.')}"


def read(program: str, capture: str, limit_s: float) -> Reading:
    """The reading of a capture that tshark gives, made with its own defaults, not the user's preferences.

    Raises SourceError where the program cannot read the file, fails, takes too long or prints what is no reading.
    """
    path = str(Path(capture).absolute())  # begins with a slash, so that it is neither an option nor standard input
    words = [program, *OPTIONS, *(word for name in FIELDS for word in ("-e", name)), "-r", path]
    with tempfile.TemporaryDirectory(prefix="analyzer-") as nothing:
        environment = {**os.environ, "WIRESHARK_CONFIG_DIR": nothing, "LC_ALL": "C.UTF-8"}
        with Child(words, of=capture, limit_s=limit_s, environment=environment) as child:
            tally = Tally()
            for number, line in enumerate(child.lines(), 1):
                try:
                    tally.count(split(line))
                except ValueError as why:
                    raise SourceError(capture, f"line {number} of what tshark printed is no frame") from why
            cut = CUT in child.said
    if child.code and not cut:
        raise SourceError(capture, f"tshark ended with exit code {child.code}{complaint(child.said)}")
    return tally.reading(cut=cut)


def split(line: bytes) -> Frame:
    """The fields of one line. Raises ValueError where they are not as many as asked for."""
    cells = line.decode("utf-8", "replace").split("\t")
    if len(cells) != len(FIELDS):
        raise ValueError("fields")
    return Frame(*(cell.split(BETWEEN) if cell else [] for cell in cells))


def complaint(said: str) -> str:
    """What tshark said of itself, for the end of a line."""
    told = next((line for line in said.split("\n") if line.startswith("tshark:")), "")
    return f" ({told.removeprefix('tshark:').strip()})" if told else ""


def nanoseconds(text: str) -> int:
    """A time in s, as tshark prints it, in ns. Raises ValueError where it is none."""
    seconds, _, fraction = text.removeprefix("-").partition(".")
    total = int(seconds) * 1_000_000_000 + int(fraction.ljust(9, "0")[:9])
    return -total if text.startswith("-") else total


class Tally:
    """What has been counted so far."""

    def __init__(self) -> None:
        self.packets = self.octets = self.snaplen_cut = 0
        self.times: tuple[int, int] | None = None
        self.streams: tuple[set[str], set[str]] = set(), set()
        self.names: dict[str, set[str]] = {kind: set() for kind in ("tls", "quic", "dtls", "dns", "connect", "issuer")}
        self.clients: dict[str, str] = {}

    def count(self, frame: Frame) -> None:
        """Adds one frame. Raises ValueError where a number is none."""
        (length,), (caplen,), (time,) = frame.length, frame.caplen, frame.time
        moment = nanoseconds(time)
        first, last = self.times or (moment, moment)
        self.times = min(first, moment), max(last, moment)
        self.packets += 1
        self.octets += int(length)
        self.snaplen_cut += int(caplen) < int(length)
        protocols = frame.protocols[0].split(":") if frame.protocols else []
        self.streams[0].update(unquoted(frame.tcp_stream, protocols, ("tcp",)))
        self.streams[1].update(unquoted(frame.udp_stream, protocols, ("udp", "udplite")))
        self._names(frame, {*protocols})

    def _names(self, frame: Frame, protocols: set[str]) -> None:
        """Adds the names of a frame."""
        self.names["quic" if "quic" in protocols else "tls"].update(map(str.lower, frame.sni))
        self.names["dtls"].update(map(str.lower, frame.dtls_sni))
        self.names["quic"].update(map(str.lower, frame.gquic_sni))
        if "dns" in protocols and not protocols & LOCAL:
            self.names["dns"].update("." if name == ROOT else name for name in map(str.lower, frame.dns_names))
        requests = zip(frame.methods, frame.targets, strict=False)
        self.names["connect"].update(target for method, target in requests if method == "CONNECT")
        if frame.tcp_stream and frame.tcp_srcport:
            ends = f"tcp {frame.tcp_stream[-1]}", frame.tcp_srcport[-1]
            self._certificate(ends, frame.handshakes, frame.certificates)
        if frame.udp_stream and frame.udp_srcport:
            ends = f"udp {frame.udp_stream[-1]}", frame.udp_srcport[-1]
            self._certificate(ends, frame.dtls_handshakes, frame.dtls_certificates)

    def _certificate(self, ends: tuple[str, str], handshakes: Sequence[str], ders: Sequence[str]) -> None:
        """Adds the issuer of the certificate that comes first, unless the one who said ClientHello sent it."""
        stream, port = ends
        if CLIENT_HELLO in handshakes:
            self.clients.setdefault(stream, port)
        if CERTIFICATE in handshakes and ders and self.clients.get(stream) != port:
            name = issuer_name(bytes.fromhex(ders[0].replace(":", "")))
            if name is not None:
                self.names["issuer"].add(name)

    def reading(self, *, cut: bool) -> Reading:
        """All of it."""

        def named(kind: str) -> Names:
            return frozenset(self.names[kind] - {""})

        return Reading(
            packets=self.packets, octets=self.octets, start_ns=(self.times or (0, 0))[0],
            end_ns=(self.times or (0, 0))[1], cut=cut, snaplen_cut_frames=self.snaplen_cut,
            tcp_conversations=len(self.streams[0]), udp_conversations=len(self.streams[1]),
            server_names=named("tls"), quic_server_names=named("quic"), dtls_server_names=named("dtls"),
            dns_names=named("dns"), issuers=frozenset(self.names["issuer"]), connect_targets=named("connect"),
        )  # fmt: skip


def unquoted(streams: Sequence[str], protocols: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    """The streams of a frame without those of packets that an ICMP error quotes."""
    quoted = next((at for at, name in enumerate(protocols) if name in QUOTING), None)
    if quoted is None:
        yield from streams
    else:
        yield from streams[: sum(name in names for name in protocols[:quoted])]
