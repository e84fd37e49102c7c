"""Words: every language says everything, with the same blanks to fill in."""

import string
from collections.abc import Iterator, Mapping

import pytest
from pydantic import BaseModel

from models.collection import DEFAULT_LADDER
from models.fulfillment import FulfillmentStatus
from models.parties import Address, BankAccount, Customer, Entity, language_between
from models.tax import CODES_WITH_TEXT
from models.words import LANGUAGES, Plural, spoken, words_for

OTHERS = [language for language in LANGUAGES if language != "en"]


def phrases(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield every phrase of a language with its place; the forms of a plural share one."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Plural):
        more = (form for form in (value.few, value.many) if form)
        yield from ((place, form) for form in (value.one, value.other, *more))
    else:
        for key, inner in parts(value):
            yield from phrases(inner, f"{place}.{key}")


def parts(value: object) -> Iterator[tuple[object, object]]:
    """Yield what a group of phrases is made of."""
    if isinstance(value, BaseModel):
        yield from ((name, getattr(value, name)) for name in type(value).model_fields)
    elif isinstance(value, Mapping):
        yield from value.items()
    else:
        assert isinstance(value, tuple)
        yield from enumerate(value)


def blanks(language: str) -> dict[str, set[str]]:
    """Return the blanks of every phrase of a language by its place."""
    found: dict[str, set[str]] = {}
    for place, phrase in phrases(words_for(language)):
        names = {name for _, name, _, _ in string.Formatter().parse(phrase) if name is not None}
        found.setdefault(place, names)
        assert found[place] == names, f"{language} {place}: the forms have different blanks"
    return found


def test_four_languages_are_spoken() -> None:
    """The least a house in Europe needs."""
    assert set(LANGUAGES) >= {"en", "de", "fr", "es"}


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_every_phrase_and_every_blank_of_english(language: str) -> None:
    """A missing word would be a missing amount or a broken document, found by a customer."""
    assert blanks(language) == blanks("en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_is_empty_or_has_blanks_at_its_ends(language: str) -> None:
    """A word forgotten in translation is often an empty one."""
    bad = [place for place, phrase in phrases(words_for(language)) if phrase.strip() != phrase]
    empty = [place for place, phrase in phrases(words_for(language)) if not phrase]

    assert (bad, empty) == ([], [])


@pytest.mark.parametrize("language", OTHERS)
def test_sentences_are_translated(language: str) -> None:
    """Words may be the same in two languages, whole sentences never are."""
    english = dict(phrases(words_for("en")))
    same = [
        place
        for place, phrase in phrases(words_for(language))
        if phrase == english[place] and phrase.count(" ") > 3
    ]

    assert same == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_the_rules_name_has_a_word(language: str) -> None:
    """Statuses, dunning levels and tax categories come from the rules."""
    labels = words_for(language).labels

    assert set(labels.statuses) == {status.value for status in FulfillmentStatus}
    assert set(labels.level_names) == {step.name for step in DEFAULT_LADDER.steps if step.is_letter}
    assert set(labels.category_names) == CODES_WITH_TEXT | {"S", "Z", "L", "M"}
    assert set(labels.signs_for) == {"customer", "seller"}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", "Steuerschuldnerschaft des Leistungsempfängers"),
        ("fr", "Autoliquidation"),
        ("es", "Inversión del sujeto pasivo"),
        ("en", "Reverse charge"),
    ],
)
def test_a_reverse_charge_is_named_as_the_law_of_the_language_names_it(
    language: str, words: str
) -> None:
    """Directive 2006/112/EC art. 226 (11a), in each of its language versions."""
    labels = words_for(language).labels

    assert labels.category_reasons["AE"].startswith(words)


@pytest.mark.parametrize(
    ("tags", "language"),
    [
        (("de", "fr"), "de"),
        (("de-AT",), "de-AT"),
        (("nl", "fr"), "fr"),
        (("", "es"), "es"),
        (("nl", "pl"), "en"),
        ((), "en"),
    ],
)
def test_the_first_language_we_have_is_spoken(tags: tuple[str, ...], language: str) -> None:
    """The customer's, else the entity's, else English."""
    assert spoken(*tags) == language
    assert words_for(*tags).language == language[:2]


def test_two_parties_write_in_the_customers_language_else_in_the_entitys() -> None:
    """A customer of unknown language is written to as the entity writes at home."""
    address = Address(line1="1", city="Lyon", country="FR")
    entity = Entity(
        number="E",
        legal_name="E",
        address=address,
        tax_id="1",
        email="e@e.example",
        bank=BankAccount(holder="E", bank="B", account="1"),
        currency="EUR",
        time_zone="Europe/Paris",
        language="fr",
    )
    customer = Customer(number="C", legal_name="C", bill_to=address)

    assert language_between(customer, entity) == "fr"
    assert language_between(customer.model_copy(update={"language": "es"}), entity) == "es"
    assert language_between(customer.model_copy(update={"language": "nl"}), entity) == "fr"


def test_a_language_with_more_plurals_uses_its_own() -> None:
    """Polish has few and many; whoever adds it needs no other code."""
    days = Plural(one="{count} dzień", few="{count} dni", many="{count} dni!", other="{count} dnia")

    shown = [days.of(category) for category in ("one", "few", "many", "other", "two")]

    assert shown == ["{count} dzień", "{count} dni", "{count} dni!", "{count} dnia", "{count} dnia"]
