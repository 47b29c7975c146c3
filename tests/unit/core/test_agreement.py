"""How far two agree: values worked out by hand, and kappas that scikit-learn 1.9 gives for the same answers."""

from __future__ import annotations

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.figures.agreement import (
    Label,
    agreement,
    cohen_kappa,
    compare_frame,
    kappa_interval,
)
from autoanno_gui.core.mask import Mask

LINE = 10.0


def at(x: float, name: str = "cat") -> Label:
    """A box of 100 x 10; two of them that lie `s` apart overlap by (100 - s) / (100 + s)."""
    return name, Box(x, 0, x + 100, LINE)


def iou(shift: float) -> float:
    return (100 - shift) / (100 + shift)


# ---------------------------------------------------------------------------------------------------- pairs
def test_pairs_are_taken_so_that_all_overlap_as_far_as_possible() -> None:
    # Greedily 0-0 (0.82) would be taken, and nothing left for the others.
    frame = compare_frame([at(0), at(27)], [at(10), at(-17)])
    assert [(pair.a, pair.b) for pair in frame.pairs] == [(0, 1), (1, 0)]
    assert [pair.iou for pair in frame.pairs] == pytest.approx([iou(17), iou(17)])


def test_objects_that_overlap_by_less_than_half_are_no_pair() -> None:
    frame = compare_frame([at(0)], [at(34)])  # 66 / 134 = 0.493
    assert frame.pairs == ()
    assert frame.differences() == [("missing", None, 0), ("extra", 0, None)]
    assert [(pair.a, pair.b) for pair in compare_frame([at(0)], [at(33)]).pairs] == [(0, 0)]


def test_equal_classes_break_ties_between_equal_outlines() -> None:
    frame = compare_frame([at(0, "cat"), at(0, "dog")], [at(0, "dog"), at(0, "cat")])
    assert frame.classes() == [("cat", "cat"), ("dog", "dog")]


def test_differences_are_told_by_their_kind() -> None:
    a = [at(0), at(200), at(400, "dog"), at(600)]
    b = [at(0), at(220), at(400, "cat"), at(800), at(1000)]
    # 0 is alike; 200 overlaps by 80 / 120; 400 has another class; 600 has only one, 800 and 1000 the other.
    assert compare_frame(a, b).differences() == [
        ("missing", None, 3),
        ("missing", None, 4),
        ("extra", 3, None),
        ("class", 2, 2),
        ("outline", 1, 1),
    ]
    assert compare_frame(a, a).differences() == []


def test_outlines_of_any_kind_are_compared() -> None:
    mask = Mask.of_box(Box(0, 0, 100, 10))
    assert [pair.iou for pair in compare_frame([("cat", mask)], [at(20)]).pairs] == pytest.approx([80 / 120])


def test_units_name_every_object_of_either() -> None:
    frame = compare_frame([at(0), at(200, "dog")], [at(0, "dog"), at(500)])
    assert frame.units() == [("cat", "dog"), ("dog", "none"), ("none", "cat")]


# ---------------------------------------------------------------------------------------------------- kappa
FIRST = ["cat", "cat", "dog", "bird", "dog", "cat", "bird", "dog", "cat", "dog", "dog", "cat", "bird", "cat", "dog"]
SECOND = ["cat", "dog", "dog", "bird", "dog", "cat", "cat", "dog", "cat", "dog", "bird", "cat", "bird", "cat", "cat"]
VERDICTS = [
    "accepted",
    "accepted",
    "edited",
    "rejected",
    "accepted",
    "accepted",
    "edited",
    "accepted",
    "rejected",
    "accepted",
]
OTHERS = [
    "accepted",
    "edited",
    "edited",
    "rejected",
    "accepted",
    "accepted",
    "accepted",
    "accepted",
    "accepted",
    "accepted",
]


@pytest.mark.parametrize(
    ("first", "second", "kappa"),
    [
        (FIRST, SECOND, 0.5833333333333333),  # sklearn.metrics.cohen_kappa_score
        (VERDICTS, OTHERS, 0.423076923076923),  # the same
        (["cat", "cat"], ["dog", "dog"], 0.0),
        (["cat", "dog"], ["dog", "cat"], -1.0),
        (["cat", "dog"], ["cat", "dog"], 1.0),
    ],
)
def test_kappa(first: list[str], second: list[str], kappa: float) -> None:
    assert cohen_kappa(list(zip(first, second, strict=True))) == pytest.approx(kappa, abs=1e-12)


def test_without_a_choice_there_is_no_kappa() -> None:
    assert cohen_kappa([]) is None
    assert cohen_kappa([("cat", "cat")] * 9) is None
    assert kappa_interval([[("cat", "cat")]] * 9) is None
    assert kappa_interval([]) is None
    # One who always says the same agrees by chance only, on whichever frames.
    constant = [[("cat", "cat")], [("dog", "cat")], [("cat", "cat")]]
    assert cohen_kappa([pair for frame in constant for pair in frame]) == 0.0
    assert kappa_interval(constant) is None


