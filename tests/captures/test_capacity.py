"""The three hours of mm-capacity: its exact figures, by scapy's reading and by ours, and that it can be built again."""

from __future__ import annotations

import collections
import datetime as dt
import io
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import zstandard
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import ARP
from scapy.utils import PcapNgReader

from analyzer import api, sitefile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CAPTURES = ROOT / "captures"
CAPTURE = CAPTURES / "mm-capacity.pcapng.zst"
TRUTH = json.loads((CAPTURES / "mm-capacity.truth.json").read_text("utf-8"))
TOLD = TRUTH["bandwidth"]
EDGE = TOLD["edge"]
LENGTHS = ("packets", "ip", "frame", "payload")
FIVE = ("proto", "orig_h", "orig_p", "resp_h", "resp_p")
PURPOSES = {tuple(row[name] for name in FIVE): row.get("purpose", "") for row in TRUTH["flows"]}
SECOND = 1_000_000_000
PROTOCOLS = {6: "tcp", 17: "udp"}


@pytest.fixture(scope="module")
def frames():
    with PcapNgReader(io.BytesIO(plain(CAPTURE))) as read:
        return list(read)


@pytest.fixture(scope="module")
def seen():
    return api.observe([str(CAPTURE)])


def plain(file):
    """The octets of a compressed file."""
    return zstandard.ZstdDecompressor().decompressobj().decompress(file.read_bytes())


def added(rows):
    """Octets of several rows, length by length."""
    rows = list(rows)
    return {name: sum(row[name] for row in rows) for name in LENGTHS}


def lengths_of(frame):
    """The octets of an IP packet as truth counts them."""
    packet = frame[IP]
    header = 4 * packet.ihl + (4 * packet[TCP].dataofs if TCP in packet else 8)
    return {"packets": 1, "ip": packet.len, "frame": len(frame), "payload": packet.len - header}


def nanoseconds(frame):
    """The time of a frame, which scapy has as a decimal number of seconds."""
    return int(frame.time * SECOND)


def telling(frame):
    """The purpose of a frame's flow, and whether its originator sent it."""
    packet = frame[IP]
    layer = TCP if TCP in packet else UDP
    ends = (packet.src, packet[layer].sport), (packet.dst, packet[layer].dport)
    key = (PROTOCOLS[packet.proto], *ends[0], *ends[1])
    return (PURPOSES[key], True) if key in PURPOSES else (PURPOSES[key[0], *ends[1], *ends[0]], False)


def summed(octets):
    """Whether the Internet checksum over octets is right (RFC 1071)."""
    words = np.frombuffer(octets + bytes(len(octets) % 2), ">u2")
    return int(words.sum(dtype=np.int64)) % 0xFFFF == 0


def flow_figures(seen, rows, side):
    """What one side of flows sent, as the table of flows has it."""
    columns = ("packets", "octets", "frame_octets", "payload_octets")
    made = (getattr(seen.flows, f"{side}_{name}")[rows].sum() for name in columns)
    return dict(zip(LENGTHS, map(int, made), strict=True))


def rows_where(seen, fits):
    """The rows of the flows whose five-tuple fits."""
    flows = seen.flows
    keys = zip(flows.proto, flows.orig_h, flows.orig_p, flows.resp_h, flows.resp_p, strict=True)
    return np.array(
        [at for at, (proto, *ends) in enumerate(keys) if proto in PROTOCOLS and fits((PROTOCOLS[proto], *ends))], int
    )


def peaks(series):
    """The highest windows of octets per second, as truth has them: length, first second, octets."""
    sums = np.concatenate([[0], np.cumsum(series)])
    for width in (one["window_s"] for one in EDGE["telemetry"]["peaks"]):
        totals = sums[width:] - sums[:-width]
        yield width, int(totals.argmax()), int(totals.max())


def seconds_of(start):
    """A time of the truth in seconds since 1970."""
    return int(dt.datetime.fromisoformat(start).timestamp())


