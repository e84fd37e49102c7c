"""Mails of approval: who is asked, on which page, and who is told that it stopped."""

import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from activities.mail import OutgoingMail
from activities.mailing import notices_of
from models.decision_link import DecisionLink, link_matches
from models.decisions import DecisionKind
from models.steps import EscalateApproval, Notice, Notify, RegisterKind
from models.tables import QuoteRow
from tests.activities.house import CUSTOMER, SECRET, START, House, deal_file, line, off, step

ANA = {"id": "ana", "name": "Ana", "email": "ana@nord.example", "roles": ["approver"]}
AWAY = {
    "id": "mia-ana",
    "person": "mia",
    "delegate": "ana",
    "starts_on": "2026-01-01",
    "last_on": "2026-01-31",
}


@pytest.fixture
def quoted(house: House) -> House:
    """Deal 1001 at 25 % off: Mia approves first, then Vera."""
    house.register(RegisterKind.PERSON, "ana", ANA)
    house.quote(deal_file("1001", line("CRM", "3", discount=off("25"))))
    return house


def mails(house: House, notice: Notice, reference: str) -> list[OutgoingMail]:
    """Return the mails of a notice about version 1."""
    asked = step(Notify, "1001", notice=notice, reference=reference, quote_version=1)
    found, _ = house.books.read(lambda session: notices_of(session, asked, SECRET, "http://q2c"))
    return found


def link_in(mail: OutgoingMail) -> tuple[DecisionLink, str]:
    """Return the link a mail carries, and its signature."""
    (url,) = re.findall(r"http://q2c\S+", mail.text)
    parts = urlsplit(url)
    _, _, _, deal, version = map(unquote, parts.path.split("/"))
    query = {name: value for name, (value,) in parse_qs(parts.query).items()}
    fields = {"deal": deal, "version": version, **query}
    return DecisionLink.model_validate(fields), query["sign"]


def test_a_request_carries_a_link_of_its_own(quoted: House) -> None:
    """For this person, step and content, until the quote's last day."""
    (mail,) = mails(quoted, Notice.APPROVAL_REQUEST, "sales-1")

    link, sign = link_in(mail)

    (row,) = quoted.rows(QuoteRow)
    assert (link.person, link.step, link.until) == ("mia", "sales-1", row.valid_until)
    assert link_matches(sign, SECRET, link, row.content_hash)


def test_a_delegate_gets_a_request_and_a_link_of_their_own(quoted: House) -> None:
    """Both are asked, because either may be there; each with their own proof."""
    quoted.register(RegisterKind.DELEGATION, "mia-ana", AWAY)

    to_mia, to_ana = mails(quoted, Notice.APPROVAL_REQUEST, "sales-1")

    assert (to_mia.recipient, to_ana.recipient) == ("mia@nord.example", "ana@nord.example")
    assert to_ana.subject.startswith("Please approve for Mia: deal 1001")
    assert link_in(to_ana)[0].person == "ana"
    assert link_in(to_ana)[1] != link_in(to_mia)[1]


@pytest.mark.parametrize(
    "changed",
    [
        {"revoked": True},
        {"last_on": "2026-01-01", "starts_on": "2026-01-01", "person": "vera", "id": "vera-ana"},
    ],
)
def test_nobody_else_is_asked_without_a_delegation_in_force(
    quoted: House, changed: dict[str, Any]
) -> None:
    """A revoked one, or one of somebody who is not asked, changes nothing."""
    content = {**AWAY, **changed}
    quoted.register(RegisterKind.DELEGATION, str(content["id"]), content)

    (mail,) = mails(quoted, Notice.APPROVAL_REQUEST, "sales-1")

    assert mail.recipient == "mia@nord.example"


def test_the_sellers_own_delegate_is_not_asked_for_anybody(quoted: House) -> None:
    """Ana decides for Mia and for Sam, so she gets no link to Sam's deal."""
    quoted.register(RegisterKind.DELEGATION, "mia-ana", AWAY)
    for_sam = {**AWAY, "id": "sam-ana", "person": "sam"}
    quoted.register(RegisterKind.DELEGATION, "sam-ana", for_sam)

    recipients = [mail.recipient for mail in mails(quoted, Notice.APPROVAL_REQUEST, "sales-1")]

    assert recipients == ["mia@nord.example"]


def test_a_step_handed_to_a_later_approver_names_the_reasons_of_both(house: House) -> None:
    """Vera decides once, for Finn and for herself, so she has to read what both are about."""
    finn = {"id": "finn", "name": "Finn", "email": "finn@nord.example", "titles": ["finance"]}
    house.register(RegisterKind.PERSON, "finn", {**finn, "manager": "vera"})
    customer = {**CUSTOMER, "payment_terms_days": 90}
    house.register(RegisterKind.CUSTOMER, "C-100", customer)
    house.quote(deal_file("1001", line("CRM", "3", discount=off("25"))))
    (to_finn,) = mails(house, Notice.APPROVAL_REQUEST, "finance-1")

    house.approval.escalate_approval(
        step(EscalateApproval, "1001", quote_version=1, step="finance-1")
    )
    (to_vera,) = mails(house, Notice.APPROVAL_REQUEST, "finance-1")

    assert "more than 60 days to pay" in to_finn.text
    assert "more than 20 % off" not in to_finn.text
    assert to_vera.recipient == "vera@nord.example"
    assert "more than 60 days to pay" in to_vera.text
    assert "more than 20 % off" in to_vera.text


def decided(house: House, kind: DecisionKind, person: str, key: str | None, **more: Any) -> None:
    content = house.rows(QuoteRow)[0].content_hash
    token = house.token(kind, person, content, key)
    asked = house.decide(kind, person, START, token=token, step=key or "", **more)
    assert house.approval.record_decision(asked).accepted


def test_the_seller_is_told_what_would_be_approved(quoted: House) -> None:
    """With the proposal in words and the reason beside it."""
    counter = {"discount_percent": "12"}
    decided(quoted, DecisionKind.COUNTER, "mia", "sales-1", counter=counter, reason="fine at 12 %")

    (mail,) = mails(quoted, Notice.APPROVAL_COUNTERED, "Q-1001-1")

    assert mail.recipient == "sam@nord.example"
    assert mail.subject == "Counter to quote Q-1001-1: Buyer AG"
    assert "  - 12 % off list altogether\n  - fine at 12 %\n" in mail.text


def test_whoever_was_asked_is_told_of_a_recall_and_asked_anew_afterwards(quoted: House) -> None:
    """A mail that went out before does not stand for the new question."""
    before = mails(quoted, Notice.APPROVAL_REQUEST, "sales-1")
    decided(quoted, DecisionKind.RECALL, "sam", None)
    recalled = mails(quoted, Notice.APPROVAL_RECALLED, "Q-1001-1")
    decided(quoted, DecisionKind.RESUBMIT, "sam", None)
    after = mails(quoted, Notice.APPROVAL_REQUEST, "sales-1")

    assert [mail.recipient for mail in recalled] == ["mia@nord.example"]
    assert "Sam has recalled quote Q-1001-1" in recalled[0].text
    assert before[0].key != after[0].key
    assert link_in(before[0]) == link_in(after[0])
