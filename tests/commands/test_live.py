"""The live command on a wire and on a pipe: the verdicts of `check`, whatever ends it."""

from __future__ import annotations

import gzip
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner

from analyzer import api
from analyzer.cli import main
from analyzer.errors import AnalyzerError
from analyzer.kernels.jit import cache_folder
from analyzer.watching import opening, privileges, warming
from tests.builders.rights import CAPTURE, children_of, reachable, standing
from tests.builders.wires import FAR, TAP, run, wired

ROOT = Path(__file__).resolve().parents[2]
BLOCKED = gzip.decompress((ROOT / "captures" / "mm-blocked.pcapng.gz").read_bytes())
SITE = str(ROOT / "captures" / "mm-blocked.site.yaml")
LIMIT_S = 60


@pytest.fixture
def started():
    """The program with a command's words, as a child; none is left behind."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    code = "from analyzer.cli import main; main(prog_name='analyzer')"
    with ExitStack() as children:

        def start(*words, out=subprocess.PIPE, before=()):
            child = subprocess.Popen(
                [*before, sys.executable, "-c", code, "live", *words], env=environment, stdin=subprocess.PIPE,
                stdout=out, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
            children.enter_context(child)
            children.callback(child.kill)
            return child

        yield start


def until(condition):
    """What a condition gives once it gives something."""
    end = time.monotonic() + LIMIT_S
    while not (given := condition()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return given


def packets(folder):
    """Frames that the result in a folder is of, 0 where there is none yet."""
    path = folder / "result.json"
    return json.loads(path.read_text())["captures"][0]["packets"] if path.exists() else 0


def said(result):
    """The verdicts of a result: rules and findings, without names of captures and their formats."""
    return [result["rules"], result["findings"], result["hosts"], result["checklist"]]


@pytest.fixture
def wire(needs_namespaces):
    with wired():
        yield


@pytest.fixture
def fed(started):
    """A live capture of standard input, with what it was given so far."""

    def start(octets, *words):
        child = started("-", "--every", "0.2", "--site", SITE, *words)
        child.stdin.buffer.write(octets)
        child.stdin.buffer.flush()
        return child

    return start


def capture_of(tmp_path, octets):
    """A file of a capture."""
    path = tmp_path / "capture.pcapng"
    path.write_bytes(octets)
    return str(path)


def test_a_pipe_is_judged_as_the_file_is(fed, tmp_path):
    """When it ends by itself: exit code, result and screen are those of `check`."""
    child = fed(BLOCKED, "--out", str(tmp_path / "out"), "--write", str(tmp_path / "ring"))
    told, errors = child.communicate(timeout=LIMIT_S)
    site = api.load_site(SITE)
    offline = api.check([capture_of(tmp_path, BLOCKED)], site=site).to_dict()
    live = json.loads((tmp_path / "out" / "result.json").read_text())
    kept = api.check([str(tmp_path / "ring")], site=site).to_dict()
    assert (child.returncode, errors) == (1, "")
    assert said(live) == said(offline) == said(kept)
    assert "did not work" in told or "fails" in told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_with_a_full_result(fed, tmp_path, number):
    """Of all that came by then."""
    child = fed(BLOCKED, "--out", str(tmp_path))
    until(lambda: packets(tmp_path))
    child.send_signal(number)
    child.stdin.close()
    assert child.wait(LIMIT_S) == 1
    assert said(json.loads((tmp_path / "result.json").read_text())) == said(
        api.check([capture_of(tmp_path, BLOCKED)], site=api.load_site(SITE)).to_dict()
    )


@pytest.mark.parametrize("numbers", [(signal.SIGINT, signal.SIGINT), (signal.SIGINT, signal.SIGTERM)])
def test_who_asks_twice_waits_no_longer(fed, tmp_path, numbers):
    """The result is shown first; what is still waited for is given up, and it is said."""
    child = fed(BLOCKED, "--out", str(tmp_path), "--on-finding", "sleep 30")
    until(lambda: packets(tmp_path))
    child.send_signal(numbers[0])
    while "judged by" not in (line := child.stdout.readline()):
        assert line
    child.send_signal(numbers[1])
    begun = time.monotonic()
    _, errors = child.communicate(timeout=LIMIT_S)
    assert time.monotonic() - begun < 5
    assert (child.returncode, errors) == (130, "analyzer: interrupted\n")


def test_a_terminal_that_is_gone_loses_nothing(started, tmp_path):
    """As when the line to a box breaks: what is held is kept, though nobody can be told."""
    terminal, child_side = os.openpty()
    child = started("-", "--every", "0.2", "--out", str(tmp_path), out=child_side)
    os.close(child_side)
    child.stdin.buffer.write(BLOCKED)
    child.stdin.buffer.flush()
    until(lambda: packets(tmp_path))
    os.close(terminal)
    child.send_signal(signal.SIGHUP)
    child.send_signal(signal.SIGHUP)
    child.wait(LIMIT_S)
    assert (tmp_path / "facts" / "000001").is_dir()


def test_a_kill_loses_nothing_that_was_written(fed, tmp_path):
    """The result is that of a moment before, whole; frames are all there; the next start goes on beside both."""
    out, ring = tmp_path / "out", tmp_path / "ring"
    child = fed(BLOCKED, "--out", str(out), "--write", str(ring))
    whole = api.check([capture_of(tmp_path, BLOCKED)]).captures["packets"][0]
    until(lambda: packets(out) == whole)
    child.kill()
    child.wait(LIMIT_S)
    before = (out / "result.json").read_text()
    assert api.check([str(ring)]).captures["packets"].sum() == whole
    again = fed(BLOCKED, "--out", str(out), "--write", str(ring))
    again.communicate(timeout=LIMIT_S)
    (earlier,) = (out / "runs").glob("*/result.json")
    assert earlier.read_text() == before
    assert packets(out) == whole
    assert api.check([str(ring)]).captures["packets"].sum() == 2 * whole


def test_a_folder_is_one_runs(fed, tmp_path):
    """Nobody else writes to it, not even another command, until that run has ended, if by a kill; who reads it may."""
    out, ring, capture = str(tmp_path / "out"), str(tmp_path / "ring"), capture_of(tmp_path, BLOCKED)
    first = fed(BLOCKED, "--out", out, "--write", ring)
    until(lambda: packets(tmp_path / "out"))
    for words in (
        ("live", "-", "--out", out), ("live", "-", "--write", ring), ("live", "-", "--out", ring),
        ("check", capture, "--out", out), ("observe", capture, "-o", ring),
    ):  # fmt: skip
        done = CliRunner().invoke(main, words, prog_name="analyzer")
        told = f"analyzer: {words[-1]}: another program writes there"
        process = f" (process {first.pid})" if Path("/proc/locks").exists() else ""
        assert (done.exit_code, done.stdout, done.stderr) == (2, "", f"{told}{process}\n")
    assert api.check([ring]).captures["packets"].sum() == packets(tmp_path / "out")
    first.kill()
    first.wait(LIMIT_S)
    again = fed(BLOCKED, "--out", out, "--write", ring)
    again.communicate(timeout=LIMIT_S)
    assert again.returncode == 1


def test_a_full_disk_is_said_and_the_capture_goes_on(fed, tmp_path, needs_namespaces):
    """The verdict is on the terminal, with what could not be kept; what was written before is whole."""
    small = tmp_path / "small"
    small.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(small))
    try:
        (small / "ballast").write_bytes(bytes(200_000))
        child = fed(BLOCKED, "--json", "--out", str(small / "out"), "--write", str(small / "ring"))
        told, errors = child.communicate(timeout=LIMIT_S)
        assert child.returncode == 1
        assert "no space left on device" in told.lower()
        assert f"{small / 'out'}: no space left on device; the files are of an earlier moment\n" in errors
        for path in (small / "out").glob("*.json"):
            json.loads(path.read_text())
    finally:
        run("umount", str(small))


def test_a_wire_is_judged_as_its_frames_are(wire, started, tmp_path):
    """What was kept of it, checked offline, gives the same; findings are told as they come."""
    out, ring = tmp_path / "out", tmp_path / "ring"
    child = started(
        "-i", TAP, "--every", "0.5", "--site", SITE, "--json", "--out", str(out), "--write", str(ring)
    )  # fmt: skip
    child.stdout.readline()
    run("tcpreplay", "-q", "-i", FAR, "--mbps", "20", capture_of(tmp_path, BLOCKED))
    until(lambda: packets(out) == 592)
    child.send_signal(signal.SIGINT)
    told, _ = child.communicate(timeout=LIMIT_S)
    events = [json.loads(line) for line in told.splitlines()]
    live = json.loads((out / "result.json").read_text())
    offline = api.check([str(ring)], site=api.load_site(SITE))
    assert said(live) == said(offline.to_dict())
    assert live["captures"][0]["path"] == TAP
    assert live["quality"]["kernel_drops"]["value"] == 0
    assert {finding["title"] for finding in live["findings"]} <= {
        event["title"] for event in events if event["event"] == "finding"
    }
    assert child.returncode == offline.exit_code


def test_an_interface_that_is_deleted_ends_with_what_was_there(wire, started, tmp_path):
    """It is said; the result is kept."""
    child = started("-i", TAP, "--every", "0.2", "--json", "--out", str(tmp_path / "out"))
    child.stdout.readline()
    run("tcpreplay", "-q", "-i", FAR, "--topspeed", capture_of(tmp_path, BLOCKED))
    until(lambda: packets(tmp_path / "out"))
    run("ip", "link", "delete", TAP)
    child.communicate(timeout=LIMIT_S)
    assert packets(tmp_path / "out") == 592
    assert f"{TAP}: the interface is gone" in json.loads((tmp_path / "out" / "result.json").read_text())["notes"]
    assert child.returncode in (0, 1)


@pytest.mark.parametrize("feed", ["program", "scapy"])
def test_other_feeds_give_the_same(wire, started, tmp_path, feed):
    """Frame for frame, as far as they keep up."""
    child = started("-i", TAP, "--feed", feed, "--every", "0.2", "--json", "--out", str(tmp_path / "out"))
    child.stdout.readline()
    time.sleep(1.5 if feed == "scapy" else 0.5)
    run("tcpreplay", "-q", "-i", FAR, "--pps", "500", capture_of(tmp_path, BLOCKED))
    until(lambda: packets(tmp_path / "out") == 592)
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=LIMIT_S)
    assert packets(tmp_path / "out") == 592


@pytest.mark.parametrize("how", ["ring", "dumpcap", "tcpdump"])
def test_nothing_is_root_once_the_interface_is_open(wire, started, needs_program, tmp_path, how):
    """Neither the program nor the one that captures for it, which it ends all the same; what is kept is the user's."""
    needs_program("setpriv", *({how} - {"ring"}))
    user, own, programs = pwd.getpwnam("nobody"), tmp_path / "own", tmp_path / "programs"
    out, ring = own / "out", own / "ring"
    tmp_path.chmod(0o755)
    own.mkdir()
    os.chown(own, user.pw_uid, user.pw_gid)
    programs.mkdir()
    for name in {"setpriv", how} - {"ring"}:
        (programs / name).symlink_to(shutil.which(name))
    reach = reachable(Path(sys.base_prefix), Path(sys.prefix), ROOT, tmp_path, *filter(None, [cache_folder()]))
    child = started(
        "-i", TAP, "--feed", "ring" if how == "ring" else "program", "--user", "nobody", "--every", "0.2",
        "--site", SITE, "--json", "--out", str(out), "--write", str(ring), before=[*reach, "env", f"PATH={programs}"],
    )  # fmt: skip
    child.stdout.readline()
    time.sleep(0.5)
    run("tcpreplay", "-q", "-i", FAR, "--pps", "500", capture_of(tmp_path, BLOCKED))
    until(lambda: packets(out) == 592)
    listening = children_of(child.pid)
    assert len(listening) == (how != "ring")
    assert standing(child.pid) == ({user.pw_uid}, 0)
    for process in listening:
        uids, rights = standing(process)
        assert (uids, rights | CAPTURE) == ({user.pw_uid}, CAPTURE)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=LIMIT_S)
    live = json.loads((out / "result.json").read_text())
    offline = api.check([str(ring)], site=api.load_site(SITE))
    assert (child.returncode, "goes on as nobody" in errors) == (1, True)
    assert (said(live), live["quality"]["kernel_drops"]["value"]) == (said(offline.to_dict()), 0)
    assert {path.stat().st_uid for path in (out, ring, *out.rglob("*"), *ring.rglob("*"))} == {user.pw_uid}
    assert not any(map(Path.exists, (Path(f"/proc/{process}") for process in listening)))


