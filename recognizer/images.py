"""Uploaded picture → the same 28x28 that a drawing becomes.

Decode within limits, flatten transparency, find the ink whatever its polarity and light, crop,
scale to 20 of 28, centre by mass. Knows nothing about HTTP or networks.
"""

import io
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from recognizer.rasterizer import BOX, CENTRE, PEN, SIDE, Raster

Grey = NDArray[np.float32]  # (h, w), 0 … 255
Mask = NDArray[np.uint8]  # (h, w), 0 or 1
ImageCode = Literal["too_large", "not_an_image", "unsupported", "nothing_found", "several_found"]

FORMATS: Final = ("PNG", "JPEG", "WEBP")
_MAGIC: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF")
_WORKING_SIDE = 384  # the ink is looked for at no more than this: finer detail than 20 px needs
_GROUND_SIDE = 64  # paper and light are judged at this size
_MIN_CONTRAST = 24.0  # grey levels between paper and ink; less is paper grain or noise
_SPECK = 0.015  # of the largest blob's area: smaller blobs are dirt, an i's dot is larger
_FAINT = 0.1  # ink strength from which an edge counts for the box
_THIN = 0.75 * PEN  # strokes thinner than this after scaling are thickened to PEN


class ImageError(ValueError):
    """A picture that cannot be read; the message says what to do, `code` is for programs."""

    def __init__(self, code: ImageCode, message: str) -> None:
        super().__init__(message)
        self.code: ImageCode = code


@dataclass(frozen=True)
class ImageLimits:
    """How much a picture may ask of the server."""

    bytes: int = 1 << 20
    pixels: int = 4_000_000


# Pillow's own guard only warns at this size and differs between versions; `decode` checks the
# declared size itself, before a pixel is decoded.
Image.MAX_IMAGE_PIXELS = None


def rasterise_image(content: bytes, limits: ImageLimits | None = None) -> Raster:
    """Turn a PNG, JPEG or WebP picture of one character into the network's image.

    Args:
        content: the file's bytes.
        limits: what is refused before decoding.

    Returns:
        uint8 array of shape (28, 28), ink 255 on 0.

    Raises:
        ImageError: with a sentence for the person who sent it.
    """
    grey = decode(content, limits or ImageLimits())
    return _fit(*_find_ink(grey))


def decode(content: bytes, limits: ImageLimits) -> Grey:
    """Decode to grey, upright, without transparency, at most `_WORKING_SIDE` on the longer side.

    Raises:
        ImageError: too large, not an image, or of a format that is not accepted.
    """
    if len(content) > limits.bytes:
        raise ImageError("too_large", f"the file is larger than {limits.bytes >> 10} KiB")
    if not content.startswith(_MAGIC):
        raise ImageError("unsupported", "send a PNG, JPEG or WebP picture")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > limits.pixels:
                raise ImageError(
                    "too_large",
                    f"the picture has {image.width}x{image.height} pixels; "
                    f"send at most {limits.pixels / 1e6:g} million",
                )
            image.draft("L", (_WORKING_SIDE, _WORKING_SIDE))  # JPEG: decode small at once
            image.load()
            return _shrink(_flatten(ImageOps.exif_transpose(image)))
    except ImageError:
        raise
    # Pillow's decoders raise many kinds on damaged files; each means the same to the sender.
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, OverflowError) as error:
        raise ImageError("not_an_image", "the picture is damaged or incomplete") from error


def _flatten(image: Image.Image) -> Grey:
    """Grey levels over an opaque ground that contrasts with the visible ink."""
    if image.mode.startswith("I") or image.mode == "F":  # 16 bits a pixel
        deep = np.asarray(image, np.float32)
        return np.asarray(deep / max(1.0, float(deep.max())) * 255, np.float32)
    if "A" not in image.getbands() and "transparency" not in image.info:
        return np.asarray(image.convert("L"), np.float32)
    rgba = image.convert("RGBA")
    alpha = np.asarray(rgba.getchannel("A"), np.float32) / 255
    grey = np.asarray(rgba.convert("RGB").convert("L"), np.float32)
    if not alpha.any():
        raise ImageError("nothing_found", "the picture is fully transparent: draw something first")
    ink = float((grey * alpha).sum() / alpha.sum())
    ground = 255.0 if ink < 128 else 0.0
    return np.asarray(grey * alpha + ground * (1 - alpha), np.float32)


