"""What the user knows of the place: a site file, read from YAML and checked, or written as a draft."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from analyzer.errors import SiteFileError
from analyzer.shapes import (
    ADDRESS,
    CONTROL,
    HOST_NAME,
    NAME,
    NETWORK,
    WORD,
    Key,
    Schema,
    Shape,
    choice,
    either,
    many,
    mapping,
    number,
    text,
)
from analyzer.yamlfile import Node, YamlError
from analyzer.yamlfile import parse as parse_yaml
from analyzer.yamlfile import read as read_yaml

TOPOLOGIES = ("company", "isolated", "wireless-lan", "wireless", "cellular")
MACHINE_CLASSES = ("standard", "focas")


@dataclass(frozen=True)
class SiteHost:
    """One host of the site file; `machine_class` is standard or focas for machines, else empty."""

    name: str
    role: str
    addresses: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()
    machine_class: str = ""
    protocol: str = ""


@dataclass(frozen=True)
class Site:
    """All of a site file; everything is optional, and an empty Site knows nothing. `uplink_bps` is 0 where unsaid.

    `proxies` are address:port or name:port; `trust` holds paths that the program can open as they stand.
    """

    name: str = ""
    path: str = ""
    profiles: tuple[str, ...] = ()
    topology: str = ""
    company_networks: tuple[str, ...] = ()
    machine_networks: tuple[str, ...] = ()
    hosts: tuple[SiteHost, ...] = ()
    nat: tuple[str, ...] = ()
    resolvers: tuple[str, ...] = ()
    ntp: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = ()
    trust: tuple[str, ...] = ()
    tolerance: float = 0.25
    uplink_bps: float = 0.0


LINE_END = "\n"
UNITS = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}
RATE_FORM = r"^[0-9]{1,12}(\.[0-9]{1,9})?[kMG]?$"


def rate(written: str) -> float:
    """Bits per second of a rate as 512k, 10M or 1.5G (steps of 1000); raises ValueError."""
    match = re.fullmatch(RATE_FORM[1:-1], written)
    if match is None or not 0 < (bps := float(written.rstrip("kMG")) * UNITS[written[-1:].strip("0123456789")]) <= 1e12:
        raise ValueError(f"expected bits per second as 512k, 10M or 1.5G, found {written[:40]!a}")
    return bps


def load(path: str | Path) -> Site:
    """The site that a file describes; raises SiteFileError."""
    try:
        return _site(read_yaml(Path(path)), str(path))
    except YamlError as error:
        raise SiteFileError(str(path), error.line, error.reason) from error


def parse(written: str, path: str = "") -> Site:
    """The site that a text describes, as if it had been read from `path`; raises SiteFileError."""
    try:
        return _site(parse_yaml(written), path)
    except YamlError as error:
        raise SiteFileError(path or "site file", error.line, error.reason) from error


def write(site: Site, stream: TextIO, reasons: Sequence[str] = (), notes: Sequence[str] = ()) -> None:
    """Write a site file that `load` reads as the same site.

    reasons  for each host, in the order of `site.hosts`, why it has its role; may be empty
    notes    comments at the top
    Names may come from captures: whatever they hold, they end up as quoted text or within one comment.
    """
    stream.writelines(f"{line}\n" for line in _lines(site, reasons, notes))


def schema() -> Schema:
    """The format as JSON Schema (draft 2020-12), for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Site file",
        "description": "What is known of a site; everything is optional",
        **SITE.schema,
    }


def _mac(value: str) -> str:
    """A MAC address in small letters with colons."""
    return value.lower().replace("-", ":")


def _proxy(value: str) -> str:
    """A proxy as address:port, [address]:port for IPv6, or name:port."""
    host, _, port = value.rpartition(":")
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) <= 65535):
        raise ValueError(value)
    if host.startswith("[") and host.endswith("]"):
        return f"[{ipaddress.IPv6Address(host[1:-1])}]:{int(port)}"
    if re.fullmatch(r"[0-9.]+", host):
        return f"{ipaddress.IPv4Address(host)}:{int(port)}"
    if host.startswith("*") or re.fullmatch(HOST_NAME[1:-1], host) is None:
        raise ValueError(value)
    return f"{host.lower().removesuffix('.')}:{int(port)}"


