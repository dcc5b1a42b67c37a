import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import RulePackError
from analyzer.findings import Basis, Severity
from analyzer.rulelint import lint
from analyzer.rulepack import Port, load, matches_name, refers, shipped

THIRD = """\
pack: robots
title: Acme Robots, network guide
document: robots.txt
variants: [cloud, cellar]
roles:
  - {name: arm, title: Robot arm, originates: ac-cloud, unless: ac-time, general: true, unlisted: low}
  - {name: cell, title: Cell controller, responds: [ac-cell*], together: [[[ac-cloud], [ac-time]]]}
rules:
  - id: ac-cloud
    kind: destination
    basis: documented
    cite: {section: Ports, row: 1}
    quote: "8883\\t*.robots.example"
    title: Cloud
    who: arm
    to: {names: "*.Robots.example.", at: 192.0.2.7, ports: [8883/tcp], payload: tls}
    severity: high
    variants: cloud
  - id: ac-cell
    kind: destination
    basis: reading
    because: the guide says so between the lines
    cite: {section: Ports, row: 2}
    quote: 502 cell
    title: Cell
    who: [arm]
    to: {role: cell, ports: 502/tcp, payload: modbus}
    severity: medium
    topologies: [isolated, unstated]
    required: false
  - id: ac-time
    kind: destination
    basis: documented
    cite: {section: Time}
    quote: any NTP server
    title: Time
    who: [arm, cell]
    to: {ports: 123/udp, payload: ntp}
    severity: low
    remedy: Let NTP pass.
  - id: ac-check
    kind: checklist
    basis: documented
    cite: {section: Time}
    quote: any NTP server
    title: Check
    severity: info
    options: {answered_by: ac-*}
not_rules:
  - {cite: {section: Time}, quote: Time, reason: a heading}
"""
TEXT = "Ports\n\n8883\t*.robots.example\n502 cell\n\n Time\nany NTP server will do\n"


@pytest.fixture
def third(tmp_path):
    """A function that writes the third pack, changed as asked, and gives its path."""

    def write(*changes):
        pack = THIRD
        for old, new in changes:
            assert old in pack
            pack = pack.replace(old, new, 1)
        (tmp_path / "robots.yaml").write_text(pack)
        (tmp_path / "robots.txt").write_text(TEXT)
        return tmp_path / "robots.yaml"

    return write


def test_a_third_pack_works_with_yaml_alone(third):
    """A vendor that nobody knows, with roles and a document of its own, is a YAML file and a text."""
    pack = load(third())
    cloud, cell, time, check = pack.rules
    assert (pack.name, pack.document, pack.text, pack.variants) == ("robots", "robots.txt", TEXT, ("cloud", "cellar"))
    assert cloud.to.names == ("*.robots.example",)
    assert (cloud.to.at, cloud.to.ports) == (("192.0.2.7",), (Port(8883, "tcp"),))
    assert (cloud.cite.document, cloud.cite.section, cloud.cite.row) == ("Acme Robots, network guide", "Ports", 1)
    assert (cloud.severity, cloud.basis, cloud.required, cloud.line) == (Severity.HIGH, Basis.DOCUMENTED, True, 9)
    assert cloud.options == {"direction": "out"}
    assert (cell.topologies, cell.required, cell.to.role) == (("isolated", ""), False, "cell")
    assert check.options == {"answered_by": ("ac-*",)}
    assert time.cite.row == 0
    arm, controller = pack.roles
    assert (arm.originates, arm.unless, arm.general, arm.unlisted) == (("ac-cloud",), ("ac-time",), True, Severity.LOW)
    assert controller.together == ((("ac-cloud",), ("ac-time",)),)
    assert pack.not_rules[0].reason == "a heading"


def test_a_third_pack_is_linted(third):
    """The third pack gets its remarks, by what its rules say."""
    remarks = {(remark.code, remark.rules) for remark in lint(load(third()))}
    assert ("anybody", ("ac-time",)) in remarks
    assert ("no-remedy", ("ac-cloud",)) in remarks


