"""nn/ink: picture files of every kind, and those that can't be read."""

import struct
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter
from test_ink import distance, moved

from nn import hands, ink
from nn.ink import formats

# --- read -----------------------------------------------------------------------------------------------------


def grey(levels):
    return Image.fromarray(levels.astype(np.uint8))


def transparent(page, level):
    return Image.merge("LA", (Image.new("L", page.shape[::-1], level), grey(page)))


PICTURES = {
    "L": lambda page: grey(255 - page),
    "1": lambda page: grey(255 - page).convert("1", dither=Image.Dither.NONE),
    "P": lambda page: grey(255 - page).convert("P"),
    "RGB": lambda page: Image.merge("RGB", (grey(250 - page * 0.9), grey(250 - page * 0.8), grey(250 - page * 0.3))),
    "RGBA": lambda page: grey(255 - page).convert("RGBA"),
    "CMYK": lambda page: grey(255 - page).convert("CMYK"),
    "I;16": lambda page: Image.fromarray(60000 - page.astype(np.uint16) * 200),
    "I": lambda page: Image.fromarray(page.astype(np.int32) * 3000 - 9),
    "F": lambda page: Image.fromarray((1 - page / 255).astype(np.float32)),
    "light on dark": lambda page: grey(page),
    "black on transparent": lambda page: transparent(page, 0),
    "white on transparent": lambda page: transparent(page, 255),
    "transparent palette": lambda page: transparent(page, 0).convert("RGBA").quantize(16),
    "low contrast": lambda page: grey(180 - page * 0.2),
}
ENDING = {"CMYK": ".tif", "I": ".tif", "F": ".tif"}


@pytest.mark.parametrize("kind", PICTURES)
def test_every_mode_and_polarity_gives_the_same(kind, page, tmp_path):
    path = tmp_path / f"picture{ENDING.get(kind, '.png')}"
    PICTURES[kind](page).save(path)
    found = ink.read(path).ink
    assert found.shape == page.shape and found.dtype == np.uint8
    assert distance(ink.to_mnist(found), ink.to_mnist(page)) < 200


@pytest.mark.parametrize("ending", [".jpg", ".bmp", ".gif", ".webp", ".tif", ".ppm"])
def test_every_format(ending, page, tmp_path):
    grey(255 - page).save(tmp_path / f"picture{ending}")
    assert distance(ink.to_mnist(ink.read(tmp_path / f"picture{ending}").ink), ink.to_mnist(page)) < 200


def test_a_camera_held_upright(page, tmp_path):
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    grey(255 - page).transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)
    assert distance(ink.to_mnist(ink.read(path).ink), ink.to_mnist(page)) < 200


@pytest.mark.parametrize("invert", [False, True])
def test_mnist_in_a_file_is_untouched(invert, some, tmp_path):
    for image in some[:100]:
        grey(255 - image if invert else image).save(tmp_path / "mnist.png")
        assert np.array_equal(ink.to_mnist(ink.read(tmp_path / "mnist.png").ink), image)


def photographed(page, seed, shadow=0.35):
    """A page as a phone sees it: a slope of light, dark corners, the edge of a shadow, blur and grain."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : page.shape[0] * 1j, -1 : 1 : page.shape[1] * 1j]
    light = 190 + 40 * x * rng.choice((-1, 1)) - 35 * (x**2 + y**2)
    light *= 1 - shadow / (1 + np.exp((x + y * rng.uniform(-1, 1)) / 0.1))
    cover = np.asarray(grey(page).filter(ImageFilter.GaussianBlur(1.5))) / 255
    return grey(np.clip(light * (1 - 0.65 * cover) + rng.normal(0, 4, page.shape), 0, 255))


@pytest.mark.parametrize("seed", range(8))
def test_a_photo_of_unevenly_lit_paper(seed, tmp_path):
    strokes = moved(hands.write(seed, np.random.default_rng(seed)), 100, 120, scale=160)
    page = ink.draw(strokes, 18, 400)
    photographed(page, seed).save(tmp_path / "photo.jpg", quality=80)
    read = ink.read(tmp_path / "photo.jpg").ink
    assert np.mean(read[page == 0] == 0) > 0.98  # the paper is blank
    found, expected = ink.to_mnist(read), ink.to_mnist(page)
    near = [distance(np.roll(found, (y, x), (0, 1)), expected) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    assert min(near) < 600  # the whole-pixel shift may fall the other way
    threshold = np.asarray(photographed(page, seed)) < 110  # one level for the whole picture takes the shadow for ink
    assert distance(ink.to_mnist(threshold.astype(np.uint8) * 255), expected) > 1000


@pytest.mark.parametrize("seed", range(3))
def test_a_photo_of_blank_paper_has_no_ink(seed, tmp_path):
    photographed(np.zeros((400, 400), np.uint8), seed, shadow=0).save(tmp_path / "blank.jpg", quality=80)
    with pytest.raises(ValueError, match="no ink"):
        ink.read(tmp_path / "blank.jpg")


@pytest.mark.parametrize(("paper", "pen", "deviation"), [(0, 255, 32), (0, 255, 64), (40, 215, 32), (200, 120, 12)])
def test_a_noisy_picture(paper, pen, deviation, tmp_path):
    """Noise cut off at black or not, light on dark or dark on light: specks neither widen the box nor hide the ink."""
    rng = np.random.default_rng(0)
    page = ink.draw(moved(hands.write(5, rng), 14, 20, scale=56), 7, 84)
    levels = paper + (pen - paper) * (page / 255) + rng.normal(0, deviation, page.shape)
    grey(np.clip(levels, 0, 255)).save(tmp_path / "noisy.png")
    found, expected = ink.to_mnist(ink.read(tmp_path / "noisy.png").ink), ink.to_mnist(page)
    near = [distance(np.roll(found, (y, x), (0, 1)), expected) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    assert min(near) < 1000  # it is blurred


# --- bad input ------------------------------------------------------------------------------------------------


def one_pixel(value):
    picture = Image.new("L", (200, 200), 255)
    picture.putpixel((90, 80), value)
    return picture


def floats(value):
    levels = np.zeros((40, 40), np.float32)
    levels[10:30, 20] = 1
    levels[3, 3] = value
    return Image.fromarray(levels)


def ghost():
    """A transparent picture as large as MNIST's, with one pixel that is nearly so."""
    picture = Image.new("RGBA", (28, 28))
    picture.putpixel((14, 14), (128, 128, 128, 1))
    return picture


