"""Planted checks: when one comes, on which frame, and what is altered."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import overlap
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.planting import Alteration, Label, Planter, alter, choose_frame
from autoanno_gui.core.task import Task
from tests.unit.core.builders import HEIGHT, WIDTH, boxes
from tests.unit.core.planting_kit import (
    BIKE,
    CAR,
    FORMS,
    LABELS,
    LEFT,
    altered,
    frames,
    tasks,
)


# ---------------------------------------------------------------------------------------------------- when
def due_after(*, seed: int, decisions: int, every: int = 50) -> list[int]:
    """Return after which decisions, from 0, a check is owed when each is shown at once."""
    planter, found = Planter(seed=seed, every=every), []
    for number in range(decisions):
        planter.decided()
        if planter.owed:
            found.append(number)
            planter.shown()
    return found


class TestWhen:
    @given(st.integers(0, 2**64), st.integers(1, 60))
    def test_each_stretch_has_one(self, seed: int, every: int) -> None:
        found = due_after(seed=seed, decisions=every * 6, every=every)
        assert [number // every for number in found] == [0, 1, 2, 3, 4, 5]

    def test_nobody_can_tell_where(self) -> None:
        places = Counter(number % 50 for seed in range(500) for number in due_after(seed=seed, decisions=200))
        # 2,000 places over 50: 40 each, give or take 6.2.
        assert len(places) == 50
        assert max(places.values()) < 40 + 5 * 6.2

    def test_the_gaps_between_two_are_of_all_lengths(self) -> None:
        gaps = [b - a for seed in range(200) for a, b in pairwise(due_after(seed=seed, decisions=500))]
        assert min(gaps) <= 5
        assert max(gaps) >= 95

    def test_equal_seeds_draw_equal_places(self) -> None:
        assert due_after(seed=4, decisions=500) == due_after(seed=4, decisions=500)
        assert due_after(seed=4, decisions=500) != due_after(seed=5, decisions=500)

    def test_one_that_cannot_be_shown_yet_stays_owed_and_they_never_pile_up(self) -> None:
        planter = Planter(seed=1, every=5)
        for _ in range(23):
            planter.decided()
        assert planter.owed
        planter.shown()
        assert not planter.owed


class TestWhichFrame:
    def choose(
        self, eligible: list[int], *, recent: list[int] | None = None, checked: list[int] | None = None
    ) -> set[int | None]:
        rngs = [np.random.default_rng(seed) for seed in range(200)]
        return {choose_frame(eligible, recent=recent or [], checked=checked or [], rng=rng) for rng in rngs}

    def test_any_frame_that_can_be_shown(self) -> None:
        assert self.choose([3, 5, 8]) == {3, 5, 8}
        assert self.choose([]) == {None}

    def test_the_last_twenty_are_spared(self) -> None:
        decided = list(range(25))
        assert self.choose(decided, recent=decided) == {0, 1, 2, 3, 4}
        assert self.choose(decided[:20], recent=decided[:20]) == {None}

    def test_none_twice_while_others_remain(self) -> None:
        assert self.choose([1, 2, 3], checked=[1, 3]) == {2}
        assert self.choose([1, 2, 3], checked=[1, 3, 2, 3]) == {1, 2}


# ---------------------------------------------------------------------------------------------------- altering
class TestAlter:
    @given(frames(), st.integers(0, 2**32))
    def test_just_one_label_is_altered_and_it_stays_inside(
        self, frame: tuple[Task, tuple[Label, ...]], seed: int
    ) -> None:
        _, labels = frame
        planted = altered(labels, seed)
        assert planted.truth == labels
        assert planted.true_label == labels[planted.index]
        if planted.alteration is Alteration.REMOVED:
            assert planted.labels == planted.unaltered
            assert planted.altered_label is None
            return
        assert planted.altered_label is not None
        assert len(planted.labels) == len(labels)
        assert [a == b for a, b in zip(planted.labels, labels, strict=True)].count(False) == 1
        (class_id, shown), (true_class, true) = planted.altered_label, planted.true_label
        if planted.alteration is Alteration.CLASS:
            assert (shown, {class_id, true_class}) == (true, {CAR, BIKE})
            return
        assert class_id == true_class
        assert overlap(shown, true) <= 0.6
        bounds = shown.bounds
        assert min(bounds.x1, bounds.y1) >= 0
        assert bounds.x2 <= WIDTH
        assert bounds.y2 <= HEIGHT
        for _, other in planted.unaltered:
            assert overlap(shown, other) < 0.25 or overlap(shown, other) <= overlap(true, other)

    @given(tasks, boxes(low=4), st.integers(0, 2**32))
    def test_a_label_moves_by_a_quarter_to_two_fifths_of_its_size(self, task: Task, box: Box, seed: int) -> None:
        planted = altered(((CAR, FORMS[task](box)),), seed)
        if planted.alteration is not Alteration.SHIFTED:
            return
        assert planted.altered_label is not None
        before, after = planted.true_label[1], planted.altered_label[1]
        dx, dy = (b - a for a, b in zip(before.centre, after.centre, strict=True))
        sides = before.bounds.width, before.bounds.height
        if isinstance(before, OrientedBox):
            (ux, uy), (vx, vy) = before.axes
            dx, dy, sides = dx * ux + dy * uy, dx * vx + dy * vy, (before.width, before.height)
        shares = [abs(moved) / side for moved, side in zip((dx, dy), sides, strict=True)]
        assert max(shares) >= 0.25 - 1e-6
        assert all(share < 1e-6 or 0.25 - 1e-6 <= share <= 0.4 + 1e-6 for share in shares)
        assert (after.bounds.width, after.bounds.height) == pytest.approx((before.bounds.width, before.bounds.height))

    def test_each_kind_is_about_as_likely(self) -> None:
        found = Counter(altered(LABELS, seed).alteration for seed in range(600))
        # 200 each, give or take 11.5.
        assert all(abs(found[kind] - 200) < 4 * 11.5 for kind in Alteration)

    def test_any_label_can_be_the_one(self) -> None:
        assert {altered(LABELS, seed).index for seed in range(60)} == {0, 1, 2}

    def test_no_wrong_class_where_there_is_only_one(self) -> None:
        kinds = {altered(((CAR, LEFT),), seed, classes=(CAR,)).alteration for seed in range(60)}
        assert kinds == {Alteration.SHIFTED, Alteration.REMOVED}

    def test_a_label_as_large_as_the_picture_is_not_shifted(self) -> None:
        whole = ((CAR, Box(0, 0, WIDTH, HEIGHT)),)
        assert {altered(whole, seed).alteration for seed in range(60)} == {Alteration.CLASS, Alteration.REMOVED}

    def test_specks_are_left_alone_while_there_is_something_to_be_seen(self) -> None:
        speck = (CAR, Box(100, 90, 103, 93))
        assert {altered((*LABELS, speck), seed).index for seed in range(100)} == {0, 1, 2}
        assert altered((speck,), 0).index == 0

    def test_what_lies_under_another_label_is_not_removed(self) -> None:
        twins = ((CAR, LEFT), (CAR, LEFT.moved(2, 0)))
        assert Alteration.REMOVED not in {altered(twins, seed).alteration for seed in range(60)}

    def test_labels_that_cover_each_other_completely_can_not_all_be_altered(self) -> None:
        whole = Box(0, 0, WIDTH, HEIGHT)
        rng = np.random.default_rng(0)
        assert alter([(CAR, whole)] * 2, width=WIDTH, height=HEIGHT, class_ids=[CAR], rng=rng) is None

    def test_without_labels_there_is_nothing_to_alter(self) -> None:
        assert alter([], width=WIDTH, height=HEIGHT, class_ids=[CAR], rng=np.random.default_rng(0)) is None
