"""Rows of boxes: what goes out comes back, and never leaves the picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autoanno_gui.core.box import Box, yolo_to_box
from autoanno_gui.datasets.closed_path import DECIMALS
from autoanno_gui.datasets.layout import ObjectFault
from autoanno_gui.datasets.yolo_rows import detect_row, parse_detect_row


def box_row(box: Box, *, width: int, height: int) -> str | ObjectFault:
    """Return the row of class 1."""
    row = detect_row(box, width=width, height=height)
    return row if isinstance(row, ObjectFault) else f"1 {row.values}"


def test_a_row_is_class_centre_and_size() -> None:
    assert box_row(Box(10, 20, 30, 60), width=100, height=80) == "1 0.2000000 0.5000000 0.2000000 0.5000000"


@st.composite
def _boxes(draw: st.DrawFn) -> tuple[Box, int, int]:
    width, height = draw(st.integers(10, 40_000)), draw(st.integers(10, 40_000))

    def side(length: int) -> tuple[float, float]:
        low, high = sorted(draw(st.tuples(*[st.floats(-0.5 * length, 1.5 * length)] * 2)))
        return low, high

    (x1, x2), (y1, y2) = side(width), side(height)
    return Box(x1, y1, x2, y2), width, height


@settings(max_examples=500, deadline=None)
@given(_boxes())
@example((Box(0, 0, 1e-9, 10), 10, 10))
@example((Box(10 - 1e-9, 0, 10, 10), 10, 10))
@example((Box(0, 0, 12000, 9000), 12000, 9000))
@example((Box(1919.9999995, 0, 1920, 1080), 1920, 1080))
def test_pixels_come_back_and_stay_inside(case: tuple[Box, int, int]) -> None:
    box, width, height = case
    row = box_row(box, width=width, height=height)
    inside = box.clipped(width, height)
    if isinstance(row, ObjectFault):
        assert inside.area <= 0 or inside.width <= 0 or inside.height <= 0
        return
    number, values = parse_detect_row(row, classes=2)
    assert number == 1
    for dtype in (np.float64, np.float32):
        cx, cy, w, h = np.array(values, dtype)
        assert min(cx, cy) >= 0
        assert max(cx, cy, w, h) <= 1
        assert w > 0
        assert h > 0
    cx, cy, w, h = values
    assert cx - w / 2 >= 0
    assert cy - h / 2 >= 0
    assert cx + w / 2 <= 1
    assert cy + h / 2 <= 1
    back = yolo_to_box(tuple(values.tolist()), width=width, height=height)
    for got, wanted, scale in zip(back.as_tuple(), inside.as_tuple(), (width, height) * 2, strict=True):
        assert got == pytest.approx(wanted, abs=1e-6 * scale)


@settings(deadline=None)
@given(_boxes())
def test_ten_rounds_change_nothing_after_the_first(case: tuple[Box, int, int]) -> None:
    box, width, height = case
    first = row = box_row(box, width=width, height=height)
    if isinstance(first, ObjectFault):
        return
    for _ in range(10):
        _, values = parse_detect_row(row, classes=2)
        row = str(box_row(yolo_to_box(tuple(values.tolist()), width=width, height=height), width=width, height=height))
    assert row == first


@settings(deadline=None)
@given(st.integers(0, 10**DECIMALS - 1))
def test_values_that_differ_in_a_row_differ_in_a_trainer_too(steps: int) -> None:
    one, next_one = (np.float32(f"{value / 10**DECIMALS:.{DECIMALS}f}") for value in (steps, steps + 1))
    assert one != next_one


@pytest.mark.parametrize(
    ("box", "fault"),
    [
        (Box(-30, 10, 0, 20), ObjectFault.OUTSIDE),
        (Box(100, 10, 130, 20), ObjectFault.OUTSIDE),
        (Box(10, 90, 20, 95), ObjectFault.OUTSIDE),
        (Box(10, 10, 10, 20), ObjectFault.NO_AREA),
        (Box(10, 20, 30, 20), ObjectFault.NO_AREA),
        (Box(30, 10, 20, 20), ObjectFault.NO_AREA),
        (Box(float("nan"), 10, 20, 20), ObjectFault.NO_AREA),
        (Box(0, 0, float("inf"), 20), ObjectFault.NO_AREA),
    ],
)
def test_what_has_no_place_in_the_picture_has_no_row(box: Box, fault: ObjectFault) -> None:
    assert box_row(box, width=100, height=80) is fault


@pytest.mark.parametrize(
    "row",
    [
        "0 0.5 0.5 0.25",
        "0 0.5 0.5 0.25 0.25 0.9",
        "0 0,5 0,5 0,25 0,25",
        "0 0.5 0.5 nan 0.25",
        "0 0.5 0.5 -0.25 0.25",
        "0.0 0.5 0.5 0.25 0.25",
        "2 0.5 0.5 0.25 0.25",
        "0 0.5 0.5 0.0 0.25",
        "0 0.9500001 0.5 0.1 0.2",
        "0 0.04 0.5 0.1 0.2",
        "0  0.5 0.5 0.25 0.25",
        "0 0.5 0.5 0.25 0.25 ",
        "0 \u0660.5 0.5 0.25 0.25",
        "",
    ],
)
def test_other_rows_are_refused(row: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_detect_row(row, classes=2)
