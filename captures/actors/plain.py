"""Three controllers that speak small protocols of their own, or what polls them; look-alikes but for LSV/2's client.

usage: plain.py serve PROTOCOL ADDRESS | poll PROTOCOL ADDRESS TIMES PAUSE

focas  FANUC FOCAS on 8193: a frame begins with A0 A0 A0 A0, version, type, length (pyfanuc's README)
haas   Haas Q commands behind a Moxa on 4001 (Haas, Machine Data Collection)
lsv2   Heidenhain LSV/2 on 19000; pyLSV2 is the client
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import time
from contextlib import suppress

from pyLSV2.const import CMD
from pyLSV2.low_level_com import LSV2TCP

PORTS = {"focas": 8193, "haas": 4001, "lsv2": 19000}
FOCAS = struct.Struct("!4sHHH")
FOCAS_MAGIC = b"\xa0\xa0\xa0\xa0"
OPEN, OPENED, ASK, ANSWER, CLOSE, CLOSED = 0x0101, 0x0102, 0x2101, 0x2102, 0x0201, 0x0202
HAAS = {
    b"Q100": b"SERIAL NUMBER, 1128841",
    b"Q101": b"SOFTWARE, VER M18.25A",
    b"Q104": b"MODE, (MEM)",
    b"Q500": b"PROGRAM, O00042, IDLE, PARTS, 311",
}
LSV2 = struct.Struct("!I4s")


async def serve_focas(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer each request with a block of as many octets as a status read has."""
    answers = {OPEN: (OPENED, bytes(8)), ASK: (ANSWER, bytes(range(76))), CLOSE: (CLOSED, b"")}
    while True:
        _, version, kind, octets = FOCAS.unpack(await reader.readexactly(FOCAS.size))
        await reader.readexactly(octets)
        kind, body = answers[kind]
        writer.write(FOCAS.pack(FOCAS_MAGIC, version, kind, len(body)) + body)


async def serve_haas(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer Q commands in the form of newer controls."""
    while command := (await reader.readline()).strip():
        writer.write(b">" + HAAS.get(command.lstrip(b"?"), b"UNKNOWN") + b"\r\n")


async def serve_lsv2(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Grant every login and tell a version."""
    while True:
        octets, command = LSV2.unpack(await reader.readexactly(LSV2.size))
        await reader.readexactly(octets)
        told = b"TNC640\x00" if command == b"R_VR" else b""
        writer.write(LSV2.pack(len(told), b"S_VR" if told else b"T_OK") + told)


async def serve(protocol: str, address: str) -> None:
    """Be the controller."""
    answer = {"focas": serve_focas, "haas": serve_haas, "lsv2": serve_lsv2}[protocol]

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):  # the client is done
            await answer(reader, writer)
        writer.close()

    await asyncio.start_server(talk, address, PORTS[protocol])
    await asyncio.Event().wait()


def poll_focas(address: str, times: int, pause: float) -> None:
    """Open a session, read again and again, close it."""
    with socket.create_connection((address, PORTS["focas"])) as control:

        def ask(kind: int, body: bytes) -> None:
            control.sendall(FOCAS.pack(FOCAS_MAGIC, 1, kind, len(body)) + body)
            octets = FOCAS.unpack(control.recv(FOCAS.size, socket.MSG_WAITALL))[3]
            control.recv(octets, socket.MSG_WAITALL)

        ask(OPEN, b"\x00\x02")
        for _ in range(times):
            ask(ASK, struct.pack("!HHHHHi", 1, 28, 1, 1, 0x19, 0) + bytes(16))
            time.sleep(pause)
        ask(CLOSE, b"")


def poll_haas(address: str, times: int, pause: float) -> None:
    """Ask one Q command after the other."""
    commands = list(HAAS)
    with socket.create_connection((address, PORTS["haas"])) as control:
        for turn in range(times):
            control.sendall(b"?" + commands[turn % len(commands)] + b"\r\n")
            control.recv(256)
            time.sleep(pause)


def poll_lsv2(address: str, times: int, pause: float) -> None:
    """Log in, read the version again and again, log out."""
    control = LSV2TCP(address, PORTS["lsv2"], timeout=10)
    control.connect()
    control.telegram(CMD.A_LG, bytearray(b"INSPECT\x00"))
    for _ in range(times):
        control.telegram(CMD.R_VR, bytearray(b"\x01"))
        time.sleep(pause)
    control.telegram(CMD.A_LO, bytearray())
    control.disconnect()


if sys.argv[1] == "serve":
    asyncio.run(serve(*sys.argv[2:]))
else:
    polls = {"focas": poll_focas, "haas": poll_haas, "lsv2": poll_lsv2}
    polls[sys.argv[2]](sys.argv[3], int(sys.argv[4]), float(sys.argv[5]))
