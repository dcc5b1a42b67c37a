import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.shapes import (
    ADDRESS,
    LINE,
    NAME,
    NETWORK,
    WORD,
    Key,
    choice,
    either,
    flag,
    many,
    mapping,
    number,
    one_or_many,
    text,
    whole,
    written,
)
from analyzer.yamlfile import Node, YamlError, parse


def node(value):
    """The node of a value as it would stand in a file."""
    if isinstance(value, list):
        return Node(1, items=tuple(node(item) for item in value))
    if isinstance(value, dict):
        return Node(1, fields={k: node(v) for k, v in value.items()}, key_lines=dict.fromkeys(value, 1))
    return Node(1, value=value)


def taken(shape, value):
    """What a shape makes of a value, or the reason why it does not."""
    try:
        return shape.read(node(value))
    except YamlError as error:
        return error.reason


@pytest.mark.parametrize(
    ("shape", "value", "expected"),
    [
        (NAME, "API.Example.COM.", "api.example.com"),
        (NAME, "*.example.com", "*.example.com"),
        (NAME, "352302322568.dkr.ecr.us-west-2.amazonaws.com", "352302322568.dkr.ecr.us-west-2.amazonaws.com"),
        (ADDRESS, "2001:DB8::0001", "2001:db8::1"),
        (NETWORK, "10.0.0.0/8", "10.0.0.0/8"),
        (NETWORK, "8.8.8.8", "8.8.8.8"),
        (WORD, "wireless-lan", "wireless-lan"),
        (number("a share", 0, 1), 1, 1.0),
        (LINE, "two\nlines,\t\u05d0 \u540d", "two\nlines,\t\u05d0 \u540d"),
        (whole("a row", 0, 9), 9, 9),
        (flag(), False, False),
        (choice("up", "down"), "up", "up"),
        (many(WORD), ["a", "b"], ("a", "b")),
        (one_or_many(WORD), "a", ("a",)),
        (one_or_many(WORD), ["a"], ("a",)),
        (either(number("a number", 0, 9), WORD), "a", "a"),
    ],
)
def test_what_is_expected_is_taken(shape, value, expected):
    """Names, addresses and numbers come out in the one form in which they are compared; the schema takes them too."""
    assert expected == taken(shape, value)
    jsonschema.validate(value, shape.schema)


@pytest.mark.parametrize(
    ("shape", "value", "words"),
    [
        *((LINE, f"a{sign}b", "text without control") for sign in "\x00\x1b\r\x7f\x9b\u200f\u202e\u2069"),
        (NAME, "example", "expected a host name"),
        (NAME, "a.*.example.com", "expected a host name"),
        (NAME, "*example.com", "expected a host name"),
        (NAME, "exa mple.com", "expected a host name"),
        (NAME, "10.0.0.1", "expected a host name"),
        (NAME, "example.com\n", "expected a host name"),
        (NAME, "-a.example.com", "expected a host name"),
        (NAME, 3, "found 3"),
        (ADDRESS, "10.0.0.256", "expected an IP address, found '10.0.0.256'"),
        (ADDRESS, "10.0.0.0/8", "expected an IP address"),
        (NETWORK, "10.0.0.1/8", "without host bits"),
        (WORD, "Wireless", "expected a word of small letters"),
        (LINE, "  ", "expected text"),
        (LINE, 3, "put it in quotes, as '3'"),
        (LINE, None, "found nothing"),
        (LINE, ["x"], "found a list"),
        (number("a share", 0, 1), 1.5, "expected a share, found 1.5"),
        (number("a share", 0, 1), True, "expected a share, found True"),
        (number("a share", 0, 1), float("nan"), "expected a share"),
        (whole("a row", 0, 9), 1.0, "expected a row"),
        (flag(), "true", "expected true or false"),
        (choice("up", "down"), "left", "expected one of up, down, found 'left'"),
        (choice("up"), ["up"], "expected one of up, found a list"),
        (many(WORD), "a", "expected a list of a word"),
        (many(WORD), ["a", "a"], "'a' stands here twice"),
        (many(WORD, 1), ["a", "b"], "expected 1 entries at most, found 2"),
        (either(number("a number", 0, 9), WORD), "A", "expected a number or a word"),
    ],
)
def test_what_is_not_expected_says_what_was(shape, value, words):
    """The reason names what was expected and what was found."""
    assert words in taken(shape, value)


def test_mappings_name_unknown_and_missing_keys():
    """An unknown key is refused at its own line with the keys that may stand there, a missing one at the mapping's."""
    shape = mapping({"a": Key(WORD, "a word", required=True), "b": Key(WORD, "", "x")}, lambda _, v: v, "a thing")
    assert shape.read(parse("a: one")) == {"a": "one", "b": "x"}
    with pytest.raises(YamlError, match=r"line 2: unknown key 'c'; expected one of a, b"):
        shape.read(parse("a: one\nc: two"))
    with pytest.raises(YamlError, match=r"a thing without 'a'; expected a word"):
        shape.read(parse("b: two"))
    with pytest.raises(YamlError, match=r"expected a thing, found a list"):
        shape.read(parse("[a]"))


@settings(deadline=None)
@given(st.text())
def test_what_was_found_is_harmless_in_one_line(value):
    """Whatever was found is told in printable ASCII, and shortly."""
    said = written(Node(1, value=value))
    assert said.isascii()
    assert said.isprintable()
    assert len(said) <= 60


@settings(deadline=None)
@given(st.text(st.sampled_from("aB1-_.*\n "), max_size=12))
def test_patterns_mean_the_same_to_the_schema(value):
    """A text that a pattern takes is one that the schema takes."""
    for shape in (NAME, WORD, text("x", r"^[a-z]+$")):
        if "expected" not in str(taken(shape, value)):
            jsonschema.validate(value, shape.schema)
