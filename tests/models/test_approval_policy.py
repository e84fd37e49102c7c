"""The policy's language: what a condition looks at, when it holds, and what cannot be written."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.approval import (
    Condition,
    Findings,
    LineFacts,
    build_path,
    demands_of,
    parse_policy,
    pending,
)
from models.approval_path import ApprovalRequest, ApprovalStep, StepStatus
from models.approval_policy import judge
from models.errors import InvalidInputError
from models.parties import Person

PEOPLE = tuple(
    Person(id=name, name=name, email=f"{name}@example.com", titles=(title,))
    for name, title in (("mia", "manager"), ("dan", "director"), ("fay", "finance"))
)


def line(reference: str, sku: str, kind: str = "good", **facts: str) -> LineFacts:
    """One line; its tag is its kind in capitals."""
    values = {f"line_{name}": Decimal(value) for name, value in facts.items()}
    return LineFacts(reference=reference, sku=sku, kind=kind, tags=(kind.upper(),), facts=values)


QUOTE = Findings(
    currency="EUR",
    facts={
        "discount_percent": Decimal(12),
        "services_total": Decimal(5000),
        "non_standard_terms": Decimal(1),
    },
    lines=(
        line("1/unit", "LAPTOP", discount_percent="30", total="700"),
        line("2/day", "TRAINING", "service", discount_percent="5", total="4000"),
        line("3/day", "CONSULTING", "service", discount_percent="20", total="1000"),
    ),
)


def holds(written: dict[str, Any], findings: Findings = QUOTE) -> bool:
    return judge(Condition.model_validate(written), findings).holds


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"fact": "discount_percent", "threshold": 12}, False),
        ({"fact": "discount_percent", "comparison": "at_least", "threshold": 12}, True),
        ({"fact": "discount_percent", "comparison": "at_most", "threshold": 12}, True),
        ({"fact": "discount_percent", "comparison": "below", "threshold": 12}, False),
        ({"fact": "non_standard_terms", "comparison": "is_set"}, True),
        ({"fact": "non_standard_terms", "comparison": "is_not_set"}, False),
        ({"fact": "line_discount_percent", "threshold": 29}, True),
        (
            {"fact": "line_discount_percent", "threshold": 15, "where": {"kinds": ["service"]}},
            True,
        ),
        (
            {"fact": "line_discount_percent", "threshold": 20, "where": {"kinds": ["service"]}},
            False,
        ),
        ({"fact": "line_discount_percent", "threshold": 4, "where": {"skus": ["GONE"]}}, False),
        ({"fact": "line_discount_percent", "threshold": 29, "where": {"tags": ["GOOD"]}}, True),
        ({"fact": "lines_total", "threshold": 4999, "where": {"kinds": ["service"]}}, True),
        ({"fact": "lines_total", "threshold": 5000, "where": {"kinds": ["service"]}}, False),
        ({"fact": "services_total", "threshold": 1, "currency": "USD"}, False),
        (
            {
                "all_of": [
                    {"fact": "discount_percent", "threshold": 10},
                    {"any_of": [{"fact": "services_total", "threshold": 9000}]},
                ]
            },
            False,
        ),
        (
            {
                "any_of": [
                    {"fact": "services_total", "threshold": 9000},
                    {"fact": "discount_percent", "threshold": 10},
                ]
            },
            True,
        ),
    ],
)
def test_conditions_compare_header_lines_and_sums(
    written: dict[str, Any],
    expected: bool,  # noqa: FBT001 - the column of a table
) -> None:
    """Semantics 13: rules over header and line facts and aggregates."""
    assert holds(written) is expected


def rules(*written: dict[str, Any]) -> Any:
    """Return a policy of these rules, each with its place as id and asking the manager."""
    base = {"titles": ["manager"], "chain": "sales", "reason": "because"}
    numbered = ({**base, "id": f"r{n}", **rule} for n, rule in enumerate(written))
    return parse_policy({"version": "1", "rules": list(numbered)})


def test_a_reason_names_the_lines_that_gave_it() -> None:
    """An approver need not search a quote of a thousand lines; more than five are counted."""
    policy = rules(
        {"fact": "line_discount_percent", "threshold": 10, "reason": "Dear to us"},
    )
    many = Findings(
        lines=tuple(line(f"{n}/x", "A", discount_percent="50") for n in range(1, 8)),
    )

    assert [one.reason for one in demands_of(policy, QUOTE)] == ["Dear to us (line 1/unit, 3/day)"]
    assert [one.reason for one in demands_of(policy, many)] == [
        "Dear to us (line 1/x, 2/x, 3/x, 4/x, 5/x and 2 more)"
    ]


def test_what_is_unknown_is_asked_about_unless_something_known_decides() -> None:
    """An unknown margin is not harmless; beside a fact that holds for certain it says nothing."""
    unknown = {"fact": "margin_percent", "comparison": "below", "threshold": 20}
    certain = {"fact": "discount_percent", "threshold": 10}
    failing = {"fact": "discount_percent", "threshold": 50}

    def reasons(when: dict[str, Any]) -> list[str]:
        return [one.reason for one in demands_of(rules({"when": when}), QUOTE)]

    assert reasons({"all_of": [unknown, certain]}) == ["The margin is unknown: because"]
    assert reasons({"any_of": [unknown, certain]}) == ["because"]
    assert reasons({"any_of": [unknown, failing]}) == ["The margin is unknown: because"]
    assert reasons({"all_of": [unknown, failing]}) == []
    assert reasons({"fact": "line_margin_percent", "comparison": "below", "threshold": 1}) == [
        "The line margin is unknown: because (line 1/unit, 2/day, 3/day)"
    ]


RULE: dict[str, Any] = {
    "fact": "discount_percent",
    "threshold": 10,
    "titles": ["a"],
    "chain": "sales",
    "reason": "why",
}


def problems_of(*rules: dict[str, Any], **policy: Any) -> list[tuple[str, str]]:
    """Return field and reason of everything wrong with a policy of these rules."""
    numbered = [{**RULE, "id": f"r{n}", **rule} for n, rule in enumerate(rules)]
    with pytest.raises(InvalidInputError) as refused:
        parse_policy({"version": "1", "rules": numbered, **policy})
    return [(problem.field, problem.reason) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("rule", "field", "reason"),
    [
        ({"fact": "weather"}, "fact", "weather is no fact that can be asked about"),
        ({"threshold": None}, "threshold", "is missing"),
        (
            {"threshold": 100},
            "threshold",
            "100 decides nothing: the fact goes from any to 100",
        ),
        (
            {"fact": "term_months", "comparison": "below", "threshold": 0},
            "threshold",
            "0 decides nothing: the fact goes from 0 to any",
        ),
        (
            {"fact": "non_standard_terms"},
            "comparison",
            "above does not fit a flag",
        ),
        (
            {"fact": "non_standard_terms", "comparison": "is_set"},
            "threshold",
            "is a number, and the fact is yes or no",
        ),
        ({"comparison": "is_set"}, "comparison", "is_set does not fit a percent"),
        (
            {"where": {"skus": ["A"]}},
            "where",
            "discount_percent is about the whole, which no filter divides",
        ),
        ({"when": {"fact": "total", "threshold": 1}}, "when", "has a fact beside its condition"),
        ({"steps": [{"titles": ["b"]}]}, "steps", "has titles beside its steps"),
        ({"titles": []}, "titles", "is empty"),
        ({"titles": [], "steps": [{}]}, "steps[0]", "asks nobody"),
        (
            {"titles": [], "steps": [{"people": ["x"], "quorum": "count", "count": 2}]},
            "steps[0].count",
            "2 of 1 people can never approve",
        ),
        (
            {"titles": [], "steps": [{"titles": ["x"], "quorum": "count"}]},
            "steps[0].count",
            "is not a number from 1",
        ),
        (
            {"titles": [], "steps": [{"titles": ["x"], "count": 2}]},
            "steps[0].count",
            "belongs to the quorum count",
        ),
        ({"subject": "credit_note"}, "fact", "discount_percent is no fact that can be asked about"),
    ],
)
def test_what_a_rule_cannot_mean_is_refused(rule: dict[str, Any], field: str, reason: str) -> None:
    """A rule that never applies, or always does, would be found out by an audit."""
    assert (f"rules[0].{field}", reason) in problems_of(rule)


def test_conditions_are_checked_at_any_depth() -> None:
    """Each place is named by its path."""
    when = {
        "all_of": [
            {"any_of": []},
            {"fact": "total", "any_of": [{"fact": "margin_percent", "threshold": 200}]},
            {},
        ]
    }
    rule = {"when": when, "fact": None, "threshold": None}

    assert problems_of(rule) == [
        ("rules[0].when.all_of[0].any_of", "is empty"),
        ("rules[0].when.all_of[1]", "has any_of and fact"),
        (
            "rules[0].when.all_of[1].any_of[0].threshold",
            "200 decides nothing: the fact goes from any to 100",
        ),
        ("rules[0].when.all_of[1].threshold", "is missing"),
        ("rules[0].when.all_of[2]", "has nothing to compare"),
    ]


def test_conditions_deeper_than_a_person_reads_are_refused() -> None:
    """Also those a program has written."""
    when: dict[str, Any] = {"fact": "total", "threshold": 1}
    for _ in range(7):
        when = {"all_of": [when]}

    (problem,) = problems_of({"when": when, "fact": None, "threshold": None})

    assert problem[1] == "is nested deeper than 5 levels"


def test_everything_wrong_is_told_at_once() -> None:
    """Contradictory orders, unknown facts, thresholds of the wrong kind and repeated ranks."""
    found = problems_of(
        {"titles": ["a", "b"]},
        {"titles": ["b", "a"]},
        {"fact": "weather"},
        {"fact": "non_standard_terms"},
        authority=["a", "a"],
        higher_covers_lower=True,
    )

    assert [field for field, _ in found] == [
        "rules[2].fact",
        "rules[3].comparison",
        "rules",
        "authority",
    ]


def test_covering_needs_an_order_of_authority() -> None:
    """Otherwise nobody would know who is higher."""
    assert problems_of(authority=[], higher_covers_lower=True) == [
        ("authority", "says nothing about who is higher")
    ]


FINGERPRINTED = rules(
    {
        "when": {
            "any_of": [
                {"fact": "discount_percent", "threshold": 20},
                {"fact": "line_discount_percent", "threshold": 10, "where": {"kinds": ["good"]}},
            ]
        }
    }
)
PERCENTS = st.sampled_from(["0", "5", "11", "25"])
LINES = st.lists(
    st.builds(
        lambda sku, kind, percent, total: line(
            "x", sku, kind, discount_percent=percent, total=total
        ),
        st.sampled_from(["A", "B"]),
        st.sampled_from(["good", "service"]),
        PERCENTS,
        st.sampled_from(["1", "2"]),
    ),
    max_size=4,
)


def asked(findings: tuple[str, list[LineFacts]], version: int = 1) -> ApprovalRequest:
    discount, lines = findings
    return ApprovalRequest(
        seller="sam",
        currency="EUR",
        quote_version=version,
        content_hash=f"c{version}",
        facts={"discount_percent": Decimal(discount)},
        lines=tuple(lines),
    )


def looked_at(findings: tuple[str, list[LineFacts]]) -> tuple[object, ...]:
    """Return by hand what the rule above looks at: the discount and the goods above 10 %."""
    discount, lines = findings
    goods = [ln for ln in lines if ln.kind == "good"]
    above = [(ln.sku, ln.facts["line_discount_percent"]) for ln in goods]
    return (discount, *sorted(pair for pair in above if pair[1] > 10))


@given(before=st.tuples(PERCENTS, LINES), after=st.tuples(PERCENTS, LINES))
def test_an_approval_survives_irrelevant_edits_and_falls_on_relevant_ones(
    before: tuple[str, list[LineFacts]], after: tuple[str, list[LineFacts]]
) -> None:
    """Law 6: exactly the inputs a rule looked at decide, whatever else the new version changes."""
    old = build_path(FINGERPRINTED, asked(before), PEOPLE)
    approved = old.model_copy(update={"steps": tuple(map(_approved, old.steps))})

    new = build_path(FINGERPRINTED, asked(after, 2), PEOPLE, approved)

    if old.steps and new.steps:
        is_kept = new.steps[0].status is StepStatus.APPROVED
        assert is_kept == (looked_at(before) == looked_at(after))
        assert bool(pending(new)) != is_kept


def _approved(step: ApprovalStep) -> ApprovalStep:
    return step.model_copy(update={"status": StepStatus.APPROVED, "decided_by": step.approver})
