"""Frames as they pass are kept in a folder, as pcapng files that are rolled by size and deleted by number and age.

Whole blocks are written, a chunk at a time, so that the file in the making can be read at every moment. Only files that
the folder's own names tell to be of this kind are ever deleted. Ages are of the machine's running clock, not of the
calendar: a clock that is set deletes nothing.
"""

from __future__ import annotations

import errno
import os
import re
import struct
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from analyzer.capturing.container import IF_FCSLEN, IF_NAME, IF_TSRESOL, ORDER
from analyzer.errors import SourceError, reason
from analyzer.kernels import records as rc
from analyzer.kernels.writing import FULL, write_blocks
from analyzer.locking import FolderLock

BUFFER_OCTETS = 1 << 20
FEWEST_OCTETS = 4096
NAME = re.compile(r"capture-(\d{6,12})-\d{8}T\d{6}Z\.pcapng")
FULL_DISK = (errno.ENOSPC, errno.EDQUOT)
MOST_LINKS = 1000
LOOK_S = 1.0
"""Between two looks at what has become too old."""

Array = npt.NDArray[Any]
Link = tuple[int, int, int]  # link type, snaplen, octets of the checksum: what the file tells of an interface


class Keeper:
    """A ring of files on disk. No error of the disk is raised: `trouble` tells it, and `lost` counts what was not kept.

    octets  of a file at most; a frame that is larger has a file of its own
    files   that are kept at most, the one in the making among them
    age_s   what is older is deleted; no file spans more than its share of it
    """

    def __init__(  # noqa: PLR0913 - what bounds a ring of files
        self, folder: Path, *, link_type: int, octets: int, files: int, age_s: float, interface: str
    ) -> None:
        """Go on in a folder, or make it.

        Raises SourceError where it cannot be written, AnalyzerError where another program writes there.
        """
        self.folder = folder
        self.trouble = ""
        self.lost = 0
        self.kept = 0
        self._octets = max(octets, FEWEST_OCTETS)
        self._files = max(files, 1)
        self._age_s = age_s
        self._span_s = age_s / max(self._files - 1, 1)
        self._name = interface
        self._links: list[Link] = [(link_type, 0, 0)]
        self._usual: Array = np.empty(min(BUFFER_OCTETS, self._octets), np.uint8)
        self._out = self._usual
        self._last_ns = 0
        self._not_kept = 0  # frames since the disk last took some
        self._file = -1
        self._path = folder
        self._written = 0
        self._looked = self._begun = time.monotonic()
        self._taking = threading.Lock()
        self._closed = False
        self._lock = _locked(folder)
        self._done = _found(folder)
        self._next = max(map(_number, self._done), default=0) + 1
        self._delete_old(time.monotonic())

    def take(self, octets: Array, at: int, end: int, form: Array, interfaces: Array) -> None:
        """Keep the frames in `octets[at:end]`, laid out as for the sweep."""
        with self._taking:
            if not self._closed:
                self._take(octets, at, end, form, interfaces)

    def _take(self, octets: Array, at: int, end: int, form: Array, interfaces: Array) -> None:
        now = time.monotonic()
        if now - self._looked > LOOK_S:
            self._delete_old(now)
        if self._file >= 0 and now - self._begun > self._span_s:
            self._end_file()
        numbers = self._numbers(interfaces)
        while True:
            why, at, used, frames, last_ns, need = write_blocks(
                octets, at, end, form, interfaces, numbers, self._out, 0, self._last_ns
            )
            self._last_ns = int(last_ns)
            if frames:
                self._keep(int(used), int(frames))
                self._out = self._usual
            elif why == FULL:
                self._out = np.empty(int(need), np.uint8)
            if why != FULL:
                return

    def close(self) -> None:
        """End the file in the making, and let others keep frames in the folder."""
        with self._taking:
            self._closed = True
            self._end_file()
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _numbers(self, interfaces: Array) -> Array:
        """The number of each interface in the file; where the file does not describe all of them, another is begun."""
        wanted = [(int(row[rc.LINK]), int(row[rc.SNAPLEN]), int(row[rc.FCS])) for row in interfaces]
        new = list(dict.fromkeys(link for link in wanted if link not in self._links))
        if new:
            self._end_file()
            self._links = (self._links + new) if len(self._links) + len(new) <= MOST_LINKS else list(set(wanted))
        return np.array([self._links.index(link) for link in wanted], np.int64)

    def _keep(self, used: int, frames: int) -> None:
        """Put so many octets of the buffer into a file, whole or not at all."""
        try:
            try:
                self._append(used)
            except OSError as why:
                if why.errno not in FULL_DISK or self._not_kept or not self._make_room(used):
                    raise
                self._append(used)
        except OSError as why:
            self.lost += frames
            self._not_kept += frames
            what = "disk full" if why.errno in FULL_DISK else _said(why)
            self.trouble = f"{what}: {self._not_kept:,} frames not kept"
            return
        self.kept += frames
        self._not_kept = 0
        self.trouble = ""

    def _append(self, used: int) -> None:
        """Write the buffer to the file in the making, which is begun where there is none or it is full."""
        if self._file >= 0 and self._written + used > self._octets:
            self._end_file()
        if self._file < 0:
            self._begin_file()
        self._write(self._out.data[:used])

    def _begin_file(self) -> None:
        head = _block(rc.SECTION, struct.pack("<IHHq", ORDER, 1, 0, -1))
        head += b"".join(_interface(link, self._name) for link in self._links)
        while self._file < 0:
            stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
            self._path = self.folder / f"capture-{self._next:06}-{stamp}.pcapng"
            self._next += 1
            with suppress(FileExistsError):
                self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._written = 0
        self._begun = time.monotonic()
        while self._done and len(self._done) + 1 > self._files:
            self._delete(next(iter(self._done)))
        try:
            self._write(memoryview(head))
        except OSError:
            os.close(self._file)
            self._file = -1
            self._path.unlink(missing_ok=True)
            raise

    def _write(self, content: memoryview) -> None:
        """Write all of it, or leave the file as it was and raise OSError."""
        at = 0
        try:
            while at < len(content):
                at += os.write(self._file, content[at:])
        except OSError:
            if at:
                os.ftruncate(self._file, self._written)
            raise
        self._written += at

    def _end_file(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            self._done[self._path] = time.monotonic()

    def _delete_old(self, now: float) -> None:
        self._looked = now
        for path in [path for path, ended in self._done.items() if now - ended > self._age_s]:
            self._delete(path)

    def _make_room(self, octets: int) -> bool:
        """Delete the oldest files, of so many octets together; whether there was one."""
        freed = 0
        while self._done and freed < octets:
            freed += self._delete(next(iter(self._done)))
        return freed > 0

    def _delete(self, path: Path) -> int:
        """Delete a file that was made here; its octets."""
        del self._done[path]
        try:
            octets = path.lstat().st_size
            path.unlink()
        except OSError:
            return 0
        return octets


def _locked(folder: Path) -> FolderLock:
    """The folder's lock; where there is none, it is made so that only its owner reads it."""
    try:
        lock = FolderLock(folder, mode=0o700)
    except OSError as why:
        raise SourceError(str(folder), _said(why)) from why
    if not os.access(folder, os.W_OK | os.X_OK):
        lock.close()
        raise SourceError(str(folder), _said(PermissionError(errno.EACCES, "")))
    return lock


def _found(folder: Path) -> dict[Path, float]:
    """Files of runs before, the oldest first, each with when it was written on the running clock."""
    now, running = time.time(), time.monotonic()
    with os.scandir(folder) as entries:
        ages = {
            folder / entry.name: max(now - entry.stat(follow_symlinks=False).st_mtime, 0)
            for entry in entries
            if NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
        }
    return {path: running - ages[path] for path in sorted(ages, key=_number)}


def _number(path: Path) -> int:
    return int(path.name.split("-")[1])


def _interface(link: Link, name: str) -> bytes:
    """An Interface Description Block; times are in ns (draft section 4.2)."""
    link_type, snaplen, fcs = link
    told = [(IF_NAME, name.encode("utf-8", "replace")[:256]), (IF_TSRESOL, b"\x09")]
    options = b"".join(_option(*one) for one in (*told, *([(IF_FCSLEN, bytes([fcs]))] if fcs else [])))
    return _block(rc.INTERFACE, struct.pack("<HHI", link_type & 0xFFFF, 0, snaplen & 0xFFFFFFFF) + options + bytes(4))


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _said(why: OSError) -> str:
    return f"cannot be written to ({reason(why)})"
