"""A path becomes a stream of plain octets: a file, a pipe or standard input, compressed or not."""

from __future__ import annotations

import fcntl
import os
import select
import stat
from collections.abc import Iterator
from io import FileIO
from types import TracebackType
from typing import Self

from analyzer.capturing.unpacking import Damage, Packed, pieces
from analyzer.errors import CaptureError, SourceError, reason

STDIN = "-"
PIPE_OCTETS = 1 << 20
"""What a pipe is set to hold: 1 MB is what an unprivileged process may ask for (pipe(7), pipe-max-size)."""

HEAD = 64


class Raw:
    """An opened file whose first octets can be looked at before they are read."""

    def __init__(self, file: FileIO) -> None:
        self.file = file
        self.consumed = 0
        self._kept = b""
        mode = os.fstat(file.fileno())
        self.size = mode.st_size if stat.S_ISREG(mode.st_mode) else 0
        self._poll: select.poll | None = None
        if stat.S_ISFIFO(mode.st_mode):
            widen(file.fileno())
        if not stat.S_ISREG(mode.st_mode):
            self._poll = select.poll()
            self._poll.register(file.fileno(), select.POLLIN)

    def head(self) -> bytes:
        """The first octets, which stay to be read; fewer than HEAD only where there are no more."""
        while len(self._kept) < HEAD:
            more = self.file.read(HEAD - len(self._kept))
            if not more:
                break
            self._kept += more
        return self._kept

    def take(self, octets: int) -> bytes:
        """The next octets, as many as there are by now, which is one at least; none at the end."""
        taken, self._kept = self._kept[:octets], self._kept[octets:]
        taken = taken or self.file.read(octets) or b""
        self.consumed += len(taken)
        return taken

    def waits(self) -> bool:
        """Whether more octets would have to be waited for; never those of a file on disk."""
        return not self._kept and self._poll is not None and not self._poll.poll(0)

    def readinto(self, view: memoryview) -> int:
        """Fills `view` and returns the octets read; of a pipe only what is there by now, 0 at the end."""
        filled = min(len(self._kept), len(view))
        view[:filled] = self._kept[:filled]
        self._kept = self._kept[filled:]
        while filled < len(view) and not (filled and self.waits()):
            octets = self.file.readinto(view[filled:])
            if not octets:
                break
            filled += octets
        self.consumed += filled
        return filled

    def again(self, offset: int) -> Packed | None:
        """The same file from `offset` on, None where it cannot be read twice."""
        if not self.size:
            return None
        self.file.seek(offset)
        return _Again(self.file)


class _Again:
    """A file that is read a second time, for what stands before damage."""

    consumed = 0

    def __init__(self, file: FileIO) -> None:
        self._file = file

    def take(self, octets: int) -> bytes:
        """The next octets, none at the end."""
        return self._file.read(octets) or b""

    def waits(self) -> bool:
        """Never: it lies on disk."""
        return False

    def again(self, offset: int) -> Packed | None:
        """Nothing: twice is enough."""
        del offset
        return None


class Source:
    """A stream of plain octets, with what is known of the file behind it.

    path      as it was handed in
    size      octets on disk, 0 for a pipe
    cut       why the octets end before they should, empty where they do not (known once `readinto` gave 0)
    """

    def __init__(self, path: str, raw: Raw) -> None:
        self.path = path
        self.size = raw.size
        self.cut = ""
        self._raw = raw
        self._given = False
        self._ended = False
        self._piece = memoryview(b"")
        self._pieces: Iterator[bytes] | None = None
        self._unpack()

    def _unpack(self) -> None:
        if self._raw.file.isatty():
            raise SourceError(self.path, "is a terminal; pipe a capture in")
        try:
            self._pieces = pieces(self._raw.head(), self._raw)
        except OSError as why:
            raise SourceError(self.path, _reason(why)) from why
        if self._pieces is None:
            return
        self._next_piece(begun=False)
        if pieces(bytes(self._piece[:HEAD]), self._raw) is not None:
            raise SourceError(self.path, "is compressed twice; unpack it once, then hand it in")

    @property
    def consumed(self) -> int:
        """Octets on disk read so far."""
        return self._raw.consumed

    @property
    def compressed(self) -> bool:
        """Whether it is unpacked while it is read."""
        return self._pieces is not None

    def readinto(self, view: memoryview) -> int:
        """Fills `view` and returns the octets read; of a pipe only what is there by now, 0 at the end.

        What stands before damage is given first; then `cut` says what is wrong and 0 is returned. CaptureError where
        damage leaves nothing at all.
        """
        filled = 0 if self._ended else self._fill(view)
        self._given = self._given or filled > 0
        if not filled and len(view):
            self._ended = True
            if self.cut and not self._given:
                raise CaptureError(self.path, 0, self.cut)
        return filled

    def _fill(self, view: memoryview) -> int:
        if self._pieces is None:
            try:
                return self._raw.readinto(view)
            except OSError as why:
                self.cut = _reason(why)
                return 0
        filled = 0
        while filled < len(view):
            if not self._piece and not self._next_piece(begun=filled > 0):
                break
            octets = min(len(view) - filled, len(self._piece))
            view[filled : filled + octets] = self._piece[:octets]
            self._piece = self._piece[octets:]
            filled += octets
        return filled

    def _next_piece(self, *, begun: bool) -> bool:
        """Whether there is another piece; where some octets are there already (`begun`), none is waited for."""
        assert self._pieces is not None
        try:
            for piece in self._pieces:
                if piece or begun:
                    self._piece = memoryview(piece)
                    break
        except Damage as why:
            self.cut = str(why)
        except OSError as why:
            self.cut = _reason(why)
        return len(self._piece) > 0

    def close(self) -> None:
        """Gives the file back; standard input stays open."""
        self._raw.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_source(path: str) -> Source:
    """The octets of the file at `path`, "-" being standard input; compression is told by magic octets, never by name.

    Raises SourceError where it cannot be opened, is a terminal, or is compressed twice.
    """
    try:
        file = FileIO(0, closefd=False) if path == STDIN else FileIO(path)
    except (OSError, ValueError) as why:
        raise SourceError(path, _reason(why)) from why
    try:
        return Source(path, Raw(file))
    except BaseException:
        file.close()
        raise


def widen(descriptor: int) -> None:
    """Lets a pipe hold more, so that its writer seldom waits; Linux only, and may be refused without harm."""
    command = getattr(fcntl, "F_SETPIPE_SZ", None)
    if command is not None:
        try:
            fcntl.fcntl(descriptor, command, PIPE_OCTETS)
        except OSError:
            return


def _reason(why: OSError | ValueError) -> str:
    """What the system says, in lower case and without the path, which the error names itself."""
    if isinstance(why, FileNotFoundError):
        return "no such file"
    if isinstance(why, IsADirectoryError):
        return "is a directory"
    if isinstance(why, PermissionError):
        return "may not be read by this user"
    if isinstance(why, OSError) and why.errno:
        return f"cannot be read ({reason(why)})"
    return "is no path of a file"
