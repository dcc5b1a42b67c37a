"""Kinds of packets: a type field announces an ethertype or, as a length, LLC."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.kernels import kinds


@pytest.mark.parametrize(("field", "kind"), [(0x0800, 0x0800), (1536, 1536), (1535, kinds.LLC), (0, kinds.LLC)])
def test_a_type_field_below_1536_is_a_length(field, kind):
    """IEEE 802.3 clause 3.2.6: 0x0600 and above is a type."""
    octets = np.frombuffer(field.to_bytes(2, "big"), np.uint8)
    assert kinds.ethertype(octets, 0) == kind


@pytest.mark.parametrize(("have", "found"), [(4, (kinds.LLC, 4, 4)), (3, (kinds.SHORT, 0, 3))])
def test_what_comes_after_a_header_needs_the_whole_header(have, found):
    """A header of which an octet is missing announces nothing."""
    assert tuple(kinds.after(0, 4, have, kinds.LLC)) == found


def test_no_kind_is_an_ethertype_by_accident():
    """What is no ethertype has more than 16 bits, or is negative."""
    assert min(kinds.RAW_IP, kinds.LLC, kinds.PROTO) > 0xFFFF
    assert max(kinds.SHORT, kinds.NO_IP, kinds.UNKNOWN_LINK, kinds.ENCRYPTED) < 0
