"""Files for the programs that watch a live capture: a dashboard of Grafana, alerts of Prometheus, a unit of systemd."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FILES: Mapping[str, str] = {
    "grafana": "dashboard.json",
    "alerts": "alerts.yaml",
    "systemd": "analyzer-live@.service",
}
"""Each with the name of its file."""


def text(name: str) -> str:
    """The file of a name of FILES; raises KeyError for another."""
    return Path(__file__).with_name(FILES[name]).read_text(encoding="utf-8")
