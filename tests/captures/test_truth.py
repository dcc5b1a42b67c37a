"""The sample captures, read by scapy, and what the analyzer says of them, against the scenarios' own truth."""

from __future__ import annotations

import collections
import gzip
import io
import ipaddress
import json
import pathlib
import re

import pytest
import zstandard
from scapy.layers.dhcp import BOOTP
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import CookedLinuxV2, Ether
from scapy.utils import PcapNgReader, PcapReader

from analyzer import api, sitefile

CAPTURES = pathlib.Path(__file__).resolve().parents[2] / "captures"
NAMES = sorted(file.name.removesuffix(".truth.json") for file in CAPTURES.glob("*.truth.json"))
LARGEST = 160_000
SPECIAL = ("0.0.0.0", "255.255.255.255")
CODES = {
    "undocumented-destination",
    "inbound-connection",
    "machine-leaves-site",
    "machine-other-peer",
    "dhcp-on-machine-network",
    "name-at-other-address",
    "payload-mismatch",
    "proxy-credentials-clear",
    "other-resolver",
    "other-ntp-server",
    "address-by-dhcp",
    "two-macs",
    "stale-name",
    "local-name-stripped",
    "dns-no-answer",
    "dns-nxdomain",
    "dns-refused",
    "dns-sinkholed",
    "http-block-page",
    "http-captive-portal",
    "icmp-prohibited",
    "proxy-auth-required",
    "proxy-denied",
    "reset-after-hello",
    "silent-after-hello",
    "stalled",
    "syn-refused",
    "syn-unanswered",
    "udp-unanswered",
    "certificate-forged",
    "certificate-refused",
}
EVIDENCE = {"reset-foreign", "http-captive-portal", "certificate-refused"}
VERDICTS = {"expected", "unexpected", "blocked", "intercepted", "housekeeping", "not_judged", "undetermined"}
BAD = {"unexpected", "blocked", "intercepted"}


def truth_of(name):
    return json.loads((CAPTURES / f"{name}.truth.json").read_text("utf-8"))


def plain(name):
    """The capture's octets, decompressed."""
    file = CAPTURES / truth_of(name)["capture"]
    octets = file.read_bytes()
    if file.suffix == ".gz":
        return gzip.decompress(octets)
    return zstandard.ZstdDecompressor().decompressobj().decompress(octets) if file.suffix == ".zst" else octets


def frames_of(name):
    octets = plain(name)
    reader = PcapNgReader if octets[:4] == b"\x0a\x0d\x0d\x0a" else PcapReader
    with reader(io.BytesIO(octets)) as frames:
        return list(frames)


def key(proto, orig_h, orig_p, resp_h, resp_p):
    return proto, frozenset({(orig_h, orig_p), (resp_h, resp_p)})


def key_of(row):
    return key(row["proto"], row["orig_h"], row["orig_p"], row["resp_h"], row["resp_p"])


def macs_of(frame):
    """The hardware addresses of a frame; a tunnel's device has none."""
    if CookedLinuxV2 in frame:
        cooked = frame[CookedLinuxV2]
        return {bytes(cooked.src)[: cooked.lladdrlen]} if cooked.lladdrlen else set()
    if Ether not in frame:
        return set()
    return {bytes.fromhex(mac.replace(":", "")) for mac in (frame[Ether].src, frame[Ether].dst)}


@pytest.fixture(scope="module", params=NAMES)
def sample(request):
    return request.param, truth_of(request.param), frames_of(request.param)


@pytest.fixture(scope="module", params=[(name, with_site) for name in NAMES for with_site in (True, False)])
def checked(request):
    name, with_site = request.param
    truth = truth_of(name)
    if with_site:
        result = api.check([str(CAPTURES / truth["capture"])], site=sitefile.load(str(CAPTURES / truth["site"])))
    else:
        result = api.check([str(CAPTURES / truth["capture"])], trust=[str(CAPTURES / f"{name}.trust.pem")])
    return truth, with_site, result


