"""Captures and the secrets of their TLS sessions become the certificates that servers sent under encryption.

tshark decrypts; pyshark starts it and reads what it prints. By itself, pyshark would let a `config.ini` of the current
folder, which may be a customer's, name the program: here it is told, and that file is not read.
"""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from pyshark.capture.capture import StopCapture, TSharkCrashException
from pyshark.capture.file_capture import FileCapture
from pyshark.tshark.output_parser.tshark_xml import TsharkXmlParser

from analyzer.errors import CaptureError, SourceError, reason
from analyzer.inspecting import wireshark

BATCH = 500
"""Connections per run of tshark: a filter for them takes up to 80 kB, and Linux takes 128 KiB per word."""

MAX_CERTIFICATES = 10
MAX_DER = 1 << 16
PACKET_OCTETS = 1 << 24
"""Of what tshark prints of one packet: a chain as long as the limits allow takes some 10 MB."""

SAID_OCTETS = 4096
CERTIFICATE = "tls.handshake.certificate"
PREFERENCES = {"tcp.reassemble_out_of_order": "TRUE"}


class Ends(NamedTuple):
    """The client and the server of a TCP connection."""

    orig_h: str
    orig_p: int
    resp_h: str
    resp_p: int


Chain: TypeAlias = tuple[bytes, ...]
Address: TypeAlias = IPv4Address | IPv6Address
Sent: TypeAlias = tuple[Address, int, Address, int]  # from whom to whom


def read_chains(captures: Sequence[str], keylog: str, wanted: Sequence[Ends], timeout_s: float) -> dict[Ends, Chain]:
    """The certificates in DER, leaf first, that the servers of the wanted connections sent first.

    `keylog` is the path of a key log in the format of NSS, "" where only secrets in the captures are to be used. A
    connection whose certificates cannot be seen is absent; to be decrypted, it has to begin in the same capture. Of a
    chain, MAX_CERTIFICATES at most are given, and only what precedes one of more than MAX_DER octets. The whole call
    takes `timeout_s` at most.

    Raises AnalyzerError where tshark is not installed, SourceError where a file cannot be opened or tshark does not
    end in time, CaptureError where tshark cannot read a capture or what it prints cannot be read.
    """
    sought = {sent: ends for ends in wanted if (sent := _answer(ends)) is not None}
    if not sought:
        return {}
    program = wireshark.find()
    keys = _opened(keylog) if keylog else ""
    paths = {capture: _opened(capture) for capture in captures}
    with tempfile.TemporaryDirectory(prefix="analyzer-") as nothing, ThreadPoolExecutor(1) as apart:
        loop = Loop({**os.environ, "WIRESHARK_CONFIG_DIR": nothing, "LC_ALL": "C.UTF-8"})
        reader = Reader(program, keys, loop, timeout_s)
        try:  # apart, since a notebook runs a loop of its own in this thread
            return apart.submit(_run, loop, reader, paths, sought).result()
        finally:
            with suppress(RuntimeError):  # the loop is closed, but where somebody pressed Ctrl-C
                loop.call_soon_threadsafe(loop.cancel)


def _answer(ends: Ends) -> Sent | None:
    """What the server of a connection sends, None where the ends are no IP addresses."""
    try:
        sent = ip_address(ends.resp_h), int(ends.resp_p), ip_address(ends.orig_h), int(ends.orig_p)
    except ValueError:
        return None
    return None if "%" in f"{ends.resp_h}{ends.orig_h}" else sent  # a zone may be any text


def _opened(path: str) -> str:
    """The absolute path of a file that can be read, and more than once. Raises SourceError where it cannot."""
    whole = Path(path).absolute()  # begins with a slash, so that it is neither an option nor standard input
    try:
        if not whole.is_file() and whole.exists():
            raise SourceError(path, "is no file, and tshark has to read it more than once")
        whole.open("rb").close()
    except OSError as why:
        raise SourceError(path, reason(why)) from why
    except ValueError as why:
        raise SourceError(path, "is no path") from why
    return str(whole)


def _run(loop: Loop, reader: Reader, paths: Mapping[str, str], sought: Mapping[Sent, Ends]) -> dict[Ends, Chain]:
    """What the reader finds, in a loop of this thread, which is closed at the end."""
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(reader.read(paths, sought))


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose programs are given nothing to read, a process group of their own and this environment."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__()
        self._environment = dict(environment)
        self._started: list[asyncio.SubprocessTransport] = []

    async def subprocess_exec(self, *words: Any, **more: Any) -> Any:
        """As asyncio's."""
        how = {"stdin": asyncio.subprocess.DEVNULL, "start_new_session": True, "env": self._environment}
        started = await super().subprocess_exec(*words, **{**more, **how})
        self._started.append(started[0])
        return started

    async def release(self) -> None:
        """Closes the pipes of all programs; what they run is ended before."""
        while self._started:
            self._started.pop().close()
        for _ in range(3):  # pipes are told that they are closed one turn later, the transport another one later
            await asyncio.sleep(0)

    def cancel(self) -> None:
        """Cancels what runs."""
        for task in asyncio.all_tasks(self):
            task.cancel()


class Parser(TsharkXmlParser):  # type: ignore[misc] # pyshark has no types
    """pyshark's parser of what tshark prints, within limits."""

    def _extract_packet_from_data(self, data: bytes, got_first_packet: bool = True) -> Any:
        """A packet and what follows it. Raises ValueError where it takes more than PACKET_OCTETS."""
        if len(data) > PACKET_OCTETS:
            raise ValueError("packet")
        return super()._extract_packet_from_data(data, got_first_packet=got_first_packet)


