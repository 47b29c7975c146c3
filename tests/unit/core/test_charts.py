"""Charts: marks lie where the data say, texts never overlap, and nothing breaks out of the markup."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import pytest

from autoanno_gui.core.figures.charts.bars import bars_height, rate_bars
from autoanno_gui.core.figures.charts.drawing import DARK, LIGHT, NOT_ENOUGH, PAGE, Palette, Size, elide, text_width
from autoanno_gui.core.figures.charts.parts import PARTS_HEIGHT, rate_parts, shares
from autoanno_gui.core.figures.charts.reliability import reliability
from autoanno_gui.core.figures.charts.seconds import seconds_bars
from autoanno_gui.core.figures.charts.timeline import cusum, rate_over_time
from autoanno_gui.core.figures.figure_words import percent
from tests.report_sample import LONG, SCRIPT, sample

SVG = "{http://www.w3.org/2000/svg}"
Box = tuple[float, float, float, float]


def charts(palette: Palette, width: float) -> Iterator[tuple[str, str]]:
    """Yield every kind of chart of the sample, with its name."""
    document = sample()
    yield "reliability", reliability(document["calibration"], palette, (width, 300))
    for key, label in (("by_class", "class"), ("by_reason", "reason"), ("by_confidence", "confidence")):
        rows = document[key]
        yield key, rate_bars(rows, palette, (width, bars_height(rows)), label=label, overall=document["edit_rate"])
    yield "cut bars", rate_bars(document["by_class"], palette, (width, 130), label="class", overall=0.01)
    yield "parts", rate_parts(document, palette, (width, PARTS_HEIGHT))
    yield "sessions", rate_over_time(document["by_session"], palette, (width, 200), overall=document["edit_rate"])
    yield "rolling", rate_over_time(document["edit_rate_by_frames"], palette, (width, 200), tick="frames")
    for place, chart in enumerate(document["drift"]["charts"]):
        yield f"cusum {place}", cusum(chart, palette, (width, 160), frames=240)
    yield "seconds", seconds_bars(document["seconds_bins"], palette, (width, 180), median=4.2, p90=11.3)


def elements(svg: str, tag: str) -> list[ET.Element]:
    return list(ET.fromstring(svg).iter(f"{SVG}{tag}"))


def number(element: ET.Element, name: str) -> float:
    return float(element.attrib[name])


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in elements(svg, "text")]


def bars(svg: str, name: str = "bar") -> list[ET.Element]:
    return [element for element in elements(svg, "rect") if element.get("class") == name]


def points(element: ET.Element) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in element.attrib["points"].split())]


def dashed(svg: str) -> list[ET.Element]:
    return [element for element in elements(svg, "line") if "stroke-dasharray" in element.attrib]


# ------------------------------------------------------------------------------------------------ all of them
@pytest.mark.parametrize("width", [240, 320, 720])
def test_texts_stay_inside_and_never_overlap(width: int) -> None:
    for name, svg in charts(LIGHT, width):
        height = number(ET.fromstring(svg), "height")
        boxes = [(element.text, text_box(element)) for element in elements(svg, "text")]
        for text, (left, top, right, bottom) in boxes:
            assert left >= -0.5, (name, text)
            assert right <= width + 0.5, (name, text)
            assert top >= -1, (name, text)
            assert bottom <= height + 1, (name, text)
        for (one, a), (other, b) in combinations(boxes, 2):
            assert not overlap(a, b), (name, one, other)


def text_box(element: ET.Element) -> Box:
    size = number(element, "font-size")
    # Rather wide for capitals and signs, rather narrow for nobody: fonts differ.
    width = text_width(element.text or "", size) * 0.92
    x, y = number(element, "x"), number(element, "y")
    left = {"start": x, "middle": x - width / 2, "end": x - width}[element.attrib["text-anchor"]]
    return left, y - size * 0.75, left + width, y + size * 0.2


def overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def test_only_shapes_and_texts_that_every_renderer_knows() -> None:
    known = {"svg", "title", "line", "polyline", "polygon", "rect", "circle", "text"}
    for name, svg in charts(PAGE, 320):
        assert {element.tag.removeprefix(SVG) for element in ET.fromstring(svg).iter()} <= known, name
        assert "style=" not in svg
        assert "url(" not in svg


def test_colours_come_from_the_palette_alone() -> None:
    for palette in (LIGHT, DARK, PAGE):
        allowed = {*(getattr(palette, name) for name in palette.__slots__), "none", None}
        for name, svg in charts(palette, 320):
            for element in ET.fromstring(svg).iter():
                assert {element.get("fill"), element.get("stroke")} <= allowed, name


def test_a_picture_says_in_words_what_it_shows() -> None:
    for name, svg in charts(LIGHT, 320):
        root = ET.fromstring(svg)
        (title,) = elements(svg, "title")
        assert root.get("role") == "img"
        assert root.get("aria-label") == title.text, name
        assert len(title.text or "") > 20


Empty = Callable[[Size], str]


@pytest.mark.parametrize(
    "draw",
    [
        lambda size: reliability({"bins": [], "frames": 0, "gap": None}, LIGHT, size),
        lambda size: reliability({}, LIGHT, size),
        lambda size: rate_bars([], LIGHT, size, label="class"),
        lambda size: rate_bars([{"class": "cat", "edit_rate": None}], LIGHT, size, label="class"),
        lambda size: rate_parts({"edit_rate": None, "edit_rate_parts": {"class_changed": None}}, LIGHT, size),
        lambda size: rate_parts({}, LIGHT, size),
        lambda size: rate_over_time([{"started": "2026-08-01", "edit_rate": 0.5}], LIGHT, size),
        lambda size: cusum({"class": None, "limit": 1.0, "points": [0.0], "alarm_at": None}, LIGHT, size),
        lambda size: seconds_bars([], LIGHT, size),
        lambda size: seconds_bars([{"from": 0.0, "to": 1.0, "frames": 0}], LIGHT, size),
    ],
)
def test_too_little_to_draw_is_said(draw: Empty) -> None:
    assert texts(draw((320, 100))) == [NOT_ENOUGH]


def test_names_cannot_break_out() -> None:
    name = 'a"><script>&\x00\ud800]]>\n</text>'
    svg = rate_bars([{"class": name, "edit_rate": 0.5, "candidates_shown": 50}], LIGHT, (1600, 80), label="class")
    assert elements(svg, "script") == []
    shown = next(text for text in texts(svg) if text.startswith("a"))
    assert shown == 'a"><script>&\ufffd\ufffd]]> </text>'
    chart = {"class": SCRIPT, "limit": 1.0, "points": [0.0, 0.1], "alarm_at": None}
    assert SCRIPT in texts(cusum(chart, LIGHT, (720, 100)))


# ------------------------------------------------------------------------------------------------ texts
def test_long_texts_are_shortened_to_their_room() -> None:
    assert elide("cat", 100, 12) == "cat"
    short = elide(LONG, 100, 12)
    assert short.endswith("…")
    assert LONG.startswith(short[:-1])
    assert text_width(short, 12) <= 100
    assert elide("信号機信号機信号機", 50, 12) == "信号機…"
    assert elide("anything", 1, 12) == "…"


# ------------------------------------------------------------------------------------------------ reliability
def bin_of(confidence: float, rate: float, predictions: int, interval: tuple[float, float]) -> dict[str, Any]:
    low = round(confidence - 0.05, 2)
    return {
        "from": low,
        "to": round(low + 0.1, 2),
        "predictions": predictions,
        "right": round(rate * predictions),
        "rate": rate,
        "rate_interval": list(interval),
        "confidence": confidence,
    }


def test_reliability_marks_lie_between_the_ends_of_the_diagonal() -> None:
    bins = [bin_of(0.5, 0.25, 100, (0.0, 0.5)), bin_of(0.9, 1.0, 9, (0.75, 1.0))]
    svg = reliability({"bins": bins, "frames": 20, "gap": 0.2}, LIGHT, (320, 300))
    (diagonal,) = dashed(svg)
    left, bottom = number(diagonal, "x1"), number(diagonal, "y1")
    right, top = number(diagonal, "x2"), number(diagonal, "y2")
    assert left < right
    assert top < bottom
    first, second = elements(svg, "circle")
    assert number(first, "cx") == pytest.approx((left + right) / 2, abs=0.01)
    assert number(first, "cy") == pytest.approx(bottom - (bottom - top) / 4, abs=0.01)
    assert number(second, "cx") == pytest.approx(left + 0.9 * (right - left), abs=0.01)
    assert number(second, "cy") == pytest.approx(top, abs=0.01)
    # Hollow: fewer than 10 predictions.
    assert (first.get("fill"), second.get("fill")) == (LIGHT.accent, LIGHT.paper)
    upright = [line for line in elements(svg, "line") if line.get("x1") == first.get("cx") == line.get("x2")]
    whisker = next(line for line in upright if line.get("stroke") == LIGHT.ink)
    assert number(whisker, "y1") == pytest.approx(bottom, abs=0.01)
    assert number(whisker, "y2") == pytest.approx((top + bottom) / 2, abs=0.01)
    many, few = bars(svg, "count")
    assert number(few, "height") == pytest.approx(number(many, "height") * 0.09, abs=0.01)
    assert "On average 20% off the diagonal" in texts(svg)
    assert "100" in texts(svg)  # predictions of the fullest bin


# ------------------------------------------------------------------------------------------------ bars
def row(name: str, rate: float, interval: tuple[float, float], shown: int) -> dict[str, Any]:
    return {"class": name, "edit_rate": rate, "edit_rate_interval": list(interval), "candidates_shown": shown}


def test_bars_are_as_long_as_their_rates() -> None:
    rows = [row("cat", 0.4, (0.3, 0.5), 1200), row("dog", 0.1, (0.05, 0.2), 40), row("owl", 0.0, (0.0, 0.2), 6)]
    svg = rate_bars(rows, LIGHT, (400, bars_height(rows)), label="class", overall=0.3)
    cat, dog, owl = bars(svg)
    assert number(cat, "width") == pytest.approx(4 * number(dog, "width"), abs=0.05)
    assert number(owl, "width") == 0
    # The axis ends at the highest end of an interval, 50%, so that a bar of 0.4 takes four fifths of it.
    left = number(cat, "x")
    (line,) = dashed(svg)
    assert number(line, "x1") - left == pytest.approx(number(cat, "width") * 0.75, abs=0.05)
    assert number(line, "x1") == number(line, "x2")
    assert [text for text in texts(svg) if text in {"1,200", "40", "6"}] == ["1,200", "40", "6"]
    assert {"40%", "10%", "0%", "50%", "all 30%"} <= set(texts(svg))
    levels = [
        line for line in elements(svg, "line") if line.get("stroke") == LIGHT.ink and line.get("y1") == line.get("y2")
    ]
    assert number(levels[0], "x1") - left == pytest.approx(number(cat, "width") * 0.75, abs=0.05)
    assert number(levels[0], "x2") - left == pytest.approx(number(cat, "width") * 1.25, abs=0.05)


def test_a_bar_that_rests_on_little_is_hatched_and_says_so() -> None:
    few = [row("cat", 0.4, (0.3, 0.5), 19)]
    many = [row("cat", 0.4, (0.3, 0.5), 20)]
    hatched, solid = (rate_bars(rows, LIGHT, (400, 80), label="class") for rows in (few, many))
    assert [bar.get("fill") for bar in bars(hatched)] == [LIGHT.paper]
    assert [bar.get("fill") for bar in bars(solid)] == [LIGHT.accent]
    slanted = [line for line in elements(hatched, "line") if line.get("x1") != line.get("x2")]
    slanted = [line for line in slanted if line.get("y1") != line.get("y2")]
    (bar,) = bars(hatched)
    assert slanted
    for line in slanted:
        for x, y in ((number(line, "x1"), number(line, "y1")), (number(line, "x2"), number(line, "y2"))):
            assert number(bar, "x") - 0.01 <= x <= number(bar, "x") + number(bar, "width") + 0.01
            assert number(bar, "y") - 0.01 <= y <= number(bar, "y") + number(bar, "height") + 0.01
    assert "hatched: < 20" in texts(hatched)
    assert "hatched: < 20" not in texts(solid)


def test_rows_without_room_are_counted() -> None:
    rows = [row(f"class {n}", 0.1, (0.0, 0.2), 50) for n in range(10)]
    svg = rate_bars(rows, LIGHT, (400, bars_height(rows[:4])), label="class")
    assert len(bars(svg)) == 3
    assert "and 7 more, see the table" in texts(svg)
    assert len(bars(rate_bars(rows, LIGHT, (400, bars_height(rows)), label="class"))) == 10


def test_names_of_bins_and_of_nothing() -> None:
    row = {"from": 0.25, "to": 0.35, "edit_rate": 0.2, "candidates_shown": 30}
    assert "0.25–0.35" in texts(rate_bars([row], LIGHT, (400, 80), label="confidence"))
    assert "(no name)" in texts(rate_bars([row | {"model": ""}], LIGHT, (400, 80), label="model"))


# ------------------------------------------------------------------------------------------------ parts
def test_the_parts_of_the_edit_rate_add_up() -> None:
    # Of 100 candidates 5 were deleted and 15 edited: 9 in class, 10 in outline, so 4 in both.
    parts = {"class_changed": 0.09, "geometry_changed": 0.10, "deleted": 0.05}
    found = shares({"edit_rate": 0.20, "edit_rate_parts": parts})
    assert found == pytest.approx(
        {"deleted": 0.05, "wrong class": 0.05, "outline moved": 0.06, "class and outline": 0.04}
    )
    svg = rate_parts({"edit_rate": 0.20, "edit_rate_parts": parts}, LIGHT, (402, PARTS_HEIGHT))
    pieces = bars(svg, "piece")[:4]
    assert [number(piece, "width") for piece in pieces] == pytest.approx([100, 100, 120, 80], abs=0.05)
    assert [number(piece, "x") for piece in pieces] == pytest.approx([1, 101, 201, 321], abs=0.05)
    assert [text for text in texts(svg) if text.endswith("%")] == ["5.0%", "5.0%", "6.0%", "4.0%"]


def test_nothing_corrected_is_said() -> None:
    parts = {"class_changed": 0.0, "geometry_changed": 0.0, "deleted": 0.0}
    assert "No candidate was corrected" in texts(
        rate_parts({"edit_rate": 0.0, "edit_rate_parts": parts}, LIGHT, (320, 128))
    )


# ------------------------------------------------------------------------------------------------ over time
def test_the_line_goes_through_its_rates_inside_its_band() -> None:
    rows = [
        {"started": "2026-08-01T08:00:00+00:00", "edit_rate": 0.1, "edit_rate_interval": [0.0, 0.2]},
        {"started": "2026-08-02T08:00:00+00:00", "edit_rate": None, "edit_rate_interval": None},
        {"started": "2026-08-03T08:00:00+00:00", "edit_rate": 0.2, "edit_rate_interval": [0.1, 0.4]},
        {"started": "2026-08-04T08:00:00+00:00", "edit_rate": 0.0, "edit_rate_interval": [0.0, 0.1]},
    ]
    svg = rate_over_time(rows, LIGHT, (720, 200), overall=0.2)
    (line,), (band,) = elements(svg, "polyline"), elements(svg, "polygon")
    (x0, y0), (x1, y1), (x2, y2) = points(line)
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.02)
    zero = y2
    assert zero - y0 == pytest.approx((zero - y1) / 2, abs=0.02)
    upper, lower = points(band)[:3], points(band)[3:][::-1]
    assert [zero - y for _, y in upper] == pytest.approx([zero - y1, 2 * (zero - y1), (zero - y1) / 2], abs=0.02)
    assert [zero - y for _, y in lower] == pytest.approx([0, (zero - y1) / 2, 0], abs=0.02)
    (overall,) = dashed(svg)
    assert number(overall, "y1") == pytest.approx(y1, abs=0.01)
    assert {"2026-08-01", "2026-08-03", "2026-08-04", "last 0%, all 20% (dashed)"} <= set(texts(svg))
    assert len(elements(svg, "circle")) == 3


def test_the_alarm_is_a_triangle_where_the_sum_passed_its_limit() -> None:
    chart = {"class": "cat", "limit": 1.0, "points": [0.0, 0.5, 1.0, 2.0], "alarm_at": 2}
    svg = cusum(chart, LIGHT, (400, 160), frames=44)
    (line,) = elements(svg, "polyline")
    at = points(line)
    zero, limit = at[0][1], number(next(one for one in dashed(svg) if one.get("y1") == one.get("y2")), "y1")
    assert at[2][1] == pytest.approx(limit, abs=0.01)
    assert zero - at[3][1] == pytest.approx(2 * (zero - limit), abs=0.02)
    triangle = elements(svg, "polygon")[1]
    assert points(triangle)[0][0] == pytest.approx(at[2][0], abs=0.01)
    assert triangle.get("fill") == LIGHT.warn
    # Four points end at frame 44, so they begin at 41.
    assert {"cat", "limit", "alarm at watched frame 43", "41", "44"} <= set(texts(svg))
    quiet = cusum(chart | {"class": None, "points": [0.0, 0.5, 0.4], "alarm_at": None}, LIGHT, (400, 160))
    assert {"all classes", "below its limit", "1", "3"} <= set(texts(quiet))
    assert len(elements(quiet, "polygon")) == 1


def test_points_that_were_thinned_out_keep_their_frames() -> None:
    chart = {"class": None, "limit": 1.0, "points": [0.0] * 499 + [1.0], "alarm_at": 499}
    assert "alarm at watched frame 1,039" in texts(cusum(chart, LIGHT, (720, 160), frames=1040))


# ------------------------------------------------------------------------------------------------ seconds
def test_the_histogram_and_its_median() -> None:
    bins = [
        {"from": 0.0, "to": 2.0, "frames": 5},
        {"from": 2.0, "to": 6.0, "frames": 10},
        {"from": 6.0, "to": None, "frames": 1},
    ]
    svg = seconds_bars(bins, LIGHT, (400, 180), median=3.0, p90=6.5)
    first, second, third = bars(svg)
    assert number(second, "height") == pytest.approx(2 * number(first, "height"), abs=0.02)
    assert number(third, "height") == pytest.approx(number(first, "height") / 5, abs=0.02)
    lines = [line for line in elements(svg, "line") if line.get("stroke") == LIGHT.ink]
    median, p90 = (number(line, "x1") for line in lines)
    # 3 s is a quarter of the way through the second bin; bars leave a pixel on each side.
    assert median == pytest.approx(number(second, "x") - 1 + (number(second, "width") + 2) / 4, abs=0.02)
    assert p90 == pytest.approx(number(third, "x") - 1 + (number(third, "width") + 2) / 2, abs=0.02)
    assert "median 3.0 s (line), 9 of 10 within 6.5 s (dashed)" in texts(svg)
    assert {"0", "2", "6", "more", "10"} <= set(texts(svg))


def test_a_part_that_is_nothing_has_no_sign() -> None:
    # 14 of 205 deleted, 11 with another class: floats make "outline moved" a hair less than nothing.
    shown, deleted, renamed = 205, 14, 11
    parts = {"class_changed": renamed / shown, "geometry_changed": 0.0, "deleted": deleted / shown}
    figures = {"edit_rate": (deleted + renamed) / shown, "edit_rate_parts": parts}
    assert figures["edit_rate"] - deleted / shown - renamed / shown < 0.0
    assert "-0%" not in texts(rate_parts(figures, LIGHT, (320, PARTS_HEIGHT)))
    assert percent(shares(figures)["outline moved"]) == "0%"


def test_a_part_that_is_nothing_is_no_trace_of_one() -> None:
    # 10 of 875 with class and outline, 107 with the outline alone, 33 deleted; floats leave a trace of "wrong class".
    for both, moved, deleted, shown in ((10, 107, 33, 875), (1, 2, 7, 10), (3, 11, 5, 49), (7, 90, 13, 367)):
        parts = {
            "class_changed": both / shown,
            "geometry_changed": (both + moved) / shown,
            "deleted": deleted / shown,
        }
        found = shares({"edit_rate": (both + moved + deleted) / shown, "edit_rate_parts": parts})
        assert found["wrong class"] == 0.0
        assert found["outline moved"] == pytest.approx(moved / shown)
