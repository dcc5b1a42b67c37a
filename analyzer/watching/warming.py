"""Kernels are compiled before an interface is opened: what comes while they are would be dropped."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from analyzer.capturing.keeping import Keeper
from analyzer.kernels.jit import PLAIN, cache_folder
from analyzer.metering.rates import compact
from analyzer.observing import Observer
from analyzer.settings import Settings

CAPTURE = Path(__file__).with_name("warm.pcap")
"""A lookup and two TLS sessions of the sample capture mm-clean, one behind the greeting of NATS."""

READY = "live.ready"
"""Stands among the machine code when all of it is there."""


def warm() -> None:
    """Have all kernels compiled that a live capture calls, where that was not done before, and load them.

    A child compiles, where machine code is kept, so that the compiler's memory (300 MB) goes with it. They are loaded
    by whoever compiled them: root runs no machine code that another user may write.
    """
    if PLAIN:
        return
    folder = cache_folder()
    if folder is not None and not (folder / READY).exists():
        _apart()
    run()


def _apart() -> None:
    """Let a child do it; where none can be had, it is done here."""
    with suppress(OSError):
        subprocess.run([sys.executable, "-m", __name__], check=False)  # noqa: S603 - this very module


def run() -> None:
    """Do once, on a few frames, what a live capture does all the time, and what it does when its rates fill a log."""
    observer = Observer(Settings())
    with tempfile.TemporaryDirectory() as folder:
        keeper = Keeper(Path(folder), link_type=1, octets=1 << 20, files=1, age_s=60.0, interface="")
        observer.read(str(CAPTURE), None, (0, 1), keeper.take)
        keeper.close()
    seen = observer.clone().finish()
    observer.tidy()
    observer.shed(observer.leaving(seen))
    compact(observer.sweep.tables.rates[:0], 0, 1)


def main() -> None:
    """The child."""
    run()
    folder = cache_folder()
    if folder is not None:
        (folder / READY).touch()


if __name__ == "__main__":
    main()
