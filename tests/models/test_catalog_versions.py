"""Versions of the catalogue: effective days, names that stand for content, and differences."""

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from models.catalog import Catalog
from models.catalog_diff import catalog_diff, touched_skus
from models.catalog_versions import in_force_on, is_on_record, publication_problems
from tests.models.cpq import catalog, product


def version(name: str, effective_from: str | None = None, *skus: str) -> Catalog:
    return catalog(*map(product, skus)).model_copy(
        update={
            "version": name,
            "effective_from": date.fromisoformat(effective_from) if effective_from else None,
        }
    )


def in_force(newest_first: list[Catalog], day: str) -> str:
    found = in_force_on(newest_first, date.fromisoformat(day))
    return found.version if found else ""


def test_the_version_of_the_latest_effective_day_is_in_force() -> None:
    """In whatever order versions were published."""
    versions = [
        version("C", "2026-07-01"),
        version("D", "2027-01-01"),
        version("B", "2026-01-01"),
    ]

    assert [
        in_force(versions, day)
        for day in ("2025-12-31", "2026-01-01", "2026-06-30", "2026-07-01", "2027-01-01")
    ] == ["", "B", "B", "C", "D"]


def test_a_version_without_a_day_takes_the_place_of_everything_before() -> None:
    """As a house does that has no use for days; later ones with days build on it."""
    versions = [version("C", "2026-07-01"), version("B"), version("A", "2027-01-01")]

    assert [in_force(versions, day) for day in ("2020-01-01", "2026-07-01", "2027-06-01")] == [
        "B",
        "C",
        "C",
    ]


def test_a_name_stands_for_its_content_and_a_day_for_one_version() -> None:
    """What a quote says it was priced with must be found again, word for word."""
    versions = [version("B", "2026-07-01"), version("A", "2026-01-01", "CRM")]

    def told(one: Catalog) -> list[str]:
        return [f"{each.field}: {each.reason}" for each in publication_problems(versions, one)]

    assert told(version("A", "2026-02-01", "CRM")) == [
        "version: A is on record with another content"
    ]
    assert told(version("C", "2026-07-01")) == [
        "effective_from: version B takes effect on 2026-07-01 already"
    ]
    assert told(versions[1]) == []
    assert is_on_record(versions, versions[1])
    assert not is_on_record(versions, version("C", "2028-01-01"))


@given(
    days=st.lists(st.dates(date(2020, 1, 1), date(2030, 1, 1)), unique=True, max_size=8),
    day=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    data=st.data(),
)
def test_the_order_of_publication_does_not_matter_for_days(
    days: list[date], day: date, data: st.DataObject
) -> None:
    """Each day belongs to the version that began last."""
    versions = [version(str(one), one.isoformat()) for one in days]
    shuffled = data.draw(st.permutations(versions))

    found = in_force_on(shuffled, day)

    assert (found.effective_from if found else None) == max(
        (one for one in days if one <= day), default=None
    )


def book(**prices: str) -> list[dict[str, Any]]:
    entries = [{"sku": sku, "charge": "seat", "unit": unit} for sku, unit in prices.items()]
    return [{"name": "list", "currency": "USD", "valid_from": "2026-01-01", "entries": entries}]


def test_a_difference_names_everything_with_both_values() -> None:
    """Products, charges, parts, rules and prices; what is equal is not told."""
    before = catalog(
        product("CRM", description="Old"),
        product("ERP"),
        product("SUITE", components=[{"sku": "CRM"}]),
        price_books=book(CRM="10.00", ERP="20"),
    )
    after = catalog(
        product("CRM", description="New"),
        product("PRO"),
        product("SUITE", components=[{"sku": "CRM", "required": True, "default": 2}]),
        price_books=book(CRM="12.5", PRO="30"),
        rules=[
            {"key": "r", "kind": "requires", "when": {"skus": ["PRO"]}, "then": {"skus": ["CRM"]}}
        ],
    )

    told = [
        (one.kind.value, one.part.value, one.name, one.field, one.before, one.after)
        for one in catalog_diff(before, after)
        if one.kind == "changed"
    ]
    names = [f"{one.kind} {one.part} {one.name}" for one in catalog_diff(before, after)]

    assert told == [
        ("changed", "product", "CRM", "description", "Old", "New"),
        ("changed", "component", "SUITE > CRM", "required", "no", "yes"),
        ("changed", "component", "SUITE > CRM", "default", "0", "2"),
        ("changed", "price", "CRM/seat in list USD", "unit", "10", "12.5"),
    ]
    assert names == [
        "changed product CRM",
        "removed product ERP",
        "removed charge ERP/seat",
        "changed component SUITE > CRM",
        "changed component SUITE > CRM",
        "changed price CRM/seat in list USD",
        "removed price ERP/seat in list USD",
        "added product PRO",
        "added charge PRO/seat",
        "added rule r",
        "added price PRO/seat in list USD",
    ]
    assert catalog_diff(before, before) == ()


def test_a_change_of_prices_touches_its_products_and_a_rule_touches_all() -> None:
    """So that only deals with them are priced again to see what happens."""
    before = catalog(product("CRM"), product("ERP"), price_books=book(CRM="10", ERP="20"))
    dearer = catalog(product("CRM"), product("ERP"), price_books=book(CRM="11", ERP="20"))
    ruled = dearer.model_copy(update={"regions": {"EMEA": ("DE",)}})

    assert touched_skus(catalog_diff(before, dearer)) == frozenset({"CRM"})
    assert touched_skus(catalog_diff(before, ruled)) is None
