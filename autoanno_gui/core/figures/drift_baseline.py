"""What earlier frames of a round say about how likely each of its candidates is to be corrected.

The rate of the candidate's bin of confidence, times how its group (queue reason and reviewer) and its class do against
those bins; each shrinks to the level above, so that few candidates cannot say much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.metrics import BINS

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

PRIOR_RATE: Final = 0.15
PRIOR_CANDIDATES: Final = 10.0
"""How many candidates the prior rate is worth."""
BIN_CANDIDATES: Final = 5.0
CELL_CANDIDATES: Final = 20.0
"""How many candidates the level above is worth where a bin, or a bin within a group, has a rate of its own."""
RATIO_CORRECTIONS: Final = 2.0
"""How many expected corrections a ratio of 1 is worth."""
KNOWN_IN_BIN: Final = 30
KNOWN_IN_GROUP: Final = 40
"""Candidates of a bin or a group with fewer than these before them teach the baseline and are not charted."""
LEAST_RATE: Final = 0.005
MOST_RATE: Final = 0.95
SCORE_CANDIDATES: Final = 50.0
"""Scores weigh half where that many candidates tell what is expected: few of them tell it badly."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The judged candidates of one round, frame after frame; frames without any are left out.

    Attributes:
        rows: (F,) row of each frame in the table.
        starts: (F + 1,) first candidate of each frame.
        frame: (N,) number of the candidate's frame, 0..F-1.
        corrected: (N,) 0.0 or 1.0.
        cell: (N,) bin of confidence + 10 x group.
        class_index: (N,) into `class_ids`.
        class_ids: (K,) proposed project classes; where the proposed one is not known, the final one.
        groups: number of distinct pairs of queue reason and reviewer.
    """

    rows: Ints
    starts: Ints
    frame: Ints
    corrected: Floats
    cell: Ints
    class_index: Ints
    class_ids: Ints
    groups: int

    @classmethod
    def of_newest_round(cls, table: FactTable) -> Self | None:
        """Return those of the newest round whose model was judged; None when none was."""
        judged = table.judged & (table.round > 0)[table.frame] & (table.bin >= 0)
        if not judged.any():
            return None
        judged &= (table.round == table.round[table.frame[judged]].max())[table.frame]
        rows, frame, sizes = np.unique(table.frame[judged], return_inverse=True, return_counts=True)
        pairs = table.reason[rows] * (len(table.reviewers) + 1) + table.reviewer[rows]
        names, group = np.unique(pairs, return_inverse=True)
        proposed = np.where(table.proposed < 0, table.class_id, table.proposed)[judged]
        class_ids, class_index = np.unique(proposed, return_inverse=True)
        return cls(
            rows=rows,
            starts=np.concatenate([[0], np.cumsum(sizes)]),
            frame=frame,
            corrected=table.corrected[judged].astype(np.float64),
            cell=table.bin[judged] + BINS * group[frame],
            class_index=class_index,
            class_ids=class_ids,
            groups=len(names),
        )

    def __len__(self) -> int:
        """How many frames."""
        return len(self.rows)

    def between(self, start: int, stop: int) -> slice:
        """Return which candidates belong to the frames start..stop-1."""
        return slice(int(self.starts[start]), int(self.starts[min(stop, len(self))]))


def shrunk(corrections: Floats, candidates: Floats, towards: Floats | float, weight: float) -> Floats:
    """Return rates that count the level above as so many candidates."""
    found: Floats = (corrections + weight * towards) / (candidates + weight)
    return found


def ratios(corrections: Floats, expected: Floats) -> Floats:
    """Return how often corrections came for each one expected, near 1 where few were expected."""
    found: Floats = (corrections + RATIO_CORRECTIONS) / (expected + RATIO_CORRECTIONS)
    return found


def score_weights(candidates: Floats) -> Floats:
    """Return what scores weigh where so many candidates tell what is expected."""
    found: Floats = candidates / (candidates + SCORE_CANDIDATES)
    return found


class Baseline:
    """Counts of the candidates that were learnt, and the rates that follow from them.

    Attributes:
        candidates: (K, cells) learnt, by class and cell.
        corrections: (K, cells) of them that were corrected.
    """

    def __init__(self, classes: int, groups: int) -> None:
        self.candidates: Floats = np.zeros((classes, groups * BINS))
        self.corrections: Floats = np.zeros((classes, groups * BINS))
        self._rates: tuple[Floats, Floats, Floats] | None = None

    def learn(self, found: Candidates, which: slice | Ints) -> None:
        """Take in these candidates."""
        shape = self.candidates.shape
        index = found.class_index[which] * shape[1] + found.cell[which]
        self.candidates += np.bincount(index, minlength=shape[0] * shape[1]).reshape(shape)
        corrected = np.bincount(index, found.corrected[which], minlength=shape[0] * shape[1])
        self.corrections += corrected.reshape(shape)
        self._rates = None

    def copy(self) -> Baseline:
        """Return one that learns apart from this one."""
        made = Baseline(len(self.candidates), self.candidates.shape[1] // BINS)
        made.candidates, made.corrections = self.candidates.copy(), self.corrections.copy()
        return made

    def expected(self, found: Candidates, which: slice | Ints) -> tuple[Floats, Floats]:
        """Return the probability of a correction of each of these, and how much a score that builds on it weighs: 0
        where too few candidates like it were learnt."""
        if self._rates is None:
            self._rates = self._fitted()
        cells, classes, weights = self._rates
        cell = found.cell[which]
        rates = np.clip(cells[cell] * classes[found.class_index[which]], LEAST_RATE, MOST_RATE)
        return rates, weights[cell]

    def _fitted(self) -> tuple[Floats, Floats, Floats]:
        """Return the rate of each cell, the ratio of each class, and what scores weigh in each cell."""
        n, corrections = self.candidates.sum(0).reshape(-1, BINS), self.corrections.sum(0).reshape(-1, BINS)
        n_bins, corrections_bins = n.sum(0), corrections.sum(0)
        overall = (corrections.sum() + PRIOR_RATE * PRIOR_CANDIDATES) / (n.sum() + PRIOR_CANDIDATES)
        bins = shrunk(corrections_bins, n_bins, overall, BIN_CANDIDATES)
        of_group = ratios(corrections.sum(1), n @ bins)
        cells = shrunk(corrections, n, np.minimum(of_group[:, None] * bins, MOST_RATE), CELL_CANDIDATES).ravel()
        of_class = ratios(self.corrections.sum(1), self.candidates @ cells)
        n_groups = n.sum(1, keepdims=True)
        known = (n_groups >= KNOWN_IN_GROUP) & (n_bins >= KNOWN_IN_BIN)
        return cells, of_class, (known * score_weights(n_groups)).ravel()
