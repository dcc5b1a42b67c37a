"""Serve HTTP, WebSocket and MQTT, over TLS or in clear, on many addresses, by a table of sites.

usage: tls_server.py SITES_JSON

SITES_JSON is a list of {address, port, octets, tls, newest, certificates: {name: [chain, key]}}: `octets` is how long a
page is, `newest` the newest TLS version (1.2 or 1.3), and without `tls` a site speaks in clear.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import ssl
import sys
from pathlib import Path
from typing import Any

WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
MQTT = "x-amzn-mqtt-ca"
TEXT = b"the quick brown fox jumps over the lazy dog; "


def context_of(site: dict[str, Any]) -> ssl.SSLContext:
    """Choose certificates by server name, as a host of many sites does; the first one where none is asked for."""
    contexts = {}
    for name, (chain, key) in site["certificates"].items():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        context.maximum_version = ssl.TLSVersion.TLSv1_2 if site["newest"] == "1.2" else ssl.TLSVersion.TLSv1_3
        context.set_alpn_protocols(["http/1.1", MQTT])
        contexts[name] = context
    first = next(iter(contexts.values()))

    def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        connection.context = contexts.get(name or "", first)

    first.sni_callback = choose
    return first


async def headers_of(reader: asyncio.StreamReader) -> tuple[bytes, dict[bytes, bytes]]:
    """Read the head of an HTTP/1.1 request: its first line and its header fields, names in lower case."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.rstrip().split(b"\r\n")
    fields = (line.partition(b":") for line in lines)
    return first, {name.strip().lower(): value.strip() for name, _, value in fields}


async def websocket(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: bytes) -> None:
    """Accept an upgrade (RFC 6455) and answer each short masked message with a short one."""
    accept = base64.b64encode(hashlib.sha1(key + WEBSOCKET_GUID, usedforsecurity=False).digest())
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
    writer.write(b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
    while True:
        head = await reader.readexactly(2)
        await reader.readexactly(4 + (head[1] & 0x7F))
        writer.write(b"\x81\x0b" + b'{"ack":"1"}')


async def mqtt(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer MQTT 3.1.1 packets whose remaining length fits one octet."""
    answers = {1: b"\x20\x02\x00\x00", 12: b"\xd0\x00"}  # CONNACK, PINGRESP
    while True:
        head = await reader.readexactly(2)
        await reader.readexactly(head[1])
        kind = head[0] >> 4
        if kind == 14:  # DISCONNECT
            return
        writer.write(answers.get(kind, b""))


async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, octets: int) -> None:
    """Answer requests one after the other until the client closes."""
    page = (TEXT * (octets // len(TEXT) + 1))[:octets]
    while True:
        first, fields = await headers_of(reader)
        if b"sec-websocket-key" in fields:
            await websocket(reader, writer, fields[b"sec-websocket-key"])
            return
        await reader.readexactly(int(fields.get(b"content-length", b"0")))
        body = b"" if first.startswith((b"POST", b"PUT")) else page
        writer.write(b"HTTP/1.1 200 OK\r\nServer: sample\r\nContent-Type: application/octet-stream\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()


async def listen(site: dict[str, Any]) -> None:
    """Open one site's port."""
    context = context_of(site) if site["tls"] else None

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            session = writer.get_extra_info("ssl_object")
            if session is not None and session.selected_alpn_protocol() == MQTT:
                await mqtt(reader, writer)
            else:
                await http(reader, writer, site["octets"])
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass  # the client is done
        finally:
            writer.close()

    await asyncio.start_server(talk, site["address"], site["port"], ssl=context)


async def main(sites: list[dict[str, Any]]) -> None:
    """Serve every site until the process is ended."""
    for site in sites:
        await listen(site)
    await asyncio.Event().wait()


asyncio.run(main(json.loads(Path(sys.argv[1]).read_text("utf-8"))))