def test_samples_are_shipped():
    """Each pack has a healthy sample and one with faults, and one sample is of neither pack."""
    wanted = {"mm-clean", "mm-faults", "mm-govcloud-clean", "mm-govcloud-redirect", "skala-clean", "skala-faults"}
    wanted |= {"mm-blocked", "mm-proxy-denied", "mm-blocked-any", "skala-blocked"}
    assert wanted | {"office"} <= set(NAMES)


def test_samples_cover_the_formats():
    """Classic pcap, pcapng, gzip and zstd are all among the samples."""
    suffixes = {pathlib.Path(truth_of(name)["capture"]).suffix for name in NAMES}
    assert suffixes == {".pcap", ".pcapng", ".gz", ".zst"}


def test_every_sample_is_in_the_readme():
    """The README has a row for each capture."""
    text = (CAPTURES / "README.md").read_text("utf-8")
    assert [name for name in NAMES if f"| `{name}` |" not in text] == []


def test_truth_lists_the_flows_of_the_capture(sample):
    """The flows that scapy finds are those of the truth, and the originator is who sent the first frame."""
    _, truth, frames = sample
    first = {}
    for frame in frames:
        for layer, proto in ((TCP, "tcp"), (UDP, "udp")):
            if IP in frame and layer in frame[IP]:
                ends = (frame[IP].src, frame[layer].sport, frame[IP].dst, frame[layer].dport)
                first.setdefault(key(proto, *ends), ends[0])
    assert {key_of(row): row["orig_h"] for row in truth["flows"]} == first
    assert truth["frames"] == len(frames)


def test_tcp_flows_begin_with_a_syn(sample):
    """No flow of a sample began before the capture: its first frame is a SYN without ACK."""
    *_, frames = sample
    flags = {}
    for frame in frames:
        if TCP in frame:
            ends = (frame[IP].src, frame[TCP].sport, frame[IP].dst, frame[TCP].dport)
            flags.setdefault(key("tcp", *ends), str(frame[TCP].flags))
    assert [flow for flow, seen in flags.items() if "S" not in seen or "A" in seen] == []


def test_truth_speaks_of_known_things(sample):
    """Verdicts and codes are of the published kinds, and each flow's code is that of a finding."""
    _, truth, _ = sample
    codes = {finding["code"] for finding in truth["findings"]}
    assert codes <= CODES
    assert {code for row in truth["flows"] for code in row.get("codes", ())} <= codes
    assert {code for row in truth["flows"] for code in row.get("evidence", ())} <= EVIDENCE
    assert {row["verdict"] for row in truth["flows"]} <= VERDICTS


def test_healthy_samples_expect_nothing_bad(sample):
    """A sample without findings has no unexpected or blocked flow, and one with findings is named for its faults."""
    name, truth, _ = sample
    bad = [row for row in truth["flows"] if row["verdict"] in BAD]
    assert (
        bool(bad)
        == bool(truth["findings"])
        == name.endswith(("faults", "redirect", "blocked", "denied", "intercepted", "resigned"))
    )


def test_samples_are_small_and_tell_nothing_of_the_recorder(sample):
    """A sample has at most 160 kB, no word on hardware, system or program, and locally administered MACs."""
    name, truth, frames = sample
    assert (CAPTURES / truth["capture"]).stat().st_size <= LARGEST
    head = plain(name)[:512]
    assert re.search(rb"(?i)linux|dumpcap|wireshark|intel|amd|/tmp|/home", head) is None
    macs = {mac for frame in frames for mac in macs_of(frame)}
    assert [mac for mac in macs if not mac[0] & 3] == []


def test_private_addresses_belong_to_the_site(sample):
    """Every local address of a sample lies in the networks of its site file, or is what it goes out with."""
    name, *_, frames = sample
    site = sitefile.load(str(CAPTURES / f"{name}.site.yaml"))
    networks = [ipaddress.ip_network(net) for net in (*site.company_networks, *site.machine_networks, *site.nat)]
    seen = {ipaddress.ip_address(end) for frame in frames if IP in frame for end in (frame[IP].src, frame[IP].dst)}
    local = {end for end in seen if end.is_private and not end.is_unspecified and str(end) not in SPECIAL}
    assert [str(end) for end in local if not any(end in net for net in networks)] == []


