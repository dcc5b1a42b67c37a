"""An OPC-UA server of a controller, or the client that reads it (asyncua).

usage: opcua.py serve ADDRESS PORT | poll ADDRESS PORT TIMES PAUSE
"""

from __future__ import annotations

import asyncio
import logging
import sys

from asyncua import Client, Server, ua

NODE = "ns=2;s=spindle.speed"


async def serve(address: str, port: str) -> None:
    """Serve one variable, without security, as older controllers do."""
    logging.disable(logging.WARNING)
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://{address}:{port}/machine")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    await server.register_namespace("urn:sample:machine")
    await server.nodes.objects.add_variable(ua.NodeId.from_string(NODE), "2:Speed", 3150.0)
    async with server:
        await asyncio.Event().wait()


async def poll(address: str, port: str, times: str, pause: str) -> None:
    """Read the variable again and again over one session."""
    async with Client(f"opc.tcp://{address}:{port}/machine", watchdog_intervall=3600) as client:
        node = client.get_node(NODE)
        for _ in range(int(times)):
            await node.read_value()
            await asyncio.sleep(float(pause))


asyncio.run({"serve": serve, "poll": poll}[sys.argv[1]](*sys.argv[2:]))
