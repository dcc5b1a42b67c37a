import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
from click.testing import CliRunner

from analyzer import api, factsfile
from analyzer.cli import main
from analyzer.errors import CaptureError, RulePackError, SiteFileError, SourceError
from analyzer.exporting.jsonfile import SCHEMA_FILE
from analyzer.findings import Outcome
from analyzer.program import INTERRUPTED, PIPE_GONE
from analyzer.result import Result
from analyzer.rulepack import shipped
from tests.builders.plant import conclusions, healthy, observations, result, verdicts

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
NOTHING = Result(observations([], captures=()), conclusions(rules=(), flows=verdicts([])))


def run(*arguments, stdin=None):
    return CliRunner().invoke(main, list(arguments), input=stdin, prog_name="analyzer")


def program(code, *arguments, **how):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], env=ENVIRONMENT, capture_output=True, text=True, check=False, **how
    )


@pytest.fixture
def judged(monkeypatch):
    """Makes judging give a made-up result; returns what it was asked."""
    asked = {}

    def give(made):
        monkeypatch.setattr(
            api, "observe", lambda captures, progress=None: asked.update(captures=captures) or made.observations
        )
        monkeypatch.setattr(api, "judge", lambda facts, **given: asked.update(given) or made)
        monkeypatch.setattr(api, "check", lambda captures, progress, **given: api.judge(api.observe(captures), **given))
        return asked

    return give


@pytest.mark.parametrize(("made", "code"), [(healthy(), 0), (result(), 1), (NOTHING, 3)])
def test_exit_code_is_the_results(judged, made, code):
    """0 where nothing fails, 1 where a rule fails, 3 where nothing was captured; the verdict is on standard output."""
    judged(made)
    done = run("check", "a.pcap")
    assert code == done.exit_code
    assert done.stdout.startswith(("No requirement fails", "1 of 17", "No verdict"))
    assert done.stderr == ""


def test_json_takes_the_place_of_the_text(judged):
    """--json prints result.json, valid by its schema, and nothing else."""
    judged(result())
    done = run("check", "a.pcap", "--json")
    jsonschema.validate(json.loads(done.stdout), json.loads(SCHEMA_FILE.read_text()))
    assert done.exit_code == 1


def test_out_gets_the_documented_files(judged, tmp_path):
    """--out writes result.json and both Parquet files; --csv adds the tables."""
    judged(result())
    out = tmp_path / "new" / "out"
    assert run("check", "a.pcap", "--out", str(out)).exit_code == 1
    assert {path.name for path in out.iterdir()} == {
        "bandwidth.parquet",
        "flows.parquet",
        "report.html",
        "result.json",
    }
    assert run("check", "a.pcap", "--out", str(out), "--csv", "-q").exit_code == 1
    assert {"flows.csv", "findings.csv", "rules.csv", "hosts.csv"} <= {path.name for path in out.iterdir()}


def test_options_reach_the_judge(judged, tmp_path):
    """Profiles, site file, filter and roots are handed on; captures stay as they were given."""
    asked = judged(result())
    site = tmp_path / "plant.yaml"
    site.write_text("site: here\n")
    done = run("check", "b.pcap", "-", "-p", "machinemetrics:govcloud", "--site", str(site), "--filter", "port 443")
    assert done.exit_code == 1, done.output
    assert asked["captures"] == ("b.pcap", "-")
    assert asked["profiles"] == ("machinemetrics:govcloud",)
    assert asked["site"].name == "here"
    assert asked["filter"] == "port 443"
    assert [pack.name for pack in asked["packs"]] == [pack.name for pack in shipped()]


def test_levels_of_detail(judged):
    """-q is one line and the titles, -v is more than the usual; together they are refused."""
    judged(result())
    quiet, usual, verbose = (run("check", "a", *how).stdout.count("\n") for how in (["-q"], [], ["-v"]))
    assert quiet == 2 < usual < verbose
    assert run("check", "a", "-q", "-v").exit_code == 2