def _host(_node: Node, values: dict[str, object]) -> dict[str, object]:
    """A host as the keywords of SiteHost."""
    values["machine_class"] = values.pop("class")
    return values


MAC = text("a MAC address", r"^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$", _mac, 17)
PROXY = text("a proxy as 10.0.0.1:3128 or proxy.example.com:3128", "", _proxy, 260)
PROFILE = text("a pack, or pack:variant", r"^[a-z][a-z0-9]*(-[a-z0-9]+)*(:[a-z][a-z0-9]*(-[a-z0-9]+)*)?$", None, 121)
UPLINK = text("a rate as 512k, 10M or 1.5G", RATE_FORM, lambda value: str(rate(value)), 24)
TITLE = text("a name", limit=300)

HOST = mapping(
    {
        "name": Key(TITLE, "as reports call it", required=True),
        "role": Key(
            WORD, "edge, machine, browser, nexus, ipad, pc, resolver, proxy, other, or a pack's own", required=True
        ),
        "class": Key(choice(*MACHINE_CLASSES), "of a machine: which upload the document grants it", ""),
        "protocol": Key(WORD, "of a machine: what it speaks, as flows call it", ""),
        "addresses": Key(many(ADDRESS), "its addresses", ()),
        "macs": Key(many(MAC), "its MAC addresses", ()),
    },
    _host,
    "a host",
)


def _plain(_node: Node, values: dict[str, object]) -> dict[str, object]:
    """A mapping stays a dictionary."""
    return values


NETWORKS = mapping(
    {
        "company": Key(many(NETWORK), "networks of the company side", ()),
        "machine": Key(many(NETWORK), "networks of the machines", ()),
    },
    _plain,
    "networks",
)


def _whole_site(node: Node, values: dict[str, object]) -> dict[str, object]:
    """A site whose addresses belong to one host each."""
    assert node.fields is not None
    hosts = node.fields.get("hosts")
    owners: dict[str, int] = {}
    for item, host in zip(hosts.items or () if hosts else (), _hosts(values["hosts"]), strict=True):
        for address in host.addresses:
            if address in owners:
                raise YamlError(item.line, f"{address} belongs to the host in line {owners[address]} already")
            owners[address] = item.line
    return values


SITE: Shape = mapping(
    {
        "site": Key(TITLE, "the site's name", ""),
        "profiles": Key(many(PROFILE), "packs that apply here, as machinemetrics:standard", ()),
        "topology": Key(choice(*TOPOLOGIES), "which of the document's five topologies", ""),
        "networks": Key(NETWORKS, "the site's own networks", None),
        "hosts": Key(many(HOST, 5000), "the hosts that are judged", ()),
        "nat": Key(many(NETWORK), "addresses behind which the site's hosts appear outside", ()),
        "resolvers": Key(many(ADDRESS), "the site's own resolvers", ()),
        "ntp": Key(many(ADDRESS), "the site's own time servers", ()),
        "proxies": Key(many(PROXY), "explicit proxies", ()),
        "mirrors": Key(many(NAME), "package sources that stand in for the document's", ()),
        "trust": Key(
            many(text("a path", limit=4000)), "PEM files of roots that count as vouching; from this folder", ()
        ),
        "tolerance": Key(number("a share as 0.25", 0, 10), "how much a rate may exceed its budget", 0.25),
        "uplink": Key(either(UPLINK, number("bits per second", 1, 1e12)), "the uplink's rate, as 10M", 0.0),
    },
    _whole_site,
    "a site file",
)


def _hosts(raw: Any) -> tuple[SiteHost, ...]:
    """The hosts of what was read."""
    return tuple(SiteHost(**host) for host in raw)


