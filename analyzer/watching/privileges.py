"""Rights that were needed to open an interface are given up once it is open."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from analyzer.errors import AnalyzerError, reason

SUDO = ("SUDO_UID", "SUDO_GID")


def chosen(user: str = "") -> pwd.struct_passwd | None:
    """As whom to go on: as `user`, else as the one who called sudo; None where there is nothing to give up, or nobody.

    Raises AnalyzerError for a user who is not there, or where only root could go on as another one.
    """
    if os.geteuid() != 0:
        if user and _entry(user) != pwd.getpwuid(os.geteuid()):
            raise AnalyzerError(f"--user {user}: only root can go on as another user")
        return None
    entry = _entry(user)
    if entry is None or entry.pw_uid == 0:
        return None
    return entry


@contextmanager
def acting_as(entry: pwd.struct_passwd | None) -> Iterator[None]:
    """Act as a user for a while, so that files that he may not read are not read.

    Raises AnalyzerError where the system does not let us.
    """
    if entry is None:
        yield
        return
    groups = os.getgroups()
    with _becoming(entry):
        os.setgroups(os.getgrouplist(entry.pw_name, entry.pw_gid))
        os.setegid(entry.pw_gid)
        os.seteuid(entry.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def needs_program(entry: pwd.struct_passwd | None) -> None:
    """Raises AnalyzerError where a user may not read what is yet to be imported, as what lies in somebody's home."""
    with acting_as(entry):
        for path in (os.__file__, __file__, np.__file__):
            if not os.access(path, os.R_OK, effective_ids=True):
                name = pwd.getpwuid(os.geteuid()).pw_name
                raise AnalyzerError(f"{name} may not read this program ({path}): name another with --user")


def give_up(entry: pwd.struct_passwd | None) -> str:
    """Go on as a user for good, with his folders of caches and configuration; returns what is to be told of it.

    Raises AnalyzerError where the system does not let us: who cannot give root up does not go on with it.
    """
    if os.geteuid() != 0:
        return ""
    if entry is None:
        return "runs as root: --user NAME gives that up once the interface is open"
    with _becoming(entry):
        os.setgroups(os.getgrouplist(entry.pw_name, entry.pw_gid))
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    os.environ["HOME"] = entry.pw_dir
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        os.environ.pop(name, None)
    return f"goes on as {entry.pw_name}"


@contextmanager
def _becoming(entry: pwd.struct_passwd) -> Iterator[None]:
    """Turns what the system says against it into one line."""
    try:
        yield
    except OSError as why:
        raise AnalyzerError(f"cannot go on as {entry.pw_name} ({reason(why)})") from why


def _entry(user: str) -> pwd.struct_passwd | None:
    """The user to go on as, None where nobody is named."""
    try:
        if user:
            return pwd.getpwnam(user)
        sudo = os.environ.get(SUDO[0], "")
        return pwd.getpwuid(int(sudo)) if sudo.isdecimal() else None
    except KeyError as error:
        raise AnalyzerError(f"--user {user or sudo}: there is no such user") from error
