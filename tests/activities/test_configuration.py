"""Configuring: everything wrong with a deal at once, and nothing written until it is right."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session

from activities.configuration import ConfigurationActivities
from models.catalog import Catalog
from models.deal_file import DealFile
from models.errors import NotFoundError
from models.steps import ConfigureDeal, DealConfigured, RegisterKind
from models.tables import DealFileRow, DealRow
from tests.activities.house import CATALOG, House, deal_file, line, step


def configure(house: House, *lines: dict[str, Any], **changes: Any) -> DealConfigured:
    test_clock = changes.pop("with_test_clock", False)
    file = deal_file("1001", *lines, **changes)
    asked = step(ConfigureDeal, "1001", file=file, test_clock=test_clock)
    return house.configuration.configure_deal(asked)


def fields(configured: DealConfigured) -> list[str]:
    return [problem.field for problem in configured.problems]


def test_a_sound_deal_goes_on_record(house: House) -> None:
    """The workflow hears what it needs to know of the parties."""
    configured = configure(house, line("CRM", "3"))

    assert configured == DealConfigured(
        entity="DE01",
        customer="C-100",
        currency="EUR",
        time_zone="Europe/Berlin",
        continue_as_new_every=12,
    )
    assert [row.number for row in house.rows(DealRow)] == ["1001"]
    assert [row.term for row in house.rows(DealFileRow)] == [1]


def test_configuring_again_answers_the_same_and_writes_nothing(house: House) -> None:
    """The answer of the first run may be lost (law 1)."""
    configure(house, line("CRM", "3"))
    before = house.everything()

    again = configure(house, line("CRM", "3"))

    assert again.problems == ()
    assert house.everything() == before


def test_a_deal_on_record_is_not_checked_anew(house: House) -> None:
    """A product withdrawn between a crash and its retry does not undo what was accepted."""
    first = configure(house, line("CRM", "3"))
    without = [product for product in CATALOG["products"] if product["sku"] != "CRM"]
    house.publish(RegisterKind.CATALOG, {**CATALOG, "products": without, "price_books": []})

    assert configure(house, line("CRM", "3")) == first


def test_the_same_number_with_another_file_is_refused(house: House) -> None:
    """A deal number stands for one deal."""
    configure(house, line("CRM", "3"))

    refused = configure(house, line("CRM", "4"))

    assert [str(problem) for problem in refused.problems] == [
        "number: deal 1001 exists with another file (use another number)"
    ]


def test_unknown_parties_products_and_prices_are_named_together(house: House) -> None:
    """Whoever corrects a deal file wants to do it once."""
    refused = configure(
        house,
        line("CRN"),
        line("UNPRICED"),
        line("CRM", "0.5"),
        entity="XX01",
        customer="C-999",
        seller="nobody",
    )

    reasons = {problem.field: problem.reason for problem in refused.problems}
    assert reasons == {
        "entity": "There is no entity XX01 on record",
        "customer": "There is no customer C-999 on record",
        "seller": "There is no person nobody on record",
        "lines[0].product": "CRN is not in the catalogue",
        "lines[1].product": "UNPRICED/day has no price in eur (EUR)",
        "lines[2].quantity": "CRM is sold in whole units only, not 0.5",
    }
    remedies = {problem.field: problem.remedy for problem in refused.problems}
    assert remedies["seller"] == "add it: `q2c person add FILE`"
    assert house.rows(DealRow) == []
    assert house.rows(DealFileRow) == []


def test_a_file_that_was_never_checked_is_checked_here(house: House) -> None:
    """A deal started by hand skips the reader of files; its numbers may be beyond computing."""
    sound = deal_file("1001", line("UNPRICED"), line("CRM"))
    wrong = sound.lines[1].model_validate(
        {"product": "CRM", "quantity": "-1", "unit_price": "1e60", "discount": {"percent": "300"}}
    )
    file = sound.model_copy(update={"lines": (sound.lines[0], wrong), "valid_days": 0})

    refused = house.configuration.configure_deal(step(ConfigureDeal, "1001", file=file))

    assert fields(refused) == [
        "lines[1].quantity",
        "lines[1].unit_price",
        "lines[1].discount.percent",
        "valid_days",
        "lines[0].product",
    ]


def test_a_discount_below_zero_is_refused(house: House) -> None:
    """What can only be told by pricing is told before anything is committed."""
    refused = configure(house, line("CRM", discount={"amount": "51"}))

    assert fields(refused) == ["lines[0].discount"]


def test_the_same_problem_is_named_once(house: House) -> None:
    """A subscription in a one-off sale is found by configuring and by pricing."""
    refused = configure(house, line("CRM"), term_months=0)

    assert fields(refused) == ["lines[0].product"]


def test_a_currency_without_price_book_is_refused(house: House) -> None:
    """Prices are never converted silently."""
    refused = configure(house, line("CRM"), currency="JPY")

    assert [problem.reason for problem in refused.problems] == ["there is no price book in JPY"]


def test_without_catalogue_the_other_problems_are_named_too(empty_house: House) -> None:
    """An empty house is a result, not an exception (law 10)."""
    refused = configure(empty_house, line("CRM"))

    assert fields(refused) == ["entity", "customer", "seller", "lines"]


def test_an_empty_catalogue_sells_nothing(empty_house: House) -> None:
    """Every line is named."""
    empty = Catalog(version="1").model_dump(mode="json")
    empty_house.publish(RegisterKind.CATALOG, empty)

    refused = configure(empty_house, line("CRM"), line("SUITE"))

    assert {"lines[0].product", "lines[1].product"} <= set(fields(refused))


@pytest.mark.parametrize("allowed", [True, False])
def test_a_test_clock_needs_a_setting(house: House, *, allowed: bool) -> None:
    """A deal on a clock of its own would otherwise pass for a real one."""
    ruled = house.ruled(allow_test_clock=allowed)

    configured = configure(ruled, line("CRM"), with_test_clock=True)

    assert fields(configured) == ([] if allowed else ["test_clock"])
    assert [row.test_clock for row in house.rows(DealRow)] == ([True] if allowed else [])


# Big files


class Shelf:
    """A document store in memory."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    def put(self, content: bytes, suffix: str = "pdf") -> str:
        """Keep it under its hash."""
        sha256 = hashlib.sha256(content).hexdigest()
        self.contents[f"{sha256}.{suffix}"] = content
        return sha256

    def get(self, sha256: str, suffix: str = "pdf") -> bytes:
        """Return it; raises `NotFoundError`."""
        if f"{sha256}.{suffix}" not in self.contents:
            raise NotFoundError(f"There is no document {sha256} in the store")
        return self.contents[f"{sha256}.{suffix}"]


