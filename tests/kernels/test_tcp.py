"""Streams, gaps, histories and states of a connection: each case, and its healthy twin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.kernels.tcp import difference
from analyzer.metering.flows import finish
from tests.builders import frames as fr
from tests.builders.captures import Shot
from tests.builders.sweeping import swept
from tests.oracle.tcp import apart

S, A, F, R, SA = fr.SYN, fr.ACK, fr.FIN, fr.RST, fr.SYN | fr.ACK
STEP_NS = 20_000_000
OPENING = [(0, S, 0, 0, 0), (1, SA, 0, 1, 0), (0, A, 1, 1, 0)]
CLOSING = [(0, F | A, 11, 21, 0), (1, F | A, 21, 12, 0), (0, A, 12, 22, 0)]


def flow(*segments, isns=(1000, 5000)):
    """The one flow of segments (side, flags, number after the own ISN, after the other's, octets)."""
    ends, ports = ("10.0.0.1", "10.0.0.2"), (40000, 443)
    shots = []
    for at, (side, flags, seq, ack, octets) in enumerate(segments):
        body = fr.tcp(
            ports[side], ports[1 - side], seq=isns[side] + seq, ack=isns[1 - side] + ack if flags & A else 0,
            flags=flags, payload=b"x" * octets,
        )  # fmt: skip
        shots.append(Shot((at + 1) * STEP_NS, fr.linked(fr.ipv4(ends[side], ends[1 - side], fr.TCP, body))))
    flows = finish(swept(shots).tables)
    assert flows.proto.size == 1
    return {name: getattr(flows, name).tolist()[0] for name in flows._fields}


@given(st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 32) - 1))
def test_sequence_numbers_are_compared_around_the_circle(one, other):
    """The difference of two numbers is the oracle's, wherever they lie."""
    assert difference(one, other) == apart(one, other)


@pytest.mark.parametrize("isns", [(1000, 5000), ((1 << 32) - 5, (1 << 32) - 1), (0, (1 << 31) - 3)])
def test_a_good_connection_lacks_nothing(isns):
    """Opening, data both ways and close give SF, no gap and nothing sent again, wherever the numbers wrap."""
    seen = flow(*OPENING, (0, A, 1, 1, 10), (1, A, 1, 11, 20), *CLOSING, isns=isns)
    assert seen["conn_state"] == "SF"
    assert [seen[f"{end}_{what}"] for end in ("orig", "resp") for what in ("missed", "retransmitted")] == [0, 0, 0, 0]
    assert (seen["rtt_ns"], seen["synack_ns"], seen["attempts"]) == (2 * STEP_NS, STEP_NS, 1)


def test_a_lost_segment_is_missed_once_it_is_acknowledged():
    """Octets that the other end acknowledges and nobody saw are missed; before the acknowledgement they are late."""
    late = [*OPENING, (0, A, 1, 1, 10), (0, A, 21, 1, 10)]
    assert flow(*late)["orig_missed"] == 0
    assert flow(*late, (1, A, 1, 31, 0))["orig_missed"] == 10
    assert flow(*late, (0, A, 11, 1, 10), (1, A, 1, 31, 0))["orig_missed"] == 0


def test_what_is_sent_again_is_counted_and_what_fills_a_gap_is_not():
    """A segment twice is retransmitted; one that arrives late is reordered."""
    assert flow(*OPENING, (0, A, 1, 1, 10), (0, A, 1, 1, 10))["orig_retransmitted"] == 10
    assert flow(*OPENING, (0, A, 1, 1, 10), (0, A, 6, 1, 10))["orig_retransmitted"] == 5
    assert flow(*OPENING, (0, A, 11, 1, 10), (0, A, 1, 1, 10))["orig_retransmitted"] == 0


def test_a_gap_filled_in_the_middle_leaves_its_ends():
    """Of thirty missing octets the middle ten come: twenty stay missed."""
    sent = [*OPENING, (0, A, 31, 1, 5), (0, A, 11, 1, 10), (1, A, 1, 36, 0)]
    assert flow(*sent)["orig_missed"] == 20


def test_forty_gaps_are_all_missed():
    """More gaps than a side keeps are counted all the same."""
    sent = [(0, A, 1 + 10 * k, 1, 5) for k in range(41)]
    assert flow(*OPENING, *sent, (1, A, 1, 406, 0))["orig_missed"] == 200


def test_a_number_beyond_any_window_is_no_loss():
    """A segment or an acknowledgement a gigabyte ahead is damage: nothing is missed for it."""
    far = 1 << 30
    assert flow(*OPENING, (0, A, 1 + far, 1, 10), (1, A, 1, 11 + far, 0))["orig_missed"] == 0


@pytest.mark.parametrize(
    ("segments", "state"),
    [
        ([(0, S, 0, 0, 0)], "S0"),
        ([(0, S, 0, 0, 0), (1, R | A, 0, 1, 0)], "REJ"),
        (OPENING, "S1"),
        ([*OPENING, (0, F | A, 1, 1, 0)], "S2"),
        ([*OPENING, (1, F | A, 1, 1, 0)], "S3"),
        ([*OPENING, (0, R, 1, 0, 0)], "RSTO"),
        ([*OPENING, (1, R, 1, 0, 0)], "RSTR"),
        ([(0, S, 0, 0, 0), (0, R, 1, 0, 0)], "RSTOS0"),
        ([(0, A, 1, 1, 5)], "OTH"),
    ],
)
def test_states_are_zeeks(segments, state):
    """Each way in which a connection ends has the name that Zeek's documentation gives it."""
    assert flow(*segments)["conn_state"] == state


def test_repeated_syns_are_one_attempt_and_new_numbers_are_more():
    """Attempts count initial sequence numbers, even where a number comes back; SYNs count segments."""
    seen = flow((0, S, 0, 0, 0), (0, S, 0, 0, 0), (0, S, 900, 0, 0), (0, S, 0, 0, 0))
    assert (seen["orig_syns"], seen["attempts"]) == (4, 2)


def test_data_that_overtakes_the_syn_is_not_lost():
    """Reordered at the very begin, the stream still begins after the SYN."""
    seen = flow((0, S, 0, 0, 0), (1, A, 6, 1, 5), (1, SA, 0, 1, 0), (1, A, 1, 1, 5), (0, A, 1, 11, 0))
    assert (seen["resp_missed"], seen["resp_retransmitted"]) == (0, 0)


def test_a_probe_with_syn_and_fin_opens_nothing():
    """A segment that no stack sends does not begin the stream anew."""
    seen = flow(*OPENING, (0, A, 1, 1, 10), (0, S | F, 5000, 0, 0), (0, A, 11, 1, 10), (1, A, 1, 21, 0))
    assert (seen["orig_missed"], seen["orig_retransmitted"]) == (0, 0)
