"""Figures as they went on: the edit rate over the last frames, and how many frames took how long."""

from __future__ import annotations

from typing import Final

import numpy as np

from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.intervals import bootstrap_counted
from autoanno_gui.core.figures.metric_report import Figures, plain

EDGES: Final = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 20.0, 30.0, 60.0)
"""Seconds at which the bins of the histogram begin; the last one has no end."""
WINDOW: Final = 50
"""Frames that one point of the rolling edit rate looks back on."""
POINTS: Final = 60


def series(table: FactTable) -> Figures:
    """Return `seconds_bins` and `edit_rate_by_frames`, ready for JSON; lists that are empty where there is too little.

    The rolling edit rate looks back on 50 frames that judge predictions, its last point on the last 50; `frames` of a
    point is the number of such frames up to it.
    """
    return {"seconds_bins": _seconds_bins(table), "edit_rate_by_frames": _rolling(table)}


def _seconds_bins(table: FactTable) -> list[Figures]:
    if not len(table):
        return []
    counts = np.bincount(np.searchsorted(EDGES, table.seconds, side="right") - 1, minlength=len(EDGES))
    ends = (*EDGES[1:], None)
    return [
        {"from": start, "to": end, "frames": int(count)} for start, end, count in zip(EDGES, ends, counts, strict=True)
    ]


def _rolling(table: FactTable) -> list[Figures]:
    judging = table.judges
    corrected = table.per_frame(table.corrected)[judging]
    shown = table.per_frame(table.judged)[judging]
    n = len(shown)
    if n < WINDOW:
        return []
    ends = np.unique(np.linspace(n, WINDOW, min(POINTS, n - WINDOW + 1)).round().astype(np.int64))
    found = []
    for end in ends:
        pairs = np.stack([corrected[end - WINDOW : end], shown[end - WINDOW : end]], axis=1)
        total = int(pairs[:, 1].sum())
        different, times = np.unique(pairs, axis=0, return_counts=True)
        interval = bootstrap_counted(different.astype(np.float64), times) if total else None
        found.append(
            {
                "frames": int(end),
                "candidates_shown": total,
                "edit_rate": float(pairs[:, 0].sum() / total) if total else None,
                "edit_rate_interval": None if interval is None else plain(interval),
            }
        )
    return found
