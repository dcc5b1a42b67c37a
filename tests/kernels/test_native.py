from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.kernels.native import Code, flatten, shape


class Tables(NamedTuple):
    """Two tables, as kernels take them."""

    rows: np.ndarray
    counters: np.ndarray


@given(st.text("abc_$.", min_size=1), st.sampled_from(["", "i", "ib"]), st.binary(max_size=200))
def test_what_is_saved_is_loaded(tmp_path_factory, symbol, returns, octets):
    """Machine code comes back from its file as it was, whatever octets it has, and no part of it is left behind."""
    path = tmp_path_factory.mktemp("code") / "kernel.o"
    code = Code(symbol, returns, octets)
    code.save(path)
    assert Code.load(path) == code
    assert [left.name for left in path.parent.iterdir()] == ["kernel.o"]


@given(st.binary(max_size=60))
def test_any_octets_load_or_give_nothing(tmp_path_factory, octets):
    """A file that is not ours never raises; what is loaded of it are its last octets."""
    path = tmp_path_factory.mktemp("code") / "kernel.o"
    path.write_bytes(octets)
    found = Code.load(path)
    assert found is None or octets.endswith(found.octets)


def test_a_missing_file_gives_nothing(tmp_path):
    """Where nothing was saved there is nothing to load."""
    assert Code.load(tmp_path / "none.o") is None


def test_an_array_is_handed_over_with_its_shape():
    """Octets an item, where the data is, shape and strides stand for an array; tuples stand for their members."""
    rows = np.zeros((3, 2), np.int32)
    counters = np.zeros(5, np.int64)
    assert flatten(rows) == [0, 0, 6, 4, rows.ctypes.data, 3, 2, 8, 4]
    assert flatten((Tables(rows, counters), True, -1)) == [*flatten(rows), *flatten(counters), 1, -1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.zeros(2, np.int64), np.zeros(2, np.int32)),
        (np.zeros(4), np.zeros((2, 2))),
        (np.zeros(4), np.zeros(8)[::2]),
        (np.frombuffer(b"abcd", np.uint8), np.zeros(4, np.uint8)),
        (np.zeros(2), 2),
        ((1, 2), (1, 2, 3)),
    ],
)
def test_what_needs_other_machine_code_has_another_shape(one, other):
    """dtype, dimensions, contiguity, being read only, and the members of a tuple tell arguments apart."""
    assert shape((one,)) != shape((other,))


def test_values_and_sizes_need_no_other_machine_code():
    """Arguments that differ in their values or lengths alone run the same code."""
    assert shape((np.zeros(2), 1)) == shape((np.ones(9), 77))
