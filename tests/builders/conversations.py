"""Conversations whose truth is known: one segment per stretch of octets, numbered in the order of sending."""

from __future__ import annotations

from analyzer.conversations import Conversation, Mark, Message, Stream


def tcp(*sent, orig_p=40000, resp_p=0):
    """A TCP conversation: `sent` is octets of the originator, of the responder, and so on by turns."""
    octets, marks = [b"", b""], [[], []]
    for frame, part in enumerate(sent, 1):
        side = (frame - 1) % 2
        if part:
            marks[side].append(Mark(len(octets[side]), frame * 1000, frame))
            octets[side] += part
    streams = [Stream(octets[side], tuple(marks[side])) for side in (0, 1)]
    return Conversation(7, 6, orig_p, resp_p, *streams)


def udp(*sent, orig_p=40000, resp_p=0):
    """A UDP conversation: datagrams of the originator, of the responder, by turns; an empty one is left out."""
    messages = [Message(frame * 1000, frame, frame % 2 == 1, part) for frame, part in enumerate(sent, 1) if part]
    return Conversation(7, 17, orig_p, resp_p, messages=tuple(messages))


def turned(talk):
    """The same conversation as a capture shows it that took the responder for the originator."""
    messages = tuple(message._replace(from_orig=not message.from_orig) for message in talk.messages)
    return talk._replace(orig_p=talk.resp_p, resp_p=talk.orig_p, orig=talk.resp, resp=talk.orig, messages=messages)


def told(found):
    """Service and certainty of what a dissector tells, None where it tells nothing."""
    return found and (found.service, found.certainty)


def rows(found, table):
    """Rows of what a dissector tells as dictionaries by column."""
    return [dict(zip(table._fields, row, strict=True)) for _, row in found.rows]
