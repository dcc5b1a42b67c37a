"""A feed is watched by the terms of `judge`: what is wrong with them is told before a frame is taken."""

from __future__ import annotations

import pytest

import analyzer
from analyzer.errors import AnalyzerError
from analyzer.watching.limits import Limits
from tests.builders.feeds import Chunks, records
from tests.watching.test_intake import datagrams


def test_terms_are_looked_at_first():
    """As `judge` looks at them."""
    with pytest.raises(AnalyzerError, match="no such rule pack"):
        analyzer.watch(Chunks([]), profiles=["mars"])


def test_who_writes_may_be_chosen(tmp_path):
    """Instead of the files of `check --out`; the facts are beside them all the same."""
    watched = analyzer.watch(
        Chunks([records(datagrams(0, 5))]), limits=Limits(0.1, out=str(tmp_path)),
        write=lambda result, folder: (folder / "flows").write_text(str(result.observations.flows.proto.size)),
    )  # fmt: skip
    watched.start()
    watched.finish()
    assert (tmp_path / "flows").read_text() == "5"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["facts", "flows"]
