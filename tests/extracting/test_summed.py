"""Empty messages whose check sums are right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import radmin, synchrophasor
from analyzer.extracting.summed import EMPTIED
from tests.builders.services import phasor, radmin_packet

FITS = {"synchrophasor": (synchrophasor.is_frame, phasor), "radmin": (radmin.is_packet, lambda _, d: radmin_packet(d))}


@pytest.mark.parametrize("service", EMPTIED)
@given(data=st.binary(min_size=1, max_size=90).filter(any), mark=st.binary(max_size=4), behind=st.binary(max_size=9))
def test_a_message_is_empty_and_still_one(service, data, mark, behind):
    """As long as before, of its contents only the mark, and nothing of what follows it."""
    fits, made = FITS[service]
    octets = made(4, data) + behind
    other = EMPTIED[service](octets, mark)
    assert len(other) == len(octets)
    assert fits(other) or not any(mark[-len(data) :])
    assert other.endswith(bytes(len(behind)))
    assert other == EMPTIED[service](made(4, data[::-1]) + behind[::-1], mark)


@pytest.mark.parametrize("service", EMPTIED)
@given(octets=st.binary(max_size=90), mark=st.binary(max_size=4))
def test_any_octets_are_as_many_afterwards(service, octets, mark):
    """Whatever they are, nothing is raised, and what is no message is zeroed."""
    other = EMPTIED[service](octets, mark)
    assert len(other) == len(octets)
    assert FITS[service][0](octets) or not any(other)