def told_peaks(upload):
    """The peaks of the truth, their begin as seconds since that of the capture."""
    for one in upload["peaks"]:
        yield one["window_s"], seconds_of(one["start"]) - TOLD["first_ns"] // SECOND, one["octets"]


def test_what_hosts_sent_was_received():
    """Hosts, pairs and the whole capture count the same octets."""
    assert added(row["sent"] for row in TOLD["hosts"].values()) == TOLD["packets"]
    assert added(row["received"] for row in TOLD["hosts"].values()) == TOLD["packets"]
    assert added(row[way] for row in TOLD["pairs"] for way in ("up", "down")) == TOLD["packets"]


def test_frames_are_packets_and_their_framing():
    """A frame is an Ethernet header, an IP packet and padding; frames without IP are the rest."""
    packets = TOLD["packets"]
    assert packets["frame"] == packets["ip"] + 14 * packets["packets"] + TOLD["padding"]
    assert packets["packets"] + TOLD["not_ip"]["frames"] == TRUTH["frames"]


def test_purposes_are_all_but_a_browsers_lookup():
    """Each flow of the truth has a purpose but the one on which the document is silent."""
    without = [row for row in TRUTH["flows"] if "purpose" not in row]
    assert [(row["orig_h"], row["service"]) for row in without] == [("10.48.0.62", "dns")]
    pair = next(row for row in TOLD["pairs"] if (row["orig_h"], row["resp_h"]) == ("10.48.0.62", "8.8.8.8"))
    served = (row[way] for row in (*TOLD["purposes"].values(), pair) for way in ("up", "down"))
    assert added(served) == TOLD["packets"]
    flows = collections.Counter(row["purpose"] for row in TRUTH["flows"] if "purpose" in row)
    assert {purpose: row["flows"] for purpose, row in TOLD["purposes"].items()} == flows


def test_machines_of_all_hours_are_the_machines():
    """What machines sent and received in each hour adds up to the purpose of machine data, and one falls silent."""
    machines = TOLD["machines"].values()
    for way, other in (("to", "up"), ("from", "down")):
        assert added(row[way] for row in machines) == TOLD["purposes"]["machine data"][other]
        for row in machines:
            assert sum(hour[way] for hour in row["hours"].values()) == row[way]["ip"]
    silent = [name for name, row in TOLD["machines"].items() if not sum(list(row["hours"].values())[2].values())]
    assert silent == ["vf-2"]
    assert all(len({hour["from"] for hour in row["hours"].values()}) == 3 for row in machines)


def test_the_budget_is_the_sum_over_the_machines():
    """1 kbps for each standard machine, 5 kbps for each FOCAS machine, and 25 % of tolerance."""
    grades = [row["class"] for row in TOLD["machines"].values()]
    assert EDGE["budget_bps"] == 1000 * grades.count("standard") + 5000 * grades.count("focas") == 8000
    assert EDGE["limit_bps"] == 1.25 * EDGE["budget_bps"]


def test_telemetry_keeps_its_budget_and_bursts():
    """Mean and every window of five minutes keep the budget, while thirty seconds have ten times the mean."""
    telemetry, burst = EDGE["telemetry"], EDGE["burst"]
    rates = {one["window_s"]: one["bps"] for one in telemetry["peaks"]}
    assert telemetry["mean_bps"] < rates[3600] < rates[300] < EDGE["budget_bps"] < rates[60] < rates[10] < rates[1]
    assert telemetry["octets"] == TOLD["purposes"]["telemetry"]["up"]
    assert telemetry["mean_bps"] == pytest.approx(8 * telemetry["octets"]["ip"] / TOLD["duration_s"])
    assert all(one["bps"] == 8 * one["octets"] / one["window_s"] for one in telemetry["peaks"])
    assert (burst["seconds"], round(burst["bps"] / telemetry["mean_bps"], 2)) == (30, 10.0)


