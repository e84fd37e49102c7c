"""Counters and links: what an approver proposes, and the page a mail leads to."""

from datetime import date
from decimal import Decimal

import pytest

from models.approval_counter import (
    ApproverCounter,
    LineCounter,
    counter_problems,
    is_as_countered,
    revision_of,
)
from models.decision_link import DecisionLink, link_matches, link_url
from models.decisions import decision_token
from models.revision import QuoteDelta

SECRET = b"a secret of the house"
LINK = DecisionLink(
    deal="D/1", version=2, step="sales-1", person="mia@x.example", until=date(2026, 2, 14)
)


def test_a_counter_is_said_in_one_line() -> None:
    """The seller reads it in a mail and in the inbox."""
    counter = ApproverCounter(
        discount_percent=Decimal(12),
        lines=(LineCounter(line=2, discount_percent=Decimal(5)),),
        payment_terms_days=30,
        term_months=24,
    )

    assert str(counter) == (
        "12 % off list altogether, line 2 at 5 % off, 30 days to pay, a term of 24 months"
    )


def test_a_counter_becomes_the_change_of_a_deal_file() -> None:
    """Only what is named changes; a discount replaces the one before and says why."""
    counter = ApproverCounter(
        discount_percent=Decimal(12),
        lines=(LineCounter(line=2, discount_percent=Decimal("2.50")),),
        payment_terms_days=0,
    )

    assert revision_of(counter, "Mia would approve it") == {
        "total_discount": "12",
        "lines": [{"line": 2, "discount": {"percent": "2.50", "reason": "Mia would approve it"}}],
        "payment_terms_days": 0,
    }
    assert revision_of(ApproverCounter(term_months=12), "x") == {"term_months": 12}


def test_a_change_is_as_countered_whatever_its_reasons_say() -> None:
    """Only what is asked for counts; anything more or less is another content."""
    counter = ApproverCounter(
        discount_percent=Decimal(12),
        lines=(LineCounter(line=2, discount_percent=Decimal(5)),),
    )
    exactly = QuoteDelta.model_validate(revision_of(counter, "because"))

    assert is_as_countered(counter, exactly)
    assert not is_as_countered(counter, exactly.model_copy(update={"note": "and this"}))
    assert not is_as_countered(counter, exactly.model_copy(update={"lines": ()}))
    less = exactly.model_copy(update={"total_discount": Decimal(11)})
    assert not is_as_countered(counter, less)


def test_everything_wrong_with_a_counter_is_told_at_once() -> None:
    """It is priced later, so it must be possible now."""
    counter = ApproverCounter(
        discount_percent=Decimal(-1),
        lines=(
            LineCounter(line=0),
            LineCounter(line=2, discount_percent=Decimal(-5)),
            LineCounter(line=2, discount_percent=Decimal(101)),
        ),
        payment_terms_days=400,
        term_months=-1,
    )

    assert sorted(problem.field for problem in counter_problems(counter)) == [
        "counter.discount_percent",
        "counter.lines[0].line",
        "counter.lines[1].discount_percent",
        "counter.lines[2].discount_percent",
        "counter.lines[2].line",
        "counter.payment_terms_days",
        "counter.term_months",
    ]


@pytest.mark.parametrize("counter", [None, ApproverCounter()])
def test_a_counter_proposes_something(counter: ApproverCounter | None) -> None:
    """Otherwise it would be a rejection without a reason."""
    assert [problem.field for problem in counter_problems(counter)] == ["counter"]


def test_a_link_is_for_one_person_step_version_content_and_day() -> None:
    """Whoever changes any part of it has a link that does not work."""
    sign = decision_token(SECRET, LINK.deal, LINK.purpose, LINK.person, "c1")
    changes: list[dict[str, object]] = [
        {"deal": "D/2"},
        {"version": 1},
        {"step": "sales-2"},
        {"person": "dan@x.example"},
        {"until": date(2026, 2, 15)},
    ]

    assert link_matches(sign, SECRET, LINK, "c1")
    assert not link_matches(sign, SECRET, LINK, "c2")
    assert not link_matches(sign, b"another secret", LINK, "c1")
    for change in changes:
        assert not link_matches(sign, SECRET, LINK.model_copy(update=change), "c1")


def test_a_link_is_no_token_for_a_decision() -> None:
    """A scanner that keeps links cannot decide with them anywhere else."""
    sign = decision_token(SECRET, LINK.deal, LINK.purpose, LINK.person, "c1")

    assert sign != decision_token(SECRET, LINK.deal, LINK.step, LINK.person, "c1")


def test_an_address_carries_every_character() -> None:
    """Deal numbers, steps and mail addresses are quoted."""
    url = link_url("http://q2c", SECRET, LINK.model_copy(update={"step": "a/b-1"}), "c1")

    begins = "http://q2c/v1/decide/D%2F1/2?step=a%2Fb-1&person=mia%40x.example&until=2026-02-14"
    assert url.startswith(f"{begins}&sign=")
