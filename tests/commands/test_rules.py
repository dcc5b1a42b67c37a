"""The rule packs on the command line."""

import json
from pathlib import Path

from click.testing import CliRunner

from analyzer.cli import main
from analyzer.rulepack import shipped

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments):
    return CliRunner().invoke(main, list(arguments), prog_name="analyzer")


def test_every_rule_is_listed_and_shown():
    """`rules list` names every rule of every pack, `rules show` quotes one, or all of a pack."""
    listed = run("rules", "list").stdout
    for pack in shipped():
        for rule in pack.rules:
            assert rule.id in listed
    rule = shipped()[0].rules[0]
    assert " ".join(rule.cite.quote.split()) in " ".join(run("rules", "show", rule.id).stdout.split())
    assert run("rules", "show", shipped()[0].name).stdout.count("\n  quote") == len(shipped()[0].rules)


def test_rules_are_data():
    """--json gives the same rules as plain data."""
    rules = json.loads(run("rules", "list", "--json").stdout)
    assert len(rules) == sum(len(pack.rules) for pack in shipped())
    assert {"id", "pack", "cite", "severity", "to"} <= set(rules[0])
    (one,) = json.loads(run("rules", "show", rules[0]["id"], "--json").stdout)
    assert one == rules[0]


def test_lint_tells_of_the_documents_contradictions():
    """The two websocket names of one document are remarked on, on the terminal and as data."""
    done = run("rules", "lint")
    assert done.exit_code == 0
    assert "websockets.skalacontrol.com and" in " ".join(done.stdout.split())
    assert any("websocket" in remark["text"] for remark in json.loads(run("rules", "lint", "--json").stdout))


def test_an_allow_list_is_printed():
    """Notes on what a format cannot hold are beside it; what is not there is a mistake of usage, in one line."""
    url = "https://mud.acme.example/edge.json"
    done = run("rules", "export", "machinemetrics:standard", "--format", "mud", "--role", "edge", "--mud-url", url)
    assert (done.exit_code, json.loads(done.stdout)["ietf-mud:mud"]["mud-url"]) == (0, url)
    assert "MUD knows no wildcards: not held in full are mm-std-balena" in done.stderr
    assert "left out, the site file lists no resolvers: mm-dns-override" in done.stderr
    for words in (
        ("mars", "--format", "csv"),
        ("skala:mars", "--format", "csv"),
        ("skala", "--format", "clay"),
        ("skala", "--format", "mud"),
        ("skala", "--format", "csv", "--role", "edge"),
        ("skala", "--format", "mud", "--role", "pc", "--mud-url", "gopher://x"),
    ):
        refused = run("rules", "export", *words)
        assert (refused.exit_code, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