def test_an_update_is_no_telemetry():
    """All that the Edge sends out is telemetry, updates, names and time; updates raise the highest five minutes."""
    whole = EDGE["all"]["octets"]["ip"]
    up = {purpose: row["up"]["ip"] for purpose, row in TOLD["purposes"].items()}
    assert whole == up["telemetry"] + up["software updates"] + up["name resolution"] + up["time"]
    assert TOLD["purposes"]["software updates"]["down"]["payload"] > 1_900_000
    highest = [next(one for one in EDGE[kind]["peaks"] if one["window_s"] == 300) for kind in ("telemetry", "all")]
    assert highest[1]["octets"] - highest[0]["octets"] > 30_000


def test_frames_are_what_the_truth_counts(frames):
    """By scapy's reading, each host sent and received, and each purpose had, the octets that the truth names."""
    hosts, purposes = (collections.defaultdict(collections.Counter) for _ in range(2))
    for frame in frames:
        if IP not in frame:
            assert ARP in frame
            continue
        lengths = lengths_of(frame)
        hosts[frame[IP].src, "sent"].update(lengths)
        hosts[frame[IP].dst, "received"].update(lengths)
        purpose, up = telling(frame)
        purposes[purpose, "up" if up else "down"].update(lengths)
    told = {(host, way): row[way] for host, row in TOLD["hosts"].items() for way in row}
    assert {host: dict(row) for host, row in hosts.items()} == told
    served = {(purpose, way): row[way] for purpose, row in TOLD["purposes"].items() for way in ("up", "down")}
    assert {kind: dict(row) for kind, row in purposes.items() if kind[0]} == served
    assert (nanoseconds(frames[0]), nanoseconds(frames[-1])) == (TOLD["first_ns"], TOLD["last_ns"])


def test_checksums_are_right(frames):
    """Checksums of IP, TCP and UDP are those of the octets (RFC 9293 section 3.1, RFC 768)."""
    for frame in frames:
        if IP not in frame:
            continue
        packet = bytes(frame)[14:]
        header, body = packet[:20], packet[20 : int.from_bytes(packet[2:4], "big")]
        assert summed(header)
        assert summed(header[12:20] + bytes([0, header[9]]) + len(body).to_bytes(2, "big") + body)


def test_connections_are_whole(seen):
    """Every TCP connection opens in the capture, has all its octets once, and is closed or open, never reset."""
    tcp = np.flatnonzero(seen.flows.proto == 6)
    assert set(seen.flows.conn_state[tcp]) == {"S1", "SF"}
    for name in ("missed", "retransmitted", "rsts"):
        assert not getattr(seen.flows, f"orig_{name}")[tcp].any()
        assert not getattr(seen.flows, f"resp_{name}")[tcp].any()
    assert not seen.quality.time_steps_back


def test_tls_is_of_version_1_3_and_names_its_server(seen):
    """Every TLS session names its server but NATS, which is reached by address, and is TLS 1.3."""
    names = collections.Counter(seen.flows.server_name[seen.tls.flow].tolist())
    assert names == {
        "mm-edge-uploads.s3.us-west-2.amazonaws.com": 2,
        "prod-us-west-2-starport-layer-bucket.s3.us-west-2.amazonaws.com": 2,
        "registry2.balena-cloud.com": 1,
        "app.machinemetrics.com": 1,
        "": 1,
    }
    assert set(seen.tls.version) == {"TLSv13"}


def test_flows_are_what_the_truth_counts(seen):
    """To the octet, pairs of hosts and purposes have in the table of flows what the truth names."""
    for row in TOLD["pairs"]:
        rows = rows_where(seen, lambda key, row=row: (key[1], key[3]) == (row["orig_h"], row["resp_h"]))
        assert flow_figures(seen, rows, "orig") == row["up"]
        assert flow_figures(seen, rows, "resp") == row["down"]
    for purpose, row in TOLD["purposes"].items():
        rows = rows_where(seen, lambda key, purpose=purpose: PURPOSES[key] == purpose)
        assert len(rows) == row["flows"]
        assert flow_figures(seen, rows, "orig") == row["up"]
        assert flow_figures(seen, rows, "resp") == row["down"]


