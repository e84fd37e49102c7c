"""How documents look: colors, sizes and the paragraph styles every document is set in."""

from dataclasses import dataclass
from functools import lru_cache

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm

from activities.adapters.pdf.typeface import BOLD, REGULAR
from models.branding import DEFAULT_ACCENT

INK: Color = HexColor(0x1B2733)
SOFT: Color = HexColor(0x5E6B78)
HAIRLINE: Color = HexColor(0xD9DFE4)
WARNING: Color = HexColor(0xB42318)
WARNING_TINT: Color = HexColor(0xFDF0EE)

MARGIN: float = 18 * mm
TOP_FIRST: float = 16 * mm
TOP_LATER: float = 27 * mm
BOTTOM: float = 33 * mm
BANNER: float = 8 * mm

_LETTER_COUNTRIES = frozenset({"US", "CA", "MX", "CL", "CO", "PH", "PR"})
_TINT_STRENGTH = 0.07

BODY = ParagraphStyle(
    "body", fontName=REGULAR, fontSize=9, leading=12.6, textColor=INK, splitLongWords=1
)
BODY_RIGHT = ParagraphStyle("body-right", parent=BODY, alignment=TA_RIGHT)
STRONG = ParagraphStyle("strong", parent=BODY, fontName=BOLD)
STRONG_RIGHT = ParagraphStyle("strong-right", parent=STRONG, alignment=TA_RIGHT)
SMALL = ParagraphStyle("small", parent=BODY, fontSize=7.6, leading=10.4, textColor=SOFT)
SMALL_RIGHT = ParagraphStyle("small-right", parent=SMALL, alignment=TA_RIGHT)
SELLER = ParagraphStyle("seller", parent=STRONG, fontSize=13, leading=16)
TOTAL = ParagraphStyle("total", parent=STRONG, fontSize=11, leading=14.5)
TOTAL_RIGHT = ParagraphStyle("total-right", parent=TOTAL, alignment=TA_RIGHT)
TERM = ParagraphStyle("term", parent=BODY, spaceAfter=3)
WARN = ParagraphStyle("warn", parent=BODY, fontSize=8.2, leading=11.2, textColor=WARNING)


@dataclass(frozen=True)
class Theme:
    """What depends on the entity's accent color."""

    accent: Color
    tint: Color
    caption: ParagraphStyle
    caption_right: ParagraphStyle
    title: ParagraphStyle
    heading: ParagraphStyle
    heading_cell: ParagraphStyle


@lru_cache(maxsize=64)
def theme_for(accent: str) -> Theme:
    """Return the theme of an accent `#RRGGBB`; empty is the house's own."""
    color = HexColor(accent or DEFAULT_ACCENT)
    caption = ParagraphStyle(
        "caption", parent=SMALL, fontName=BOLD, fontSize=7.2, leading=9.6, textColor=color
    )
    heading = ParagraphStyle(
        "heading",
        parent=STRONG,
        fontSize=10.5,
        leading=14,
        textColor=color,
        spaceBefore=12,
        spaceAfter=4,
    )
    title = ParagraphStyle(
        "title", parent=BODY, fontSize=21, leading=25, textColor=color, alignment=TA_RIGHT
    )
    return Theme(
        accent=color,
        tint=_tint(color),
        caption=caption,
        caption_right=ParagraphStyle("caption-right", parent=caption, alignment=TA_RIGHT),
        title=title,
        heading=heading,
        heading_cell=ParagraphStyle("heading-cell", parent=STRONG, textColor=color),
    )


def _tint(color: Color) -> Color:
    """Return a ground of the color on which black and the color itself are easy to read."""
    parts = (1 - _TINT_STRENGTH * (1 - part) for part in (color.red, color.green, color.blue))
    return Color(*parts)


def page_size(country: str) -> tuple[float, float]:
    """Return the paper, in points, that is usual in the reader's country: A4, or US letter."""
    width, height = LETTER if country in _LETTER_COUNTRIES else A4
    return (float(width), float(height))
