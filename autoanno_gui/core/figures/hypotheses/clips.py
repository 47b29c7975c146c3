"""What belongs together in a video: the frames of one clip, and on them the same thing again and again.

A parked car that the model misses is missed on each frame of its clip. That is one observation, not fifty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from autoanno_gui.core.figures.fact_table import FactTable, Flags, Floats, Ints

SAME_THING: Final = 0.3
"""Overlap (IoU) of the surroundings from which on objects of one class on neighbouring frames are the same thing. Low:
to take two things for one costs a little certainty, to take one for many makes rules speak of chance."""
SURROUNDINGS: Final = 0.5
"""They reach this share of an object's sides beyond it: it moves on from frame to frame."""
REACH: Final = 3
"""So many frames back the same thing is looked for."""
PAIRS_AT_ONCE: Final = 1_000_000


def clip_of(path: str) -> str:
    """Return what names of frames of one clip have in common: the name without its ending and its number."""
    stem = path.rpartition("/")[2].rpartition(".")[0]
    return stem.rstrip("0123456789").rstrip("_-. ") or stem.rstrip("0123456789")


@dataclass(frozen=True)
class Things:
    """The things that the objects of a table are pictures of; worked out when they are first asked for."""

    table: FactTable

    @cached_property
    def of_objects(self) -> Ints:
        """(M,) the row of the object that is the first picture of the same thing."""
        table = self.table
        order, clips = _in_order(table)
        first = np.arange(len(table.frame))
        for step in range(1, REACH + 1):
            follows = np.flatnonzero(clips[order[step:]] == clips[order[:-step]])
            for before, after in _blocks(table, order[:-step][follows], order[step:][follows]):
                _link(table, first, before, after)
        while (further := first[first] != first).any():
            first[further] = first[first[further]]
        return first

    def count(self, objects: Flags) -> Ints:
        """Return (M,) how many of the objects are pictures of each thing."""
        return np.bincount(self.of_objects[objects], minlength=len(objects))


def _in_order(table: FactTable) -> tuple[Ints, Ints]:
    """Return (F,) the rows of the frames clip by clip, as their numbers run, and (F,) the clip of each row."""
    clips: dict[tuple[int, str], int] = {}
    keys = []
    for fact, folder in zip(table.facts, table.folder.tolist(), strict=True):
        clip = clips.setdefault((folder, clip_of(fact.path)), len(clips))
        stem = fact.path.rpartition("/")[2].rpartition(".")[0]
        number = stem[len(stem.rstrip("0123456789")) :]
        keys.append((clip, int(number) if number else 0))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return np.array(order, np.int64), np.array([clip for clip, _ in keys], np.int64)


def _blocks(table: FactTable, before: Ints, after: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Yield all pairs of objects (rows) of pairs of frames, in blocks that fit the memory."""
    pairs = np.cumsum(table.counts[before] * table.counts[after])
    blocks = np.split(np.arange(len(before)), np.flatnonzero(np.diff(pairs // PAIRS_AT_ONCE)) + 1)
    yield from (_pairs(table, before[block], after[block]) for block in blocks)


def _pairs(table: FactTable, before: Ints, after: Ints) -> tuple[Ints, Ints]:
    sizes = table.counts[before] * table.counts[after]
    at = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    width = np.repeat(table.counts[after], sizes)
    return np.repeat(table.starts[before], sizes) + at // width, np.repeat(table.starts[after], sizes) + at % width


def _link(table: FactTable, first: Ints, before: Ints, after: Ints) -> None:
    """Let objects point to what they most overlap on the earlier frame, those that point nowhere yet."""
    may = (table.class_id[before] == table.class_id[after]) & (first[after] == after)
    before, after = before[may], after[may]
    overlaps = _overlaps(_surroundings(table.bounds[before]), _surroundings(table.bounds[after]))
    same = overlaps >= SAME_THING
    best = np.flatnonzero(same)[np.argsort(overlaps[same], kind="stable")]
    # The last one that is written stays: the one that overlaps most.
    first[after[best]] = before[best]


def _surroundings(bounds: Floats) -> Floats:
    reach = (bounds[:, 2:] - bounds[:, :2]) * SURROUNDINGS
    return np.concatenate([bounds[:, :2] - reach, bounds[:, 2:] + reach], axis=1)


def _overlaps(a: Floats, b: Floats) -> Floats:
    """Return (N,) the IoU of each pair of (N, 4) bounds; nan where one is not known."""
    sides = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    common = np.maximum(sides, 0.0).prod(axis=1)
    whole = (a[:, 2:] - a[:, :2]).prod(axis=1) + (b[:, 2:] - b[:, :2]).prod(axis=1) - common
    found: Floats = np.divide(common, whole, out=np.zeros(len(a)), where=whole > 0.0)
    return found
