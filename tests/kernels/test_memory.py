"""Freed memory goes back to the system, and where it cannot nothing happens."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from unittest.mock import patch

import pytest

from analyzer.kernels import memory

MB = 1_000_000


def resident():
    """Resident memory of this process, octets."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="only glibc keeps it, and gives it back")
def test_what_was_freed_goes_back():
    """Blocks between such that are still in use: without this they stay resident."""
    blocks = [bytearray(b"x" * 4000) for _ in range(50_000)]
    kept = blocks[::1000]
    del blocks
    before = resident()
    memory.give_back()
    assert before - resident() > 100 * MB
    assert all(block == bytearray(b"x" * 4000) for block in kept)


def test_another_c_library_is_no_error():
    """Where there is no such function, memory stays as it is."""
    memory._trim.cache_clear()  # noqa: SLF001 - found once for a process
    with patch.object(ctypes, "CDLL", lambda _: object()):
        memory.give_back()
    memory._trim.cache_clear()  # noqa: SLF001 - as above
