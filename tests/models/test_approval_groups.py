"""Groups, delegates, counters and other subjects: the same engine, and the same four eyes."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from models.approval import (
    ApprovalPath,
    ApprovalPolicy,
    ApprovalRequest,
    Barred,
    DecisionOutcome,
    DecisionRequest,
    Ruling,
    StepStatus,
    Subject,
    build_path,
    decide,
    demands_of,
    escalate,
    handed_up,
    is_approved,
    is_countered,
    is_rejected,
    override,
    parse_policy,
    pending,
    recall,
    replay,
    resubmit,
    waiting_for,
)
from models.approval_facts import Findings
from models.delegation import Delegation, delegates_of
from models.errors import ParkedError
from models.parties import Person, Role

DAY = date(2026, 7, 1)


def person(name: str, *titles: str, manager: str | None = None, role: Role | None = None) -> Person:
    """Somebody of ours."""
    roles = (role,) if role else ()
    email = f"{name}@example.com"
    return Person(id=name, name=name, email=email, titles=titles, manager=manager, roles=roles)


PEOPLE = (
    person("sam", manager="mia"),
    person("mia", "manager", manager="dan"),
    person("dan", "director", manager="eve"),
    person("eve", "chief"),
    person("fay", "finance", manager="eve"),
    person("flo", "finance", manager="dan"),
    person("leo", "legal", role=Role.FINANCE),
)


def policy(*rules: dict[str, Any], **more: Any) -> ApprovalPolicy:
    """Return a policy whose rules apply to every quote above 0 %."""
    base = {"fact": "discount_percent", "threshold": 0, "chain": "sales", "reason": "why"}
    numbered = [{**base, "id": f"r{n}", **rule} for n, rule in enumerate(rules)]
    return parse_policy({"version": "1", "rules": numbered, **more})


def group(quorum: str = "any", count: int = 0, **who: Any) -> dict[str, Any]:
    """Return a rule with one step for a group."""
    return {"steps": [{"quorum": quorum, "count": count, **who}]}


def submitted(
    rules: ApprovalPolicy,
    people: tuple[Person, ...] = PEOPLE,
    previous: ApprovalPath | None = None,
    **changes: Any,
) -> ApprovalPath:
    """Sam's quote at 5 % off, handed in."""
    request = {
        "seller": "sam",
        "currency": "EUR",
        "quote_version": 1,
        "content_hash": "c1",
        "facts": {"discount_percent": Decimal(5)},
        **changes,
    }
    return build_path(rules, ApprovalRequest.model_validate(request), people, previous)


def say(asked: ApprovalPath, who: str, **more: Any) -> DecisionOutcome:
    """Let somebody decide, with a yes if nothing else is said."""
    written = {"person": who, "approve": True, "content_hash": "c1", **more}
    return decide(asked, DecisionRequest.model_validate(written))


def said(asked: ApprovalPath, *people: str) -> ApprovalPath:
    """Let people say yes one after the other, and count every one of them."""
    for who in people:
        outcome = say(asked, who)
        assert outcome.refused_because is None
        asked = outcome.path
    return asked


def away(who: str, delegate: str) -> Delegation:
    """Somebody is away on the day, and names who decides."""
    return Delegation(
        id=f"{who}-{delegate}", person=who, delegate=delegate, starts_on=DAY, last_on=DAY
    )


@pytest.mark.parametrize(
    ("rule", "people", "needed", "title"),
    [
        (group(titles=["finance"]), ("fay", "flo"), 1, "any of finance"),
        (group("all", titles=["finance"]), ("fay", "flo"), 2, "all of finance"),
        (group("count", 2, titles=["finance", "legal"]), ("fay", "flo", "leo"), 2, "2 of "),
        (group("all", people=["eve", "leo"]), ("eve", "leo"), 2, "all of eve, leo"),
        (group(roles=["finance"]), ("leo",), 1, "role finance"),
        (group(manager_level=1), ("mia",), 1, "manager 1"),
        (group(manager_level=2), ("dan",), 1, "manager 2"),
        (group(manager_level=3), ("eve",), 1, "manager 3"),
    ],
)
def test_a_step_asks_people_by_title_role_name_or_level(
    rule: dict[str, Any], people: tuple[str, ...], needed: int, title: str
) -> None:
    """Semantics 13: a step is any, all or n of m of the people it resolves to."""
    (step,) = submitted(policy(rule)).steps

    assert step.people == people
    assert step.needed == needed
    assert step.title.startswith(title)


