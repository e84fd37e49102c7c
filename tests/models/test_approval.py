"""Approval: the right people are asked in the right order, and nobody decides on their own deal."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models.approval import (
    ApprovalPath,
    ApprovalPolicy,
    ApprovalRequest,
    ApprovalStep,
    Comparison,
    DecisionOutcome,
    DecisionRequest,
    Fact,
    PolicyRule,
    Ruling,
    StepStatus,
    build_path,
    decide,
    demanded,
    escalate,
    facts_of,
    is_approved,
    is_rejected,
    kept,
    parse_policy,
    pending,
    reasons_asked,
    replay,
    route,
)
from models.errors import InvalidInputError, ParkedError
from models.parties import Person


def rule(
    name: str, fact: str, threshold: str, *titles: str, chain: str = "sales", below: bool = False
) -> PolicyRule:
    """A rule whose reason is its name."""
    return PolicyRule(
        id=name,
        fact=Fact(fact),
        comparison=Comparison.BELOW if below else Comparison.ABOVE,
        threshold=Decimal(threshold),
        titles=titles,
        chain=chain,
        reason=name,
    )


POLICY = ApprovalPolicy(
    version="7",
    rules=(
        rule("discount over 10", "discount_percent", "10", "manager"),
        rule("discount over 20", "discount_percent", "20", "manager", "director"),
        rule("margin under 30", "margin_percent", "30", "finance", chain="finance", below=True),
        rule("terms over 60", "payment_terms_days", "60", "finance", chain="finance"),
        rule("term over 36", "term_months", "36", "finance", "legal", chain="finance"),
    ),
)


def person(name: str, *titles: str, manager: str | None = None) -> Person:
    """Somebody of ours."""
    return Person(id=name, name=name, email=f"{name}@example.com", titles=titles, manager=manager)


PEOPLE = (
    person("sam", manager="mia"),
    person("max", "manager", manager="dan"),
    person("mia", "manager", manager="dan"),
    person("dan", "director", manager="eve"),
    person("eve", "chief"),
    person("fay", "finance", manager="eve"),
    person("leo", "legal"),
)


def facts(
    discount: str = "0",
    margin: str | None = "50",
    total: str = "1000",
    terms: int = 30,
    months: int = 12,
) -> Mapping[str, Decimal]:
    """A harmless quote, except for what is given."""
    known = None if margin is None else Decimal(margin)
    return facts_of(Decimal(discount), known, Decimal(total), terms, months)


def path(
    asked: Mapping[str, Decimal], previous: ApprovalPath | None = None, **changes: str
) -> ApprovalPath:
    """The path of sam's quote with content `c1`."""
    request = {
        "seller": "sam",
        "currency": "USD",
        "quote_version": "1",
        "content_hash": "c1",
        "facts": asked,
        **changes,
    }
    return build_path(POLICY, ApprovalRequest.model_validate(request), PEOPLE, previous)


def ask(
    asked: ApprovalPath,
    who: str,
    *,
    yes: bool = True,
    content: str = "c1",
    reason: str = "",
    step: str = "",
) -> DecisionOutcome:
    """Let somebody decide."""
    request = DecisionRequest(
        person=who, approve=yes, content_hash=content, reason=reason, step=step
    )
    return decide(asked, request)


def say(asked: ApprovalPath, *people: str) -> ApprovalPath:
    """Let people say yes one after the other, and count every one of them."""
    for who in people:
        outcome = ask(asked, who)
        assert outcome.refused_because is None
        asked = outcome.path
    return asked


def short(steps: tuple[ApprovalStep, ...]) -> list[tuple[str, str, str, str]]:
    """Key, title, person and status."""
    return [(step.key, step.title, step.approver, step.status.value) for step in steps]


def test_an_unknown_margin_is_no_fact() -> None:
    """It is neither zero nor good: nothing is known."""
    assert Fact.MARGIN_PERCENT not in facts(margin=None)
    assert facts(margin="12.5")[Fact.MARGIN_PERCENT] == Decimal("12.5")


