"""The rows of a table by a number in one of its columns."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.judging.index import Index

COLUMNS = st.lists(st.integers(-1, 6), max_size=30).map(lambda cells: np.array(cells, np.int64))
NUMBERS = st.lists(st.integers(-2, 9), max_size=8, unique=True)


@given(COLUMNS, NUMBERS)
def test_rows_are_those_in_which_a_number_stands(column, numbers):
    """In order, for one number and for several; what is below 0 stands for no number."""
    index = Index(column)
    where = [np.flatnonzero((column == number) & (column >= 0)).tolist() for number in numbers]
    assert [index.rows(number).tolist() for number in numbers] == where
    assert index.among(numbers).tolist() == sorted(row for rows in where for row in rows)
    found = index.each(numbers)
    assert found.rows.tolist() == [row for rows in where for row in rows]
    assert found.place.tolist() == [place for place, rows in enumerate(where) for _ in rows]


def test_a_number_that_is_asked_for_twice_is_found_once_among_several():
    """`among` gives each row once, and `each` as often as it is asked."""
    index = Index(np.array([1, 0, 1], np.int64))
    assert index.among([1, 1]).tolist() == [0, 2]
    assert index.each([1, 1]).place.tolist() == [0, 0, 1, 1]
