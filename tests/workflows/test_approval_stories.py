"""Stories of approval: late over a holiday, away, countered, recalled, overridden."""

import json
from typing import Any

from models.deal import DealState, Stage
from tests.workflows import records
from tests.workflows.driver import Deal, begin
from tests.workflows.house import House
from tests.workflows.register_data import BUYER, DIRECTOR, FINANCE, MANAGER, SELLER

NEEDS_MANAGER: dict[str, Any] = {
    "lines": [{"product": "SEAT", "quantity": 10, "discount": {"percent": 15}}]
}
NEEDS_THREE: dict[str, Any] = {
    "lines": [{"product": "SEAT", "quantity": 10, "discount": {"percent": 25}}]
}
POLICY: dict[str, Any] = {
    "version": "policy-2",
    "remind_after_hours": 4,
    "escalate_after_hours": 8,
    "calendar": {"time_zone": "America/Los_Angeles", "country": "US"},
    "rules": [
        {
            "id": "d10",
            "fact": "discount_percent",
            "threshold": "10",
            "titles": ["sales_manager"],
            "chain": "sales",
            "reason": "discount above 10 %",
        }
    ],
}


async def register(house: House, kind: str, key: str, content: dict[str, Any]) -> None:
    """Put a revision on record, as the doors do."""
    change = {"kind": kind, "key": key, "content": json.dumps(content), "actor": "olga"}
    name = f"{kind}-{key}-{len(house.started)}"
    await house.result(await house.start("RegisterWorkflow", name, change))


def mailed(house: House, notice: str) -> list[str]:
    """Return who got a kind of mail, in order."""
    sql = f"select recipient from mail where key like '%:{notice}:%' order by rowid"  # noqa: S608
    return [recipient for (recipient,) in records.rows(house.settings.home, sql)]


async def offered(deal: Deal) -> None:
    """Wait until nothing is missing and the quote has gone out to the customer."""
    await deal.until(lambda one: one.stage is Stage.ACCEPT and one.quote_sent, "an offer")


def approvers(state: DealState) -> list[str]:
    return [step.approver for step in state.approval.steps]


async def as_seller(deal: Deal, name: str, **more: Any) -> str:
    """Send a message of the seller with the token the door makes for them."""
    quote = (await deal.state()).quote
    assert quote is not None
    token = deal.token(name, SELLER, quote.content_hash)
    return (await deal.does(name, person=SELLER, token=token, **more)).text


async def test_reminders_and_escalation_wait_over_a_weekend_and_a_holiday(house: House) -> None:
    """Asked on Thursday at 15:00, two hours before the office closes; Friday is a holiday.

    Independence Day of 2026 falls on a Saturday and is observed on Friday 3 July. Four hours of
    work end on Monday at 11:00 in San Francisco, which is 18:00 UTC, and eight at 15:00.
    """
    await register(house, "approval_policy", "house", POLICY)
    deal = await begin(
        house, test_clock="2026-07-02T22:00:00Z", starts_on="2026-08-01", **NEEDS_MANAGER
    )
    await deal.stage(Stage.APPROVE)

    await deal.advance("2026-07-06T17:59:00")
    assert mailed(house, "approval_request") == ["mia@q2c.example"]
    assert mailed(house, "approval_reminder") == []

    state = await deal.advance("2026-07-06T18:00:00")
    assert mailed(house, "approval_reminder") == ["mia@q2c.example"]
    assert approvers(state) == [MANAGER]

    state = await deal.advance("2026-07-06T22:00:00")
    assert approvers(state) == [DIRECTOR]
    assert mailed(house, "approval_request") == ["mia@q2c.example", "dan@q2c.example"]

    await deal.approve(DIRECTOR)
    await offered(deal)


async def test_a_policy_without_a_calendar_counts_every_hour(house: House) -> None:
    """Policies of before stay as they were: 48 hours from Thursday evening is Saturday evening."""
    deal = await begin(
        house, test_clock="2026-07-02T22:00:00Z", starts_on="2026-08-01", **NEEDS_MANAGER
    )
    await deal.stage(Stage.APPROVE)

    state = await deal.advance("2026-07-04T22:00:00")

    assert approvers(state) == [DIRECTOR]


