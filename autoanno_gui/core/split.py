"""Which labelled frames train a model and which judge it.

Frames of one clip look almost alike. When they stand on both sides of a split, the model is judged on what it learnt by
heart and every figure is too good. So whole groups are dealt out, never single frames.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

SPLITS: Final[tuple[str, str, str]] = ("train", "val", "test")
"""The parts of a dataset, in the order in which they are served when frames are short."""

GROUP_RULE: Final = (
    "Frames of one clip (same folder, same name up to its last number) stay together; a clip with more than a quarter "
    "of all frames is cut into blocks of consecutive frames; identical files stay together."
)
"""`frame_groups` in a sentence, for people and for the manifest."""

_BLOCKS: Final = 20
"""Into about how many blocks one clip would be cut if it were the whole folder."""

_LARGEST_SHARE: Final = 4
"""A clip stays whole up to one in this many of all frames: three parts cannot be dealt from fewer, larger groups."""

_MAX_PASSES: Final = 20

_LAST_NUMBER: Final = re.compile(r"[0-9]+(?!.*[0-9])", re.DOTALL)
# Roboflow ends names with a random hash, which would make each frame a clip of its own.
_RANDOM_TAIL: Final = re.compile(r"\.rf\.[0-9a-f]{8,}$")


def group_of(path: str) -> str:
    """Return the clip a frame belongs to: its folder, and its name with the last number taken out.

    Args:
        path: escaped path relative to the frame root, with forward slashes.
    """
    folder, _, name = path.rpartition("/")
    stem = name.rpartition(".")[0] or name
    clip = _LAST_NUMBER.sub("#", _RANDOM_TAIL.sub("", stem), count=1)
    return f"{folder}/{clip}" if folder else clip


def frame_groups(paths: Mapping[int, str], *, contents: Mapping[int, str] | None = None) -> dict[int, str]:
    """Return the group of each frame, by `GROUP_RULE`.

    Pass all frames of the project, not only the labelled ones: then the blocks stay the same from export to export.

    Args:
        paths: frame id -> escaped path.
        contents: frame id -> hash of the file, where known; frames with equal ones get one group.
    """
    clips: dict[str, list[int]] = defaultdict(list)
    for frame_id, path in paths.items():
        clips[group_of(path)].append(frame_id)
    block = -(-len(paths) // _BLOCKS)
    groups: dict[int, str] = {}
    for clip, members in clips.items():
        if len(members) * _LARGEST_SHARE <= len(paths):
            groups.update(dict.fromkeys(members, clip))
            continue
        members.sort(key=lambda frame_id: (_natural(paths[frame_id]), paths[frame_id]))
        groups.update({frame_id: f"{clip}[{at // block}]" for at, frame_id in enumerate(members)})
    if contents:
        first: dict[str, int] = {}
        for frame_id in sorted(contents.keys() & paths.keys(), key=lambda frame_id: paths[frame_id]):
            groups[frame_id] = groups[first.setdefault(contents[frame_id], frame_id)]
    return groups


def assign_splits(
    groups: Mapping[int, str], existing: Mapping[int, str], *, fractions: tuple[float, float, float], seed: int
) -> dict[int, str]:
    """Return the split of each frame in `groups`: `train`, `val` or `test`.

    An assignment in `existing` is never changed, and new frames follow the one that most frames of their group have.
    The other groups are dealt by `seed` so that the parts come near to `fractions` of the frames; a part with a
    fraction is only empty when groups are too few (train comes first, then val, then test). The order of the mappings
    has no say.

    Args:
        groups: frame id -> group (see `frame_groups`).
        existing: frame id -> split of earlier exports; frames that are not in `groups` are ignored.
        fractions: of train, val and test; scaled to a sum of 1. Train must have one.

    Raises:
        ValueError: fractions that cannot be dealt by, or an unknown split in `existing`.
    """
    if not all(0 <= part < math.inf for part in fractions) or fractions[0] == 0:
        raise ValueError(f"split fractions must not be negative and train must have one: {fractions}")
    fixed = {frame_id: existing[frame_id] for frame_id in groups if frame_id in existing}
    if unknown := set(fixed.values()) - set(SPLITS):
        raise ValueError(f"unknown splits: {sorted(unknown)}")

    deal = _Deal(
        sizes=Counter(groups.values()),
        targets={split: len(groups) * part / sum(fractions) for split, part in zip(SPLITS, fractions, strict=True)},
        seed=seed,
    )
    deal.keep(_majorities(groups, fixed), Counter(fixed.values()), fixed_groups=Counter(groups[f] for f in fixed))
    deal.fill()
    deal.serve_empty()
    deal.improve()
    return {frame_id: fixed.get(frame_id) or deal.split[group] for frame_id, group in groups.items()}


def _natural(path: str) -> list[tuple[bool, int, str]]:
    """Return a key that puts frame_9 before frame_10."""
    return [(at % 2 == 1, int(part) if at % 2 else 0, part) for at, part in enumerate(re.split(r"([0-9]+)", path))]


def _majorities(groups: Mapping[int, str], fixed: Mapping[int, str]) -> dict[str, str]:
    """Return the split that most frames of a group already have; a tie goes to the earlier of `SPLITS`."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for frame_id, split in fixed.items():
        votes[groups[frame_id]][split] += 1
    return {group: max(SPLITS, key=lambda split: count[split]) for group, count in votes.items()}


