"""A drawing of lines, bars and words as PNG, for wherever neither SVG nor PDF can be shown."""

import io
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from reportlab.graphics.shapes import Drawing, Line, Rect, Shape, String
from reportlab.lib.colors import Color

_FONTS = Path(__file__).parent / "fonts"
_SCALE = 2
"""Pixels for each point, so that small words stay readable."""


def as_png(drawing: Drawing) -> bytes:
    """Return a drawing as PNG, on white and twice as many pixels as points; equal in, equal out."""
    size = (int(drawing.width * _SCALE), int(drawing.height * _SCALE))
    image = Image.new("RGB", size, "white")
    canvas = ImageDraw.Draw(image)
    for shape in drawing.contents:
        _draw(canvas, shape, drawing.height)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _draw(canvas: ImageDraw.ImageDraw, shape: Shape, height: float) -> None:
    """Draw one shape; what is no line, bar or word is left out."""
    if isinstance(shape, Line):
        ends = [_at(shape.x1, shape.y1, height), _at(shape.x2, shape.y2, height)]
        canvas.line(ends, fill=_rgb(shape.strokeColor), width=_SCALE)
    elif isinstance(shape, Rect):
        top_left = _at(shape.x, shape.y + shape.height, height)
        bottom_right = _at(shape.x + shape.width, shape.y, height)
        canvas.rectangle([top_left, bottom_right], fill=_rgb(shape.fillColor))
    elif isinstance(shape, String):
        anchor = "ms" if shape.textAnchor == "middle" else "ls"
        font = _font("Bold" in shape.fontName, int(shape.fontSize * _SCALE))
        place = _at(shape.x, shape.y, height)
        canvas.text(place, shape.text, font=font, fill=_rgb(shape.fillColor), anchor=anchor)


def _at(x: float, y: float, height: float) -> tuple[float, float]:
    """Return the pixel of a point; images count from the top."""
    return (x * _SCALE, (height - y) * _SCALE)


def _rgb(color: Color | None) -> tuple[int, int, int]:
    whole = int(color.int_rgb()) if color else 0
    return (whole >> 16, whole >> 8 & 255, whole & 255)


@cache
def _font(is_bold: bool, size: int) -> ImageFont.FreeTypeFont:  # noqa: FBT001 - a key of the cache
    name = "NotoSans-Bold.ttf" if is_bold else "NotoSans-Regular.ttf"
    return ImageFont.truetype(_FONTS / name, size)