async def test_a_delegate_decides_while_the_approver_is_away_and_nobody_further(
    house: House,
) -> None:
    """Mia is away and named Dan, Dan named Fiona: it stays with Dan, on behalf of Mia."""
    for person, delegate in ((MANAGER, DIRECTOR), (DIRECTOR, FINANCE)):
        content = {
            "id": f"{person}-away",
            "person": person,
            "delegate": delegate,
            "starts_on": "2026-01-01",
            "last_on": "2026-01-10",
        }
        await register(house, "delegation", f"{person}-away", content)
    deal = await begin(house, **NEEDS_MANAGER)
    state = await deal.stage(Stage.APPROVE)
    await deal.settle()
    assert state.quote is not None
    content_hash = state.quote.content_hash

    refused = await deal.refuses(
        "approve",
        person=FINANCE,
        step="sales-1",
        token=deal.token("sales-1", FINANCE, content_hash),
    )
    await deal.does(
        "approve",
        person=DIRECTOR,
        step="sales-1",
        token=deal.token("sales-1", DIRECTOR, content_hash),
    )

    await offered(deal)
    assert refused == "fiona is not asked to decide on step sales-1 of version 1"
    assert sorted(mailed(house, "approval_request")) == ["dan@q2c.example", "mia@q2c.example"]
    found = "select person, on_behalf_of from decision where accepted = 1"
    assert records.rows(house.settings.home, found) == [(DIRECTOR, MANAGER)]


async def test_a_delegation_that_is_over_gives_no_right(house: House) -> None:
    """The last day is included, the day after is not; days are those of the contract's zone."""
    content = {
        "id": "mia-away",
        "person": MANAGER,
        "delegate": FINANCE,
        "starts_on": "2025-12-20",
        "last_on": "2025-12-31",
    }
    await register(house, "delegation", "mia-away", content)
    deal = await begin(house, **NEEDS_MANAGER)
    state = await deal.stage(Stage.APPROVE)
    assert state.quote is not None
    token = deal.token("sales-1", FINANCE, state.quote.content_hash)

    refused = await deal.refuses("approve", person=FINANCE, step="sales-1", token=token)

    assert refused == "fiona is not asked to decide on step sales-1 of version 1"


async def test_a_counter_stops_the_path_and_the_seller_may_insist(house: House) -> None:
    """Dan would say yes to 12 %; Sam is told, hands the same quote in again, and Dan gives in."""
    deal = await begin(house, **NEEDS_THREE)
    await deal.stage(Stage.APPROVE)
    await deal.approve(MANAGER)

    answer = await deal.approve(
        DIRECTOR, "counter", counter={"discount_percent": "12"}, reason="fine at 12 %"
    )
    state = await deal.state()
    assert [step.status.value for step in state.approval.steps] == [
        "approved",
        "countered",
        "active",
    ]
    assert answer.text == "Quote Q-1001-1 is answered by your counter; its seller decides."
    assert not any(item.key.startswith("approval:") for item in state.agenda)
    assert mailed(house, "countered") == ["sam@q2c.example"]
    kept = records.value(house.settings.home, "select counter from decision where kind = 'counter'")
    assert json.loads(kept)["discount_percent"] == "12"

    meanwhile = await deal.state()
    assert meanwhile.quote is not None
    token = deal.token("finance-1", FINANCE, meanwhile.quote.content_hash)
    stopped = await deal.refuses("approve", person=FINANCE, step="finance-1", token=token)
    assert stopped == "Version 1 has been answered by a counter"

    text = await as_seller(deal, "resubmit", reason="the customer insists")
    assert text == "Quote Q-1001-1 is handed in; still missing: dan, fiona."
    await deal.approve(DIRECTOR)
    await deal.approve(FINANCE)
    await offered(deal)


async def test_what_was_countered_goes_out_without_another_yes(house: House) -> None:
    """Mia would say yes to 12 %; Sam offers exactly that, and nobody has to be asked again."""
    deal = await begin(house, **NEEDS_MANAGER)
    await deal.stage(Stage.APPROVE)
    await deal.approve(MANAGER, "counter", counter={"discount_percent": "12"}, reason="fine")

    await deal.does("revise_quote", delta={"total_discount": "12"}, actor=SELLER, reason="as said")

    await offered(deal)
    rows = records.rows(
        house.settings.home, "select kind, person, channel from decision order by rowid"
    )
    assert rows[-1] == ("approve", MANAGER, "as countered")
    total = records.value(house.settings.home, "select total_minor from quote where version = 2")
    assert total == 52800