def test_a_pack_without_a_document_is_taken_at_its_word(third):
    """Without the document's text quotes cannot be checked, and the title stands for the document."""
    pack = load(third(("document: robots.txt\n", ""), ("any NTP server", "no such words")))
    assert (pack.text, pack.document) == ("", "Acme Robots, network guide")


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("kind: destination", "kind: destiny", 10, "expected one of destination"),
        ("id: ac-cell", "id: ac-cloud", 19, "ac-cloud stands here twice (first in line 9)"),
        ("name: cell,", "name: arm,", 7, "arm stands here twice (first in line 6)"),
        ("name: cell,", "name: proxy,", 7, "the role proxy is known without a pack"),
        ("who: arm", "who: leg", 9, "unknown role leg; expected one of arm, cell"),
        ("role: cell,", "role: cellar,", 19, "unknown role cellar"),
        ("variants: cloud", "variants: attic", 9, "unknown variant attic; expected one of cellar, cloud"),
        ("originates: ac-cloud", "originates: ac-clod", 6, "no rule has the id ac-clod"),
        ("[[[ac-cloud]", "[[[ac-clod]", 7, "no rule has the id ac-clod"),
        ("unless: ac-time", "unless: no-*", 6, "no rule has the id no-*"),
        ("answered_by: ac-*", "answered_by: b-*", 41, "no rule has the id b-*"),
        ("quote: 502 cell", "quote: 502  cell", 19, "the quote '502  cell' stands nowhere in robots.txt"),
        ('quote: "8883\\t*', 'quote: "8883 *', 9, "stands nowhere"),
        ("section: Ports", "section: Port", 9, "the section 'Port' is no line of robots.txt"),
        ("    quote: 502 cell\n", "", 19, "a rule without 'quote'"),
        ("robots.txt", "robot.txt", 3, "expected the document's text beside the pack"),
        ("robots.txt", "../robots.txt", 3, "expected the name of a file in the same folder"),
        ('names: "*.Robots.example."', "names: *.Robots.example", 16, "needs quotes"),
        ("pack: robots", "pack: robots\npack: robots", 2, "twice"),
        ("quote: Time,", "quote: Thyme,", 50, "the quote 'Thyme' stands nowhere"),
        ("rules:", "rule:", 8, "unknown key 'rule'"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_what_was_expected(third, old, new, line, words):
    """A pack that says something it may not say gives one line: file, line, what was expected."""
    path = third((old, new))
    with pytest.raises(RulePackError) as caught:
        load(path)
    assert line == caught.value.line
    assert words in caught.value.reason
    assert str(caught.value) == f"{path}: line {line}: {caught.value.reason}"


def test_a_pack_that_is_not_there_is_a_pack_error(tmp_path):
    """A path without a file behind it is told in the same way."""
    with pytest.raises(RulePackError, match="cannot be read: No such file"):
        load(tmp_path / "none.yaml")


def test_a_document_that_is_no_text_is_refused(third, tmp_path):
    """A document in another encoding cannot be quoted."""
    path = third()
    (tmp_path / "robots.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(RulePackError, match="line 3: expected the document's text in UTF-8"):
        load(path)


def test_both_documents_are_shipped():
    """The packs of both vendors travel with the program, each with its document."""
    assert [pack.name for pack in shipped()] == ["machinemetrics", "skala"]
    assert all(pack.text for pack in shipped())


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("*.balena-cloud.com", "a.balena-cloud.com", True),
        ("*.balena-cloud.com", "a.b.balena-cloud.com", True),
        ("*.balena-cloud.com", "A.Balena-Cloud.Com.", True),
        ("*.balena-cloud.com", "balena-cloud.com", False),
        ("*.balena-cloud.com", ".balena-cloud.com", False),
        ("*.balena-cloud.com", "a.balena-cloud.com.example.net", False),
        ("*.balena-cloud.com", "evilbalena-cloud.com", False),
        ("api.example.com", "API.example.com.", True),
        ("api.example.com", "x.api.example.com", False),
        ("api.example.com", "", False),
        ("*.example.com", "", False),
        ("", "", False),
    ],
)
def test_names_match_by_whole_labels(pattern, name, expected):
    """A star stands for one or more labels; case and a final dot do not count."""
    assert expected == matches_name(pattern, name)


@settings(deadline=None)
@given(st.lists(st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True), min_size=1, max_size=4))
def test_a_star_takes_any_labels_and_never_none(labels):
    """Whatever stands before the dot matches; the bare name never does."""
    assert matches_name("*.vendor.example", ".".join([*labels, "vendor", "example"]))
    assert not matches_name("*.vendor.example", "vendor.example")
    assert not matches_name("*.vendor.example", "".join(labels) + "vendor.example")


def test_references_mean_one_id_or_a_beginning():
    """A final star stands for the rest of an id; without it the id itself is meant."""
    assert refers("mm-nats-*", "mm-nats-std-1")
    assert not refers("mm-nats", "mm-nats-std-1")
    pack = shipped()[0]
    assert [rule.id for rule in pack.select(("mm-gov-api", "mm-std-ecr*"))] == [
        "mm-std-ecr",
        "mm-std-ecr-layers",
        "mm-gov-api",
    ]
