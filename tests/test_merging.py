"""Facts that left memory and those that stayed are, put together again, the facts of the whole."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from analyzer import merging
from analyzer.capturing.source import open_source
from analyzer.observing import Observer
from analyzer.settings import Settings
from tests.builders import frames as fr
from tests.builders import traffic
from tests.builders.agreement import differences
from tests.builders.captures import Shot, pcap
from tests.builders.plant import observations

CHAOS = st.sampled_from((0, 0.1, 0.5))


def told(path, **chosen):
    """The observations of one file, read at once."""
    observer = Observer(Settings(**chosen))
    observer.read(str(path), None, (0, 1))
    return observer.finish()


def parts_of(path, step, **chosen):
    """The observations of one file in parts: flows leave whenever they are over."""
    observer = Observer(Settings(**chosen))
    parts = []

    def leave(consumed):
        observer.dissect()
        seen = observer.clone().finish()
        goes = merging.together(seen.flows, observer.leaving(seen))
        if goes.any():
            parts.append(merging.subset(seen, goes))
            observer.shed(goes)

    with patch("analyzer.capturing.buffers.FRESH", step), open_source(str(path)) as source:
        observer.begin(str(path)).run(source, leave)
    return [*parts, observer.finish()]


def ordered(seen):
    """Observations whose flows stand in the order of their first frames, whatever that of their beginning."""
    return merging.merge([seen])


@pytest.fixture(scope="module")
def put(tmp_path_factory):
    path = tmp_path_factory.mktemp("captures") / "capture"

    def write(octets):
        path.write_bytes(octets)
        return path

    return write


def unquoted(seen):
    """Observations without the flows that ICMP errors quote: one that left is not known to a later error."""
    return replace(seen, icmp=seen.icmp._replace(quoted_flow=np.full(seen.icmp.flow.size, -1)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(number=traffic.numbers, chaos=CHAOS, step=st.sampled_from((2000, 20000)))
def test_parts_put_together_are_the_whole(put, number, chaos, step):
    """Flows that left when they were over are found again, with all that was read of them; where time goes on."""
    path = put(traffic.capture(number, chaos=chaos))
    idle = {"udp_idle_s": 2, "tcp_idle_s": 3, "closed_s": 3}
    whole = told(path, **idle)
    assume(not whole.quality.time_steps_back and not whole.quality.fragments)
    parts = parts_of(path, step, **idle)
    assert differences(unquoted(ordered(merging.merge(parts))), unquoted(ordered(whole))) == []


def test_parts_are_parts(put):
    """The property above is about captures of which flows leave more than once."""
    path = put(traffic.capture(115, chaos=0.3))
    assert len(parts_of(path, 2000, udp_idle_s=2, tcp_idle_s=3, closed_s=3)) > 2


SECOND = 1_000_000_000
BEGIN = 1_772_359_200 * SECOND


def datagrams(port, count, begin=BEGIN, src="10.0.0.1"):
    """So many datagrams from a port, one each second."""
    packets = [fr.linked(fr.ipv4(src, "10.0.0.2", fr.UDP, fr.udp(port, 9, b"%d" % k))) for k in range(count)]
    return [Shot(begin + k * SECOND, packet) for k, packet in enumerate(packets)]


def test_captures_one_after_the_other(tmp_path):
    """Two captures observed apart are, merged, the two observed as one, where no flow is in both."""
    paths = [tmp_path / "a", tmp_path / "b"]
    paths[0].write_bytes(pcap(datagrams(4000, 5) + datagrams(4001, 3, BEGIN + 10 * SECOND)))
    paths[1].write_bytes(pcap(datagrams(4002, 4, BEGIN + 900 * SECOND)))
    observer = Observer(Settings())
    for turn, path in enumerate(paths):
        observer.read(str(path), None, (turn, 2))
    merged = merging.merge([told(paths[1]), told(paths[0])])
    assert differences(merged, observer.finish()) == []
    assert merged.flows.first_frame.tolist() == [1, 6, 9]


def test_nothing_is_not_merged():
    """There has to be a part."""
    with pytest.raises(ValueError, match="nothing"):
        merging.merge([])


def test_rates_of_other_widths_are_laid_into_the_widest(tmp_path):
    """What one part counted by the second and another by two is counted by two."""
    (tmp_path / "a").write_bytes(pcap(datagrams(4000, 6)))
    fine = told(tmp_path / "a")
    (tmp_path / "b").write_bytes(pcap(datagrams(4001, 6, BEGIN + 900 * SECOND)))
    merged = merging.merge([fine, replace(told(tmp_path / "b"), quality=replace(fine.quality, bin_ns=2 * SECOND))])
    assert merged.quality.bin_ns == 2 * SECOND
    assert (merged.rates.start_ns % (2 * SECOND) == 0).all()
    assert merged.rates.orig_octets.sum() == merged.flows.orig_octets.sum()
    assert np.bincount(merged.rates.flow).tolist() == [3, 3]


def test_both_sides_of_a_nat_go_together():
    """A flow stays as long as its other side does."""
    flows = observations([{}, {}, {}, {}]).flows._replace(twin=np.array([-1, 0, 0, -1]))
    assert merging.together(flows, np.array([True, True, False, True])).tolist() == [False, False, False, True]
    assert merging.together(flows, np.array([True, True, True, False])).tolist() == [True, True, True, False]