def test_who_stopped_a_flow_is_of_the_site(sample):
    """Only findings of stopped flows name an actor, and it is a host of the site: nobody else stops anything here."""
    name, truth, _ = sample
    stopping = {code for row in truth["flows"] if row["verdict"] == "blocked" for code in row.get("codes", ())}
    site = sitefile.load(str(CAPTURES / f"{name}.site.yaml"))
    networks = [ipaddress.ip_network(net) for net in site.company_networks]
    for finding in truth["findings"]:
        if "actor" in finding:
            assert finding["code"] in stopping
            assert any(ipaddress.ip_address(finding["actor"]) in net for net in networks)


def test_leases_are_where_the_truth_says(sample):
    """A sample shows DHCP exactly where its truth has it."""
    _, truth, frames = sample
    assert any(BOOTP in frame for frame in frames) == any(row.get("service") == "dhcp" for row in truth["flows"])


def test_verdicts_agree_with_truth(checked):
    """Each flow of a sample gets the verdict of its truth, with and without the site file."""
    truth, with_site, result = checked
    rows = {key_of(row): row for row in result.flows.to_dict("records")}
    wrong = [
        (row["orig_h"], row["resp_h"], row["resp_p"], row["because"], rows[key_of(row)]["verdict"])
        for row in truth["flows"]
        if with_site or not row.get("needs_site")
        if rows[key_of(row)]["verdict"] not in (row["verdict"], *row.get("also", ()))
    ]
    assert wrong == []


def test_no_flow_is_made_up_or_told_twice(checked):
    """The TCP and UDP flows of the table are those of the truth, from the same originator."""
    truth, _, result = checked
    table = collections.Counter((key_of(row), row["orig_h"]) for row in result.flows.to_dict("records"))
    told = collections.Counter({entry: n for entry, n in table.items() if entry[0][0] in ("tcp", "udp")})
    assert told == collections.Counter((key_of(row), row["orig_h"]) for row in truth["flows"])


def test_services_agree_with_truth(checked):
    """Each flow's service is the one that the scenario ran there."""
    truth, _, result = checked
    services = {key_of(row): row["service"] for row in result.flows.to_dict("records")}
    told = {key_of(row): row["service"] for row in truth["flows"] if row.get("service")}
    assert {flow: services[flow] for flow in told} == told


def test_findings_agree_with_truth(checked):
    """No finding of the kinds that the samples show is missing, and none is added."""
    truth, with_site, result = checked
    got = {row["code"] for row in result.findings.to_dict("records")} & CODES
    sure = {row["code"] for row in truth["findings"] if with_site or not row.get("needs_site")}
    assert sure <= got <= {row["code"] for row in truth["findings"]}


def test_findings_name_their_flows(checked):
    """A flow that shows a fault is named by a finding with the fault's code."""
    truth, with_site, result = checked
    named = collections.defaultdict(set)
    for finding in result.findings.to_dict("records"):
        for flow in finding["flows"]:
            named[flow].add(finding["code"])
    ids = {key_of(row): row["flow"] for row in result.flows.to_dict("records")}
    missing = [
        (code, row["because"])
        for row in truth["flows"]
        if with_site or not row.get("needs_site")
        for code in row.get("codes", ())
        if code not in named[ids[key_of(row)]]
    ]
    assert missing == []


def test_outcomes_agree_with_truth(checked):
    """With the site file, the rules that a scenario settles come out as it settles them."""
    truth, with_site, result = checked
    if not with_site:
        return
    outcomes = {row["rule"]: row["outcome"] for row in result.rules.to_dict("records")}
    assert {rule: outcomes.get(rule) for rule in truth["outcomes"]} == truth["outcomes"]


def test_exit_code_tells_of_faults(checked):
    """A sample with faults ends with 1, a healthy one with 0."""
    truth, _, result = checked
    assert result.exit_code == (1 if truth["findings"] else 0)