USAGE = {
    "no capture": (["check"], "Missing argument"),
    "no command": (["frobnicate"], "No such command"),
    "csv without out": (["check", "a", "--csv"], "--csv needs --out"),
    "unknown pack": (["check", "a", "-p", "nix"], "profile nix: no such rule pack"),
    "unknown variant": (["check", "a", "-p", "skala:mars"], "profile skala:mars: skala has the variants"),
    "bad filter": (["check", "a", "--filter", "hots 1.2.3.4"], "filter: "),
    "no site file": (["check", "a", "--site", "nowhere.yaml"], "nowhere.yaml: line 1: "),
    "no rule pack": (["check", "a", "--rules", "nowhere.yaml"], "nowhere.yaml: line 1: "),
    "no roots": (["check", "a", "--trust", "nowhere.pem"], "trust: nowhere.pem: cannot be read"),
    "no such rule": (["rules", "show", "nix"], "nix: no rule and no pack"),
    "no such code": (["explain", "nix"], "nix: no finding has this code"),
}


@pytest.mark.parametrize("kind", USAGE)
def test_mistakes_of_usage_give_2(kind):
    """Whatever is wrong with what was typed or with a file beside the capture: exit code 2, and the line says what."""
    arguments, expected = USAGE[kind]
    done = run(*arguments)
    assert done.exit_code == 2
    assert expected in done.stderr
    assert done.stdout == ""
    assert isinstance(done.exception, SystemExit)


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (SourceError("a\x1b[2J", "no such file"), 3, r"analyzer: a\x1b[2J: no such file"),
        (CaptureError("a", 24, "cut"), 3, "analyzer: a: octet 24: cut"),
        (RulePackError("p.yaml", 3, "expected a list"), 2, "analyzer: p.yaml: line 3: expected a list"),
        (SiteFileError("s.yaml", 4, "unknown key"), 2, "analyzer: s.yaml: line 4: unknown key"),
    ],
)
def test_errors_are_one_line_and_an_exit_code(monkeypatch, error, code, line):
    """No traceback, nothing on standard output, and no control character from a path."""

    def fail(*_arguments, **_given):
        raise error

    monkeypatch.setattr(api, "observe", fail)
    done = run("check", "a")
    assert (done.exit_code, done.stdout, done.stderr) == (code, "", line + "\n")


def test_roots_must_be_certificates(tmp_path):
    """A file that holds no certificate in PEM is refused before a capture is read."""
    roots = tmp_path / "roots.pem"
    roots.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    done = run("check", "a", "--trust", str(roots))
    assert done.exit_code == 2
    assert done.stderr == f"analyzer: trust: {roots}: expected certificates in PEM\n"


def test_facts_are_observed_then_judged(judged, tmp_path):
    """`observe -o` and `judge` are the halves of `check`: the facts that the judge gets are those that were saved."""
    asked = judged(result())
    facts = tmp_path / "facts"
    done = run("observe", "a.pcap", "-o", str(facts))
    assert (done.exit_code, done.stdout) == (0, "")
    assert "5 flows of 12345 packets" in done.stderr
    assert run("judge", str(facts), "--json").exit_code == 1
    assert "packs" in asked
    assert run("judge", str(tmp_path / "other")).exit_code == 3


def test_results_and_facts_do_not_share_a_folder(judged, tmp_path):
    """Neither overwrites the other's flows.parquet."""
    judged(result())
    facts, out = str(tmp_path / "facts"), str(tmp_path / "out")
    assert run("observe", "a", "-o", facts, "-q").exit_code == 0
    assert run("judge", facts, "--out", facts).exit_code == 2
    assert run("judge", facts, "--out", out).exit_code == 1
    assert run("observe", "a", "-o", out).exit_code == 2


def test_a_folder_that_cannot_be_written_is_one_line(judged, tmp_path):
    """Where --out is a file, or lies below one, the exit code is 2."""
    judged(result())
    (tmp_path / "file").write_text("")
    done = run("check", "a", "--out", str(tmp_path / "file" / "out"))
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr


@pytest.mark.parametrize(
    "command", [[], ["check"], ["observe"], ["judge"], ["site"], ["rules"], ["rules", "show"], ["explain"]]
)
def test_every_command_has_help(command):
    """--help ends with 0 and says what the command does."""
    done = run(*command, "--help")
    assert done.exit_code == 0
    assert "Usage: analyzer" in done.stdout


def test_help_imports_nothing_heavy():
    """--help answers at once: nothing is imported that takes long."""
    done = program(
        "import sys; from analyzer.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print([m for m in ('numpy','pandas','numba','rich','ruamel') if m in sys.modules])"
    )
    assert done.stdout.endswith("[]\n"), done.stdout + done.stderr


def test_a_pipe_that_closes_ends_the_program_quietly():
    """`analyzer rules list | head -1` prints no traceback, and does not say that a rule fails."""
    code = "from analyzer.cli import main; main(['rules', 'show', 'machinemetrics'])"
    with subprocess.Popen(
        [sys.executable, "-c", code], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait(30) == PIPE_GONE


def test_an_interrupt_ends_the_program_quietly():
    """Ctrl-C while a capture is awaited gives one line and the exit code that shells know."""
    code = "import sys; from analyzer.cli import main; sys.stdout.write('.'); main(['check', '-'])"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        time.sleep(2.5)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=30)
    assert (child.returncode, err) == (INTERRUPTED, b"analyzer: interrupted\n"), out


def test_no_capture_at_all_gives_3(tmp_path):
    """A file that is not there, one that is no capture, and an empty standard input: exit code 3 and one line."""
    (tmp_path / "text.pcap").write_text("no capture\n" * 10)
    code = "from analyzer.cli import main; main(prog_name='analyzer')"
    for path in (str(tmp_path / "nowhere.pcap"), str(tmp_path / "text.pcap"), "-"):
        done = program(code, "observe", path, "-o", str(tmp_path / "out"), input="")
        assert done.returncode == 3
        assert done.stderr.startswith("analyzer: ")
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("name", "code"), [("mm-clean.pcapng.gz", 0), ("mm-faults.pcapng", 1)])
def test_the_whole_way_from_a_capture(tmp_path, name, code):
    """Checking a capture and judging its saved facts give the same result, valid by its schema, and the same flows."""
    capture, facts = str(ROOT / "captures" / name), str(tmp_path / "facts")
    roots = str(ROOT / "captures" / f"{name.split('.')[0]}.trust.pem")
    checked = run("check", capture, "--trust", roots, "--json", "--out", str(tmp_path / "one"))
    assert run("observe", capture, "-o", facts, "-q").exit_code == 0
    judged_again = run("judge", facts, "--trust", roots, "--json", "--out", str(tmp_path / "other"))
    assert (checked.exit_code, judged_again.exit_code) == (code, code)
    jsonschema.validate(json.loads(checked.stdout), json.loads(SCHEMA_FILE.read_text()))
    assert checked.stdout == judged_again.stdout
    flows = [pd.read_parquet(tmp_path / folder / "flows.parquet") for folder in ("one", "other")]
    pd.testing.assert_frame_equal(*flows)


def test_a_draft_of_the_site_is_taken_as_it_is(tmp_path):
    """`check --site` accepts what `site` drafts, and judges as it did without."""
    capture, draft = str(ROOT / "captures" / "mm-clean.pcapng.gz"), tmp_path / "plant.yaml"
    assert run("site", capture, "-o", str(draft)).exit_code == 0
    assert run("site", capture).stdout == draft.read_text()
    assert json.loads(run("site", capture, "--json").stdout)["site"]["hosts"]
    done = run("check", capture, "--site", str(draft))
    assert done.exit_code == 0
    assert done.stdout.split("\n")[0] == run("check", capture).stdout.split("\n")[0]


