"""Checks packet captures against the network requirements that vendors of plant-floor systems publish.

The public names are imported when they are first asked for, so that `analyzer --help` answers at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.api import (
        check,
        compare,
        difference,
        draft_site,
        export,
        export_rules,
        extract,
        figure,
        judge,
        load_facts,
        load_rules,
        load_site,
        merge,
        observe,
        plan,
        sanitize,
        usage,
    )
    from analyzer.errors import AnalyzerError
    from analyzer.live import watch
    from analyzer.result import Result

__all__ = [
    "AnalyzerError",
    "Result",
    "check",
    "compare",
    "difference",
    "draft_site",
    "export",
    "export_rules",
    "extract",
    "figure",
    "judge",
    "load_facts",
    "load_rules",
    "load_site",
    "merge",
    "observe",
    "plan",
    "sanitize",
    "usage",
    "watch",
]

_HOMES = {"AnalyzerError": "analyzer.errors", "Result": "analyzer.result", "watch": "analyzer.live"}


def __getattr__(name: str) -> Any:
    """A public name from the module where it is at home."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "analyzer.api")), name)
