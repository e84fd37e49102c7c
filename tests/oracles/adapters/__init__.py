"""One adapter for each kind of case: from its inputs to our answer, through public functions.

An adapter sees nothing but the inputs and holds no rule of its own. A topic has a module with a
table `ADAPTERS` from kind to adapter; adding the module to `_TOPICS` is all it takes to run.
"""

from collections.abc import Mapping
from types import MappingProxyType

from tests.oracles.adapters import invoicing, money, periods, proration, tax, tiers
from tests.oracles.adapters.contract import Adapter

_TOPICS = (invoicing, money, periods, proration, tax, tiers)

ADAPTERS: Mapping[str, Adapter] = MappingProxyType(
    {kind: adapter for topic in _TOPICS for kind, adapter in topic.ADAPTERS.items()}
)
"""The adapter of every kind we answer."""

NOT_OFFERED: Mapping[str, str] = MappingProxyType(
    {
        "graduated_prorated_events": "a habit of Lago: events are prorated before they are tiered",
        "block_tiers": "a habit of Kill Bill: usage is priced in blocks",
        "overdue_state": "a habit of Kill Bill: an account has one state by age or balance",
        "dunning_campaign": "a habit of Lago: attempts are counted against thresholds",
    }
)
"""The kinds we do not answer on purpose, and why; an adapter for one takes precedence."""