def test_outcomes_of_the_made_up_result_are_what_the_tests_say():
    """The fixture's rules have every outcome."""
    assert set(result().outcomes) == set(Outcome)
    assert all(result().outcomes.values())


TAPS = [str(ROOT / "captures" / f"mm-intercepted{side}.pcapng.gz") for side in ("", "-outside")]


def test_two_taps_give_both_results(tmp_path):
    """What is opened between the taps fails a requirement; the folder holds both sides' results."""
    done = run("compare", *TAPS, "--site", str(ROOT / "captures" / "mm-intercepted.site.yaml"), "--out", str(tmp_path))
    assert done.exit_code == 1
    assert "opened between the taps" in done.stdout
    for folder in (tmp_path, tmp_path / "outside"):
        made = json.loads((folder / "result.json").read_text())
        jsonschema.validate(made, json.loads(SCHEMA_FILE.read_text()))
        assert (made["taps"] is None) == (folder != tmp_path)
    passages = pd.read_parquet(tmp_path / "pairs.parquet")["passage"].value_counts()
    assert made["captures"][0]["path"] == TAPS[1]
    assert (passages["opened"], passages["relayed"]) == (9, 3)


def test_further_files_of_a_tap_are_taken_as_one(tmp_path):
    """A tap's files may be given one by one, or as a folder."""
    done = run("compare", TAPS[0], "-O", TAPS[1], "--json")
    assert json.loads(done.stdout)["taps"]["passages"]["opened"] == 9
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.pcapng.gz").write_bytes(Path(TAPS[0]).read_bytes())
    done = run("compare", str(tmp_path / "in"), TAPS[1], "--json")
    assert json.loads(done.stdout)["taps"]["passages"]["opened"] == 9


def test_one_side_alone_is_a_mistake_of_usage():
    """A capture that holds one side of a NAT is not compared with itself: one line says so."""
    done = run("compare", TAPS[0])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "both sides of a NAT" in done.stderr


CAPACITY = str(ROOT / "captures" / "mm-capacity.pcapng.zst")
PLACE = str(ROOT / "captures" / "mm-capacity.site.yaml")


def test_bandwidth_writes_tables_and_figures(tmp_path):
    """A kept budget ends with 0; the folder holds the result with its plan, rates over windows, and figures."""
    out = tmp_path / "out"
    plan = ("--plan", "standard=40,focas=10", "--uplink", "1M", "--growth", "0.2")
    done = run("bandwidth", CAPACITY, "--site", PLACE, *plan, "--out", str(out))
    assert done.exit_code == 0, done.output
    made = json.loads((out / "result.json").read_text())
    jsonschema.validate(made, json.loads(SCHEMA_FILE.read_text()))
    assert made["bandwidth"]["plan"]["up"] == {"low_bps": 90_000, "high_bps": 90_000}
    assert {path.name for path in out.glob("*.csv")} == {"usage.csv", "bandwidth.csv"}
    assert {path.stem for path in (out / "figures").iterdir()} == {
        *("upload", "machines", "heatmap", "distribution", "plan")
    }
    assert pd.read_parquet(out / "usage.parquet")["kind"].nunique() == 7


def test_a_budget_that_is_exceeded_ends_with_1():
    """Were there one Modbus machine only, 1 kbps would be granted, and 2.6 are sent."""
    kept = "host 10.48.0.21 or port 443 or port 7422 or port 53"
    done = run("bandwidth", CAPACITY, "--site", PLACE, "--filter", kept)
    assert done.exit_code == 1
    assert "of 1 kbit/s" in done.stdout


