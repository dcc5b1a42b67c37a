"""A program of the user's runs for each new finding, which it reads as JSON from its standard input."""

from __future__ import annotations

import json
import queue
import shlex
import subprocess
import threading
import time
from contextlib import suppress
from shutil import which
from typing import Any

from analyzer.errors import AnalyzerError, reason

WAITING = 100
"""Findings that may wait for the program; of more it is not told, which is counted."""

LIMIT_S = 60.0
TURN_S = 0.1


class Hook:
    """Runs a command for each finding, one after the other, without a shell; a capture's words are never arguments.

    skipped  findings for which it was not run     trouble  how its last run failed, empty where it did not
    """

    def __init__(self, command: str, limit_s: float = LIMIT_S) -> None:
        """Raises AnalyzerError where the command cannot be split into words, or names a program that is not there."""
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise AnalyzerError(f"--on-finding: {str(error).lower()}") from error
        if not self._words:
            raise AnalyzerError("--on-finding: names no program")
        if which(self._words[0]) is None:
            raise AnalyzerError(f"--on-finding: {self._words[0]}: no such program")
        self.skipped = 0
        self.trouble = ""
        self._limit_s = limit_s
        self._closing = False
        self._waiting: queue.Queue[dict[str, Any]] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._work, name="on-finding", daemon=True)
        self._thread.start()

    def tell(self, finding: dict[str, Any]) -> None:
        """Run the program for a finding when its turn comes."""
        try:
            self._waiting.put_nowait(finding)
        except queue.Full:
            self.skipped += 1

    def close(self, wait_s: float) -> int:
        """No more findings come; those that wait have so many seconds. Returns for how many it was not run."""
        end = time.monotonic() + wait_s
        self._closing = True
        while self._thread.is_alive() and time.monotonic() < end:
            self._thread.join(TURN_S)
        return self._waiting.qsize()

    def _work(self) -> None:
        while not (self._closing and self._waiting.empty()):
            with suppress(queue.Empty):
                finding = self._waiting.get(timeout=TURN_S)
                self._run(json.dumps(finding, ensure_ascii=True).encode() + b"\n")

    def _run(self, told: bytes) -> None:
        try:
            done = subprocess.run(  # noqa: S603 - the user named the program
                self._words, input=told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=self._limit_s,
                check=False, start_new_session=True,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            self.trouble = f"{self._words[0]}: took longer than {self._limit_s:g} s and was ended"
        except OSError as error:
            self.trouble = f"{self._words[0]}: {reason(error)}"
        else:
            self.trouble = f"{self._words[0]}: ended with {done.returncode}" if done.returncode else ""