def test_any_is_done_by_the_first_yes_and_all_by_the_last() -> None:
    """The next step begins when the quorum is there, not before."""
    steps = [{"titles": ["finance"]}, {"titles": ["finance", "legal"], "quorum": "all"}]
    asked = submitted(policy({"steps": steps}))

    after_one = said(asked, "flo")
    after_two = said(after_one, "flo", "leo")

    assert [step.key for step in pending(after_one)] == ["sales-2"]
    assert pending(after_two)[0].undecided == ("fay",)
    assert not is_approved(after_two)
    assert is_approved(said(after_two, "fay"))


def test_two_of_three_are_enough_and_nobody_counts_twice() -> None:
    """Whoever has spoken is told so; the third need not speak."""
    asked = submitted(policy(group("count", 2, titles=["finance", "legal"])))

    once = said(asked, "fay")

    assert say(once, "fay").refused_because == "fay has already decided on step sales-1"
    assert is_approved(said(once, "leo"))


def test_the_first_no_of_a_group_stops_everything() -> None:
    """Also where one yes would have been enough."""
    asked = submitted(policy(group(titles=["finance"])))

    rejected = say(asked, "flo", approve=False, reason="too cheap").path

    assert is_rejected(rejected)
    assert say(rejected, "fay").refused_because == "Step sales-1 is already rejected by flo"


@pytest.mark.parametrize(
    "rule",
    [
        group("count", 3, titles=["finance"]),
        group("all", people=["eve", "gone"]),
        group(titles=["pilot"]),
        group(people=["sam"]),
        group(manager_level=4),
    ],
)
def test_a_group_that_cannot_decide_waits_for_a_person(rule: dict[str, Any]) -> None:
    """Parked, never approved by fewer than the policy wants."""
    with pytest.raises(ParkedError, match="Nobody but the seller can approve"):
        submitted(policy(rule))


def test_the_same_group_is_asked_once() -> None:
    """For every reason that wants it, in the place where it comes first."""
    first = {**group(titles=["finance"]), "reason": "first"}
    second = {**group(titles=["finance"]), "reason": "second", "chain": "money"}

    (step,) = submitted(policy(first, second)).steps

    assert (step.chain, step.reasons) == ("sales", ("first", "second"))


def test_everybody_undecided_in_a_group_is_handed_up() -> None:
    """Who has decided stays; a manager who is asked already, or may not decide, is passed over."""
    asked = said(submitted(policy(group("all", titles=["finance", "legal"]))), "leo")

    moved = escalate(asked, "sales-1", PEOPLE)

    assert moved.steps[0].people == ("eve", "dan", "leo")
    assert handed_up(asked.steps[0], moved.steps[0]) == (("fay", "eve"), ("flo", "dan"))
    rulings = [
        Ruling(kind="approve", step="sales-1", person="leo", content_hash="c1"),
        Ruling(kind="escalate", step="sales-1", person="eve", on_behalf_of="fay"),
        Ruling(kind="escalate", step="sales-1", person="dan", on_behalf_of="flo"),
    ]
    assert replay(submitted(policy(group("all", titles=["finance", "legal"]))), rulings) == moved


# Authority


RANKS = ("manager", "director", "chief")
TITLES = [{"titles": ["manager"], "reason": "small"}, {"titles": ["director"], "reason": "big"}]


def test_a_higher_title_answers_for_the_lower_if_the_policy_says_so() -> None:
    """No reason is lost, and without the word nobody is left out."""
    (step,) = submitted(policy(*TITLES, authority=RANKS, higher_covers_lower=True)).steps

    assert (step.approver, step.title, step.reasons) == ("dan", "director", ("small", "big"))
    both = submitted(policy(*TITLES, authority=RANKS)).steps
    assert [step.approver for step in both] == ["mia", "dan"]


WANTED = st.lists(
    st.sampled_from([*RANKS, "finance", "legal"]).map(
        lambda title: {"titles": [title], "reason": title, "chain": f"of {title}"}
    ),
    min_size=1,
    max_size=5,
)


@given(wanted=WANTED)
def test_covering_loses_no_demand_and_asks_nobody_new(wanted: list[dict[str, Any]]) -> None:
    """Laws of merge and cover: all reasons stay, people only get fewer, the highest stays."""
    plain = submitted(policy(*wanted, authority=RANKS))
    covering = submitted(policy(*wanted, authority=RANKS, higher_covers_lower=True))

    def reasons(path: ApprovalPath) -> set[str]:
        return {reason for step in path.steps for reason in step.reasons}

    def asked(path: ApprovalPath) -> set[str]:
        return {step.approver for step in path.steps}

    assert reasons(covering) == reasons(plain) == {str(rule["reason"]) for rule in wanted}
    assert asked(covering) <= asked(plain)
    ranked = [title for title in RANKS if any(rule["titles"] == [title] for rule in wanted)]
    assert [step.title for step in covering.steps if step.title in RANKS] == ranked[-1:]


