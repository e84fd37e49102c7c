"""Parties: what is recorded about a seller or a customer is enough for a legal invoice."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.countries import COUNTRIES, EU_COUNTRIES, country_name, is_country, vat_prefix
from models.errors import InvalidInputError, Problem
from models.parties import (
    CustomerStatus,
    Role,
    has_valid_check_digits,
    parse_customer,
    parse_entity,
    parse_person,
)

ENTITY = {
    "number": "DE01",
    "legal_name": "Beispiel GmbH",
    "address": {"line1": "Am Markt 1", "postal_code": "10115", "city": "Berlin", "country": "DE"},
    "tax_id": "30/123/45678",
    "vat_id": "DE123456789",
    "email": "billing@example.com",
    "bank": {
        "holder": "Beispiel GmbH",
        "bank": "Musterbank",
        "account": "DE89 3704 0044 0532 0130 00",
        "bic": "COBADEFFXXX",
    },
    "currency": "EUR",
    "time_zone": "Europe/Berlin",
}

CUSTOMER = {
    "number": "C-100",
    "legal_name": "Acme Inc.",
    "bill_to": {"line1": "1 Main St", "city": "Austin", "region": "TX", "country": "US"},
    "contacts": [{"name": "Ann", "email": "ann@example.com"}],
    "payment_terms_days": 45,
}

PERSON = {
    "id": "sam",
    "name": "Sam",
    "email": "sam@example.com",
    "roles": ["sales"],
    "titles": ["account_executive"],
    "manager": "mia",
}


def changed(data: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy with another value at a path, or without it for None."""
    result: Any = copy.deepcopy(data)
    *above, last = path.split(".")
    place = result
    for part in above:
        place = place[int(part)] if part.isdigit() else place.setdefault(part, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    return result  # type: ignore[no-any-return]


def problems_of(parse: Any, data: object) -> list[Problem]:
    """What is wrong with an input."""
    with pytest.raises(InvalidInputError) as refused:
        parse(data)
    return list(refused.value.problems)


def test_reads_an_entity() -> None:
    """What is not written keeps its default."""
    entity = parse_entity(ENTITY)

    assert entity.address.country == "DE"
    assert entity.bank.bic == "COBADEFFXXX"
    assert entity.number_prefix == ""


def test_reads_a_customer() -> None:
    """A field left empty in YAML counts as not written."""
    customer = parse_customer({**CUSTOMER, "vat_id": None, "parent": None, "ship_to": None})

    assert customer.status is CustomerStatus.BUSINESS
    assert customer.payment_terms_days == 45
    assert customer.contacts[0].role == "buyer"
    assert customer.vat_id == ""


def test_reads_a_person() -> None:
    """Roles open doors, titles answer approval policies."""
    someone = parse_person(PERSON)

    assert someone.roles == (Role.SALES,)
    assert someone.titles == ("account_executive",)


@pytest.mark.parametrize(
    ("path", "value", "field", "reason"),
    [
        ("number", "a b", "number", "cannot serve as a number"),
        ("number", "", "number", "cannot serve as a number"),
        ("legal_name", None, "legal_name", "is missing"),
        ("legal_name", "  ", "legal_name", "is empty"),
        ("address.line1", "", "address.line1", "is empty"),
        ("address.city", None, "address.city", "is missing"),
        ("address.country", "XX", "address.country", "is not a country code"),
        ("address.country", "de", "address.country", "is not a country code"),
        ("address.country", False, "address.country", "is not text"),
        ("address.postal_code", 10115, "address.postal_code", "is not text"),
        ("address", "Berlin", "address", "is not a group of fields"),
        ("tax_id", None, "tax_id", "is missing"),
        ("tax_id", "", "tax_id", "is empty"),
        ("vat_id", None, "vat_id", "is missing, and an invoice from an EU country must state it"),
        ("vat_id", "FR12345678901", "vat_id", "is not a VAT number of DE"),
        ("vat_id", "DE 123 456", "vat_id", "is not a VAT number of DE"),
        ("vat_id", 123456789, "vat_id", "is not text"),
        ("email", "billing", "email", "is not a mail address"),
        ("email", "a@b", "email", "is not a mail address"),
        ("email", "a@b.de\nBcc: c@d.de", "email", "is not a mail address"),
        ("bank.account", "DE88 3704 0044 0532 0130 00", "bank.account",
         "looks like an IBAN with wrong check digits"),
        ("bank.account", "", "bank.account", "is empty"),
        ("bank.bic", "COBA", "bank.bic", "is not a BIC"),
        ("bank", None, "bank", "is missing"),
        ("currency", "EURO", "currency", "is not a currency code"),
        ("currency", "eur", "currency", "is not a currency code"),
        ("time_zone", "Europe/Bonn", "time_zone", "is not a known time zone"),
        ("time_zone", ["UTC"], "time_zone", "is not text"),
        ("tax_rounding", "up", "tax_rounding", "is not one of 'category' or 'line'"),
        ("legal_nmae", "x", "legal_nmae", "is not a known field"),
        ("address.street", "x", "address.street", "is not a known field"),
    ],
)  # fmt: skip
def test_an_entity_has_what_its_invoices_must_state(
    path: str, value: object, field: str, reason: str
) -> None:
    """EU VAT Directive art. 226 (3) and (5), and one problem for one mistake."""
    found = problems_of(parse_entity, changed(ENTITY, path, value))

    assert [(problem.field, problem.reason) for problem in found] == [(field, reason)]


def test_a_slip_of_the_pen_is_answered_with_the_field_that_was_meant() -> None:
    """Ignoring it would leave out what was meant."""
    (problem,) = problems_of(parse_customer, {**CUSTOMER, "payment_term_days": 60})

    assert problem.remedy == "did you mean payment_terms_days?"


def test_a_number_without_quotes_says_how_to_write_it() -> None:
    """YAML reads a postal code as a number and Norway (NO) as false."""
    (problem,) = problems_of(parse_entity, changed(ENTITY, "address.country", value=False))

    assert problem.remedy == "put the value in quotes"


def test_an_entity_outside_the_union_needs_a_tax_number_but_no_vat_number() -> None:
    """Its account is no IBAN either, and its state decides on its taxes."""
    data = {
        **ENTITY,
        "address": {"line1": "1 Main St", "city": "Austin", "region": "TX", "country": "US"},
        "tax_id": "12-3456789",
        "vat_id": "",
        "bank": {"holder": "A", "bank": "B", "account": "000123456789", "routing": "021000021"},
    }

    assert parse_entity(data).tax_id == "12-3456789"
    (problem,) = problems_of(parse_entity, changed(data, "address.region", None))
    assert problem.field == "address.region"
    assert problem.reason == "is missing, and taxes in US depend on it"


def test_greek_vat_numbers_begin_with_el() -> None:
    """Directive 2006/112/EC art. 215: Greece may use EL, and does."""
    greek = changed(ENTITY, "address.country", "GR")

    assert parse_entity({**greek, "vat_id": "EL123456789"}).vat_id == "EL123456789"
    assert problems_of(parse_entity, {**greek, "vat_id": "GR123456789"})[0].field == "vat_id"


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("number", "C/100", "number"),
        ("bill_to", None, "bill_to"),
        ("bill_to.country", "USA", "bill_to.country"),
        ("bill_to.region", None, "bill_to.region"),
        ("ship_to", {"line1": "x", "city": "Toronto", "country": "CA"}, "ship_to.region"),
        ("ship_to", {"line1": "x", "city": "Rome", "country": "it"}, "ship_to.country"),
        ("contacts.0.email", "ann(at)example.com", "contacts[0].email"),
        ("contacts.0.name", "", "contacts[0].name"),
        ("contacts", {"name": "Ann"}, "contacts"),
        ("language", "english", "language"),
        ("language", "EN", "language"),
        ("language", "nl", "language"),
        ("language", "de_AT", "language"),
        ("language", "de-XX", "language"),
        ("payment_terms_days", -1, "payment_terms_days"),
        ("payment_terms_days", 366, "payment_terms_days"),
        ("payment_terms_days", True, "payment_terms_days"),
        ("payment_terms_days", "soon", "payment_terms_days"),
        ("credit_limit_minor", -5, "credit_limit_minor"),
        ("status", "state", "status"),
        ("parent", "C-100", "parent"),
    ],
)
def test_a_customer_can_be_invoiced(path: str, value: object, field: str) -> None:
    """EU VAT Directive art. 226 (5), and one problem for one mistake."""
    found = problems_of(parse_customer, changed(CUSTOMER, path, value))

    assert [problem.field for problem in found] == [field]


