"""Make the sample captures anew: `python captures/make.py [NAME…]`, as root on Linux, all of them if no name is given.

A scenario that is recorded at two places makes both captures, whichever of them is named. What `captures/build.py`
builds is built first, and needs neither root nor Linux where nothing else is named.

Everything happens in network, mount and process namespaces of their own, which the kernel takes down, with all
that runs in them, when this program ends for whatever reason. Nothing reaches a real host: these namespaces have no
link out.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from build import BUILT
from scenarios import SCENARIOS
from staging.links import located
from staging.recording import perform

PROGRAMS = ("ip", "nft", "dnsmasq", "chronyd", "curl", "dumpcap")  # of every scenario
MAKERS = {capture: name for name, scenario in SCENARIOS.items() for capture in (name, *scenario.also)}
INSIDE = "--inside"


def main() -> int:
    """Run the scenarios that the command line names; 0 if all were made, 1 if one failed, 2 if this machine cannot."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join((*BUILT, *MAKERS))}")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent, help="folder to write into")
    parser.add_argument(INSIDE, type=Path, dest="scratch", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if unknown := [name for name in args.names if name not in MAKERS and name not in BUILT]:
        parser.error(f"no such scenario: {', '.join(unknown)}")
    names = list(dict.fromkeys(MAKERS[name] for name in args.names or MAKERS if name in MAKERS))
    if args.scratch:
        return perform(SCENARIOS[names[0]], names[0], args.out, args.scratch)
    for name in args.names or BUILT:
        if name in BUILT:
            BUILT[name](args.out)
    if not names:
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if os.geteuid() != 0:
        parser.error("needs root, for network namespaces")
    wanted = dict.fromkeys((*PROGRAMS, *(program for name in names for program in SCENARIOS[name].needs)))
    if missing := [program for program in wanted if located(program) is None]:
        parser.error(f"not installed: {', '.join(missing)}")
    failed = [name for name in names if not _isolated(name, args.out)]
    if failed:
        print(f"not made: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _isolated(name: str, out: Path) -> bool:
    """Run one scenario in namespaces that end with it; true if it was made."""
    with tempfile.TemporaryDirectory(prefix="capture-") as scratch:
        # should this process be killed, nothing of it goes on
        apart = "setpriv --pdeathsig KILL unshare --net --mount --uts --ipc --pid --fork --kill-child --mount-proc --"
        inside = (sys.executable, __file__, name, "--out", str(out), INSIDE, scratch)
        return subprocess.run([*apart.split(), *inside], check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