@pytest.mark.parametrize(
    ("asked", "reasons"),
    [
        (facts(), []),
        (facts(discount="10"), []),
        (facts(discount="10.01"), ["discount over 10"]),
        (facts(discount="25"), ["discount over 10", "discount over 20"]),
        (facts(margin="30"), []),
        (facts(margin="29.99"), ["margin under 30"]),
        (facts(margin="-5"), ["margin under 30"]),
        (facts(margin=None), ["The margin is unknown: margin under 30"]),
        (facts(terms=90, months=48), ["terms over 60", "term over 36"]),
    ],
)
def test_facts_make_demands(asked: Mapping[str, Decimal], reasons: list[str]) -> None:
    """Semantics 13: a threshold is passed, not met; what is unknown is asked about."""
    assert [one.reason for one in demanded(POLICY, asked, "USD")] == reasons


def test_a_threshold_on_the_total_is_for_its_currency() -> None:
    """A million yen is not a million dollars."""
    limit = rule("big deal", "total", "100000", "director").model_copy(update={"currency": "USD"})
    policy = ApprovalPolicy(version="1", rules=(limit,))
    asked = facts(total="1000000")

    assert demanded(policy, asked, "JPY") == ()
    assert demanded(policy, asked, "USD") == (limit,)


def test_a_harmless_quote_needs_nobody() -> None:
    """Discount of at most 10 %: nobody is asked, and the path is approved."""
    harmless = path(facts(discount="10"))

    assert harmless.steps == ()
    assert is_approved(harmless)
    assert not is_rejected(harmless)


def test_chains_run_in_parallel_and_their_steps_in_order() -> None:
    """The first step of each chain is active, the later ones wait."""
    steps = route(POLICY, facts(discount="25", margin="5", months=48), "USD", PEOPLE, "sam")

    assert short(steps) == [
        ("sales-1", "manager", "mia", "active"),
        ("sales-2", "director", "dan", "waiting"),
        ("finance-1", "finance", "fay", "active"),
        ("finance-2", "legal", "leo", "waiting"),
    ]
    assert steps[0].reasons == ("discount over 10", "discount over 20")
    assert steps[1].reasons == ("discount over 20",)
    assert steps[2].reasons == ("margin under 30", "term over 36")


def test_a_later_rule_can_put_a_title_before_an_earlier_one() -> None:
    """Each rule's own order is kept: manager before director, though director came up first."""
    policy = ApprovalPolicy(
        version="1",
        rules=(
            rule("a", "discount_percent", "0", "director"),
            rule("b", "discount_percent", "0", "manager", "director"),
            rule("c", "discount_percent", "0", "director", "chief"),
        ),
    )

    steps = route(policy, facts(discount="5"), "USD", PEOPLE, "sam")

    assert [step.title for step in steps] == ["manager", "director", "chief"]


def test_the_sellers_own_manager_is_preferred() -> None:
    """Max is first by name, but sam reports to mia."""
    assert route(POLICY, facts("15"), "USD", PEOPLE, "sam")[0].approver == "mia"
    assert route(POLICY, facts("15"), "USD", PEOPLE, "leo")[0].approver == "max"


def test_people_are_found_in_the_same_way_whatever_their_order() -> None:
    """The register may list people in any order."""
    asked = facts("25", margin=None)

    assert route(POLICY, asked, "USD", PEOPLE, "leo") == route(
        POLICY, asked, "USD", PEOPLE[::-1], "leo"
    )


def test_somebody_asked_twice_is_asked_once() -> None:
    """Semantics 13: merge, with all titles and reasons, in the place where they come first."""
    people = (person("sam"), person("ann", "manager", "director", "finance"))

    steps = route(POLICY, facts("25", margin="5"), "USD", people, "sam")

    assert short(steps) == [("sales-1", "manager, director, finance", "ann", "active")]
    assert steps[0].reasons == ("discount over 10", "discount over 20", "margin under 30")


def test_a_title_only_the_seller_holds_goes_to_their_manager() -> None:
    """Nobody approves their own deal, and somebody above them can."""
    people = (person("fay", "finance", manager="eve"), person("eve"))

    steps = route(POLICY, facts(terms=90), "USD", people, "fay")

    assert [step.approver for step in steps] == ["eve"]