@pytest.mark.parametrize("days", [0, 365])
def test_payment_terms_may_be_none_or_a_year(days: int) -> None:
    """Both bounds are included."""
    assert parse_customer({**CUSTOMER, "payment_terms_days": days}).payment_terms_days == days


@pytest.mark.parametrize(
    ("country", "vat_id", "is_good"),
    [
        ("FR", "FRXX999999999", True),
        ("AT", "ATU12345678", True),
        ("FR", "DE123456789", True),
        ("FR", "", True),
        ("FR", "12345678901", False),
        ("FR", "FR 12 345", False),
        ("CH", "CHE-123.456.789 MWST", True),
    ],
)
def test_a_vat_number_in_the_union_has_its_form(country: str, vat_id: str, is_good: bool) -> None:  # noqa: FBT001
    """Art. 215 and 226 (4): it decides on reverse charge; elsewhere numbers have other forms."""
    address = {"line1": "x", "city": "y", "country": country}
    data = {**CUSTOMER, "bill_to": address, "vat_id": vat_id}

    if is_good:
        assert parse_customer(data).vat_id == vat_id
    else:
        assert [problem.field for problem in problems_of(parse_customer, data)] == ["vat_id"]


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("id", "", "id"),
        ("name", " ", "name"),
        ("email", "sam@", "email"),
        ("roles", ["boss"], "roles[0]"),
        ("roles", "sales", "roles"),
        ("titles", ["vp", ""], "titles[1]"),
        ("manager", "sam", "manager"),
    ],
)
def test_a_person_can_be_asked(path: str, value: object, field: str) -> None:
    """Nobody is their own manager: their deals would have nobody to go to."""
    found = problems_of(parse_person, changed(PERSON, path, value))

    assert [problem.field for problem in found] == [field]


