"""Build the sample captures that no real program makes: `python captures/build.py [NAME…]`, anywhere, without root.

The same frames each time; `captures/make.py` builds them as well.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from built import truth
from built.capacity import NAME

BUILT: dict[str, Callable[[Path], None]] = {NAME: truth.build}


def main() -> None:
    """Build the captures that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(BUILT)}")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent, help="folder to write into")
    args = parser.parse_args()
    if unknown := [name for name in args.names if name not in BUILT]:
        parser.error(f"no such capture: {', '.join(unknown)}")
    for name in args.names or BUILT:
        BUILT[name](args.out)


if __name__ == "__main__":
    main()
