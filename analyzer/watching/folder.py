"""The files of a result are brought up to date in place: each is whole at every moment."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from analyzer.errors import reason
from analyzer.result import Result

ASIDE = ".next"
RESULT = "result.json"
RUNS = "runs"
RUN = re.compile(r"\d{8}T\d{6}\.\d{6}Z")
MOST_RUNS = 100
"""Results of earlier runs that are kept: a unit that is started again and again does not fill the disk."""

Write = Callable[[Result, Path], object]


class Folder:
    """Where a result is written again and again; it is there, and no other program writes to it.

    Files of a result that an earlier run left are moved to a folder of their own when the first ones replace them:
    under `runs`, by the time at which that result was written. Other files stay where they are.

    trouble  why the files are those of an earlier moment, in words; empty where they are those of the last one
    """

    def __init__(self, path: Path, write: Write) -> None:
        self.path, self._write = path, write
        self.trouble = ""
        shutil.rmtree(path / ASIDE, ignore_errors=True)
        self._first = True

    def update(self, result: Result) -> bool:
        """Replace the files by those of this result; False where that fails, and the earlier ones stay."""
        aside = self.path / ASIDE
        try:
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir()
            self._write(result, aside)
            made = [path for path in aside.rglob("*") if path.is_file()]
            made.sort(key=lambda file: file.name == RESULT)  # it tells that the others are there
            for file in made:
                _settle(file)
            if self._first:
                self._set_aside([file.relative_to(aside) for file in made])
            for file in made:
                target = self.path / file.relative_to(aside)
                target.parent.mkdir(exist_ok=True)
                file.replace(target)
        except OSError as error:
            self.trouble = f"{self.path}: {reason(error)}; the files are of an earlier moment"
            return False
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        self.trouble = ""
        self._first = False
        return True

    def _set_aside(self, names: list[Path]) -> None:
        """Move the files of an earlier run that have these names to a folder of their own."""
        told = self.path / RESULT
        if not told.is_file():
            return
        written = dt.datetime.fromtimestamp(told.stat().st_mtime, dt.UTC)
        target = self.path / RUNS / f"{written:%Y%m%dT%H%M%S.%fZ}"
        for name in names:
            if (self.path / name).is_file():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                (self.path / name).replace(target / name)
        runs = sorted(path for path in (self.path / RUNS).iterdir() if RUN.fullmatch(path.name))
        for old in runs[:-MOST_RUNS]:
            shutil.rmtree(old, ignore_errors=True)


def _settle(file: Path) -> None:
    """Wait until the disk has a file."""
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
