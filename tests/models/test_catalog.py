"""The catalogue: what is accepted, and that everything wrong with it is said at once."""

from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from models.catalog import Catalog, check_catalog, parse_catalog
from models.charges import ChargeModel
from models.errors import InvalidInputError
from models.price_books import PriceBook, PriceBookEntry, Tier, entry_gap
from models.written import decimals_of, nearest, number_problem

SOUND: dict[str, Any] = {
    "version": 7,
    "products": [
        {
            "sku": "CRM",
            "name": "CRM",
            "kind": "subscription",
            "charges": [
                {"key": "seat", "name": "Seat", "type": "recurring", "cadence": "monthly"},
                {"key": "setup", "name": "Setup", "type": "one_time", "model": "flat"},
            ],
        },
        {
            "sku": 4711,
            "name": "Router",
            "kind": "good",
            "charges": [{"key": "unit", "name": "Router", "type": "one_time"}],
        },
        {
            "sku": "SUITE",
            "name": "Suite",
            "kind": "subscription",
            "components": [{"sku": "CRM", "required": True}, {"sku": 4711, "default": 1}],
        },
    ],
    "price_books": [
        {
            "name": "Standard",
            "currency": "USD",
            "valid_from": "2025-01-01",
            "valid_until": "2026-01-01",
            "entries": [
                {"sku": "CRM", "charge": "seat", "unit": 9.99},
                {"sku": "CRM", "charge": "setup", "unit": 100},
                {"sku": 4711, "charge": "unit", "unit": "250.00", "cost": "180"},
            ],
        }
    ],
}


def written(*changes: tuple[Any, ...]) -> dict[str, Any]:
    """The sound catalogue with values put at paths: ("products", 0, "sku", "X")."""
    data = deepcopy(SOUND)
    for *path, last, value in changes:
        place: Any = data
        for step in path:
            place = place[step]
        place[last] = value
    return data


def problems_of(data: object) -> list[str]:
    with pytest.raises(InvalidInputError) as refused:
        parse_catalog(data)
    return [str(problem) for problem in refused.value.problems]


def test_a_sound_catalogue_is_read() -> None:
    """Unquoted SKUs and versions are text, and prices keep their decimals."""
    catalog = parse_catalog(SOUND)

    assert catalog.version == "7"
    assert catalog.product("4711") == catalog.products[1]
    assert catalog.price_books[0].entry("CRM", "seat") == catalog.price_books[0].entries[0]
    assert catalog.price_books[0].entries[0].unit == Decimal("9.99")
    assert check_catalog(catalog) == ()


def test_an_unknown_sku_is_no_product() -> None:
    """Asking is no error."""
    assert parse_catalog(SOUND).product("X") is None


def test_reading_what_was_written_gives_the_same_catalogue() -> None:
    """The books keep it as JSON."""
    catalog = parse_catalog(SOUND)

    assert Catalog.model_validate_json(catalog.model_dump_json()) == catalog


def test_an_empty_key_counts_as_not_written() -> None:
    """`description:` with nothing after it is what YAML calls null."""
    assert (
        parse_catalog(written(("products", 0, "description", None))).products[0].description == ""
    )


@pytest.mark.parametrize("data", [None, [], "catalog", 7])
def test_anything_but_a_mapping_is_refused(data: object) -> None:
    """An empty file is no catalogue."""
    assert problems_of(data) == ["input: is not a group of fields (write fields)"]


def test_shape_and_spelling_are_reported_together_with_their_places() -> None:
    """Whoever corrects a file wants to do it once."""
    data = written(
        ("products", 0, "charges", 0, "cadence", "fortnightly"),
        ("products", 1, "kid", "good"),
        ("price_books", 0, "valid_from", 20250101),
    )

    cadences = "'weekly', 'monthly', 'quarterly', 'half_yearly' or 'yearly'"
    assert problems_of(data) == [
        "price_books[0].valid_from: is not a date (write YYYY-MM-DD)",
        f"products[0].charges[0].cadence: is not one of {cadences} (choose one of them)",
        "products[1].kid: is not a known field (did you mean kind?)",
    ]


