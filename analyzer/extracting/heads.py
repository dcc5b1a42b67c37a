"""Heads of HTTP messages become ones with other hosts and words, without queries and credentials; bodies are zeroed.

Source: RFC 9112, RFC 9110 sections 4.2.4 and 11; RFC 3986.
"""

from __future__ import annotations

import re

from analyzer.extracting.disguise import Disguise

LINE = re.compile(rb"(?:[A-Z][A-Z_-]{1,31} [\x21-\xff]+ HTTP/1\.[01]|HTTP/1\.[01] [1-5][0-9]{2}[^\r\n]*)\r?\n")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([ \t]*)([^\r\n]*)\r?\n")
TITLE = re.compile(rb"(<title[^>]{0,256}>)([^<]{0,512})", re.IGNORECASE)
MOST_BODY = 4096
"""Octets of a page in which its title is looked for."""

URI = re.compile(
    rb"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*:)?//(?P<place>[^/?#\s]*))?(?P<path>[^?#]*)(?P<query>.*)", re.DOTALL
)
LITERAL = re.compile(rb"(\[[^\]]*\])(:[0-9]*)?")
NUMBERS = frozenset({b"content-length"})
TOKENS = frozenset(
    b"accept-ranges connection content-encoding content-type proxy-connection proxy-status server transfer-encoding "
    b"upgrade user-agent via x-blocked-by x-squid-error".split()
)
SCHEMES = frozenset(b"authorization proxy-authorization www-authenticate proxy-authenticate".split())
PLACES = frozenset(b"location referer".split())
SECRET = frozenset(
    b"accept accept-encoding accept-language cache-control cookie date etag expires last-modified pragma set-cookie "
    b"vary x-api-key x-auth-token x-forwarded-for".split()
)
"""Fields of which the name alone is kept; of others it is words as well."""

NAMED = frozenset((b"host", *NUMBERS, *TOKENS, *SCHEMES, *PLACES, *SECRET))
MASK = b"x"


def http(octets: bytes, disguise: Disguise) -> bytes:
    """The heads, and the titles of pages, of a stream that may hold other octets between them, which are zeroed."""
    made = bytearray(len(octets))
    at = 0
    while (line := LINE.search(octets, at)) is not None:
        made[line.start() : line.end()] = _start_line(line[0], disguise)
        at = line.end()
        while (field := FIELD.match(octets, at)) is not None:
            made[at : field.end()] = _field(field, disguise)
            at = field.end()
        ending = 2 if octets[at : at + 2] == b"\r\n" else 1 if octets[at : at + 1] == b"\n" else 0
        made[at : at + ending] = octets[at : at + ending]
        at += ending
        if title := TITLE.search(octets, at, at + MOST_BODY):
            made[title.start() : title.end()] = b"<title>".ljust(len(title[1])) + disguise.words(title[2])
    return bytes(made)


def _start_line(line: bytes, disguise: Disguise) -> bytes:
    """A request without what its query says, or a status line."""
    if line.startswith(b"HTTP/"):
        return line[:12] + disguise.words(line[12:])
    method, target, version = line.split(b" ", 2)
    target = authority(target, disguise) if method == b"CONNECT" else uri(target, disguise)
    return b" ".join((method, target, version))


def uri(text: bytes, disguise: Disguise) -> bytes:
    """A URI with another host and other words in its path, without what its query and its userinfo say."""
    found = URI.fullmatch(text)
    assert found is not None
    before = (found["scheme"] or b"") + (b"//" if found["place"] is not None else b"")
    query = found["query"][:1] + MASK * (len(found["query"]) - 1)
    return before + authority(found["place"] or b"", disguise) + disguise.words(found["path"]) + query


def authority(text: bytes, disguise: Disguise) -> bytes:
    """user@host:port with another host, and nobody's user."""
    user, at, place = text.rpartition(b"@")
    if literal := LITERAL.fullmatch(place):
        place = re.sub(rb"[^\[\]:.]", b"1", literal[1]) + (literal[2] or b"")
    else:
        host, colon, port = place.partition(b":")
        place = disguise.name(host) + colon + (port if port.isdigit() and len(port) <= 5 else MASK * len(port))
    return MASK * len(user) + at + place


def _field(field: re.Match[bytes], disguise: Disguise) -> bytes:
    """A field with the value that is kept of it, as long as before."""
    name, value = field[1].lower(), field[3]
    kept = value.rstrip()
    if name == b"host":
        made = authority(kept, disguise)
    elif name in PLACES:
        made = uri(kept, disguise)
    elif name in SCHEMES:
        scheme, blank, rest = kept.partition(b" ")
        made = disguise.words(scheme) + blank + MASK * len(rest)
    elif name in TOKENS:
        made = disguise.words(kept)
    else:
        made = kept if name in NUMBERS and kept.isdigit() else MASK * len(kept)
    named = field[1] if name in NAMED else disguise.words(field[1])
    whole, begin = field[0], len(field[1]) + 1 + len(field[2])
    return named + whole[len(named) : begin] + made + whole[begin + len(kept) :]
