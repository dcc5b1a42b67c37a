"""Kernels are compiled before an interface is opened: what comes while they are would be dropped."""

from __future__ import annotations

import subprocess
import sys
import tempfile
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
    """Have all kernels compiled that a live capture calls, where that was not done before.

    A child does it where machine code is kept, so that the compiler's memory (300 MB) goes with it.
    """
    folder = cache_folder()
    if not PLAIN and (folder is None or not ((folder / READY).exists() or _apart())):
        run()


def _apart() -> bool:
    """Whether a child did it."""
    try:
        told = subprocess.run([sys.executable, "-m", __name__], check=False)  # noqa: S603 - this very module
    except OSError:
        return False
    return told.returncode == 0


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
