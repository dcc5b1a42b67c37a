"""Names and remarks as devices take them."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from analyzer.exporting.allowlist.naming import named, remark

TEXT = st.text(max_size=120)


@given(TEXT, TEXT, st.integers(20, 64))
@example("a" * 80 + "x", "a" * 80 + "y", 63)
@example("a b", "a-b", 31)
@example("1", "x1", 31)
def test_two_texts_never_become_one_name(one, other, limit):
    """However they are cut and whatever letters are taken out; names begin with a letter."""
    first, second = named(one, limit), named(other, limit)
    assert (first == second) == (one == other)
    assert re.fullmatch(rf"[A-Za-z][A-Za-z0-9_.-]{{0,{limit - 1}}}", first)


def test_a_name_that_fits_stays():
    """Nothing is added to it."""
    assert named("edge-10.7.0.10", 31) == "edge-10.7.0.10"


@given(TEXT)
@example('x"\nend\nconfig system admin')
@example("a ! b ? c # d ; e $f `g` | h \\ i")
def test_a_remark_is_one_line_of_harmless_letters(text):
    """No quote ends it, and no letter of it is a command's."""
    assert re.fullmatch(r"[A-Za-z0-9 .,:()/_+=*@-]{0,40}", remark(text, 40))
