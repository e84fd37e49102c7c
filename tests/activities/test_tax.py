"""Tax on invoices: engines, certificates, VAT numbers; never a number lost over them."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from activities.adapters.tax_engine import open_tax_engine
from activities.adapters.vat_numbers import vat_number_problem
from activities.adapters.vies import ViesSilentError, open_vies
from activities.billing import BillingActivities
from activities.register import RegisterActivities
from activities.tax import TaxActivities, vat_checks
from models.billing import Invoice
from models.errors import ParkedError
from models.money import Money
from models.steps import (
    CheckVatId,
    Converge,
    Converged,
    RegisterChange,
    RegisterKind,
    VatIdChecked,
)
from models.tables import InvoiceRow, NumberSeries, VatCheckRow
from tests.activities.conservation import assert_conserved
from tests.activities.house import CUSTOMER, START, TAX_RULE, House, deal_file, line, step
from tests.loopback import Answer, service

DUTCH: dict[str, Any] = {
    **CUSTOMER,
    "bill_to": {**CUSTOMER["bill_to"], "country": "NL"},
    "vat_id": "NL861347205B89",
}
REVERSE = {
    **TAX_RULE,
    "place_country": "EU",
    "rate_percent": "0",
    "code": "AE",
    "text": "Reverse charge",
    "status": "business",
    "needs_vat_id": True,
}
ASKED = CheckVatId(customer="C-100", vat_id="NL861347205B89", requester="DE123456789", actor="sam")
VALID = {
    "countryCode": "NL",
    "vatNumber": "861347205B89",
    "requestDate": "2026-01-01T10:00:00.000Z",
    "valid": True,
    "requestIdentifier": "WAPIAAAAY1",
    "name": "BUYER BV",
}


def invoices(house: House) -> list[Invoice]:
    return [Invoice.model_validate_json(row.content) for row in house.rows(InvoiceRow)]


def numbers_drawn(house: House) -> list[int]:
    return [row.last for row in house.rows(NumberSeries)]


def converge_with(house: House, url: str, on: date = START, seconds: float = 5) -> Converged:
    """Bill deal 1001 with the tax engine at an address."""
    office = replace(house.office, tax_engine=open_tax_engine(url, "t0ken", seconds))
    return BillingActivities(office).converge(step(Converge, "1001", on))


def ten_percent(inquiry: Any) -> Answer:
    """Tax every line at 10 %, as an engine of another house might."""
    lines = [
        {
            "code": "S",
            "rate_percent": "10",
            "name": "City tax",
            "tax": {
                "minor": supply["net"]["minor"] // 10,
                "currency": supply["net"]["currency"],
            },
        }
        for supply in inquiry["supplies"]
    ]
    return 200, {"engine": "cloudtax", "reference": "TX-1", "lines": lines}


def test_an_engine_taxes_what_it_is_asked_and_the_invoice_says_so(house: House) -> None:
    """50.00 at the engine's 10 %, not at our 19 %; it is asked once, under a key of its own."""
    house.sell(deal_file("1001", line("CRM")))

    with service(ten_percent) as engine:
        done = converge_with(house, engine.url)
        again = converge_with(house, engine.url)

    (invoice,) = invoices(house)
    assert again == done
    assert (invoice.tax.minor, invoice.gross.minor) == (5_00, 55_00)
    assert (invoice.tax_engine, invoice.tax_reference) == ("cloudtax", "TX-1")
    assert invoice.taxes[0].name == "City tax"
    (asked,) = engine.asked
    assert asked.headers["Authorization"] == "Bearer t0ken"
    assert len(asked.headers["Idempotency-Key"]) == 64
    assert asked.body["supplies"][0]["category"] == "standard"
    assert_conserved(house)


def test_every_missed_invoice_is_asked_for_by_itself_in_one_round(house: House) -> None:
    """Three months late: three inquiries, three invoices, numbered without a gap."""
    house.sell(deal_file("1001", line("CRM")))

    with service(ten_percent) as engine:
        converge_with(house, engine.url, date(2026, 3, 5))

    assert len(engine.asked) == 3
    assert [one.number for one in invoices(house)] == [f"INV-2026-0000{n}" for n in (1, 2, 3)]
    assert_conserved(house)


