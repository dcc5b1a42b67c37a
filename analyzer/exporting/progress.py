"""Octets read become a bar on a terminal, once the work takes long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

PATIENCE_S = 1.0
"""Work that is done sooner shows no bar."""


@contextmanager
def bar(stream: TextIO) -> Iterator[Callable[[int, int], None] | None]:
    """What to call with octets done and octets in all (0: not known); None where the stream is no terminal."""
    if not stream.isatty():
        yield None
        return
    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    shown = Progress(*columns, console=Console(file=stream), transient=True)
    task = shown.add_task("reading", total=None)
    begin = time.monotonic()

    def told(done: int, total: int) -> None:
        shown.update(task, completed=done, total=total or None)
        if not shown.live.is_started and time.monotonic() - begin > PATIENCE_S:
            shown.start()

    try:
        yield told
    finally:
        if shown.live.is_started:
            shown.stop()
