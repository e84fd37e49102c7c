"""The look of the house: colors, sizes and the paragraph styles every document is set in."""

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm

from activities.adapters.pdf.typeface import BOLD, REGULAR

INK: Color = HexColor(0x1B2733)
SOFT: Color = HexColor(0x5E6B78)
ACCENT: Color = HexColor(0x0F5C6E)
HAIRLINE: Color = HexColor(0xD9DFE4)
TINT: Color = HexColor(0xEFF5F6)
WARNING: Color = HexColor(0xB42318)
WARNING_TINT: Color = HexColor(0xFDF0EE)

MARGIN: float = 18 * mm
TOP_FIRST: float = 16 * mm
TOP_LATER: float = 27 * mm
BOTTOM: float = 31 * mm
BANNER: float = 8 * mm

_LETTER_COUNTRIES = frozenset({"US", "CA", "MX", "CL", "CO", "PH", "PR"})

BODY = ParagraphStyle(
    "body", fontName=REGULAR, fontSize=9, leading=12.6, textColor=INK, splitLongWords=1
)
BODY_RIGHT = ParagraphStyle("body-right", parent=BODY, alignment=TA_RIGHT)
STRONG = ParagraphStyle("strong", parent=BODY, fontName=BOLD)
STRONG_RIGHT = ParagraphStyle("strong-right", parent=STRONG, alignment=TA_RIGHT)
SMALL = ParagraphStyle("small", parent=BODY, fontSize=7.6, leading=10.4, textColor=SOFT)
SMALL_RIGHT = ParagraphStyle("small-right", parent=SMALL, alignment=TA_RIGHT)
CAPTION = ParagraphStyle("caption", parent=SMALL, fontName=BOLD, fontSize=7.2, textColor=ACCENT)
CAPTION_RIGHT = ParagraphStyle("caption-right", parent=CAPTION, alignment=TA_RIGHT)
SELLER = ParagraphStyle("seller", parent=STRONG, fontSize=13, leading=16)
TITLE = ParagraphStyle(
    "title", parent=BODY, fontSize=21, leading=25, textColor=ACCENT, alignment=TA_RIGHT
)
HEADING = ParagraphStyle(
    "heading",
    parent=STRONG,
    fontSize=10.5,
    leading=14,
    textColor=ACCENT,
    spaceBefore=12,
    spaceAfter=4,
)
TOTAL = ParagraphStyle("total", parent=STRONG, fontSize=11, leading=14.5)
TOTAL_RIGHT = ParagraphStyle("total-right", parent=TOTAL, alignment=TA_RIGHT)
WARN = ParagraphStyle("warn", parent=BODY, fontSize=8.2, leading=11.2, textColor=WARNING)


def page_size(country: str) -> tuple[float, float]:
    """Return the paper, in points, that is usual in the reader's country: A4, or US letter."""
    width, height = LETTER if country in _LETTER_COUNTRIES else A4
    return (float(width), float(height))
