"""The differences from other tools whose causes are known, from known.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

TABLE = Path(__file__).with_name("known.toml")
TOOLS = {"tshark", "zeek", "arkime"}
RIGHT = {"here", "there", "both"}


def causes():
    """All causes as the file has them."""
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))["cause"]


def known(tool):
    """(quantity, path below the corpus) of every difference from a tool whose cause is known."""
    return {
        (quantity, path)
        for cause in causes()
        if cause["tool"] == tool
        for quantity, paths in cause["files"].items()
        for path in paths
    }


def unexplained(tool, found, paths):
    """A line per difference of `paths` that is not in a tool's table, and per entry of it that no longer differs.

    found  what is to be said of each difference, by (quantity, path)
    """
    told = {(quantity, path) for quantity, path in known(tool) if path in paths}
    new = [f"{quantity} of {path}: {found[quantity, path]}" for quantity, path in sorted(found.keys() - told)]
    return [*new, *(f"{quantity} of {path} differs no more" for quantity, path in sorted(told - found.keys()))]


def capture(corpus, name):
    """The corpus's capture of this name, whatever folder it is in."""
    return next(path for path in corpus.rglob(name) if path.is_file() and "expected" not in path.parts)
