"""The page: the same answers as everywhere else, its limits, and a real browser that draws on it."""

import base64
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import venv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import play
from nn import hands
from window.data.page import Page
from window.data.strokes import from_json
from window.state.pad import Pad
from window.state.reading import Reading

pytest.importorskip("gradio")
from gradio.utils import get_upload_folder

from window.web import server, space

ROOT = Path(__file__).parents[1]
ONE = {"strokes": [{"width": 0.09, "erases": False, "points": [[0.5, 0.2, 0], [0.5, 0.8, 0.3]]}]}


@pytest.fixture(scope="module")
def reader():
    return server.Reader(play.WEIGHTS)


@pytest.fixture(scope="module")
def address(reader, tmp_path_factory):
    """Where the page is served, for as long as this file's tests run."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        page = server.build(reader)
        server.launch(page, reader, port=port)
        yield f"http://127.0.0.1:{port}"
        page.close(verbose=False)


def ask(address, name, data):
    """(status, answer) of a call as the page's own script makes it."""
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    request = urllib.request.Request(f"{address}/digits/{name}", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def drawing(digit, rng, width=0.09):
    strokes = [0.1 + 0.8 * np.asarray(stroke) for stroke in hands.write(digit, rng)]
    points = [[[float(x), float(y), 0.01 * i] for i, (x, y) in enumerate(stroke)] for stroke in strokes]
    return {"strokes": [{"width": width, "erases": False, "points": each} for each in points]}


def test_two_hundred_drawings_are_read_as_the_window_reads_them(reader):
    rng = np.random.default_rng(1)
    for n in range(200):
        drawn = drawing(n % 10, rng, rng.uniform(0.05, 0.15))
        pad, window = Pad(), Reading()
        pad.drawing.become(from_json(drawn["strokes"]))
        window.use(reader.network)
        window.read(pad)
        digits = reader.strokes(drawn)["digits"]
        assert [digit["digit"] for digit in digits] == [answer.digit for answer in window.answers]
        for digit, answer in zip(digits, window.answers, strict=True):
            np.testing.assert_allclose(digit["probabilities"], answer.probabilities, atol=1e-6)


def test_sixty_pictures_are_read_as_predict_reads_them(reader, digits, tmp_path):
    _, (images, _) = digits
    read = 0
    for n in range(60):
        image = 255 - images[n] if n % 2 else images[n]
        picture = Image.fromarray(np.kron(image, np.ones((5, 5), np.uint8)))
        path = tmp_path / ("picture.png" if n % 3 else "picture.jpg")
        picture.save(path)
        try:
            expected = play.read_digits(reader.network, str(path))
        except ValueError as error:
            with pytest.raises(ValueError, match=re.escape(str(error).removeprefix(f"{path}: "))):
                reader.picture(path.read_bytes())
            continue
        read += 1
        found = reader.picture(path.read_bytes())["digits"]
        assert [digit["digit"] for digit in found] == [reading["digit"] for reading in expected]
        for digit, reading in zip(found, expected, strict=True):
            np.testing.assert_allclose(digit["probabilities"], reading["probabilities"], atol=1e-6)
            assert digit["reading"] == reading["reading"]
    assert read > 55


@pytest.fixture
def in_doubt(monkeypatch):
    """Every reading of two digits or more is in doubt."""
    read = server.ink.read_page

    def doubting(network, page):
        found = read(network, page)
        return replace(found, doubt="it is so" if len(found.digits) > 1 else "")

    monkeypatch.setattr(server.ink, "read_page", doubting)


def test_the_doubt_of_a_reading_is_said_of_each_of_its_digits(reader, in_doubt):
    two = {"strokes": [{"width": 0.09, "erases": False, "points": [[x, 0.2, 0], [x, 0.8, 0.3]]} for x in (0.3, 0.7)]}
    page, file = Page(), io.BytesIO()
    page.follow(tuple(from_json(two["strokes"])))
    Image.fromarray(255 - page.ink).save(file, "PNG")
    for answer in (reader.strokes(two), reader.picture(file.getvalue())):
        assert [(digit["doubt"], digit["reading"]) for digit in answer["digits"]] == [("it is so", "unsure")] * 2
    assert "doubt" not in reader.strokes(ONE)["digits"][0]


def test_what_if_is_what_the_network_says_of_that_pixel_inked(reader, digits):
    image = digits[1][0][0]
    found = server.what_if(reader.network, image, 7)
    inked = image.copy()
    inked[20, 5] = 255
    change = reader.network.predict(inked[None])[0, 7] - reader.network.predict(image[None])[0, 7]
    assert found[20, 5] == pytest.approx(change, abs=1e-6)
    assert abs(change) > 1e-5


def test_an_answer_over_http_is_the_readers(address, reader):
    status, answer = ask(address, "read", ONE)
    assert status == 200
    assert answer == reader.strokes(ONE)
    assert answer["number"] == "1"


def test_an_empty_pad_has_no_answer(address):
    assert ask(address, "read", {"strokes": []}) == (200, {"number": "", "digits": []})


def test_a_picture_comes_with_what_the_page_shows_of_it(address, digits):
    stream = io.BytesIO()
    Image.fromarray(digits[1][0][0]).save(stream, "PNG")
    data = "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
    _, answer = ask(address, "explain", {"picture": data})
    assert answer["number"] == "7"
    shown = answer["digits"][0]["pictures"]
    assert list(shown["maps"]) == ["conv 1", "conv 2", "conv 3"]
    assert shown["channels"] == [32, 64, 64]
    pixels = Image.open(io.BytesIO(base64.b64decode(shown["steps"]["input"].partition(",")[2])))
    np.testing.assert_array_equal(np.asarray(pixels), digits[1][0][0])


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("read", {"strokes": "no"}, "expected"),
        ("read", {"strokes": [1]}, "strokes"),
        ("read", {"strokes": [{"width": 9, "erases": False, "points": [[0, 0, 0]]}]}, "out of range"),
        ("read", {"strokes": ONE["strokes"] * 2001}, "more than 2,000"),
        ("read", {"strokes": [ONE["strokes"][0] | {"points": [[0.5, 0.5, 0]] * 20_001}]}, "20,000"),
        ("read", {"strokes": [ONE["strokes"][0] | {"points": [[0, 0, 0], [1, 1, 0]] * 200}]}, "draw less"),
        ("explain", {"picture": "data:image/png;base64,%%%"}, "base64"),
        ("explain", {"picture": "data:image/png;base64," + base64.b64encode(b"%!PS-Adobe-3.0 EPSF-3.0").decode()}, ""),
    ],
)
def test_what_a_visitor_can_get_wrong_is_one_sentence(address, name, data, said):
    status, answer = ask(address, name, data)
    assert status == 200
    assert list(answer) == ["error"]
    assert said in answer["error"]
    assert "\n" not in answer["error"] and "Traceback" not in answer["error"] and "/" not in answer["error"]


