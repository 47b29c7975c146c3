"""Painting masks: dabs and strokes by pixel middles, what they change, and the way to outlines and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from autoanno_gui.core.box import Box
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.imaging.masks import MaskCanvas, MaskRaster, PixelRect
from tests.rasters import paste

WIDTH, HEIGHT = 14, 11
FRAME = Mask((Part(Mask.of_box(Box(4, 3, 9, 8)).parts[0].outer, (Mask.of_box(Box(5, 4, 8, 7)).parts[0].outer,)),))

places = st.tuples(
    st.integers(-12, 4 * WIDTH + 12).map(lambda n: n / 4), st.integers(-12, 4 * HEIGHT + 12).map(lambda n: n / 4)
)
radii = st.integers(0, 20).map(lambda n: n / 4)


def distances(a: tuple[float, float], b: tuple[float, float]) -> NDArray[np.float64]:
    """Return how far each pixel's middle is from the line between two places."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    (ax, ay), (bx, by) = a, b
    length = (bx - ax) ** 2 + (by - ay) ** 2
    share = ((columns - ax) * (bx - ax) + (rows - ay) * (by - ay)) / length if length else np.zeros((HEIGHT, WIDTH))
    share = np.clip(share, 0, 1)
    return np.hypot(columns - ax - share * (bx - ax), rows - ay - share * (by - ay))


class TestCanvas:
    @given(places, radii)
    def test_a_dab_is_a_disc_of_pixel_middles(self, place: tuple[float, float], radius: float) -> None:
        canvas = MaskCanvas(WIDTH, HEIGHT)
        canvas.dab(*place, radius)
        rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
        expected = (columns - place[0]) ** 2 + (rows - place[1]) ** 2 <= radius**2
        assert np.array_equal(canvas.bits, expected)

    @given(places, places, radii)
    def test_a_stroke_is_all_that_is_near_its_line(
        self, a: tuple[float, float], b: tuple[float, float], radius: float
    ) -> None:
        canvas = MaskCanvas(WIDTH, HEIGHT)
        canvas.stroke(*a, *b, radius)
        away = distances(a, b)
        clear = np.abs(away - radius) > 1e-9
        assert np.array_equal(canvas.bits[clear], (away <= radius)[clear])

    def test_a_level_stroke_is_as_high_in_the_middle_as_at_its_ends(self) -> None:
        canvas = MaskCanvas(20, 11)
        canvas.stroke(5.5, 5.5, 14.5, 5.5, 3)
        assert canvas.bits.sum(axis=0).tolist() == [0, 0, 1, 5, 5, *[7] * 10, 5, 5, 1, 0, 0]

    @given(st.lists(st.tuples(places, places, radii, st.booleans()), max_size=5))
    def test_tells_what_changed_and_keeps_the_rest(
        self, strokes: list[tuple[tuple[float, float], tuple[float, float], float, bool]]
    ) -> None:
        canvas = MaskCanvas.from_mask(Mask.of_box(Box(3, 2, 9, 8)), WIDTH, HEIGHT)
        for a, b, radius, erase in strokes:
            before = canvas.bits.copy()
            rect = canvas.stroke(*a, *b, radius, erase=erase)
            rows, columns = np.nonzero(canvas.bits != before)
            assert all(rect.x <= x < rect.x + rect.width for x in columns.tolist())
            assert all(rect.y <= y < rect.y + rect.height for y in rows.tolist())
            assert 0 <= rect.x <= rect.x + rect.width <= WIDTH
            assert 0 <= rect.y <= rect.y + rect.height <= HEIGHT
            assert canvas.bits[rows, columns].tolist() == [not erase] * len(rows)
        raster = canvas.raster()
        assert np.array_equal(paste(raster, width=WIDTH, height=HEIGHT), canvas.bits)
        assert raster.bits.any(axis=1)[[0, -1]].all() if raster.area else raster.bits.size == 0
        assert raster.bits.any(axis=0)[[0, -1]].all() if raster.area else raster.bits.size == 0

    def test_erasing_undoes_a_stroke_on_an_empty_canvas(self) -> None:
        canvas = MaskCanvas(WIDTH, HEIGHT)
        assert canvas.stroke(2, 2, 9, 7, 2) == canvas.stroke(2, 2, 9, 7, 2, erase=True)
        assert not canvas.bits.any()
        assert canvas.raster().bits.shape == (0, 0)
        assert canvas.mask() == Mask(())

    @pytest.mark.parametrize(
        ("x", "y", "radius"), [(-9, 5, 3), (40, 5, 3), (5, -9, 3), (5, 40, 3), (5, 5, 0.5), (5, 5, 0)]
    )
    def test_a_dab_that_meets_no_middle_changes_nothing(self, x: float, y: float, radius: float) -> None:
        canvas = MaskCanvas(WIDTH, HEIGHT)
        rect = canvas.dab(x, y, radius)
        assert (rect.width, rect.height) == (0, 0)
        assert not canvas.bits.any()

    def test_a_mask_is_painted_on_and_read_back(self) -> None:
        canvas = MaskCanvas.from_mask(FRAME, WIDTH, HEIGHT)
        assert canvas.mask(0).bounds == FRAME.bounds
        assert canvas.mask(0).iou(FRAME) == pytest.approx(1)
        assert canvas.mask(0).hole_count == 1
        canvas.dab(6.5, 5.5, 1.5)
        assert canvas.mask(0).hole_count == 0

    def test_rasters_are_added_and_taken_away(self) -> None:
        canvas = MaskCanvas(WIDTH, HEIGHT)
        assert canvas.apply(MaskRaster(-2, 1, np.ones((3, 5), np.bool_))) == PixelRect(0, 1, 3, 3)
        canvas.apply(MaskRaster(2, 2, np.ones((3, 3), np.bool_)))
        assert np.count_nonzero(canvas.bits) == 9 + 9 - 2
        canvas.apply(MaskRaster(0, 0, np.eye(4, dtype=np.bool_)), erase=True)
        assert np.count_nonzero(canvas.bits) == 16 - 3
        assert canvas.apply(MaskRaster(30, 30, np.ones((3, 3), np.bool_))).width == 0

    def test_its_pixels_are_for_looking_only(self) -> None:
        canvas = MaskCanvas(WIDTH, HEIGHT)
        with pytest.raises(ValueError, match="read-only"):
            canvas.bits[0, 0] = True
        raster = MaskCanvas.from_mask(Mask.of_box(Box(1, 1, 4, 4)), WIDTH, HEIGHT).raster()
        raster.bits[:] = False
        assert not canvas.bits.any()
