"""What the rungs of the ladder look at: the TLS sessions of some clients, and from where they were captured."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.judging.sessions import Session
from analyzer.judging.traffic import Mask
from analyzer.judging.vantage import Vantage
from analyzer.taps import Across

if TYPE_CHECKING:
    from analyzer.judging.baseline import Baseline


@dataclass(frozen=True)
class Sight:
    """TLS sessions and their vantage.

    named   flows whose destination a document names, wherever it is
    across    what another tap tells of them, where there is one
    baseline  what was seen of the same devices when all was well, where that is at hand
    """

    view: Vantage
    sessions: Sequence[Session]
    named: Mask
    across: Across | None = None
    baseline: Baseline | None = None

    @functools.cached_property
    def abroad(self) -> list[Session]:
        """The sessions with public hosts, with whom a document names, and through proxies with whoever.

        What the site has for itself (devices with certificates of their own making) proves nothing.
        """
        return [session for session in self.sessions if self._is_abroad(session)]

    def _is_abroad(self, session: Session) -> bool:
        if self.view.local.mean(session.name):
            return False
        proxied = session.via == "connect"
        return proxied or bool(self.named[session.flow]) or addresses.reach(session.server) is Reach.PUBLIC


def by_client(sessions: Iterable[Session]) -> dict[str, list[Session]]:
    """Sessions by who opened them, in order."""
    found: dict[str, list[Session]] = defaultdict(list)
    for session in sessions:
        found[session.client].append(session)
    return found
