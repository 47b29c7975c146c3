"""Groups stay together, earlier assignments hold, and no part is empty without need."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoanno_gui.core.split import SPLITS, assign_splits, frame_groups, group_of

THIRDS = (0.8, 0.1, 0.1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("frame_1.jpg", "frame_12.png"),
        ("clip_a/0001.jpg", "clip_a/0750.jpg"),
        ("cam/2024-05-01 12.30.55.jpg", "cam/2024-05-01 12.30.07.jpg"),
        ("v1/shot_0001_left.jpg", "v1/shot_0002_left.jpg"),
        ("a_mp4-12_jpg.rf.0123456789abcdef.jpg", "a_mp4-13_jpg.rf.fedcba9876543210.jpg"),
    ],
)
def test_frames_of_one_clip_share_a_group(one: str, other: str) -> None:
    assert group_of(one) == group_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("cam_a/0001.jpg", "cam_b/0001.jpg"), ("clip1_5.jpg", "clip2_5.jpg"), ("a.jpg", "b.jpg"), ("x/1.jpg", "1.jpg")],
)
def test_frames_of_two_clips_do_not(one: str, other: str) -> None:
    assert group_of(one) != group_of(other)


def test_a_clip_that_is_the_whole_folder_is_cut_into_blocks_of_consecutive_frames() -> None:
    paths = {i: f"img_{i}.jpg" for i in range(100)}
    groups = frame_groups(paths)
    assert len(set(groups.values())) == 20
    members = defaultdict(list)
    for frame_id, group in groups.items():
        members[group].append(frame_id)
    assert all(m == list(range(m[0], m[0] + 5)) for m in members.values()), "natural order, no gaps"


def test_clips_up_to_a_quarter_of_the_folder_stay_whole() -> None:
    paths = {i: f"clip_{i % 4}/{i:04}.jpg" for i in range(400)}
    assert set(frame_groups(paths).values()) == {f"clip_{k}/#" for k in range(4)}


def test_a_single_frame_and_none_at_all_have_groups() -> None:
    assert len(frame_groups({7: "a.jpg"})) == 1
    assert frame_groups({}) == {}
    assert assign_splits(frame_groups({7: "a.jpg"}), {}, fractions=THIRDS, seed=0) == {7: "train"}
    assert assign_splits({}, {}, fractions=THIRDS, seed=0) == {}


def test_identical_files_share_a_group_wherever_they_lie() -> None:
    paths = {i: f"clip_{i % 10}/{i:04}.jpg" for i in range(100)}
    contents = {i: f"hash{i}" for i in range(99)} | {37: "twin", 54: "twin", 91: "twin"}
    groups = frame_groups(paths, contents=contents)
    assert groups[37] == groups[54] == groups[91] == "clip_1/#"
    assert groups[47] == "clip_7/#", "their neighbours stay where they were"


def test_parts_come_near_to_the_fractions() -> None:
    groups = {i: f"g{i % 50}" for i in range(1000)}
    counts = Counter(assign_splits(groups, {}, fractions=(0.7, 0.2, 0.1), seed=3).values())
    assert counts == {"train": 700, "val": 200, "test": 100}


def test_unequal_groups_are_rearranged_to_come_near() -> None:
    sizes = [400, 400, 50, 50, 50, 50]
    groups = {1000 * k + i: f"g{k}" for k, size in enumerate(sizes) for i in range(size)}
    for seed in range(20):
        counts = Counter(assign_splits(groups, {}, fractions=(0.8, 0.2, 0), seed=seed).values())
        assert counts == {"train": 800, "val": 200}


def test_another_seed_deals_otherwise() -> None:
    groups = {i: f"g{i}" for i in range(50)}
    deals = {tuple(sorted(assign_splits(groups, {}, fractions=THIRDS, seed=seed).items())) for seed in range(5)}
    assert len(deals) == 5


def test_new_frames_follow_their_group_and_new_groups_fill_what_lacks() -> None:
    existing = {0: "val", 1: "val", 10: "train"}
    groups = {0: "a", 1: "a", 2: "a", 10: "b", 11: "b", **{i: f"c{i}" for i in range(20, 60)}}
    splits = assign_splits(groups, existing, fractions=(0.8, 0.2, 0), seed=1)
    assert splits[2] == "val"
    assert splits[11] == "train"
    assert Counter(splits.values()) == {"train": 36, "val": 9}


def test_frames_that_follow_their_group_count_towards_its_part() -> None:
    groups = dict.fromkeys(range(100), "a") | {i: f"b{i}" for i in range(100, 200)}
    counts = Counter(assign_splits(groups, {0: "val"}, fractions=(0.5, 0.5, 0), seed=0).values())
    assert counts == {"train": 100, "val": 100}


@pytest.mark.parametrize("seed", range(5))
def test_two_groups_are_enough_for_train_and_val_whatever_the_fractions(seed: int) -> None:
    groups = {i: f"g{i // 10}" for i in range(20)}
    for fractions in ((0.9, 0.1, 0), (0.05, 0.95, 0), (0.1, 0.1, 0.8)):
        counts = Counter(assign_splits(groups, {}, fractions=fractions, seed=seed).values())
        assert counts == {"train": 10, "val": 10}


def test_a_group_that_was_torn_before_keeps_its_frames_and_follows_the_majority() -> None:
    splits = assign_splits(
        dict.fromkeys(range(4), "a"), {0: "train", 1: "val", 2: "val"}, fractions=(0.5, 0.5, 0), seed=0
    )
    assert splits == {0: "train", 1: "val", 2: "val", 3: "val"}


def test_without_a_fraction_for_val_there_is_none() -> None:
    groups = {i: f"g{i}" for i in range(10)}
    assert set(assign_splits(groups, {}, fractions=(1, 0, 0), seed=0).values()) == {"train"}


@pytest.mark.parametrize(
    "fractions", [(0.0, 0.5, 0.5), (0.8, -0.1, 0.3), (0.5, float("nan"), 0.5), (0.5, 0.5, float("inf"))]
)
def test_fractions_that_cannot_be_dealt_by_are_refused(fractions: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="fractions"):
        assign_splits({1: "a"}, {}, fractions=fractions, seed=0)


def test_an_unknown_earlier_split_is_refused() -> None:
    with pytest.raises(ValueError, match="holdout"):
        assign_splits({1: "a"}, {1: "holdout"}, fractions=THIRDS, seed=0)


@st.composite
def _deals(draw: st.DrawFn) -> tuple[dict[int, str], dict[int, str], tuple[float, float, float], int]:
    n = draw(st.integers(1, 60))
    groups = {i: f"g{draw(st.integers(0, draw(st.integers(0, 12))))}" for i in range(n)}
    earlier = st.dictionaries(st.integers(0, n + 5), st.sampled_from(SPLITS), max_size=20)
    existing = draw(st.one_of(st.just({}), earlier))
    weights = st.floats(0.05, 1.0)
    fractions = (draw(weights), draw(weights), draw(st.one_of(st.just(0.0), weights)))
    return groups, existing, fractions, draw(st.integers(0, 2**31))


@settings(max_examples=300, deadline=None)
@given(_deals(), st.randoms())
def test_what_always_holds(
    deal: tuple[dict[int, str], dict[int, str], tuple[float, float, float], int], random: object
) -> None:
    groups, existing, fractions, seed = deal
    splits = assign_splits(groups, existing, fractions=fractions, seed=seed)

    assert splits.keys() == groups.keys()
    assert set(splits.values()) <= set(SPLITS)
    assert all(splits[i] == existing[i] for i in groups if i in existing), "earlier assignments hold"
    for group in set(groups.values()):
        of_group = {splits[i] for i in groups if groups[i] == group}
        of_existing = {existing[i] for i in groups if groups[i] == group and i in existing}
        assert len(of_group) == 1 or of_group == of_existing, "a group is only torn where it was torn before"

    free = set(groups.values()) - {groups[i] for i in groups if i in existing}
    if len(free) >= 2 and len(free) == len(set(groups.values())):
        assert {"train", "val"} <= set(splits.values())
    if fractions[2] == 0 and "test" not in existing.values():
        assert "test" not in splits.values()

    shuffled = list(groups)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = assign_splits(
        {i: groups[i] for i in shuffled}, dict(reversed(existing.items())), fractions=fractions, seed=seed
    )
    assert again == splits, "the order of the input has no say"
