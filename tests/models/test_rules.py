"""Rules with reasons: all that are broken at once, contradictions refused at validation."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.eligibility import SaleContext
from tests.models.cpq import catalog, configured, line, product, reasons, refused

PRODUCTS = (
    product("CRM", tags=["software"]),
    product("ERP", tags=["software"]),
    product("SUPPORT"),
    product("LITE", tags=["edition"]),
    product("PLUS", tags=["edition"]),
)


def rule(key: str, kind: str, **changes: Any) -> dict[str, Any]:
    return {"key": key, "kind": kind, **changes}


def test_all_broken_rules_are_told_with_their_reasons() -> None:
    """A requirement, an exclusion by tag and a condition; a recommendation blocks nothing."""
    sold = catalog(
        *PRODUCTS,
        rules=[
            rule(
                "support",
                "requires",
                when={"tags": ["software"]},
                then={"skus": ["SUPPORT"]},
                reason="nobody runs it alone",
            ),
            rule(
                "edition",
                "excludes",
                when={"tags": ["edition"]},
                then={"tags": ["edition"]},
                reason="one edition only",
            ),
            rule(
                "erp",
                "recommends",
                when={"skus": ["CRM"]},
                then={"skus": ["ERP"]},
                reason="they share customers",
            ),
            rule(
                "size",
                "validates",
                given=[
                    {
                        "fact": "quantity",
                        "of": {"skus": ["CRM"]},
                        "operator": "more",
                        "values": ["100"],
                    }
                ],
                expect=[{"fact": "term_months", "operator": "at_least", "values": ["24"]}],
                reason="more than 100 seats need two years",
                remedy="ask for 24 months",
            ),
        ],
    )

    found = configured(sold, line("LITE"), line("CRM", 101), line("PLUS"))

    assert reasons(found) == [
        "lines[1].product: CRM requires SUPPORT: nobody runs it alone",
        "lines[0].product: LITE cannot be sold together with PLUS: one edition only",
        "lines: more than 100 seats need two years",
    ]
    assert found.problems[2].remedy == "ask for 24 months"
    assert [str(one) for one in found.warnings] == [
        "lines[1].product: CRM recommends ERP: they share customers (consider ERP)"
    ]


def test_a_warning_is_told_and_blocks_nothing() -> None:
    """Its author decides how serious a rule is."""
    lonely = rule(
        "lonely",
        "requires",
        when={"skus": ["CRM"]},
        then={"skus": ["SUPPORT"]},
        severity="warning",
    )

    found = configured(catalog(*PRODUCTS, rules=[lonely]), line("CRM"))

    assert found.problems == ()
    assert [one.reason for one in found.warnings] == ["CRM requires SUPPORT"]


CONTEXT = SaleContext(
    on=date(2026, 1, 1), customer="C-1", segment="public", tags=("school",), country="DE"
)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"fact": "currency", "values": ["USD", "EUR"]}, True),
        ({"fact": "currency", "operator": "is_not", "values": ["USD"]}, False),
        ({"fact": "country", "values": ["de"]}, True),
        ({"fact": "segment", "values": ["school"]}, True),
        ({"fact": "segment", "operator": "is_not", "values": ["retail"]}, True),
        ({"fact": "customer", "values": ["C-2"]}, False),
        ({"fact": "channel", "values": ["partner"]}, False),
        ({"fact": "term_months", "operator": "less", "values": ["13"]}, True),
        ({"fact": "quantity", "operator": "is", "of": {"skus": ["CRM"]}, "values": ["6.0"]}, True),
        ({"fact": "quantity", "operator": "at_most", "values": ["7"]}, False),
        (
            {
                "fact": "quantity",
                "of": {"skus": ["CRM"]},
                "operator": "at_most",
                "than": {"skus": ["ERP"]},
                "times": 3,
            },
            True,
        ),
        (
            {
                "fact": "quantity",
                "of": {"skus": ["CRM"]},
                "operator": "more",
                "than": {"skus": ["ERP"]},
                "times": 3,
            },
            False,
        ),
        ({"fact": "attribute", "attribute": "size", "values": ["l"]}, True),
        (
            {"fact": "attribute", "attribute": "size", "of": {"skus": ["ERP"]}, "values": ["L"]},
            False,
        ),
    ],
)
def test_conditions_look_at_the_whole_quote(condition: dict[str, Any], holds: bool) -> None:  # noqa: FBT001
    """6 CRM of size L and 2 ERP for a school in Germany, a year in USD."""
    size = [{"key": "size", "type": "enum", "values": ["S", "L"]}]
    sold = catalog(
        product("CRM", attributes=size),
        product("ERP", attributes=size),
        rules=[rule("r", "validates", given=[condition], reason="it holds")],
    )
    lines = (line("CRM", 4, attributes={"size": "L"}), line("CRM", 2), line("ERP", 2))

    found = configured(sold, *lines, context=CONTEXT)

    assert [one.reason for one in found.problems] == (["it holds"] if holds else [])


def test_a_rule_may_concern_only_quotes_with_certain_products() -> None:
    """Without any software, the condition on software is not looked at."""
    sold = catalog(
        *PRODUCTS,
        rules=[
            rule(
                "eur",
                "validates",
                when={"tags": ["software"]},
                expect=[{"fact": "currency", "values": ["EUR"]}],
                reason="software is sold in EUR",
            )
        ],
    )

    assert configured(sold, line("SUPPORT")).problems == ()
    assert reasons(configured(sold, line("ERP"))) == ["lines[0].product: software is sold in EUR"]


def test_everything_wrong_with_rules_is_told_at_once() -> None:
    """Unknown names, missing parts, and rules that never tell anything."""
    found = refused(
        *PRODUCTS,
        rules=[
            rule("a", "requires", when={"skus": ["CMR"]}, then={"tags": ["sofware"]}),
            rule("a", "excludes", when={"skus": ["CRM"]}),
            rule("", "validates", when={"skus": ["CRM"]}),
            rule("d", "recommends", when={"skus": ["CRM"]}, then={"tags": ["software"]}),
            rule(
                "e",
                "validates",
                reason="x",
                given=[
                    {"fact": "quantity", "operator": "more", "values": ["many"]},
                    {"fact": "attribute", "attribute": "size", "values": []},
                    {"fact": "currency", "than": {"skus": ["CRM"]}, "values": ["1"]},
                    {"fact": "country", "attribute": "x", "values": ["DE"]},
                ],
            ),
        ],
    )

    assert found == [
        "rules[1].key: a is already in rules[0]",
        "rules[0].when.skus[0]: CMR is no product",
        "rules[0].then.tags[0]: sofware is no tag of a product",
        "rules[1].then: selects every product",
        "rules[2].key: is empty",
        "rules[2].expect: is missing",
        "rules[2].reason: is missing",
        "rules[3].then: CRM recommends itself, so the rule never tells anything",
        "rules[4].given[0].values[0]: many is no number",
        "rules[4].given[1].values: are missing",
        "rules[4].given[1].attribute: size is no attribute of all products",
        "rules[4].given[2].than: currency is no quantity",
        "rules[4].given[3].attribute: does not belong to country",
    ]


def test_what_can_never_be_sold_is_refused_with_the_way_there() -> None:
    """A needs B, B needs C by a rule, and A excludes C: nobody can buy A."""
    found = refused(
        product("A", requires=["B"], excludes=["C"]),
        product("B"),
        product("C"),
        rules=[rule("r", "requires", when={"skus": ["B"]}, then={"skus": ["C"]})],
    )

    assert found == [
        "products[0]: A can never be sold: it needs itself and B > C, and A excludes C"
    ]


def test_a_product_added_to_everything_may_not_be_excluded() -> None:
    """The rule adds to each unit what another rule forbids beside it."""
    found = refused(
        product("A"),
        product("X"),
        added=[{"key": "x", "when": {"skus": ["A"]}, "add": "X", "fixed": 1}],
        rules=[rule("r", "excludes", when={"skus": ["X"]}, then={"skus": ["A"]})],
    )

    assert found == ["products[0]: A can never be sold: it needs itself and X, and A excludes X"]


def test_a_choice_is_no_contradiction() -> None:
    """B or D is needed; that B is excluded leaves D."""
    found = refused(
        product("A", excludes=["B"]),
        product("B"),
        product("D"),
        rules=[rule("r", "requires", when={"skus": ["A"]}, then={"skus": ["B", "D"]})],
    )

    assert found == []


@given(st.lists(st.sampled_from(["CRM", "ERP", "SUPPORT", "LITE", "PLUS"]), max_size=8))
def test_what_is_broken_does_not_depend_on_the_order_of_lines(skus: list[str]) -> None:
    """Only the place that is named may differ."""
    sold = catalog(
        *PRODUCTS,
        rules=[
            rule("1", "requires", when={"tags": ["software"]}, then={"skus": ["SUPPORT"]}),
            rule("2", "excludes", when={"skus": ["LITE"]}, then={"skus": ["CRM", "PLUS"]}),
        ],
    )

    def broken(wanted: list[str]) -> int:
        found = configured(sold, *(line(sku) for sku in wanted))
        return len(found.problems)

    assert broken(skus) == broken(list(reversed(skus)))
    assert broken(skus) == broken(skus + skus)


def test_quantities_of_a_ramp_count_at_their_largest() -> None:
    """A limit holds in every segment, so the largest one is looked at."""
    sold = catalog(
        product("CRM"),
        rules=[
            rule(
                "r",
                "validates",
                expect=[{"fact": "quantity", "operator": "at_most", "values": ["50"]}],
                reason="at most 50",
            )
        ],
    )
    ramp = [{"quantity": Decimal(10)}, {"from_month": 6, "quantity": Decimal(60)}]

    assert reasons(configured(sold, line("CRM", ramp=ramp))) == ["lines: at most 50"]
