"""What the reviewer made of a planted check: whether the alteration was caught, and what became of the other labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from autoanno_gui.core.geometry import overlap
from autoanno_gui.core.matching import KEPT_IOU, MATCH_IOU, candidate_pairs, match
from autoanno_gui.core.planting import Alteration, Label, Planted
from autoanno_gui.core.records import Verdict

CHECK_EVENT: Final = "check"
"""Kind of the ledger's events about planted checks."""
CLEARLY_BETTER: Final = 0.15
"""Overlap with the true label that a corrected one must have gained."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the reviewer made of a planted check.

    Attributes:
        caught: the alteration was noticed.
        objects: unaltered labels.
        kept: those of them that were left alone: of the same class, overlapping by at least 0.75.
        changed: those that were given another class or outline.
        removed: those that are gone.
        added: new objects, what mends the alteration left out.
        passed_over: the frame was left without a decision; then nothing else counts.
    """

    caught: bool
    objects: int = 0
    kept: int = 0
    changed: int = 0
    removed: int = 0
    added: int = 0
    passed_over: bool = False

    def as_event(self, planted: Planted, *, reviewer: str, session: str, frame: str, seconds: float) -> dict[str, Any]:
        """Return the body of the ledger's event.

        Args:
            planted: what was shown.
            reviewer: who looked at it.
            session: uuid of the sitting.
            frame: path.
            seconds: active ones on the frame.
        """
        return {
            "reviewer": reviewer,
            "session": session,
            "frame": frame,
            "alteration": planted.alteration.value,
            "caught": self.caught,
            "passed_over": self.passed_over,
            "seconds": seconds,
            "objects": self.objects,
            "kept": self.kept,
            "added": self.added,
            "changed": self.changed,
            "removed": self.removed,
        }


def final_labels(verdicts: Iterable[Verdict]) -> list[Label]:
    """Return the objects that stay on a frame by its verdicts."""
    return [(verdict.class_id, verdict.geometry) for verdict in verdicts if verdict.geometry is not None]


def judge(planted: Planted, final: Sequence[Label]) -> Outcome:
    """Compare the objects that the reviewer left on the frame with what was shown and with the truth."""
    pairs = match(candidate_pairs(planted.unaltered, final), np.ones(len(final), np.bool_))
    taken = {pair.proposed for pair in pairs}
    rest = [label for index, label in enumerate(final) if index not in taken]
    near = [label for label in rest if _stands_for(label, planted)]
    kept = sum(pair.same_class and pair.iou >= KEPT_IOU for pair in pairs)
    return Outcome(
        caught=_caught(planted, near),
        objects=len(planted.unaltered),
        kept=kept,
        changed=len(pairs) - kept,
        removed=len(planted.unaltered) - len(pairs),
        added=len(rest) - len(near),
    )


def sent_away(planted: Planted) -> Outcome:
    """Return the outcome of a check that was sent to hand labelling: the reviewer saw that something is wrong."""
    return Outcome(caught=True)


def left_alone(planted: Planted) -> Outcome:
    """Return the outcome of a check that was left without a decision."""
    return Outcome(caught=False, passed_over=True)


def _stands_for(label: Label, planted: Planted) -> bool:
    """Whether an object lies where the altered label is shown or should be."""
    shown = planted.altered_label
    places = [planted.true_label[1]] if shown is None else [planted.true_label[1], shown[1]]
    return any(overlap(label[1], place) >= MATCH_IOU for place in places)


def _caught(planted: Planted, near: Sequence[Label]) -> bool:
    """Whether what stands for the altered label now shows that the alteration was noticed; deleting it does."""
    shown, (_, true) = planted.altered_label, planted.true_label
    if shown is None:
        return bool(near)
    if not near:
        return True
    if planted.alteration is Alteration.CLASS:
        return all(class_id != shown[0] for class_id, _ in near)
    best = max(overlap(geometry, true) for _, geometry in near)
    return best >= KEPT_IOU or best >= overlap(shown[1], true) + CLEARLY_BETTER
