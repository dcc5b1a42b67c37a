"""Which feed an interface is captured by: a ring where that may be, else the next best that is there."""

from __future__ import annotations

import pwd

from analyzer.capturing.bpf import compile_filter
from analyzer.capturing.links import rights
from analyzer.capturing.programs import Program
from analyzer.capturing.ring import Ring
from analyzer.capturing.scapysource import LIMITS, ScapySource
from analyzer.capturing.source import STDIN
from analyzer.errors import SourceError
from analyzer.watching.feeds import Feed, ListenerFeed, RingFeed, StreamFeed

FEEDS = ("ring", "program", "scapy")
"""The feeds of an interface, best first; a program is dumpcap, or tcpdump where there is none."""


def open_feed(
    interface: str, *, how: str = "auto", capture_filter: str = "", user: pwd.struct_passwd | None = None
) -> Feed:
    """Begin to capture on an interface, or from standard input for "-".

    how   one of FEEDS, or auto: the first of them that may
    user  as whom root is about to go on; a program that captures is his at once

    Raises SourceError: of what was asked for; of auto, why the first one may not.
    """
    if interface == STDIN:
        if capture_filter or how != "auto":
            raise SourceError(STDIN, "whoever writes the capture chooses the interface and the filter")
        return StreamFeed(STDIN)
    why: SourceError | None = None
    for name in FEEDS if how == "auto" else (how,):
        try:
            return _opened(name, interface, capture_filter, why.reason if why else "", user)
        except SourceError as error:
            why = why or error
        if name == "ring" and not rights():
            break  # it may, but cannot: nor can the others
    assert why is not None
    raise why


def _opened(name: str, interface: str, capture_filter: str, instead: str, user: pwd.struct_passwd | None) -> Feed:
    if name == "ring":
        compiled = compile_filter(capture_filter, interface) if capture_filter else None
        return RingFeed(Ring.open(interface, filter=compiled))
    if name == "program":
        program = Program.open(interface, filter=capture_filter, user=user)
        return ListenerFeed(program, program.name, instead=instead)
    return ListenerFeed(ScapySource(interface, filter=capture_filter), name, LIMITS, instead)
