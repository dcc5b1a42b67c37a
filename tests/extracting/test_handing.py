"""What is handed on is judged as it was before, and says nothing of whose it is."""

from __future__ import annotations

import json
import pathlib
import subprocess
from dataclasses import replace

import pytest

from analyzer import api, sitefile
from analyzer.capturing.stream import frames
from analyzer.errors import AnalyzerError
from analyzer.extracting.disguise import Disguise
from analyzer.extracting.handing import TOLD, differing
from analyzer.result import Result
from analyzer.rulepack import shipped
from tests.builders import secrets
from tests.builders.captures import Shot, enhanced, interface, section, statistics

CAPTURES = pathlib.Path(__file__).resolve().parents[2] / "captures"
SAMPLES = sorted(path.name for path in CAPTURES.iterdir() if ".pcap" in path.name)
LAB = (
    *("a2-clean-mm-tls12", "a3-clean-mm-isolated", "a5-clean-skala-us", "a9-clean-internal-dns-ntp-nats-plain"),
    *("a11-clean-openvpn-on-443", "b-mitmproxy-tls12-rejected", "b-remote-mitmproxy-tls12-trusted"),
    *("c03-reject-tcp-reset", "c04-reject-icmp-admin-prohibited", "c06-sni-drop-after-clienthello", "c09-dns-nxdomain"),
    *("c14-http-blockpage-302", "d1-connect-tinyproxy-noauth", "d4-connect-squid-auth-fails", "e8-lan-noise"),
    *("e5-dhcp-on-machine-network", "f2-upload-3x-budget", "v-c07-qinq", "v-f1-rotated5", "v-f1-span-dup"),
)
KEY = b"the same each time"
DISGUISE = Disguise(KEY, shipped())


def concluded(result):
    """All that is concluded, but for names: of flows, rules, findings, checklists, budgets and hosts."""
    flows, seen, found = result.conclusions.flows, result.observations.flows, result.conclusions
    columns = (seen.proto, seen.orig_p, seen.resp_p, seen.first_frame, seen.service)
    columns += (flows.verdict, flows.rule, flows.strength, flows.codes)
    return {
        "flows": [
            tuple(map(str, row)) for row in zip(*(column.tolist() for column in columns[:-1]), columns[-1], strict=True)
        ],
        "rules": [(rule.rule, rule.outcome, rule.flows, rule.octets) for rule in found.rules],
        "findings": sorted(
            (one.code, one.verdict, one.severity, one.strength, one.rule, one.flows, [e.frames for e in one.evidence])
            for one in found.findings
        ),
        "checklist": [(item.item, item.outcome, item.flows) for item in found.checklist],
        "budgets": sorted(repr((budget.role, budget.outcome, budget.rate)) for budget in found.budgets),
        "hosts": sorted((host.role, host.pack, len(host.addresses), len(host.macs)) for host in found.hosts),
        "exit": result.exit_code,
    }


def handed_on(paths, site, trust, target):
    """Conclusions before and after, of what was handed on with its site file, and that file's octets."""
    before = api.check(paths, site=site, trust=trust)
    done = api.sanitize(paths, before, str(target), site=site, trust=trust)
    assert done.differing == ()
    place = api.load_site(done.site) if done.site else None
    return concluded(before), concluded(api.check([str(target)], site=place, trust=trust)), target.read_bytes()


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_judged_as_before(name, tmp_path):
    """Flow by flow, rule by rule, finding by finding; with the site file, of which nothing is in the file."""
    stem = name.split(".")[0]
    site = api.load_site(str(CAPTURES / f"{stem}.site.yaml"))
    trust = [str(CAPTURES / f"{stem}.trust.pem")]
    before, after, octets = handed_on([str(CAPTURES / name)], site, trust, tmp_path / "out.pcapng")
    assert after == before
    for host in site.hosts:
        assert not [mac for mac in host.macs if bytes.fromhex(mac.replace(":", "")) in octets]


