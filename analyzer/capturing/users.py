"""A program that root runs for a user is the user's from its first instruction on, and may capture and nothing else.

Source: setpriv(1), of util-linux; capabilities(7).
"""

from __future__ import annotations

import pwd
import re
from pathlib import Path
from shutil import which

from analyzer.errors import SourceError

RIGHTS = {"net_admin": 12, "net_raw": 13}
"""By number (linux/capability.h): to listen, and to listen to what is no common interface, as a log of a firewall."""

HELD = re.compile(r"CapPrm:\s*([0-9a-f]+)")


def handed_over(user: pwd.struct_passwd, interface: str) -> list[str]:
    """The words before a program's that hand it to a user; SourceError where it would stay root."""
    setpriv = which("setpriv")
    if setpriv is None:
        raise SourceError(
            interface,
            "dumpcap and tcpdump would stay root: setpriv (util-linux) is missing, which hands them to "
            f"{user.pw_name}; install it, or start this program as {user.pw_name}",
        )
    held = int("".join(HELD.findall(Path("/proc/self/status").read_text())), 16)
    kept = ",".join(["-all", *(f"+{name}" for name, bit in RIGHTS.items() if held >> bit & 1)])
    sets = [f"--{name}={kept}" for name in ("inh-caps", "ambient-caps", "bounding-set")]
    return [
        setpriv, "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--init-groups", *sets, "--no-new-privs",
    ]  # fmt: skip
