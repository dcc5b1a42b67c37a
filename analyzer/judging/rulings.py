"""One kind of flow, held against the hosts in scope and all rules of their packs: a verdict with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from analyzer.findings import Severity, Verdict
from analyzer.judging.matching import PROTOCOLS, Attempt, Doors, Fit, Match, at_port, attempt, match, proxied, turned
from analyzer.judging.place import Actor, Cast
from analyzer.judging.prohibitions import forbidden, may_answer, outside
from analyzer.judging.ruling import ORDER, OUT_OF_SCOPE, Book, Ruling, weight
from analyzer.judging.traffic import SYSTEM_PORTS, TCP, Kind, Trouble
from analyzer.rulepack import Rule, matches_name


class Judge:
    """Rulings for kinds of flows at one site."""

    def __init__(self, cast: Cast, books: Sequence[Book]) -> None:
        self.cast = cast
        self.books = tuple(books)
        self._doors: dict[tuple[str, tuple[str, ...]], Doors] = {}

    def rule(self, kind: Kind) -> Ruling:
        """The ruling for one kind of flow: what is forbidden, then what its opener's packs say, then the other's."""
        orig, resp = self.cast.at(kind.orig), self.cast.at(kind.resp)
        if orig is None and resp is None:
            return OUT_OF_SCOPE
        ruled = forbidden(self.cast, self.books, kind)
        if ruled and (ruled.verdict is Verdict.UNEXPECTED or (ruled.allowed and ruled.actor is orig)):
            return ruled
        made = [self._of(kind, actor) for actor in (orig, resp) if actor]
        if kind.midstream:
            made.sort(key=lambda ruling: ruling.verdict is not Verdict.EXPECTED)
        judged = [ruling for ruling in (*made, ruled) if ruling and ruling.verdict is not Verdict.NOT_JUDGED]
        return judged[0] if judged else OUT_OF_SCOPE

    def _of(self, kind: Kind, actor: Actor) -> Ruling:
        """The ruling as one end's packs see it: what one of its packs allows, no other forbids."""
        opener = kind.orig in actor.addresses
        made = []
        for book in self.books:
            roles = actor.roles(book.pack.name)
            if roles:
                made.append((self._by_book if opener else self._met)(book, kind, actor, roles))
        judged = [ruling for ruling in made if ruling.verdict is not Verdict.NOT_JUDGED]
        return min(judged, key=weight, default=OUT_OF_SCOPE)

    def _met(self, book: Book, kind: Kind, actor: Actor, roles: tuple[str, ...]) -> Ruling:
        """A host in scope that did not open the flow, or opened it before the capture began."""
        pack = book.pack.name
        if kind.midstream or may_answer(kind):
            back = turned(kind, self.cast.lookups.names(kind.resp, kind.orig))
            allowed = self._allowing(book, self._ways(book, roles), back)
            if allowed:
                return Ruling(Verdict.EXPECTED, pack, allowed, actor=actor, whom=_whom_tried(back))
        if actor.shared or _is_general(self.cast, actor, pack):
            return OUT_OF_SCOPE
        if kind.midstream or may_answer(kind):
            return Ruling(Verdict.UNDETERMINED, pack, actor=actor, why="the capture begins within the exchange")
        return self._let_in(book, kind, actor, roles)

    def _let_in(self, book: Book, kind: Kind, actor: Actor, roles: tuple[str, ...]) -> Ruling:
        """A flow opened towards a host: allowed by the In half of a rule, else unexpected if it comes from outside."""
        pack, proto = book.pack.name, PROTOCOLS.get(kind.proto, "")
        for rule in book.of("destination"):
            listed = any(port.number == kind.resp_p and port.proto == proto for port in rule.to.ports)
            if listed and rule.options.get("direction") == "both" and {*rule.who, rule.to.role} & set(roles):
                code, why = "", "opened from within the site"
                if outside(self.cast, kind.resp, kind.orig):
                    code = "in-half"
                    why = "only the In half of the row allows it; replies pass without the port being opened inbound"
                whom = f"{kind.orig} to port {kind.resp_p}"
                return _settled(kind, Ruling(Verdict.EXPECTED, pack, (rule,), None, actor, whom, code, why=why))
        if not proto or not outside(self.cast, kind.resp, kind.orig):
            return OUT_OF_SCOPE
        whom, severity = f"{kind.orig} to port {kind.resp_p}", self._unlisted(book, actor)
        return Ruling(Verdict.UNEXPECTED, pack, (), book.unlisted(), actor, whom, "inbound-connection", severity)

    def _by_book(self, book: Book, kind: Kind, actor: Actor, roles: tuple[str, ...]) -> Ruling:
        """The ruling on a flow that a host in scope opened, by one pack."""
        doors = self._ways(book, roles)
        tries = [proxied(kind, request) for request in kind.requests if request.proxied]
        if tries:
            worst = max((self._try(book, doors, tried, actor) for tried in tries), key=weight)
        else:
            worst = self._direct(book, doors, kind, actor)
        return self._scoped(book, _settled(kind, worst), actor)

    def _direct(self, book: Book, doors: Doors, kind: Kind, actor: Actor) -> Ruling:
        """The ruling on a flow without a proxy's request; one met in its middle may be turned, or one to a proxy."""
        names = (kind.name,) if kind.name and kind.basis != "dns" else _dns_names(self.cast, kind)
        ruled = self._try(book, doors, attempt(kind, names), actor)
        if not kind.midstream or ruled.verdict is Verdict.EXPECTED:
            return ruled
        back = turned(kind, self.cast.lookups.names(kind.resp, kind.orig))
        allowed = self._allowing(book, doors, back)
        if allowed:
            return Ruling(Verdict.EXPECTED, book.pack.name, allowed, actor=actor, whom=_whom_tried(back))
        if ruled.verdict is Verdict.UNEXPECTED and ruled.code != "payload-mismatch" and _maybe_proxy(book, kind):
            why = "whether a proxy was asked stands in the flow's first octets, which are not in the capture"
            return Ruling(Verdict.UNDETERMINED, book.pack.name, actor=actor, whom=ruled.whom, why=why)
        return ruled

    def _try(self, book: Book, doors: Doors, tried: Attempt, actor: Actor) -> Ruling:
        """The ruling on one attempt: allowed by a rule, against one, perhaps allowed, or by none."""
        found = [(rule, match(rule, book.pack.name, tried, self.cast)) for rule in doors.at(tried)]
        allowed = _ranked(found, Fit.YES)
        pack = book.pack.name
        whom = _whom_tried(tried)
        if allowed:
            return Ruling(Verdict.EXPECTED, pack, tuple(rule for rule, _ in allowed), actor=actor, whom=whom)
        wrong = _ranked(found, Fit.WRONG)
        if wrong:
            rule, how = wrong[0]
            return Ruling(Verdict.UNEXPECTED, pack, (), rule, actor, whom, how.code, rule.severity, why=how.why)
        maybe = _ranked(found, Fit.MAYBE)
        if maybe:
            return Ruling(Verdict.UNDETERMINED, pack, actor=actor, whom=whom, why=maybe[0][1].why)
        code, severity, why = self._undocumented(book, doors, tried, actor)
        return Ruling(Verdict.UNEXPECTED, pack, (), book.unlisted(), actor, whom, code, severity, why=why)

    def _undocumented(self, book: Book, doors: Doors, tried: Attempt, actor: Actor) -> tuple[str, Severity, str]:
        """Code, severity and detail of a flow that no rule allows."""
        severity = self._unlisted(book, actor)
        named = [rule for rule in book.pack.rules if _names(rule, tried)]
        foreign = [rule for rule in named if rule.variants and not set(rule.variants) & set(book.variants)]
        if foreign:
            return "other-variant", severity, f"{tried.names[0]} belongs to {', '.join(foreign[0].variants)}"
        if named:
            why = f"the document names {tried.names[0]}, but not at port {tried.port}"
            return "undocumented-destination", severity, why
        if tried.service == "dns" and tried.port == 53:
            return "other-resolver", Severity.LOW, "the resolver is neither the document's nor known as the site's"
        if tried.service == "ntp" and tried.port == 123:
            return "other-ntp-server", Severity.LOW, "the time server has a public name that the document does not list"
        if tried.server and self.cast.inside(tried.client, tried.server):
            severity = max(severity, Severity.LOW, key=ORDER.index)
        spoken = {service for rule in doors.at(tried) if at_port(rule, tried) for service in rule.to.payload}
        if spoken and tried.certainty == "payload" and tried.service not in spoken:
            why = f"{tried.service} on port {tried.port}, where the document has {' or '.join(sorted(spoken))}"
            return "payload-mismatch", severity, why
        return "undocumented-destination", severity, f"{tried.service} was spoken" if tried.service else ""

    def _unlisted(self, book: Book, actor: Actor) -> Severity:
        """How bad a flow of a host is that no rule allows."""
        parts = [part for part in actor.parts if part.pack == book.pack.name]
        return min((self.cast.role(part).unlisted for part in parts), key=ORDER.index)

    def _allowing(self, book: Book, doors: Doors, tried: Attempt) -> tuple[Rule, ...]:
        """The rules that allow an attempt, the narrowest first."""
        found = [(rule, match(rule, book.pack.name, tried, self.cast)) for rule in doors.at(tried)]
        return tuple(rule for rule, _ in _ranked(found, Fit.YES))

    def _ways(self, book: Book, roles: tuple[str, ...]) -> Doors:
        """The rules that let hosts of these roles go somewhere."""
        key = book.pack.name, roles
        if key not in self._doors:
            rules = book.of("destination") + book.of("proxy")
            self._doors[key] = Doors(rule for rule in rules if set(rule.who) & set(roles) and _leads(rule))
        return self._doors[key]

    def _scoped(self, book: Book, ruling: Ruling, actor: Actor) -> Ruling:
        """What no rule allows is not judged of a person's computer, and not decided of an address of several hosts."""
        if ruling.verdict is Verdict.UNEXPECTED and actor.shared and ruling.code != "name-at-other-address":
            why = f"no rule allows it, but behind NAT it may be any host of the site ({actor.shared})"
            pack = book.pack.name
            return Ruling(Verdict.UNDETERMINED, pack, actor=actor, whom=ruling.whom, code="behind-nat", why=why)
        if ruling.allowed or not _is_general(self.cast, actor, book.pack.name):
            return ruling
        if ruling.verdict is Verdict.UNEXPECTED and ruling.broken and ruling.broken.kind == "destination":
            return ruling
        return OUT_OF_SCOPE