def _shrink(grey: Grey) -> Grey:
    factor = _WORKING_SIDE / max(grey.shape)
    if factor >= 1:
        return grey
    size = (max(1, round(grey.shape[1] * factor)), max(1, round(grey.shape[0] * factor)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.float32)


def _find_ink(grey: Grey) -> tuple[Grey, Mask]:
    """Return ink strength in 0 … 1 and the mask of what belongs to the character.

    Raises:
        ImageError: there is no ink, or there are several characters.
    """
    grey = np.pad(grey, 2, mode="edge")
    if _paper_is_light(grey):
        grey = 255 - grey
    grey = np.asarray(_even_light(grey), np.float32)
    low, high = float(np.percentile(grey, 5)), float(grey.max())
    if high - low < _MIN_CONTRAST:
        raise ImageError("nothing_found", "nothing is written here: use more contrast")
    levels = np.clip((grey - low) / (high - low) * 255, 0, 255).astype(np.uint8)
    threshold, mask = cv2.threshold(levels, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    mask = _without_specks(mask)
    if _looks_like_several(mask):
        raise ImageError("several_found", "several characters were found: send one at a time")
    # Below the threshold the edge fades out; that fade is the anti-aliasing, so it is kept.
    near = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    strength = np.clip(levels.astype(np.float32) / max(threshold * 1.6, 1.0), 0, 1) * near
    return strength, mask


def _paper_is_light(grey: Grey) -> bool:
    """Judge polarity by the border, which ink rarely covers."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    middle = (float(grey.min()) + float(grey.max())) / 2
    return float(np.median(border)) > middle


def _even_light(grey: Grey) -> Grey:
    """Subtract the slowly varying ground (white top-hat), so shadows do not pass for ink.

    `grey` has bright ink. The opening is wider than any stroke, so it keeps the ground alone; it
    works on a thumbnail, since the ground has no detail.
    """
    side = min(grey.shape)
    if side < 2 * SIDE:  # a crop of a few pixels has no light to even out
        return grey
    factor = min(1.0, _GROUND_SIDE / side)
    small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    reach = min(small.shape) // 3
    small = cv2.copyMakeBorder(small, *(reach,) * 4, cv2.BORDER_REPLICATE)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach | 1, reach | 1))
    ground = cv2.GaussianBlur(cv2.morphologyEx(small, cv2.MORPH_OPEN, kernel), (0, 0), reach / 8)
    ground = ground[reach:-reach, reach:-reach]
    ground = cv2.resize(ground, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(grey - ground, 0, 255), np.float32)


def _without_specks(mask: Mask) -> Mask:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    if count < 2 or areas.max() < 4:
        raise ImageError("nothing_found", "nothing is written here: draw larger or darker")
    if areas.sum() > 0.7 * mask.size:
        raise ImageError("nothing_found", "the character cannot be told from its background")
    kept = np.flatnonzero(areas >= max(2, _SPECK * areas.max())) + 1
    return np.isin(labels, kept).astype(np.uint8)


def _looks_like_several(mask: Mask) -> bool:
    """Tall blobs side by side with clear paper between them are several characters."""
    columns = np.flatnonzero(mask.any(axis=0))
    rows = np.flatnonzero(mask.any(axis=1))
    height = rows[-1] - rows[0] + 1
    groups = np.split(columns, np.flatnonzero(np.diff(columns) > 0.18 * height) + 1)
    tall = 0
    for group in groups:
        inked = np.flatnonzero(mask[:, group[0] : group[-1] + 1].any(axis=1))
        tall += int(inked[-1] - inked[0] + 1 > 0.6 * height)
    return tall > 1


def _fit(strength: Grey, mask: Mask) -> Raster:
    """Scale the ink's box to 20 of 28, thicken hairlines, put its centre of mass in the middle."""
    visible = strength > _FAINT
    rows, columns = np.flatnonzero(visible.any(axis=1)), np.flatnonzero(visible.any(axis=0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    strength, mask = strength[box], mask[box]
    factor = BOX / max(strength.shape)
    width = _stroke_width(mask)
    if width * factor < _THIN:
        grow = round((PEN / factor - width) / 2)
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grow + 1, 2 * grow + 1))
        strength = np.asarray(cv2.dilate(np.pad(strength, grow), disc), np.float32)
        factor = BOX / max(strength.shape)
    size = (max(1, round(strength.shape[1] * factor)), max(1, round(strength.shape[0] * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    small = strength if factor == 1 else cv2.resize(strength, size, interpolation=method)
    return _centre(np.clip(small / small.max() * 255, 0, 255))


def _stroke_width(mask: Mask) -> float:
    """Estimate the stroke width: twice the distance to paper along the ridge of the ink."""
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 5)
    ridge = (distance > 0) & (distance >= cv2.dilate(distance, np.ones((3, 3))) - 1e-3)
    return float(2 * np.median(distance[ridge]) - 1)


def _centre(ink: NDArray[np.floating]) -> Raster:
    height, width = ink.shape
    total = ink.sum()
    mass_y = (ink.sum(axis=1) @ np.arange(height)) / total
    mass_x = (ink.sum(axis=0) @ np.arange(width)) / total
    top = int(np.clip(round(CENTRE - 0.5 - mass_y), 0, SIDE - height))
    left = int(np.clip(round(CENTRE - 0.5 - mass_x), 0, SIDE - width))
    raster = np.zeros((SIDE, SIDE), np.uint8)
    raster[top : top + height, left : left + width] = np.rint(ink).astype(np.uint8)
    return raster
