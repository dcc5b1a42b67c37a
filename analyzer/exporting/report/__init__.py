"""A result becomes report.html: one file that opens, sorts and prints anywhere, and asks nobody for anything."""

from __future__ import annotations

from pathlib import Path

from analyzer.result import Result

NAMES: tuple[str, ...] = ("report.html",)


def write(result: Result, folder: Path) -> None:
    """Writes report.html; raises OSError."""
    from analyzer.exporting.report import document

    (folder / NAMES[0]).write_text(document.text(result), encoding="utf-8")