def _settled(kind: Kind, ruling: Ruling) -> Ruling:
    """An allowed flow that did not work is undetermined: why it did not is not decided here."""
    if ruling.verdict is not Verdict.EXPECTED or kind.trouble is Trouble.NONE:
        return ruling
    return replace(ruling, verdict=Verdict.UNDETERMINED, code="", why=str(kind.trouble))


def _maybe_proxy(book: Book, kind: Kind) -> bool:
    """Whether a flow met in its middle may be one to a proxy, which the document allows on any port."""
    allowed = bool(book.of("proxy")) and kind.proto == TCP and kind.midstream
    return allowed and kind.service in {"", "tls", "http"} and (kind.resp_p >= SYSTEM_PORTS or kind.resp_p in {80, 443})


def _names(rule: Rule, tried: Attempt) -> bool:
    """Whether a rule names whom an attempt was to reach."""
    return any(matches_name(pattern, name) for pattern in rule.to.names for name in tried.names)


def _leads(rule: Rule) -> bool:
    """Whether a rule says where to: one without names, addresses, role, payload and ports would allow everything."""
    to = rule.to
    return bool(to.names or to.addresses or to.role or to.payload or to.ports or to.unnamed)


def _ranked(found: Iterable[tuple[Rule, Match]], fit: Fit) -> list[tuple[Rule, Match]]:
    """The rules of one fit, the narrowest first."""
    return sorted((pair for pair in found if pair[1].fit is fit), key=lambda pair: -pair[1].rank)


def _dns_names(cast: Cast, kind: Kind) -> tuple[str, ...]:
    """Every name that this client was told for the address, the one that it asked for last in front."""
    told = [name for name in cast.lookups.names(kind.orig, kind.resp) if name != kind.name]
    return (kind.name, *told) if kind.name else tuple(told)


def _is_general(cast: Cast, actor: Actor, pack: str) -> bool:
    """Whether a host is a person's computer as far as a pack is concerned."""
    parts = [part for part in actor.parts if part.pack == pack]
    return not actor.shared and bool(parts) and all(cast.role(part).general for part in parts)


def _whom_tried(tried: Attempt) -> str:
    """Whom an attempt was to reach, in words."""
    return f"{tried.names[0] if tried.names else tried.server} port {tried.port}"
