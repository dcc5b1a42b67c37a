"""Frames of findings and flows, out of the project's captures."""

from __future__ import annotations

import pathlib
import subprocess

import pytest

from analyzer import api
from analyzer.capturing.stream import frames
from analyzer.errors import SourceError

CAPTURES = pathlib.Path(__file__).resolve().parents[2] / "captures"
SAMPLES = ("mm-blocked.pcapng.gz", "mm-faults.pcapng", "skala-faults.pcapng", "mm-blocked-any.pcapng.gz")


@pytest.fixture(scope="module", params=SAMPLES)
def sample(request):
    """A capture and its result."""
    path = str(CAPTURES / request.param)
    site = api.load_site(str(CAPTURES / f"{request.param.split('.')[0]}.site.yaml"))
    return path, api.check([path], site=site)


def by_number(path):
    """The frames of a capture by their numbers."""
    return {frame.number: frame for frame in frames([path])}


def test_evidence_is_in_the_file(sample, tmp_path):
    """Each frame of each finding's evidence, octet for octet and to the nanosecond, in the order of the capture."""
    path, result = sample
    whole = by_number(path)
    for finding in result.conclusions.findings:
        target = tmp_path / f"{finding.id}.pcapng"
        done = api.extract([path], result, str(target), finding=finding.id)
        found = [(frame.ts_ns, frame.octets, frame.length) for frame in frames([str(target)])]
        shown = sorted({frame for seen in finding.evidence for frame in seen.frames})
        wanted = [(whole[number].ts_ns, whole[number].octets, whole[number].length) for number in shown]
        assert (finding.id, [one for one in wanted if one not in found]) == (finding.id, [])
        assert (done.frames, done.marked) == (len(found), len(shown))


def test_a_flow_has_all_its_frames(sample, tmp_path):
    """As many as were counted each way, where no copies were left out."""
    path, result = sample
    flows, quality = result.observations.flows, result.observations.quality
    for flow in range(0, len(flows.proto), 9):
        done = api.extract([path], result, str(tmp_path / "a.pcapng"), flow=str(flow))
        counted = int(flows.orig_packets[flow] + flows.resp_packets[flow])
        assert done.frames >= counted
        copied = quality.duplicates or quality.nat_twins or flows.proto[flow] not in (6, 17)
        assert copied or done.frames - counted <= done.marked


def test_wireshark_shows_the_comments(needs_program, tmp_path):
    """In each frame its number in the capture and what it shows; the file's says the finding."""
    needs_program("tshark", "capinfos")
    path = str(CAPTURES / "mm-blocked.pcapng.gz")
    result = api.check([path], site=api.load_site(str(CAPTURES / "mm-blocked.site.yaml")))
    target = str(tmp_path / "F1.pcapng")
    api.extract([path], result, target, finding="F1")
    asked = ["tshark", "-n", "-r", target, "-T", "fields", "-e", "frame.comment"]
    comments = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
    (first, *_) = result.conclusions.findings
    numbers = sorted({frame for seen in first.evidence for frame in seen.frames})
    assert [comment.split(";")[0] for comment in comments] == [f"frame {n} of mm-blocked.pcapng.gz" for n in numbers]
    assert all(f"F1 {first.code}: " in comment for comment in comments)
    info = subprocess.run(["capinfos", target], capture_output=True, text=True, check=True).stdout
    assert f"F1 {first.title}" in info


def test_several_files_are_one(tmp_path):
    """Frames are named by the file that they stand in, and by their number there."""
    path = CAPTURES / "mm-faults.pcapng"
    frames_ = list(frames([str(path)]))
    result = api.check([str(path)])
    target = tmp_path / "out.pcapng"
    api.extract([str(path)], result, str(target), flow="0")
    assert f"frame {frames_[0].own} of mm-faults.pcapng".encode() in target.read_bytes()


def test_nothing_is_left_where_it_fails(tmp_path):
    """Neither half a file nor one aside."""
    path = tmp_path / "a.pcapng"
    path.write_bytes((CAPTURES / "mm-faults.pcapng").read_bytes())
    result = api.check([str(path)])
    path.write_bytes(b"something else by now")
    with pytest.raises(SourceError):
        api.extract([str(path)], result, str(tmp_path / "out.pcapng"), flow="0")
    assert [one.name for one in tmp_path.iterdir()] == ["a.pcapng"]


def test_standard_input_cannot_be_read_again(tmp_path):
    """One line says so."""
    result = api.check([str(CAPTURES / "mm-faults.pcapng")])
    with pytest.raises(SourceError, match="cannot be read twice"):
        api.extract(["-"], result, str(tmp_path / "out.pcapng"), flow="0")
