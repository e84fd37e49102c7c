"""The deal file: what a seller may write, and that everything wrong is said at once."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.deal_file import (
    MOST_INLINE,
    MOST_LINES,
    DealFile,
    Discount,
    DiscountBasis,
    LineRequest,
    OptionRequest,
    RenewalTerms,
    check_deal_file,
    deal_file_schema,
    parse_deal_file,
)
from models.errors import InvalidInputError, Problem

SOUND = {
    "number": 1001,
    "entity": "US01",
    "customer": 42,
    "seller": "sam",
    "currency": "USD",
    "starts_on": "2026-01-31",
    "lines": [{"product": 4711, "quantity": 2.5, "unit_price": 9.99, "discount": {"percent": 10}}],
}


def file(**changes: Any) -> DealFile:
    return parse_deal_file(SOUND).model_copy(update=changes)


def found(**changes: Any) -> list[str]:
    return [str(problem) for problem in check_deal_file(file(**changes))]


def with_discount(**discount: Any) -> tuple[LineRequest]:
    return (LineRequest(product="A", discount=Discount(**discount)),)


def test_a_sound_file_is_read() -> None:
    """Unquoted numbers are text where text is wanted, and decimals stay what was written."""
    read = parse_deal_file(SOUND)

    assert (read.number, read.customer, read.lines[0].product) == ("1001", "42", "4711")
    assert read.lines[0].quantity == Decimal("2.5")
    assert read.lines[0].unit_price == Decimal("9.99")
    assert read.starts_on == date(2026, 1, 31)
    assert check_deal_file(read) == ()


def test_a_file_without_a_start_starts_when_it_is_quoted() -> None:
    """The deal file leaves it open; nothing is wrong with that."""
    assert found(starts_on=None) == []


def test_unknown_keys_are_reported_at_every_depth_with_what_was_meant() -> None:
    """A misspelled key would otherwise leave out what was agreed, in silence."""
    data = {
        **SOUND,
        "curency": "EUR",
        "lines": [{"product": "A", "quantiy": 3, "options": [{"product": "B", "unit_pirce": 1}]}],
    }

    with pytest.raises(InvalidInputError) as refused:
        parse_deal_file(data)

    assert {str(problem) for problem in refused.value.problems} == {
        "curency: is not a known field (did you mean currency?)",
        "lines[0].quantiy: is not a known field (did you mean quantity?)",
        "lines[0].options[0].unit_pirce: is not a known field (did you mean unit_price?)",
    }


def test_shape_is_reported_with_paths() -> None:
    """Yes is no number, and digits are no date."""
    data = {
        **SOUND,
        "term_months": True,
        "test_clock": 2026,
        "lines": [{"quantity": "many"}, "CRM"],
    }

    with pytest.raises(InvalidInputError) as refused:
        parse_deal_file(data)

    assert [problem.field for problem in refused.value.problems] == [
        "term_months",
        "test_clock",
        "lines[0].product",
        "lines[0].quantity",
        "lines[1]",
    ]


def test_an_empty_file_lists_all_it_lacks() -> None:
    """All at once, so that the seller fills it in once."""
    with pytest.raises(InvalidInputError) as refused:
        parse_deal_file({})

    assert [problem.field for problem in refused.value.problems] == [
        "entity",
        "customer",
        "seller",
        "number",
        "currency",
        "lines",
    ]


def test_rules_and_spelling_are_reported_together() -> None:
    """A wrong currency and a misspelled key in one answer."""
    with pytest.raises(InvalidInputError) as refused:
        parse_deal_file({**SOUND, "currency": "XXX", "noet": "hello"})

    assert {problem.field for problem in refused.value.problems} == {"currency", "noet"}


@pytest.mark.parametrize("number", ["1001", "ACME-2026-1", "a" * 40])
def test_deal_numbers_are_letters_digits_and_hyphens(number: str) -> None:
    """They make the workflow ID `deal-<number>`."""
    assert found(number=number) == []


@pytest.mark.parametrize("number", ["a b", "a/b", "a" * 41, "Ä", "1\n"])
def test_other_deal_numbers_are_refused(number: str) -> None:
    """They could not make a workflow ID or a file name."""
    assert [problem.field for problem in check_deal_file(file(number=number))] == ["number"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"currency": "usd"},
            "currency: usd is no currency (use an ISO 4217 code in capital letters, such as USD)",
        ),
        ({"lines": ()}, "lines: are missing (list at least one product)"),
        (
            {"lines": (LineRequest(product="A", quantity=Decimal(0)),)},
            "lines[0].quantity: 0 must be more than 0 (write a number above 0)",
        ),
        (
            {"lines": (LineRequest(product="A", quantity=Decimal(-1)),)},
            "lines[0].quantity: -1 must be more than 0 (write a number above 0)",
        ),
        (
            {"lines": (LineRequest(product="A", quantity=Decimal("1e400")),)},
            "lines[0].quantity: is more than 1,000,000,000,000 (check the digits)",
        ),
        ({"lines": (LineRequest(product=""),)}, "lines[0].product: is missing (name a SKU)"),
        (
            {"lines": (LineRequest(product="A", unit_price=Decimal(-1)),)},
            "lines[0].unit_price: -1 must not be negative (write 0 or more)",
        ),
        (
            {
                "lines": (
                    LineRequest(
                        product="A", options=(OptionRequest(product="B", quantity=Decimal(-2)),)
                    ),
                )
            },
            "lines[0].options[0].quantity: -2 must not be negative (write 0 or more)",
        ),
        (
            {"lines": with_discount()},
            "lines[0].discount: has neither percent nor amount (give one of the two)",
        ),
        (
            {"lines": with_discount(percent=Decimal(5), amount=Decimal(5))},
            "lines[0].discount: has both percent and amount (give one of the two)",
        ),
        (
            {"lines": with_discount(percent=Decimal("100.1"))},
            "lines[0].discount.percent: 100.1 is not between 0 and 100 (use 0 to 100)",
        ),
        (
            {"lines": with_discount(amount=Decimal(-5))},
            "lines[0].discount.amount: -5 must not be negative (write 0 or more)",
        ),
        (
            {"header_discount": Discount(percent=Decimal(-1))},
            "header_discount.percent: -1 is not between 0 and 100 (use 0 to 100)",
        ),
        (
            {"currency": "JPY", "header_discount": Discount(amount=Decimal("10.5"))},
            (
                "header_discount.amount: 10.5 is finer than the smallest unit of JPY "
                "(use at most 0 decimals)"
            ),
        ),
        ({"term_months": -1}, "term_months: -1 is not between 0 and 120 (use 0 to 120)"),
        ({"term_months": 121}, "term_months: 121 is not between 0 and 120 (use 0 to 120)"),
        (
            {"payment_terms_days": -1},
            "payment_terms_days: -1 is not between 0 and 365 (use 0 to 365)",
        ),
        (
            {"payment_terms_days": 366},
            "payment_terms_days: 366 is not between 0 and 365 (use 0 to 365)",
        ),
        ({"valid_days": 0}, "valid_days: 0 is not between 1 and 365 (use 1 to 365)"),
        ({"signature_days": 366}, "signature_days: 366 is not between 1 and 365 (use 1 to 365)"),
        (
            {"starts_on": date(9999, 1, 1)},
            "starts_on: the year 9999 is out of range (check it)",
        ),
        (
            {"test_clock": datetime(1970, 1, 1, tzinfo=UTC)},
            "test_clock: the year 1970 is out of range (check it)",
        ),
        (
            {"renewal": RenewalTerms(notice_days=366)},
            (
                "renewal.notice_days: 366 days are longer than the term of 365 days "
                "(shorten the notice or lengthen the term)"
            ),
        ),
        (
            {"renewal": RenewalTerms(notice_days=-1)},
            "renewal.notice_days: -1 must not be negative (write 0 or more)",
        ),
        (
            {"renewal": RenewalTerms(uplift_percent=Decimal(-101))},
            "renewal.uplift_percent: -101 would make the price negative (use -100 or more)",
        ),
        (
            {"renewal": RenewalTerms(term_months=0)},
            "renewal.term_months: 0 is not between 1 and 120 (use 1 to 120)",
        ),
    ],
)
def test_each_broken_rule_is_named_with_its_place_and_remedy(
    changes: dict[str, Any], problem: str
) -> None:
    """One change to the sound file, one problem."""
    assert found(**changes) == [problem]


@pytest.mark.parametrize(
    "changes",
    [
        {"term_months": 0},
        {"term_months": 120},
        {"payment_terms_days": 0},
        {"valid_days": 1},
        {"signature_days": 365},
        {"lines": with_discount(percent=Decimal(0))},
        {"lines": with_discount(percent=Decimal(100))},
        {"lines": with_discount(amount=Decimal(0), basis=DiscountBasis.ONCE)},
        {"renewal": RenewalTerms(notice_days=365, uplift_percent=Decimal(-100))},
    ],
)
def test_bounds_themselves_are_allowed(changes: dict[str, Any]) -> None:
    """A limit is the last value that is still right."""
    assert found(**changes) == []


def test_an_option_of_zero_declines_a_component() -> None:
    """A line of zero would be nothing; an option of zero says no to a default."""
    option = OptionRequest(product="B", quantity=Decimal(0))

    assert found(lines=(LineRequest(product="A", options=(option,)),)) == []


def test_notice_for_an_open_start_fits_the_shortest_term_it_can_have() -> None:
    """One month from February has 28 days, from January 31."""
    terms = RenewalTerms(notice_days=30)

    assert found(starts_on=date(2026, 1, 1), term_months=1, renewal=terms) == []
    assert len(found(starts_on=None, term_months=1, renewal=terms)) == 1


def test_a_one_off_sale_has_no_notice_to_check() -> None:
    """There is no term to be shorter than."""
    assert found(term_months=0, renewal=RenewalTerms(notice_days=90)) == []


def test_the_published_schema_takes_its_own_examples_and_refuses_slips() -> None:
    """Editors check files by it before we do."""
    schema = deal_file_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    example = schema["examples"][0]

    assert validator.is_valid(example)
    assert not validator.is_valid({**example, "curency": "USD"})
    assert not validator.is_valid({**example, "lines": [{"prodct": "A"}]})
    assert not validator.is_valid({})


def test_the_schema_describes_every_key() -> None:
    """Title, description and examples are what an editor shows."""
    schema = deal_file_schema()
    parts = (schema, *schema["$defs"].values())
    keys = [key for part in parts for key in part.get("properties", {}).values()]

    assert schema["title"] == "Q2C deal file"
    assert schema["description"].startswith("A deal as its seller asks for it")
    assert len(keys) > 30
    assert all(key.get("description") for key in keys)


def test_the_example_of_the_schema_is_a_file_we_accept() -> None:
    """A published example that is refused would be worse than none."""
    read = parse_deal_file(deal_file_schema()["examples"][0])

    assert isinstance(read, DealFile)
    assert check_deal_file(read) == ()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(key=st.sampled_from(sorted(DealFile.model_fields)), value=anything)
def test_whatever_stands_under_a_key_is_read_or_explained(key: str, value: object) -> None:
    """A file that somebody else wrote never breaks the reader, and what is read is sound."""
    try:
        unexplained: tuple[Problem, ...] | None = check_deal_file(
            parse_deal_file({**SOUND, key: value})
        )
    except InvalidInputError as refused:
        unexplained = () if refused.problems else None

    assert unexplained == ()


@given(data=anything)
def test_whatever_stands_in_a_line_is_read_or_explained(data: object) -> None:
    """The same within a line, with its product given."""
    entry = {"product": "A", "discount": data, "options": data, "quantity": data}

    with pytest.raises(InvalidInputError) as refused:
        parse_deal_file({**SOUND, "lines": [entry, data, {"product": ""}]})

    assert {problem.field[:6] for problem in refused.value.problems} == {"lines["}


def test_a_file_with_too_many_lines_is_refused_and_a_small_one_fits_a_payload() -> None:
    """A message stays under 64 KB; a bigger file lies in the document store."""
    sold = LineRequest(product="A-PRODUCT-WITH-A-LONG-SKU", discount=Discount(percent=Decimal(5)))

    assert found(lines=(sold,) * MOST_LINES) == []
    assert len(file(lines=(sold,) * MOST_INLINE).model_dump_json()) < 64 * 1024
    assert found(lines=(sold,) * (MOST_LINES + 1)) == [
        "lines: 10001 lines and options are more than 10000 (split them over several deals)"
    ]


@pytest.mark.parametrize(
    ("anchor", "starts", "reason"),
    [
        ("2026-02-15", "2026-03-01", "no whole month from 2026-02-15 ends where service starts"),
        ("2026-05-01", "2026-03-01", "no whole month from 2026-05-01 ends where service starts"),
        ("2026-05-01", None, "needs a first day of service"),
        ("1026-05-01", "2026-03-01", "the year 1026 is out of range"),
    ],
)
def test_an_anchor_no_period_can_be_counted_from_is_refused(
    anchor: str, starts: str | None, reason: str
) -> None:
    """The first period would begin before or after the first day of service."""
    with pytest.raises(InvalidInputError) as refused:
        parse_deal_file({**SOUND, "anchor_on": anchor, "starts_on": starts})

    assert [problem.field for problem in refused.value.problems] == ["anchor_on"]
    assert refused.value.problems[0].reason.startswith(reason)


def problems_in(written: dict[str, Any]) -> list[str]:
    """Return everything told about a file, sorted."""
    with pytest.raises(InvalidInputError) as caught:
        parse_deal_file(written)
    return sorted(map(str, caught.value.problems))


GIVEN = {"number": "1", "entity": "US01", "customer": "C-100", "seller": "sam", "currency": "USD"}


def test_a_fault_of_shape_hides_no_broken_rule() -> None:
    """Whoever corrects a file wants to do it once."""
    lines = [{"product": "CRM"}, {"quantity": 0}]

    assert problems_in({**GIVEN, "currency": "usd", "lines": lines}) == [
        "currency: usd is no currency (use an ISO 4217 code in capital letters, such as USD)",
        "lines[1].product: is missing (add it)",
        "lines[1].quantity: 0 must be more than 0 (write a number above 0)",
    ]


def test_what_follows_from_an_unreadable_value_is_not_told() -> None:
    """A discount whose percentage cannot be read does not lack one."""
    unread = {"product": "CRM", "quantity": "-5", "discount": {"percent": "x"}}

    assert problems_in({**GIVEN, "valid_days": 0, "lines": ["CRM", unread]}) == [
        "lines[0]: is not a group of fields (write its fields one by one)",
        "lines[1].discount.percent: is not a number (write digits and a point, such as 12.50)",
        "lines[1].quantity: -5 must be more than 0 (write a number above 0)",
        "valid_days: 0 is not between 1 and 365 (use 1 to 365)",
    ]
    assert problems_in({**GIVEN, "lines": "CRM", "renewal": {"notice_days": -1}}) == [
        "lines: is not a list (write a list, also for a single entry)",
        "renewal.notice_days: -1 must not be negative (write 0 or more)",
    ]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["product", "quantity", "percent", "x"]), inner, max_size=3
            )
        ),
        max_leaves=8,
    ),
    st.sampled_from(sorted(DealFile.model_fields)),
)
def test_whatever_stands_in_a_field_the_others_are_checked(value: Any, field: str) -> None:
    """A field of any shape is refused or taken, in our words; it never hides another's problem."""
    other = "signature_days" if field != "signature_days" else "valid_days"
    with pytest.raises(InvalidInputError) as caught:
        parse_deal_file({**GIVEN, "lines": [{"product": "CRM"}], other: -1, field: value})

    problems = caught.value.problems
    assert other in {problem.field for problem in problems}
    assert all(problem.remedy for problem in problems)
    assert not any("Input should" in problem.reason for problem in problems)
