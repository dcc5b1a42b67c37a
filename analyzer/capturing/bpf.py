"""A capture filter in tcpdump's language becomes a program for the kernel, by tcpdump itself.

Compiled for the interface, since only then does the program look for VLAN tags where Linux keeps them. A host's name in
an expression is looked up by tcpdump. Source: pcap-filter(7); tcpdump(1), -d; linux/filter.h.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Sequence
from shutil import which

import numpy as np

from analyzer.capturing.links import link_type_of
from analyzer.errors import SourceError
from analyzer.printable import printable

INSTRUCTION = np.dtype([("code", "<u2"), ("yes", "u1"), ("no", "u1"), ("k", "<u4")])  # struct sock_filter
MOST_INSTRUCTIONS = 4096  # BPF_MAXINSNS
WAIT_S = 20

DATA_LINKS = {1: "EN10MB", 101: "RAW", 105: "IEEE802_11", 127: "IEEE802_11_RADIO"}


def compile_filter(expression: str, interface: str) -> bytes:
    """The filter as an array of struct sock_filter.

    Raises SourceError with what tcpdump says of the expression, or where there is no tcpdump.
    """
    program = which("tcpdump")
    if program is None:
        raise SourceError("filter", "tcpdump, which compiles it, is not installed; dumpcap takes filters by itself")
    code, out, said = _run([program, "-i", interface, "-ddd", "--", expression])
    if code and "permission" in said.lower():  # the right to listen is this process's, not one of its children's
        if re.search(r"\bvlan\b", expression):
            raise SourceError("filter", "`vlan` in it needs tcpdump to have the right to listen")
        code, out, said = _run([program, "-y", _data_link(interface), "-ddd", "--", expression])
    if code:
        raise SourceError("filter", _last_line(said))
    return _parsed(out)


def _run(words: Sequence[str]) -> tuple[int, str, str]:
    """Exit code, output and errors of a run."""
    try:
        done = subprocess.run(  # noqa: S603 - a list of words, no shell
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=WAIT_S, check=False,
            env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
    except subprocess.TimeoutExpired as why:
        raise SourceError("filter", f"tcpdump did not compile it within {WAIT_S} s") from why
    except (OSError, ValueError) as why:
        raise SourceError("filter", f"tcpdump cannot be run ({printable(str(why))})") from why
    return done.returncode, done.stdout.decode("ascii", "replace"), done.stderr.decode("utf-8", "replace")


def _data_link(interface: str) -> str:
    """The kind of an interface's frames, as libpcap calls it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            return DATA_LINKS[link_type_of(asking, interface)]
        except OSError as why:
            raise SourceError(interface, "no such interface") from why


def _last_line(said: str) -> str:
    """What tcpdump says last, without its name."""
    lines = [line.removeprefix("tcpdump: ") for line in said.splitlines() if line.startswith("tcpdump: ")]
    return printable(lines[-1]) if lines else "tcpdump does not compile it, and says nothing"


def _parsed(out: str) -> bytes:
    """What -ddd prints: the number of instructions, then each as four numbers."""
    try:
        count, *rows = [tuple(map(int, line.split())) for line in out.splitlines()]
        instructions = np.array(rows, INSTRUCTION)
    except (ValueError, OverflowError, TypeError) as why:
        raise SourceError("filter", "tcpdump printed what is no program") from why
    if count != (instructions.size,) or not 0 < instructions.size <= MOST_INSTRUCTIONS:
        raise SourceError("filter", f"{instructions.size} instructions; Linux takes {MOST_INSTRUCTIONS} at most")
    return instructions.tobytes()
