import io

import pytest

from analyzer.exporting import progress


class Tty(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        """True."""
        return True


def test_a_pipe_gets_no_bar():
    """Where nobody looks nothing is written, and nobody needs to count."""
    stream = io.StringIO()
    with progress.bar(stream) as told:
        assert told is None
    assert stream.getvalue() == ""


def test_short_work_shows_no_bar():
    """What is done within a second writes nothing, on a terminal either."""
    stream = Tty()
    with progress.bar(stream) as told:
        told(1, 2)
        told(2, 2)
    assert stream.getvalue() == ""


@pytest.mark.parametrize("total", [10_000_000, 0])
def test_long_work_shows_a_bar_and_takes_it_away(monkeypatch, total):
    """On a terminal the bar appears, with or without a known total, and is cleared when the work ends or fails."""
    monkeypatch.setattr(progress, "PATIENCE_S", -1.0)
    monkeypatch.setenv("TERM", "xterm")
    stream = Tty()

    def interrupted():
        with progress.bar(stream) as told:
            told(5_000_000, total)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert "reading" in stream.getvalue()
    assert "\x1b[?25h" in stream.getvalue()
    assert "\x1b[2K" in stream.getvalue()[stream.getvalue().rindex("reading") :]
