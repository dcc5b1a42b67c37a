"""What a vendor's document requires: a rule pack, read from YAML and checked."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analyzer.errors import RulePackError
from analyzer.findings import Basis, Cite, Severity
from analyzer.packformat import KINDS, PACK, REFERENCES, SITE_ROLES, UNSTATED
from analyzer.yamlfile import MAX_OCTETS, Node, YamlError, read


@dataclass(frozen=True)
class Port:
    """A port of a transport protocol; `proto` is tcp or udp."""

    number: int
    proto: str


@dataclass(frozen=True)
class Destination:
    """Whom a rule lets a host talk to. What is left empty is not asked for; all that is given must match.

    names      host names; `*.` in front stands for one or more labels
    addresses  addresses or networks of which the responder must be one
    at         addresses that the document gives for `names`: a flow to the name elsewhere is a finding
    role       role of the responder: a role of the pack, or resolver, ntp, proxy, mirror: what the site file lists as
               such, and what DHCP hands out as resolver or ntp
    unnamed    no name of the responder is known
    issuers    SHA-256 fingerprints of certificates whose owners may vouch for the names beside the public roots
    ports      responder's ports
    payload    services (Flows.service) that may run there; another one seen by payload breaks the rule
    user_agents, paths   substrings: an HTTP request must show one of either (package sources)
    """

    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    role: str = ""
    ports: tuple[Port, ...] = ()
    payload: tuple[str, ...] = ()
    user_agents: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    unnamed: bool = False
    issuers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """One requirement of a document: permanent id, kind (a module of judging/checks/), on what it stands.

    A rule that is not `required` only allows: it is no fault of the network where what it allows does not work. Neither
    is it where one of the rules that `alternatives` names (as ids) serves the same and works. A `step` is listed among
    the checklists of the document.
    `topologies` holds an empty word for "the site file does not say".
    """

    id: str
    kind: str
    basis: Basis
    cite: Cite
    title: str
    who: tuple[str, ...]
    to: Destination
    severity: Severity
    line: int
    because: str = ""
    note: str = ""
    remedy: str = ""
    purpose: str = ""
    variants: tuple[str, ...] = ()
    topologies: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    required: bool = True
    alternatives: tuple[str, ...] = ()
    step: bool = False


@dataclass(frozen=True)
class Role:
    """A part that a host plays. Without a site file a host has it if one of its signs was seen.

    originates  ids of rules (a final * stands for the rest); one flow to what one of them names is a sign
    responds    ids of rules; one flow that a host answers as one of them says, opened by a host of the rule's `who`
    resolves    ids of rules; one DNS answer that gives the host's address for one of their names
    together    combinations of groups of ids: flows from one host to a rule of every group of one are a sign
    weakly      as together, of a host that shows no other role
    asked       as originates, but only where the user asked for this pack (--profile, or the site file's profiles)
    unless      ids of rules: who originates such a flow has not this role
    yields_to   roles that win where a host shows signs of both
    general     the host is a person's computer or tablet: its flows that no rule allows are not judged
    unlisted    severity of a flow that no rule allows
    """

    name: str
    title: str
    originates: tuple[str, ...] = ()
    responds: tuple[str, ...] = ()
    yields_to: tuple[str, ...] = ()
    resolves: tuple[str, ...] = ()
    together: tuple[tuple[tuple[str, ...], ...], ...] = ()
    weakly: tuple[tuple[tuple[str, ...], ...], ...] = ()
    asked: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    general: bool = False
    unlisted: Severity = Severity.MEDIUM
    line: int = 0


@dataclass(frozen=True)
class Omission:
    """A row of the document that makes no rule, and why."""

    cite: Cite
    reason: str
    line: int = 0


@dataclass(frozen=True)
class RulePack:
    """One vendor document as rules; `text` is the document, empty where only its rules are at hand."""

    name: str
    title: str
    document: str
    text: str
    path: str
    variants: tuple[str, ...]
    roles: tuple[Role, ...]
    rules: tuple[Rule, ...]
    not_rules: tuple[Omission, ...]

    def select(self, references: Iterable[str]) -> tuple[Rule, ...]:
        """The rules that ids stand for, in the pack's order; a final * stands for any rest."""
        wanted = tuple(references)
        begins = tuple(reference[:-1] for reference in wanted if reference.endswith("*"))
        return tuple(rule for rule in self.rules if rule.id in wanted or rule.id.startswith(begins))


def refers(reference: str, rule_id: str) -> bool:
    """Whether a reference (an id, or the begin of ids and a *) means this rule."""
    return rule_id.startswith(reference[:-1]) if reference.endswith("*") else rule_id == reference


def matches_name(pattern: str, name: str) -> bool:
    """Whether a pattern means a name: `*.` in front is one or more labels; case and a final dot do not count."""
    wanted, given = pattern.lower().removesuffix("."), name.lower().removesuffix(".")
    if not wanted.startswith("*."):
        return given == wanted != ""
    rest = wanted[1:]
    return given.endswith(rest) and len(given) > len(rest) and not given.startswith(".")


def load(path: str | Path) -> RulePack:
    """The rule pack in a YAML file, its document's text read from the same folder; raises RulePackError."""
    file = Path(path)
    try:
        root = read(file)
        raw: Any = PACK.read(root)
        text = _document_text(file, root, raw["document"])
        return _checked(file, raw, text)
    except YamlError as error:
        raise RulePackError(str(path), error.line, error.reason) from error


@functools.cache
def shipped() -> tuple[RulePack, ...]:
    """The packs that travel with the program: from the installed package, else from the project's own folder."""
    return tuple(load(path) for path in sorted(shipped_folder().glob("*.yaml")))


def shipped_folder() -> Path:
    """Where the shipped packs lie."""
    here = Path(__file__).resolve().parent
    inside = here / "rules"
    return inside if inside.is_dir() else here.parent / "rules"


def _document_text(file: Path, root: Node, document: str) -> str:
    """The text that the pack transcribes, empty where it names none."""
    if not document:
        return ""
    assert root.fields is not None
    line = root.fields["document"].line
    try:
        with (file.parent / document).open("rb") as source:
            octets = source.read(MAX_OCTETS + 1)
    except OSError as error:
        raise YamlError(line, f"expected the document's text beside the pack: {error.strerror}") from error
    if len(octets) > MAX_OCTETS:
        raise YamlError(line, f"the document's text is larger than {MAX_OCTETS} octets")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise YamlError(line, "expected the document's text in UTF-8") from error


def _checked(file: Path, raw: dict[str, Any], text: str) -> RulePack:
    """The pack of what was read, once all that its parts say of each other is true."""
    document = raw["document"] or raw["title"]
    pack = RulePack(
        name=raw["pack"],
        title=raw["title"],
        document=document,
        text=text,
        path=str(file),
        variants=raw["variants"],
        roles=tuple(Role(**{**role, "unlisted": Severity(role["unlisted"])}) for role in raw["roles"]),
        rules=tuple(_rule(rule, raw["title"]) for rule in raw["rules"]),
        not_rules=tuple(
            Omission(_cite(entry, raw["title"]), entry["reason"], entry["line"]) for entry in raw["not_rules"]
        ),
    )
    _check_names(pack)
    _check_references(pack)
    _check_quotes(pack)
    return pack


def _cite(raw: dict[str, Any], document: str) -> Cite:
    """Where a rule or an omission stands in the document."""
    return Cite(document, raw["cite"]["section"], raw["cite"]["row"], raw["quote"])


def _rule(raw: dict[str, Any], document: str) -> Rule:
    """One rule."""
    to = dict(raw.pop("to") or {})
    ports = tuple(Port(int(port.partition("/")[0]), port.partition("/")[2]) for port in to.pop("ports", ()))
    cite = _cite(raw, document)
    del raw["quote"]
    return Rule(
        **{
            **raw,
            "basis": Basis(raw["basis"]),
            "severity": Severity(raw["severity"]),
            "topologies": tuple("" if word == UNSTATED else word for word in raw["topologies"]),
            "cite": cite,
            "to": Destination(**to, ports=ports),
        }
    )


def _check_names(pack: RulePack) -> None:
    """Nothing is named twice, and roles and variants that rules name exist."""
    for named in (
        [(rule.id, rule.line) for rule in pack.rules],
        [(role.name, role.line) for role in pack.roles],
    ):
        seen: dict[str, int] = {}
        for name, line in named:
            if name in seen:
                raise YamlError(line, f"{name} stands here twice (first in line {seen[name]})")
            seen[name] = line
    own = {role.name for role in pack.roles}
    for role in pack.roles:
        if role.name in SITE_ROLES:
            raise YamlError(role.line, f"the role {role.name} is known without a pack; expected another name")
        _known(role.yields_to, own, "role", role.line)
    for rule in pack.rules:
        _known(rule.who, own, "role", rule.line)
        _known((rule.to.role,) if rule.to.role else (), own | set(SITE_ROLES), "role", rule.line)
        _known(rule.variants, set(pack.variants), "variant", rule.line)
        if "peer" in rule.options:
            _known((rule.options["peer"],), own, "role", rule.line)


def _known(given: Iterable[str], known: set[str], what: str, line: int) -> None:
    """Each of `given` is one of `known`."""
    for name in given:
        if name not in known:
            raise YamlError(line, f"unknown {what} {name}; expected one of {', '.join(sorted(known)) or 'none'}")


def _check_references(pack: RulePack) -> None:
    """Every id that is referred to is a rule's."""
    for role in pack.roles:
        groups = [role.originates, role.responds, role.resolves, role.unless, role.asked]
        groups += [group for combination in role.together + role.weakly for group in combination]
        _check_ids(pack, (reference for group in groups for reference in group), role.line)
    for rule in pack.rules:
        options = [name for name, key in KINDS[rule.kind].options.items() if key.shape is REFERENCES]
        named = (reference for name in options for reference in rule.options[name])
        _check_ids(pack, (*rule.alternatives, *named), rule.line)


def _check_ids(pack: RulePack, references: Iterable[str], line: int) -> None:
    """Each reference means a rule of the pack."""
    for reference in references:
        if not pack.select((reference,)):
            raise YamlError(line, f"no rule has the id {reference}")


def _check_quotes(pack: RulePack) -> None:
    """What is quoted stands in the document, letter by letter, and so does the section's title, as a whole line."""
    if not pack.text:
        return
    titles = {line.strip() for line in pack.text.splitlines()}
    for cite, line in (
        *((rule.cite, rule.line) for rule in pack.rules),
        *((omission.cite, omission.line) for omission in pack.not_rules),
    ):
        if cite.section not in titles:
            raise YamlError(line, f"the section {cite.section!a} is no line of {pack.document}")
        if cite.quote not in pack.text:
            raise YamlError(line, f"the quote {cite.quote!a} stands nowhere in {pack.document}")