async def test_a_recalled_quote_waits_for_its_seller_and_keeps_what_was_approved(
    house: House,
) -> None:
    """Nobody decides meanwhile; handed in again, Mia's yes still holds and Dan gets a new mail."""
    deal = await begin(house, **NEEDS_THREE)
    await deal.stage(Stage.APPROVE)
    await deal.approve(MANAGER)
    await deal.settle()

    text = await as_seller(deal, "recall", reason="one more question to the customer")
    state = await deal.state()
    assert text == "Quote Q-1001-1 is recalled."
    assert state.approval.recalled
    assert sorted(mailed(house, "recalled")) == ["dan@q2c.example", "fiona@q2c.example"]
    assert state.quote is not None
    token = deal.token("sales-2", DIRECTOR, state.quote.content_hash)
    refused = await deal.refuses("approve", person=DIRECTOR, step="sales-2", token=token)
    assert refused == "Version 1 was recalled by sam"

    await as_seller(deal, "resubmit")
    await deal.settle()
    assert mailed(house, "approval_request").count("dan@q2c.example") == 2
    await deal.approve(DIRECTOR)
    await deal.approve(FINANCE)
    await offered(deal)


async def test_only_the_seller_recalls_and_only_until_it_is_decided(house: House) -> None:
    """Neither an approver nor the customer takes it back, and a final quote stays final."""
    deal = await begin(house, **NEEDS_MANAGER)
    state = await deal.stage(Stage.APPROVE)
    assert state.quote is not None
    content_hash = state.quote.content_hash

    by_manager = await deal.refuses(
        "recall", person=MANAGER, token=deal.token("recall", MANAGER, content_hash)
    )
    by_buyer = await deal.refuses("recall", person=BUYER, token="wrong")
    await deal.approve(MANAGER)
    await offered(deal)
    too_late = await deal.refuses(
        "recall", person=SELLER, token=deal.token("recall", SELLER, content_hash)
    )

    assert by_manager == "Only sam can recall it"
    assert by_buyer.startswith("The token does not fit")
    assert too_late == "No approval is open (accept)."


async def test_a_recalled_quote_still_expires(house: House) -> None:
    """A seller who never comes back keeps no deal open for ever."""
    deal = await begin(house, valid_days=5, **NEEDS_MANAGER)
    await deal.stage(Stage.APPROVE)
    await as_seller(deal, "recall")

    await deal.advance("2026-01-08T00:00:00")

    assert (await deal.ended()).outcome == "expired"


async def test_an_override_passes_everybody_over_and_is_reviewed_by_them(house: House) -> None:
    """A role of its own, a reason, and one of those who were passed over says what they find."""
    emergency = {
        "id": "otto",
        "name": "Otto",
        "email": "otto@q2c.example",
        "roles": ["override"],
    }
    await register(house, "person", "otto", emergency)
    deal = await begin(house, **NEEDS_THREE)
    state = await deal.stage(Stage.APPROVE)
    assert state.quote is not None
    content_hash = state.quote.content_hash

    def token(name: str, person: str) -> str:
        return deal.token(name, person, content_hash)

    by_director = await deal.refuses(
        "override", person=DIRECTOR, token=token("override", DIRECTOR), reason="quick"
    )
    silent = await deal.refuses("override", person="otto", token=token("override", "otto"))
    by_seller = await deal.refuses(
        "override", person=SELLER, token=token("override", SELLER), reason="quick"
    )
    await deal.does("override", person="otto", token=token("override", "otto"), reason="ends today")
    await offered(deal)
    own = await deal.refuses(
        "review", person="otto", token=token("review", "otto"), reason="all good"
    )
    await deal.does(
        "review", person=FINANCE, token=token("review", FINANCE), reason="I would have agreed"
    )
    again = await deal.refuses(
        "review", person=DIRECTOR, token=token("review", DIRECTOR), reason="me too"
    )

    assert by_director == "dan has not the role override: otto."
    assert silent == "An override needs a reason"
    assert by_seller == "The seller cannot decide on their own deal"
    assert own == "otto was not passed over: dan, fiona, mia."
    assert again == "No override waits for a review."


async def test_a_counter_without_a_proposal_is_refused_with_everything_wrong(house: House) -> None:
    """An empty counter is a no in disguise, and a wrong one cannot be priced."""
    deal = await begin(house, **NEEDS_MANAGER)
    state = await deal.stage(Stage.APPROVE)
    assert state.quote is not None
    said = {"person": MANAGER, "token": deal.token("sales-1", MANAGER, state.quote.content_hash)}

    empty = await deal.refuses("counter", step="sales-1", **said)
    wrong = {"discount_percent": "120", "lines": [{"line": 0, "discount_percent": "5"}]}
    both = await deal.refuses("counter", step="sales-1", counter=wrong, **said)

    assert empty.startswith("The counter is wrong: counter: proposes nothing")
    assert "counter.discount_percent: 120 is not between 0 and 100" in both
    assert "counter.lines[0].line: 0 is no line" in both