def one_line(code: str, rate: str, minor: int, currency: str = "EUR") -> Answer:
    """Answer one line."""
    tax = {"minor": minor, "currency": currency}
    return 200, {"lines": [{"code": code, "rate_percent": rate, "tax": tax}]}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((503, {}), "it said 503"),
        ((200, "<html>"), "cannot be read"),
        ((200, {"lines": []}), "are 0 for 1 supplies"),
        (one_line("S", "1", 1, "USD"), "is in another currency"),
        (one_line("?", "-1", 1), "is no category"),
        (one_line("E", "0", 0), "text: is missing"),
    ],
)
def test_an_engine_that_fails_parks_the_invoice_and_no_number_is_drawn(
    house: House, answer: Answer, reason: str
) -> None:
    """The next try, when it is back, takes the first number: nothing is lost or burnt."""
    house.sell(deal_file("1001", line("CRM")))

    with service(lambda _: answer) as engine:
        parked = converge_with(house, engine.url)
    nothing_drawn = numbers_drawn(house) == []
    with service(ten_percent) as engine:
        goes_on = converge_with(house, engine.url)

    assert reason in parked.parked
    assert (parked.invoices, nothing_drawn) == ((), True)
    assert goes_on.parked == ""
    assert goes_on.invoices == ("INV-2026-00001",)
    assert_conserved(house)


def test_an_engine_that_is_not_there_parks_the_invoice(house: House) -> None:
    """A refused connection is an answer like any other: nothing was drawn."""
    house.sell(deal_file("1001", line("CRM")))
    with service(ten_percent) as engine:
        gone = engine.url

    parked = converge_with(house, gone)

    assert "gave no answer" in parked.parked
    assert "No number was drawn" in parked.parked
    assert numbers_drawn(house) == []


def test_one_deal_the_engine_will_not_tax_does_not_keep_others_from_being_billed(
    house: House,
) -> None:
    """The failing invoice waits alone; the month before it goes out."""
    house.sell(deal_file("1001", line("CRM")))

    def january_only(inquiry: Any) -> Answer:
        january = inquiry["supplies"][0]["supplied_on"] == "2026-01-31"
        return ten_percent(inquiry) if january else (500, {})

    with service(january_only) as engine:
        done = converge_with(house, engine.url, date(2026, 2, 1))

    assert done.invoices == ("INV-2026-00001",)
    assert "it said 500" in done.parked


def exempt_rule() -> dict[str, Any]:
    return {
        **TAX_RULE,
        "rate_percent": "0",
        "code": "E",
        "exempt": True,
        "text": "Exempt by certificate",
    }


def certified(**changes: Any) -> dict[str, Any]:
    certificate = {
        "number": "RC-77",
        "reason": "resale",
        "country": "DE",
        "valid_from": "2025-06-01",
        "valid_until": "2026-02-15",
        **changes,
    }
    return {**CUSTOMER, "tax_certificates": [certificate]}


def test_a_certificate_keeps_tax_off_while_it_is_valid_and_parks_when_it_expired(
    house: House,
) -> None:
    """January is exempt, with number and reason printed; February asks; a new one goes on."""
    house.publish(RegisterKind.TAX_RULES, [TAX_RULE, exempt_rule()])
    house.register(RegisterKind.CUSTOMER, "C-100", certified())
    house.sell(deal_file("1001", line("CRM")))

    parked = house.converge("1001", date(2026, 2, 1))
    drawn = numbers_drawn(house)
    house.register(RegisterKind.CUSTOMER, "C-100", certified(valid_until="2027-01-01"))
    goes_on = house.converge("1001", date(2026, 2, 1))

    january = invoices(house)[0]
    assert january.taxes[0].text == "Exempt by certificate (resale, RC-77)"
    assert january.tax == Money.zero("EUR")
    assert "Exemption certificate RC-77 ended before 2026-02-15" in parked.parked
    assert "Record the new certificate" in parked.parked
    assert drawn == [1]
    assert goes_on.parked == ""
    assert [one.taxes[0].code for one in invoices(house)] == ["E", "E"]
    assert_conserved(house)


def test_a_certificate_that_was_taken_off_leaves_the_ordinary_rate(house: House) -> None:
    """The other answer to the question: the customer is exempt no longer."""
    house.publish(RegisterKind.TAX_RULES, [TAX_RULE, exempt_rule()])
    house.register(RegisterKind.CUSTOMER, "C-100", certified(valid_until="2026-01-15"))
    house.sell(deal_file("1001", line("CRM")))
    parked = house.converge("1001", START)

    house.register(RegisterKind.CUSTOMER, "C-100", CUSTOMER)
    house.converge("1001", START)

    assert parked.parked
    assert [one.taxes[0].rate_percent for one in invoices(house)] == [Decimal(19)]


