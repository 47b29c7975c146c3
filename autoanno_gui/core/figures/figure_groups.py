"""Edit rate, miss rate and time of parts of the ledger: by session, round, queue reason, object size and place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

import numpy as np

from autoanno_gui.core.figures.fact_table import KINDS, UNKNOWN, FactTable, Flags, Ints
from autoanno_gui.core.figures.metric_report import (
    Figures,
    counts_of,
    edit_rate_of,
    frames_per_hour_of,
    miss_rate_of,
    quantile_of,
    reject_rate_of,
    seconds_of,
)
from autoanno_gui.core.figures.metrics import Accumulator, Event, Tally
from autoanno_gui.core.records import DecisionKind, VerdictKind

SIZE_LIMITS: Final = (0.001, 0.01, 0.1)
"""Shares of the picture at which the next size begins."""
EDGE_MARGIN: Final = 0.005
"""Bounds that come this close to the border, as a share of the picture's side, touch it."""
CENTRE_REACH: Final = 0.25
"""The middle of the picture: as far from its centre, as a share of the side, to the left, right, top and bottom."""


class Size(StrEnum):
    """How much of the picture an object's bounds take."""

    TINY = "tiny"
    """Less than 0.1 %: about 20 x 20 pixels of 640 x 640."""
    SMALL = "small"
    """Less than 1 %."""
    MEDIUM = "medium"
    """Less than 10 %."""
    LARGE = "large"


class Place(StrEnum):
    """Where in the picture an object is."""

    CENTRE = "centre"
    """Its centre lies in the middle half of the picture, across and down."""
    SIDE = "side"
    EDGE = "edge"
    """Its bounds touch the picture's border, wherever its centre is."""


SIZES: Final = tuple(Size)
PLACES: Final = tuple(Place)


def group_tables(table: FactTable, *, standing: Accumulator | None = None) -> Figures:
    """Return rows for each group that occurs, under `by_session`, `by_round`, `by_reason`, `by_size` and `by_place`.

    Sessions come in the order in which they began, rounds and sizes rising, reasons by falling number of frames.

    Args:
        table: of the ledger.
        standing: says which frames are decided now, and which were ever rejected; without it the first decisions do.
    """
    groups = _FrameGroups(table, standing)
    by_session = groups.rows("session", table.sessions, table.session)
    for session, row in enumerate(by_session):
        own = np.flatnonzero(table.session == session)
        first = table.facts[own[0]]
        row |= {"reviewer": first.reviewer, "started": first.wall_clock, "seconds": float(table.seconds[own].sum())}
    rounds, round_of = np.unique(table.round, return_inverse=True)
    by_reason = groups.rows("reason", table.reasons, table.reason)
    return {
        "by_session": sorted(by_session, key=lambda row: str(row["started"])),
        "by_round": groups.rows("round", rounds.tolist(), round_of),
        "by_reason": sorted(by_reason, key=lambda row: -row["frames_decided"]),
        "by_size": _object_rows(table, "size", SIZES, size_of(table)),
        "by_place": _object_rows(table, "place", PLACES, place_of(table)),
    }


def time_figures(table: FactTable) -> Figures:
    """Return seconds of a frame and of an object, and frames an hour.

    A frame's time is shared by the objects that were looked at on it: its candidates and what was promoted or drawn.
    Only frames on which predictions were judged say how long an object takes.
    """
    per_object = table.seconds[table.judges] / np.maximum(table.counts[table.judges], 1)
    return {
        **quantile_of("p90_seconds_per_frame", table.seconds, 0.9),
        **quantile_of("median_seconds_per_object", per_object, 0.5),
        **quantile_of("p90_seconds_per_object", per_object, 0.9),
        **frames_per_hour_of(table.seconds),
    }


def size_of(table: FactTable) -> Ints:
    """Return (M,) the number of each object's `Size`, -1 where its bounds are not known."""
    area = table.area
    return np.where(np.isnan(area), UNKNOWN, np.searchsorted(SIZE_LIMITS, area, side="right"))


def place_of(table: FactTable) -> Ints:
    """Return (M,) the number of each object's `Place`, -1 where its bounds are not known."""
    low, high = table.bounds[:, :2], table.bounds[:, 2:]
    off_centre = np.abs((low + high) / 2 - 0.5).max(axis=1, initial=0.0)
    places = np.where(off_centre <= CENTRE_REACH, PLACES.index(Place.CENTRE), PLACES.index(Place.SIDE))
    at_edge = ((low <= EDGE_MARGIN) | (high >= 1 - EDGE_MARGIN)).any(axis=1)
    places[at_edge] = PLACES.index(Place.EDGE)
    places[np.isnan(table.area)] = UNKNOWN
    return places


