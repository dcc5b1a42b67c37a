"""What can go wrong, as plain data.

AnalyzerError
├── CaptureError     a capture that cannot be read      path, offset, reason
├── RulePackError    a rule pack that cannot be used    path, line, reason
├── SiteFileError    a site file that cannot be used    path, line, reason
└── SourceError      an input that cannot be opened     path, reason
"""

from __future__ import annotations

import os


class AnalyzerError(Exception):
    """A mistake in what was handed in; its text is one line for the user."""


class CaptureError(AnalyzerError):
    """A capture whose octets cannot be read from `offset` on."""

    def __init__(self, path: str, offset: int, reason: str) -> None:
        super().__init__(f"{path}: octet {offset}: {reason}")
        self.path = path
        self.offset = offset
        self.reason = reason


class RulePackError(AnalyzerError):
    """A rule pack that says something it may not say, at `line` (counted from 1)."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(f"{path}: line {line}: {reason}")
        self.path = path
        self.line = line
        self.reason = reason


class SiteFileError(AnalyzerError):
    """A site file that says something it may not say, at `line` (counted from 1)."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(f"{path}: line {line}: {reason}")
        self.path = path
        self.line = line
        self.reason = reason


class SourceError(AnalyzerError):
    """An input that cannot be opened, or that is no capture at all."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def reason(error: OSError) -> str:
    """What the system says of an error, in lower case; of libraries that put words around it as well."""
    said = os.strerror(error.errno) if error.errno else error.strerror or str(error)
    return said.lower()