@pytest.mark.parametrize(
    "people",
    [
        (person("sam"),),
        (person("sam", "finance"),),
        (person("sam", "finance", manager="sam"),),
        (person("sam", "finance", manager="gone"),),
        (person("sam", manager="eve"), person("eve")),
    ],
)
def test_a_title_without_anybody_waits_for_a_person(people: tuple[Person, ...]) -> None:
    """Parked, with the title to give to somebody; never approved by default."""
    with pytest.raises(ParkedError, match="Nobody but the seller can approve as finance"):
        route(POLICY, facts(terms=90), "USD", people, "sam")


def test_all_titles_without_anybody_are_named() -> None:
    """Whoever corrects the register wants to do it once."""
    with pytest.raises(ParkedError, match="manager, director, finance"):
        route(POLICY, facts("25", margin=None), "USD", (), "sam")


def test_a_yes_passes_the_turn_on_and_the_last_one_approves() -> None:
    """Semantics 13: steps inside a chain in order, chains in parallel."""
    asked = path(facts("25", terms=90))

    after_mia = say(asked, "mia")

    assert [step.approver for step in pending(asked)] == ["mia", "fay"]
    assert [step.approver for step in pending(after_mia)] == ["dan", "fay"]
    assert not is_approved(say(after_mia, "fay"))
    assert is_approved(say(after_mia, "fay", "dan"))
    assert [step.decided_by for step in say(after_mia, "fay", "dan").steps] == ["mia", "dan", "fay"]


def test_a_no_ends_the_whole_path_at_once() -> None:
    """Nobody else is asked, and nobody else can approve any more."""
    outcome = ask(path(facts("25", terms=90)), "fay", yes=False, reason=" too long ")

    assert outcome.refused_because is None
    assert is_rejected(outcome.path)
    assert not is_approved(outcome.path)
    assert outcome.path.steps[2].decision_reason == "too long"
    assert ask(outcome.path, "mia").refused_because == "Version 1 is already rejected"


@pytest.mark.parametrize(
    ("who", "changes", "reason"),
    [
        ("leo", {}, "leo is not asked to decide on any step of version 1"),
        ("sam", {}, "The seller cannot decide on their own deal"),
        ("", {}, " is not asked to decide on any step of version 1"),
        ("mia", {"step": "sales-2"}, "mia is not asked to decide on step sales-2 of version 1"),
        ("dan", {}, "It is not your turn: step sales-2 is waiting"),
        ("mia", {"content": "c0"}, "This decision is for an outdated version: look at version 1"),
        ("mia", {"content": ""}, "This decision is for an outdated version: look at version 1"),
        ("mia", {"yes": False}, "A rejection needs a reason"),
        ("mia", {"yes": False, "reason": " \n"}, "A rejection needs a reason"),
    ],
)
def test_what_does_not_count_changes_nothing_and_says_why(
    who: str, changes: dict[str, str], reason: str
) -> None:
    """Messages law: what is not allowed is recorded as refused with its reason."""
    asked = path(facts("25"))

    outcome = ask(asked, who, **changes)  # type: ignore[arg-type]

    assert outcome.refused_because == reason
    assert outcome.path == asked


def test_a_decision_is_made_once() -> None:
    """Nobody takes back a yes by a later no."""
    approved = say(path(facts("25")), "mia")

    outcome = ask(approved, "mia", yes=False, reason="changed my mind")

    assert outcome.refused_because == "Step sales-1 is already approved by mia"
    assert outcome.path == approved


def test_an_overdue_step_goes_to_the_approvers_manager() -> None:
    """It is recorded from whom, and the former approver can no longer decide."""
    asked = path(facts("15"))

    moved = escalate(asked, "sales-1", PEOPLE)

    assert (moved.steps[0].approver, moved.steps[0].escalated_from) == ("dan", "mia")
    assert "mia is not asked" in (ask(moved, "mia").refused_because or "")
    assert is_approved(say(moved, "dan"))


def test_escalation_passes_over_the_seller() -> None:
    """The seller is the approver's manager, so their own manager is asked."""
    people = (
        person("sam", manager="eve"),
        person("fay", "finance", manager="sam"),
        person("eve"),
    )
    request = ApprovalRequest(
        seller="sam", currency="USD", quote_version=1, content_hash="c1", facts=facts(terms=90)
    )

    moved = escalate(build_path(POLICY, request, people), "finance-1", people)

    assert moved.steps[0].approver == "eve"


