"""Many names or networks at once: whether one name, or one address, is meant by any of them."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer import addresses


class Names:
    """Patterns of names; agrees with rulepack.matches_name on names as tables hold them, in small letters."""

    def __init__(self, patterns: Iterable[str]) -> None:
        wanted = [pattern.lower().removesuffix(".") for pattern in patterns]
        self._whole = frozenset(pattern for pattern in wanted if pattern and not pattern.startswith("*."))
        self._ends = tuple(pattern[1:] for pattern in wanted if pattern.startswith("*."))

    def mean(self, name: str) -> bool:
        """Whether one of the patterns means a name."""
        return name in self._whole or (name.endswith(self._ends) and name[:1] not in {"", "."})


class Places:
    """Addresses and networks."""

    def __init__(self, texts: Iterable[str]) -> None:
        held = [(text, addresses.network(text)) for text in texts]
        self._single = frozenset(text for text, _ in held)
        self._wide = tuple(net for _, net in held if net is not None and net.num_addresses > 1)

    def hold(self, address: str) -> bool:
        """Whether an address is one of these, or lies in one of the networks."""
        return address in self._single or (bool(self._wide) and addresses.within(address, self._wide))
