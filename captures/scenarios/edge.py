"""What an Edge does on every cloud: its device tunnel and its NATS leaf node."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from staging.stage import Host, Look


def start_tunnel(edge: Host, name: str, look: Look | None = None) -> None:
    """Open the device tunnel, OpenVPN on 443/tcp, to a name."""
    internet = edge.stage.internet
    edge.note_lookup()
    edge.note(internet.address(name), 443, look or Look(), service="openvpn")
    identity = internet.devices.issue("device-7f31", client=True)
    keys = ("--ca", str(internet.devices.root_file), "--cert", str(identity.chain), "--key", str(identity.key))
    words = ("--client", "--proto", "tcp-client", "--remote", name, "443", "--dev", "tun8", "--nobind")
    edge.start("openvpn", *words, *keys, "--remote-cert-tls", "server", "--verb", "2", "--connect-retry", "30")


def start_nats(edge: Host, remotes: Mapping[str, str], look: Look | None = None) -> None:
    """Start NATS leaf nodes on 7422, each to a name or address that stands for an address, and publish to the first."""
    for index, (remote, address) in enumerate(remotes.items()):
        if remote != address:
            edge.note_lookup()
        edge.note(address, 7422, look or Look(because="NATS at a documented address"), service="nats")
        start_leaf(edge, index, remote)
    edge.start_actor("nats_talk", "publish", "4222", "tool.load", "8", "8")


def start_leaf(edge: Host, index: int, remote: str, *more: str) -> subprocess.Popen[bytes]:
    """Start one NATS server that is a leaf of a remote one, with more lines of its configuration of leaf nodes."""
    config = edge.scratch / f"edge-nats-{index}.conf"
    leaf = f'remotes: [{{url: "tls://{remote}:7422", tls: {{ca_file: "{edge.stage.roots}"}}}}]'
    lines = [f'listen: "127.0.0.1:{4222 + index}"', f"server_name: edge-{index}", 'ping_interval: "11s"']
    config.write_text("\n".join([*lines, f"leafnodes {{{', '.join([leaf, *more])}}}"]) + "\n", "ascii")
    server = edge.start("nats-server", "-c", str(config))
    edge.wait_for("127.0.0.1", 4222 + index)
    return server