@pytest.mark.parametrize(
    "changes",
    [
        {"country": "FR"},
        {"region": "BY"},
        {"categories": ["training"]},
        {"valid_from": "2026-06-01", "valid_until": None},
    ],
)
def test_a_certificate_for_something_else_changes_nothing(
    house: House, changes: dict[str, Any]
) -> None:
    """Another place, another category, or not yet: the ordinary rate, and no question."""
    house.publish(RegisterKind.TAX_RULES, [TAX_RULE, exempt_rule()])
    house.register(RegisterKind.CUSTOMER, "C-100", certified(**changes))
    house.sell(deal_file("1001", line("CRM")))

    done = house.converge("1001", START)

    assert done.parked == ""
    assert [one.taxes[0].code for one in invoices(house)] == ["S"]


def test_what_is_wrong_with_certificates_and_withholding_is_listed_at_once(house: House) -> None:
    """Whoever corrects a customer wants to do it once."""
    wrong = certified(number=" ", reason="", country="XX", valid_until="2025-06-01")
    wrong["withholding"] = [
        {"name": "", "rate_percent": "100", "valid_from": "2026-01-01", "valid_until": "2025-01-01"}
    ]

    refused = house.register(RegisterKind.CUSTOMER, "C-100", wrong)

    assert [problem.field for problem in refused.problems] == [
        "tax_certificates[0].number",
        "tax_certificates[0].reason",
        "tax_certificates[0].country",
        "tax_certificates[0].valid_until",
        "withholding[0].name",
        "withholding[0].rate_percent",
        "withholding[0].valid_until",
    ]
    assert all(problem.remedy for problem in refused.problems)


@pytest.mark.parametrize(
    ("vat_id", "reason"),
    [
        ("NL861347205B88", "wrong check digits"),
        ("DE28473619", "too many or too few"),
        ("DE123456789", "wrong check digits"),
        ("ATX2345678", "not written like"),
        ("CHE107787576IVA", "wrong check digits"),
    ],
)
def test_a_vat_number_with_wrong_digits_is_found(vat_id: str, reason: str) -> None:
    """Offline, by the rules of its country."""
    assert reason in vat_number_problem(vat_id)


def test_a_customer_with_a_wrong_vat_number_is_refused_with_the_remedy(house: House) -> None:
    """Checked where it is recorded, whoever sent it there, with everything else that is wrong."""
    registrar = RegisterActivities(replace(house.office, vat_numbers=vat_number_problem))
    wrong = json.dumps({**DUTCH, "vat_id": "NL861347205B88", "payment_terms_days": -1})

    refused = registrar.record_change(
        RegisterChange(kind=RegisterKind.CUSTOMER, key="C-100", content=wrong)
    )

    by_field = {problem.field: problem for problem in refused.problems}
    assert set(by_field) == {"vat_id", "payment_terms_days"}
    assert "wrong check digits" in by_field["vat_id"].reason
    assert "compare it with the customer's letter" in by_field["vat_id"].remedy


@pytest.mark.parametrize(
    "vat_id", ["NL861347205B89", "ATU13585627", "EL094259216", "XI432525179", "47-1234567", ""]
)
def test_a_vat_number_that_may_be_one_passes(vat_id: str) -> None:
    """Greece is EL, Northern Ireland XI, and a number of nowhere known is left alone."""
    assert vat_number_problem(vat_id) == ""


def check(house: House, url: str, asked: CheckVatId = ASKED) -> VatIdChecked:
    """Have a VAT number checked at an address."""
    return TaxActivities(replace(house.office, vies=open_vies(url))).check_vat_id(asked)


def test_the_verdict_of_vies_is_kept_as_a_fact(house: House) -> None:
    """With its reference; asked again under the same number nobody is asked."""
    house.register(RegisterKind.CUSTOMER, "C-100", DUTCH)

    with service(lambda _: (200, VALID)) as vies:
        first = check(house, vies.url)
        again = check(house, vies.url)

    assert first == VatIdChecked(valid=True, reference="WAPIAAAAY1", number=1)
    assert again == first.model_copy(update={"repeated": True})
    (asked,) = vies.asked
    assert asked.path == "/check-vat-number"
    assert asked.body == {
        "countryCode": "NL",
        "vatNumber": "861347205B89",
        "requesterMemberStateCode": "DE",
        "requesterNumber": "123456789",
    }
    (kept,) = house.books.read(lambda session: vat_checks(session, "C-100"))
    assert (kept.vat_id, kept.valid, kept.name, kept.actor) == (
        "NL861347205B89",
        True,
        "BUYER BV",
        "sam",
    )


