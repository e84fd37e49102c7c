"""The register: revisions of parties, catalogue and policies, and stock."""

from datetime import date
from decimal import Decimal

import pytest

from activities.fulfillment import on_hand
from activities.register import catalog_on, customer_of, tax_rules
from models.errors import NotFoundError
from models.steps import ChangeRecorded, RegisterChange, RegisterKind, StockReceipt
from models.tables import RegisterRow, StockMovement
from tests.activities.house import (
    CATALOG,
    CUSTOMER,
    ENTITY,
    PEOPLE,
    TAX_RULE,
    House,
    deal_file,
    line,
)


def on_stock(house: House, sku: str) -> Decimal:
    return house.books.read(lambda session: on_hand(session, "DE01", sku))


def test_a_new_party_is_the_first_revision(empty_house: House) -> None:
    """What is recorded can be read back, with who wrote it."""
    written = empty_house.register(RegisterKind.CUSTOMER, "C-100", CUSTOMER)

    customer = empty_house.books.read(lambda session: customer_of(session, "C-100"))
    assert written == ChangeRecorded(revision=1)
    assert customer.legal_name == "Buyer AG"
    assert [row.actor for row in empty_house.rows(RegisterRow)] == ["rita"]


def test_the_same_content_twice_is_one_revision(empty_house: House) -> None:
    """Law 1: running a step twice writes nothing more, whatever the order of the keys."""
    empty_house.register(RegisterKind.CUSTOMER, "C-100", CUSTOMER)

    again = empty_house.register(RegisterKind.CUSTOMER, "C-100", dict(reversed(CUSTOMER.items())))

    assert again == ChangeRecorded(revision=1, repeated=True)
    assert len(empty_house.rows(RegisterRow)) == 1


def test_other_content_is_the_next_revision_and_in_force(empty_house: House) -> None:
    """Facts are appended: the first revision stays on record."""
    empty_house.register(RegisterKind.CUSTOMER, "C-100", CUSTOMER)

    renamed = empty_house.register(
        RegisterKind.CUSTOMER, "C-100", {**CUSTOMER, "legal_name": "Buyer SE"}
    )

    customer = empty_house.books.read(lambda session: customer_of(session, "C-100"))
    assert renamed.revision == 2
    assert customer.legal_name == "Buyer SE"
    assert len(empty_house.rows(RegisterRow)) == 2


def test_going_back_to_former_content_is_a_revision_too(empty_house: House) -> None:
    """Only content equal to the revision in force changes nothing."""
    for name in ("Buyer AG", "Buyer SE"):
        empty_house.register(RegisterKind.CUSTOMER, "C-100", {**CUSTOMER, "legal_name": name})

    back = empty_house.register(RegisterKind.CUSTOMER, "C-100", CUSTOMER)

    assert back == ChangeRecorded(revision=3)


def test_every_problem_of_a_party_is_listed_and_nothing_written(empty_house: House) -> None:
    """Whoever corrects a file wants to do it once."""
    broken = {**ENTITY, "currency": "EURO", "time_zone": "Hamburg", "email": "nobody"}

    refused = empty_house.register(RegisterKind.ENTITY, "DE01", broken)

    assert {problem.field for problem in refused.problems} == {"currency", "time_zone", "email"}
    assert empty_house.rows(RegisterRow) == []


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (RegisterKind.PERSON, {"id": "sam"}),
        (RegisterKind.CATALOG, {"version": "", "products": [{"sku": "A", "name": ""}]}),
        (RegisterKind.APPROVAL_POLICY, {"version": "p", "rules": [{"id": ""}]}),
        (RegisterKind.DUNNING_POLICY, {"version": "d", "steps": []}),
        (RegisterKind.TAX_RULES, [{**TAX_RULE, "place_country": "XX"}]),
        (RegisterKind.TAX_RULES, "19"),
    ],
)
def test_every_kind_refuses_what_it_cannot_use(
    empty_house: House, kind: RegisterKind, content: object
) -> None:
    """Expected trouble is a result (law 10)."""
    key = "sam" if kind is RegisterKind.PERSON else "house"

    refused = empty_house.register(kind, key, content)

    assert refused.problems
    assert empty_house.rows(RegisterRow) == []


def test_what_is_no_json_is_refused(empty_house: House) -> None:
    """A file sent half is no exception."""
    change = RegisterChange(kind=RegisterKind.PERSON, key="sam", content='{"id": "sam"')

    refused = empty_house.registrar.record_change(change)

    assert [problem.field for problem in refused.problems] == ["content"]


def test_content_for_another_key_is_refused(empty_house: House) -> None:
    """A customer recorded under another's number would be billed as that other."""
    refused = empty_house.register(RegisterKind.CUSTOMER, "C-200", CUSTOMER)

    assert [str(one) for one in refused.problems] == [
        "key: is C-200, but the content says C-100 (use C-100)"
    ]


