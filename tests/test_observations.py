"""Facts tell of themselves only what follows from them."""

import pytest

from analyzer.observations import Quality


@pytest.mark.parametrize(("one_sided", "tcp", "share"), [(0, 0, 0.0), (1, 4, 0.25), (3, 3, 1.0)])
def test_one_sided_share_is_of_tcp_flows(one_sided, tcp, share):
    """The share is of TCP flows, and 0 where there are none."""
    assert Quality(one_sided_flows=one_sided, tcp_flows=tcp).one_sided_share == share
