"""Guided selling: answers lead to products with reasons and quantities."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from models.guided import Guide, guide
from tests.models.cpq import catalog, product, refused

QUESTIONS: list[dict[str, Any]] = [
    {"key": "users", "name": "How many people?", "type": "integer", "minimum": 1},
    {"key": "sso", "name": "Single sign-on?", "type": "boolean", "default": "false"},
    {"key": "place", "name": "Where?", "type": "enum", "values": ["office", "field"]},
]
SUGGESTIONS: list[dict[str, Any]] = [
    {"product": "CRM", "quantity_of": "users", "reason": "everybody needs a seat"},
    {
        "product": "PRO",
        "when": [{"question": "users", "least": 50}],
        "quantity_of": "users",
        "reason": "large teams need roles",
    },
    {
        "product": "PRO",
        "when": [{"question": "sso", "values": ["true"]}],
        "quantity": 5,
        "reason": "sign-on is part of it",
    },
    {
        "product": "TABLET",
        "when": [{"question": "place", "values": ["field"]}],
        "quantity_of": "users",
        "per": 4,
        "attributes": {"size": "L"},
        "reason": "four share one",
    },
]
PLAN = Guide.model_validate({"questions": QUESTIONS, "suggestions": SUGGESTIONS})
NAMES = {"CRM": "CRM seat", "PRO": "Professional", "TABLET": "Tablet"}


def found(**answers: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    guidance = guide(PLAN, NAMES, answers)
    assert guidance.problems == ()
    return {one.product: (f"{one.quantity:f}", one.reasons) for one in guidance.candidates}


def test_answers_lead_to_products_with_quantities_and_all_reasons() -> None:
    """The larger of two quantities counts, and both reasons are given."""
    assert found(users="60", sso="yes", place="field") == {
        "CRM": ("60", ("everybody needs a seat",)),
        "PRO": ("60", ("large teams need roles", "sign-on is part of it")),
        "TABLET": ("15", ("four share one",)),
    }
    assert found(users="9") == {"CRM": ("9", ("everybody needs a seat",))}


def test_what_is_not_answered_is_asked() -> None:
    """Open questions come with their type; a default counts meanwhile."""
    guidance = guide(PLAN, NAMES, {"users": "9"})

    assert [one.key for one in guidance.open_questions] == ["sso", "place"]
    assert dict(guidance.answers) == {"users": "9", "sso": "false"}


def test_every_answer_that_cannot_be_used_is_told() -> None:
    """No answer of a wrong type leads anywhere."""
    guidance = guide(PLAN, NAMES, {"users": "few", "place": "moon", "color": "red"})

    assert [f"{one.field}: {one.reason}" for one in guidance.problems] == [
        "answers.users: 'few' is no answer to it",
        "answers.place: 'moon' is no answer to it",
        "answers.color: answers no question",
    ]
    assert guidance.problems[0].remedy == "write a whole number, 1 or more"


def test_everything_wrong_with_a_guide_is_told_at_once() -> None:
    """Questions nobody can answer and suggestions that lead nowhere."""
    told = refused(
        product("CRM"),
        guide={
            "questions": [
                {"key": "a", "name": "", "type": "enum"},
                {"key": "a", "name": "Again?", "type": "integer"},
            ],
            "suggestions": [
                {
                    "product": "CMR",
                    "quantity": 0,
                    "per": 0,
                    "quantity_of": "b",
                    "when": [
                        {"question": "b"},
                        {"question": "a", "values": ["many"]},
                    ],
                },
                {"product": "CRM", "attributes": {"size": "L"}},
            ],
        },
    )

    assert told == [
        "guide.questions[1].key: a is already in guide.questions[0]",
        "guide.questions[0].name: is empty",
        "guide.questions[0].values: are missing",
        "guide.suggestions[0].product: CMR is no product",
        "guide.suggestions[0].quantity: 0 must be more than 0",
        "guide.suggestions[0].per: 0 must be more than 0",
        "guide.suggestions[0].quantity_of: b is no question that is answered by a number",
        "guide.suggestions[0].when[0].question: b is no question",
        "guide.suggestions[0].when[1].values[0]: many is never an answer to a",
        "guide.suggestions[1].attributes.size: CRM has no attribute size",
    ]


def test_a_sound_guide_belongs_to_its_catalogue() -> None:
    """Attributes of a suggestion are those of the product."""
    size = [{"key": "size", "type": "enum", "values": ["S", "L"]}]
    sold = catalog(
        product("CRM"),
        product("PRO"),
        product("TABLET", attributes=size),
        guide={"questions": QUESTIONS, "suggestions": SUGGESTIONS},
    )

    assert sold.guide == PLAN


@given(st.dictionaries(st.sampled_from(["users", "sso", "place", "x"]), st.text(max_size=20)))
def test_no_answer_breaks_the_conversation(answers: dict[str, str]) -> None:
    """Whatever somebody types is used or told, and never both."""
    guidance = guide(PLAN, NAMES, answers)

    refused_keys = {one.field.removeprefix("answers.") for one in guidance.problems}
    assert refused_keys.isdisjoint(set(guidance.answers) & set(answers))


@given(users=st.integers(1, 10**12))
def test_a_share_of_an_answer_is_enough_and_not_more(users: int) -> None:
    """One tablet for four, begun ones counted in full."""
    tablets = int(found(users=str(users), place="field")["TABLET"][0])

    assert tablets * 4 >= users > (tablets - 1) * 4
