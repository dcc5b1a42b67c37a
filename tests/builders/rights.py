"""What a process may, and a program that every user can reach, wherever it lies."""

from __future__ import annotations

import os
import re
from pathlib import Path

CAPTURE = 1 << 12 | 1 << 13
"""CAP_NET_ADMIN and CAP_NET_RAW."""

REACH = """
mount -t tmpfs tmpfs /mnt
n=0; for path in "$@"; do [ "$path" = -- ] && break; n=$((n + 1)); mkdir /mnt/$n; mount --bind "$path" /mnt/$n; done
for closed in $CLOSED; do mount -t tmpfs -o mode=755 tmpfs "$closed"; done
n=0; while [ "$1" != -- ]; do n=$((n + 1)); mkdir -p "$1"; mount --move /mnt/$n "$1"; shift; done
shift; exec "$@"
"""


def standing(process: int) -> tuple[set[int], int]:
    """The users that a process is (real, effective, saved, of files), and its effective capabilities."""
    told = dict(re.findall(r"(\w+):\s*(.*)", Path(f"/proc/{process}/status").read_text()))
    return set(map(int, told["Uid"].split())), int(told["CapEff"], 16)


def children_of(process: int) -> list[int]:
    """The processes that a process has started, and that run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            rest = path.read_text().rsplit(")", 1)[1].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(rest[1]) == process:
            found.append(int(path.parent.name))
    return found


def reachable(*paths: Path) -> list[str]:
    """Words before a program's, run by root: below them every user can reach these folders.

    What lies beside them in folders that are closed to others, as root's home, is hidden from the program; nothing of
    it changes for anybody else.
    """
    outermost = [path for path in paths if not any(other in path.parents for other in paths)]
    closed = {folder for path in outermost for folder in path.parents if not folder.stat().st_mode & 1}
    inside = [path for path in dict.fromkeys(outermost) if closed & set(path.parents)]
    hidden = [folder for folder in closed if not closed & set(folder.parents)]
    words = ["unshare", "--mount", "--propagation", "private", "env", f"CLOSED={' '.join(map(str, hidden))}"]
    return [*words, f"PATH={os.environ['PATH']}", "sh", "-ec", REACH, "sh", *map(str, inside), "--"]