@pytest.mark.parametrize("scenario", LAB)
def test_lab_captures_are_judged_as_before(scenario, shared, tmp_path):
    """From each place where they were taken."""
    lab = shared / "corpus" / "lab"
    if not lab.is_dir():
        pytest.skip("no lab captures")
    entry = json.loads((lab / "labels.json").read_text())[scenario]
    isolated = "-isolated" if "isolated" in (entry.get("topology") or "") else ""
    path = lab / f"site-{entry['doc']}{isolated}.yaml"
    site = api.load_site(str(path)) if path.exists() else None
    for name in entry["captures"]:
        files = [str(lab / "captures" / scenario / part) for part in name.split("+")]
        target = tmp_path / f"{name.split('.')[0]}.pcapng"
        before, after, _ = handed_on(files, site, [str(lab / "pki" / "public-roots.pem")], target)
        assert (name, after) == (name, before)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A capture of secrets, in a folder of its own, and its result."""
    path = tmp_path_factory.mktemp("zwieback") / "zwieback.pcapng"
    path.write_bytes(secrets.capture())
    return str(path), api.check([str(path)])


def secret(octets):
    """What is secret in octets, comments among them."""
    low = octets.lower()
    found = [one for one in secrets.SECRETS if one in low]
    return found + [text for text in (*secrets.ADDRESSES, *secrets.MACS) if text.encode() in low]


def test_comments_say_nothing_secret(plain, tmp_path):
    """Of every frame, a finding's or a flow's; they say that it is sanitized, and what the frames show."""
    path, result = plain
    target = tmp_path / "out.pcapng"
    for meant in ({}, {"finding": "F1"}, {"flow": "0"}, {"flow": f"{secrets.CLIENT}:41003 > {secrets.SERVER}:443/tcp"}):
        done = api.sanitize([path], result, str(target), key=KEY, **meant)
        octets = target.read_bytes()
        assert (meant, secret(octets)) == (meant, [])
        assert octets.count(TOLD.encode()) == 1
        assert octets.count(b"frame ") >= done.frames > 0
        assert sum(1 for _ in frames([str(target)])) == done.frames
    assert done.frames < sum(1 for _ in frames([path]))


def test_a_finding_has_the_frames_that_it_has_elsewhere(plain, tmp_path):
    """The same ones as without disguise, with the numbers of the capture."""
    path, result = plain
    for finding in result.conclusions.findings:
        bare, safe = (str(tmp_path / name) for name in ("bare.pcapng", "safe.pcapng"))
        api.extract([path], result, bare, finding=finding.id)
        api.sanitize([path], result, safe, finding=finding.id)
        times = [[(frame.ts_ns, frame.length) for frame in frames([one])] for one in (bare, safe)]
        assert times[0] == times[1]


def test_one_key_gives_one_disguise(plain, tmp_path):
    """So that captures of two taps stay those of one site; without a key nobody can do it again."""
    path, result = plain
    made = []
    for number, key in enumerate((KEY, KEY, b"", b"")):
        target = tmp_path / f"{number}.pcapng"
        api.sanitize([path], result, str(target), key=key)
        made.append(target.read_bytes())
    assert made[0] == made[1]
    assert len({*made}) == 3


def test_the_site_file_is_that_of_others(plain, tmp_path):
    """It stands beside, names no roots, and nothing of the site."""
    path, _ = plain
    roots = tmp_path / "roots.pem"
    roots.write_bytes((CAPTURES / "mm-clean.trust.pem").read_bytes())
    site = sitefile.parse(
        f"site: zwieback\nhosts:\n  - {{name: lathe77, role: edge, addresses: [{secrets.CLIENT}],\n"
        f"     macs: ['{secrets.MACS[0]}']}}\nresolvers: [{secrets.SERVER}]\ntrust: [{roots}]\n",
        str(tmp_path / "zwieback.yaml"),
    )
    done = api.sanitize([path], api.check([path], site=site), str(tmp_path / "out.pcapng"), site=site, key=KEY)
    assert done.site == str(tmp_path / "out.site.yaml")
    written = pathlib.Path(done.site).read_bytes()
    assert secret(written) == []
    assert b"trust" not in written
    assert api.load_site(done.site).hosts[0].role == "edge"


def test_a_filter_is_that_of_the_others(plain, tmp_path):
    """What was not judged is not judged."""
    path, _ = plain
    words = f"host {secrets.SERVER} and not net 185.77.213.0/24"
    done = api.sanitize([path], api.check([path], filter=words), str(tmp_path / "out.pcapng"), filter=words)
    assert done.differing == ()


def test_what_the_recorder_lost_is_told(tmp_path):
    """Frames that it dropped, for they spoil verdicts."""
    path, target = tmp_path / "a.pcapng", tmp_path / "out.pcapng"
    shot = enhanced(Shot(1_700_000_000_000_000_000, bytes(next(secrets.packets()))))
    path.write_bytes(section() + interface() + shot + statistics(options=[(5, 7)]))
    api.sanitize([str(path)], api.check([str(path)]), str(target))
    assert api.observe([str(target)]).quality.kernel_drops == 7


def test_nothing_that_was_read_is_written_over(plain, tmp_path):
    """Neither a capture nor its site file, whatever they are called by."""
    path, result = plain
    with pytest.raises(AnalyzerError, match="written over"):
        api.sanitize([path], result, path)
    site = tmp_path / "plant.site.yaml"
    site.write_text("site: plant\n")
    with pytest.raises(AnalyzerError, match="written over"):
        api.sanitize([path], result, str(tmp_path / "plant.pcapng"), site=api.load_site(str(site)))
    assert [one.name for one in tmp_path.iterdir()] == ["plant.site.yaml"]


@pytest.mark.parametrize(
    ("target", "beside"),
    [
        ("out.pcapng", "out.site.yaml"),
        ("out.v2.PCAP", "out.v2.site.yaml"),
        ("plant.2026-11-27", "plant.2026-11-27.site.yaml"),
        ("plant", "plant.site.yaml"),
    ],
)
def test_a_site_file_of_anybody_is_not_written_over(plain, tmp_path, target, beside):
    """Only an ending of captures gives way to its own; where it is there already nothing is written."""
    path, result = plain
    site = sitefile.parse("site: plant\n", str(tmp_path / "other.yaml"))
    stranger = tmp_path / beside
    stranger.write_text("site: precious\n")
    with pytest.raises(AnalyzerError, match="is there already"):
        api.sanitize([path], result, str(tmp_path / target), site=site)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [(beside, "site: precious\n")]
    stranger.unlink()
    assert api.sanitize([path], result, str(tmp_path / target), site=site).site == str(stranger)


def test_what_differs_is_named(plain):
    """Flows and rules of another result."""
    path, result = plain
    other = api.check([path], filter="udp")
    told = differing(result, other, DISGUISE)
    assert "flow 0" in told
    assert "flow 18" not in told
    assert differing(result, result, DISGUISE) == ()


def changed(result, row, names=(), **columns):
    """A result with something else in a row of what is concluded of flows; names of that row, if any, before it."""
    flows = {name: getattr(result.conclusions.flows, name).copy() for name in columns}
    for name, value in columns.items():
        flows[name][row] = value
    seen = result.observations
    for name in names:
        held = seen.flows.server_name.copy()
        held[row] = name
        seen = replace(seen, flows=seen.flows._replace(server_name=held))
    concluded = replace(result.conclusions, flows=replace(result.conclusions.flows, **flows))
    return Result(seen, concluded)


@pytest.mark.parametrize(
    "other", [{"end_to_end": "suspected"}, {"codes": ("another",)}, {"verdict": "another"}, {"rule": "another"}]
)
def test_whatever_is_concluded_of_a_flow_is_compared(plain, other):
    """Each by itself."""
    _, result = plain
    assert differing(result, changed(result, 3, **other), DISGUISE) == ("flow 3",)


def test_findings_that_are_gone_are_named(plain):
    """By their code."""
    _, result = plain
    first, *rest = result.conclusions.findings
    other = Result(result.observations, replace(result.conclusions, findings=tuple(rest)))
    assert differing(result, other, DISGUISE) == (f"finding {first.code}",)


@pytest.mark.parametrize("state", ["", "no_sign", "suspected"])
@pytest.mark.parametrize("name", ["erp.zwieback.example", "api.machinemetrics.com"])
def test_tls_of_no_document_is_only_compared_by_its_signs(plain, name, state):
    """Its certificate is not handed on, nor its QUIC; what is of a documented name is."""
    _, result = plain
    states = [changed(result, 3, [name], end_to_end=one) for one in ("proven", state)]
    same = name.endswith("example") and state != "suspected"
    assert differing(*states, DISGUISE) == (() if same else ("flow 3",))


def test_what_is_opened_outside_scope_is_still_seen(shared, tmp_path):
    """Without a site file no verdict rests on it; the certificate that tells it is handed on with other names."""
    path = shared / "corpus" / "lab" / "captures" / "b-mitmproxy-tls12-trusted" / "lan.pcapng"
    if not path.exists():
        pytest.skip("no lab captures")
    trust = [str(shared / "corpus" / "lab" / "pki" / "public-roots.pem")]
    before = api.check([str(path)], trust=trust)
    done = api.sanitize([str(path)], before, str(tmp_path / "out.pcapng"), trust=trust)
    after = api.check([str(tmp_path / "out.pcapng")], trust=trust)
    assert done.differing == ()
    assert "broken" in before.conclusions.flows.end_to_end.tolist()
    assert after.conclusions.flows.end_to_end.tolist() == before.conclusions.flows.end_to_end.tolist()


def test_wireshark_shows_comments_and_nothing_newly_malformed(needs_program, plain, tmp_path):
    """Of addresses, ports, flags and names tshark reads what it read before; comments are in their places."""
    needs_program("tshark")
    path = str(CAPTURES / "mm-blocked.pcapng.gz")
    target = tmp_path / "out.pcapng"
    site = api.load_site(str(CAPTURES / "mm-blocked.site.yaml"))
    done = api.sanitize([path], api.check([path], site=site), str(target), site=site)
    columns = (
        "frame.time_epoch",
        "frame.len",
        "ip.proto",
        "tcp.flags",
        "tcp.srcport",
        "udp.dstport",
        "tcp.options.mss_val",
    )
    columns += ("_ws.malformed", "tls.handshake.type", "tls.handshake.ja3", "dns.qry.type", "dns.resp.ttl", "icmp.code")
    columns += ("tcp.analysis.retransmission", "ip.checksum.status", "tcp.checksum.status")
    asked = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-T", "fields"]
    asked += [part for column in columns for part in ("-e", column)]
    before, after = (
        subprocess.run(
            ["tshark", "-n", "-r", one, *asked], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        for one in (path, str(target))
    )
    assert after == before
    told = ["tshark", "-n", "-r", str(target), "-T", "fields", "-e", "frame.number", "-e", "frame.comment"]
    comments = subprocess.run(told, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(comments) == done.frames
    assert all(
        line.split("\t")[1].startswith(f"frame {line.split(chr(9))[0]} of capture-1.pcapng") for line in comments
    )
    assert sum("; F" in line for line in comments) == done.marked > 0


@pytest.mark.parametrize("stem", ["mm-intercepted", "mm-resigned"])
def test_two_taps_in_one_disguise_are_compared_as_before(stem, tmp_path):
    """The same sessions are the same afterwards, and what differs between the taps still does."""
    site, trust = api.load_site(str(CAPTURES / f"{stem}.site.yaml")), [str(CAPTURES / f"{stem}.trust.pem")]
    taps = [str(CAPTURES / f"{stem}{place}.pcapng.gz") for place in ("", "-outside")]
    made = [str(tmp_path / f"{place}.pcapng") for place in ("inside", "outside")]
    for path, target in zip(taps, made, strict=True):
        done = api.sanitize([path], api.check([path], site=site, trust=trust), target, site=site, trust=trust, key=KEY)
    before = api.compare(taps[:1], taps[1:], site=site, trust=trust)
    after = api.compare(made[:1], made[1:], site=api.load_site(done.site), trust=trust)
    assert concluded(after) == concluded(before)
    columns = ["inside", "outside", "passage", "paired_by"]
    assert after.pairs[columns].to_dict() == before.pairs[columns].to_dict()
