"""DNS messages, as a kernel read them, become transactions: question and answer paired (RFC 1035 section 4)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from analyzer.iana import dns_rcode_name, dns_type_name
from analyzer.tables import Dns, build, mapped

Array = npt.NDArray[Any]
RESPONSE, TRUNCATED = 0x8000, 0x0200


def transactions(
    messages: Array, answer_texts: list[tuple[str, ...]], ttls: list[tuple[str, ...]], names: Array
) -> Dns:
    """One row per question of a flow and id, with the first answer to it, in the order of their first frames.

    messages      rows of a kernel's MESSAGE
    answer_texts  per message: addresses and canonical names; ttls: the seconds of each as text
    names         question name per message as an object column
    """
    answer = messages["flags"] & RESPONSE > 0
    # the same question may be asked again (a retry), and answered twice: all of it is one transaction
    key = np.empty(messages.size, [("flow", "i8"), ("id", "i4"), ("query", "i4"), ("qtype", "i4")])
    for column in key.dtype.names or ():
        key[column] = messages[column]
    _, group = np.unique(key, return_inverse=True)
    count = int(group.max()) + 1 if group.size else 0
    first_query, first_answer = (_first(group, count, np.flatnonzero(side)) for side in (~answer, answer))
    asked, answered = first_query >= 0, first_answer >= 0
    any_message = np.where(asked, first_query, first_answer)
    order = np.argsort(messages["frame"][any_message], kind="stable")
    any_message, first_query, first_answer = any_message[order], first_query[order], first_answer[order]
    asked, answered = asked[order], answered[order]
    ts = messages["ts_ns"]
    rows = any_message.tolist()
    return build(
        Dns,
        flow=messages["flow"][any_message], ts_ns=ts[any_message], query=names[any_message],
        qtype_name=mapped(messages["qtype"][any_message], dns_type_name),
        rcode_name=np.where(answered, mapped(messages["flags"][first_answer] & 15, dns_rcode_name), ""),
        answers=[answer_texts[k] if k >= 0 else () for k in first_answer.tolist()],
        ttls=[ttls[k] if k >= 0 else () for k in first_answer.tolist()],
        rtt_ns=np.where(asked & answered, ts[first_answer] - ts[first_query], -1),
        queries=np.bincount(group[~answer], minlength=count)[order] if len(rows) else [],
        query_frame=np.where(asked, messages["frame"][first_query], 0),
        answer_frame=np.where(answered, messages["frame"][first_answer], 0),
        truncated=answered & (messages["flags"][first_answer] & TRUNCATED > 0),
    )  # fmt: skip


def _first(group: Array, count: int, members: Array) -> npt.NDArray[np.int64]:
    """The first of `members` in each group, -1 where there is none."""
    first = np.full(count, -1, np.int64)
    first[group[members[::-1]]] = members[::-1]
    return first
