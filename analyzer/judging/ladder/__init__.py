"""One module per rung of the ladder: what shows that TLS is not end to end. Facts in, evidence out.

A module's docstring is its documentation, which `analyzer explain CODE` prints: what was seen; Fact, Leans, Blind and
Source as STYLE has them. Its evidence is proof, strong or suggestive; what becomes of it is decided in endtoend.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from analyzer.findings import Evidence
from analyzer.judging.ladder import (
    certificate_forged,
    certificate_of_another,
    certificate_refused,
    hello_differs,
    hello_foreign,
    operators_one_stack,
    session_differs,
)
from analyzer.judging.sight import Sight


class Rung(Protocol):
    """A module of this folder.

    CODE    stable; part of the published output
    TITLE   of its findings: {host} spoke with {whom}
    RIVALS  what else looks like it
    REMEDY  what to change, beside the bypass that is written for each finding
    """

    CODE: str
    TITLE: str
    RIVALS: tuple[str, ...]
    REMEDY: str

    def find(self, sight: Sight) -> Iterator[Evidence]:
        """The evidence in the sessions of a capture."""


RUNGS: tuple[Rung, ...] = (
    hello_differs,
    certificate_forged,
    certificate_of_another,
    certificate_refused,
    hello_foreign,
    operators_one_stack,
    session_differs,
)
"""All of them; of several that tell of one flow, the first one names the finding."""
