"""What a capture needed root for is given up; tried in a child, since it cannot be taken back."""

from __future__ import annotations

import errno
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.errors import AnalyzerError
from analyzer.watching import privileges
from analyzer.watching.privileges import acting_as, chosen, give_up, needs_program

CODE = """
import os, sys
from analyzer.watching.privileges import acting_as, chosen, give_up
entry = chosen(sys.argv[1] if len(sys.argv) > 1 else "")
with acting_as(entry):
    assert os.geteuid() == entry.pw_uid
assert os.getresuid() == os.getresgid() == (0, 0, 0)
print(give_up(entry))
print(os.getuid(), os.geteuid(), os.getgid(), os.getgroups(), os.environ["HOME"], os.environ.get("XDG_CACHE_HOME"))
try:
    os.setuid(0)
except PermissionError:
    print("gone for good")
"""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to give up")


def told(*arguments, **environment):
    folder = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": folder, "XDG_CACHE_HOME": "/var/cache", **environment}
    words = [sys.executable, "-c", CODE, *arguments]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()


@needs_root
@pytest.mark.parametrize("how", ["named", "sudo"])
def test_root_becomes_a_user(how):
    """The one who is named, or who called sudo; for good, with his groups and folders; before, what is kept is his."""
    user = pwd.getpwnam("nobody")
    lines = told("nobody") if how == "named" else told(SUDO_UID=str(user.pw_uid))
    assert lines[0] == "goes on as nobody"
    assert lines[1].startswith(f"{user.pw_uid} {user.pw_uid} {user.pw_gid} [")
    assert lines[1].endswith(f"] {user.pw_dir} None")
    assert lines[2] == "gone for good"


@needs_root
def test_root_without_anybody_else_is_told(monkeypatch):
    """There is nobody to become."""
    monkeypatch.delenv("SUDO_UID", raising=False)
    assert "runs as root" in give_up(chosen())


@pytest.mark.parametrize("change", [give_up, lambda entry: acting_as(entry).__enter__()])
def test_who_cannot_give_it_up_does_not_go_on(monkeypatch, change):
    """As in a namespace that knows no other user; one line."""

    def refuse(_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "setgroups", refuse)
    with pytest.raises(AnalyzerError, match=r"cannot go on as nobody \(operation not permitted\)"):
        change(pwd.getpwnam("nobody"))


@needs_root
def test_nobody_of_that_name():
    """One line."""
    with pytest.raises(AnalyzerError, match="there is no such user"):
        chosen("no-such-user-here")


def test_others_have_nothing_to_give_up(monkeypatch):
    """Nothing changes, nothing is said."""
    monkeypatch.setattr(os, "geteuid", lambda: pwd.getpwnam("nobody").pw_uid)
    assert (chosen(), chosen("nobody"), give_up(None)) == (None, None, "")
    with pytest.raises(AnalyzerError, match="only root can go on as another user"):
        chosen("root")


@needs_root
def test_a_user_who_may_not_read_the_program_is_told(tmp_path, monkeypatch):
    """Before anything is given up: what is imported later would not be found."""
    private = tmp_path / "module.py"
    private.touch(0o600)
    monkeypatch.setattr(privileges, "__file__", str(private))
    needs_program(None)
    with pytest.raises(AnalyzerError, match="nobody may not read this program"):
        needs_program(pwd.getpwnam("nobody"))