def test_rates_add_up_to_the_flows(seen):
    """The octets of each flow in all bins of a second are those of the flow."""
    assert seen.quality.bin_ns == SECOND
    for side in ("orig", "resp"):
        sums = np.zeros(len(seen.flows.proto), np.int64)
        np.add.at(sums, seen.rates.flow, getattr(seen.rates, f"{side}_octets"))
        assert sums.tolist() == getattr(seen.flows, f"{side}_octets").tolist()


@pytest.mark.parametrize("kind", ["telemetry", "all"])
def test_peaks_are_in_the_rates(seen, kind):
    """The highest windows of what the Edge uploads are, by our bins, where and as high as the truth has them."""

    def uploaded(key):
        outside = not key[3].startswith("10.48.0.")
        return key[1] == EDGE["address"] and outside and (kind == "all" or PURPOSES[key] == kind)

    picked = np.isin(seen.rates.flow, rows_where(seen, uploaded))
    series = np.zeros(TOLD["seconds"], np.int64)
    at = seen.rates.start_ns[picked] // SECOND - TOLD["first_ns"] // SECOND
    np.add.at(series, at, seen.rates.orig_octets[picked])
    assert list(peaks(series)) == list(told_peaks(EDGE[kind]))
    assert int(series.sum()) == EDGE[kind]["octets"]["ip"]


def test_nothing_is_uploaded_in_idle_stretches(frames):
    """In its idle stretches the Edge exchanges nothing with the bucket for uploads."""
    flows = [row for row in TRUTH["flows"] if row.get("purpose") == "telemetry" and row["resp_p"] == 443]
    (bucket,) = {row["resp_h"] for row in flows}
    times = [nanoseconds(frame) for frame in frames if IP in frame and bucket in (frame[IP].src, frame[IP].dst)]
    for one in EDGE["idle"]:
        begin = seconds_of(one["start"]) * SECOND
        assert [time for time in times if begin <= time < begin + one["seconds"] * SECOND] == []


def test_purposes_of_the_result_are_those_of_the_truth():
    """With the site file, each purpose has in the result the octets at IP length and the flows of the truth."""
    result = api.check([str(CAPTURE)], site=sitefile.load(str(CAPTURES / TRUTH["site"])))
    got = {row["purpose"]: row for row in result.purposes.to_dict("records")}
    assert {purpose: (row["octets_up"], row["octets_down"], row["flows"]) for purpose, row in got.items()} == {
        purpose: (row["up"]["ip"], row["down"]["ip"], row["flows"]) for purpose, row in TOLD["purposes"].items()
    }


def test_building_it_again_gives_the_same(tmp_path):
    """The program writes the same frames, truth and site file each time, and roots where there are none."""
    words = [sys.executable, str(CAPTURES / "build.py"), "mm-capacity", "--out", str(tmp_path)]
    subprocess.run(words, check=True)
    assert plain(tmp_path / CAPTURE.name) == plain(CAPTURE)
    for name in ("mm-capacity.truth.json", "mm-capacity.site.yaml"):
        assert (tmp_path / name).read_text("utf-8") == (CAPTURES / name).read_text("utf-8")
    assert (tmp_path / "mm-capacity.trust.pem").read_text("ascii").count("BEGIN CERTIFICATE") == 2


def test_the_steady_upload_has_the_told_windows():
    """Mean and highest window of each length, to the bit, with updates, names and time apart."""
    result = api.check([str(CAPTURE)], site=sitefile.load(str(CAPTURES / "mm-capacity.site.yaml")))
    table = api.usage(result).table
    mine = table[(table["kind"] == "steady") & (table["direction"] == "up")]
    found = {row.window_s: row.peak_bps for row in mine.itertuples() if row.windows > 1}
    wanted = {float(peak["window_s"]): peak["bps"] for peak in EDGE["telemetry"]["peaks"]}
    assert found == pytest.approx(wanted)
    assert mine["octets"].unique().tolist() == [EDGE["telemetry"]["octets"]["ip"]]
    assert mine["mean_bps"].unique().tolist() == pytest.approx([EDGE["telemetry"]["mean_bps"]])
