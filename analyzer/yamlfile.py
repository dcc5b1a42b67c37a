"""YAML text becomes plain nodes that know their lines, whatever the text holds.

Less than YAML is read, on purpose: anchors, aliases, tags, merge keys and several documents are refused (the first two
are how a short text unfolds to gigabytes), a key may stand once, and size and depth are bounded. Scalars are those of
the YAML 1.2 core schema, decimal numbers only.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

MAX_OCTETS = 1 << 20
MAX_DEPTH = 16

INTEGER = re.compile(r"[-+]?[0-9]{1,18}\Z")
DECIMAL = re.compile(r"[-+]?(?:[0-9]{1,18}(?:\.[0-9]{0,24})?|\.[0-9]{1,24})(?:[eE][-+]?[0-9]{1,3})?\Z")
WORDS: Mapping[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}

Scalar = str | int | float | bool | None


class YamlError(ValueError):
    """A text that cannot be taken, at `line` (counted from 1)."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True)
class Node:
    """A value and the line where it begins: a scalar, or `items` of a list, or `fields` of a mapping."""

    line: int
    value: Scalar = None
    items: tuple[Node, ...] | None = None
    fields: Mapping[str, Node] | None = None
    key_lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def plain(self) -> object:
        """The value without lines: scalars, lists and dictionaries."""
        if self.items is not None:
            return [item.plain for item in self.items]
        if self.fields is not None:
            return {key: node.plain for key, node in self.fields.items()}
        return self.value


def read(path: Path) -> Node:
    """The document in a file; raises YamlError, also where the file cannot be read."""
    return parse(text_of(path))


def text_of(path: Path) -> str:
    """The text in a file, without a byte order mark; raises YamlError where it cannot be had or is no UTF-8."""
    try:
        with path.open("rb") as file:
            octets = file.read(MAX_OCTETS + 1)
    except OSError as error:
        raise YamlError(1, f"the file cannot be read: {error.strerror}") from error
    if len(octets) > MAX_OCTETS:
        raise YamlError(1, f"the file is larger than {MAX_OCTETS} octets")
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise YamlError(line, "expected UTF-8 text") from error


def parse(text: str) -> Node:
    """The one document that a text holds; an empty text is an empty mapping. Raises YamlError."""
    if len(text) > MAX_OCTETS:
        raise YamlError(1, f"the text is longer than {MAX_OCTETS} characters")
    try:
        return _document(_events(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(mark.line + 1 if mark else 1, f"no YAML: {error.problem or error.context}") from error
    except YAMLError as error:
        position = getattr(error, "position", 0)
        raise YamlError(text.count("\n", 0, position) + 1, "a character that YAML does not allow") from error


def _events(text: str) -> Iterator[Event]:
    """The parser's events; what its scanner raises beside its own errors becomes one of them."""
    events = YAML(typ="safe", pure=True).parse(io.StringIO(text))
    line = 1
    while True:
        try:
            event = next(events)
        except StopIteration:
            return
        except (ValueError, OverflowError, IndexError, AttributeError, TypeError, AssertionError) as error:
            raise YamlError(line, "no YAML: the scanner gave up here") from error
        line = event.start_mark.line + 1
        yield event


def _document(events: Iterator[Event]) -> Node:
    """The node of the only document."""
    for event in events:
        if isinstance(event, StreamEndEvent):
            return Node(1, fields={})
        if isinstance(event, DocumentStartEvent):
            break
    root = _node(next(events), events, 0)
    for event in events:
        if isinstance(event, DocumentStartEvent):
            raise YamlError(event.end_mark.line + 1, "expected one document, here begins another")
    return Node(root.line, fields={}) if root.plain is None else root


def _node(event: Event, events: Iterator[Event], depth: int) -> Node:
    """The node that begins with `event`; takes the events that belong to it."""
    line = event.start_mark.line + 1
    assert isinstance(event, NodeEvent)
    if event.anchor is not None:
        raise YamlError(line, "anchors (&) and aliases (*) are not allowed; a name that begins with * needs quotes")
    if isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag not in (None, "!"):
        raise YamlError(line, "tags (!) are not allowed")
    if depth > MAX_DEPTH:
        raise YamlError(line, f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(event, ScalarEvent):
        return Node(line, value=_scalar(event, line))
    if isinstance(event, SequenceStartEvent):
        items = []
        while not isinstance(event := next(events), SequenceEndEvent):
            items.append(_node(event, events, depth + 1))
        return Node(line, items=tuple(items))
    assert isinstance(event, MappingStartEvent)
    return _mapping(line, events, depth)


def _mapping(line: int, events: Iterator[Event], depth: int) -> Node:
    """The mapping whose start has just been taken."""
    fields: dict[str, Node] = {}
    key_lines: dict[str, int] = {}
    while not isinstance(event := next(events), MappingEndEvent):
        key = _node(event, events, depth + 1)
        if not isinstance(key.value, str):
            raise YamlError(key.line, "expected a word as key")
        if key.value in fields:
            raise YamlError(key.line, f"the key {key.value!r} stands here twice (first in line {key_lines[key.value]})")
        key_lines[key.value] = key.line
        fields[key.value] = _node(next(events), events, depth + 1)
    return Node(line, fields=fields, key_lines=key_lines)


def _scalar(event: ScalarEvent, line: int) -> Scalar:
    """What a scalar means in the core schema of YAML 1.2.2, section 10.3; what is quoted is text."""
    text: str = event.value
    if event.style is not None or event.tag == "!":
        return _whole_letters(text, line)
    if text in WORDS:
        return WORDS[text]
    if INTEGER.match(text):
        return int(text)
    if DECIMAL.match(text):
        return float(text)
    if text.startswith("<<"):
        raise YamlError(line, "merge keys (<<) are not allowed")
    return text


def _whole_letters(text: str, line: int) -> str:
    r"""Text in which two escapes as \ud83d\ude00 are one letter, as in JSON; half of a pair is refused."""
    if not any("\ud800" <= letter <= "\udfff" for letter in text):
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise YamlError(line, "half of a surrogate pair is no letter") from error