def object_tallies(table: FactTable, group_of: Ints, groups: int) -> list[Tally]:
    """Return the sums of groups of objects.

    Args:
        table: of the ledger.
        group_of: (M,) the group of each object from 0; one of -1 is in none.
        groups: how many there are.
    """
    known = group_of != UNKNOWN
    judged, missed = table.judged & known, table.missed & known
    kept = judged & ~table.is_verdict(VerdictKind.REJECTED)
    drawn = table.is_verdict(VerdictKind.ADDED)
    flags = {
        Event.ACCEPTED: judged & ~table.corrected,
        Event.EDITED: kept & table.corrected,
        Event.REJECTED: judged & ~kept,
        Event.CLASS_CHANGED: kept & table.class_changed,
        Event.GEOMETRY_CHANGED: kept & table.geometry_changed,
        Event.PROMOTED: missed & ~drawn,
        Event.ADDED: missed & drawn,
        Event.KEPT: kept,
    }
    tallies = [Tally() for _ in range(groups)]
    for event, chosen in flags.items():
        for tally, number in zip(tallies, np.bincount(group_of[chosen], minlength=groups).tolist(), strict=True):
            tally.counts[event] = number
    for group, pair, frames in _pairs(table, group_of, table.corrected, judged):
        tallies[group].edits[pair] = frames
    for group, pair, frames in _pairs(table, group_of, missed, table.final & known):
        tallies[group].misses[pair] = frames
    return tallies


def frame_tallies(table: FactTable, group_of: Ints, groups: int) -> list[Tally]:
    """Return the sums of groups of frames.

    Args:
        table: of the ledger.
        group_of: (F,) the group of each frame from 0; one of -1 is in none.
        groups: how many there are.
    """
    tallies = object_tallies(table, group_of[table.frame], groups)
    refused = table.kind == KINDS.index(DecisionKind.REJECTED)
    by_hand = table.per_frame(~table.is_verdict(VerdictKind.REJECTED)) * ~(table.judges | refused)
    shown = np.array([fact.candidates_shown for fact in table.facts], np.int64) * refused
    for group, tally in enumerate(tallies):
        own = group_of == group
        tally.counts[Event.FRAMES] = int(own.sum())
        tally.counts[Event.IN_REJECTED_FRAMES] = int(shown[own].sum())
        tally.counts[Event.BY_HAND] = int(by_hand[own].sum())
        tally.seconds.update(Counter(table.seconds[own].tolist()))
    return tallies


def _pairs(table: FactTable, group_of: Ints, part: Flags, whole: Flags) -> list[tuple[int, tuple[int, int], int]]:
    """Return (group, (objects in the part, in the whole) of one frame, how many frames of the group are like that)."""
    frames = max(len(table), 1)
    cells, at = np.unique(group_of[whole] * frames + table.frame[whole], return_inverse=True)
    denominators = np.bincount(at, minlength=len(cells))
    numerators = np.bincount(at[part[whole]], minlength=len(cells))
    base = int(denominators.max(initial=0)) + 1
    alike, counts = np.unique((cells // frames * base + numerators) * base + denominators, return_counts=True)
    return [
        (one // base // base, (one // base % base, one % base), count)
        for one, count in zip(alike.tolist(), counts.tolist(), strict=True)
    ]


class _FrameGroups:
    """Makes rows of groups of frames."""

    def __init__(self, table: FactTable, standing: Accumulator | None) -> None:
        self._table: Final = table
        if standing is None:
            self._decided: Flags = np.ones(len(table), np.bool_)
            self._rejected: Flags = table.kind == KINDS.index(DecisionKind.REJECTED)
        else:
            ids = table.frame_ids.tolist()
            self._decided = np.array([standing.is_decided(one) for one in ids], np.bool_)
            self._rejected = np.array([one in standing.rejections for one in ids], np.bool_) & self._decided

    def rows(self, name: str, values: Sequence[Any], group_of: Ints) -> list[Figures]:
        """Return a row for each value; the numbers of `group_of` are places among the values."""
        decided = np.bincount(group_of[self._decided], minlength=len(values)).tolist()
        rejected = np.bincount(group_of[self._rejected], minlength=len(values)).tolist()
        return [
            {name: value, "frames_decided": decided[group]}
            | counts_of(tally)
            | edit_rate_of(tally)
            | reject_rate_of(decided[group], rejected[group])
            | miss_rate_of(tally)
            | seconds_of(tally)
            | frames_per_hour_of(self._table.seconds[group_of == group])
            for group, (value, tally) in enumerate(
                zip(values, frame_tallies(self._table, group_of, len(values)), strict=True)
            )
        ]


def _object_rows(table: FactTable, name: str, values: Sequence[StrEnum], group_of: Ints) -> list[Figures]:
    return [
        {name: value.value} | counts_of(tally) | edit_rate_of(tally) | miss_rate_of(tally)
        for value, tally in zip(values, object_tallies(table, group_of, len(values)), strict=True)
        if not tally.empty
    ]