# Counter, recall, override


def test_a_counter_stops_the_path_until_it_is_handed_in_again() -> None:
    """Approvals given before stay; the countered step is asked again."""
    asked = said(submitted(policy({"titles": ["manager", "director"]})), "mia")

    countered = say(asked, "dan", approve=False, counter=True, reason="fine at 3 %").path
    again = resubmit(countered, "sam").path

    assert is_countered(countered)
    assert pending(countered) == ()
    assert resubmit(countered, "dan").refused_because == "Only sam can hand it in"
    assert [step.status for step in again.steps] == [StepStatus.APPROVED, StepStatus.ACTIVE]
    assert is_approved(said(again, "dan"))
    assert say(asked, "dan", approve=False, counter=True).refused_because == (
        "A counter needs a reason"
    )


def test_a_recall_is_for_the_submitter_until_the_path_is_final() -> None:
    """Taken back, nobody decides; handed in, everything stands as it did."""
    asked = submitted(policy({"titles": ["manager"]}))

    taken = recall(asked, "sam").path

    assert recall(asked, "mia").refused_because == "Only sam can recall it"
    assert recall(taken, "sam").refused_because == "It is recalled already"
    assert say(taken, "mia").refused_because == "Version 1 was recalled by sam"
    assert resubmit(taken, "sam").path == asked
    assert resubmit(asked, "sam").refused_because == "Version 1 was neither recalled nor countered"
    final = said(asked, "mia")
    assert recall(final, "sam").refused_because == "Version 1 is already approved"
    rejected = say(asked, "mia", approve=False, reason="no").path
    assert recall(rejected, "sam").refused_because == "Version 1 is already rejected"


def test_an_override_approves_once_and_does_not_survive() -> None:
    """An emergency is for one version; the next one asks those who were passed over."""
    rules = policy({"titles": ["manager", "director"]})
    asked = said(submitted(rules), "mia")

    overridden = override(asked, "otto", "ends today").path

    assert is_approved(overridden)
    assert [step.overridden for step in overridden.steps] == [False, True]
    assert override(asked, "sam", "x").refused_because == (
        "The seller cannot decide on their own deal"
    )
    assert override(overridden, "otto", "x").refused_because == "Version 1 waits for nobody"
    new = submitted(rules, previous=overridden, quote_version=2)
    assert [step.status for step in new.steps] == [StepStatus.APPROVED, StepStatus.ACTIVE]


# Delegation and separation of duties


def test_a_delegate_decides_on_behalf_of_who_is_away() -> None:
    """It is recorded for whom, and the step is done."""
    asked = submitted(policy({"titles": ["manager"]}))

    outcome = say(asked, "leo", delegations=(away("mia", "leo"),), on=DAY)

    assert outcome.on_behalf_of == "mia"
    assert is_approved(outcome.path)
    (step,) = outcome.path.steps
    assert (step.decided_by, step.on_behalf_of) == ("leo", "mia")
    late = say(asked, "leo", delegations=(away("mia", "leo"),), on=DAY + timedelta(days=1))
    assert late.refused_because == "leo is not asked to decide on any step of version 1"


def test_delegation_goes_one_hop() -> None:
    """Vector 20: mia named leo, leo named eve; mia's step stays with leo."""
    asked = submitted(policy({"titles": ["manager"]}))
    on_record = (away("mia", "leo"), away("leo", "eve"))

    assert [step.key for step in waiting_for(asked, "leo", on_record, DAY)] == ["sales-1"]
    assert waiting_for(asked, "eve", on_record, DAY) == ()


def test_nobody_speaks_twice_in_a_step_for_themselves_and_for_another() -> None:
    """All of finance means two people; Fay for herself and for Flo is one."""
    asked = submitted(policy(group("all", titles=["finance"])))
    on_record = (away("flo", "fay"),)

    once = say(asked, "fay", delegations=on_record, on=DAY).path
    again = say(once, "fay", delegations=on_record, on=DAY)

    assert once.steps[0].undecided == ("flo",)
    assert again.refused_because == "fay has already decided on step sales-1"


