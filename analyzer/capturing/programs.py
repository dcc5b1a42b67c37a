"""dumpcap or tcpdump captures as a child, and its standard output is the stream that is read.

The child is a group of its own. It ends when it is told to, with the statistics that it then writes, or at the next
frame when nobody reads its pipe any more: a parent that is killed leaves no child behind. What root runs for a user is
the user's from the first instruction on (users.py). Source: dumpcap(1), tcpdump(1).
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import select
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from io import FileIO
from shutil import which
from types import TracebackType
from typing import Self

from analyzer.capturing.links import rights
from analyzer.capturing.ring import SNAPLEN, Counts
from analyzer.capturing.source import widen
from analyzer.capturing.users import handed_over
from analyzer.errors import SourceError
from analyzer.printable import printable

SAID_OCTETS = 4096
PATIENCE_S = (3.0, 1.0)
"""That a child has to end after SIGINT, and after SIGTERM."""

HELD_S = {"dumpcap": 0.3, "tcpdump": 1.1}
"""How long the kernel holds frames before it hands them to a program: 250 ms and a second, as they ask libpcap."""

INTERFACE = re.compile(r"[\w][\w.:@ -]{0,254}")
ELSEWHERE = re.compile(r"(?i)(tcp@|rpcap)")
"""What dumpcap would take for another host."""

DUMPCAP_COUNTS = re.compile(r"received/dropped on interface .*?: (\d+)/(\d+)")
TCPDUMP_RECEIVED = re.compile(r"(\d+) packets? received by filter")
TCPDUMP_DROPPED = re.compile(r"(\d+) packets? dropped by (?:kernel|interface)")
USUAL = re.compile(r"$|Capturing on|File:|Packets|listening|Running as|WARNING|\d+ packets?")
"""What both programs say when all is well."""

FORBIDDEN = re.compile(r"(?i)(?!setpriv:).*(permission|not permitted)")
"""What either says where it lacks the right to listen."""


class Program:
    """A program that captures; a `Readable` for buffers.

    path  the interface's name
    name  the program's
    """

    def __init__(self, words: Sequence[str], interface: str, before: Sequence[str] = ()) -> None:
        """Run it, by the words that go before its own; SourceError where it cannot be run."""
        self.path = interface
        self.name = os.path.basename(words[0])  # noqa: PTH119 - a word
        self._said = b""
        self._asked = False
        try:
            self._child = subprocess.Popen(  # noqa: S603 - a list of words, no shell
                [*before, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                bufsize=0, start_new_session=True, env={**os.environ, "LC_ALL": "C"},
            )  # fmt: skip
        except (OSError, ValueError) as why:
            raise SourceError(interface, f"{self.name} cannot be run ({printable(str(why))})") from why
        assert isinstance(self._child.stdout, FileIO)
        self._out = self._child.stdout
        widen(self._out.fileno())
        self._listener = threading.Thread(target=self._listen, name="capture-child", daemon=True)
        self._listener.start()

    @classmethod
    def open(
        cls,
        interface: str,
        *,
        filter: str = "",  # noqa: A002 - the field's word
        snaplen: int = SNAPLEN,
        user: pwd.struct_passwd | None = None,
    ) -> Self:
        """Capture with dumpcap, or with tcpdump where there is none.

        filter  an expression, empty for all frames
        user    to whom root hands the program, with the rights to capture and no others; he may end it

        Raises SourceError where neither is there to be run, or would stay root, and for a name that is that of no
        interface of this machine.
        """
        if not INTERFACE.fullmatch(interface) or ELSEWHERE.match(interface):
            raise SourceError(interface, "no such interface")
        before = handed_over(user, interface) if user is not None else ()
        dumpcap, tcpdump = which("dumpcap"), which("tcpdump")
        if dumpcap:
            words = [dumpcap, "-q", "-i", interface, "-s", str(snaplen), "-w", "-"]
            return cls([*words, *(["-f", filter] if filter else [])], interface, before)
        if tcpdump:
            words = [tcpdump, "-i", interface, "-s", str(snaplen), "-n", "-U", "-w", "-"]
            return cls([*words, "--", *([filter] if filter else [])], interface, before)
        raise SourceError(interface, "neither dumpcap nor tcpdump is installed, or may be run by this user")

    def readinto(self, view: memoryview) -> int:
        """Octets of the stream, 0 at its end; SourceError with the program's own words where it ended by itself."""
        try:
            octets = self._out.readinto(view)
        except ValueError:  # closed by another thread
            return 0
        if not octets and not self._asked:
            code = self._child.wait()
            self._listener.join(PATIENCE_S[0])
            raise SourceError(self.path, f"{self.name}: {self._reason(code)}")
        return octets or 0

    def counts(self) -> Counts | None:
        """What the program counted, None as long as it runs and where it did not tell."""
        said = self._said.decode("utf-8", "replace")
        if self._child.poll() is None:
            return None
        told = DUMPCAP_COUNTS.search(said)
        if told:
            return Counts(int(told[1]), int(told[2]))
        received, dropped = TCPDUMP_RECEIVED.search(said), TCPDUMP_DROPPED.findall(said)
        if not received or not dropped:
            return None
        lost = sum(map(int, dropped))
        return Counts(max(int(received[1]) - lost, 0), lost)

    def stop(self) -> None:
        """Ask it to end once it was handed what has passed: it writes that and its statistics, and the stream ends."""
        if not self._asked:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(HELD_S.get(self.name, 0))
        self._end()

    def close(self) -> None:
        """End it, whatever it does; what it still writes is read and left."""
        self._end()
        for patience, harder in zip(PATIENCE_S, (signal.SIGTERM, signal.SIGKILL), strict=True):
            if self._ends_within(patience):
                break
            self._signal(harder)
        self._child.wait()
        self._listener.join(PATIENCE_S[0])
        self._out.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _end(self) -> None:
        self._asked = True
        self._signal(signal.SIGINT)

    def _ends_within(self, seconds: float) -> bool:
        """Whether it ends in time, while its pipe is emptied, for which it may wait."""
        until = time.monotonic() + seconds
        while self._child.poll() is None and time.monotonic() < until:
            with contextlib.suppress(OSError, ValueError):
                if select.select([self._out], [], [], 0.02)[0] and not os.read(self._out.fileno(), 1 << 16):
                    time.sleep(0.02)
        return self._child.poll() is not None

    def _signal(self, number: signal.Signals) -> None:
        if self._child.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, number)

    def _listen(self) -> None:
        """Read standard error to its end, so that the child never waits for us; its last octets are kept."""
        assert self._child.stderr is not None
        with self._child.stderr as stream:
            while part := stream.read(1 << 12):
                self._said = (self._said + part)[-SAID_OCTETS:]

    def _reason(self, code: int) -> str:
        """What it says went wrong: its first line that is not about what it does; or what grants a missing right."""
        lines = [line.strip() for line in self._said.decode("utf-8", "replace").splitlines()]
        said = [line for line in (one.removeprefix(f"{self.name}: ") for one in lines) if not USUAL.match(line)]
        if not said:
            return f"ended with exit code {code}"
        return (FORBIDDEN.match(said[0]) and rights()) or printable(said[0])
