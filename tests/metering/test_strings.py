import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.kernels.strings import FULL, intern
from analyzer.metering.strings import Strings, take


def number_of(strings, octets):
    """The number of a string, the table grown as often as it takes."""
    array = np.frombuffer(octets, np.uint8) if octets else np.zeros(1, np.uint8)
    while (number := intern(array, 0, len(octets), strings.table)) == FULL:
        strings.grow()
    return number


@given(st.lists(st.binary(max_size=20), max_size=60), st.integers(0, 2**62))
def test_each_string_is_kept_once_in_order_of_first_sight(words, seed):
    """However small the table was, whatever the seed: equal octets get one number, counted from 0."""
    strings = Strings(seed, room=1, octets=1)
    numbers = [number_of(strings, word) for word in words]
    distinct = list(dict.fromkeys(words))
    assert strings.octets() == distinct
    assert numbers == [distinct.index(word) for word in words]
    assert len(strings) == len(distinct)


def test_octets_that_are_no_text_stay_readable():
    """Text of a string is ASCII; any other octet is spelled out, never an error."""
    strings = Strings(1)
    number_of(strings, b"plant.example")
    number_of(strings, b"\xff\x00")
    assert strings.texts() == ["plant.example", "\\xff\x00"]


def test_numbers_become_an_object_column():
    """A negative number, which stands for no string, becomes what was asked for; the rest their strings."""
    found = take(["a", "b"], np.array([1, -1, 0, 1]), "")
    assert found.dtype == object
    assert found.tolist() == ["b", "", "a", "b"]
    assert take([], np.array([-1, -1]), None).tolist() == [None, None]


@given(st.lists(st.binary(max_size=20), max_size=60), st.data())
def test_what_nobody_uses_is_forgotten(words, data):
    """Strings that are kept get new numbers in their order and are found again."""
    strings = Strings(7, room=1, octets=1)
    for word in words:
        number_of(strings, word)
    before = strings.octets()
    used = data.draw(st.sets(st.sampled_from(range(len(before))))) if before else set()
    apart = strings.clone()
    numbers = strings.keep(np.array(sorted(used), np.int64))
    assert strings.octets() == [before[number] for number in sorted(used)]
    assert [numbers[number] for number in sorted(used)] == list(range(len(used)))
    assert numbers[-1] == -1
    for number in used:
        assert number_of(strings, before[number]) == numbers[number]
    assert apart.octets() == before