def test_two_entities_cannot_share_the_prefix_of_their_numbers(house: House) -> None:
    """EU VAT Directive art. 226(2): a number names one invoice, whichever entity made it."""
    second = {**ENTITY, "number": "DE02", "legal_name": "Sued Handel GmbH"}

    refused = house.register(RegisterKind.ENTITY, "DE02", second)
    accepted = house.register(RegisterKind.ENTITY, "DE02", {**second, "number_prefix": "S-"})

    assert [problem.field for problem in refused.problems] == ["number_prefix"]
    assert "DE01" in refused.problems[0].reason
    assert accepted.revision == 1


def test_a_prefix_once_used_stays_taken(house: House) -> None:
    """The invoices numbered with it are still on record."""
    house.register(RegisterKind.ENTITY, "DE01", {**ENTITY, "number_prefix": "N-"})
    second = {**ENTITY, "number": "DE02", "legal_name": "Sued Handel GmbH"}

    refused = house.register(RegisterKind.ENTITY, "DE02", second)

    assert [problem.field for problem in refused.problems] == ["number_prefix"]


def test_without_catalogue_and_rules_the_house_says_so(empty_house: House) -> None:
    """No catalogue is an error to name; no tax rules park every invoice, never 0 %."""
    with pytest.raises(NotFoundError, match="There is no catalogue on record for 2027-06-01"):
        empty_house.books.read(lambda session: catalog_on(session, date(2027, 6, 1)))

    assert empty_house.books.read(tax_rules) == ()


def test_a_catalogue_may_be_published_again_with_changes(house: House) -> None:
    """The newest revision is in force."""
    assert house.publish(RegisterKind.CATALOG, CATALOG).repeated

    changed = house.publish(RegisterKind.CATALOG, {**CATALOG, "version": "2027"})

    assert changed.revision == 2
    assert house.books.read(lambda session: catalog_on(session, date(2027, 6, 1))).version == "2027"


def test_stock_counts_once_for_each_reference(house: House) -> None:
    """A delivery note sent twice is one delivery."""
    first = house.stock("LAPTOP", "2.5", "DN-1")
    again = house.stock("LAPTOP", "2.5", "DN-1")
    house.stock("LAPTOP", "4", "DN-2")

    assert (first.repeated, again.repeated) == (False, True)
    assert on_stock(house, "LAPTOP") == Decimal("6.5")
    assert len(house.rows(StockMovement)) == 2


def test_the_same_reference_with_another_quantity_is_refused(house: House) -> None:
    """Law 2: the same key with another content is a conflict, never a silent repetition."""
    house.stock("LAPTOP", "2", "DN-1")

    refused = house.stock("LAPTOP", "3", "DN-1")

    assert [problem.field for problem in refused.problems] == ["reference"]
    assert on_stock(house, "LAPTOP") == Decimal(2)


@pytest.mark.parametrize("quantity", ["0", "-1", "many", "NaN", "Infinity", "1e30", "0.0000001"])
def test_stock_needs_a_quantity_and_a_reference(house: House, quantity: str) -> None:
    """Both problems are named at once, and nothing is written."""
    receipt = StockReceipt(entity="DE01", sku="LAPTOP", quantity=quantity, reference="")

    refused = house.registrar.receive_stock(receipt)

    assert [problem.field for problem in refused.problems] == ["quantity", "reference"]
    assert house.rows(StockMovement) == []


def test_stock_for_an_unknown_entity_is_refused(house: House) -> None:
    """Expected trouble is a result (law 10)."""
    receipt = StockReceipt(entity="XX", sku="LAPTOP", quantity="1", reference="DN-1")

    refused = house.registrar.receive_stock(receipt)

    assert [problem.field for problem in refused.problems] == ["entity"]


def test_stock_names_the_deals_that_wait_for_it_oldest_first(house: House) -> None:
    """Whoever ordered first is served first."""
    house.sell(deal_file("1001", line("LAPTOP", "3"), term_months=0))
    house.sell(deal_file("1002", line("LAPTOP"), line("CHAIR"), term_months=0))
    house.sell(deal_file("1003", line("CHAIR"), term_months=0))

    arrived = house.stock("LAPTOP", "3")

    assert arrived.deals == ("1001", "1002")


def test_people_are_recorded_one_by_one(empty_house: House) -> None:
    """Each person is a party of their own."""
    for person in PEOPLE:
        empty_house.register(RegisterKind.PERSON, person["id"], person)

    assert [row.key for row in empty_house.rows(RegisterRow)] == ["sam", "mia", "vera", "finn"]
