"""What the system says of an error is told in one way."""

from __future__ import annotations

import errno

import pytest

from analyzer.errors import reason


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "no space left on device"),
        (OSError(errno.ENOSPC, "Error writing bytes to file. Detail: [errno 28] ..."), "no space left on device"),
        (OSError("Disk on fire"), "disk on fire"),
        (FileNotFoundError(errno.ENOENT, "x", "name"), "no such file or directory"),
    ],
)
def test_what_the_system_says(error, told):
    """In lower case, without a library's own words and without a path."""
    assert reason(error) == told