def test_a_step_stays_where_nobody_is_above() -> None:
    """Also if the managers go in a circle: it does not go back to whom it came from."""
    people = (
        person("ann", "finance", manager="bob"),
        person("bob", manager="ann"),
    )
    request = ApprovalRequest(
        seller="sam", currency="USD", quote_version=1, content_hash="c1", facts=facts(terms=90)
    )

    once = escalate(build_path(POLICY, request, people), "finance-1", people)

    assert once.steps[0].approver == "bob"
    assert escalate(once, "finance-1", people) == once


@pytest.mark.parametrize("key", ["sales-2", "sales-9"])
def test_only_an_active_step_is_escalated(key: str) -> None:
    """A step that waits has not been overdue yet; a step of an older version is gone."""
    asked = path(facts("25"))

    assert escalate(asked, key, PEOPLE) == asked
    assert escalate(say(asked, "mia", "dan"), key, PEOPLE) == say(asked, "mia", "dan")


def test_a_rejected_path_is_not_escalated() -> None:
    """Fay's no ended it; mia's step is nobody's task any more."""
    rejected = ask(path(facts("15", terms=90)), "fay", yes=False, reason="no").path

    assert escalate(rejected, "sales-1", PEOPLE) == rejected


def test_a_step_escalated_to_a_later_approver_is_asked_once_with_theirs() -> None:
    """Dan is the director as well: one question with both reasons, and one yes for both steps."""
    moved = escalate(path(facts("25")), "sales-1", PEOPLE)

    first = ask(moved, "dan")
    again = ask(first.path, "dan", step="sales-1")

    assert reasons_asked(moved, moved.steps[0]) == ("discount over 10", "discount over 20")
    assert is_approved(first.path)
    assert [step.decided_by for step in first.path.steps] == ["dan", "dan"]
    assert again.refused_because == "Step sales-1 is already approved by dan"


def test_a_step_of_another_chain_is_answered_with_an_escalated_one() -> None:
    """Fay does not answer; eve, who has the last word in sales already, is asked once for both."""
    policy = ApprovalPolicy(
        version="7",
        rules=(
            rule("discount over 20", "discount_percent", "20", "director", "chief"),
            rule("terms over 60", "payment_terms_days", "60", "finance", chain="finance"),
        ),
    )
    request = ApprovalRequest(
        seller="sam",
        currency="USD",
        quote_version=1,
        content_hash="c1",
        facts=facts("25", terms=90),
    )

    moved = escalate(build_path(policy, request, PEOPLE), "finance-1", PEOPLE)
    answered = ask(moved, "eve", step="finance-1").path

    assert short(answered.steps) == [
        ("sales-1", "director", "dan", "active"),
        ("sales-2", "chief", "eve", "approved"),
        ("finance-1", "finance", "eve", "approved"),
    ]
    assert is_approved(say(answered, "dan"))


def test_a_yes_in_ones_own_step_does_not_answer_an_escalated_one() -> None:
    """That request named its own reasons only; those of the escalated step were not read yet."""
    moved = escalate(path(facts("25")), "sales-1", PEOPLE)
    own = moved.steps[1].model_copy(update={"chain": "board", "status": StepStatus.ACTIVE})
    both = moved.model_copy(update={"steps": (moved.steps[0], own)})

    answered = ask(both, "dan", step="sales-2").path

    assert [step.status for step in answered.steps] == [StepStatus.ACTIVE, StepStatus.APPROVED]


def test_two_steps_escalated_to_one_person_are_two_questions() -> None:
    """When the first was asked, the second was still with somebody else."""
    people = (*PEOPLE[:-2], person("fay", "finance", manager="dan"))
    request = ApprovalRequest(
        seller="sam",
        currency="USD",
        quote_version=1,
        content_hash="c1",
        facts=facts("15", terms=90),
    )
    moved = build_path(POLICY, request, people)
    for key in ("sales-1", "finance-1"):
        moved = escalate(moved, key, people)

    answered = ask(moved, "dan", step="sales-1").path

    assert [step.status for step in answered.steps] == [StepStatus.APPROVED, StepStatus.ACTIVE]


ASKED_TWICE = [
    Ruling(kind="escalate", step="sales-1", person="dan"),
    Ruling(kind="approve", step="sales-1", person="dan", content_hash="c1"),
]


