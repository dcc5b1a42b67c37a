import io
from dataclasses import replace

import pytest
from rich.cells import cell_len

from analyzer.exporting import terminal
from analyzer.findings import Outcome, Severity
from analyzer.observations import Capture, Quality
from analyzer.result import Result
from tests.builders.plant import FINDING, HOSTS, RULES, conclusions, flow, healthy, observations, result, rule, verdicts

EVIL = "\x1b]0;owned\x07\x1b[2J\u202egpj.exe\u2066\n\r\x9b31m"


def shown(made, width=80, detail=terminal.USUAL):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        stream = io.StringIO()
        terminal.show(made, stream, detail)
    return stream.getvalue()


class Tty(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        """True."""
        return True


@pytest.mark.parametrize("detail", [terminal.TERSE, terminal.USUAL, terminal.FULL])
@pytest.mark.parametrize("width", [40, 80, 120, 160])
@pytest.mark.parametrize("made", [result(), healthy()], ids=["faulty", "healthy"])
def test_no_line_is_longer_than_the_terminal(made, width, detail):
    """At every width and level of detail the lines fit, and end without blanks."""
    for line in shown(made, width, detail).split("\n"):
        assert cell_len(line) <= width
        assert line == line.rstrip()


def test_the_first_line_is_the_verdict():
    """The first line counts the outcomes of all rules."""
    assert shown(result()).split("\n")[0] == "1 of 17 requirements fails · 2 hold · 13 not observed · 1 not observable"
    assert (
        shown(healthy()).split("\n")[0] == "No requirement fails, of 16 · 2 hold · 13 not observed · 1 not observable"
    )


def test_no_verdict_is_said_so():
    """Where nothing was captured, or nobody is governed by a pack, the first line does not call the network good."""
    nothing = Result(observations([], captures=()), conclusions(rules=(), flows=verdicts([])))
    assert "nothing was captured" in shown(nothing).split("\n")[0]
    beside = Result(
        observations([flow(), flow()]),
        conclusions(rules=healthy().conclusions.rules, findings=(), flows=verdicts(["housekeeping", "not_judged"])),
    )
    assert shown(beside).startswith("No verdict: no flow of a host in scope was judged · 2 hold · 13 not observed")
    assert "no host that a rule pack governs" in shown(result(rules=(), findings=())).split("\n")[0]


def test_a_finding_has_all_that_one_needs_to_act():
    """Severity, who, the quoted row and its section, evidence with frames, look-alikes, remedy and filter are there."""
    text = shown(result(), 160)
    for part in (
        "HIGH        A machine speaks to the internet: m1 to telemetry.vendor.example",
        "Who:      m1 · 1 flow · unexpected, strong evidence · machine-leaves-site",
        "“Machines have no internet access”",
        "Option 2: Isolated Machine Network · mm-iso-machines",
        "198.51.100.99:443 · frames 100-139",
        "Or else:  a firewall between them",
        "Change:   Block the machine network",
        "Filter:   ip.addr == 10.20.30.21 && ip.addr == 198.51.100.99 && tcp.port == 443",
    ):
        assert part in text


def test_findings_stand_worst_first():
    """Severity decides the order, whatever order they were found in."""
    made = result(
        findings=tuple(replace(FINDING, severity=severity, title=severity) for severity in reversed(Severity))
    )
    text = shown(made, detail=terminal.TERSE)
    assert [s.value for s in Severity] == [line.split()[1] for line in text.strip().split("\n")[1:]]


def test_terse_is_the_verdict_and_the_titles():
    """-q leaves the first line and a line per finding."""
    assert len(shown(result(), detail=terminal.TERSE).strip().split("\n")) == 2
    assert len(shown(healthy(), detail=terminal.TERSE).strip().split("\n")) == 1


def test_rules_that_were_not_observed_share_a_line_unless_all_is_asked_for():
    """A section of which nothing was seen takes one line; -v lists its rules."""
    assert "Standard Domains  · 12 not observed" in shown(result())
    assert "mm-domain-7" not in shown(result())
    assert "mm-domain-7" in shown(result(), detail=terminal.FULL)


def test_a_reading_is_called_so():
    """A rule and a finding that rest on a reading say it where they stand."""
    text = shown(result(findings=(replace(FINDING, basis=RULES[1].basis),)), 160)
    assert "where an answer was truncated (reading)" in text
    assert "a reading: the document leaves this open" in " ".join(text.split())


def test_a_healthy_capture_is_calm():
    """Without faults there is no word of findings, and all fits on two screens."""
    text = shown(healthy())
    assert "FINDINGS" not in text
    assert text.count("\n") < 48


def test_what_is_not_observable_says_why_and_what_would_tell():
    """A reason stands once, with the rules that it holds back, and the command in a line of its own."""
    unseen = RULES[-1]
    other = replace(unseen, rule="mm-dpi-names", because=unseen.because.replace("12", "3"), flows=0)
    text = shown(result(rules=(replace(unseen, flows=5), other)), 160)
    assert text.count("TLS 1.3 hides the certificates") == 1
    assert "\n  ? TLS 1.3 hides the certificates of 12 flows\n    for     mm-dpi-exempt, mm-dpi-names\n" in text
    assert "\n    tells   a second capture outside the firewall\n" in text
    assert "\n    run     dumpcap -i WAN-SIDE -s 0 -a duration:600 -w outside.pcapng\n" in text


def test_a_row_that_is_a_step_of_a_checklist_is_shown_once():
    """A rule whose row a checklist shows stands there, and among the requirements where everything is asked for."""
    step = conclusions().checklist[0]
    same = replace(RULES[0], rule="mm-check-1", cite=step.cite)
    assert "mm-check-1" not in shown(result(rules=(*RULES, same)), 160)
    assert "mm-check-1" in shown(result(rules=(*RULES, same)), 160, terminal.FULL)


def test_look_alikes_and_quotes_that_stand_above_are_not_told_again():
    """The second finding of a kind refers to the first for what is the same."""
    text = shown(result(findings=(FINDING, replace(FINDING, title="again"))), 160)
    assert text.count("“Machines have no internet access”") == 1
    assert text.count("Or else:  as above") == 1
    assert text.count("Filter:") == 2


def test_flows_of_hosts_in_scope_are_listed_when_all_is_asked_for():
    """-v lists every flow but those of hosts out of scope."""
    text = shown(result(), 160, terminal.FULL)
    assert "10.20.30.21:40000 > 198.51.100.99:443/tcp  tls  telemetry.vendor.example" in text
    assert "10.20.30.77:40000" not in text
    assert "198.51.100.99:443/tcp" not in shown(result(findings=()), 160)


def test_nothing_from_a_capture_reaches_the_terminal_raw():
    """Wherever text comes from, no control or bidirectional character is written but line breaks."""
    evil = replace(
        FINDING,
        **dict.fromkeys(("title", "rule", "remedy", "filter", "host", "code"), EVIL),
        rivals=(EVIL,),
        cite=replace(FINDING.cite, document=EVIL, section=EVIL, quote=EVIL),
        evidence=(replace(FINDING.evidence[0], detail=EVIL),),
    )
    facts = observations(
        [flow(server_name=EVIL, service=EVIL, orig_h=EVIL)],
        captures=(Capture(EVIL, EVIL, 1, 1, 0, 1, cut=True, link_types=(EVIL,), note=EVIL),),
    )
    rules = (replace(rule(EVIL, Outcome.FAILS), because=EVIL, title=EVIL, pack=EVIL, cite=evil.cite),)
    host = replace(HOSTS[0], host=EVIL, addresses=(EVIL,), role=EVIL, why=EVIL, basis=EVIL)
    made = Result(
        facts,
        conclusions(findings=(evil,), rules=rules, hosts=(host,), notes=(EVIL,), flows=verdicts(["unexpected"])),
    )
    text = shown(made, 160, terminal.FULL)
    assert text.replace("\n", "").isprintable()
    assert r"\x1b[2J\u202egpj.exe" in text


def test_quality_says_what_it_spoils():
    """A lack of the capture stands in the first lines with its effect."""
    facts = observations(quality=Quality(kernel_drops=500, one_sided_flows=2, tcp_flows=3))
    text = shown(Result(facts, conclusions()), 160)
    assert "quality     poor · 500 frames dropped while capturing: what seems unanswered" in text
    assert "2 of 3 TCP flows seen in one direction only" in text


def test_colour_is_for_terminals_only(monkeypatch):
    """A terminal gets colour, a terminal with NO_COLOR and a pipe get none."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Tty()
    terminal.show(result(), stream)
    assert "\x1b[1;31m" in stream.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Tty()
    terminal.show(result(), plain)
    assert "31m" not in plain.getvalue()
    assert "\x1b" not in shown(result())


def test_many_findings_are_cut_short_unless_all_is_asked_for():
    """A screen holds a few dozen; the rest is counted."""
    made = result(findings=(FINDING,) * 50)
    assert "and 30 more" in shown(made)
    assert shown(made, detail=terminal.FULL).count("Change:") == 50


def test_what_was_seen_of_several_flows_is_said_once():
    """Evidence of the same words is drawn together, with the frames of all flows, neighbours as a range."""
    seen = FINDING.evidence[0]
    evidence = tuple(replace(seen, flow=number, frames=(7, 5 + number)) for number in range(3))
    text = shown(result(findings=(replace(FINDING, evidence=evidence),)), 160)
    assert text.count("Seen:") == 1
    assert "198.51.100.99:443 · frames 5-7\n" in text