@pytest.fixture
def opened(monkeypatch):
    """An interface that is opened by root, without any; returns what became of it."""
    became = []

    class Opened:
        def __init__(self, *_):
            pass

        def run(self):
            became.append("captured")

        def close(self):
            became.append("closed")

    monkeypatch.setattr(opening, "open_feed", lambda *_, **__: Opened())
    monkeypatch.setattr("analyzer.commands.live._Session", Opened)
    monkeypatch.setattr(privileges, "needs_program", lambda _: None)
    monkeypatch.setattr(warming, "warm", lambda: None)
    return became


def test_who_cannot_give_root_up_captures_nothing(opened, monkeypatch):
    """What was opened is closed again."""

    def refuse(_):
        raise AnalyzerError("cannot go on as nobody (operation not permitted)")

    monkeypatch.setattr(privileges, "chosen", lambda _: None)
    monkeypatch.setattr(privileges, "give_up", refuse)
    done = live("-i", "eth0", "-q")
    assert (done.exit_code, done.stderr) == (2, "analyzer: cannot go on as nobody (operation not permitted)\n")
    assert opened == ["closed"]


@pytest.mark.parametrize(("user", "told"), [("", "told\n"), ("nobody", "")])
def test_who_stays_root_is_told_even_if_quiet(opened, monkeypatch, user, told):
    """Who becomes somebody else then is not."""
    monkeypatch.setattr(privileges, "chosen", lambda name: pwd.getpwnam(name) if name else None)
    monkeypatch.setattr(privileges, "give_up", lambda _: "told")
    assert live("-i", "eth0", "-q", "--user", user).stderr == told
    assert opened == ["captured", "closed"]


