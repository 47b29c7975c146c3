"""The edit rate over the last frames, and how many frames took how long."""

from __future__ import annotations

import pytest

from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.figure_series import WINDOW, series
from autoanno_gui.core.records import DecisionKind
from tests.unit.core.builders import bootstrap_ratio
from tests.unit.core.ledger_kit import frame, right, table, wrong


def test_seconds_fall_into_their_bins() -> None:
    # Seconds 2, 4, 6, 8, 10, 12, 30 and 1: a time on an edge belongs to the bin that begins there.
    bins = series(table())["seconds_bins"]
    assert [one["from"] for one in bins] == [0, 1, 2, 3, 5, 8, 13, 20, 30, 60]
    assert [one["to"] for one in bins] == [1, 2, 3, 5, 8, 13, 20, 30, 60, None]
    assert [one["frames"] for one in bins] == [0, 1, 1, 1, 1, 3, 0, 0, 1, 0]


def test_too_little_gives_no_points() -> None:
    assert series(FactTable.of([])) == {"seconds_bins": [], "edit_rate_by_frames": []}
    assert series(table())["edit_rate_by_frames"] == []
    few = [frame(n, right(0.9)) for n in range(WINDOW - 1)]
    assert series(FactTable.of(few))["edit_rate_by_frames"] == []


def test_each_point_looks_back_on_its_window() -> None:
    # Frames 1 to 50 are right, 51 and 52 wrong in one of two candidates; a rejected frame between them counts for none.
    frames = [frame(n, right(0.9), right(0.8)) for n in range(1, 51)]
    frames += [frame(51, wrong(0.9), right(0.8)), frame(60, kind=DecisionKind.REJECTED, candidates_shown=4)]
    frames += [frame(52, wrong(0.9), right(0.8))]
    first, second, third = series(FactTable.of(frames))["edit_rate_by_frames"]
    assert [one["frames"] for one in (first, second, third)] == [50, 51, 52]
    assert [one["candidates_shown"] for one in (first, second, third)] == [100, 100, 100]
    assert [one["edit_rate"] for one in (first, second, third)] == pytest.approx([0.0, 0.01, 0.02])
    assert third["edit_rate_interval"] == pytest.approx(bootstrap_ratio([0] * 48 + [1, 1], [2] * 50))


def test_many_frames_are_thinned_out_and_end_with_the_last() -> None:
    points = series(FactTable.of([frame(n, right(0.9)) for n in range(500)]))["edit_rate_by_frames"]
    assert (len(points), points[0]["frames"], points[-1]["frames"]) == (60, 50, 500)


def test_frames_without_candidates_give_no_rate() -> None:
    (point,) = series(FactTable.of([frame(n) for n in range(50)]))["edit_rate_by_frames"]
    assert (point["edit_rate"], point["edit_rate_interval"], point["candidates_shown"]) == (None, None, 0)
