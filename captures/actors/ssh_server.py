"""An SSH server that lets nobody in.

usage: ssh_server.py ADDRESS PORT
"""

from __future__ import annotations

import asyncio
import sys

import asyncssh


async def main() -> None:
    """Serve until the process is ended."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    await asyncssh.listen(sys.argv[1], int(sys.argv[2]), server_host_keys=[key], server_version="OpenSSH_9.2")
    await asyncio.Event().wait()


asyncio.run(main())
