"""An HTTP proxy that opens tunnels for who gives a name and password (RFC 9110 sections 9.3.6 and 11.7).

usage: proxy.py ADDRESS PORT
"""

from __future__ import annotations

import asyncio
import sys

DENIED = (
    b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\n'
    b"Content-Length: 0\r\n\r\n"
)


async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry octets one way until their sender is done."""
    while octets := await reader.read(65536):
        writer.write(octets)
    writer.close()


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Open one tunnel."""
    head = await reader.readuntil(b"\r\n\r\n")
    if b"proxy-authorization: basic " not in head.lower():
        writer.write(DENIED)
        writer.close()
        return
    host, _, port = head.split()[1].partition(b":")
    far_reader, far_writer = await asyncio.open_connection(host.decode(), int(port))
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await asyncio.gather(pour(reader, far_writer), pour(far_reader, writer))


async def main() -> None:
    """Serve until the process is ended."""
    await asyncio.start_server(talk, sys.argv[1], int(sys.argv[2]))
    await asyncio.Event().wait()


asyncio.run(main())