def _site(root: Node, path: str) -> Site:
    """The site of a document."""
    raw: Any = SITE.read(root)
    networks = raw.pop("networks") or {"company": (), "machine": ()}
    return Site(
        name=raw.pop("site"),
        path=path,
        company_networks=networks["company"],
        machine_networks=networks["machine"],
        hosts=_hosts(raw.pop("hosts")),
        trust=tuple(str(Path(path).parent / entry) for entry in raw.pop("trust")),
        uplink_bps=float(raw.pop("uplink")),
        **raw,
    )


def _lines(site: Site, reasons: Sequence[str], notes: Sequence[str]) -> Iterable[str]:
    """A site file, line by line."""
    folder = Path(site.path).parent
    networks = {"company": site.company_networks, "machine": site.machine_networks}
    yield from (f"# {_remark(note)}" for note in notes)
    yield from _entries(
        {
            "site": site.name and _quoted(site.name),
            "profiles": _list(site.profiles),
            "topology": site.topology,
            "networks": _braces({key: _list(value) for key, value in networks.items()}),
            "hosts": "".join(_host_lines(site.hosts, reasons)),
            "nat": _list(site.nat),
            "resolvers": _list(site.resolvers),
            "ntp": _list(site.ntp),
            "proxies": _list(site.proxies),
            "mirrors": _list(site.mirrors),
            "trust": _list(str(_seen_from(folder, Path(entry))) for entry in site.trust),
            "tolerance": repr(site.tolerance),
            "uplink": site.uplink_bps and _rate_written(site.uplink_bps),
        }
    )


def _entries(values: Mapping[str, object]) -> Iterable[str]:
    """Keys with what stands there, without those where nothing does."""
    return (f"{key}:{'' if str(value).startswith(LINE_END) else ' '}{value}" for key, value in values.items() if value)


def _rate_written(bps: float) -> str:
    """A rate with the largest unit that leaves a whole number, else in bit/s."""
    for unit in "GMk":
        if bps % UNITS[unit] == 0:
            return f"{bps / UNITS[unit]:.0f}{unit}"
    return repr(bps)


def _braces(values: Mapping[str, object]) -> str:
    """A mapping in one line; nothing where it is empty."""
    entries = ", ".join(_entries(values))
    return f"{{{entries}}}" if entries else ""


def _host_lines(hosts: Sequence[SiteHost], reasons: Sequence[str]) -> Iterable[str]:
    """Each host as a mapping in one line, its reason above it; each begins with the line's end before it."""
    for at, host in enumerate(hosts):
        if at < len(reasons) and reasons[at]:
            yield f"{LINE_END}  # {_remark(reasons[at])}"
        host_keys = {
            "name": _quoted(host.name),
            "role": host.role,
            "class": host.machine_class,
            "protocol": host.protocol,
            "addresses": _list(host.addresses),
            "macs": _list(host.macs),
        }
        yield f"{LINE_END}  - {_braces(host_keys)}"


def _seen_from(folder: Path, path: Path) -> Path:
    """A path as the site file in `folder` has to write it."""
    return path.relative_to(folder) if path.is_relative_to(folder) else path.absolute()


def _list(values: Iterable[str]) -> str:
    """Texts as a list in one line, IPv4 addresses alone unquoted; nothing where there are none."""
    plain = re.compile(r"[0-9]+(?:\.[0-9]+){3}(?:/[0-9]+)?")
    entries = ", ".join(value if plain.fullmatch(value) else _quoted(value) for value in values)
    return f"[{entries}]" if entries else ""


def _quoted(value: str) -> str:
    """A text between double quotes, anything but printable ASCII escaped (YAML 1.2.2, section 5.7).

    What no site file can hold, half of a surrogate pair or a control character, becomes U+FFFD.
    """
    letters = CONTROL.sub("\ufffd", value.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    return '"' + "".join(_escaped(letter) for letter in letters) + '"'


def _escaped(letter: str) -> str:
    """One character as it stands between double quotes."""
    code = ord(letter)
    if letter in '"\\':
        return "\\" + letter
    if 0x20 <= code < 0x7F:
        return letter
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _remark(written: str) -> str:
    """A text as one line of a comment: printable ASCII, at most 300 characters."""
    return ascii(written)[1:-1][:300]