def test_broken_rules_and_misspelled_keys_are_reported_together() -> None:
    """A slip in one place does not hide a contradiction in another."""
    data = written(("products", 1, "sku", "CRM"), ("products", 0, "unti", "seat"))

    found = problems_of(data)

    assert "products[1].sku: CRM is already in products[0] (choose another or remove one)" in found
    assert "products[0].unti: is not a known field (did you mean unit?)" in found


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("version", " "), "version: is empty (fill it in)"),
        (
            ("products", 0, "charges", 0, "cadence", None),
            (
                "products[0].charges[0].cadence: is missing for a recurring charge "
                "(use one of weekly, monthly, quarterly, half_yearly, yearly)"
            ),
        ),
        (
            ("products", 1, "charges", 0, "cadence", "monthly"),
            (
                "products[1].charges[0].cadence: is given for a one-time charge "
                "(remove it or make the charge recurring)"
            ),
        ),
        (
            ("products", 0, "charges", 1, "key", "seat"),
            (
                "products[0].charges[1].key: seat is already in products[0].charges[0] "
                "(choose another or remove one)"
            ),
        ),
        (
            ("products", 2, "components", []),
            (
                "products[2].charges: SUITE has neither charges nor components, so no quote can "
                "show it (give it a charge, free of charge if need be)"
            ),
        ),
        (
            ("products", 0, "requires", ["CMR"]),
            "products[0].requires[0]: CMR is no product (did you mean CRM?)",
        ),
        (
            ("products", 0, "excludes", ["Rooter"]),
            "products[0].excludes[0]: Rooter is no product (use one of 4711, CRM, SUITE)",
        ),
        (
            ("products", 0, "excludes", ["CRM"]),
            "products[0].excludes[0]: CRM excludes itself (remove it)",
        ),
        (
            ("products", 2, "excludes", ["CRM"]),
            "products[2].excludes[0]: SUITE both requires and excludes CRM (remove one of the two)",
        ),
        (
            ("products", 2, "components", 0, "sku", "SUITE"),
            (
                "products[2].components: contain the product itself: SUITE > SUITE "
                "(remove one of these components)"
            ),
        ),
        (
            ("products", 0, "components", [{"sku": "SUITE"}]),
            (
                "products[0].components: contain the product itself: CRM > SUITE > CRM "
                "(remove one of these components)"
            ),
        ),
        (
            ("products", 2, "components", 1, "sku", "CRM"),
            (
                "products[2].components[1].sku: CRM is already in products[2].components[0] "
                "(choose another or remove one)"
            ),
        ),
        (
            ("products", 2, "components", 1, "maximum", -1),
            "products[2].components[1].minimum: 0 is more than the maximum of -1",
        ),
        (
            ("products", 2, "components", 1, "minimum", 2),
            (
                "products[2].components[1].default: 1 lies outside the component's own minimum and "
                "maximum"
            ),
        ),
        (
            ("products", 0, "minimum_quantity", -5),
            "products[0].minimum_quantity: -5 must not be negative (write 0 or more)",
        ),
        (
            ("price_books", 0, "currency", "usd"),
            "price_books[0].currency: usd is no currency (use an ISO 4217 code in capital letters)",
        ),
        (
            ("price_books", 0, "valid_until", "2025-01-01"),
            "price_books[0].valid_until: 2025-01-01 is not after valid_from 2025-01-01",
        ),
        (
            ("price_books", 0, "entries", 0, "charge", "seats"),
            "price_books[0].entries[0].charge: CRM has no charge seats (did you mean seat?)",
        ),
        (
            ("price_books", 0, "entries", 0, "unit", None),
            "price_books[0].entries[0].unit: is missing for a per_unit charge (give the price)",
        ),
        (
            ("price_books", 0, "entries", 0, "unit", -1),
            "price_books[0].entries[0].unit: -1 must not be negative (write 0 or more)",
        ),
        (
            ("price_books", 0, "entries", 2, "cost", "1e15"),
            "price_books[0].entries[2].cost: is more than 1,000,000,000,000 (check the digits)",
        ),
        (
            ("price_books", 0, "entries", 0, "package_size", 0),
            (
                "price_books[0].entries[0].package_size: 0 must be more than 0 "
                "(write a number above 0)"
            ),
        ),
        (
            ("products", 0, "charges", 0, "model", "package"),
            (
                "price_books[0].entries[0].package_size: is missing for a package charge "
                "(say how many units one package holds)"
            ),
        ),
        (
            ("products", 0, "charges", 0, "model", "volume"),
            "price_books[0].entries[0].tiers: is missing for a volume charge (list the tiers)",
        ),
    ],
)
def test_each_broken_rule_is_named_with_its_place_and_remedy(
    change: tuple[Any, ...], problem: str
) -> None:
    """One change to the sound catalogue, one problem."""
    assert problem in problems_of(written(change))


def test_a_price_given_twice_is_reported_at_both_places() -> None:
    """Which of the two holds would be chance."""
    entry = SOUND["price_books"][0]["entries"][0]
    data = written(("price_books", 0, "entries", [entry, entry]))

    assert problems_of(data) == [
        f"price_books[0].entries[{index}]: CRM/seat is priced more than once in this book "
        "(keep one price)"
        for index in (0, 1)
    ]


