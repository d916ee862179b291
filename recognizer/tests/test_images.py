"""Pictures of any polarity, light and size become the image that the same ink would."""

import io

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from recognizer.images import ImageError, ImageLimits, rasterise_image
from recognizer.rasterizer import rasterise

Picture = NDArray[np.uint8]
FOUR = [np.array([[30, 0], [0, 50], [55, 50]], float), np.array([[40, 25], [40, 90]], float)]


def page(
    width: int = 320, height: int = 240, pen: int = 12, ink: int = 20, paper: int = 235
) -> Picture:
    sheet = np.full((height, width), paper, np.uint8)
    for stroke in FOUR:
        points = np.rint(stroke * height / 150 + (width / 3, height / 6)).astype(np.int32)
        cv2.polylines(sheet, [points], False, ink, pen, cv2.LINE_AA)
    return sheet


def png(picture: Picture) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


def likeness(image: Picture, other: Picture) -> float:
    """Correlation of two images, blurred so that stroke width matters little."""
    a, b = (cv2.GaussianBlur(x.astype(np.float32), (0, 0), 1.2).ravel() for x in (image, other))
    return float(np.corrcoef(a, b)[0, 1])


REFERENCE = rasterise(FOUR)


def assert_reads_as_four(picture: bytes) -> None:
    assert likeness(rasterise_image(picture), REFERENCE) > 0.9


def test_dark_ink_on_light_paper() -> None:
    assert_reads_as_four(png(page()))


def test_light_ink_on_dark_paper() -> None:
    assert_reads_as_four(png(page(ink=240, paper=15)))


def test_faint_ink() -> None:
    assert_reads_as_four(png(page(ink=150, paper=200)))


@pytest.mark.parametrize("pen", [2, 5, 12, 24])
def test_thin_and_thick_pens(pen: int) -> None:
    assert_reads_as_four(png(page(pen=pen)))


@pytest.mark.parametrize(("width", "height", "pen"), [(40, 40, 3), (1600, 1200, 40), (900, 100, 7)])
def test_any_size(width: int, height: int, pen: int) -> None:
    assert_reads_as_four(png(page(width, height, pen)))


def test_a_photograph_with_uneven_light_and_noise() -> None:
    sheet = page(640, 480, 18, 60, 210).astype(np.float32)
    shadow = np.linspace(1.0, 0.45, 640) * np.linspace(1.0, 0.8, 480)[:, None]
    noise = np.random.default_rng(3).normal(0, 4, sheet.shape)
    photograph = np.clip(sheet * shadow + noise, 0, 255).astype(np.uint8)
    assert_reads_as_four(cv2.imencode(".jpg", photograph)[1].tobytes())


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255)])
def test_ink_on_a_transparent_ground(colour: tuple[int, int, int]) -> None:
    alpha = 255 - page(ink=0, paper=255)
    picture = np.dstack([*(np.full_like(alpha, c) for c in colour), alpha])
    assert_reads_as_four(png(picture))


def test_a_fully_transparent_picture_says_that_nothing_is_there() -> None:
    with pytest.raises(ImageError, match="transparent") as caught:
        rasterise_image(png(np.zeros((40, 40, 4), np.uint8)))
    assert caught.value.code == "nothing_found"


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_picture_says_that_nothing_is_there(level: int) -> None:
    with pytest.raises(ImageError) as caught:
        rasterise_image(png(np.full((200, 200), level, np.uint8)))
    assert caught.value.code == "nothing_found"


def test_paper_grain_is_not_a_character() -> None:
    grain = np.random.default_rng(4).normal(220, 3, (300, 300))
    with pytest.raises(ImageError) as caught:
        rasterise_image(png(np.clip(grain, 0, 255).astype(np.uint8)))
    assert caught.value.code == "nothing_found"


def test_two_characters_are_told_apart_from_one() -> None:
    both = np.hstack([page(200, 240), page(200, 240)])
    with pytest.raises(ImageError, match="one at a time") as caught:
        rasterise_image(png(both))
    assert caught.value.code == "several_found"


def test_the_camera_s_orientation_is_undone() -> None:
    upright = Image.fromarray(page())
    exif = Image.Exif()
    exif[0x0112] = 6  # stored turned by 90°: viewers turn it back
    file = io.BytesIO()
    upright.transpose(Image.Transpose.ROTATE_90).save(file, "JPEG", exif=exif)
    assert_reads_as_four(file.getvalue())


def test_sixteen_bits_a_pixel() -> None:
    deep = page().astype(np.uint16) * 257
    assert_reads_as_four(cv2.imencode(".png", deep)[1].tobytes())


def test_a_palette_and_one_bit() -> None:
    for mode in ("P", "1", "LA", "CMYK"):
        file = io.BytesIO()
        Image.fromarray(page()).convert("RGB" if mode == "CMYK" else "L").convert(mode).save(
            file, "JPEG" if mode == "CMYK" else "PNG"
        )
        assert_reads_as_four(file.getvalue())


def test_an_image_of_the_network_s_own_size_is_hardly_changed() -> None:
    again = rasterise_image(png(REFERENCE))
    assert likeness(again, REFERENCE) > 0.95


def test_pixels_are_counted_before_they_are_decoded() -> None:
    with pytest.raises(ImageError, match="320x240") as caught:
        rasterise_image(png(page()), ImageLimits(pixels=76_799))
    assert caught.value.code == "too_large"
    rasterise_image(png(page()), ImageLimits(pixels=76_800))


def test_a_file_over_the_byte_limit_is_refused() -> None:
    with pytest.raises(ImageError) as caught:
        rasterise_image(png(page()), ImageLimits(bytes=100))
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("extension", [".png", ".jpg", ".webp"])
def test_a_truncated_file_is_said_to_be_damaged(extension: str, kept: float) -> None:
    whole = cv2.imencode(extension, page())[1].tobytes()
    with pytest.raises(ImageError) as caught:
        rasterise_image(whole[: max(16, int(len(whole) * kept))])
    assert caught.value.code == "not_an_image"


def test_an_animation_is_read_by_its_first_frame() -> None:
    file = io.BytesIO()
    first, second = Image.fromarray(page()), Image.fromarray(255 - page())
    first.save(file, "WEBP", save_all=True, append_images=[second], lossless=True)
    assert_reads_as_four(file.getvalue())
