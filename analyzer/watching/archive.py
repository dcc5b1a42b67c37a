"""Facts of flows that left memory are kept in a folder, a part at a time, the oldest given up for the newest."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from analyzer import factsfile
from analyzer.errors import reason
from analyzer.observations import Observations

ASIDE = ".next"


class Archive:
    """A folder of parts of facts, numbered; `analyzer judge FOLDER` judges them all.

    folder   is made when the first part comes; parts of an earlier run stay, and are counted on
    octets   of all parts that are kept at most; the part written last is kept in any case
    trouble  why the last part could not be kept, in words; empty where it could
    lost     flows whose facts could not be kept
    given_up parts that were deleted for newer ones
    """

    def __init__(self, folder: Path, octets: int) -> None:
        self.folder, self.octets = folder, octets
        self.trouble = ""
        self.lost = self.given_up = 0

    def add(self, part: Observations) -> bool:
        """Keep a part; False where it cannot be written, which `trouble` tells."""
        aside = self.folder / ASIDE
        try:
            parts = self.parts()
            target = self.folder / f"{int(parts[-1].name) + 1 if parts else 1:06}"
            shutil.rmtree(aside, ignore_errors=True)
            factsfile.save(part, aside)
            aside.replace(target)
            self._keep_within([*parts, target])
        except OSError as error:
            shutil.rmtree(aside, ignore_errors=True)
            self.trouble = f"{self.folder}: {reason(error)}"
            self.lost += part.flows.proto.size
            return False
        self.trouble = ""
        return True

    def parts(self) -> list[Path]:
        """The parts that are there, the oldest first."""
        if not self.folder.is_dir():
            return []
        found = (path for path in self.folder.iterdir() if path.name.isdecimal() and path.is_dir())
        return sorted(found, key=lambda path: int(path.name))

    def _keep_within(self, parts: list[Path]) -> None:
        """Delete the oldest parts until the others take no more room than they may."""
        sizes = [sum(file.stat().st_size for file in os.scandir(part)) for part in parts]
        while len(parts) > 1 and sum(sizes) > self.octets:
            shutil.rmtree(parts.pop(0), ignore_errors=True)
            sizes.pop(0)
            self.given_up += 1
