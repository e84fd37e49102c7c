"""EN 16931: the totals of a document, by hand."""

from decimal import Decimal

import pytest

from models.en16931 import CategoryTotal, DocumentLine, DocumentPart, document_totals, line_net


def line(quantity: str, price: str, **more: object) -> DocumentLine:
    fields = {"quantity": quantity, "net_price": price, "category": "S", "rate": "19"}
    return DocumentLine.model_validate(fields | more)


def test_totals_follow_from_lines_allowances_and_charges() -> None:
    """3 x 2.50 per 2 units less 0.25, plus 10.00 given; 1.00 off and 0.50 on the document."""
    totals = document_totals(
        [
            line("3", "2.5", price_base_quantity="2", allowances=["0.25"]),
            line("1", "9", net_given="10", rate="7"),
        ],
        [
            DocumentPart(is_charge=False, amount=Decimal(1), category="S", rate=Decimal(19)),
            DocumentPart(is_charge=True, amount=Decimal("0.5"), category="S", rate=Decimal(7)),
        ],
        prepaid=Decimal(2),
        rounding=Decimal("-0.01"),
    )

    assert totals.line_net == (Decimal("3.50"), Decimal(10))
    assert totals.tax_exclusive == Decimal("13.00")
    assert totals.breakdown == (
        CategoryTotal(category="S", rate=Decimal(19), taxable=Decimal("2.50"), tax=Decimal("0.48")),
        CategoryTotal(category="S", rate=Decimal(7), taxable=Decimal("10.5"), tax=Decimal("0.74")),
    )
    assert totals.tax_inclusive == Decimal("14.22")
    assert totals.payable == Decimal("12.21")


def test_a_category_without_a_rate_bears_no_tax() -> None:
    """Outside the scope of VAT there is no rate at all (BR-O-5)."""
    totals = document_totals([line("2", "50", category="O", rate=None)])

    assert totals.tax_total == 0
    assert totals.breakdown[0].rate is None


def test_a_price_for_no_units_is_refused() -> None:
    """Nothing can be divided by it."""
    with pytest.raises(ValueError, match="BT-149"):
        line_net(line("1", "1", price_base_quantity="0"), 2)
