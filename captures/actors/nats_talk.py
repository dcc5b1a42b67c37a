"""Publish to a NATS server on this host now and then, or subscribe there.

usage: nats_talk.py publish PORT SUBJECT TIMES PAUSE | subscribe PORT SUBJECT

Source: the NATS client protocol.
"""

from __future__ import annotations

import socket
import sys
import time


def main(role: str, port: str, subject: str, times: str = "0", pause: str = "0") -> None:
    """Open a connection and publish, or subscribe until the process is ended."""
    with socket.create_connection(("127.0.0.1", int(port))) as server:
        server.recv(4096)  # INFO
        server.sendall(b'CONNECT {"verbose":false,"name":"sample","lang":"python"}\r\nPING\r\n')
        if role == "subscribe":
            server.sendall(f"SUB {subject} 1\r\n".encode())
            while octets := server.recv(65536):
                if b"PING\r\n" in octets:
                    server.sendall(b"PONG\r\n")
        for turn in range(int(times)):
            body = f'{{"tool":{turn % 12},"load":{40 + turn % 7},"wear":0.{turn % 10}}}'
            server.sendall(f"PUB {subject} {len(body)}\r\n{body}\r\n".encode())
            time.sleep(float(pause))


main(*sys.argv[1:])
