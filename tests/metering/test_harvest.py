"""First octets are read once their flow is over, carried over until then, and given up only for want of room."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.kernels import dns
from analyzer.kernels import flows as fl
from analyzer.kernels.strings import intern
from analyzer.metering.flows import finish
from analyzer.metering.harvest import REPEATS, Harvest, Messages, Sessions, harvest
from analyzer.metering.strings import Strings
from analyzer.metering.sweep import Room
from tests.builders import frames as fr
from tests.builders import hellos as he
from tests.builders.captures import Shot
from tests.builders.sweeping import swept

SECOND = 1_000_000_000
HELLO = he.client_hello("a.example", padding=4000)


def segments(octets, size=1000, *, port=443, start=0, order=None):
    """A SYN and the octets in segments of `size`, in order or in the order given."""
    parts = [(at, octets[at : at + size]) for at in range(0, len(octets), size)]
    sent = [(-1, fr.SYN, b"")] + [(at, fr.ACK, part) for at, part in parts]
    sent = [sent[k] for k in order] if order else sent
    return [
        Shot(
            start * SECOND + k * 1_000_000,
            fr.linked(
                fr.ipv4("10.0.0.1", "10.0.0.2", fr.TCP, fr.tcp(40000, port, seq=101 + at, flags=flags, payload=part))
            ),
        )
        for k, (at, flags, part) in enumerate(sent)
    ]


def names(sweep):
    """Names in the ClientHellos that were read."""
    return [
        sweep.found.strings.texts()[row["server_name"]] if row["server_name"] >= 0 else ""
        for made in sweep.found.sessions
        for row in made.rows
    ]


@pytest.mark.parametrize("order", [None, [0, 2, 1, 3, 5, 4], [0, 5, 4, 3, 2, 1], [0, 1, 1, 2, 3, 3, 4, 5]])
def test_a_hello_larger_than_a_segment_is_put_together(order):
    """Segments out of order or twice give the hello that was sent."""
    sweep = swept(segments(HELLO, order=order))
    sweep.finish()
    assert names(sweep) == ["a.example"]


def test_a_hello_with_a_hole_gives_no_name():
    """What stands after lost octets is not read as if it followed."""
    sweep = swept(segments(HELLO, order=[0, 1, 3, 4, 5]))
    sweep.finish()
    assert names(sweep) == [""]


def test_a_flow_that_still_talks_is_carried_over():
    """A harvest amid a hello leaves it in the arena, and the next one reads all of it."""
    shots = segments(HELLO)
    sweep = swept(shots[:3])
    harvest(sweep.tables, sweep.found, silence_ns=10 * SECOND, final=False)
    assert names(sweep) == []
    assert sweep.counter(fl.SEGMENTS) == 2
    sweep = swept(shots)
    harvest(sweep.tables, sweep.found, silence_ns=10 * SECOND, final=False)
    sweep.finish()
    assert names(sweep) == ["a.example"]
    assert (sweep.counter(fl.SEGMENTS), sweep.counter(fl.ARENA)) == (0, 0)


def test_a_silent_flow_is_read():
    """Eleven seconds after its last octet a flow is read although nothing closed it."""
    sweep = swept(segments(HELLO) + segments(b"x", port=444, start=11))
    harvest(sweep.tables, sweep.found, silence_ns=10 * SECOND, final=False)
    assert names(sweep) == ["a.example"]
    assert sweep.counter(fl.SEGMENTS) == 1


def test_what_waits_is_read_where_room_is_short():
    """With an arena of one kilobyte more than a batch needs, hellos are read before they are complete."""
    shots = [shot for port in range(1000, 1200) for shot in segments(he.client_hello("b.example"), port=port)]
    sweep = swept(shots, room=Room(arena=(2 << 20) + 1000))
    sweep.finish()
    assert names(sweep) == ["b.example"] * 200
    assert finish(sweep.tables).proto.size == 200


def test_dns_over_tcp_is_read_message_by_message():
    """Each message after its length; what is no DNS is left to others."""
    question = b"\0\7\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"
    both = (len(question).to_bytes(2, "big") + question) * 2
    sweep = swept(segments(both, port=53))
    sweep.finish()
    (talk,) = sweep.found.take_conversations()
    assert sweep.found.read_stream(talk)
    assert [row["id"] for part in sweep.found.messages for row in part.rows] == [7, 7]
    assert sweep.found.take_conversations() == []


def test_messages_that_are_the_same_are_thinned():
    """The first few of each stay, with their answers, in their order; others are not touched."""
    found = Harvest(Strings(1), Strings(1))
    rows = np.zeros(3 * REPEATS + 2, dns.MESSAGE)
    rows["frame"] = np.arange(rows.size)
    rows["id"][-2:] = 7, 8
    rows["answers"] = 1
    rows["answers_at"] = np.arange(rows.size)
    answers = np.zeros(rows.size, dns.ANSWER)
    answers["ttl"] = rows["frame"]
    found.messages = [Messages(rows[:20].copy(), answers[:20]), Messages(rows[20:].copy(), answers[20:])]
    found.messages[1].rows["answers_at"] -= 20
    found.thin()
    (left,) = found.messages
    assert left.rows["frame"].tolist() == [*range(REPEATS), rows.size - 2, rows.size - 1]
    assert left.answers["ttl"][left.rows["answers_at"]].tolist() == left.rows["frame"].tolist()


def told(*flows, answers=1):
    """What was read of messages of these flows, one after the other, with a name each in question and answers."""
    found = Harvest(Strings(1), Strings(1))
    rows = np.zeros(len(flows), dns.MESSAGE)
    rows["flow"], rows["frame"], rows["answers"] = flows, np.arange(rows.size), answers
    rows["answers_at"] = np.arange(rows.size) * answers
    table = np.zeros(rows.size * answers, dns.ANSWER)
    table["ttl"] = np.repeat(rows["frame"], answers)
    for letter, column in ((b"q", rows["query"]), (b"t", table["target"])):
        column[:] = [added(found.strings, letter + b"%d" % k) for k in range(column.size)]
    found.messages = [Messages(rows, table)]
    return found


def added(strings, octets):
    """The number of a string that is new."""
    text = np.frombuffer(octets, np.uint8)
    return int(intern(text, 0, text.size, strings.table))


def test_flows_that_say_most_are_the_first_to_lose_messages():
    """Their oldest: the others stay whole, as do those that are over, and names are those of what is left."""
    flows = [5, *[7] * 20, 5, *[3] * 4, *[7] * 20, 6, 6]
    found = told(*flows)
    texts, before = found.strings.texts(), found.messages[0]
    names = [texts[query] for query in before.rows["query"]], [texts[target] for target in before.answers["target"]]
    goes_on = np.arange(8) != 6
    assert found.forget(24, goes_on) == 0
    assert found.forget(12, goes_on) == len(flows) - 14
    (left,) = found.messages
    frames = left.rows["frame"].tolist()
    assert frames == [0, 21, 22, 23, 24, 25, *range(40, 48)]
    assert left.answers["ttl"][left.rows["answers_at"]].tolist() == frames
    kept = found.strings.texts()
    assert [kept[query] for query in left.rows["query"]] == [names[0][frame] for frame in frames]
    assert [kept[target] for target in left.answers["target"]] == [names[1][frame] for frame in frames]
    assert len(kept) == 2 * 14


def test_answers_are_bounded_as_well():
    """A message may have many; what they take counts."""
    found = told(*[1] * 50, answers=8)
    assert found.forget(50, np.ones(2, np.bool_)) == 0
    found = told(*[1] * 51, answers=8)
    assert found.forget(50, np.ones(2, np.bool_)) == 26
    assert found.messages[0].answers.size == 4 * 50
    assert found.said == 25 + 50


def test_joined_pieces_hold_the_same():
    """And a harvest that read nothing has nothing afterwards."""
    sweep = swept([shot for port in range(1000, 1010) for shot in segments(HELLO, port=port)])
    sweep.finish()
    found = sweep.found
    found.sessions = [Sessions(*(column[k : k + 1] for column in found.sessions[0])) for k in range(10)]
    found.join()
    assert (len(found.sessions), names(sweep)) == (1, ["a.example"] * 10)
    nothing = Harvest(Strings(1), Strings(1))
    nothing.join()
    assert (nothing.rows, nothing.said, nothing.errors[0].size, nothing.framed[0].size) == (0, 0, 0, 0)
