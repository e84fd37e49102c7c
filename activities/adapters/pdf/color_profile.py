"""The sRGB color profile that an archive PDF carries (ISO 19005-3, 6.2.3; IEC 61966-2-1).

It is computed, so it has neither a date nor a maker in it and is the same everywhere: an ICC
profile of version 2 with three colorants, one tone curve and the white point D50.
"""

import struct
from functools import lru_cache

_SIGNATURES = (b"desc", b"cprt", b"wtpt", b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC")
_WHITE = (0.9642, 1.0, 0.8249)
_COLORANTS = (
    (0.43607, 0.22249, 0.01392),
    (0.38515, 0.71687, 0.09708),
    (0.14307, 0.06061, 0.71410),
)
_STEPS = 1024
_MOST = 0xFFFF
_HALF = 0.5
_BENT, _SLOPE, _OFFSET, _GAMMA = 0.04045, 12.92, 0.055, 2.4


@lru_cache(maxsize=1)
def srgb() -> bytes:
    """Return the profile."""
    curve = _curve()
    white, *colorants = (_point(values) for values in (_WHITE, *_COLORANTS))
    description = _description(b"sRGB IEC61966-2.1")
    notice = b"text" + bytes(4) + b"No rights reserved\0"
    blocks = (description, notice, white, *colorants, curve, curve, curve)
    table, body = _placed(blocks)
    size = 128 + len(table) + len(body)
    return _header(size) + table + body


def _header(size: int) -> bytes:
    header = struct.pack(">I4xI", size, 0x02100000) + b"mntrRGB XYZ "
    header += struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    header += b"".join(struct.pack(">i", _fixed(value)) for value in _WHITE)
    return header.ljust(128, b"\0")


def _placed(blocks: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    """Return the table of tags and the blocks they point to; equal blocks lie there once."""
    start = 128 + 4 + 12 * len(blocks)
    body, places, rows = b"", {}, []
    for signature, block in zip(_SIGNATURES, blocks, strict=True):
        if block not in places:
            places[block] = start + len(body)
            body += block + bytes(-len(block) % 4)
        rows.append(signature + struct.pack(">II", places[block], len(block)))
    return struct.pack(">I", len(blocks)) + b"".join(rows), body


def _fixed(value: float) -> int:
    return int(value * 0x10000 + _HALF)


def _point(values: tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(struct.pack(">i", _fixed(value)) for value in values)


def _curve() -> bytes:
    linear = (_linear(step / (_STEPS - 1)) for step in range(_STEPS))
    points = (int(value * _MOST + _HALF) for value in linear)
    return b"curv" + bytes(4) + struct.pack(f">I{_STEPS}H", _STEPS, *points)


def _linear(value: float) -> float:
    if value <= _BENT:
        return value / _SLOPE
    part: float = (value + _OFFSET) / (1 + _OFFSET)
    return float(part**_GAMMA)


def _description(text: bytes) -> bytes:
    head = b"desc" + bytes(4) + struct.pack(">I", len(text) + 1) + text + b"\0"
    return head + bytes(4 + 4 + 2 + 1 + 67)