def test_a_recorded_yes_to_an_escalated_step_gives_both_again() -> None:
    """The path is read from what was decided; only one yes is on record."""
    assert is_approved(replay(path(facts("25")), ASKED_TWICE))


@pytest.mark.parametrize("kind", ["approve", "reject"])
def test_steps_decided_apart_on_record_stay_apart(kind: str) -> None:
    """Books of before, when dan was asked twice, and may have said yes first and then no."""
    second = Ruling(kind=kind, step="sales-2", person="dan", content_hash="c1", reason="too much")

    read = replay(path(facts("25")), [*ASKED_TWICE, second])

    assert is_approved(read) == (kind == "approve")
    assert is_rejected(read) == (kind == "reject")


def test_an_approval_survives_if_its_facts_are_the_same() -> None:
    """Law 6: only the approvals whose inputs changed fall away; 25 and 25.00 are the same."""
    old = say(path(facts("25", terms=90)), "mia", "fay")

    new = path(facts("25.00", terms=75), old, quote_version="2", content_hash="c2")

    assert short(new.steps) == [
        ("sales-1", "manager", "mia", "approved"),
        ("sales-2", "director", "dan", "active"),
        ("finance-1", "finance", "fay", "active"),
    ]
    assert new.steps[0].decided_by == "mia"


def test_an_escalated_approval_survives_too() -> None:
    """The new path asks mia again, for whom dan has answered."""
    old = say(escalate(path(facts("15")), "sales-1", PEOPLE), "dan")

    new = path(facts("15", total="5"), old, quote_version="2")

    assert is_approved(new)
    assert (new.steps[0].decided_by, new.steps[0].escalated_from) == ("dan", "mia")


@pytest.mark.parametrize(
    "changes", [{"facts": facts("16")}, {"currency": "EUR"}, {"seller": "leo"}]
)
def test_an_approval_falls_with_what_it_was_given_for(changes: dict[str, str]) -> None:
    """Other numbers, other money or another seller: the question is new."""
    everybody = say(path(facts("15")), "mia")

    new = path(facts("15"), everybody, **changes)

    assert [step.status for step in new.steps] == [StepStatus.ACTIVE]


def test_an_approval_falls_with_its_policy() -> None:
    """Another version of the matrix may ask for other reasons."""
    old = say(path(facts("15")), "mia")
    newer = POLICY.model_copy(update={"version": "8"})

    steps = kept(old, route(newer, facts("15"), "USD", PEOPLE, "sam"))

    assert [step.status for step in steps] == [StepStatus.ACTIVE]


def test_an_approval_falls_with_the_title_it_was_given_under() -> None:
    """Mia said yes as a manager, which answers nobody who asks for a director."""
    old = say(path(facts("15")), "mia")
    (asked_again,) = route(POLICY, facts("15"), "USD", PEOPLE, "sam")
    promoted = asked_again.model_copy(update={"title": "director"})

    assert kept(old, [asked_again])[0].status is StepStatus.APPROVED
    assert kept(old, [promoted])[0].status is StepStatus.ACTIVE


def test_a_rejection_never_survives() -> None:
    """A new version is a new question to whoever said no."""
    old = ask(path(facts("15")), "mia", yes=False, reason="no").path

    assert [step.status for step in path(facts("15"), old).steps] == [StepStatus.ACTIVE]


def test_one_approval_does_not_answer_another_persons_question() -> None:
    """Manager and director look at the same facts, and each gives their own yes."""
    old = say(path(facts("25")), "mia")

    assert short(path(facts("25"), old).steps)[1] == ("sales-2", "director", "dan", "active")


def test_reads_a_policy() -> None:
    """Numbers in YAML are exact decimals here."""
    written = {
        "version": "7",
        "rules": [
            {
                "id": "r1",
                "fact": "discount_percent",
                "comparison": "above",
                "threshold": 10.5,
                "titles": ["manager"],
                "chain": "sales",
                "reason": "high discount",
            }
        ],
    }

    policy = parse_policy(written)

    assert policy.rules[0].threshold == Decimal("10.5")
    assert policy.escalate_after_hours == 48
    assert parse_policy(POLICY.model_dump(mode="json")) == POLICY