class _Deal:
    """Groups dealt to splits. `frames` counts the frames that each split has so far."""

    def __init__(self, *, sizes: Mapping[str, int], targets: Mapping[str, float], seed: int) -> None:
        self._sizes = sizes
        self._targets = targets
        self._wanted: Sequence[str] = [split for split in SPLITS if targets[split] > 0]
        self._order = sorted(sizes, key=lambda group: hashlib.sha256(f"{seed}\0{group}".encode()).digest())
        self.split: dict[str, str] = {}
        self.frames: Counter[str] = Counter()
        self._free: list[str] = []

    def keep(self, kept: Mapping[str, str], frames: Mapping[str, int], *, fixed_groups: Mapping[str, int]) -> None:
        """Take over the groups whose split is known, with their frames that have none yet."""
        self.split.update(kept)
        self.frames.update(frames)
        for group, split in kept.items():
            self.frames[split] += self._sizes[group] - fixed_groups[group]
        self._free = [group for group in self._order if group not in kept]

    def fill(self) -> None:
        """Give each free group to the split that lacks most."""
        for group in self._free:
            self._place(group, max(self._wanted, key=lambda split: self._targets[split] - self.frames[split]))

    def serve_empty(self) -> None:
        """Move one group into each split that got nothing, if another can spare it."""
        for split in self._wanted:
            if self.frames[split]:
                continue
            spare = [group for group in self._free if self._can_spare(group, split)]
            if spare:
                self._place(min(spare, key=lambda group: abs(self._sizes[group] - self._targets[split])), split)

    def improve(self) -> None:
        """Move groups while that brings the parts nearer to their targets."""
        for _ in range(_MAX_PASSES):
            moved = False
            for group in self._free:
                here, size = self.split[group], self._sizes[group]
                if self.frames[here] == size:
                    continue
                there = min(self._wanted, key=lambda split: self.frames[split] - self._targets[split])
                surplus = self.frames[here] - self._targets[here] - (self.frames[there] - self._targets[there])
                if there != here and surplus > size:
                    self._place(group, there)
                    moved = True
            if not moved:
                return

    def _can_spare(self, group: str, split: str) -> bool:
        here = self.split[group]
        return self.frames[here] > self._sizes[group] or SPLITS.index(here) > SPLITS.index(split)

    def _place(self, group: str, split: str) -> None:
        if group in self.split:
            self.frames[self.split[group]] -= self._sizes[group]
        self.split[group] = split
        self.frames[split] += self._sizes[group]