def test_a_state_that_is_down_is_asked_again_and_no_fact_is_made_up(house: House) -> None:
    """The activity fails, and its retry policy has it tried again."""
    house.register(RegisterKind.CUSTOMER, "C-100", DUTCH)
    down = {"actionSucceed": False, "errorWrappers": [{"error": "MS_UNAVAILABLE"}]}

    with service(lambda _: (200, down)) as vies, pytest.raises(ViesSilentError, match="MS_UNAV"):
        check(house, vies.url)
    with service(lambda _: (502, "bad gateway")) as vies, pytest.raises(ViesSilentError):
        check(house, vies.url)
    with pytest.raises(ViesSilentError, match="did not answer"):
        check(house, vies.url)

    assert house.rows(VatCheckRow) == []
    with service(lambda _: (200, VALID)) as vies:
        assert check(house, vies.url).valid


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (ASKED.model_copy(update={"customer": "C-999"}), "customer"),
        (ASKED.model_copy(update={"vat_id": "NL004495445B01"}), "vat_id"),
    ],
)
def test_a_check_of_a_number_nobody_has_is_refused(
    house: House, asked: CheckVatId, field: str
) -> None:
    """VIES is not even asked."""
    house.register(RegisterKind.CUSTOMER, "C-100", DUTCH)

    with service(lambda _: (200, VALID)) as vies:
        refused = check(house, vies.url, asked)

    assert [problem.field for problem in refused.problems] == [field]
    assert vies.asked == []


def test_vies_is_off_unless_a_setting_says_where_it_is(house: House) -> None:
    """Nobody is contacted, and the remedy names the setting."""
    house.register(RegisterKind.CUSTOMER, "C-100", DUTCH)

    refused = TaxActivities(house.office).check_vat_id(ASKED)

    assert [problem.field for problem in refused.problems] == ["vies"]
    assert "Q2C_VIES_URL" in refused.problems[0].remedy


def test_a_question_vies_refuses_is_a_problem_and_not_tried_for_ever(house: House) -> None:
    """A wrong requester stays wrong."""
    house.register(RegisterKind.CUSTOMER, "C-100", DUTCH)
    wrong = {"actionSucceed": False, "errorWrappers": [{"error": "INVALID_REQUESTER_INFO"}]}

    with service(lambda _: (400, wrong)) as vies:
        refused = check(house, vies.url)

    assert [problem.field for problem in refused.problems] == ["requester"]


def test_a_number_vies_did_not_confirm_gets_no_reverse_charge(house: House) -> None:
    """The invoice waits, no number is drawn; a later verdict lets it go."""
    house.publish(RegisterKind.TAX_RULES, [TAX_RULE, REVERSE])
    house.register(RegisterKind.CUSTOMER, "C-100", DUTCH)
    house.sell(deal_file("1001", line("CRM")))
    with service(lambda _: (200, {**VALID, "valid": False})) as vies:
        check(house, vies.url)

    parked = house.converge("1001", START)
    drawn = numbers_drawn(house)
    with service(lambda _: (200, VALID)) as vies:
        check(house, vies.url, ASKED.model_copy(update={"number": 2}))
    goes_on = house.converge("1001", START)

    assert "VIES did not confirm NL861347205B89 on 2030-05-05" in parked.parked
    assert (parked.invoices, drawn) == ((), [])
    assert goes_on.invoices == ("INV-2026-00001",)
    assert invoices(house)[0].taxes[0].code == "AE"


def test_the_engine_that_is_never_asked_is_never_contacted() -> None:
    """Off by default: without an address there is no adapter at all."""
    assert open_tax_engine("", "", 1) is None
    assert open_vies("") is None


def test_an_engine_that_is_too_slow_is_no_engine(house: House) -> None:
    """A timeout parks like any other failure."""
    house.sell(deal_file("1001", line("CRM")))

    def too_slow(inquiry: Any) -> Any:
        raise ParkedError(f"no answer in time for {inquiry.supplies[0].reference}")

    office = replace(house.office, tax_engine=too_slow)
    parked = BillingActivities(office).converge(step(Converge, "1001", START))

    assert "no answer in time for 1/seat" in parked.parked
    assert numbers_drawn(house) == []
