"""An MTConnect agent (HTTP) or adapter (SHDR lines) of a machine, or what reads them; look-alikes.

usage: mtconnect.py agent ADDRESS PORT | adapter ADDRESS | poll-agent ADDRESS PORT TIMES PAUSE |
       poll-adapter ADDRESS TIMES PAUSE

Source: MTConnect Standard Part 1 (agent), and the SHDR protocol that adapters speak, with its heartbeat.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import http.client
import random
import sys
import time

ADAPTER_PORT = 7878
DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<MTConnect{kind} xmlns="urn:mtconnect.org:MTConnect{kind}:1.5">
  <Header creationTime="{time}" sender="agent" instanceId="1" version="1.5.0" bufferSize="4096"/>
  {body}
</MTConnect{kind}>
"""
STREAM = (
    '<Streams><DeviceStream name="M1" uuid="m1"><Events><Execution dataItemId="e">ACTIVE</Execution></Events>'
    "</DeviceStream></Streams>"
)
DEVICES = (
    '<Devices><Device id="d1" name="M1" uuid="m1"><DataItems><DataItem category="EVENT" id="e" type="EXECUTION"/>'
    "</DataItems></Device></Devices>"
)


def now() -> str:
    """Give the time as both protocols write it (ISO 8601, UTC)."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


async def agent(address: str, port: str) -> None:
    """Answer /probe, /current and /sample."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                probe = head.startswith(b"GET /probe")
                kind, body = ("Devices", DEVICES) if probe else ("Streams", STREAM)
                text = DOCUMENT.format(kind=kind, body=body, time=now()).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nServer: MTConnectAgent\r\nContent-Type: text/xml\r\n")
                writer.write(b"Content-Length: %d\r\n\r\n" % len(text) + text)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client is done
        writer.close()

    await asyncio.start_server(talk, address, int(port))
    await asyncio.Event().wait()


async def adapter(address: str) -> None:
    """Send a line for each change, and answer pings."""
    chance = random.Random(address)

    async def lines(writer: asyncio.StreamWriter) -> None:
        writer.write(f"* device: m1\n{now()}|avail|AVAILABLE|mode|AUTOMATIC|exec|ACTIVE\n".encode())
        while True:
            await asyncio.sleep(6)
            writer.write(f"{now()}|Sspeed|{chance.randrange(2900, 3100)}|Xabs|{chance.uniform(0, 90):.3f}\n".encode())

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        telling = asyncio.create_task(lines(writer))
        while line := await reader.readline():
            if line.startswith(b"* PING"):
                writer.write(b"* PONG 10000\n")
        telling.cancel()
        writer.close()

    await asyncio.start_server(talk, address, ADAPTER_PORT)
    await asyncio.Event().wait()


def poll_agent(address: str, port: str, times: str, pause: str) -> None:
    """Ask for the devices once and for their state again and again, over one connection."""
    connection = http.client.HTTPConnection(address, int(port), timeout=10)
    for turn in range(int(times)):
        connection.request("GET", "/current" if turn else "/probe", headers={"User-Agent": "mtconnect-client"})
        connection.getresponse().read()
        time.sleep(float(pause))
    connection.close()


async def poll_adapter(address: str, times: str, pause: str) -> None:
    """Listen to the adapter's lines, and ping it."""
    reader, writer = await asyncio.open_connection(address, ADAPTER_PORT)

    async def listen() -> None:
        while await reader.readline():
            pass

    listening = asyncio.create_task(listen())
    for _ in range(int(times)):
        writer.write(b"* PING\n")
        await asyncio.sleep(float(pause))
    writer.close()
    await listening


ROLES = {"agent": agent, "adapter": adapter, "poll-agent": poll_agent, "poll-adapter": poll_adapter}
done = ROLES[sys.argv[1]](*sys.argv[2:])
if asyncio.iscoroutine(done):
    asyncio.run(done)
