import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from analyzer.exporting.page import NARROWEST, WIDEST, Page, fitted, words

TEXT = st.text(max_size=120)


def page(monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    stream = io.StringIO()
    made = Page(stream)
    return made, stream


@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=4), st.integers(NARROWEST, 200))
def test_no_line_is_longer_than_the_page(rows, width):
    """Whatever text in whatever script, headings, labels and columns stay within the width and end without blanks."""
    with pytest.MonkeyPatch.context() as patch:
        made, stream = page(patch, width)
        cells = [[words(cell) for cell in row] for row in rows]
        made.rows(cells, fitted(cells, (10, 10)))
        for label, body, _ in rows:
            made.hang(words(label), words(body), at=12, indent=2)
            made.line(words(body), 6)
    for line in stream.getvalue().split("\n"):
        assert cell_len(line) <= min(width, WIDEST)
        assert line == line.rstrip(" ")


@given(TEXT, TEXT)
def test_no_text_is_lost(label, body):
    """All that prints is there, wrapped or not."""
    with pytest.MonkeyPatch.context() as patch:
        made, stream = page(patch, 60)
        made.hang(words(label), words(body), at=12, indent=2)
    expected = words(label).plain + words(body).plain
    assert "".join(expected.split()) == "".join(stream.getvalue().split())


def test_a_stream_without_unicode_gets_ascii_signs(monkeypatch):
    """Where the stream's encoding cannot carry the page's signs, plain ones stand in for them."""
    octets = io.BytesIO()
    stream = io.TextIOWrapper(octets, encoding="ascii", errors="backslashreplace")
    monkeypatch.setenv("COLUMNS", "80")
    Page(stream).line(Text("✓ “a” · b…"))
    stream.flush()
    assert octets.getvalue() == b'+ "a" - b...\n'


def test_a_pipe_gets_neither_colour_nor_padding(monkeypatch):
    """Styles leave no trace in a stream that is no terminal."""
    made, stream = page(monkeypatch, 80)
    made.hang(Text("label", "bold red"), Text("body", "cyan"), at=12)
    assert stream.getvalue() == "label       body\n"
