"""Samples as pictures: PNG files, data URIs, contact sheets.

Black ink on white paper, as it was written. Knows nothing about what was read.
"""

import base64
import io
import math
from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from recognizer.rasterizer import SIDE, Raster
from trainer.characters import Images

_SCALE: Final = 3  # of a tile on a contact sheet
_TILE: Final = SIDE * _SCALE
_CAPTION: Final = 14  # pixels below a tile
_GAP: Final = 8
_ACROSS: Final = 12  # tiles in a row
_INK: Final = 255


def png(raster: Raster, scale: int = 1) -> bytes:
    """Return an image (28, 28) as PNG, every pixel `scale` pixels wide."""
    return _bytes(_picture(raster, scale))


def data_uri(raster: Raster) -> str:
    """Return an image as an address that needs no file."""
    return "data:image/png;base64," + base64.b64encode(png(raster)).decode()


def contact_sheet(images: Images, captions: Sequence[str]) -> bytes:
    """Return one PNG with all images (n, 28, 28), n at least 1, and a caption below each."""
    rows = math.ceil(len(images) / _ACROSS)
    across = min(len(images), _ACROSS)
    size = (
        _GAP + across * (_TILE + _GAP),
        _GAP + rows * (_TILE + _CAPTION + _GAP),
    )
    sheet = Image.new("L", size, 235)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default()
    for index, (image, caption) in enumerate(zip(images, captions, strict=True)):
        x = _GAP + index % _ACROSS * (_TILE + _GAP)
        y = _GAP + index // _ACROSS * (_TILE + _CAPTION + _GAP)
        sheet.paste(_picture(image, _SCALE), (x, y))
        pen.text((x + 2, y + _TILE + 1), caption, fill=0, font=font)
    return _bytes(sheet)


def _picture(raster: Raster, scale: int) -> Image.Image:
    picture = Image.fromarray(_INK - raster)
    return picture.resize((SIDE * scale, SIDE * scale), Image.Resampling.NEAREST)


def _bytes(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()
