"""Figures of parts of a ledger: known values, and that the parts add up to the whole."""

from __future__ import annotations

from dataclasses import replace
from math import exp
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.facts import Bounds, DecidedFrame, ObjectFact
from autoanno_gui.core.figures.figure_groups import (
    PLACES,
    SIZES,
    Place,
    Size,
    frame_tallies,
    group_tables,
    place_of,
    size_of,
    time_figures,
)
from autoanno_gui.core.figures.intervals import median_interval, wilson
from autoanno_gui.core.figures.metric_report import report
from autoanno_gui.core.figures.metrics import Accumulator
from autoanno_gui.core.records import DecisionKind, PresentationMode
from tests.unit.core.builders import bootstrap_ratio
from tests.unit.core.ledger_kit import (
    BIKE,
    CAR,
    NAMES,
    TINY_EDGE,
    drawn,
    frame,
    ledger,
    moved,
    promoted,
    renamed,
    right,
    table,
    wrong,
)

Rows = dict[Any, dict[str, Any]]


def rows_by(name: str, *, of: FactTable | None = None) -> Rows:
    found = group_tables(table() if of is None else of)[f"by_{name}"]
    return {row[name]: row for row in found}


def rates(rows: Rows, *names: str) -> dict[Any, tuple[Any, ...]]:
    return {value: tuple(row[name] for name in names) for value, row in rows.items()}


def one_object(bounds: Bounds | None) -> FactTable:
    return FactTable.of([frame(1, right(0.9, bounds=bounds))])


# ------------------------------------------------------------------------------------------------ groups of frames
def test_by_session() -> None:
    rows = rows_by("session")
    # s1: 6 candidates on frames 1, 2, 3, one moved, one deleted, one renamed; 1 drawn among 6 final objects; frame 4 of
    # 4 rejected. s2: 5 candidates on frames 5 and 6, one deleted; 1 promoted among 5 final objects, the 2 drawn by hand
    # on frame 7 left out; none of 4 rejected.
    assert rates(rows, "candidates_shown", "edit_rate", "miss_rate", "reject_rate", "frames_decided") == {
        "s1": (6, 3 / 6, 1 / 6, 1 / 4, 4),
        "s2": (5, 1 / 5, 1 / 5, 0.0, 4),
    }
    assert rows["s1"]["edit_rate_parts"] == {"class_changed": 1 / 6, "geometry_changed": 1 / 6, "deleted": 1 / 6}
    assert rows["s1"]["edit_rate_interval"] == list(bootstrap_ratio([0, 2, 1], [2, 3, 1]))
    assert rows["s1"]["miss_rate_interval"] == list(bootstrap_ratio([0, 0, 1], [2, 2, 2]))
    assert rows["s1"]["reject_rate_interval"] == list(wilson(1, 4))
    # Seconds 2, 4, 6, 8: their mean is 5.
    assert rates(rows, "reviewer", "started", "seconds") == {
        "s1": ("ann", "2026-03-01T10:01:00+00:00", 20.0),
        "s2": ("bob", "2026-03-01T10:05:00+00:00", 53.0),
    }
    assert (rows["s1"]["median_seconds_per_frame"], rows["s1"]["frames_per_hour"]) == (5.0, 3600 / 5)


def test_sessions_come_in_the_order_in_which_they_began() -> None:
    """As after merging the project of another reviewer."""
    late = frame(1, session="late", wall_clock="2026-03-02T10:00:00+00:00")
    early = frame(2, session="early", wall_clock="2026-03-01T10:00:00+00:00")
    assert list(rows_by("session", of=FactTable.of([late, early]))) == ["early", "late"]


def test_by_round() -> None:
    unpredicted = frame(9, drawn(CAR), kind=DecisionKind.HAND_LABELLED, mode=PresentationMode.HAND, round=0, model=None)
    rows = rows_by("round", of=FactTable.of([*ledger(), unpredicted]))
    assert list(rows) == [0, 1, 2]
    assert rates(rows, "edit_rate", "miss_rate", "frames_decided") == {
        0: (None, None, 1),
        1: (3 / 6, 1 / 6, 4),
        2: (1 / 5, 1 / 5, 4),
    }


