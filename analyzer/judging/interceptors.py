"""Known interceptors, by the issuers that they put into the certificates they make: interceptors.toml.

A name can be borrowed, and a customer can give such a box an authority with any name: it names a suspect, and convicts
nobody. Which certificates it is asked about is decided elsewhere: those for which nobody vouches.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import tomllib
from pathlib import Path
from typing import NamedTuple

from analyzer.judging.vouching import FIELDS, Leaf

DATA = Path(__file__).with_name("interceptors.toml")
WHOLE = "DN"


class Interceptor(NamedTuple):
    """A pattern by which a product is known, in a field of the issuer's name (DN: all of it), and where that stands."""

    product: str
    field: str
    pattern: re.Pattern[str]
    source: str
    read: dt.date


@functools.cache
def interceptors() -> tuple[Interceptor, ...]:
    """All that are known; raises ValueError where the file is not as it should be."""
    entries = tomllib.loads(DATA.read_text("utf-8"))["interceptor"]
    made = tuple(
        Interceptor(
            entry["product"],
            entry["field"],
            re.compile(entry["pattern"], re.IGNORECASE),
            entry["source"],
            entry["read"],
        )
        for entry in entries
    )
    if unknown := {one.field for one in made} - {*FIELDS, WHOLE}:
        raise ValueError(f"{DATA.name}: no such field: {', '.join(sorted(unknown))}")
    return made


def product_of(leaf: Leaf) -> str:
    """The product whose issuer a certificate names, empty for none."""
    for one in interceptors():
        texts = [leaf.issuer] if one.field == WHOLE else [text for field, text in leaf.fields if field == one.field]
        if any(one.pattern.search(text) for text in texts):
            return one.product
    return ""
