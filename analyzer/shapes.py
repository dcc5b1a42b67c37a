"""What a YAML file may say, written once as tables: read with lines in its errors, and shown as JSON Schema."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from analyzer.yamlfile import Node, YamlError

Schema = dict[str, object]


@dataclass(frozen=True)
class Shape:
    """What may stand at a place: `read` gives its value or raises YamlError, `schema` says it to an editor."""

    wanted: str
    read: Callable[[Node], object]
    schema: Mapping[str, object]


@dataclass(frozen=True)
class Key:
    """One key of a mapping: what stands there, whether it must, what it means; `default` where it is left out."""

    shape: Shape
    meaning: str
    default: object = None
    required: bool = False


CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""What no text may hold: control characters (ECMA-48), tabs and ends of lines aside; bidirectional ones (UAX #9)."""

CONTROL = re.compile(f"[{CONTROLS}]")


def written(node: Node) -> str:
    """What stands at a node, short enough for one line and harmless on a terminal."""
    if node.items is not None:
        return "a list"
    if node.fields is not None:
        return "a mapping"
    if node.value is None:
        return "nothing"
    said = ascii(node.value)
    return said if len(said) <= 60 else said[:57] + "..."


def refuse(node: Node, wanted: str) -> YamlError:
    """The error for a node at which something else was expected."""
    return YamlError(node.line, f"expected {wanted}, found {written(node)}")


def text(
    wanted: str = "text", pattern: str = "", check: Callable[[str], str] | None = None, limit: int = 2000
) -> Shape:
    """Text; `pattern` is a regular expression both for Python and for ECMA 262, `check` gives the value or raises."""
    compiled = re.compile(pattern.removesuffix("$") + r"\Z") if pattern else None

    def read(node: Node) -> object:
        value = node.value
        if isinstance(value, int | float) and not pattern:
            raise YamlError(node.line, f"expected {wanted}: put it in quotes, as '{value}'")
        if not isinstance(value, str) or not value.strip() or len(value) > limit:
            raise refuse(node, wanted)
        if CONTROL.search(value):
            raise refuse(node, f"{wanted} without control characters")
        if compiled is not None and not compiled.match(value):
            raise refuse(node, wanted)
        if check is None:
            return value
        try:
            return check(value)
        except ValueError as error:
            raise refuse(node, wanted) from error

    schema: Schema = {"type": "string", "minLength": 1, "maxLength": limit, "pattern": pattern or f"^[^{CONTROLS}]*$"}
    return Shape(wanted, read, schema)


def number(wanted: str, above: float, below: float) -> Shape:
    """A number from `above` to `below`, both allowed."""

    def read(node: Node) -> object:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float) or not above <= value <= below:
            raise refuse(node, wanted)
        return float(value)

    return Shape(wanted, read, {"type": "number", "minimum": above, "maximum": below})


def whole(wanted: str, above: int, below: int) -> Shape:
    """A whole number from `above` to `below`, both allowed."""

    def read(node: Node) -> object:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int) or not above <= value <= below:
            raise refuse(node, wanted)
        return value

    return Shape(wanted, read, {"type": "integer", "minimum": above, "maximum": below})


def flag() -> Shape:
    """True or false."""

    def read(node: Node) -> object:
        if not isinstance(node.value, bool):
            raise refuse(node, "true or false")
        return node.value

    return Shape("true or false", read, {"type": "boolean"})


def choice(*values: str) -> Shape:
    """One of some words."""
    wanted = "one of " + ", ".join(values)

    def read(node: Node) -> object:
        if node.value not in values or not isinstance(node.value, str):
            raise refuse(node, wanted)
        return node.value

    return Shape(wanted, read, {"enum": list(values)})


def either(first: Shape, second: Shape) -> Shape:
    """The first where it fits, else the second."""
    wanted = f"{first.wanted} or {second.wanted}"

    def read(node: Node) -> object:
        for shape in (first, second):
            try:
                return shape.read(node)
            except YamlError:
                continue
        raise refuse(node, wanted)

    return Shape(wanted, read, {"anyOf": [first.schema, second.schema]})


def many(of: Shape, most: int = 1000) -> Shape:
    """A list, of which no two values are the same; a tuple of its values."""

    def read(node: Node) -> object:
        if node.items is None:
            raise YamlError(node.line, f"expected a list of {of.wanted}, found {written(node)}")
        if len(node.items) > most:
            raise YamlError(node.line, f"expected {most} entries at most, found {len(node.items)}")
        values: list[object] = []
        for item in node.items:
            value = of.read(item)
            if value in values and item.fields is None:
                raise YamlError(item.line, f"{written(item)} stands here twice")
            values.append(value)
        return tuple(values)

    return Shape(f"a list of {of.wanted}", read, {"type": "array", "items": of.schema, "maxItems": most})


def one_or_many(of: Shape) -> Shape:
    """One value or a list of them; always a tuple."""
    listed = many(of)

    def read(node: Node) -> object:
        return listed.read(node) if node.items is not None else (of.read(node),)

    return Shape(f"{of.wanted} or a list of them", read, {"anyOf": [of.schema, listed.schema]})


def mapping(keys: Mapping[str, Key], build: Callable[[Node, dict[str, object]], object], wanted: str) -> Shape:
    """A mapping with these keys and no other; `build` makes the value of the node and all keys' values."""

    def read(node: Node) -> object:
        if node.fields is None:
            raise refuse(node, wanted)
        for given, line in node.key_lines.items():
            if given not in keys:
                raise YamlError(line, f"unknown key {ascii(given)[:60]}; expected one of {', '.join(keys)}")
        values: dict[str, object] = {}
        for name, key in keys.items():
            if name in node.fields:
                values[name] = key.shape.read(node.fields[name])
            elif key.required:
                raise YamlError(node.line, f"{wanted} without {name!r}; expected {key.shape.wanted}")
            else:
                values[name] = key.default
        return build(node, values)

    schema: Schema = {
        "type": "object",
        "properties": {name: {**key.shape.schema, "description": key.meaning} for name, key in keys.items()},
        "required": [name for name, key in keys.items() if key.required],
        "additionalProperties": False,
    }
    return Shape(wanted, read, schema)


HOST_NAME = r"^(\*\.)?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]\.?$"


def _lower(value: str) -> str:
    """A host name as it is compared: small letters, no trailing dot."""
    return value.lower().removesuffix(".")


def _address(value: str) -> str:
    """An address in its one canonical form (RFC 5952 for IPv6)."""
    return str(ipaddress.ip_address(value))


def _network(value: str) -> str:
    """An address, or a network whose host bits are zero, in canonical form."""
    return str(ipaddress.ip_network(value)) if "/" in value else _address(value)


NAME = text("a host name, or *. and a host name in quotes", HOST_NAME, _lower, 253)
ADDRESS = text("an IP address", "", _address, 45)
NETWORK = text("an IP address, or a network without host bits", "", _network, 49)
WORD = text("a word of small letters, digits and -", r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", None, 60)
LINE = text("text")
