"""Messages become transactions: questions with their answers, retries and answers alone."""

from __future__ import annotations

import numpy as np

from analyzer.dissecting.dns import transactions
from analyzer.kernels.dns import MESSAGE

QUERY, ANSWER, TRUNCATED, NXDOMAIN = 0x0100, 0x8180, 0x8380, 0x8183


def paired(*messages):
    """The transactions of (flow, id, flags, name, ms), each in a frame of its own, as a list of dicts."""
    names = sorted({message[3] for message in messages})
    rows = np.zeros(len(messages), MESSAGE)
    for k, (row, (flow, number, flags, name, ms)) in enumerate(zip(rows, messages, strict=True)):
        row["flow"], row["id"], row["flags"], row["query"] = flow, number, flags, names.index(name)
        row["qtype"], row["ts_ns"], row["frame"] = 1, ms * 1_000_000, k + 1
    texts = np.array([message[3] for message in messages], dtype=object)
    answers = [(f"192.0.2.{k}",) if message[2] & 0x8000 else () for k, message in enumerate(messages)]
    ttls = [("60",) if message[2] & 0x8000 else () for message in messages]
    table = transactions(rows, answers, ttls, texts)
    columns = [column.tolist() for column in table]
    return [dict(zip(table._fields, row, strict=True)) for row in zip(*columns, strict=True)]


def test_a_question_gets_its_answer():
    """Same flow, id, name and type: one transaction with the time between."""
    (made,) = paired((0, 7, QUERY, "a.example", 10), (0, 7, ANSWER, "a.example", 35))
    assert (made["query"], made["qtype_name"], made["rcode_name"]) == ("a.example", "A", "NOERROR")
    assert (made["rtt_ns"], made["queries"], made["answers"], made["ttls"]) == (25_000_000, 1, ("192.0.2.1",), ("60",))
    assert (made["query_frame"], made["answer_frame"], made["truncated"]) == (1, 2, False)


def test_a_retry_is_the_same_question():
    """Two questions and two answers of one id are one transaction; the first of each counts."""
    (made,) = paired(
        (0, 7, QUERY, "a", 0), (0, 7, QUERY, "a", 5), (0, 7, NXDOMAIN, "a", 6), (0, 7, ANSWER, "a", 9)
    )  # fmt: skip
    assert (made["queries"], made["rtt_ns"], made["rcode_name"]) == (2, 6_000_000, "NXDOMAIN")


def test_other_names_ids_and_flows_are_other_questions():
    """An answer to another question is not taken for one's own."""
    made = paired((0, 7, QUERY, "a", 0), (0, 8, ANSWER, "a", 1), (1, 7, ANSWER, "a", 2), (0, 7, ANSWER, "b", 3))
    assert [(row["rtt_ns"], row["queries"]) for row in made] == [(-1, 1), (-1, 0), (-1, 0), (-1, 0)]
    assert made[0]["rcode_name"] == ""


def test_an_answer_alone_has_no_time_of_asking():
    """Where the question was not captured its frame is 0, and so is the count of questions."""
    (made,) = paired((0, 7, TRUNCATED, "a", 4))
    assert (made["query_frame"], made["answer_frame"], made["ts_ns"]) == (0, 1, 4_000_000)
    assert made["truncated"]


def test_transactions_stand_in_the_order_of_their_first_frames():
    """Whatever the ids are, the first to be asked stands first."""
    made = paired((0, 9, QUERY, "z", 0), (0, 1, QUERY, "a", 1), (0, 9, ANSWER, "z", 2))
    assert [row["query"] for row in made] == ["z", "a"]


def test_no_messages_are_no_transactions():
    """An empty table, not an error."""
    assert paired() == []