def test_by_reason() -> None:
    rows = rows_by("reason")
    # borderline: frames 1, 2 and 6 with 2 + 3 + 2 candidates, of which 0 + 2 + 1 were corrected; the promoted one is 1
    # of 2 + 2 + 2 final objects. audit: frames 3, 5, 8.
    assert rates(rows, "frames_decided", "candidates_shown", "edit_rate", "miss_rate", "reject_rate") == {
        "borderline": (3, 7, 3 / 7, 1 / 6, 0.0),
        "audit": (3, 4, 1 / 4, 1 / 5, 0.0),
        "coverage": (1, 0, None, None, 1.0),
        "": (1, 0, None, None, 0.0),
    }
    assert list(rows)[:2] == ["borderline", "audit"]


def test_by_class_model_reviewer_and_confidence() -> None:
    found = report(Accumulator.of(ledger()), frames_total=9, frames_predicted=9, frames_failed=0, class_names=NAMES)
    # Cars: frames 1 (2), 2 (3), 3 (1), 5 (2) and 6 (1) make 9, of which a moved, a renamed and 2 deleted ones; the
    # renamed one is a final bike. Bikes: 2 candidates, kept; final ones are these and the renamed, drawn and promoted.
    assert {
        row["class"]: (row["candidates_shown"], row["edit_rate"], row["miss_rate"]) for row in found["by_class"]
    } == {
        "car": (9, 4 / 9, 0.0),
        "bike": (2, 0.0, 2 / 5),
    }
    assert {row["reviewer"]: row["edit_rate"] for row in found["by_reviewer"]} == {"ann": 3 / 6, "bob": 1 / 5}
    assert [(row["model"], row["edit_rate"], row["reject_rate"]) for row in found["by_model"]] == [
        ("yolo.pt", 4 / 11, 1 / 8)
    ]
    # 0.52 lies between 0.45 and 0.55: both deleted. 0.72 between 0.65 and 0.75: moved and renamed.
    assert {row["from"]: (row["candidates_shown"], row["edit_rate"]) for row in found["by_confidence"]} == {
        0.25: (0, None),
        0.45: (2, 1.0),
        0.65: (2, 1.0),
        0.85: (5, 0.0),
        0.95: (2, 0.0),
    }


def test_frames_put_off_since_or_rejected_later_are_counted_as_they_stand() -> None:
    first = frame(1, right(0.9), adopted=False)
    put_off = frame(1, kind=DecisionKind.DEFERRED, first=False)
    kept = frame(2, right(0.9), adopted=False)
    rejected = frame(2, kind=DecisionKind.REJECTED, first=False)
    decisions = [first, kept, put_off, rejected]
    found = group_tables(FactTable.of(decisions), standing=Accumulator.of(decisions))
    (row,) = found["by_session"]
    assert (row["frames_decided"], row["reject_rate"], row["candidates_shown"]) == (1, 1.0, 2)


def test_a_rejected_frame_that_was_put_off_since_counts_in_no_reject_rate() -> None:
    rejected = frame(1, kind=DecisionKind.REJECTED, adopted=False)
    put_off = frame(1, kind=DecisionKind.DEFERRED, first=False)
    decisions = [rejected, put_off, frame(2, right(0.9)), frame(3, right(0.9))]
    found = group_tables(FactTable.of(decisions), standing=Accumulator.of(decisions))
    (row,) = found["by_session"]
    assert (row["frames_decided"], row["reject_rate"], row["reject_rate_interval"]) == (2, 0.0, list(wilson(0, 2)))


def test_a_folder_is_named_by_its_whole_path() -> None:
    found = FactTable.of([frame(1, path="a/b/1.jpg"), frame(2, path="a/c/1.jpg"), frame(3, path="2.jpg")])
    assert found.folders == ("a/b", "a/c", "")


# ------------------------------------------------------------------------------------------------ groups of objects
def test_by_size() -> None:
    # tiny: the drawn and the promoted bike. small: the moved and a deleted car. large: two cars, kept.
    # medium, all others: 7 candidates, one renamed, one deleted; 6 of them stayed.
    assert rates(rows_by("size"), "candidates_shown", "edit_rate", "miss_rate") == {
        "tiny": (0, None, 1.0),
        "small": (2, 1.0, 0.0),
        "medium": (7, 2 / 7, 0.0),
        "large": (2, 0.0, 0.0),
    }


def test_by_place() -> None:
    assert rates(rows_by("place"), "candidates_shown", "edit_rate", "miss_rate") == {
        "centre": (9, 2 / 9, 0.0),
        "side": (2, 1.0, 0.0),
        "edge": (0, None, 1.0),
    }


