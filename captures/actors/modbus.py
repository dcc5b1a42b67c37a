"""A Modbus TCP controller, or the client that polls it (pymodbus).

usage: modbus.py serve ADDRESS | poll ADDRESS TIMES PAUSE
"""

from __future__ import annotations

import asyncio
import sys

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.server import StartAsyncTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

PORT = 502


async def serve(address: str) -> None:
    """Serve sixteen holding registers."""
    registers = SimData(0, values=[1200 + 7 * n for n in range(16)], datatype=DataType.REGISTERS)
    await StartAsyncTcpServer(SimDevice(1, simdata=[registers]), address=(address, PORT))


async def poll(address: str, times: str, pause: str) -> None:
    """Read registers again and again over one connection."""
    client = AsyncModbusTcpClient(address, port=PORT)
    await client.connect()
    for _ in range(int(times)):
        answer = await client.read_holding_registers(0, count=8, device_id=1)
        if answer.isError():
            raise SystemExit(str(answer))
        await asyncio.sleep(float(pause))
    client.close()


asyncio.run({"serve": serve, "poll": poll}[sys.argv[1]](*sys.argv[2:]))
