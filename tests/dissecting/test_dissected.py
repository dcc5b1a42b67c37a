from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting.dissected import printable


@given(st.binary(max_size=50), st.integers(0, 60))
def test_whatever_the_octets_the_text_is_one_printable_line(octets, limit):
    """ASCII that prints stays as it is; nothing that a terminal would act on remains."""
    text = printable(octets, limit)
    assert text.isascii()
    assert text.isprintable()
    assert printable(text.encode(), 1000) == text


def test_escapes_show_what_was_there():
    """ESC, a line feed and an octet beyond ASCII."""
    assert printable(b"a\x1b[0m\n\xe9z", 7) == "a\\x1b[0m\\x0a\\xe9"