@pytest.mark.parametrize(
    ("side", "size"),
    [(0.031, Size.TINY), (0.032, Size.SMALL), (0.099, Size.SMALL), (0.1001, Size.MEDIUM), (0.317, Size.LARGE)],
)
def test_sizes_are_shares_of_the_picture(side: float, size: Size) -> None:
    # 0.031 x 0.031 = 0.096 %, 0.032 x 0.032 = 0.102 %, 0.099 x 0.099 = 0.98 %, 0.317 x 0.317 = 10.05 %.
    (found,) = size_of(one_object((0.3, 0.3, 0.3 + side, 0.3 + side)))
    assert SIZES[found] is size


def test_the_next_size_begins_at_its_limit() -> None:
    (found,) = size_of(one_object((0.0, 0.0, 0.25, 0.4)))
    assert SIZES[found] is Size.LARGE  # exactly 10 %


@pytest.mark.parametrize(
    ("bounds", "place"),
    [
        ((0.4, 0.4, 0.6, 0.6), Place.CENTRE),
        ((0.2, 0.7, 0.3, 0.8), Place.CENTRE),  # its centre is exactly a quarter off in both directions
        ((0.2, 0.7, 0.3, 0.84), Place.SIDE),
        ((0.006, 0.4, 0.1, 0.6), Place.SIDE),
        ((0.005, 0.4, 0.1, 0.6), Place.EDGE),
        ((0.4, 0.4, 0.6, 0.996), Place.EDGE),
        ((0.0, 0.0, 1.0, 1.0), Place.EDGE),
    ],
)
def test_places(bounds: Bounds, place: Place) -> None:
    (found,) = place_of(one_object(bounds))
    assert PLACES[found] is place


def test_objects_of_pictures_of_unknown_size_have_no_size_and_place() -> None:
    found = group_tables(one_object(None))
    assert (found["by_size"], found["by_place"]) == ([], [])
    assert found["by_session"][0]["candidates_shown"] == 1


# ------------------------------------------------------------------------------------------------ time
def test_time() -> None:
    found = time_figures(table())
    # Seconds 1 2 4 6 8 10 12 30: the 0.9 quantile lies at place 0.9 * 7 = 6.3, 12 + 0.3 * 18.
    assert found["p90_seconds_per_frame"] == pytest.approx(17.4)
    # Frames that judge: 2 s on 2 objects, 4 on 3, 6 on 2, 10 on 3, 12 on 3, and 1 on none, which counts as one:
    # 1, 1, 4/3, 3, 10/3, 4. The 0.9 quantile lies at place 4.5.
    assert found["median_seconds_per_object"] == pytest.approx((4 / 3 + 3) / 2)
    assert found["p90_seconds_per_object"] == pytest.approx((10 / 3 + 4) / 2)
    # 73 seconds on 8 frames.
    assert found["frames_per_hour"] == pytest.approx(3600 * 8 / 73)
    for name in ("p90_seconds_per_frame", "median_seconds_per_object", "p90_seconds_per_object", "frames_per_hour"):
        low, high = found[f"{name}_interval"]
        assert low <= found[name] <= high


def test_the_interval_of_a_quantile_is_that_of_the_median_in_the_middle() -> None:
    seconds = np.random.default_rng(3).lognormal(1, 0.5, 200)
    found = time_figures(FactTable.of([frame(n, right(0.9), active_seconds=s) for n, s in enumerate(seconds.tolist())]))
    assert found["median_seconds_per_object_interval"] == list(median_interval(np.sort(seconds)))


def test_the_interval_of_frames_an_hour_of_two_frames() -> None:
    found = time_figures(FactTable.of([frame(1, active_seconds=1.0), frame(2, active_seconds=3.0)]))
    # 2 seconds on average, with a standard deviation of sqrt(2): the logarithm varies by 1.96 * sqrt(2) / sqrt(2) / 2.
    assert found["frames_per_hour"] == 1800.0
    assert found["frames_per_hour_interval"] == pytest.approx([1800 * exp(-0.98), 1800 * exp(0.98)], rel=1e-4)


def test_the_interval_of_frames_an_hour_holds_the_truth_about_as_often_as_it_says() -> None:
    """Seconds of 40 frames, drawn 400 times from a log-normal distribution of mean exp(1 + 0.5 * 0.5 ** 2)."""
    truth, rng, held = 3600 / np.exp(1.125), np.random.default_rng(8), 0
    for _ in range(400):
        facts = [frame(n, active_seconds=s) for n, s in enumerate(rng.lognormal(1, 0.5, 40).tolist())]
        low, high = time_figures(FactTable.of(facts))["frames_per_hour_interval"]
        held += low <= truth <= high
    assert 0.9 <= held / 400 <= 0.98


