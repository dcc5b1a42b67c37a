"""MQTT by the client's CONNECT packet (MQTT 3.1.1 and 5.0, section 3.1)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, TCP, Dissected

SERVICE = "mqtt"
PROTOS: tuple[int, ...] = (TCP,)
# Packet type 1, remaining length of one to four octets, then the protocol's name and its level.
CONNECT = re.compile(rb"\x10[\x80-\xff]{0,3}[\x00-\x7f](?:\x00\x04MQTT[\x04\x05]|\x00\x06MQIsdp\x03)", re.DOTALL)


def dissect(talk: Conversation) -> Dissected | None:
    """Service mqtt where the originator opens with a CONNECT packet; its credentials are not kept."""
    if CONNECT.match(talk.orig.octets):
        return Dissected(SERVICE, PAYLOAD)
    return None
