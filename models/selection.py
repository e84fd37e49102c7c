"""Selectors: which products a rule, a percentage or a trigger is about."""

from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import Protocol

from models.errors import Problem
from models.value import Value
from models.written import NUMBERS_AS_TEXT, nearest


class ProductKind(StrEnum):
    """What a product is, which decides how it is fulfilled and recognized."""

    GOOD = "good"
    SERVICE = "service"
    SUBSCRIPTION = "subscription"


class Selectable(Protocol):
    """What a selector looks at of a product."""

    @property
    def sku(self) -> str:
        """The product's identity."""
        ...

    @property
    def kind(self) -> ProductKind:
        """What the product is."""
        ...

    @property
    def tags(self) -> tuple[str, ...]:
        """The words it is grouped by."""
        ...


class Selector(Value):
    """Products by SKU, tag or kind: any of these, without the excepted SKUs; empty means all."""

    model_config = NUMBERS_AS_TEXT

    skus: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    kinds: tuple[ProductKind, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it names nothing and so selects every product but the excepted ones."""
        return not (self.skus or self.tags or self.kinds)

    def matches(self, product: Selectable) -> bool:
        """Whether the product is one of those selected."""
        if product.sku in self.without:
            return False
        return (
            self.is_open
            or product.sku in self.skus
            or product.kind in self.kinds
            or any(tag in self.tags for tag in product.tags)
        )

    def __str__(self) -> str:
        """Say what is selected, for reasons and rules."""
        if self.is_open:
            return "all products"
        return " or ".join([*self.skus, *(f"any {word}" for word in (*self.tags, *self.kinds))])


def selector_problems(
    selector: Selector, path: str, skus: Collection[str], tags: Collection[str]
) -> Iterator[Problem]:
    """Yield each SKU and tag a selector names that no product of the catalogue has."""
    for name, known, what in (
        ("skus", skus, "product"),
        ("tags", tags, "tag of a product"),
        ("without", skus, "product"),
    ):
        for index, word in enumerate(getattr(selector, name)):
            if word not in known:
                yield Problem(
                    field=f"{path}.{name}[{index}]",
                    reason=f"{word} is no {what}",
                    remedy=nearest(word, known),
                )