def test_one_frame() -> None:
    one = FactTable.of([frame(1, right(0.9), wrong(0.6), active_seconds=3.0)])
    found = time_figures(one)
    assert (found["p90_seconds_per_frame"], found["median_seconds_per_object"]) == (3.0, 1.5)
    assert (found["frames_per_hour"], found["frames_per_hour_interval"]) == (1200.0, None)
    (row,) = group_tables(one)["by_session"]
    assert (row["edit_rate"], row["frames_decided"], row["seconds"]) == (0.5, 1, 3.0)


def test_nothing() -> None:
    nothing = FactTable.of([])
    assert set(time_figures(nothing).values()) == {None}
    assert set(map(len, group_tables(nothing).values())) == {0}


# ------------------------------------------------------------------------------------------------ the whole
OBJECTS = st.sampled_from(
    [
        right(0.97),
        right(0.52, BIKE),
        moved(0.72),
        renamed(0.7, CAR, BIKE, bounds=TINY_EDGE),
        replace(renamed(0.7, BIKE, CAR), geometry_changed=True),
        wrong(0.6),
        replace(wrong(0.2), shown=False),
        replace(right(0.3), shown=False),
        promoted(0.3, BIKE, bounds=TINY_EDGE),
        drawn(CAR),
    ]
)


@st.composite
def frames(draw: st.DrawFn, number: int) -> DecidedFrame:
    kind = draw(st.sampled_from([kind for kind in DecisionKind if kind is not DecisionKind.DEFERRED]))
    objects: list[ObjectFact] = draw(st.lists(OBJECTS, max_size=4)) if kind is not DecisionKind.REJECTED else []
    return frame(
        number,
        *objects,
        kind=kind,
        mode=PresentationMode.HAND if kind is DecisionKind.HAND_LABELLED else PresentationMode.NORMAL,
        session=draw(st.sampled_from(["s1", "s2", "s3"])),
        reviewer=draw(st.sampled_from(["ann", "bob"])),
        reason=draw(st.sampled_from(["", "audit", "coverage"])),
        round=draw(st.integers(0, 2)),
        in_stream=draw(st.booleans()),
        active_seconds=draw(st.sampled_from([0.5, 1.0, 7.25])),
        candidates_shown=draw(st.integers(0, 5)) if kind is DecisionKind.REJECTED else sum(o.shown for o in objects),
    )


LEDGERS = st.integers(0, 8).flatmap(lambda count: st.tuples(*(frames(number) for number in range(count))))
COUNTED = (
    "candidates_shown",
    "candidates_accepted",
    "candidates_edited",
    "candidates_rejected",
    "candidates_class_changed",
    "candidates_geometry_changed",
    "annotations_promoted",
    "annotations_added",
)


@given(LEDGERS)
def test_parts_add_up_to_the_whole(decisions: tuple[DecidedFrame, ...]) -> None:
    accumulator = Accumulator.of(decisions)
    whole = report(accumulator, frames_total=9, frames_predicted=9, frames_failed=0, class_names=NAMES)
    parts = group_tables(FactTable.of(decisions), standing=accumulator)
    for name, rows in parts.items():
        for counted in COUNTED:
            assert sum(row[counted] for row in rows) == whole[counted], (name, counted)
    for name in ("by_session", "by_round", "by_reason"):
        assert sum(row["frames_decided"] for row in parts[name]) == whole["frames_decided"]
    assert sum(row["seconds"] for row in parts["by_session"]) == sum(one.active_seconds for one in decisions)


@given(LEDGERS)
def test_columns_count_as_the_accumulator_does(decisions: tuple[DecidedFrame, ...]) -> None:
    accumulator, columns = Accumulator.of(decisions), FactTable.of(decisions)
    (whole,) = frame_tallies(columns, np.zeros(len(columns), np.int64), 1)
    assert whole == accumulator.whole
    reviewers = frame_tallies(columns, columns.reviewer, len(columns.reviewers))
    assert dict(zip(columns.reviewers, reviewers, strict=True)) == accumulator.by_reviewer


@given(LEDGERS, st.integers(0, 2))
def test_frames_outside_all_groups_are_not_counted(decisions: tuple[DecidedFrame, ...], number: int) -> None:
    columns = FactTable.of(decisions)
    (found,) = frame_tallies(columns, np.where(columns.round == number, 0, -1), 1)
    assert found == Accumulator.of(one for one in decisions if one.round == number).whole