def test_an_uplink_alone_needs_no_budget(tmp_path):
    """Where the document grants no rates, rates are shown all the same; a plan by it is a mistake."""
    (tmp_path / "site.yaml").write_text("uplink: 1M\n")
    given = (str(ROOT / "captures" / "skala-clean.pcapng.zst"), "--site", str(tmp_path / "site.yaml"))
    shown, refused = run("bandwidth", *given), run("bandwidth", *given, "--plan", "machines=5")
    assert (shown.exit_code, "HOSTS" in shown.stdout) == (0, True)
    assert (refused.exit_code, "no budget for uploads" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    ("given", "said"),
    [(("--plan", "robots=5"), "plan: expected standard"), (("--uplink", "fast"), "uplink: expected bits per second")],
)
def test_a_plan_that_cannot_be_read_is_a_mistake_of_usage(given, said):
    """In one line."""
    done = run("bandwidth", CAPACITY, *given)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"analyzer: {said}")


def test_a_baseline_must_hold_facts(tmp_path):
    """A folder without saved facts is refused before a capture is opened."""
    done = run("check", "no-such.pcap", "--baseline", str(tmp_path))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("analyzer: baseline: ")


def test_a_baseline_is_compared_with(tmp_path):
    """Outside, hellos that the devices never said are strong evidence against a baseline of the same devices."""
    assert run("observe", str(ROOT / "captures" / "mm-clean.pcapng.gz"), "-o", str(tmp_path / "good")).exit_code == 0
    site = str(ROOT / "captures" / "mm-intercepted-outside.site.yaml")
    done = run("check", TAPS[1], "--site", site, "--baseline", str(tmp_path / "good"), "--json")
    assert "hello-foreign" in {found["code"] for found in json.loads(done.stdout)["findings"]}
    assert "hello-foreign" not in run("check", TAPS[1], "--site", site, "--json").stdout


def test_a_result_is_held_against_an_earlier_one(judged, tmp_path):
    """The exit code stays that of the check; what changed is shown, written, and in the JSON."""
    judged(healthy())
    assert run("check", "a.pcap", "--out", str(tmp_path / "before"), "-q").exit_code == 0
    judged(result())
    words = ("check", "a.pcap", "--diff", str(tmp_path / "before"))
    done = run(*words, "--out", str(tmp_path / "now"), "--export", "junit,zeek")
    assert done.exit_code == 1
    assert "CHANGES  since plant-3.pcapng" in done.stdout
    told = json.loads((tmp_path / "now" / "difference.json").read_text())
    assert [one["change"] for one in told["findings"]] == ["broken"]
    assert {"junit.xml", "zeek"} <= {path.name for path in (tmp_path / "now").iterdir()}
    assert json.loads(run(*words, "--json").stdout)["difference"] == told
    again = run("check", "a.pcap", "--json", "--out", str(tmp_path / "now"))
    assert "difference" not in json.loads(again.stdout)
    assert not (tmp_path / "now" / "difference.json").exists()
    facts = tmp_path / "facts"
    factsfile.save(observations(), facts)
    assert "CHANGES" in run("judge", str(facts), *words[2:], "-q").stdout


def test_what_is_no_earlier_result_is_a_mistake_of_usage(tmp_path):
    """Before a capture is looked for."""
    done = run("check", "nowhere.pcap", "--diff", str(tmp_path))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"analyzer: diff: {tmp_path / 'result.json'}: no result here\n"
    assert run("compare", "nowhere.pcap", "--diff", str(tmp_path)).exit_code == 2


def test_bandwidth_hands_on_what_check_does(tmp_path):
    """Exports and what changed, beside its own tables."""
    capture = str(ROOT / "captures" / "mm-capacity.pcapng.zst")
    before, now = tmp_path / "before", tmp_path / "now"
    assert run("check", capture, "--out", str(before), "-q").exit_code in (0, 1)
    done = run("bandwidth", capture, "--out", str(now), "--export", "ecs", "--diff", str(before))
    assert "CHANGES" in done.stdout
    assert not {"broken", "mended", "new", "gone"} & {*done.stdout.partition("CHANGES")[2].split()}
    assert {"usage.parquet", "ecs.jsonl", "difference.json"} <= {path.name for path in now.iterdir()}