def live(*words):
    return CliRunner().invoke(main, ["live", *words], prog_name="analyzer")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "live needs -i INTERFACE, or - for standard input"),
        (("-", "-i", "eth0"), "live needs -i INTERFACE"),
        (("capture.pcap",), "live needs -i INTERFACE"),
        (("-i", "no-such-interface0", "--feed", "ring"), "no-such-interface0: no such interface"),
        (("-i", "no-such-interface0", "--metrics", "192.0.2.1:9469"), "metrics are served on a loopback address"),
        (("-", "-f", "port 443"), "-: whoever writes the capture chooses the interface and the filter"),
        (("--print", "clay"), "'clay' is not one of"),
    ],
)
def test_what_cannot_be_done_is_one_line(words, message):
    """On standard error, before anything is captured."""
    done = live(*words)
    assert done.exit_code in (2, 3)
    assert message in done.stderr
    assert done.stdout == ""


def test_interfaces_are_listed():
    """With what each may do; the loopback is everywhere."""
    done = live("-D", "--json")
    assert done.exit_code == 0
    assert any(one["name"] == "lo" for one in json.loads(done.stdout))
    assert "lo" in live("-D").stdout


def test_what_is_shipped_is_printed():
    """As it is, to be put where it belongs."""
    assert json.loads(live("--print", "grafana").stdout)["panels"]
    assert "ExecStart=" in live("--print", "systemd").stdout
