"""Plain text that usually fits on one line: drawn directly, a paragraph only if it must wrap.

A page is mostly short cells. Setting each of them as a paragraph parses markup and breaks lines for
nothing, which was half the cost of a document.
"""

from typing import Any
from xml.sax.saxutils import escape as escape_markup

from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus.flowables import Flowable
from reportlab.platypus.paragraph import Paragraph

from activities.adapters.pdf.typeface import printable

_SMALLEST = 0.7


def escape(text: str) -> str:
    """Return text that the page shows as it stands; markup in it has no effect.

    A paragraph would break a line at a narrow no-break space, which French writes within amounts.
    """
    kept = printable(text).replace("\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}")
    return escape_markup(kept).replace("\n", "<br/>")


class Line(Flowable):  # type: ignore[misc]  # the library has no types
    """Plain text in one style; it looks the same however it is set.

    With `shrinks` a text a little too long for its line is set smaller instead of being broken.
    """

    def __init__(self, content: str, style: ParagraphStyle, *, shrinks: bool = False) -> None:
        super().__init__()
        self._shrinks = shrinks
        self._size = style.fontSize
        self._content = content
        self._style = style
        self._shown = printable(content)
        self._is_short = "\n" not in self._shown
        self._wide = stringWidth(self._shown, style.fontName, style.fontSize)
        self._paragraph: Paragraph | None = None

    def getSpaceBefore(self) -> float:  # noqa: N802 - the library's name
        """Return the white space the style asks for above."""
        return float(self._style.spaceBefore)

    def getSpaceAfter(self) -> float:  # noqa: N802 - the library's name
        """Return the white space the style asks for below."""
        return float(self._style.spaceAfter)

    def wrap(self, aW: float, aH: float) -> tuple[float, float]:  # noqa: N803 - the library's names
        """Take one line if the text fits into the width, else the lines of a paragraph."""
        least = _SMALLEST if self._shrinks else 1.0
        if self._is_short and self._wide * least <= aW:
            self._size = self._style.fontSize * min(1.0, aW / self._wide if self._wide else 1.0)
            self._paragraph = None
            self.width, self.height = aW, self._style.leading
            return aW, self.height
        if self._paragraph is None:
            self._paragraph = Paragraph(escape(self._content), self._style)
        self.width, self.height = self._paragraph.wrap(aW, aH)
        return self.width, self.height

    def split(self, aW: float, aH: float) -> list[Any]:  # noqa: N803 - the library's names
        """Split what is set as a paragraph; one line stays whole."""
        self.wrap(aW, aH)
        if self._paragraph is None:
            return []
        return list(self._paragraph.split(aW, aH))

    def draw(self) -> None:
        """Draw the text where the library has moved to."""
        canvas, style = self.canv, self._style
        if self._paragraph is not None:
            self._paragraph.drawOn(canvas, 0, 0)
            return
        # Where a paragraph has its first line, so that cells of one row stand on one line.
        base = self.height - style.fontSize
        canvas.setFont(style.fontName, self._size)
        canvas.setFillColor(style.textColor)
        if style.alignment == TA_RIGHT:
            canvas.drawRightString(self.width, base, self._shown)
        else:
            canvas.drawString(0, base, self._shown)
