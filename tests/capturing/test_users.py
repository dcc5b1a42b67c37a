"""The words that hand a program to a user."""

from __future__ import annotations

import pwd
import subprocess
import sys

import pytest

from analyzer.capturing import users
from analyzer.capturing.users import handed_over
from analyzer.errors import SourceError
from tests.builders.rights import CAPTURE

NOBODY = pwd.getpwnam("nobody")
WORDS = "import pwd; from analyzer.capturing.users import handed_over; print(*handed_over(pwd.getpwnam('nobody'), 'x'))"


@pytest.fixture
def setpriv(needs_program, needs_namespaces):
    """Skips a test that is not run by root, or without it."""
    needs_program("setpriv")


def test_a_program_begins_as_the_users(setpriv):
    """It may capture, and nothing else."""
    shown = ["grep", "-E", "^(Uid|Gid|Cap(Eff|Prm|Bnd|Amb)|NoNewPrivs)", "/proc/self/status"]
    done = subprocess.run([*handed_over(NOBODY, "eth0"), *shown], check=True, capture_output=True, text=True)
    told = {line.split(":")[0]: set(line.split()[1:]) for line in done.stdout.splitlines()}
    capture = {f"{CAPTURE:016x}"}
    assert told == {
        "Uid": {str(NOBODY.pw_uid)}, "Gid": {str(NOBODY.pw_gid)}, "NoNewPrivs": {"1"},
        "CapPrm": capture, "CapEff": capture, "CapBnd": capture, "CapAmb": capture,
    }  # fmt: skip


def test_what_root_lacks_is_not_handed_on(setpriv, root):
    """As in a container, whose root may not do everything."""
    lacking = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", sys.executable, "-c", WORDS]
    words = subprocess.run(lacking, cwd=root, check=True, capture_output=True, text=True).stdout
    assert "+net_raw" in words
    assert "net_admin" not in words


def test_what_would_stay_root_is_refused(monkeypatch):
    """It is said why, and what to do."""
    monkeypatch.setattr(users, "which", lambda _: None)
    with pytest.raises(SourceError, match=r"eth0: dumpcap and tcpdump would stay root: setpriv .* as nobody$"):
        handed_over(NOBODY, "eth0")