def by_hash(house: House, file: DealFile, shelf: Shelf, **changes: Any) -> DealConfigured:
    sha256 = shelf.put(file.model_dump_json().encode(), "json")
    bare = file.model_copy(update={"lines": (), **changes})
    office = replace(house.office, store=shelf)
    asked = step(ConfigureDeal, "1001", file=bare, file_hash=sha256)
    return ConfigurationActivities(office).configure_deal(asked)


def test_a_big_file_is_read_from_the_store_by_its_hash(house: House) -> None:
    """The step carries a few hundred bytes; the books get all 400 lines. Again changes nothing."""
    file = deal_file("1001", *[line("CRM", "3")] * 400)
    shelf = Shelf()

    first = by_hash(house, file, shelf)
    before = house.everything()

    assert first.problems == ()
    assert by_hash(house, file, shelf) == first
    assert house.everything() == before
    (row,) = house.rows(DealFileRow)
    assert DealFile.model_validate_json(row.content) == file


def test_a_file_that_is_not_in_the_store_is_a_problem(house: House) -> None:
    """Whoever reaches the port may name any hash."""
    asked = step(ConfigureDeal, "1001", file=deal_file("1001", line("CRM")), file_hash="0" * 64)
    office = replace(house.office, store=Shelf())

    found = ConfigurationActivities(office).configure_deal(asked).problems

    assert [problem.field for problem in found] == ["file_hash"]
    assert house.rows(DealRow) == []