@pytest.mark.parametrize(
    ("on_record", "who", "reason"),
    [
        ((away("mia", "sam"),), "sam", "The seller cannot decide on their own deal"),
        (
            (away("mia", "leo"), away("sam", "leo")),
            "leo",
            "leo decides for sam, whose deal it is",
        ),
        ((away("sam", "mia"),), "mia", "mia decides for sam, whose deal it is"),
    ],
)
def test_neither_the_submitter_nor_their_delegate_decides(
    on_record: tuple[Delegation, ...], who: str, reason: str
) -> None:
    """Neither for themselves nor for somebody who is away."""
    asked = submitted(policy({"titles": ["manager"]}))

    assert say(asked, who, delegations=on_record, on=DAY).refused_because == reason


def test_whoever_has_a_part_in_it_is_not_even_asked() -> None:
    """The submitter's delegate of that day and the editor of its prices are passed over."""
    barred = (Barred(person="fay", reason="set its prices"),)
    asked = submitted(
        policy({"titles": ["manager"]}, {"titles": ["finance"], "chain": "money"}),
        barred=barred,
        delegations=(away("sam", "mia"),),
        on=DAY,
    )

    assert [step.approver for step in asked.steps] == ["dan", "flo"]
    assert say(asked, "fay").refused_because == "fay cannot decide on it: set its prices"
    assert say(asked, "mia").refused_because == (
        "mia cannot decide on it: decides for sam, whose deal it is"
    )


def test_an_approval_falls_with_the_right_to_give_it() -> None:
    """Mia approved, then set the prices of the next version: her yes does not carry over."""
    rules = policy({"titles": ["finance"]})
    old = said(submitted(rules), "fay")

    again = submitted(rules, previous=old)
    without = submitted(rules, previous=old, barred=(Barred(person="fay", reason="editor"),))

    assert is_approved(again)
    assert [step.approver for step in pending(without)] == ["flo"]


NAMES = ("sam", "ann", "bob", "cat", "dan")
IDS = st.sampled_from(NAMES)
TITLE_SETS = st.lists(st.sampled_from(["manager", "director", "finance"]), unique=True)
QUORUMS = st.sampled_from([("any", 0), ("all", 0), ("count", 2)])


@st.composite
def organizations(draw: st.DrawFn) -> tuple[Person, ...]:
    """Five people with any titles and any managers, circles included."""
    managers = st.one_of(st.none(), IDS)
    return tuple(person(one, *draw(TITLE_SETS), manager=draw(managers)) for one in NAMES)


@st.composite
def policies(draw: st.DrawFn) -> ApprovalPolicy:
    """Rules for titles, groups and managers, covering or not."""
    rules: list[dict[str, Any]] = []
    for chain in ("sales", "money"):
        quorum, count = draw(QUORUMS)
        titles = draw(TITLE_SETS) or ["manager"]
        level = draw(st.integers(0, 2))
        rules.append({**group(quorum, count, titles=titles, manager_level=level), "chain": chain})
    rules.append({"titles": ["manager", "director"], "chain": "sales"})
    covers = draw(st.booleans())
    return policy(*rules, authority=["manager", "director"], higher_covers_lower=covers)


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["yes", "no", "counter", "up", "recall", "resubmit", "override"]),
        IDS,
        st.sampled_from(["", "sales-1", "sales-2", "money-1"]),
    ),
    max_size=12,
)
DELEGATIONS = st.lists(
    st.tuples(IDS, IDS).filter(lambda pair: pair[0] != pair[1]).map(lambda p: away(*p)), max_size=4
).map(tuple)
BARRED = st.lists(IDS.map(lambda who: Barred(person=who, reason="editor")), max_size=2).map(tuple)


def act(
    current: ApprovalPath,
    action: tuple[str, str, str],
    people: tuple[Person, ...],
    on_record: tuple[Delegation, ...],
) -> ApprovalPath:
    """Do one thing to a path, as whoever."""
    kind, who, step = action
    match kind:
        case "up":
            return escalate(current, step, people)
        case "recall":
            return recall(current, who).path
        case "resubmit":
            return resubmit(current, who).path
        case "override":
            return override(current, who, "quick", delegates_of("sam", on_record, DAY)).path
        case _:
            pass
    request = {"approve": kind == "yes", "counter": kind == "counter", "reason": "why"}
    more = {"step": step, "delegations": on_record, "on": DAY, **request}
    return say(current, who, **more).path


def spoken(path: ApprovalPath) -> set[str]:
    """Return everybody whose word is in a path."""
    voices = {voice.person for step in path.steps for voice in step.voices}
    return voices | {step.decided_by for step in path.steps if step.decided_by}


