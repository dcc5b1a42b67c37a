"""Memory that the allocator keeps for later goes back to the system."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable


def give_back() -> None:
    """Give back all pages that hold nothing; where the C library cannot (musl, macOS), nothing is done.

    glibc keeps what was freed between blocks that are still in use. A program that builds large tables again and again
    then holds most of its highest need for ever: with a full log of rates 510 MB instead of 290 (malloc_trim(3)).
    """
    _trim()(0)


@functools.cache
def _trim() -> Callable[[int], object]:
    found = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if found is None:
        return lambda _: None
    found.argtypes = [ctypes.c_size_t]
    return found  # type: ignore[no-any-return]  # a function of a library has no type
