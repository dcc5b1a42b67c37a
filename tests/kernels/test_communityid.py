import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.kernels.communityid import ICMP4_PAIRS, ICMP6_PAIRS, icmp_ports, less, put, sha1

PAIRS = np.array(ICMP4_PAIRS, np.int64), np.array(ICMP6_PAIRS, np.int64)
WORDS = st.integers(-(1 << 63), (1 << 63) - 1)


@given(st.binary(max_size=55))
def test_sha1_is_that_of_hashlib(octets):
    """Any text of one block has the digest that hashlib gives, whatever the work arrays held before."""
    block, words, digest = np.full(64, 0xAA, np.uint8), np.full(80, -1, np.int64), np.zeros(20, np.uint8)
    block[: len(octets)] = np.frombuffer(octets, np.uint8)
    sha1(block, len(octets), words, digest)
    assert digest.tobytes() == hashlib.sha1(octets).digest()


@given(WORDS, st.integers(1, 8))
def test_a_value_is_written_in_network_order(value, size):
    """The lowest octets of a value, the highest of them first, and the offset after them."""
    block = np.zeros(10, np.uint8)
    assert put(block, 1, value, size) == 1 + size
    assert block[1 : 1 + size].tobytes() == (value & (1 << 8 * size) - 1).to_bytes(size, "big")
    assert not block[0]
    assert not block[1 + size :].any()


@given(st.tuples(WORDS, WORDS, st.integers(0, 65535)), st.tuples(WORDS, WORDS, st.integers(0, 65535)))
def test_ends_are_ordered_as_their_octets_are(one, other):
    """By address, then by port, all unsigned."""
    keys = [(hi & (1 << 64) - 1, lo & (1 << 64) - 1, port) for hi, lo, port in (one, other)]
    assert bool(less(*map(np.int64, (*one, *other)))) == (keys[0] < keys[1])


@pytest.mark.parametrize(
    ("kind", "code", "version", "expected"),
    [
        (8, 0, 4, (8, 0, 1)),
        (0, 0, 4, (0, 8, 1)),
        (3, 1, 4, (3, 1, 0)),
        (135, 0, 6, (135, 136, 1)),
        (1, 4, 6, (1, 4, 0)),
    ],
)
def test_requests_and_answers_are_one_pair(kind, code, version, expected):
    """A type that has an answering type is hashed with it; another with its code, one way only."""
    assert tuple(map(int, icmp_ports(kind, code, version, *PAIRS))) == expected
