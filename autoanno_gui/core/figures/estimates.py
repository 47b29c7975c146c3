"""What the figures so far say about the whole folder, and how well the model's confidences keep their word."""

from __future__ import annotations

from collections import Counter
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.figures.fact_table import FactTable, Flags, Floats
from autoanno_gui.core.figures.figure_groups import frame_tallies
from autoanno_gui.core.figures.intervals import LEVEL, Interval, wilson
from autoanno_gui.core.figures.metric_report import (
    Figures,
    bin_edge,
    edit_rate_of,
    miss_rate_of,
    plain,
    resampled,
    share_of,
)
from autoanno_gui.core.figures.metrics import BINS, confidence_bin

PRIOR: Final = 2.0
"""So many candidates' worth of what its bin says is added to what a cell says; and of what all say, to a bin."""
ROUND_LEAST: Final = 100
"""From so many judged candidates on, the newest round alone says what is left; before, all rounds do."""
CLUSTERS: Final = 500
"""Frames are resampled singly up to this many, beyond in as many random groups: as wide, in a fraction of the time."""
RESAMPLES: Final = 1000


def estimates(table: FactTable, left: NDArray[np.int64], class_ids: NDArray[np.int64]) -> Figures:
    """Return the rates so far and on the random stream, and what they let expect of the rest and of the whole.

    Hard frames come first, so that the rates so far are too high for the folder. The random stream speaks for it as it
    is. The rest is estimated from all judged candidates: each class and bin of confidence at its own rate, drawn
    towards that of the bin and of all where it has few, weighted by how many candidates are left of it. The whole is
    what was found so far together with what is expected of the rest.

    Args:
        table: of the ledger.
        left: (C, 10) candidates of undecided frames, by class and bin of confidence.
        class_ids: (C,) the project class of each row.
    """
    so_far, candidates = _rates(table, table.judges), int(left.sum())
    rest, whole = _expected(None, None), _expected(so_far["edit_rate"], so_far["edit_rate_interval"])
    if candidates:
        whole = _expected(None, None)
        if so_far["edit_rate"] is not None:
            rate, interval = _rate_left(table, left, class_ids)
            rest = _expected(rate, plain(interval))
            found, judged = int(table.corrected.sum()), int(table.judged.sum())

            def together(share: float) -> float:
                return (found + share * candidates) / (judged + candidates)

            # What was found is known: only the rest can vary.
            whole = _expected(together(rate), [together(edge) for edge in interval])
    return {
        "so_far": so_far,
        "stream": _rates(table, table.judges & table.in_stream),
        "left": {"candidates": candidates} | rest,
        "whole": whole,
    }


def calibration(table: FactTable) -> Figures:
    """Return by bin of confidence how many predictions on labelled frames of the random stream were right.

    The gap is the expected calibration error: the mean distance of the bins' rate from their confidence, weighted by
    their predictions; None without any.
    """
    predictions, right, sums = np.zeros(BINS, np.int64), np.zeros(BINS, np.int64), np.zeros(BINS)
    frames: list[Counter[tuple[int, int]]] = [Counter() for _ in range(BINS)]
    telling = [fact.settled for fact in table.stream if fact.settled]
    for settled in telling:
        bins = np.array([confidence_bin(one.confidence) for one in settled])
        here = np.bincount(bins, minlength=BINS)
        well = np.bincount(bins[[one.right for one in settled]], minlength=BINS)
        sums += np.bincount(bins, [one.confidence for one in settled], minlength=BINS)
        predictions, right = predictions + here, right + well
        for at in np.flatnonzero(here):
            frames[at][int(well[at]), int(here[at])] += 1
    rows = [
        {
            "from": bin_edge(at),
            "to": min(bin_edge(at + 1), 1.0),
            "predictions": int(predictions[at]),
            "right": int(right[at]),
            "rate": share_of(int(right[at]), int(predictions[at])),
            "rate_interval": resampled(frames[at]),
            "confidence": float(sums[at] / predictions[at]),
        }
        for at in np.flatnonzero(predictions).tolist()
    ]
    gap = float(np.abs(right - sums).sum() / predictions.sum()) if telling else None
    return {"bins": rows, "frames": len(telling), "gap": gap}


