"""Rights that were needed to open an interface are given up once it is open."""

from __future__ import annotations

import os
import pwd

from analyzer.errors import AnalyzerError

SUDO = ("SUDO_UID", "SUDO_GID")


def give_up(user: str = "") -> str:
    """Go on as `user`, by default as the one who called sudo; returns what is to be told of it, empty where nothing.

    Folders of caches and configuration are that user's from then on. Raises AnalyzerError for a user who is not there.
    """
    if os.geteuid() != 0:
        return ""
    entry = _entry(user)
    if entry is None:
        return "runs as root: --user NAME gives that up once the interface is open"
    if entry.pw_uid == 0:
        return ""
    os.setgroups(os.getgrouplist(entry.pw_name, entry.pw_gid))
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.environ["HOME"] = entry.pw_dir
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        os.environ.pop(name, None)
    return f"goes on as {entry.pw_name}"


def _entry(user: str) -> pwd.struct_passwd | None:
    """The user to go on as, None where nobody is named."""
    try:
        if user:
            return pwd.getpwnam(user)
        sudo = os.environ.get(SUDO[0], "")
        return pwd.getpwuid(int(sudo)) if sudo.isdecimal() else None
    except KeyError as error:
        raise AnalyzerError(f"--user {user or sudo}: there is no such user") from error
