"""Our own fonts, embedded in every document: no document depends on what a machine has installed.

Noto Sans (SIL Open Font License, see `fonts/OFL.txt`) covers Latin, Greek and Cyrillic, and its
figures all have one width, so columns of money align.
"""

from functools import lru_cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR = "NotoSans"
BOLD = "NotoSans-Bold"

_FOLDER = Path(__file__).parent / "fonts"
_STAND_INS = str.maketrans(
    {"\N{MINUS SIGN}": "\N{EN DASH}", "\N{RIGHTWARDS ARROW}": "\N{EN DASH}", "\t": " "}
)


@lru_cache(maxsize=1)
def register() -> None:
    """Make the two faces known to the PDF library; a second call does nothing."""
    pdfmetrics.registerFont(TTFont(REGULAR, str(_FOLDER / "NotoSans-Regular.ttf")))
    pdfmetrics.registerFont(TTFont(BOLD, str(_FOLDER / "NotoSans-Bold.ttf")))
    pdfmetrics.registerFontFamily(
        REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD
    )


def printable(text: str) -> str:
    """Return text with signs the fonts lack replaced, and control characters left out.

    A script the fonts do not cover (Chinese, Arabic) prints as empty boxes, visible to everybody.
    """
    return "".join(
        sign
        for sign in text.translate(_STAND_INS)
        if sign == "\n" or sign.isprintable() or sign.isspace()
    )
