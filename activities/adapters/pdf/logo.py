"""The logo of an entity: what picture may be one, and how it stands on the page."""

import io
from typing import Any

from PIL import Image
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.platypus.flowables import Flowable

from models.errors import Problem

MOST_BYTES = 500_000
MOST_PIXELS = 4_000
LEAST_PIXELS = 40

_FORMATS = ("PNG", "JPEG")
_WIDEST = 62 * mm
_HIGHEST = 16 * mm


def logo_problems(content: bytes) -> tuple[Problem, ...]:
    """Return everything that keeps a picture from being a logo on paper."""
    if len(content) > MOST_BYTES:
        reason = f"has {len(content):,} bytes, and every document carries a copy"
        return (_problem(reason, f"save it with at most {MOST_BYTES:,} bytes"),)
    try:
        picture = _opened(content)
        picture.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = f"cannot be read as a picture ({type(error).__name__})"
        return (_problem(reason, "save it as PNG or JPEG"),)
    width, height = picture.size
    if max(width, height) > MOST_PIXELS or min(width, height) < LEAST_PIXELS:
        reason = f"is {width} x {height} pixels"
        remedy = f"each side needs {LEAST_PIXELS} to {MOST_PIXELS} pixels"
        return (_problem(reason, remedy),)
    return ()


class Logo(Flowable):  # type: ignore[misc]  # the library has no types
    """A picture at the size of a letterhead, its proportions kept."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._picture = _flattened(_opened(content))
        wide, high = self._picture.size
        scale = min(_WIDEST / wide, _HIGHEST / high)
        self.width, self.height = wide * scale, high * scale

    def wrap(self, aW: float, aH: float) -> tuple[float, float]:  # noqa: ARG002, N803 - the library's
        """Take the size of a letterhead."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw the picture where the library has moved to."""
        canvas: Any = self.canv
        canvas.drawImage(ImageReader(self._picture), 0, 0, self.width, self.height)


def _opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content), formats=_FORMATS)


def _flattened(picture: Image.Image) -> Image.Image:
    """Return the picture on white paper, whatever its color model and transparency are."""
    colored = picture.convert("RGBA")
    paper = Image.new("RGBA", colored.size, "white")
    return Image.alpha_composite(paper, colored).convert("RGB")


def _problem(reason: str, remedy: str) -> Problem:
    return Problem(field="brand.logo", reason=reason, remedy=remedy)
