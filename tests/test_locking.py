"""One program writes to a folder at a time, whatever ended the one before."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from contextlib import closing

import pytest

from analyzer import locking
from analyzer.errors import AnalyzerError
from analyzer.locking import FolderLock

HOLD = """
import sys
from pathlib import Path
from analyzer.locking import FolderLock
lock = FolderLock(Path(sys.argv[1]))
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path, root):
    """A process that has locked the folder."""
    words = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(words, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "locked\n"
        yield child
        child.kill()


def test_the_other_process_is_named(holder, tmp_path):
    """With the folder, in one line; nothing is in the folder for that."""
    with pytest.raises(AnalyzerError) as raised:
        FolderLock(tmp_path)
    process = f" (process {holder.pid})" if os.path.exists("/proc/locks") else ""  # noqa: PTH110 - as short
    assert str(raised.value) == f"{tmp_path}: another program writes there{process}"
    assert list(tmp_path.iterdir()) == []


def test_a_kill_unlocks(holder, tmp_path):
    """As the end of a process does in any case."""
    holder.kill()
    holder.wait()
    FolderLock(tmp_path).close()


def test_a_child_that_lives_on_does_not_keep_it(tmp_path):
    """A program that was started meanwhile, as for a finding, has nothing of it."""
    lock = FolderLock(tmp_path)
    with subprocess.Popen(["sleep", "60"]) as child:
        lock.close()
        lock.close()
        FolderLock(tmp_path).close()
        child.kill()


def test_a_folder_is_made(tmp_path):
    """With what is above it, and its permissions; one that is there stays as it is."""
    with closing(FolderLock(tmp_path / "a" / "b", mode=0o700)):
        assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
    with closing(FolderLock(tmp_path / "a" / "b")):
        assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="exists"):
        FolderLock(tmp_path / "file")


def test_another_name_is_the_same_folder(tmp_path):
    """A link to it is no way around."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    said = "link: another program writes there"
    with closing(FolderLock(tmp_path / "folder")), pytest.raises(AnalyzerError, match=said):
        FolderLock(tmp_path / "link")


def test_where_nothing_can_be_locked_nobody_is_kept_away(tmp_path, monkeypatch):
    """A result on such a disk is better than none."""

    def refuse(*_):
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(locking.fcntl, "flock", refuse)
    with closing(FolderLock(tmp_path)), closing(FolderLock(tmp_path)):
        pass


def test_who_is_not_told_is_not_named(tmp_path, monkeypatch):
    """Where there is no list of locks, or it is of another form; what nobody has locked is in none."""
    assert locking._process_at(tmp_path.stat()) == ""  # noqa: SLF001 - what the message ends with
    for text in ("no locks\n", "1: FLOCK  ADVISORY  WRITE -1 00:00:0 0 EOF\n", None):

        def read(_path, told=text):
            if told is None:
                raise FileNotFoundError
            return told

        monkeypatch.setattr(locking.Path, "read_text", read)
        with closing(FolderLock(tmp_path)), pytest.raises(AnalyzerError, match=r"another program writes there$"):
            FolderLock(tmp_path)