def test_the_interval_of_kappa_is_by_whole_frames() -> None:
    answers = list(zip(FIRST, SECOND, strict=True))
    by_frame = kappa_interval([answers[i : i + 3] for i in range(0, 15, 3)])
    assert by_frame is not None
    assert by_frame[0] < 0.5833 < by_frame[1] <= 1.0
    many = kappa_interval([answers[i : i + 3] for i in range(0, 15, 3)] * 40)
    assert many is not None
    assert 0.3 < many[0] < 0.5833 < many[1] < 0.8, "forty times as many frames make it narrower"
    assert by_frame == kappa_interval([answers[i : i + 3] for i in range(0, 15, 3)]), "and it is always the same"


def test_full_agreement_on_few_frames_is_not_certain() -> None:
    few = kappa_interval([[("cat", "cat")], [("dog", "dog")]])
    many = kappa_interval([[("cat", "cat")], [("dog", "dog")]] * 100)
    assert few is not None
    assert many is not None
    # Wilson's lower bound of 2 in 2 is 0.3424; by chance they would agree by half.
    assert few == pytest.approx(((0.3424 - 0.5) / 0.5, 1.0), abs=1e-3)
    assert many[0] > 0.95


# ---------------------------------------------------------------------------------------------------- figures
def test_figures_of_three_frames() -> None:
    frames = [
        compare_frame([at(0), at(200)], [at(0), at(220)]),  # 1.0 and 0.667, both cats
        compare_frame([at(0, "dog")], [at(10, "cat")]),  # 0.818, other class
        compare_frame([at(0, "dog"), at(300)], [at(0, "dog")]),  # one more cat with the first
    ]
    found = agreement(frames)
    assert (found["frames"], found["objects"], found["matched"]) == (3, [5, 4], 4)
    assert found["f1_50"] == pytest.approx(2 * 3 / 9)
    assert found["f1_75"] == pytest.approx(2 * 2 / 9)
    assert found["mean_iou"] == pytest.approx((1 + 80 / 120 + 90 / 110 + 1) / 4)
    # Classes of the pairs: cat cat, cat cat, dog cat, dog dog: 3 in 4 agree; by chance 1/2 * 3/4 + 1/2 * 1/4.
    assert found["kappa_class"] == pytest.approx((0.75 - 0.5) / 0.5)
    rows = {row["class"]: row for row in found["by_class"]}
    assert list(rows) == ["cat", "dog"]
    assert (rows["cat"]["objects"], rows["cat"]["matched"]) == ([3, 3], 2)
    assert rows["cat"]["f1_50"] == pytest.approx(2 * 2 / 6)
    assert rows["cat"]["f1_75"] == pytest.approx(2 * 1 / 6)
    assert rows["cat"]["mean_iou"] == pytest.approx((1 + 80 / 120) / 2)
    assert rows["dog"]["f1_50"] == pytest.approx(2 * 1 / 3)
    for row in (found, *rows.values()):
        for rate in ("f1_50", "f1_75", *(["mean_iou"] if row is found else [])):
            low, high = row[f"{rate}_interval"]
            assert 0 <= low <= row[rate] <= high <= 1


def test_an_equal_class_counts_for_f1_even_where_another_class_lies_closer() -> None:
    frame = compare_frame([at(0)], [at(0, "dog"), at(20)])
    assert frame.classes() == [("cat", "dog")], "for the kappa the closest stands for it"
    found = agreement([frame])
    assert found["f1_50"] == pytest.approx(2 * 1 / 3)
    assert found["f1_75"] == 0.0


def test_verdicts_are_pooled_over_frames() -> None:
    answers = list(zip(VERDICTS, OTHERS, strict=True))
    found = agreement([compare_frame([], [], answers[:4]), compare_frame([], [], answers[4:])])
    assert found["kappa_verdict"] == pytest.approx(0.423076923076923)
    assert found["verdicts"] == 10
    assert found["kappa_verdict_interval"][0] < 0.4231 < found["kappa_verdict_interval"][1]


def test_figures_of_nothing_are_none() -> None:
    for frames in ([], [compare_frame([], [])]):
        found = agreement(frames)
        rates = ("f1_50", "f1_75", "mean_iou", "kappa_class", "kappa_verdict")
        assert all(found[rate] is None and found[f"{rate}_interval"] is None for rate in rates)
        assert (found["frames"], found["by_class"]) == (len(frames), [])
    # Where one has objects and the other none, they agree on nothing.
    assert agreement([compare_frame([at(0)], [])])["f1_50"] == 0.0
