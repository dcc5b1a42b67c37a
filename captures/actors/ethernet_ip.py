"""An EtherNet/IP controller, or the client that reads its tags (cpppo).

usage: ethernet_ip.py serve ADDRESS | poll ADDRESS TIMES PAUSE
"""

from __future__ import annotations

import sys
import time

from cpppo.server.enip import client
from cpppo.server.enip.main import main as controller

PORT = 44818
TAGS = ("PartCount[0-1]", "CycleTime[0]")


def serve(address: str) -> None:
    """Serve two tags of a controller."""
    controller(argv=["--address", f"{address}:{PORT}", "--no-udp", "PartCount=DINT[4]", "CycleTime=REAL[2]"])


def poll(address: str, times: str, pause: str) -> None:
    """Read the tags again and again over one session, and close it."""
    with client.connector(host=address, port=PORT, timeout=5) as session:
        for _ in range(int(times)):
            for *_, value in session.pipeline(operations=client.parse_operations(TAGS), depth=1):
                if value is None:
                    raise SystemExit("no value")
            time.sleep(float(pause))


{"serve": serve, "poll": poll}[sys.argv[1]](*sys.argv[2:])
