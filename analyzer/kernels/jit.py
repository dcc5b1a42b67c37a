"""How kernels are compiled: the one place that names Numba's flags and its cache on disk.

The cache is keyed by a digest of all kernel sources and of the bounds-check switch, since Numba's own key misses a
change in a *called* kernel and that switch. Bounds checks are compiled in unless ANALYZER_BOUNDSCHECK=0: captures are
hostile. Where no folder can be written the kernels are compiled anew in every run.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Kernel = Callable[..., Any]

BOUNDSCHECK = os.environ.get("ANALYZER_BOUNDSCHECK", "1") != "0"


def _digest() -> str:
    """A digest of what decides the machine code: all kernel sources, the tables they know, switches, Python."""
    here = Path(__file__).parent
    digest = hashlib.sha256(f"{BOUNDSCHECK} {sys.version}".encode())
    for source in sorted(here.glob("*.py")):
        digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder() -> str | None:
    """A folder of the user's own in which compiled kernels are kept, None where none can be written."""
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(root) / "plant-capture-analyzer" / f"kernels-{_digest()}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            return str(folder)
    except OSError:
        return None


CACHE = _cache_folder()
if CACHE is not None:
    os.environ.setdefault("NUMBA_CACHE_DIR", CACHE)
# One name for every x86-64 or ARM: costs nothing here and lets machines share a home folder.
os.environ.setdefault("NUMBA_CPU_NAME", "generic")

import numba  # noqa: E402  the environment must stand before the import


def kernel(function: Kernel) -> Kernel:
    """Compile `function` on its first call; it releases the GIL and counts no references.

    `_nrt=False` is private to Numba, hence the pin: without it each call counts references of every array argument,
    which made the sweep of small frames 3.8 times slower (bench: industrial). tests/kernels/test_jit.py holds it.
    """
    return _compile(function, "never")


def inlined(function: Kernel) -> Kernel:
    """Like `kernel`, and its code is copied into its callers: for what takes many tables and is called per frame."""
    return _compile(function, "always")


def _compile(function: Kernel, inline: str) -> Kernel:
    compiled: Kernel = numba.njit(  # type: ignore[call-overload]  # _nrt is private
        cache=CACHE is not None,
        nogil=True,
        _nrt=False,
        boundscheck=BOUNDSCHECK,
        error_model="numpy",
        inline=inline,
    )(function)
    return compiled
