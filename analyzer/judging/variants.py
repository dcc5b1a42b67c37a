"""Which variant of a document holds here: as the user says, else as the names and addresses seen tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.judging.place import Cast
from analyzer.judging.ruling import Book
from analyzer.judging.signs import Signs
from analyzer.rulepack import RulePack
from analyzer.sitefile import Site


def seen_at(pack: RulePack, signs: Signs, addresses: Iterable[str]) -> dict[str, tuple[str, int]]:
    """The variants whose own names or addresses a host reached or asked for, each with what and in which frame."""
    rules = {rule.id: rule for rule in pack.rules}
    found: dict[str, tuple[str, int]] = {}
    for address in addresses:
        for rule, sign in signs.of(address).items():
            for variant in rules[rule].variants if len(rules[rule].variants) == 1 else ():
                found.setdefault(variant, (sign.text, sign.frame))
    return dict(sorted(found.items(), key=lambda pair: pack.variants.index(pair[0])))


def book(pack: RulePack, cast: Cast, signs: Signs, site: Site, stated: Sequence[str]) -> tuple[Book, str]:
    """The pack's rules that hold here, and a note on the variant where it was not stated."""
    note = ""
    variants = tuple(variant for variant in pack.variants if variant in stated)
    if pack.variants and not variants:
        here = [actor for actor in cast.actors if actor.roles(pack.name)]
        found = seen_at(pack, signs, [address for actor in here for address in actor.addresses])
        variants = tuple(found) or pack.variants[:1]
        told = "; ".join(f"{text} (frame {frame})" for text, frame in found.values())
        reason = f"inferred: {told}" if found else "nothing seen belongs to one variant only, so the usual one is taken"
        note = f"{pack.name}: variant {' and '.join(variants)}, {reason}"
    rules = tuple(
        rule
        for rule in pack.rules
        if (not rule.variants or set(rule.variants) & set(variants))
        and (not rule.topologies or site.topology in rule.topologies)
    )
    return Book(pack, rules, variants), note
