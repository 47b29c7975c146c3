"""The part of the facts that the rules look at, and how a rule puts what it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from autoanno_gui.core.figures.fact_table import FactTable, Flags, Ints
from autoanno_gui.core.figures.hypotheses.chance import Contrast, beyond, contrast
from autoanno_gui.core.figures.hypotheses.clips import Things
from autoanno_gui.core.figures.hypotheses.hypothesis import Hypothesis

ENOUGH_FRAMES: Final = 20
ENOUGH_CORRECTIONS: Final = 20
"""With fewer of either nothing is said about causes."""

LEAST_SHARE: Final = 0.05
"""A cause that explains less of all corrections than this is not worth a word."""

LEAST_HITS: Final = 8
"""So many corrections must be of one cause before it is named..."""
LEAST_HIT_FRAMES: Final = 5
"""...on so many frames."""

TESTS: Final = 12
"""Rules that chance could make speak."""
DOUBT: Final = 0.05 / TESTS
"""Highest chance at which one rule may speak, so that all together speak of noise in at most 1 of 20 projects."""

MOST_FRAMES: Final = 200
MOSTLY: Final = 0.6
"""Two causes that share this much of the smaller one's objects are told to be about the same ones."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found.

    Attributes:
        hypothesis: to be shown.
        name: of the cause, short, to be referred to.
        objects: (M,) that it is about.
    """

    hypothesis: Hypothesis
    name: str
    objects: Flags


@dataclass(frozen=True, slots=True)
class Scope:
    """Frames of a table and their objects.

    Attributes:
        rows: (F,) frames that are looked at; they all judge predictions.
        judged: (M,) candidates that count for the edit rate.
        corrected: (M,) those that were edited or rejected.
        missed: (M,) final objects that were drawn or promoted.
        final: (M,) objects that stayed.
        corrections: how many were corrected or missed.
        things: what the objects are pictures of.
    """

    table: FactTable
    names: Mapping[int, str]
    rows: Flags
    judged: Flags
    corrected: Flags
    missed: Flags
    final: Flags
    corrections: int
    things: Things

    @classmethod
    def of(cls, table: FactTable, rows: Flags, names: Mapping[int, str]) -> Self:
        """Look at (F,) some frames of a table, as far as they judge predictions."""
        rows = rows & table.judges
        inside = rows[table.frame]
        corrected, missed = table.corrected & inside, table.missed & inside
        return cls(
            table,
            names,
            rows,
            table.judged & inside,
            corrected,
            missed,
            table.final & inside,
            int(corrected.sum() + missed.sum()),
            Things(table),
        )

    @property
    def enough(self) -> bool:
        return int(self.rows.sum()) >= ENOUGH_FRAMES and self.corrections >= ENOUGH_CORRECTIONS

    @property
    def needed(self) -> Flags:
        """(M,) objects that needed a correction."""
        return self.corrected | self.missed

    def name_of(self, class_id: int) -> str:
        return self.names.get(class_id, f"class {class_id}")

    def classes(self, objects: Flags) -> list[int]:
        """Return the final classes of objects, rising."""
        return [int(each) for each in np.unique(self.table.class_id[objects])]

    def count(self, objects: Flags) -> Ints:
        """Return (F,) how many of the objects each frame that is looked at has."""
        return self.table.per_frame(objects)[self.rows]

    def frames_with(self, objects: Flags) -> int:
        return len(np.unique(self.table.frame[objects]))

    def often_enough(self, objects: Flags) -> bool:
        """Whether there are enough of these objects, on enough frames, to speak of them."""
        return int(objects.sum()) >= LEAST_HITS and self.frames_with(objects) >= LEAST_HIT_FRAMES

    def compare(self, hits: Flags, whole: Flags, inside: Flags, *, doubt: float = DOUBT) -> Contrast | None:
        """Compare the rate of hits among the objects of a part with that among the rest; None where one of them is
        empty, or where chance could make a difference as large.

        Args:
            hits: (M,) those of `whole` to which it happened.
            whole: (M,) objects to which it could happen.
            inside: (M,) the part.
            doubt: the highest chance of it.
        """
        parts = hits & inside, whole & inside, hits & ~inside, whole & ~inside
        seen = None
        # What is the same on all frames of a clip is no more certain by being seen again.
        for count in (self.count, self.things.count):
            seen = contrast(*(count(part) for part in parts))
            if seen is None or seen.chance >= doubt:
                return None
        return seen

    def surely_beyond(self, hits: Flags, whole: Flags, rate: float, *, doubt: float = DOUBT) -> bool:
        """Whether there are more (M,) hits among (M,) a whole than chance would make at this rate."""
        return all(beyond(count(hits), count(whole), rate) < doubt for count in (self.count, self.things.count))

    def finding(
        self,
        code: str,
        name: str,
        objects: Flags,
        *,
        sentence: str,
        evidence: str,
        advice: str,
        explained: float | None = None,
        class_id: int | None = None,
    ) -> Finding | None:
        """Return what a rule found; None where it explains too little.

        Args:
            code: of the cause.
            name: of the cause, short.
            objects: (M,) that it is about.
            explained: corrections that there would not be without it; None for all of the objects.
            class_id: of the class that it is about.
        """
        number = int(objects.sum()) if explained is None else explained
        share = min(1.0, number / self.corrections)
        if share < LEAST_SHARE:
            return None
        found = Hypothesis(
            code,
            sentence,
            evidence,
            advice,
            share,
            self.paths(objects),
            self.name_of(class_id) if class_id is not None else None,
        )
        return Finding(found, name, objects)

    def paths(self, objects: Flags) -> tuple[str, ...]:
        """Return the paths of frames with these objects, newest first."""
        rows = np.unique(self.table.frame[objects])[::-1][:MOST_FRAMES]
        return tuple(self.table.facts[row].path for row in rows)


def rate(hits: Flags, whole: Flags) -> float | None:
    """Return the share of (M,) hits in (M,) a whole that holds them; None for an empty one."""
    n = int(whole.sum())
    return int(hits.sum()) / n if n else None


def percent(share: float) -> str:
    """Return a share as people read it: whole per cents, with one more digit below 2."""
    return f"{share:.1%}" if 0.0 < share < 0.02 else f"{share:.0%}"


def told_apart(findings: list[Finding]) -> list[Hypothesis]:
    """Return the hypotheses, each with a remark where it is mostly about the same objects as an earlier one."""
    told: list[Hypothesis] = []
    for at, found in enumerate(findings):
        hypothesis, own = found.hypothesis, int(found.objects.sum())
        for earlier in findings[:at]:
            both, smaller = int((found.objects & earlier.objects).sum()), min(own, int(earlier.objects.sum()))
            if smaller and both >= MOSTLY * smaller:
                remark = f"{both} of these {own} objects count under “{earlier.name}” too."
                hypothesis = replace(hypothesis, evidence=f"{hypothesis.evidence} {remark}")
                break
        told.append(hypothesis)
    return told
