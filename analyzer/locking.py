"""A folder is written by one program at a time, until that is done with it, or has ended in whatever way.

The folder itself is locked (flock(2)), so that it holds no file for that, and the system unlocks what a kill leaves
behind. Which process has locked it, Linux tells in /proc/locks (proc(5)).
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from analyzer.errors import AnalyzerError


class FolderLock:
    """A folder to which nobody else writes who asks first. Who only reads it need not ask."""

    def __init__(self, folder: Path, mode: int = 0o777) -> None:
        """Lock it, and make it with these permissions where there is none.

        Where the file system knows no locks, nobody is kept away. Raises AnalyzerError where another program has locked
        it, and OSError where it cannot be made or opened.
        """
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        self._descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as why:
            process = _process_at(os.fstat(self._descriptor))
            self.close()
            raise AnalyzerError(f"{folder}: another program writes there{process}") from why
        except OSError:  # ENOTSUP, ENOLCK: this file system knows no locks
            pass

    def close(self) -> None:
        """Let others write to it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _process_at(told: os.stat_result) -> str:
    """Which process has locked a file, in words; empty where the system does not tell."""
    file = f"{os.major(told.st_dev):02x}:{os.minor(told.st_dev):02x}:{told.st_ino}"
    with suppress(OSError, ValueError):
        for line in Path("/proc/locks").read_text().splitlines():
            _, kind, _, _, process, locked, *_ = line.split()
            if (kind, locked) == ("FLOCK", file) and process.isdecimal() and process != "0":
                return f" (process {process})"
    return ""