def test_tiers_ascend_and_only_the_last_is_open() -> None:
    """Every quantity has exactly one price."""
    tiers = [{"up_to": 10, "unit": -1}, {"up_to": 10}, {"unit": 1}, {"up_to": 30, "flat": -2}]
    data = written(
        ("products", 0, "charges", 0, "model", "graduated"),
        ("price_books", 0, "entries", 0, {"sku": "CRM", "charge": "seat", "tiers": tiers}),
    )
    place = "price_books[0].entries[0].tiers"

    assert problems_of(data) == [
        f"{place}[0].unit: -1 must not be negative (write 0 or more)",
        f"{place}[1].up_to: 10 is not above 10",
        (
            f"{place}[2].up_to: is open, so no later tier is ever reached "
            "(only the last tier has no end)"
        ),
        f"{place}[3].flat: -2 must not be negative (write 0 or more)",
        (
            f"{place}[3].up_to: ends the last tier at 30, so larger quantities have no price "
            "(remove it: the last tier has no end)"
        ),
    ]


@pytest.mark.parametrize(
    ("name", "currency", "start", "overlaps"),
    [
        ("Standard", "USD", "2025-12-31", True),
        ("Standard", "USD", "2026-01-01", False),
        ("Standard", "EUR", "2025-12-31", False),
        ("Partner", "USD", "2025-12-31", False),
    ],
)
def test_one_book_is_in_force_once_at_a_time(
    name: str, currency: str, start: str, *, overlaps: bool
) -> None:
    """Windows end before their last day; other names and currencies are other books."""
    book = PriceBook(name=name, currency=currency, valid_from=date.fromisoformat(start))
    catalog = parse_catalog(SOUND)
    catalog = catalog.model_copy(update={"price_books": (*catalog.price_books, book)})

    found = [problem.field for problem in check_catalog(catalog)]

    assert found == (["price_books[1].valid_from"] if overlaps else [])


def test_a_circle_of_bundles_is_reported_once() -> None:
    """A > B > C > A is one mistake, not three."""
    bundle = {"kind": "service", "charges": SOUND["products"][1]["charges"]}
    data = {
        "version": "1",
        "products": [
            {"sku": sku, "name": sku, "components": [{"sku": inner}], **bundle}
            for sku, inner in (("A", "B"), ("B", "C"), ("C", "A"))
        ],
    }

    assert problems_of(data) == [
        (
            "products[0].components: contain the product itself: A > B > C > A "
            "(remove one of these components)"
        )
    ]


@pytest.mark.parametrize(
    ("day", "is_in_force"),
    [("2024-12-31", False), ("2025-01-01", True), ("2025-12-31", True), ("2026-01-01", False)],
)
def test_a_price_book_ends_before_its_last_day(day: str, *, is_in_force: bool) -> None:
    """Periods are half-open."""
    book = parse_catalog(SOUND).price_books[0]

    assert book.is_in_force_on(date.fromisoformat(day)) is is_in_force


def test_an_entry_with_all_its_model_needs_has_no_gap() -> None:
    """Tiers, a unit, a percentage or a formula by model, a size for packages."""
    entry = PriceBookEntry(
        sku="A",
        charge="a",
        unit=Decimal(1),
        tiers=(Tier(),),
        package_size=Decimal(1),
        percent=Decimal(0),
        formula="unit",
    )

    assert [entry_gap(entry, model) for model in ChargeModel] == [None] * 10


@pytest.mark.parametrize(
    ("name", "known", "remedy"),
    [
        ("crm", ["CRM", "ERP"], "did you mean CRM?"),
        ("zzz", ["CRM", "ERP"], "use one of CRM, ERP"),
        ("zzz", [], "there is none yet"),
        ("zzz", list("ABCDEFGHIJKL"), "use one of A, B, C, D, E, F, G, H, I, J … (12 in all)"),
    ],
)
def test_a_remedy_names_what_was_probably_meant(name: str, known: list[str], remedy: str) -> None:
    """Letter case is no difference."""
    assert nearest(name, known) == remedy


@pytest.mark.parametrize(
    ("number", "decimals"), [("10", 0), ("10.50", 1), ("0.00", 0), ("1e3", 0), ("1e-7", 7)]
)
def test_zeros_at_the_end_are_no_decimals(number: str, decimals: int) -> None:
    """10.50 is as fine as 10.5."""
    assert decimals_of(Decimal(number)) == decimals


def test_numbers_finer_than_arithmetic_can_keep_are_refused() -> None:
    """Twelve decimals suffice for any published unit price."""
    assert number_problem("unit", Decimal("0.000000000001")) == []
    assert number_problem("unit", Decimal("0.0000000000001")) != []