def _rates(table: FactTable, chosen: Flags) -> Figures:
    (tally,) = frame_tallies(table, np.where(chosen, 0, -1), 1)
    return edit_rate_of(tally) | miss_rate_of(tally) | {"frames": int(chosen.sum())}


def _expected(rate: float | None, interval: list[float] | None) -> Figures:
    return {"edit_rate": rate, "edit_rate_interval": interval}


# ---------------------------------------------------------------------------------------------------- what is left
def _rate_left(table: FactTable, left: NDArray[np.int64], class_ids: NDArray[np.int64]) -> tuple[float, Interval]:
    """Return the edit rate expected in what is left, and its interval over resampled frames."""
    judged = _telling(table)
    frames, row_of = np.unique(table.frame[judged], return_inverse=True)
    corrected = table.corrected[judged]
    cell_of, cells = _cells_of(table, judged, class_ids)
    weights = np.zeros((cells, BINS))
    weights[: len(class_ids)] = left
    clusters = _clusters(len(frames))
    rows = clusters[row_of] * (cells * BINS) + cell_of
    shape = (int(clusters.max()) + 1, cells, BINS)
    size = int(np.prod(shape))
    whole = np.bincount(rows, minlength=size).reshape(shape).astype(np.float64)
    part = np.bincount(rows[corrected], minlength=size).reshape(shape).astype(np.float64)
    rate = float(_weighted(part.sum(axis=0)[None], whole.sum(axis=0)[None], weights)[0])
    drawn = np.random.default_rng(0).multinomial(shape[0], np.full(shape[0], 1 / shape[0]), size=RESAMPLES)
    found = _weighted(
        (drawn @ part.reshape(shape[0], -1)).reshape(-1, *shape[1:]),
        (drawn @ whole.reshape(shape[0], -1)).reshape(-1, *shape[1:]),
        weights,
    )
    if len(frames) == 1 or np.ptp(found) < 1e-9:
        # Resampling cannot vary: whole frames as the trials, as `bootstrap_counted` has it.
        return rate, wilson(rate * len(frames), len(frames))
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
    # What is left is not endless: its own rate varies around what it is expected to be, the more the less it is.
    stretch = sqrt(1 + len(row_of) / float(left.sum()))
    below, above = max(rate - low, 0.0) * stretch, max(high - rate, 0.0) * stretch
    return rate, (max(rate - below, 0.0), min(rate + above, 1.0))


def _telling(table: FactTable) -> Flags:
    """Return (M,) the judged candidates that the estimate is made of."""
    judged = table.judged & (table.bin >= 0)
    if not judged.any():
        # Confidences are not known, as for predictions that are gone: then all count alike.
        return table.judged
    newest = judged & (table.round[table.frame] == table.round[table.frame[judged]].max())
    return newest if newest.sum() >= ROUND_LEAST else judged


def _cells_of(table: FactTable, judged: Flags, class_ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Return the cell of each judged candidate, and how many rows of cells there are: the last is of other classes."""
    known = {class_id: row for row, class_id in enumerate(class_ids.tolist())}
    rows = np.array([known.get(class_id, len(known)) for class_id in table.proposed[judged].tolist()], np.int64)
    return rows * BINS + np.maximum(table.bin[judged], 0), len(known) + 1


def _clusters(frames: int) -> NDArray[np.int64]:
    """Return (frames,) the group in which each frame is resampled."""
    return np.random.default_rng(0).permutation(frames) % min(frames, CLUSTERS)


def _weighted(part: Floats, whole: Floats, weights: Floats) -> Floats:
    """Return (B,) the rates of what is left.

    Args:
        part: (B, C, 10) corrected candidates.
        whole: (B, C, 10) judged candidates.
        weights: (C, 10) candidates left.
    """
    of_all = part.sum(axis=(1, 2)) / whole.sum(axis=(1, 2))
    of_bin = (part.sum(axis=1) + PRIOR * of_all[:, None]) / (whole.sum(axis=1) + PRIOR)
    of_cell = (part + PRIOR * of_bin[:, None, :]) / (whole + PRIOR)
    found: Floats = (of_cell * weights).sum(axis=(1, 2)) / weights.sum()
    return found
