"""The stages put together: captures become observations, observations a result."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analyzer.capturing.inputs import expand
from analyzer.observations import Observations
from analyzer.observing import Observer
from analyzer.settings import Settings

Progress = Callable[[int, int], None]
"""Called with octets read and octets in all (0 where that is not known), often."""


def observe(
    captures: Sequence[str], *, progress: Progress | None = None, settings: Settings | None = None
) -> Observations:
    """The facts of captures (paths, globs, folders, "-"), read as one capture in the order of their first frames.

    Raises SourceError and CaptureError where nothing of a capture can be read; a cut one gives all before the cut.
    """
    paths = expand(captures)
    observer = Observer(settings or Settings())
    for number, path in enumerate(paths):
        observer.read(path, progress, (number, len(paths)))
    return observer.finish()
