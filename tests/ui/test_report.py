"""Charts as Qt draws them, and Tools > Save Report."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from autoanno_gui.core.figures.charts.drawing import DARK, LIGHT, Palette
from autoanno_gui.ui.report_commands import PAGE, TABLE
from tests.projects import MadeProject
from tests.ui.conftest import Open
from tests.ui.driver import SHIFT, Driver, Key
from tests.unit.core.test_charts import SVG, charts, number, overlap


# ------------------------------------------------------------------------------------------------ charts
def drawn(svg: str, ground: str) -> QImage:
    renderer = QSvgRenderer(QByteArray(svg.encode()))
    assert renderer.isValid()
    image = QImage(renderer.defaultSize(), QImage.Format.Format_RGB32)
    image.fill(QColor(ground))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter)
    painter.end()
    return image


def colours(image: QImage) -> set[str]:
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_qt_draws_every_chart_in_the_colours_of_its_palette(qtbot: QtBot, palette: Palette) -> None:
    for name, svg in charts(palette, 320):
        image = drawn(svg, palette.paper)
        assert (image.width(), image.height()) == (320, round(number(ET.fromstring(svg), "height"))), name
        assert {palette.paper, palette.accent} <= colours(image) or name == "seconds", name


@pytest.mark.parametrize("width", [320, 720])
def test_texts_do_not_overlap_in_the_font_that_qt_takes(qtbot: QtBot, width: int) -> None:
    for name, svg in charts(LIGHT, width):
        boxes = []
        for element in ET.fromstring(svg).iter(f"{SVG}text"):
            font = QFont("sans-serif")
            font.setPixelSize(round(number(element, "font-size")))
            font.setBold(element.get("font-weight") == "bold")
            long = QFontMetricsF(font).horizontalAdvance(element.text or "")
            x, y, size = number(element, "x"), number(element, "y"), number(element, "font-size")
            left = x - {"start": 0, "middle": long / 2, "end": long}[element.attrib["text-anchor"]]
            assert -1 <= left <= left + long <= width + 1, (name, element.text)
            boxes.append((element.text, (left, y - size * 0.75, left + long, y + size * 0.2)))
        for (one, a), (other, b) in combinations(boxes, 2):
            assert not overlap(a, b), (name, one, other)


def test_a_bar_is_painted_where_it_says(qtbot: QtBot) -> None:
    svg = dict(charts(LIGHT, 320))["by_class"]
    image = drawn(svg, LIGHT.paper)
    bar = next(element for element in ET.fromstring(svg).iter(f"{SVG}rect") if element.get("class") == "bar")
    place = QRectF(number(bar, "x"), number(bar, "y"), number(bar, "width"), number(bar, "height"))
    inside = image.pixelColor(round(place.left()) + 3, round(place.top()) + 3)
    beyond = image.pixelColor(round(place.right()) + 3, round(place.top()) + 3)
    assert (inside.name(), beyond.name()) == (LIGHT.accent, LIGHT.paper)


# ------------------------------------------------------------------------------------------------ Save Report
class Answer:
    """Stands for the file dialog, which nobody can answer here."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.file, self.kind, self.asked = "", PAGE, []
        monkeypatch.setattr(QFileDialog, "getSaveFileName", self._ask)

    def _ask(self, _parent: object, title: str, start: str, _kinds: str) -> tuple[str, str]:
        self.asked.append((title, Path(start).name))
        return self.file, self.kind


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Answer:
    return Answer(monkeypatch)


def save(driver: Driver) -> None:
    driver.window.actions_["tools.save_report"].trigger()


def said(driver: Driver, text: str) -> bool:
    return text in driver.window.findChild(QLabel, "saidLabel").toolTip()


def test_a_page_is_written_beside_the_work(driver: Driver, answer: Answer, tmp_path: Path) -> None:
    driver.decide(Key.Key_Space)
    driver.decide(Key.Key_X, SHIFT)
    answer.file = str(tmp_path / "report.html")
    save(driver)
    driver.wait(lambda: said(driver, f"The report is in {answer.file}."))
    assert answer.asked == [("Save Report", "frames report.html")]
    page = Path(answer.file).read_text("utf-8")
    assert "2 of 3 frames decided" in page
    assert "<bdi>frames</bdi>" in page


def test_a_table_is_written_where_the_name_or_the_kind_says_so(driver: Driver, answer: Answer, tmp_path: Path) -> None:
    driver.decide(Key.Key_Space)
    for name, kind in (("one.csv", PAGE), ("two", TABLE)):
        answer.file, answer.kind = str(tmp_path / name), kind
        save(driver)
        file = (tmp_path / name).with_suffix(".csv")
        driver.wait(lambda file=file: said(driver, f"The report is in {file}."))
        with file.open(encoding="utf-8-sig", newline="") as stream:
            found = {line["figure"]: line["value"] for line in csv.DictReader(stream) if line["table"] == "overall"}
        assert found["frames_decided"] == "1"


def test_nothing_is_written_without_an_answer_or_over_what_is_no_report(
    driver: Driver, answer: Answer, made: MadeProject, tmp_path: Path
) -> None:
    save(driver)
    assert list(tmp_path.glob("*report*")) == []
    before = made.file.read_bytes()
    answer.file = str(made.file)
    save(driver)
    driver.wait(lambda: "the name of this report must end in" in driver.window.notice.text)
    assert made.file.read_bytes() == before
    (tmp_path / "kept.html").write_text("mine")
    answer.file = str(tmp_path / "kept")
    save(driver)
    assert "exists already" in driver.window.notice.text
    assert (tmp_path / "kept.html").read_text() == "mine"


def test_there_is_no_report_without_a_project(open_window: Open) -> None:
    driver = open_window(arguments=[])
    action = driver.window.actions_["tools.save_report"]
    assert not action.isEnabled()
    assert action.shortcutContext() is Qt.ShortcutContext.WindowShortcut