def test_lists_every_problem_of_a_policy_at_once() -> None:
    """Whoever corrects a file wants to do it once."""
    good = {
        "id": "r1",
        "fact": "total",
        "comparison": "above",
        "threshold": 1,
        "titles": ["a", "b"],
        "chain": "sales",
        "reason": "big",
    }
    with pytest.raises(InvalidInputError) as refused:
        parse_policy(
            {
                "rules": [
                    good,
                    {**good, "titles": ["b", "a"]},
                    {**good, "id": "r3", "titles": [], "fact": "weather", "chain": " "},
                    {**good, "id": "r4", "threshold": "much", "treshold": 1},
                ],
                "remind_after_hours": 0,
            }
        )

    assert [problem.field for problem in refused.value.problems] == [
        "version",
        "rules[3].threshold",
        "rules[2].chain",
        "remind_after_hours",
        "rules[1].id",
        "rules[2].fact",
        "rules[2].titles",
        "rules",
        "rules[3].treshold",
    ]
    assert "did you mean threshold?" in str(refused.value)


IDS = st.sampled_from(["sam", "ann", "bob", "cat", "dan"])
TITLES = st.lists(st.sampled_from(["manager", "director", "finance", "legal"]), unique=True)


@st.composite
def organizations(draw: st.DrawFn) -> tuple[Person, ...]:
    """Some people with any titles and any managers, circles included."""
    ids = draw(st.lists(IDS, unique=True))
    managers = st.one_of(st.none(), IDS)
    return tuple(person(one, *draw(TITLES), manager=draw(managers)) for one in ids)


QUOTES = st.builds(
    facts,
    discount=st.sampled_from(["5", "15", "25"]),
    margin=st.sampled_from([None, "10", "50"]),
    terms=st.sampled_from([30, 90]),
    months=st.sampled_from([12, 48]),
)


def submitted(asked: Mapping[str, Decimal], people: tuple[Person, ...]) -> ApprovalPath | None:
    """Sam's quote handed in, or None if it parks."""
    request = ApprovalRequest(
        seller="sam", currency="USD", quote_version=1, content_hash="c1", facts=asked
    )
    try:
        return build_path(POLICY, request, people)
    except ParkedError:
        return None


@given(asked=QUOTES, people=organizations())
def test_a_path_asks_everybody_once_and_never_the_seller(
    asked: Mapping[str, Decimal], people: tuple[Person, ...]
) -> None:
    """Semantics 13: exclude the submitter, ask the same approver once, miss no demand."""
    demands = {one.reason for one in demanded(POLICY, asked, "USD")}
    built = submitted(asked, people)
    assume(built is not None)
    assert built is not None

    approvers = [step.approver for step in built.steps]
    assert "sam" not in approvers
    assert len(set(approvers)) == len(approvers)
    assert {reason for step in built.steps for reason in step.reasons} == demands
    assert len({step.key for step in built.steps}) == len(built.steps)
    assert {step.chain for step in pending(built)} == {step.chain for step in built.steps}


ACTIONS = st.lists(
    st.tuples(IDS, st.booleans(), st.sampled_from(["", "sales-1", "finance-1"]), st.booleans()),
    max_size=12,
)


@given(asked=QUOTES, people=organizations(), actions=ACTIONS)
def test_no_input_lets_somebody_approve_their_own_deal(
    asked: Mapping[str, Decimal],
    people: tuple[Person, ...],
    actions: list[tuple[str, bool, str, bool]],
) -> None:
    """Four eyes: whoever decides and escalates in whatever order, sam never does."""
    current = submitted(asked, people)
    assume(current is not None)
    assert current is not None

    for who, yes, step, is_escalation in actions:
        before = current
        if is_escalation:
            current = escalate(current, step, people)
        else:
            outcome = ask(current, who, yes=yes, reason="why", step=step)
            current = outcome.path
            assert who != "sam" or outcome.refused_because
            assert (outcome.refused_because is None) == (current != before)
        assert all("sam" not in {one.approver, one.decided_by} for one in current.steps)
        assert not (is_approved(current) and is_rejected(current))


def test_a_forged_path_does_not_let_the_seller_decide() -> None:
    """Even a step that names the seller is not theirs to decide."""
    asked = path(facts("15"))
    forged = asked.steps[0].model_copy(update={"approver": "sam"})

    outcome = ask(asked.model_copy(update={"steps": (forged,)}), "sam")

    assert outcome.refused_because == "The seller cannot decide on their own deal"
