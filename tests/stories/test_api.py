"""One deal over HTTP alone, from the offer to the first cash, and everything that may go wrong."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.stories.evidence import assert_conserved
from tests.stories.houses import House, office, wait_until
from tests.stories.people import Visitor, furnish, mail_to, token_in
from tests.stories.world import BUYER, CUSTOMER_SIGNER, deal_file

People = dict[str, Visitor]


@pytest.fixture(scope="module")
def house(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with office(tmp_path_factory.mktemp("api"), server, "api") as opened:
        yield opened


@pytest.fixture(scope="module")
def people(house: House) -> Iterator[People]:
    """Everybody of the first start, by id, and `nobody`."""
    url = f"http://127.0.0.1:{house.settings.api_port}"
    with ExitStack() as stack:
        found = {
            person: stack.enter_context(Visitor(url, token))
            for person, token in house.tokens().items()
        }
        found["nobody"] = stack.enter_context(Visitor(url))
        furnish(found["olga"])
        yield found


def fields(problem: dict[str, Any]) -> set[str]:
    """The fields a problem document complains about."""
    return {each["field"] for each in problem["problems"]}


def offered(people: People, number: str, **changes: Any) -> None:
    """Start a deal and wait until it asks for its approval."""
    people["sam"].send("/deals", deal_file(number, **changes), 201)
    people["sam"].stage(number, "approve")


def signed(house: House, people: People, number: str) -> None:
    """Take an offered deal to its signed contract."""
    people["mia"].tell(number, "approve")
    people["sam"].stage(number, "accept")
    people["sam"].tell(number, "accept_quote", person=BUYER, purchase_order="PO-7")
    people["sam"].stage(number, "contract")
    token = token_in(mail_to(house, CUSTOMER_SIGNER, f"OF-{number}-1"))
    people["sam"].tell(number, "contract_signed", person=CUSTOMER_SIGNER, token=token)
    people["dan"].tell(number, "contract_signed")
    people["sam"].stage(number, "live")


def test_a_deal_goes_from_offer_to_first_cash_over_http(house: House, people: People) -> None:
    """Every step is taken by the person whose step it is, with their own bearer token."""
    sam, mia, olga, fiona = (people[name] for name in ("sam", "mia", "olga", "fiona"))

    offered(people, "H-1")
    [asked] = mia.ask("/inbox")["items"]
    assert (asked["deal"], asked["kind"], asked["total_minor"]) == ("H-1", "approve", 2_593_50)
    signed(house, people, "H-1")
    olga.tell("H-1", "delivery_confirmed")
    shown = wait_until(lambda: billed(sam, "H-1"), "two invoices")
    invoices = {each["number"]: each["gross_minor"] for each in shown["invoices"]}
    # Set-up 255.00 and January 170.00 without tax; three printers 298.50 with 7.25 %.
    assert sorted(invoices.values()) == [320_14, 425_00]
    recorded = fiona.send(
        "/payments",
        {
            "customer": "C1",
            "amount": "745.14",
            "currency": "USD",
            "reference": "CASH-1",
            "received_on": "2026-01-20",
            "invoices": sorted(invoices),
        },
        201,
    )

    assert recorded["deals"] == ["H-1"]
    assert (recorded["applied_minor"], recorded["unapplied_minor"]) == (745_14, 0)
    figures = wait_until(
        lambda: f if (f := sam.ask("/deals/H-1")["figures"])["paid_minor"] else None, "cash"
    )
    assert figures["contract_minor"] == figures["billed_minor"] + figures["unbilled_minor"]
    assert figures["receivable_minor"] == 0
    balance = fiona.ask("/books/trial-balance")
    assert balance["balanced"] is True
    assert balance["totals"][0]["debit_minor"] > 0
    assert_conserved(house)


def billed(sam: Visitor, number: str) -> dict[str, Any] | None:
    """Return a deal once its two first invoices are there."""
    shown: dict[str, Any] = sam.ask(f"/deals/{number}")
    return shown if len(shown["invoices"]) == 2 else None


def test_without_a_token_nothing_is_read_or_written(people: People) -> None:
    """Who asks is told by the token alone."""
    nobody = people["nobody"]

    assert nobody.ask("/deals", 401)["code"] == "unauthenticated"
    assert nobody.send("/deals", deal_file("H-2"), 401)["code"] == "unauthenticated"
    assert people["sam"].ask("/deals/H-2", 404)["code"] == "not_found"


def test_a_wrong_role_is_turned_away(people: People) -> None:
    """Finance does not sell, and sales does not read the ledger."""
    started = people["fiona"].send("/deals", deal_file("H-3"), 403)

    assert started["code"] == "not_permitted"
    assert people["sam"].ask("/books/trial-balance", 403)["code"] == "not_permitted"
    assert people["olga"].tell("H-1", "approve", 403)["code"] == "not_permitted"


def test_a_bad_deal_file_is_told_all_its_problems_at_once(people: People) -> None:
    """Each problem names its field and nothing is half done."""
    bad = deal_file(
        "H-4",
        currency="USX",
        customer="C9",
        lines=[{"product": "SEAT", "quantity": "-1"}, {"product": "", "quantity": "1"}],
    )
    unknown = deal_file("H-4", lines=[{"product": "SEAL"}])
    unpriced = deal_file("H-4", currency="EUR")

    refused = people["sam"].send("/deals", bad, 422)

    expected = {"currency", "customer", "lines[0].quantity", "lines[1].product"}
    assert (refused["code"], refused["status"]) == ("invalid_input", 422)
    assert fields(refused) == expected
    assert all(each["reason"] for each in refused["problems"])
    [problem] = people["sam"].send("/deals", unknown, 422)["problems"]
    assert problem["field"] == "lines[0].product"
    assert "SEAT" in problem["remedy"]
    assert people["sam"].send("/deals", unpriced, 422)["problems"]
    assert people["sam"].send("/deals", ["no", "deal"], 422)["problems"]
    assert people["sam"].ask("/deals/H-4", 404)["code"] == "not_found"


def test_a_deal_sent_twice_is_one_deal(people: People) -> None:
    """The same content is the same deal; other content under its number or key is refused."""
    first = people["sam"].send("/deals", deal_file("H-5"), 201, key="K-5")
    again = people["sam"].send("/deals", deal_file("H-5"), 200)
    other = people["sam"].send("/deals", deal_file("H-5", note="Other"), 409)
    used = people["sam"].send("/deals", deal_file("H-5b"), 409, key="K-5")

    assert first["is_new"] is True
    assert (again["number"], again["is_new"]) == ("H-5", False)
    assert (other["code"], used["code"]) == ("conflict", "conflict")
    assert "K-5 was used for another request" in used["detail"]


def test_a_decision_counts_once_and_only_from_whom_it_was_asked(people: People) -> None:
    """A used token, a stranger and an outdated version change nothing."""
    offered(people, "H-6")
    mia = people["mia"]

    stranger = people["fiona"].tell("H-6", "approve", 409)
    outdated = mia.tell("H-6", "approve", 409, content_hash="0" * 64)
    forged = mia.tell("H-6", "approve", 409, token="x" * 32)
    first = mia.tell("H-6", "approve", key="yes-6")
    again = mia.tell("H-6", "approve", key="yes-6")
    other = mia.tell("H-6", "approve", 409, key="yes-6", reason="Something else")
    used = mia.tell("H-6", "approve", 409, key="yes-6b")

    assert (stranger["code"], outdated["code"], forged["code"]) == ("refused",) * 3
    assert "outdated version" in outdated["detail"]
    assert "token does not fit" in forged["detail"]
    assert first["accepted"] is again["accepted"] is True
    assert first["text"] == again["text"]
    assert (other["code"], used["code"]) == ("conflict", "refused")


def test_a_second_signature_is_refused(house: House, people: People) -> None:
    """One signer signs once, and only with the token of their own mail."""
    offered(people, "H-7")
    people["mia"].tell("H-7", "approve")
    people["sam"].stage("H-7", "accept")
    people["sam"].tell("H-7", "accept_quote", person=BUYER)
    people["sam"].stage("H-7", "contract")
    token = token_in(mail_to(house, CUSTOMER_SIGNER, "OF-H-7-1"))

    without = people["sam"].tell("H-7", "contract_signed", 403, person=CUSTOMER_SIGNER)
    people["sam"].tell("H-7", "contract_signed", person=CUSTOMER_SIGNER, token=token)
    second = people["sam"].tell("H-7", "contract_signed", 409, person=CUSTOMER_SIGNER, token=token)
    accepted_again = people["sam"].tell("H-7", "accept_quote", 409, person=BUYER)

    assert without["code"] == "not_permitted"
    assert second["detail"] == f"{CUSTOMER_SIGNER} has already signed."
    assert accepted_again["code"] == "refused"


def test_money_that_fits_nothing_is_refused(people: People) -> None:
    """A payment in another currency or for an unknown invoice is not guessed at."""
    fiona = people["fiona"]
    payment = {"customer": "C1", "amount": "10.00", "currency": "USD", "reference": "CASH-2"}
    [invoice, *_] = people["sam"].ask("/deals/H-1")["invoices"]

    unknown = fiona.send("/payments", {**payment, "invoices": ["INV-0"]}, 422)
    foreign = {**payment, "currency": "EUR", "invoices": [invoice["number"]]}
    other_currency = fiona.send("/payments", foreign, 422)
    misread = fiona.send("/payments", {**payment, "currency": "XXQ", "amount": "-3"}, 422)
    by_sales = people["sam"].send("/payments", payment, 403)

    assert "INV-0" in unknown["detail"]
    assert "EUR" in other_currency["detail"]
    assert fields(misread) == {"currency", "amount"}
    assert by_sales["code"] == "not_permitted"
    paid = [each["reference"] for each in people["sam"].ask("/deals/H-1")["payments"]]
    assert "CASH-2" not in paid


def test_a_payment_sent_twice_counts_once(people: People) -> None:
    """Provider and reference identify the money; other content under them is a conflict."""
    payment = {
        "customer": "C1",
        "amount": "745.14",
        "currency": "USD",
        "reference": "CASH-1",
        "received_on": "2026-01-20",
    }

    again = people["fiona"].send("/payments", payment, 200)
    other = people["fiona"].send("/payments", {**payment, "amount": "745.15"}, 409)

    assert again["repeated"] is True
    assert other["code"] == "conflict"


def test_a_deal_that_has_ended_takes_no_messages(people: People) -> None:
    """Reading goes on for ever, deciding does not."""
    offered(people, "H-8")
    people["sam"].tell("H-8", "cancel", reason="The customer closed")
    people["sam"].stage("H-8", "lost")

    ended = wait_until(
        lambda: (
            a if (a := people["mia"].tell("H-8", "approve", 409))["code"] == "deal_ended" else 0
        ),
        "the end of H-8",
    )

    assert "H-8 has ended (withdrawn)" in ended["detail"]
    assert people["sam"].ask("/deals/H-8")["outcome"] == "withdrawn"


def test_every_document_of_the_deal_can_be_fetched(people: People) -> None:
    """The PDFs come back byte for byte, under their hash as ETag."""
    listed = people["sam"].ask("/documents", deal="H-1")["items"]
    kinds = {each["kind"] for each in listed}

    assert kinds >= {"quote", "order_form", "order_confirmation", "delivery_note", "invoice"}
    for each in listed:
        response = people["sam"].file(f"/documents/{each['kind']}/{each['number']}.pdf")
        assert response.status_code == 200
        assert response.content.startswith(b"%PDF")
        assert len(response.content) == each["size"]
