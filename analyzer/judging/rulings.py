"""One kind of flow, held against the hosts in scope and all rules of their packs: a verdict with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analyzer.findings import Severity, Strength, Verdict
from analyzer.judging import addresses
from analyzer.judging.addresses import Reach
from analyzer.judging.matching import PROTOCOLS, Attempt, Fit, Match, attempt, match, proxied, turned
from analyzer.judging.place import Actor, Cast
from analyzer.judging.traffic import SYSTEM_PORTS, TCP, UDP, Kind, Trouble
from analyzer.rulepack import Rule, RulePack, matches_name

ORDER = tuple(Severity)


@dataclass(frozen=True)
class Ruling:
    """What becomes of a kind of flow.

    allowed  the rules that allow it, the narrowest first        broken   the rule that it breaks, None without one
    actor    the host in scope that answers for it               whom     whom it reached, in words
    code     what was seen, empty where nothing was              why      why it is no plain expected
    """

    verdict: Verdict
    pack: str = ""
    allowed: tuple[Rule, ...] = ()
    broken: Rule | None = None
    actor: Actor | None = None
    whom: str = ""
    code: str = ""
    severity: Severity = Severity.INFO
    strength: Strength | None = None
    why: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """What tells one ruling from another."""
        return (
            self.verdict, self.pack, tuple(rule.id for rule in self.allowed), self.broken and self.broken.id,
            self.actor and self.actor.name, self.whom, self.code, self.severity, self.strength, self.why,
        )  # fmt: skip

    @property
    def rule(self) -> Rule | None:
        """The rule that the verdict rests on."""
        return self.broken or (self.allowed[0] if self.allowed else None)


@dataclass(frozen=True)
class Book:
    """The rules of a pack that hold here: of the variant that is seen or stated, and of the topology."""

    pack: RulePack
    rules: tuple[Rule, ...]
    variants: tuple[str, ...]

    def of(self, kind: str) -> tuple[Rule, ...]:
        """The rules of one kind."""
        return tuple(rule for rule in self.rules if rule.kind == kind)

    def unlisted(self) -> Rule | None:
        """The rule that a flow breaks which no other rule allows."""
        return next(iter(self.of("only-documented")), None)


OUT_OF_SCOPE = Ruling(Verdict.NOT_JUDGED)


class Judge:
    """Rulings for kinds of flows at one site."""

    def __init__(self, cast: Cast, books: Sequence[Book]) -> None:
        self.cast = cast
        self.books = tuple(books)

    def rule(self, kind: Kind) -> Ruling:
        """The ruling for one kind of flow: the worst of what its two ends say."""
        orig, resp = self.cast.at(kind.orig), self.cast.at(kind.resp)
        if orig is None and resp is None:
            return OUT_OF_SCOPE
        forbidden = self._forbidden(kind, orig, resp)
        if forbidden and forbidden.verdict is Verdict.UNEXPECTED:
            return forbidden
        if forbidden and forbidden.verdict is Verdict.EXPECTED and forbidden.actor is orig:
            return forbidden
        made = [self._of(kind, actor) for actor in (orig, resp) if actor]
        return max([*made, *([forbidden] if forbidden else [])], key=_weight)

    def _forbidden(self, kind: Kind, orig: Actor | None, resp: Actor | None) -> Ruling | None:
        """What a prohibition says: machines that speak to others than their peer, flows opened towards a host."""
        for book in self.books:
            for rule in book.of("isolated-machines"):
                found = self._isolated(book, rule, kind, orig, resp)
                if found:
                    return found
        for book in self.books:
            for rule in book.of("no-inbound"):
                found = self._inbound(book, rule, kind, orig, resp)
                if found:
                    return found
        return None

    def _isolated(self, book: Book, rule: Rule, kind: Kind, orig: Actor | None, resp: Actor | None) -> Ruling | None:
        """A machine that exchanges anything with anybody but its peer and its own kind's network."""
        peer = str(rule.options["peer"])
        for actor, other, address in ((orig, resp, kind.resp), (resp, orig, kind.orig)):
            if actor is None or actor.shared or not actor.plays(book.pack.name, rule.who):
                continue
            if other is not None and other.plays(book.pack.name, (peer,)):
                return Ruling(Verdict.EXPECTED, book.pack.name, (rule,), actor=actor, whom=other.name)
            outside = addresses.reach(address) is Reach.PUBLIC and not self.cast.inside(actor.addresses[0], address)
            return Ruling(
                Verdict.UNEXPECTED, book.pack.name, (), rule, actor, _whom(kind, address, actor is orig),
                "machine-leaves-site" if outside else "machine-other-peer",
                rule.severity if outside else Severity(str(rule.options.get("inside", "low"))), Strength.STRONG,
            )  # fmt: skip
        return None

    def _inbound(self, book: Book, rule: Rule, kind: Kind, orig: Actor | None, resp: Actor | None) -> Ruling | None:
        """A flow that somebody else opens towards a host that offers nothing."""
        pack = book.pack.name
        if (
            resp is None
            or not resp.plays(pack, rule.who)
            or (orig is not None and orig.parts and self._peers(book, orig))
        ):
            return None
        if kind.proto not in {TCP, UDP} or kind.midstream or _may_answer(kind):
            return None
        outside = addresses.reach(kind.orig) is Reach.PUBLIC and not self.cast.inside(kind.resp, kind.orig)
        if resp.shared:
            return self._inbound_shared(book, rule, kind, resp)
        return Ruling(
            Verdict.UNEXPECTED, pack, (), rule, resp, f"{kind.orig} to port {kind.resp_p}", "inbound-connection",
            rule.severity if outside else Severity(str(rule.options.get("inside", "low"))), Strength.STRONG,
        )  # fmt: skip

    def _inbound_shared(self, book: Book, rule: Rule, kind: Kind, resp: Actor) -> Ruling:
        """Inbound to an address of several hosts: nobody's fault where it got nowhere, and where another pack allows it."""
        if kind.trouble is not Trouble.NONE or kind.proto != TCP:
            why = f"knocked at {kind.resp} from outside, and {kind.trouble or 'UDP shows no opening'}"
            return Ruling(Verdict.UNDETERMINED, book.pack.name, actor=resp, code="behind-nat", why=why)
        return Ruling(
            Verdict.UNEXPECTED, book.pack.name, (), rule, resp, f"{kind.orig} to port {kind.resp_p}",
            "inbound-connection", Severity.MEDIUM, Strength.SUGGESTIVE, "another host behind the address may serve it",
        )  # fmt: skip

    def _peers(self, book: Book, orig: Actor) -> bool:
        """Whether the originator is one whom an isolation rule lets speak with the hosts in question."""
        return any(orig.plays(book.pack.name, rule.who) for rule in book.of("isolated-machines"))

    def _of(self, kind: Kind, actor: Actor) -> Ruling:
        """The ruling as one end's packs see it: what one of its packs allows, no other forbids."""
        opener = kind.orig in actor.addresses
        made = []
        for book in self.books:
            roles = actor.roles(book.pack.name)
            if roles:
                made.append((self._by_book if opener else self._met)(book, kind, actor, roles))
        judged = [ruling for ruling in made if ruling.verdict is not Verdict.NOT_JUDGED]
        return min(judged, key=_weight, default=OUT_OF_SCOPE)

    def _met(self, book: Book, kind: Kind, actor: Actor, roles: Sequence[str]) -> Ruling:
        """A host in scope that did not open the flow, or opened it before the capture began."""
        pack = book.pack.name
        if kind.midstream or _may_answer(kind):
            back = turned(kind, self.cast.lookups.names(kind.resp, kind.orig))
            allowed = self._allowing(book, self._rules(book, roles), [back])
            if allowed:
                return Ruling(Verdict.EXPECTED, pack, allowed, actor=actor, whom=_whom_tried(back))
        if actor.shared or _is_general(self.cast, actor, pack):
            return OUT_OF_SCOPE
        if kind.midstream or _may_answer(kind):
            return Ruling(Verdict.UNDETERMINED, pack, actor=actor, why="the capture begins within the exchange")
        return self._let_in(book, kind, actor, roles)

    def _let_in(self, book: Book, kind: Kind, actor: Actor, roles: Sequence[str]) -> Ruling:
        """A flow opened towards a host: allowed by the In half of a rule, else unexpected where it comes from outside."""
        pack, proto = book.pack.name, PROTOCOLS.get(kind.proto, "")
        for rule in book.of("destination"):
            listed = any(port.number == kind.resp_p and port.proto == proto for port in rule.to.ports)
            if listed and rule.options.get("direction") == "both" and {*rule.who, rule.to.role} & set(roles):
                why = "only the In half of the row allows it; replies pass without the port being opened inbound"
                return self._settled(
                    kind, Ruling(Verdict.EXPECTED, pack, (rule,), actor=actor, code="in-half", why=why)
                )
        if addresses.reach(kind.orig) is not Reach.PUBLIC or self.cast.inside(kind.resp, kind.orig) or not proto:
            return OUT_OF_SCOPE
        severity = min((self.cast.role(part).unlisted for part in actor.parts if part.pack == pack), key=ORDER.index)
        return Ruling(
            Verdict.UNEXPECTED, pack, (), book.unlisted(), actor, f"{kind.orig} to port {kind.resp_p}",
            "inbound-connection", severity, Strength.STRONG,
        )  # fmt: skip

    def _by_book(self, book: Book, kind: Kind, actor: Actor, roles: Sequence[str]) -> Ruling:
        """The ruling on a flow that a host in scope opened, by one pack."""
        rules = self._rules(book, roles)
        tries = [proxied(kind, request) for request in kind.requests if request.proxied]
        direct = not tries
        if direct:
            names = (kind.name,) if kind.name and kind.basis != "dns" else ()
            tries = [attempt(kind, names or _dns_names(self.cast, kind))]
        made = [self._try(book, rules, tried, actor) for tried in tries]
        if direct and kind.midstream and made[0].verdict is not Verdict.EXPECTED:
            back = self._allowing(book, rules, [turned(kind, self.cast.lookups.names(kind.resp, kind.orig))])
            if back:
                made = [Ruling(Verdict.EXPECTED, book.pack.name, back, actor=actor)]
        worst = max(made, key=_weight)
        if (
            worst.verdict is Verdict.UNEXPECTED
            and worst.code != "payload-mismatch"
            and self._maybe_proxy(book, kind, tries[0])
        ):
            worst = Ruling(
                Verdict.UNDETERMINED,
                book.pack.name,
                actor=actor,
                why="whether a proxy was asked for a way stands in its first octets, which are not in the capture",
            )
        return self._scoped(book, self._settled(kind, worst), actor)

    def _try(self, book: Book, rules: Sequence[Rule], tried: Attempt, actor: Actor) -> Ruling:
        """The ruling on one attempt: allowed by a rule, against one, perhaps allowed, or by none."""
        found = [(rule, match(rule, book.pack.name, tried, self.cast)) for rule in rules]
        allowed = _ranked(found, Fit.YES)
        pack = book.pack.name
        whom = _whom_tried(tried)
        if allowed:
            return Ruling(Verdict.EXPECTED, pack, tuple(rule for rule, _ in allowed), actor=actor, whom=whom)
        wrong = _ranked(found, Fit.WRONG)
        if wrong:
            rule, how = wrong[0]
            return Ruling(
                Verdict.UNEXPECTED, pack, (), rule, actor, whom, how.code, rule.severity, Strength.STRONG, how.why
            )
        maybe = _ranked(found, Fit.MAYBE)
        if maybe:
            return Ruling(Verdict.UNDETERMINED, pack, actor=actor, whom=whom, why=maybe[0][1].why)
        code, severity, why = self._undocumented(book, rules, tried, actor)
        return Ruling(Verdict.UNEXPECTED, pack, (), book.unlisted(), actor, whom, code, severity, Strength.STRONG, why)

    def _undocumented(
        self, book: Book, rules: Sequence[Rule], tried: Attempt, actor: Actor
    ) -> tuple[str, Severity, str]:
        """Code, severity and detail of a flow that no rule allows."""
        severity = min(
            (self.cast.role(part).unlisted for part in actor.parts if part.pack == book.pack.name), key=ORDER.index
        )
        other = [
            rule for rule in book.pack.rules if any(matches_name(pattern, name) for pattern in rule.to.names for name in tried.names)
        ]  # fmt: skip
        foreign = [rule for rule in other if rule.variants and not set(rule.variants) & set(book.variants)]
        if foreign:
            return (
                "other-variant",
                severity,
                f"{tried.names[0]} belongs to the variant {', '.join(foreign[0].variants)}",
            )
        if other:
            return (
                "undocumented-destination",
                severity,
                f"the document names {tried.names[0]}, but not at port {tried.port}",
            )
        if tried.service == "dns" and tried.port == 53:
            return "other-resolver", Severity.LOW, "the resolver is neither the document's nor known as the site's"
        if tried.service == "ntp" and tried.port == 123:
            return "other-ntp-server", Severity.LOW, "the time server has a public name that the document does not list"
        if tried.server and self.cast.inside(tried.client, tried.server):
            severity = max(severity, Severity.LOW, key=ORDER.index)
        spoken = {service for rule in rules if _at_port(rule, tried) for service in rule.to.payload}
        if spoken and tried.certainty == "payload" and tried.service not in spoken:
            wanted = " or ".join(sorted(spoken))
            return (
                "payload-mismatch",
                severity,
                f"{tried.service} on port {tried.port}, where the document has {wanted}",
            )
        return "undocumented-destination", severity, ""

    def _allowing(self, book: Book, rules: Iterable[Rule], tries: Sequence[Attempt]) -> tuple[Rule, ...]:
        """The rules that allow one of the attempts, the narrowest first."""
        found = [(rule, match(rule, book.pack.name, tried, self.cast)) for tried in tries for rule in rules]
        return tuple(rule for rule, _ in _ranked(found, Fit.YES))

    def _rules(self, book: Book, roles: Sequence[str]) -> list[Rule]:
        """The rules that let hosts of these roles go somewhere."""
        return [
            rule for rule in book.of("destination") + book.of("proxy") if set(rule.who) & set(roles) and _leads(rule)
        ]

    def _maybe_proxy(self, book: Book, kind: Kind, tried: Attempt) -> bool:
        """Whether a flow met in its middle may be one to a proxy, which the document allows on any port."""
        allowed = bool(book.of("proxy")) and kind.proto == TCP and kind.midstream
        return allowed and tried.service in {"", "tls", "http"} and (kind.resp_p >= 1024 or kind.resp_p in {80, 443})

    def _settled(self, kind: Kind, ruling: Ruling) -> Ruling:
        """An allowed flow that did not work is undetermined: why it did not is not decided here."""
        if ruling.verdict is not Verdict.EXPECTED or kind.trouble is Trouble.NONE:
            return ruling
        return Ruling(
            Verdict.UNDETERMINED, ruling.pack, ruling.allowed, None, ruling.actor, ruling.whom, why=str(kind.trouble)
        )

    def _scoped(self, book: Book, ruling: Ruling, actor: Actor) -> Ruling:
        """What no rule allows is not judged of a person's computer, and not decided of an address of several hosts."""
        if ruling.verdict is Verdict.UNEXPECTED and actor.shared and ruling.code != "name-at-other-address":
            return Ruling(
                Verdict.UNDETERMINED, book.pack.name, actor=actor, whom=ruling.whom, code="behind-nat",
                why=f"no rule allows it, but behind NAT it may be any host of the site ({actor.shared})",
            )  # fmt: skip
        if ruling.allowed or not _is_general(self.cast, actor, book.pack.name):
            return ruling
        if ruling.verdict is Verdict.UNEXPECTED and ruling.broken and ruling.broken.kind == "destination":
            return ruling
        return OUT_OF_SCOPE


def _may_answer(kind: Kind) -> bool:
    """Whether what looks like an opening may answer a datagram sent before the capture began: from a server's port."""
    return kind.proto == UDP and kind.orig_p > 0 and kind.resp_p >= SYSTEM_PORTS


def _at_port(rule: Rule, tried: Attempt) -> bool:
    """Whether a rule speaks of the port of an attempt."""
    return any(port.number == tried.port and port.proto == PROTOCOLS.get(tried.proto) for port in rule.to.ports)


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


def _weight(ruling: Ruling) -> int:
    """How much a ruling outweighs another."""
    order = (Verdict.NOT_JUDGED, Verdict.HOUSEKEEPING, Verdict.EXPECTED, Verdict.UNDETERMINED, Verdict.UNEXPECTED)
    return order.index(ruling.verdict)


def _whom(kind: Kind, address: str, forward: bool) -> str:
    """Whom a flow reached, in words."""
    name = kind.name if forward else ""
    return f"{name or address} port {kind.resp_p if forward else kind.orig_p or '?'}"


def _whom_tried(tried: Attempt) -> str:
    """Whom an attempt was to reach, in words."""
    return f"{tried.names[0] if tried.names else tried.server} port {tried.port}"
