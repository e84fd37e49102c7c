"""Whatever stands in a catalogue and a deal file, configuring answers, in whatever order."""

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from models.catalog import Catalog, check_catalog
from models.configuration import Configuration, configure
from models.deal_file import DealFile, check_deal_file

SKUS = ("A", "B", "C", "D", "E")
NAMES = st.sampled_from([*SKUS, "X"])
NUMBERS = st.integers(0, 12).map(str)
SIZE = {"key": "size", "type": "enum", "values": ["S", "L"]}
CHARGE = {"key": "seat", "name": "Seat", "type": "recurring", "cadence": "monthly", "model": "flat"}
SELECTORS = st.fixed_dictionaries(
    {}, optional={"skus": st.lists(NAMES, max_size=2), "tags": st.just(["t"])}
)
COMPONENTS = st.fixed_dictionaries(
    {"sku": NAMES},
    optional={
        "required": st.booleans(),
        "default": NUMBERS,
        "minimum": NUMBERS,
        "maximum": NUMBERS,
        "group": st.sampled_from(["g", ""]),
        "scaling": st.sampled_from(["per_parent", "fixed", "ratio"]),
        "per": st.integers(1, 9).map(str),
        "eligibility": st.just({"countries": ["DE"]}),
    },
)


def products(sku: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"sku": st.just(sku), "name": st.just(sku), "kind": st.just("subscription")},
        optional={
            "charges": st.just([CHARGE]),
            "tags": st.just(["t"]),
            "attributes": st.just([SIZE]),
            "components": st.lists(COMPONENTS, max_size=3),
            "groups": st.just([{"key": "g", "minimum": 1, "maximum": 1}]),
            "requires": st.lists(NAMES, max_size=1),
            "excludes": st.lists(NAMES, max_size=1),
            "percent_of": st.fixed_dictionaries({"percent": st.just("10"), "of": SELECTORS}),
            "maximum_quantity": NUMBERS,
        },
    )


RULES = st.fixed_dictionaries(
    {
        "key": st.just("r"),
        "kind": st.sampled_from(["requires", "excludes", "recommends", "validates"]),
        "when": SELECTORS,
        "then": SELECTORS,
    },
    optional={
        "given": st.lists(
            st.fixed_dictionaries(
                {"fact": st.sampled_from(["quantity", "attribute", "country", "term_months"])},
                optional={
                    "of": SELECTORS,
                    "attribute": st.just("size"),
                    "operator": st.sampled_from(["is", "is_not", "more", "at_most"]),
                    "values": st.lists(st.sampled_from(["1", "L", "x"]), max_size=2),
                    "than": SELECTORS,
                },
            ),
            max_size=2,
        )
    },
)
ADDED = st.fixed_dictionaries(
    {"key": st.just("a"), "when": SELECTORS, "add": NAMES, "fixed": NUMBERS, "units": NUMBERS}
)
CATALOGS = st.fixed_dictionaries(
    {
        "version": st.just("1"),
        "products": st.tuples(*map(products, SKUS)),
        "rules": st.lists(RULES, max_size=3),
        "added": st.lists(ADDED, max_size=3),
    }
).map(Catalog.model_validate)

OPTIONS = st.recursive(
    st.fixed_dictionaries({"product": NAMES}, optional={"quantity": NUMBERS}),
    lambda inner: st.fixed_dictionaries({"product": NAMES, "options": st.lists(inner, max_size=2)}),
    max_leaves=4,
)
LINES = st.fixed_dictionaries(
    {"product": NAMES},
    optional={
        "quantity": st.sampled_from(["1", "3", "0", "-1", "0.5", "1000000000000"]),
        "options": st.lists(OPTIONS, max_size=2),
        "attributes": st.dictionaries(st.sampled_from(["size", "x"]), st.sampled_from(["L", "?"])),
        "ramp": st.lists(
            st.fixed_dictionaries(
                {}, optional={"from_month": st.integers(-1, 20), "quantity": NUMBERS}
            ),
            max_size=3,
        ),
    },
)
FILES = st.lists(LINES, max_size=4).map(
    lambda lines: DealFile.model_validate({"lines": lines, "currency": "USD"})
)


@st.composite
def sound_catalogs(draw: st.DrawFn) -> Catalog:
    """Draw a catalogue in which everything looks at what comes before it, so it is sound."""
    made: list[dict[str, Any]] = []
    for place, sku in enumerate(SKUS):
        before = list(SKUS[:place])
        chosen = st.sampled_from(before) if before else st.nothing()
        components = [
            {
                "sku": part,
                "required": draw(st.booleans()),
                "default": draw(NUMBERS),
                "scaling": draw(st.sampled_from(["per_parent", "fixed", "ratio"])),
                "group": draw(st.sampled_from(["", "g"])),
            }
            for part in draw(st.lists(chosen, unique=True, max_size=2 if before else 0))
        ]
        is_percentage = bool(before) and draw(st.integers(0, 3)) == 0
        of = {"skus": draw(st.lists(chosen, min_size=1, max_size=2))} if is_percentage else {}
        made.append(
            {
                "sku": sku,
                "name": sku,
                "kind": "subscription",
                "charges": [CHARGE],
                "tags": ["t"],
                "attributes": [SIZE],
                "components": components,
                "groups": [{"key": "g"}],
                **({"percent_of": {"percent": "10", "of": of}} if is_percentage else {}),
            }
        )
    added = [
        {"key": f"a{place}", "when": {"skus": [SKUS[low]]}, "add": SKUS[low + 1], "units": "1"}
        for place, low in enumerate(draw(st.lists(st.integers(0, 3), unique=True, max_size=3)))
    ]
    large = {"fact": "quantity", "operator": "more", "values": [draw(NUMBERS)]}
    rules = [{"key": "s", "kind": "validates", "given": [large], "reason": "too large"}]
    catalog = Catalog.model_validate(
        {"version": "1", "products": made, "added": added, "rules": rules}
    )
    unsound = {problem.field for problem in check_catalog(catalog)}
    sound = [
        one for index, one in enumerate(catalog.added) if f"added[{index}].when" not in unsound
    ]
    return catalog.model_copy(update={"added": tuple(sound)})


def totals(found: Configuration) -> dict[tuple[str, int], Decimal]:
    sums: dict[tuple[str, int], Decimal] = {}
    for one in found.lines:
        key = (one.product.sku, one.segment.index if one.segment else 1)
        sums[key] = sums.get(key, Decimal(0)) + one.quantity
    return sums


@settings(max_examples=300, deadline=None)
@given(catalog=CATALOGS, file=FILES)
def test_configuring_never_fails(catalog: Catalog, file: DealFile) -> None:
    """Unsound catalogues and files are told in problems; every line stays addressable."""
    check_catalog(catalog)
    check_deal_file(file)

    found = configure(catalog, file)

    keys = [one.key for one in found.lines]
    assert len(keys) == len(set(keys))
    for one in found.lines:
        if one.derivation is not None:
            assert one.key not in one.derivation.of
            assert set(one.derivation.of) <= set(keys)


@settings(max_examples=200, deadline=None)
@given(catalog=sound_catalogs(), file=FILES)
def test_the_order_of_lines_changes_neither_products_nor_the_number_of_problems(
    catalog: Catalog, file: DealFile
) -> None:
    """The same wishes make the same quote, added lines and percentages included."""
    assert check_catalog(catalog) == ()
    turned = file.model_copy(update={"lines": tuple(reversed(file.lines))})

    found, again = configure(catalog, file), configure(catalog, turned)

    assert totals(found) == totals(again)
    assert bool(found.problems) == bool(again.problems)