def test_a_stored_file_for_another_start_is_refused(house: House) -> None:
    """The deal began as 1001 of Sam's, so its file must say so."""
    file = deal_file("1001", line("CRM"))

    found = by_hash(house, file, Shelf(), seller="mia", signature_days=3).problems

    assert [problem.field for problem in found] == ["seller", "signature_days"]


def test_a_big_file_inside_its_message_is_refused(house: House) -> None:
    """Its payload would be too large for the engine."""
    file = deal_file("1001", *[line("CRM")] * 151)

    found = house.configuration.configure_deal(step(ConfigureDeal, "1001", file=file)).problems

    assert [problem.reason for problem in found] == [
        "151 lines and options are more than 150 in one message"
    ]


def test_ten_thousand_problems_do_not_break_an_answer(house: House) -> None:
    """A hundred are told, and how many more there are."""
    file = deal_file("1001", *[line("NOTHING")] * 300)

    found = by_hash(house, file, Shelf()).problems

    assert len(found) == 101
    assert found[-1].reason == "200 more problems"


def test_a_file_recorded_by_an_older_release_is_the_same_file(house: House) -> None:
    """It was written with fewer fields under another hash; repeating the start is no conflict."""
    file = deal_file("1001", line("CRM", "3"))
    older = file.model_dump(mode="json", exclude_unset=True)
    with_row = DealFileRow(
        deal="1001", term=1, content=json.dumps(older), content_hash="of an older release"
    )
    house.books.write(lambda session: _put(session, with_row))

    again = house.configuration.configure_deal(step(ConfigureDeal, "1001", file=file))
    other = configure(house, line("CRM", "4"))

    assert again.problems == ()
    assert [problem.field for problem in other.problems] == ["number"]


def _put(session: Session, row: DealFileRow) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    session.add(
        DealRow(
            number="1001",
            entity="DE01",
            customer="C-100",
            seller="sam",
            currency="EUR",
            time_zone="Europe/Berlin",
            stage="configure",
            started_at=moment,
        )
    )
    session.flush()
    session.add(row)


PARTNER = {
    "number": "P-1",
    "legal_name": "Wiederverkauf GmbH",
    "address": {"line1": "Hafen 1", "city": "Hamburg", "country": "DE"},
    "tax_id": "22/333/44444",
    "email": "angebot@wiederverkauf.example",
    "price_book": "eur",
}
PAT = {
    "id": "pat",
    "name": "Pat Partner",
    "email": "pat@wiederverkauf.example",
    "roles": ["partner"],
    "partner": "P-1",
    "manager": "mia",
}


def test_a_partner_sells_from_its_own_price_book_through_every_door(house: House) -> None:
    """Whoever starts the deal by Temporal's own command line is refused just as well."""
    house.register(RegisterKind.PARTNER, "P-1", PARTNER)
    house.register(RegisterKind.PERSON, "pat", PAT)

    other_book = configure(house, line("CRM"), partner="P-1", price_book="usd", currency="USD")
    no_book = configure(house, line("CRM"), partner="P-1")
    no_name = configure(house, line("CRM"), seller="pat", price_book="eur")
    nobody = configure(house, line("CRM"), partner="P-9")
    assert house.rows(DealRow) == []
    right = configure(house, line("CRM"), seller="pat", partner="P-1", price_book="eur")

    assert fields(other_book) == fields(no_book) == ["price_book"]
    assert fields(no_name) == fields(nobody) == ["partner"]
    assert right.problems == ()
    assert [row.partner for row in house.rows(DealRow)] == ["P-1"]


def test_an_option_that_the_buyer_cannot_have_is_told_at_the_start(house: House) -> None:
    """Not when the buyer is at the page."""
    configured = configure(house, line("CRM", "3", buyer_may={"options": ["LAPTOP"]}))

    assert fields(configured) == ["lines[0].buyer_may.options[0]"]
