"""What the corpus beside the project says tshark made of its captures, as readings."""

from __future__ import annotations

import json

from analyzer.inspecting.reading import Reading
from analyzer.inspecting.wireshark import nanoseconds


def readings(corpus):
    """Reading by the path of each capture that tshark reads."""
    told = map(json.loads, (corpus / "truth.jsonl").read_text().splitlines())
    return {one["file"]: reading(one) for one in told if "packets" in one}


def reading(one):
    """One capture's line."""
    first, last = one.get("first_ts"), one.get("last_ts")
    return Reading(
        packets=one["packets"],
        octets=one["bytes_wire"],
        start_ns=nanoseconds(one.get("min_ts", first)) if first else 0,
        end_ns=nanoseconds(one.get("max_ts", last)) if last else 0,
        cut=one["file_cut_short"],
        snaplen_cut_frames=one["snaplen_cut_packets"],
        tcp_conversations=one["tcp_conversations"],
        udp_conversations=one["udp_conversations"],
        server_names=frozenset(one["tls_sni"]),
        quic_server_names=frozenset(one["quic_sni"]),
        dtls_server_names=frozenset(one.get("dtls_sni", ())),
        dns_names=frozenset("." if name == "<root>" else name for name in one["dns_qnames"]),
        issuers=frozenset("" if name == "None" else name for name in one["tls_server_cert_issuer_cns"]),
        connect_targets=frozenset(one.get("http_connect_targets", ())),
    )