BAD = {
    "white.png": (lambda: Image.new("L", (200, 200), 255), "no ink"),
    "black.png": (lambda: Image.new("L", (200, 200), 0), "no ink"),
    "transparent.png": (lambda: Image.new("RGBA", (200, 200)), "no ink"),
    "pixel.png": (lambda: one_pixel(0), "no ink"),
    "faint.png": (lambda: one_pixel(250), "no ink"),
    "ghost.png": (ghost, "no ink"),
    "tiny.png": (lambda: Image.new("L", (1, 1)), "too small"),
    "thin.png": (lambda: Image.new("L", (10000, 1)), "10000x1 pixels are too small"),
    "band.png": (lambda: Image.new("L", (10000, 8)), "too small"),
    "nan.tif": (lambda: floats(np.nan), "not finite"),
    "inf.tif": (lambda: floats(np.inf), "not finite"),
    "grain.png": (lambda: grey(np.random.default_rng(0).integers(0, 256, (300, 300))), "no ink"),
    "large.png": (lambda: Image.new("1", (9000, 9000)), "too many"),
    "bomb.png": (lambda: Image.new("1", (20000, 20000)), "exceeds limit"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_pictures_are_named_with_the_reason(name, tmp_path):
    make, reason = BAD[name]
    make().save(tmp_path / name)
    with pytest.raises(ValueError, match=reason) as error:
        ink.read(tmp_path / name)
    assert str(error.value).startswith(f"{tmp_path / name}: ") and "\n" not in str(error.value)


POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 90 90\n%%EndComments\n0 0 moveto 80 80 lineto stroke\n"


def dos_eps():
    return b"\xc5\xd0\xd3\xc6" + struct.pack("<IIIIIIH", 30, len(POSTSCRIPT), 0, 0, 0, 0, 0xFFFF) + POSTSCRIPT


def icon(inside):
    """A Windows icon with other bytes where its picture should be."""
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 32, 32, 0, 0, 1, 32, len(inside), 22) + inside


def apple_icon(inside):
    return b"icns" + struct.pack(">I", 16 + len(inside)) + b"ic08" + struct.pack(">I", 8 + len(inside)) + inside


def blp(inside):
    """A texture whose JPEG header is other bytes."""
    return b"BLP1" + struct.pack("<IIIIII", 0, 0, 32, 32, 0, 0) + bytes(128) + struct.pack("<I", len(inside)) + inside


PROGRAMS = {
    "postscript": POSTSCRIPT,
    "dos-eps": dos_eps(),
    "in an icon": icon(POSTSCRIPT),
    "in an apple icon": apple_icon(POSTSCRIPT),
    "in a blp": blp(POSTSCRIPT),
    "metafile": b"\xd7\xcd\xc6\x9a\x00\x00" + bytes(34) + b"\x01\x00\t\x00\x00\x03",
    "pdf": b"%PDF-1.4\n1 0 obj\n",
}


@pytest.mark.parametrize("kind", PROGRAMS)
@pytest.mark.parametrize("ending", [".png", ".jpg", ".eps", ".ico"])
def test_nothing_in_a_file_starts_a_program(kind, ending, tmp_path, monkeypatch):
    started = []
    for name in ("Popen", "call", "check_call", "check_output", "run"):
        monkeypatch.setattr(subprocess, name, lambda *command, **_: started.append(command))
    monkeypatch.setattr("os.system", started.append)
    (tmp_path / f"picture{ending}").write_bytes(PROGRAMS[kind])
    with pytest.raises(ValueError, match="picture"):
        ink.read(tmp_path / f"picture{ending}")
    assert not started


def test_a_picture_of_another_format_than_its_name_says_is_read(page, tmp_path):
    grey(255 - page).save(tmp_path / "right.png")
    (tmp_path / "right.png").rename(tmp_path / "wrong.jpg")
    assert ink.read(tmp_path / "wrong.jpg").ink.any()


def test_a_heic_photo_without_its_decoder_is_told_the_way(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "photo.jpg").write_bytes(struct.pack(">I", 24) + b"ftypheic" + bytes(12) + bytes(64))
    with pytest.raises(ValueError, match=r"HEIC photo: .*JPEG"):
        ink.read(tmp_path / "photo.jpg")


@pytest.mark.parametrize("ending", ["gif", "png", "webp", "avif", "tif"])
def test_the_first_frame_or_page_with_ink_is_read_and_named(ending, page, tmp_path):
    blank, digit = Image.new("RGB", page.shape[::-1], "white"), grey(255 - page).convert("RGB")
    if f".{ending}" not in Image.registered_extensions():
        pytest.skip(f"this Pillow writes no {ending}")
    blank.save(tmp_path / f"late.{ending}", save_all=True, append_images=[blank, digit, digit], duration=100)
    found = ink.read(tmp_path / f"late.{ending}")
    assert distance(ink.to_mnist(found.ink), ink.to_mnist(page)) < 700
    assert found.note in (("page 3 of 4",) if ending == "tif" else ("frame 3 of 4", "frame 2 of 2"))  # equals joined


def test_a_long_animation_is_looked_through_in_part(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "LARGEST", 100_000)
    frames = [Image.new("L", (200, 100), 255 - k) for k in range(12)]
    frames[0].save(tmp_path / "long.gif", save_all=True, append_images=frames[1:])
    assert len(list(formats.frames(tmp_path / "long.gif"))) == 5


@pytest.mark.parametrize(("mode", "ending"), [("RGBA", "png"), ("I;16", "png"), ("F", "tif")])
def test_pixels_of_many_bytes_may_be_fewer(mode, ending, tmp_path):
    picture = Image.new(mode, (5200, 5000))
    picture.save(tmp_path / f"large.{ending}", **({"compression": "tiff_deflate"} if ending == "tif" else {}))
    with pytest.raises(ValueError, match="5200x5000 pixels are too many"):
        ink.read(tmp_path / f"large.{ending}")


@pytest.mark.parametrize("ending", ["jp2", "j2k"])
def test_a_large_jpeg_2000_is_decoded_reduced(ending, page, tmp_path, monkeypatch):
    monkeypatch.setitem(formats.LARGEST_OF, "JPEG2000", 3_000_000)
    path = tmp_path / f"large.{ending}"
    large = grey(255 - page).resize((3200, 3200 * page.shape[0] // page.shape[1]))
    large.save(path, num_resolutions=3)
    found = ink.read(path)
    assert max(found.ink.shape) <= ink.WORKING_SIDE and distance(ink.to_mnist(found.ink), ink.to_mnist(page)) < 700
    large.save(path, num_resolutions=1)  # which has no smaller picture in it
    with pytest.raises(ValueError, match="too many"):
        ink.read(path)


def test_what_is_no_picture_is_named(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").touch()
    for path in (tmp_path, tmp_path / "missing.png", tmp_path / "text.png", tmp_path / "empty.png"):
        with pytest.raises(ValueError, match=f"^{path}: .*(directory|not a picture|the file is empty)"):
            ink.read(path)


@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "bmp", "webp", "tif"])
def test_broken_files_give_a_value_error_or_a_page(ending, page, tmp_path):
    grey(255 - page).save(tmp_path / f"whole.{ending}")
    whole = (tmp_path / f"whole.{ending}").read_bytes()
    rng = np.random.default_rng(0)
    path = tmp_path / f"broken.{ending}"
    refused = 0
    for trial in range(60):
        if trial < 30:
            broken = whole[: len(whole) * trial // 30]
        else:
            broken = bytearray(whole)
            for place in rng.integers(0, min(len(whole), 200), 4):
                broken[place] = rng.integers(256)
        path.write_bytes(broken)
        try:
            assert ink.read(path).ink.dtype == np.uint8
        except ValueError as error:
            refused += 1
            assert str(error).startswith(f"{path}: ") and "\n" not in str(error)
    assert refused >= 20


def test_a_photo_of_forty_megapixels_is_cheap(tmp_path):
    picture = Image.new("RGB", (7300, 5500), "white")
    ImageDraw.Draw(picture).line([(2500, 1500), (5000, 1500), (3500, 4500)], "black", 400)
    for name in ("photo.png", "photo.jpg"):
        picture.save(tmp_path / name)
        script = (
            "import sys, time; from nn import ink; start = time.process_time(); "
            "page = ink.read(sys.argv[1]).ink; print(max(page.shape), time.process_time() - start); "
            "print(open('/proc/self/status').read() if sys.platform == 'linux' else '')"
        )
        run = [sys.executable, "-c", script, str(tmp_path / name)]
        side, seconds, *status = subprocess.check_output(run, text=True).split()
        assert int(side) <= ink.WORKING_SIDE
        assert float(seconds) < 3  # 0.3 to 1 on an idle machine
        if status:
            assert int(status[status.index("VmHWM:") + 1]) < 500_000  # kB, the most memory it ever had
