"""What an Edge asks machines, and what they answer, in the form of their protocols."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from random import Random

Talk = tuple[bytes, bytes]

FOCAS = struct.Struct("!4sHHH")
FOCAS_MAGIC, FOCAS_READS = b"\xa0\xa0\xa0\xa0", 8
FOCAS_OPEN, FOCAS_OPENED, FOCAS_ASK, FOCAS_ANSWER = 0x0101, 0x0102, 0x2101, 0x2102
READ_HOLDING, REGISTERS = 3, 40
HAAS = ("Q104", "MODE, (MEM)"), ("Q402", "M30 #1, 311"), ("Q500", "PROGRAM, O00042, IDLE, PARTS, 311")
ITEMS = ("Xabs", "Yabs", "Zabs", "Xload", "Yload", "Zload", "Sspeed", "Sload", "Frt", "Fovr")
STREAM = """<?xml version="1.0" encoding="UTF-8"?>
<MTConnectStreams xmlns="urn:mtconnect.org:MTConnectStreams:1.5">
  <Header sender="mill-4" instanceId="1" version="1.5.0" bufferSize="4096" firstSequence="1" nextSequence="{next}"/>
  <Streams><DeviceStream name="mill-4" uuid="mill-4"><ComponentStream component="Controller" name="cnc"><Samples>
{samples}  </Samples></ComponentStream></DeviceStream></Streams>
</MTConnectStreams>
"""
SAMPLE = '    <Sample dataItemId="{item}" sequence="{sequence}">{value}</Sample>\n'


def modbus(chance: Random) -> Iterator[Talk]:
    """Read forty holding registers, of which a few change (Modbus Messaging on TCP/IP 1.0b)."""
    transaction = 0
    registers = [0] * REGISTERS
    while True:
        transaction = transaction % 65535 + 1
        registers[chance.randrange(4)] = chance.randrange(3000)
        data = struct.pack(f"!{REGISTERS}H", *registers)
        asked = struct.pack("!HHHBBHH", transaction, 0, 6, 1, READ_HOLDING, 0, REGISTERS)
        yield asked, struct.pack("!HHHBBB", transaction, 0, 3 + len(data), 1, READ_HOLDING, len(data)) + data


def mtconnect(chance: Random) -> Iterator[Talk]:
    """Ask an agent for what is new (MTConnect Part 1)."""
    sequence = 1
    while True:
        asked = f"GET /sample?from={sequence}&count=30 HTTP/1.1\r\nHost: mill-4:5000\r\nUser-Agent: edge\r\n\r\n"
        samples = "".join(
            SAMPLE.format(item=ITEMS[index % len(ITEMS)], sequence=sequence + index, value=chance.randrange(100))
            for index in range(30)
        )
        sequence += 30
        body = STREAM.format(next=sequence, samples=samples)
        head = f"HTTP/1.1 200 OK\r\nServer: MTConnectAgent\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}"
        yield asked.encode("ascii"), f"{head}\r\n\r\n{body}".encode("ascii")


def focas(chance: Random) -> Iterator[Talk]:
    """Read eight blocks of a control at once (the frames of pyfanuc's README; what is in the blocks means nothing)."""
    block = struct.pack("!HHHHHi", 28, 1, 1, 0x19, 0, 0) + bytes(14)
    while True:
        answer = b"".join(
            struct.pack("!HHHH", 96, 1, 1, 0x19) + bytes([chance.randrange(200)]) + bytes(87)
            for _ in range(FOCAS_READS)
        )
        asked = struct.pack("!H", FOCAS_READS) + block * FOCAS_READS
        yield _focas(FOCAS_ASK, asked), _focas(FOCAS_ANSWER, struct.pack("!H", FOCAS_READS) + answer)


def haas(chance: Random) -> Iterator[Talk]:
    """Ask Q commands one after the other (Haas, Machine Data Collection)."""
    turn = chance.randrange(len(HAAS))
    while True:
        command, told = HAAS[turn % len(HAAS)]
        turn += 1
        yield f"?{command}\r\n".encode("ascii"), f">{told}\r\n".encode("ascii")


def _focas(kind: int, body: bytes) -> bytes:
    """A frame of FOCAS."""
    return FOCAS.pack(FOCAS_MAGIC, 1, kind, len(body)) + body


# service: port, what is asked and answered again and again, and first
POLLS: dict[str, tuple[int, Callable[[Random], Iterator[Talk]], Talk | None]] = {
    "modbus": (502, modbus, None),
    "mtconnect": (5000, mtconnect, None),
    "focas": (8193, focas, (_focas(FOCAS_OPEN, b"\x00\x02"), _focas(FOCAS_OPENED, bytes(8)))),
    "haas-q": (4001, haas, None),
}