class Capture(FileCapture):  # type: ignore[misc] # pyshark has no types
    """pyshark's capture, which runs the program named here and no other, and ends it and all that it started.

    pyshark 0.6 kills tshark as soon as it has printed its last octet, so that nobody learns whether it failed; here
    `code` and what it `said` are kept.
    """

    def __init__(self, path: str, program: str, **more: Any) -> None:
        super().__init__(path, tshark_path=program, keep_packets=False, **more)
        self.code = 0
        self.said = b""

    def _get_tshark_path(self) -> str:
        return str(self.tshark_path)

    def _setup_tshark_output_parser(self) -> Parser:
        return Parser()

    async def _handle_process_stderr_forever(self, stderr: asyncio.StreamReader) -> None:
        while part := await stderr.read(SAID_OCTETS):
            self.said = (self.said + part)[:SAID_OCTETS]

    async def _cleanup_subprocess(self, process: asyncio.subprocess.Process) -> None:
        try:
            if self._eof_reached:
                self.code = await process.wait()
        finally:
            with suppress(ProcessLookupError, PermissionError):  # the latter is what macOS says of an ended group
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            self._running_processes.discard(process)


class Reader:
    """Runs tshark over captures, all within one time."""

    def __init__(self, program: str, keys: str, loop: Loop, limit_s: float) -> None:
        self._program = program
        self._preferences = {**PREFERENCES, **({"tls.keylog_file": keys} if keys else {})}
        self._loop = loop
        self._limit_s = limit_s
        self._deadline = time.monotonic() + limit_s
        self._found: dict[Sent, Chain] = {}

    async def read(self, paths: Mapping[str, str], sought: Mapping[Sent, Ends]) -> dict[Ends, Chain]:
        """The chains of connections by what their servers send; `paths` are by what the user calls the captures."""
        for called, path in paths.items():
            missing = (sent for sent in [*sought] if sent not in self._found)
            while batch := frozenset(islice(missing, BATCH)):
                await self._guarded(called, path, batch)
        return {ends: self._found[sent] for sent, ends in sought.items() if sent in self._found}

    async def _guarded(self, called: str, path: str, batch: frozenset[Sent]) -> None:
        """Runs tshark once. Raises SourceError and CaptureError with the name by which the user calls the capture."""
        try:
            said, code = await self._once(path, batch)
        except TimeoutError as why:
            raise SourceError(called, f"tshark did not end within {self._limit_s:g} s") from why
        except (OSError, TSharkCrashException) as why:
            raise SourceError(called, f"{self._program} cannot be run") from why
        except (AttributeError, LookupError, SyntaxError, TypeError, ValueError) as why:  # of pyshark and lxml
            raise CaptureError(called, 0, "what tshark printed of a packet cannot be read") from why
        if code and wireshark.CUT not in said:
            raise CaptureError(called, 0, f"tshark ended with exit code {code}{wireshark.complaint(said)}")

    async def _once(self, path: str, batch: frozenset[Sent]) -> tuple[str, int]:
        """What tshark said on standard error, and its exit code, 0 where it did not need to read to the end."""
        how = ["-Y", display_filter(batch)]  # pyshark's own argument would run tshark for its version first
        loop, preferences = self._loop, self._preferences
        capture = Capture(path, self._program, eventloop=loop, override_prefs=preferences, custom_parameters=how)
        missing = set(batch)

        def take(packet: Any) -> None:
            for sent, chain in certificates(packet):
                if sent in missing:
                    self._found[sent] = chain
                    missing.discard(sent)
            if not missing:
                raise StopCapture

        try:
            async with asyncio.timeout(max(self._deadline - time.monotonic(), 0)):
                await capture.packets_from_tshark(take)
        finally:
            await self._loop.release()
        return capture.said.decode("utf-8", "replace"), capture.code


def display_filter(batch: frozenset[Sent]) -> str:
    """The frames in which one of these sends certificates, in Wireshark's language."""
    clauses = []
    for source, sport, target, dport in batch:
        ip = "ip" if source.version == 4 else "ipv6"
        hosts = f"{ip}.src == {source} && {ip}.dst == {target}"
        clauses.append(f"({hosts} && tcp.srcport == {sport} && tcp.dstport == {dport})")
    return f"{CERTIFICATE} && ({' || '.join(clauses)})"


def certificates(packet: Any) -> Iterator[tuple[Sent, Chain]]:
    """The chains in a packet of pyshark's, and who sends them to whom: the nearest headers before them, as in a tunnel.

    Raises ValueError where a header says no address or port, or a certificate is no hexadecimal text.
    """
    hosts, ports = ("", ""), ("", "")
    for layer in packet.layers:
        name = layer.layer_name
        if name in ("ip", "ipv6"):
            hosts = _shown(layer, f"{name}.src"), _shown(layer, f"{name}.dst")
        elif name == "tcp":
            ports = _shown(layer, "tcp.srcport"), _shown(layer, "tcp.dstport")
        elif name == "tls" and (field := layer.get_field(CERTIFICATE)) is not None:
            ders = (bytes.fromhex(one.raw_value or "") for one in islice(field.all_fields, MAX_CERTIFICATES))
            chain = tuple(takewhile(lambda der: 0 < len(der) <= MAX_DER, ders))
            if chain:
                yield (ip_address(hosts[0]), int(ports[0]), ip_address(hosts[1]), int(ports[1])), chain


def _shown(layer: Any, name: str) -> str:
    """The first value of a field of a layer, as tshark shows it; "" where it has none."""
    field = layer.get_field(name)
    return "" if field is None else str(field.main_field.show)