def test_a_request_that_is_too_large_is_refused_before_it_is_read(address):
    status, said = ask(address, "read", b" " * (server.LARGEST + 1))
    assert (status, said) == (413, "This is too large.")


@pytest.mark.parametrize("path", ["/etc/passwd", "weights/digits.npz", "play.py", "../play.py", "%2e%2e/play.py"])
@pytest.mark.parametrize("route", ["gradio_api/file=", "file=", "gradio_api/file/", "static/", "assets/"])
def test_no_file_of_the_server_can_be_read(address, route, path):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{address}/{route}{path}", timeout=10)
    assert refused.value.code in (403, 404)


def test_the_programs_api_takes_a_picture_and_keeps_no_copy(address, digits, tmp_path):
    client = pytest.importorskip("gradio_client")
    path = tmp_path / "seven.png"
    Image.fromarray(digits[1][0][0]).save(path)
    connected = client.Client(address, verbose=False)
    assert connected.predict(client.handle_file(path), api_name="/predict")["number"] == "7"
    assert connected.predict(ONE, api_name="/predict_strokes")["number"] == "1"
    assert not [kept for kept in Path(get_upload_folder()).rglob("*") if kept.is_file() and kept.stat().st_size]


def test_a_folder_that_is_not_empty_is_no_space(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="not an empty folder"):
        space.write(tmp_path, play.WEIGHTS)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_space_has_what_it_needs_and_nothing_of_pygame(tmp_path):
    space.write(tmp_path / "space", play.WEIGHTS)
    code = "import sys; sys.modules['pygame'] = None; from window.web.server import Reader; " \
           f"print(Reader('weights/digits.npz').strokes({ONE})['number'])"  # fmt: skip
    done = subprocess.run([sys.executable, "-I", "-c", f"import sys; sys.path[0:0] = ['.']; {code}"],
                          cwd=tmp_path / "space", capture_output=True, text=True, timeout=120)  # fmt: skip
    assert done.stdout.strip() == "1", done.stderr
    assert "pygame" not in (tmp_path / "space" / "requirements.txt").read_text()


# --- a real browser -------------------------------------------------------------------------------------------

SIZES = {"desktop": {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB"},
         "phone": {"viewport": {"width": 390, "height": 844}, "locale": "fr-FR", "has_touch": True, "is_mobile": True,
                   "color_scheme": "dark"},
         "narrow": {"viewport": {"width": 360, "height": 640}, "locale": "de-DE"}}  # fmt: skip
SEVEN = [(0.3, 0.25), (0.5, 0.25), (0.7, 0.25), (0.6, 0.45), (0.52, 0.65), (0.47, 0.85)]


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu",
                                                                          "--disable-background-networking"])
        yield opened
        opened.close()


