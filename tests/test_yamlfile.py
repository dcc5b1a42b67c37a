import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.yamlfile import MAX_DEPTH, MAX_OCTETS, YamlError, parse, read

WORDS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x2FFF, exclude_characters="\x7f"), min_size=1)
KEYS = st.text(
    st.characters(exclude_categories=("Cs",)), max_size=40
)  # YAML bounds a key to 1024 characters, escapes included
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def refused_at(text):
    """The line at which a text is refused, 0 where it is read."""
    try:
        parse(text)
    except YamlError as error:
        return error.line
    return 0


@settings(deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_what_json_writes_is_read_as_it_was(data):
    """JSON is YAML, so whatever it writes comes back unchanged."""
    escaped = json.dumps(data, ensure_ascii=True)
    assert data == parse(escaped).plain


@settings(deadline=None)
@given(st.text(st.sampled_from("ab:-#[]{}&*!|>'\"%@`,? \n\t0.~\\U\ufeff"), max_size=60))
def test_any_text_is_read_or_refused(text):
    """Whatever the text, it gives a node or a YamlError with a line in it."""
    assert 0 <= refused_at(text) <= text.count("\n") + 2


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_letters_are_read_or_refused(text):
    """Letters that YAML does not allow are a YamlError as well."""
    assert 0 <= refused_at(text) <= text.count("\n") + 2


def test_lines_are_counted_from_one():
    """Each value knows the line where it begins, each key the line where it stands."""
    root = parse("# first\na:\n  - x\n  - {b: y}\n")
    assert root.fields is not None
    assert root.key_lines == {"a": 2}
    first, second = root.fields["a"].items
    assert (first.line, second.line, second.fields["b"].line) == (3, 4, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1", 1),
        ("a: -7", -7),
        ("a: 0.25", 0.25),
        ("a: true", True),
        ("a: yes", "yes"),
        ("a: '1'", "1"),
        ("a: 00:16:3e:00:00:01", "00:16:3e:00:00:01"),
        ("a: 10M", "10M"),
        ("a: 0x10", "0x10"),
        ("a: 2026-01-01", "2026-01-01"),
        ("a: 53/udp", "53/udp"),
        ("a:", None),
        ("a: ''", ""),
    ],
)
def test_scalars_are_those_of_the_core_schema(text, expected):
    """Addresses, rates, ports and dates stay text; only decimal numbers, true and false and nothing are more."""
    value = parse(text).fields["a"].value
    assert (type(value), value) == (type(expected), expected)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3", 3, "twice (first in line 1)"),
        ("a: 1\nb: *.example.com", 2, "a name that begins with * needs quotes"),
        ("a: &x [1]\nb: *x", 1, "anchors"),
        ("a: !!python/object/apply:os.system [id]", 1, "tags"),
        ("a: 1\n---\nb: 2", 2, "expected one document"),
        ("a: [1, 2", 1, "no YAML"),
        ("\n\na: b: c", 3, "no YAML"),
        ("1: a", 1, "expected a word as key"),
        ("[1]: a", 1, "expected a word as key"),
        ("<<: {a: 1}", 1, "merge keys"),
        ("\na: \x07", 2, "a character that YAML does not allow"),
        ('a: "\\ud83d"', 1, "half of a surrogate pair"),
        ('a: "\\U00110000"', 1, "the scanner gave up here"),
    ],
)
def test_what_is_refused_names_its_line(text, line, words):
    """Everything that is more than plain YAML is refused at its line."""
    with pytest.raises(YamlError) as caught:
        parse(text)
    assert line == caught.value.line
    assert words in caught.value.reason


def test_nothing_is_an_empty_mapping():
    """An empty text, one of comments only, and an empty document say nothing."""
    assert [parse(text).plain for text in ("", "# nothing\n", "---\n", "~")] == [{}] * 4


def test_deep_nesting_is_left_early():
    """A hundred thousand brackets cost no more than the allowed depth."""
    with pytest.raises(YamlError, match=f"deeper than {MAX_DEPTH} levels"):
        parse("[" * 100_000)


def test_a_text_that_would_unfold_is_refused():
    """The anchors of a billion laughs are refused before anything unfolds."""
    laughs = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdef", "bcdefg", strict=True))
    with pytest.raises(YamlError, match="anchors"):
        parse(laughs)


def test_files_are_bounded_and_utf8(tmp_path):
    """A file too large, in another encoding or not there is refused; a byte order mark is not in the way."""
    file = tmp_path / "x.yaml"
    with pytest.raises(YamlError, match="cannot be read"):
        read(file)
    with pytest.raises(YamlError, match="cannot be read"):
        read(tmp_path)
    file.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(YamlError, match="line 2: expected UTF-8"):
        read(file)
    file.write_bytes(b"#" * (MAX_OCTETS + 1))
    with pytest.raises(YamlError, match="larger than"):
        read(file)
    with pytest.raises(YamlError, match="longer than"):
        parse("#" * (MAX_OCTETS + 1))
    file.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read(file).plain == {"a": 1}
