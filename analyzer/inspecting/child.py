"""Another program is run within limits, and its output comes as lines."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from analyzer.errors import SourceError, reason

LINE_OCTETS = 1 << 22
"""Of one line: a chain of certificates in hex takes some 20 kB, the longest Certificate message of TLS 32 MB."""

SAID_OCTETS = 4096
READ_OCTETS = 1 << 16


class Child:
    """A program that runs: `lines()` once, then `code` and what it `said` on standard error.

    It is given nothing on standard input, and a process group of its own, which ends with this context in any case.
    Raises SourceError, which names `of`, where the program does not end in time or writes what is no line.
    """

    def __init__(self, words: Sequence[str], *, of: str, limit_s: float, environment: dict[str, str]) -> None:
        self.of = of
        self.name = Path(words[0]).name
        self.limit_s = limit_s
        self.deadline = time.monotonic() + limit_s
        self.code = 0
        self._said = b""
        try:
            self._process = subprocess.Popen(  # noqa: S603 - a list of words, no shell; the caller names the program
                words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
                start_new_session=True, env=environment,
            )  # fmt: skip
        except OSError as why:
            raise SourceError(of, f"{words[0]} cannot be run ({reason(why)})") from why

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, why: BaseException | None, at: TracebackType | None) -> None:
        """Ends the program and all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        self._process.wait()

    @property
    def said(self) -> str:
        """What stands on standard error, its first octets."""
        return self._said.decode("utf-8", "replace")

    def lines(self) -> Iterator[bytes]:
        """Each line of standard output, without its end; `code` holds after the last."""
        rest = b""
        for part in self._parts():
            *whole, rest = (rest + part).split(b"\n")
            yield from whole
            if len(rest) > LINE_OCTETS:
                raise SourceError(self.of, f"{self.name} wrote a line of more than {LINE_OCTETS} octets")
        if rest:
            yield rest
        try:
            self.code = self._process.wait(max(self.deadline - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            self._late()

    def _parts(self) -> Iterator[bytes]:
        """Standard output as it comes; standard error is read beside it, so that neither waits for the other."""
        out, err = self._process.stdout, self._process.stderr
        assert out is not None
        assert err is not None
        with selectors.DefaultSelector() as selector:
            selector.register(out, selectors.EVENT_READ)
            selector.register(err, selectors.EVENT_READ)
            while selector.get_map():
                left = self.deadline - time.monotonic()
                ready = selector.select(left) if left > 0 else []
                if not ready:
                    self._late()
                for key, _ in ready:
                    part = os.read(key.fd, READ_OCTETS)
                    if not part:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is out:
                        yield part
                    else:
                        self._said = (self._said + part)[:SAID_OCTETS]

    def _late(self) -> None:
        raise SourceError(self.of, f"{self.name} did not end within {self.limit_s:g} s")
