"""Drafts: an invoice is shown before it is issued, and what was shown is what is issued."""

from datetime import date, timedelta
from typing import Any

import pytest

from activities.correcting import CorrectingActivities
from activities.drafts import Draft, drafts_of, preview_of
from models.billing import Invoice
from models.credit_steps import Corrected, CorrectInvoice, Correction
from models.steps import RegisterKind
from models.tables import InvoiceRow, NumberSeries
from tests.activities.conservation import assert_conserved
from tests.activities.house import ENTITY, START, WRITTEN_AT, House, deal_file, line, noon

GROSS = 178_50
FEBRUARY = date(2026, 2, 1)


def sell(house: House, **changes: Any) -> None:
    """Sell 3 seats with five days of grace: 178.50 a month with tax."""
    billing = {"grace_days": 5}
    file = deal_file("1001", line("CRM", "3"), starts_on=START, billing=billing, **changes)
    house.sell(file)


def drafts(house: House, on: date = START) -> tuple[Draft, ...]:
    return house.books.read(lambda session: drafts_of(session, "1001", on, WRITTEN_AT))


def preview(house: House, on: date = START) -> tuple[Draft, ...]:
    return house.books.read(lambda session: preview_of(session, "1001", on, WRITTEN_AT))


def say(house: House, kind: Correction, draft: str, on: date = START, **more: Any) -> Corrected:
    fields = {"key": f"{kind}-1", "on": on, "at": noon(on), "reason": "PO to come", **more}
    order = CorrectInvoice.model_validate({**fields, "kind": kind, "invoice": draft})
    return CorrectingActivities(house.office).correct_invoice(order)


def after(days: int) -> date:
    return START + timedelta(days=days)


def invoices(house: House) -> list[Invoice]:
    return [Invoice.model_validate_json(row.content) for row in house.rows(InvoiceRow)]


def test_an_invoice_is_a_draft_for_the_days_of_grace(house: House) -> None:
    """Billed on 1 January, issued on the 6th; the agenda knows the day, and no number is drawn."""
    sell(house)

    first = house.converge("1001", START)
    (draft,) = drafts(house)

    assert (first.invoices, first.next_on) == ((), after(5))
    assert (draft.drafted_on, draft.issue_on) == (START, after(5))
    assert house.rows(NumberSeries, series="INV-2026") == []
    assert house.converge("1001", after(4)).invoices == ()
    assert len(house.converge("1001", after(5)).invoices) == 1
    assert drafts(house, after(5)) == ()
    assert_conserved(house)


def test_what_was_shown_is_what_is_issued(house: House) -> None:
    """Preview equals issue, by the same function: only the number is new."""
    sell(house)
    (shown,) = preview(house)
    assert shown.invoice is not None

    house.converge("1001", after(5))

    (issued,) = invoices(house)
    assert issued == shown.invoice.model_copy(update={"number": issued.number})
    assert issued.issued_on == after(5)
    assert issued.due_on == after(35)


def test_without_grace_the_next_invoice_is_previewed(house: House) -> None:
    """Nothing is a draft, but what comes next is known."""
    house.sell(deal_file("1001", line("CRM", "3"), starts_on=START))
    house.converge("1001", START)

    (shown,) = preview(house)
    house.converge("1001", FEBRUARY)

    assert drafts(house) == ()
    assert shown.invoice is not None
    issued = invoices(house)[1]
    assert issued == shown.invoice.model_copy(update={"number": issued.number})


def test_the_entity_gives_grace_where_the_deal_says_nothing(house: House) -> None:
    """None by default, as ever; a deal may also say that it has none."""
    house.register(RegisterKind.ENTITY, "DE01", {**ENTITY, "grace_days": 3})
    house.sell(deal_file("1001", line("CRM", "3"), starts_on=START))
    house.sell(deal_file("1002", line("CRM", "3"), starts_on=START, billing={"grace_days": 0}))

    assert house.converge("1001", START).next_on == after(3)
    assert len(house.converge("1002", START).invoices) == 1


def test_a_held_draft_is_issued_when_it_is_released(house: House) -> None:
    """However long it takes; other invoices go out meanwhile."""
    sell(house)
    (draft,) = drafts(house)
    held = say(house, Correction.HOLD, draft.number)

    assert house.converge("1001", after(10)).invoices == ()
    assert drafts(house, after(10))[0].held_because == "PO to come"
    assert len(house.converge("1001", FEBRUARY + timedelta(days=5)).invoices) == 1
    say(house, Correction.RELEASE, draft.number, FEBRUARY + timedelta(days=6))
    house.converge("1001", FEBRUARY + timedelta(days=6))

    assert (held.deal, held.refused_because) == ("1001", "")
    assert [one.supplied.start for one in invoices(house)] == [FEBRUARY, START]
    assert [one.issued_on.day for one in invoices(house)] == [6, 7]
    assert_conserved(house)


def test_a_note_on_a_draft_is_printed_on_its_invoice(house: House) -> None:
    """The last one counts; the preview shows it."""
    sell(house)
    (draft,) = drafts(house)
    say(house, Correction.ANNOTATE, draft.number, reason="Cost center 1")
    say(house, Correction.ANNOTATE, draft.number, reason="Cost center 2", key="a-2")
    (shown,) = drafts(house)

    house.converge("1001", after(5))

    assert shown.invoice is not None
    assert (shown.invoice.note, invoices(house)[0].note) == ("Cost center 2", "Cost center 2")


def test_a_supply_without_a_tax_rule_is_a_draft_with_a_question(house: House) -> None:
    """Somebody sees it before the day of issue."""
    sell(house)
    house.publish(RegisterKind.TAX_RULES, [])

    (draft,) = drafts(house)

    assert draft.invoice is None
    assert "Which rate applies?" in draft.question


@pytest.mark.parametrize(
    ("draft", "changes", "said"),
    [
        ("1001.00000000", {}, "There is no draft 1001.00000000"),
        ("nonsense", {}, "There is no draft nonsense"),
        ("", {"reason": " "}, "reason: is empty"),
    ],
)
def test_what_cannot_be_said_of_a_draft_is_refused(
    house: House, draft: str, changes: dict[str, Any], said: str
) -> None:
    """Nothing is written."""
    sell(house)
    number = draft or drafts(house)[0].number
    before = house.everything()

    refused = say(house, Correction.HOLD, number, **changes)

    assert said in refused.refused_because
    assert house.everything() == before


def test_the_same_word_twice_is_on_record_once(house: House) -> None:
    """Its key is its identity; after the issue it is still answered the same."""
    sell(house)
    (draft,) = drafts(house)
    first = say(house, Correction.ANNOTATE, draft.number)
    house.converge("1001", after(5))
    before = house.everything()

    again = say(house, Correction.ANNOTATE, draft.number)
    other = say(house, Correction.ANNOTATE, draft.number, reason="another")
    late = say(house, Correction.HOLD, draft.number, after(5))

    assert again == first.model_copy(update={"repeated": True})
    assert "on record with other content" in other.refused_because
    assert "it may be issued already" in late.refused_because
    assert house.everything() == before