def test_lists_every_problem_at_once() -> None:
    """Shape, content and slips of the pen in one answer."""
    found = problems_of(
        parse_entity,
        {
            "number": "",
            "address": {"line1": "", "country": "Germany"},
            "email": "x",
            "bank": {"account": "DE00370400440532013000"},
            "currency": 7,
            "time_zone": "Mars",
            "vat": "DE1",
        },
    )

    assert sorted(problem.field for problem in found) == [
        "address.city",
        "address.country",
        "address.line1",
        "bank.account",
        "bank.bank",
        "bank.holder",
        "currency",
        "email",
        "legal_name",
        "number",
        "tax_id",
        "time_zone",
        "vat",
    ]


@pytest.mark.parametrize(
    ("account", "is_valid"),
    [
        ("GB82 WEST 1234 5698 7654 32", True),
        ("DE89370400440532013000", True),
        ("de89370400440532013000", True),
        ("NO9386011117947", True),
        ("GB82 WEST 1234 5698 7654 23", False),
        ("DE98370400440532013000", False),
        ("000123456789", True),
        ("12-3456-789", True),
    ],
)
def test_an_iban_has_its_check_digits(account: str, is_valid: bool) -> None:  # noqa: FBT001
    """ISO 13616, with its published examples; an account of another form is not judged."""
    assert has_valid_check_digits(account) == is_valid


def test_knows_the_countries_of_the_world() -> None:
    """ISO 3166-1 has 249 assigned codes; the EU has 27 members."""
    assert len(COUNTRIES) == 249
    assert len(EU_COUNTRIES) == 27
    assert set(COUNTRIES) >= EU_COUNTRIES
    assert is_country("CH")
    assert not is_country("EU")
    assert country_name("CI") == "Côte d'Ivoire"
    assert country_name("QQ") == "QQ"
    assert vat_prefix("GR") == "EL"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "email", "country", "line1"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(field=st.sampled_from(sorted(ENTITY) + sorted(CUSTOMER) + sorted(PERSON)), value=ANYTHING)
def test_any_input_is_read_or_refused_with_its_problems(field: str, value: object) -> None:
    """Files come from outside: whatever stands in them, the answer is a list of problems."""
    for parse, data in ((parse_entity, ENTITY), (parse_customer, CUSTOMER), (parse_person, PERSON)):
        try:
            parse({**data, field: value})
        except InvalidInputError as refused:
            assert refused.problems  # noqa: PT017


@pytest.mark.parametrize("data", [None, "text", 7, [], [CUSTOMER]])
def test_what_is_no_group_of_fields_is_refused(data: object) -> None:
    """An empty file reads as nothing at all."""
    assert [problem.field for problem in problems_of(parse_customer, data)] == ["input"]


@pytest.mark.parametrize("language", ["", "de", "de-AT", "fr-CA", "es-MX", "en-GB"])
def test_a_customer_is_written_to_in_any_language_of_our_documents(language: str) -> None:
    """With a country, amounts and dates look as they do there; none is the entity's."""
    assert parse_customer({**CUSTOMER, "language": language}).language == language


def test_a_language_we_do_not_write_is_refused_with_those_we_do() -> None:
    """A quote in the wrong language is found out by the customer."""
    (problem,) = problems_of(parse_customer, {**CUSTOMER, "language": "nl"})

    assert problem.reason == "is not a language our documents are written in"
    assert "de, en, es, fr" in problem.remedy
    assert "or leave it out for the entity's" in problem.remedy
