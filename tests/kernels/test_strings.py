import numpy as np
import pytest

from analyzer.kernels.strings import COUNT, FULL, SEED, hash_octets, intern, refill
from analyzer.metering.strings import Strings, StringTable

ABC = np.frombuffer(b"..abc..abc..abd", np.uint8)


def table(slots=8, strings=4, octets=64, seed=7):
    """An empty table of the given size."""
    made = StringTable(
        np.full(slots, -1, np.int64), np.zeros(strings + 1, np.int64), np.empty(octets, np.uint8), np.zeros(2, np.int64)
    )
    made.state[SEED] = seed
    return made


def test_equal_octets_have_one_number_wherever_they_stand():
    """The same octets at another place are the same string; octets that differ in the last one are another."""
    kept = table()
    assert [intern(ABC, at, 3, kept) for at in (2, 7, 12, 2)] == [0, 0, 1, 0]
    assert kept.state[COUNT] == 2


@pytest.mark.parametrize("small", [{"octets": 2}, {"strings": 1}, {"slots": 2}])
def test_a_full_table_is_said_and_left_as_it_was(small):
    """Where slots, offsets or arena have no room the kernel says FULL, keeps what it had and adds nothing."""
    kept = table(**small)
    one = intern(ABC, 2, 3, kept)
    two = intern(ABC, 12, 3, kept)
    assert FULL in (one, two)
    count = kept.state[COUNT]
    assert intern(ABC, 12, 3, kept) == FULL
    assert kept.state[COUNT] == count
    if one == 0:
        assert intern(ABC, 7, 3, kept) == 0


@pytest.mark.parametrize("octets", [b"", b"a", b"\xff" * 300])
def test_a_hash_is_never_negative_and_follows_the_seed(octets):
    """Slots hold 63 bits of a hash, which another seed changes."""
    array = np.frombuffer(octets + b"x", np.uint8)
    found = {hash_octets(array, 0, len(octets), seed) for seed in range(20)}
    assert min(found) >= 0
    assert len(found) == 20


def test_a_larger_table_finds_all_strings_again():
    """After a refill every string has the number that it had."""
    strings = Strings(3, room=4)
    words = [f"host-{k}".encode() for k in range(4)]
    numbers = [intern(np.frombuffer(word, np.uint8), 0, len(word), strings.table) for word in words]
    larger = strings.table._replace(slots=np.full(64, -1, np.int64))
    refill(larger.slots, larger)
    assert [intern(np.frombuffer(word, np.uint8), 0, len(word), larger) for word in words] == numbers
