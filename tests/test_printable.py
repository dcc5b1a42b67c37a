import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from analyzer.printable import INVISIBLE, MAX_CHARACTERS, printable

TEXT = st.text(st.characters(exclude_categories=()), max_size=200)


@given(TEXT)
def test_nothing_that_moves_hides_or_reorders_is_left(text):
    """Whatever the text, the result holds no control, format, surrogate, private or unassigned character."""
    shown = printable(text)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert shown.isprintable()


@given(TEXT)
def test_what_is_harmless_stays_as_it_is(text):
    """Showing shown text changes nothing, and neither does it change text that prints."""
    assert printable(printable(text)) == printable(text)
    if text.isprintable() and not INVISIBLE.search(text):
        assert text == printable(text)


def test_escapes_are_visible():
    """A sequence that clears a screen, an override that turns a name around and a line break can be read."""
    assert printable("\x1b[2J\u202egpj.exe\n\x9b") == r"\x1b[2J\u202egpj.exe\n\x9b"


def test_letters_that_nobody_sees_are_visible():
    """A filler, a joiner, a variation selector in a name make it another name, and look like the name."""
    unseen = (
        "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180d\u180f\u3164\ufe00\ufe0f\uffa0\U000e0100\U000e01ef\u200b\U000e0041"
    )
    for letter in unseen:
        shown = printable(f"a{letter}b.example")
        assert shown == f"a{letter.encode('unicode_escape').decode()}b.example"
    assert printable("\u05d0\u540d\u0301\u1100\u1161") == "\u05d0\u540d\u0301\u1100\u1161"


def test_text_has_a_bound():
    """A megabyte of text from a capture does not fill the screen."""
    assert len(printable("a" * 1_000_000)) == MAX_CHARACTERS + 1
    assert printable("a\n" * MAX_CHARACTERS, whole=True) == r"a\n" * MAX_CHARACTERS
