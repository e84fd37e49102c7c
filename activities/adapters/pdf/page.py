"""The page around every document: running head, legal footer, page numbers, banner."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, CallerMacro, Frame, PageTemplate
from reportlab.platypus.flowables import Flowable
from reportlab.platypus.paragraph import Paragraph

from activities.adapters.pdf import theme
from activities.adapters.pdf.address import address_lines
from activities.adapters.pdf.archive import Archive, canvas_of, with_line_ends
from activities.adapters.pdf.line import escape
from activities.adapters.pdf.theme import Theme
from activities.adapters.pdf.typeface import BOLD, REGULAR, printable
from models.parties import Entity
from models.words import Labels

_LAST_LINE: float = 5.5 * mm


@dataclass(frozen=True)
class Sheet:
    """A document ready to be set: its story and everything the page around it shows."""

    title: str
    number: str
    entity: Entity
    labels: Labels
    language: str
    theme: Theme
    size: tuple[float, float]
    story: Sequence[Flowable]
    test_clock: bool = False
    archive: Archive | None = None


def set_sheet(sheet: Sheet) -> bytes:
    """Return the finished PDF. Equal sheets give equal bytes: no clock, no random identifier.

    With an `archive` it is PDF/A-3 and carries the structured invoice.
    """
    buffer = io.BytesIO()
    template = BaseDocTemplate(
        buffer,
        pagesize=sheet.size,
        title=printable(f"{sheet.title} {sheet.number}"),
        author=printable(sheet.entity.legal_name),
        subject=printable(sheet.title),
        creator="Q2C",
        lang=sheet.language,
        invariant=1,
        pageCompression=1,
        # Otherwise a font that is not embedded would be named on every page.
        initialFontName=REGULAR if sheet.archive else None,
    )
    template.addPageTemplates([_first_page(sheet), _later_page(sheet)])
    story = [*sheet.story, CallerMacro(lambda macro, *_: _number_pages(macro.canv, sheet))]
    if sheet.archive is None:
        template.build(story)
        return buffer.getvalue()
    template.build(story, canvasmaker=canvas_of(sheet.archive))
    return with_line_ends(buffer.getvalue())


def text_width(size: tuple[float, float]) -> float:
    """Return the width in points that text and tables may fill."""
    return size[0] - 2 * theme.MARGIN


def _first_page(sheet: Sheet) -> PageTemplate:
    frame = _frame(sheet, top=theme.TOP_FIRST)
    return PageTemplate(
        "first",
        [frame],
        onPage=lambda canvas, _: _around(canvas, sheet),
        autoNextPageTemplate="later",
    )


def _later_page(sheet: Sheet) -> PageTemplate:
    def around(canvas: Any, _: Any) -> None:
        _around(canvas, sheet)
        _running_head(canvas, sheet)

    return PageTemplate("later", [_frame(sheet, top=theme.TOP_LATER)], onPage=around)


def _frame(sheet: Sheet, *, top: float) -> Frame:
    banner = theme.BANNER if sheet.test_clock else 0
    height = sheet.size[1] - top - banner - theme.BOTTOM
    return Frame(
        theme.MARGIN,
        theme.BOTTOM,
        text_width(sheet.size),
        height,
        leftPadding=0,
        rightPadding=0,
        topPadding=0,
        bottomPadding=0,
    )


def _around(canvas: Any, sheet: Sheet) -> None:
    canvas.saveState()
    if sheet.test_clock:
        _banner(canvas, sheet)
    _footer(canvas, sheet)
    canvas.doForm(_page_form(canvas.getPageNumber()))
    canvas.restoreState()


def _banner(canvas: Any, sheet: Sheet) -> None:
    width, height = sheet.size
    canvas.setFillColor(theme.WARNING)
    canvas.rect(0, height - theme.BANNER, width, theme.BANNER, stroke=0, fill=1)
    canvas.setFillColor(theme.WARNING_TINT)
    canvas.setFont(BOLD, 10)
    canvas.drawCentredString(width / 2, height - theme.BANNER + 2.7 * mm, sheet.labels.test_clock)


def _running_head(canvas: Any, sheet: Sheet) -> None:
    width, height = sheet.size
    base = height - (theme.BANNER if sheet.test_clock else 0) - 16 * mm
    canvas.saveState()
    canvas.setFillColor(theme.INK)
    canvas.setFont(BOLD, 9)
    canvas.drawString(theme.MARGIN, base, _cut(sheet.entity.legal_name, 60))
    canvas.setFillColor(theme.SOFT)
    canvas.setFont(REGULAR, 9)
    canvas.drawRightString(width - theme.MARGIN, base, _cut(f"{sheet.title} {sheet.number}", 60))
    _rule(canvas, sheet, base - 2.5 * mm, theme.HAIRLINE)
    canvas.restoreState()


def _footer(canvas: Any, sheet: Sheet) -> None:
    top = theme.BOTTOM - 7 * mm
    _rule(canvas, sheet, top, theme.HAIRLINE)
    width = text_width(sheet.size)
    left = theme.MARGIN
    for share, lines in zip((0.36, 0.27, 0.37), _footer_columns(sheet), strict=True):
        markup = "<br/>".join(escape(line) for line in lines)
        text = Paragraph(markup, theme.SMALL)
        _, height = text.wrap(width * share - 3 * mm, theme.BOTTOM)
        text.drawOn(canvas, left, top - 1.5 * mm - height)
        left += width * share
    canvas.setFillColor(theme.SOFT)
    canvas.setFont(REGULAR, 7.6)
    canvas.drawString(theme.MARGIN, _LAST_LINE, printable(sheet.entity.brand.footer))


def _footer_columns(sheet: Sheet) -> tuple[list[str], list[str], list[str]]:
    entity, labels = sheet.entity, sheet.labels
    where = [entity.legal_name, ", ".join(address_lines(entity.address)), entity.email]
    legal = [
        f"{label} {value}"
        for label, value in (
            (labels.vat_id, entity.vat_id),
            (labels.tax_id, entity.tax_id),
            (labels.registration, entity.registration),
        )
        if value
    ]
    bank = entity.bank
    codes = [("BIC", bank.bic), (labels.routing, bank.routing)]
    account = [
        bank.bank,
        bank.account,
        " · ".join(f"{label} {value}" for label, value in codes if value),
    ]
    return where, legal, [line for line in account if line]


def _rule(canvas: Any, sheet: Sheet, y: float, color: Any) -> None:
    canvas.setStrokeColor(color)
    canvas.setLineWidth(0.5)
    canvas.line(theme.MARGIN, y, sheet.size[0] - theme.MARGIN, y)


def _page_form(page: int) -> str:
    return f"page-{page}"


def _number_pages(canvas: Any, sheet: Sheet) -> None:
    """Fill in "page X of Y" on every page, now that the last page is known."""
    pages = canvas.getPageNumber()
    for page in range(1, pages + 1):
        canvas.beginForm(_page_form(page), 0, 0, *sheet.size)
        canvas.setFillColor(theme.SOFT)
        canvas.setFont(REGULAR, 7.6)
        text = sheet.labels.page_of.format(page=page, pages=pages)
        canvas.drawRightString(sheet.size[0] - theme.MARGIN, _LAST_LINE, text)
        canvas.endForm()


def _cut(text: str, length: int) -> str:
    clean = printable(text)
    return clean if len(clean) <= length else f"{clean[: length - 1]}…"
