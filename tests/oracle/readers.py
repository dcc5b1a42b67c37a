"""The two readers of captures, so that one test can ask both."""

from __future__ import annotations

import tempfile
from pathlib import Path

from analyzer.api import observe as observe_fast
from tests.builders.captures import Shot, pcap
from tests.oracle.observe import observe as observe_slowly

READERS = {"oracle": observe_slowly, "analyzer": lambda paths: observe_fast([str(path) for path in paths])}

STEP_NS = 20_000_000  # so far apart nothing is a mirror's copy


def seen(reader, frames, link=1, step_ns=STEP_NS):
    """The Observations of frames (octets, or Shots with times of their own) on a link, as a reader has them."""
    shots = [
        frame if isinstance(frame, Shot) else Shot(step_ns * number, frame) for number, frame in enumerate(frames, 1)
    ]
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        file.write(pcap(shots, link=link))
        file.flush()
        return READERS[reader]([Path(file.name)])


def rows(seen_, *names):
    """Columns of the flows, as a list of rows."""
    return list(zip(*(getattr(seen_.flows, name).tolist() for name in names), strict=True))


def ends(seen_, k):
    """A flow's protocol and its ends, whichever began it."""
    flows = seen_.flows
    return int(flows.proto[k]), frozenset(
        {(flows.orig_h[k], int(flows.orig_p[k])), (flows.resp_h[k], int(flows.resp_p[k]))}
    )
