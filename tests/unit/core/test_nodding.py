"""Accepts that came too fast to have been looked at: limits worked out by hand, and reviewers at different paces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.facts import DecidedFrame
from autoanno_gui.core.figures.nodding import accepted_frames, expected_seconds, limit_for, nods
from autoanno_gui.core.records import DecisionKind, PresentationMode


def frame(number: int, seconds: float, *, shown: int = 3, reviewer: str = "anna") -> DecidedFrame:
    """Return an accepted frame with so many candidates."""
    return DecidedFrame(
        frame_id=number,
        kind=DecisionKind.ACCEPTED,
        mode=PresentationMode.NORMAL,
        reviewer=reviewer,
        model="yolo.pt",
        active_seconds=seconds,
        candidates_shown=shown,
        number=number,
        path=f"frame_{number}.jpg",
    )


def table_of(frames: Iterable[DecidedFrame]) -> FactTable:
    return FactTable.of(frames)


def marked(frames: Sequence[DecidedFrame]) -> list[int]:
    """Return the ids of the frames that are marked."""
    return [nod.frame_id for nod in nods(table_of(frames))]


class TestLimit:
    def test_a_look_takes_longer_the_more_objects_there_are(self) -> None:
        # 1.2 for the frame, 0.3 for each object, 0.28 for the key.
        assert expected_seconds(1) == pytest.approx(1.78)
        assert expected_seconds(10) == pytest.approx(4.48)

    def test_the_limit_is_a_share_of_what_this_reviewer_takes(self) -> None:
        assert limit_for(10, 1.0) == pytest.approx(0.4 * 4.48)
        assert limit_for(10, 0.8) == pytest.approx(0.4 * 0.8 * 4.48)

    def test_the_pace_counts_between_bounds_only(self) -> None:
        assert limit_for(10, 0.1) == limit_for(10, 0.6) == pytest.approx(0.4 * 0.6 * 4.48)
        assert limit_for(10, 9.0) == limit_for(10, 1.5) == pytest.approx(0.4 * 1.5 * 4.48)

    def test_nobody_looks_in_less_than_nearly_half_a_second(self) -> None:
        # 0.4 * 0.6 * 1.48 = 0.36.
        assert limit_for(0, 0.6) == 0.45


class TestWhatIsMarked:
    def test_a_nod_is_told_with_its_limit(self) -> None:
        (nod,) = nods(table_of([frame(1, 3.0), frame(2, 0.4, shown=2)]))
        assert (nod.row, nod.path, nod.frame_id, nod.seconds, nod.objects) == (1, "frame_2.jpg", 2, 0.4, 2)
        assert nod.limit == pytest.approx(0.4 * 2.08)

    def test_exactly_the_limit_is_enough(self) -> None:
        limit = limit_for(3, 1.0)
        assert marked([frame(1, limit), frame(2, np.nextafter(limit, 0.0))]) == [2]

    @pytest.mark.parametrize(
        "other",
        [
            {"kind": DecisionKind.EDITED},
            {"kind": DecisionKind.REJECTED},
            {"kind": DecisionKind.HAND_LABELLED, "mode": PresentationMode.HAND},
            {"kind": DecisionKind.HAND_LABELLED, "mode": PresentationMode.SETTLE},
            {"candidates_shown": 0},
            {"revoked": True},
        ],
    )
    def test_only_accepting_what_is_shown_can_be_a_nod(self, other: dict[str, object]) -> None:
        quick = replace(frame(1, 0.2), **other)  # type: ignore[arg-type]
        assert marked([quick]) == []
        assert accepted_frames(table_of([quick])) == 0
        assert marked([replace(quick, **{name: getattr(frame(1, 0.2), name) for name in other})]) == [1]  # type: ignore[arg-type]

    def test_only_earlier_frames_say_what_is_usual(self) -> None:
        slow = [frame(number, 1.5 * expected_seconds(3)) for number in range(10)]
        quick = frame(99, 0.55 * expected_seconds(3))
        # 0.4 * 1.5 = 0.6 of the expected time after ten slow frames; 0.4 before them.
        assert marked([*slow, quick]) == [99]
        assert marked([quick, *slow]) == []
        # Nine frames are too few to know a pace.
        assert marked([*slow[:9], quick]) == []

    def test_the_pace_follows_the_last_fifty_frames(self) -> None:
        slow = [frame(number, 1.5 * expected_seconds(3)) for number in range(50)]
        usual = [frame(100 + number, expected_seconds(3)) for number in range(26)]
        quick = frame(999, 0.55 * expected_seconds(3))
        # 25 usual ones among the last 50 leave the median between 1 and 1.5: 0.4 * 1.25 = 0.5. One slow one more
        # has it at 1.5.
        assert marked([*slow, *usual[:24], quick]) == [999]
        assert marked([*slow, *usual[:25], quick]) == []

    def test_each_reviewer_has_a_pace_of_their_own(self) -> None:
        slow = [frame(number, 1.5 * expected_seconds(3), reviewer="slow") for number in range(10)]
        assert marked([*slow, frame(99, 0.55 * expected_seconds(3), reviewer="quick")]) == []


class TestReviewers:
    @pytest.mark.parametrize("pace", [0.6, 0.8, 1.0, 1.3, 1.5])
    def test_who_looks_is_hardly_ever_marked_at_whatever_pace(self, pace: float) -> None:
        rng = np.random.default_rng(5)
        found = total = 0
        for _ in range(20):
            objects = np.maximum(rng.poisson(3, 400), 1)
            seconds = [pace * expected_seconds(n) * rng.lognormal(0.0, 0.35) for n in objects.tolist()]
            frames = [frame(i, s, shown=n) for i, (s, n) in enumerate(zip(seconds, objects.tolist(), strict=True))]
            found += len(marked(frames))
            total += len(frames)
        assert found / total < 0.02

    def test_who_works_at_exactly_the_usual_pace_is_never_marked(self) -> None:
        assert marked([frame(n, expected_seconds(n % 7 + 1), shown=n % 7 + 1) for n in range(300)]) == []

    def test_who_accepts_everything_at_once_is_marked_from_the_first_frame_on(self) -> None:
        frames = [frame(number, 0.4, shown=number % 5 + 1) for number in range(300)]
        assert marked(frames) == list(range(300))

    def test_nodding_from_the_start_does_not_become_the_usual_pace(self) -> None:
        # 0.7 s on three objects, of which 0.4 * 2.38 = 0.95 would be a look; after ten such frames no less so.
        assert marked([frame(number, 0.7) for number in range(100)]) == list(range(100))

    def test_who_begins_to_nod_is_marked_whatever_came_before(self) -> None:
        honest = [frame(number, 0.8 * expected_seconds(3)) for number in range(100)]
        assert marked([*honest, *(frame(200 + number, 0.4) for number in range(60))]) == list(range(200, 260))
