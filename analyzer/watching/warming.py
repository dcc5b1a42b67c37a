"""Kernels are compiled before an interface is opened: what comes while they are would be dropped."""

from __future__ import annotations

import tempfile
from pathlib import Path

from analyzer.capturing.keeping import Keeper
from analyzer.metering.rates import compact
from analyzer.observing import Observer
from analyzer.settings import Settings

CAPTURE = Path(__file__).with_name("warm.pcap")
"""A lookup and two TLS sessions of the sample capture mm-clean; one begins with a line of text."""


def warm() -> None:
    """Do once, on a few frames, what a live capture does all the time."""
    observer = Observer(Settings())
    with tempfile.TemporaryDirectory() as folder:
        keeper = Keeper(Path(folder), link_type=1, octets=1 << 20, files=1, age_s=60.0, interface="")
        observer.read(str(CAPTURE), None, (0, 1), keeper.take)
        keeper.close()
    seen = observer.clone().finish()
    observer.tidy()
    observer.shed(observer.leaving(seen))
    compact(observer.sweep.tables.rates[:0], 0, observer.sweep.bin_ns)
