"""The waterfall chart: bars from list to net, as SVG, PDF or PNG."""

import io
from collections.abc import Sequence
from enum import StrEnum

from reportlab.graphics import renderPDF, renderSVG
from reportlab.graphics.shapes import Drawing, Line, Rect, String
from reportlab.lib.colors import Color, HexColor
from reportlab.pdfgen.canvas import Canvas

from activities.adapters.pdf.raster import as_png
from models.leakage import Bar

WIDTH, HEIGHT = 720.0, 360.0
_LEFT, _RIGHT, _BOTTOM, _TOP = 20.0, 20.0, 60.0, 50.0
_TOTAL, _LESS, _MORE = HexColor("#1f4e79"), HexColor("#c0504d"), HexColor("#4f8a3c")
_TEXT, _AXIS = HexColor("#222222"), HexColor("#888888")


class ChartForm(StrEnum):
    """What a chart may be drawn as."""

    SVG = "svg"
    PDF = "pdf"
    PNG = "png"


MEDIA_TYPES = {
    ChartForm.SVG: "image/svg+xml",
    ChartForm.PDF: "application/pdf",
    ChartForm.PNG: "image/png",
}


def draw_waterfall(bars: Sequence[Bar], title: str, form: ChartForm) -> bytes:
    """Return the chart of a waterfall; equal bars give equal bytes."""
    drawing = _drawing(bars, title)
    match form:
        case ChartForm.SVG:
            return str(renderSVG.drawToString(drawing)).encode()
        case ChartForm.PDF:
            return _as_pdf(drawing, title)
        case ChartForm.PNG:
            return as_png(drawing)


def _as_pdf(drawing: Drawing, title: str) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), invariant=1)
    canvas.setTitle(title)
    renderPDF.draw(drawing, canvas, 0, 0)
    canvas.save()
    return buffer.getvalue()


def _drawing(bars: Sequence[Bar], title: str) -> Drawing:
    drawing = Drawing(WIDTH, HEIGHT)
    drawing.add(String(_LEFT, HEIGHT - 25, title, fontName="Helvetica-Bold", fontSize=13))
    values = [minor for bar in bars for minor in (bar.before.minor, bar.after.minor)]
    low, high = min([0, *values]), max([0, *values])
    scale = (HEIGHT - _BOTTOM - _TOP) / ((high - low) or 1)
    slot = (WIDTH - _LEFT - _RIGHT) / max(len(bars), 1)
    zero = _BOTTOM - low * scale
    drawing.add(Line(_LEFT, zero, WIDTH - _RIGHT, zero, strokeColor=_AXIS))
    for index, bar in enumerate(bars):
        left = _LEFT + index * slot + slot * 0.15
        _add_bar(drawing, bar, (left, slot * 0.7, zero), scale)
        if index + 1 < len(bars):
            level = zero + bar.after.minor * scale
            drawing.add(
                Line(
                    left + slot * 0.7, level, left + slot, level, strokeColor=_AXIS, strokeWidth=0.5
                )
            )
    return drawing


def _add_bar(drawing: Drawing, bar: Bar, place: tuple[float, float, float], scale: float) -> None:
    left, width, zero = place
    bottom, top = sorted((bar.before.minor, bar.after.minor))
    drawing.add(
        Rect(
            left,
            zero + bottom * scale,
            width,
            max((top - bottom) * scale, 0.5),
            fillColor=_color(bar),
            strokeColor=None,
        )
    )
    is_total = bar.name in {"list", "net"}
    told = bar.after if is_total else bar.change
    middle = left + width / 2
    _add_text(drawing, middle, zero + top * scale + 5, f"{told.decimal:,f}", 7.5)
    _add_text(drawing, middle, _BOTTOM - 18, bar.name.replace("_", " "), 8)


def _add_text(drawing: Drawing, x: float, y: float, text: str, size: float) -> None:
    drawing.add(
        String(
            x, y, text, fontName="Helvetica", fontSize=size, textAnchor="middle", fillColor=_TEXT
        )
    )


def _color(bar: Bar) -> Color:
    if bar.name in {"list", "net"}:
        return _TOTAL
    return _LESS if bar.change.minor < 0 else _MORE