@given(
    rules=policies(),
    people=organizations(),
    actions=ACTIONS,
    on_record=DELEGATIONS,
    barred=BARRED,
    is_known=st.booleans(),
)
def test_no_input_lets_anybody_approve_what_they_have_a_part_in(
    rules: ApprovalPolicy,
    people: tuple[Person, ...],
    actions: list[tuple[str, str, str]],
    on_record: tuple[Delegation, ...],
    barred: tuple[Barred, ...],
    is_known: bool,  # noqa: FBT001 - drawn
) -> None:
    """Four eyes over groups, delegations, escalations, counters, recalls and overrides.

    The submitter may delegate before or after handing in (`is_known`). Neither the submitter, nor
    who decides for them, nor who set the prices ever has a voice; a group is only complete with as
    many different people as it needs.
    """
    try:
        known = on_record if is_known else ()
        current = submitted(rules, people, barred=barred, delegations=known, on=DAY)
    except ParkedError:
        assume(False)  # noqa: FBT003 - as hypothesis has it
        raise
    excluded = {"sam", *(one.person for one in barred)}
    excluded |= {one.delegate for one in on_record if one.person == "sam"}

    for action in actions:
        current = act(current, action, people, on_record)
        assert not excluded & spoken(current)
        for step in current.steps:
            heard = [voice.person for voice in step.voices]
            assert len(set(heard)) == len(heard)
            assert not is_known or not excluded & set(step.people)
            if step.status is StepStatus.APPROVED and not step.overridden:
                assert len(heard) >= step.needed
        assert not (is_approved(current) and is_rejected(current))


# Another subject


CREDIT_NOTES = parse_policy(
    {
        "version": "c1",
        "rules": [
            {
                "id": "goodwill",
                "subject": "credit_note",
                "when": {
                    "all_of": [
                        {"fact": "is_goodwill", "comparison": "is_set"},
                        {"fact": "invoice_percent", "threshold": 50},
                    ]
                },
                "steps": [{"titles": ["finance"], "quorum": "all"}],
                "chain": "finance",
                "reason": "More than half of an invoice is given away",
            },
            {
                "id": "quotes-only",
                "fact": "discount_percent",
                "threshold": 0,
                "titles": ["manager"],
                "chain": "sales",
                "reason": "for quotes",
            },
        ],
    }
)


def test_the_engine_approves_a_credit_note_as_well() -> None:
    """A kind, a hash and facts are all it needs; rules for other kinds say nothing here."""
    request = ApprovalRequest(
        subject=Subject.CREDIT_NOTE,
        seller="flo",
        currency="EUR",
        quote_version=1,
        content_hash="note-7",
        facts={"is_goodwill": Decimal(1), "invoice_percent": Decimal(80)},
        barred=(Barred(person="leo", reason="issued the invoice"),),
    )

    asked = build_path(CREDIT_NOTES, request, PEOPLE)
    outcome = decide(asked, DecisionRequest(person="fay", approve=True, content_hash="note-7"))

    assert asked.subject is Subject.CREDIT_NOTE
    assert [(step.people, step.reasons) for step in asked.steps] == [
        (("fay",), ("More than half of an invoice is given away",))
    ]
    assert is_approved(outcome.path)
    own = decide(asked, DecisionRequest(person="flo", approve=True, content_hash="note-7"))
    assert own.refused_because == "The seller cannot decide on their own deal"
    harmless = Findings(subject=Subject.CREDIT_NOTE, facts={"is_goodwill": Decimal(0)})
    assert demands_of(CREDIT_NOTES, harmless) == ()


@pytest.mark.parametrize(
    ("facts", "titles"),
    [
        ({"discount_percent": "10", "margin_percent": "50"}, []),
        ({"discount_percent": "15", "margin_percent": "50"}, ["sales_manager"]),
        ({"discount_percent": "25", "margin_percent": "50"}, ["sales_director"]),
        ({"discount_percent": "0", "margin_percent": "5"}, ["any of finance"]),
        (
            {"discount_percent": "35", "margin_percent": "5"},
            ["sales_director", "any of finance", "legal"],
        ),
    ],
)
def test_the_sample_with_everything_says_what_its_comments_say(
    facts: dict[str, str], titles: list[str]
) -> None:
    """Semantics 13 has this table; a newcomer begins with it."""
    known = {"non_standard_terms": "0", "services_total": "0", "max_line_discount_percent": "0"}
    written = Path(__file__).parents[2] / "starter" / "samples" / "approval_policy_full.yaml"
    people = (
        person("sam", manager="mia"),
        person("mia", "sales_manager", manager="dan"),
        person("dan", "sales_director"),
        person("fay", "finance"),
        person("leo", "legal"),
    )
    rules = parse_policy(yaml.safe_load(written.read_text()))

    found = submitted(rules, people, currency="USD", facts={**known, **facts})

    assert [step.title for step in found.steps] == titles