@pytest.fixture
def opened(browser, address, request):
    """The page in a context of SIZES; what its script complains of fails the test."""
    context = browser.new_context(**SIZES[request.param])
    page, complaints = context.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    page.wait_for_selector(".digits .examples button")
    yield page
    context.close()
    assert not complaints


def drag(page, points):
    box = page.locator(".digits canvas").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=3)
    page.mouse.up()


def swipe(page, points):
    """The same with a finger, by the browser's own touch events."""
    touch, box = page.context.new_cdp_session(page), page.locator(".digits canvas").bounding_box()
    places = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in points]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": places[:1]})
    for place in places[1:]:
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def reads(page, number):
    page.wait_for_function(f"document.querySelector('.digits .number').textContent === {number!r}", timeout=10_000)


@pytest.mark.parametrize("opened", ["desktop"], indirect=True)
def test_drawing_with_the_mouse(opened, digits, tmp_path):
    drag(opened, SEVEN)
    reads(opened, "7")
    assert opened.locator(".digits .bars .first").inner_text() == "7"
    opened.wait_for_selector(".digits .maps img")
    opened.locator("[data-do=undo]").click()
    reads(opened, "?")
    assert opened.locator(".digits .words").inner_text() == "Draw a digit."
    opened.keyboard.press("Control+y")
    reads(opened, "7")
    opened.keyboard.press("Control+z")
    reads(opened, "?")
    opened.locator("[data-do=live]").click()
    drag(opened, SEVEN)
    assert opened.locator(".digits .words").inner_text() == "Predict reads it."
    opened.locator(".digits canvas").focus()
    opened.keyboard.press("Enter")
    reads(opened, "7")
    opened.locator("[data-do=clear]").click()
    reads(opened, "?")
    path = tmp_path / "two.png"
    Image.fromarray(np.kron(255 - digits[1][0][1], np.ones((8, 8), np.uint8))).save(path)
    opened.locator(".digits input[type=file]").set_input_files(path)
    reads(opened, "2")


@pytest.mark.parametrize("opened", ["desktop"], indirect=True)
def test_a_doubt_is_said_on_the_page(opened, in_doubt):
    said = opened.locator(".digits .words")
    drag(opened, [(0.25, 0.2), (0.25, 0.5), (0.25, 0.8)])
    reads(opened, "1")
    assert not said.inner_text().startswith("Unsure")
    drag(opened, [(0.75, 0.2), (0.75, 0.5), (0.75, 0.8)])
    reads(opened, "11")
    assert said.inner_text() == "Unsure: its ink may be parted or read in another way."
    assert "doubt" in said.get_attribute("class").split()


@pytest.mark.parametrize("opened", ["phone"], indirect=True)
def test_drawing_with_a_finger_scrolls_nothing_and_answers_in_french(opened):
    swipe(opened, SEVEN)
    reads(opened, "7")
    assert opened.evaluate("scrollY") == 0
    assert opened.locator(".digits .words").inner_text() in ("Sûr.", "Presque sûr.")
    opened.locator("[data-do=clear]").click()
    reads(opened, "?")
    opened.locator(".digits .examples button").nth(3).click()
    reads(opened, "3")


@pytest.mark.parametrize("opened", ["narrow"], indirect=True)
def test_nothing_is_cut_at_360_pixels(opened):
    assert opened.evaluate("document.documentElement.scrollWidth") <= 360
    for button in opened.locator(".digits .row button").all():
        assert button.evaluate("b => b.scrollWidth <= b.clientWidth + 1"), button.inner_text()


@pytest.mark.skipif("CI" not in os.environ, reason="it installs all that a Space needs, which takes a minute")
def test_a_space_starts_in_a_fresh_environment_and_answers(tmp_path):
    folder, python = tmp_path / "space", tmp_path / "venv" / "bin" / "python"
    space.write(folder, play.WEIGHTS)
    venv.create(tmp_path / "venv", with_pip=True)
    install = [python, "-m", "pip", "install", "-q", "-r", "requirements.txt"]
    if subprocess.run(install, cwd=folder, timeout=600).returncode:
        pytest.skip("its requirements can't be installed here")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    app = subprocess.Popen([python, "app.py"], cwd=folder, env=environment | {"GRADIO_SERVER_PORT": str(port)},
                           stdout=subprocess.PIPE, text=True)  # fmt: skip
    try:
        assert f":{port}/" in app.stdout.readline()
        assert ask(f"http://127.0.0.1:{port}", "read", ONE)[1]["number"] == "1"
    finally:
        app.terminate()
        assert app.wait(20) == 143
