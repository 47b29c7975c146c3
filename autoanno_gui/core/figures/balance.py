"""What a dataset made of the labels so far would lack: frames without a decision, classes without enough examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from autoanno_gui.core.figures.facts import DecidedFrame
from autoanno_gui.core.figures.metric_report import Figures, share_of
from autoanno_gui.core.records import FrameState, VerdictKind

LEAST_ANNOTATIONS: Final = 100
LEAST_FRAMES: Final = 30
MOST_IMBALANCE: Final = 10.0
NAMED: Final = 5
"""So many classes are named in a sentence."""


def balance(
    states: Mapping[FrameState, int], decisions: Iterable[DecidedFrame], class_names: Mapping[int, str]
) -> Figures:
    """Return how complete the labels are and how they are spread over the classes, with sentences about what is wrong.

    Args:
        states: how many frames are in each.
        decisions: the ledger; the adopted ones that label their frame count.
        class_names: of the classes that live, by id; those without any annotation have a row too.
    """
    annotations, frames = Counter[int](), Counter[int]()
    for decision in decisions:
        if decision.adopted and not decision.revoked and decision.kind.state.labelled:
            kept = [item.class_id for item in decision.objects if item.kind is not VerdictKind.REJECTED]
            annotations.update(kept)
            frames.update(set(kept))
    total = annotations.total()
    names = {class_id: class_names.get(class_id, f"class {class_id}") for class_id in annotations} | dict(class_names)
    rows: list[Figures] = [
        {
            "class": name,
            "annotations": annotations[class_id],
            "frames": frames[class_id],
            "share": share_of(annotations[class_id], total),
            "few": annotations[class_id] < LEAST_ANNOTATIONS or frames[class_id] < LEAST_FRAMES,
        }
        for class_id, name in sorted(names.items(), key=lambda item: (-annotations[item[0]], item[0]))
    ]
    met = [row for row in rows if row["annotations"]]
    imbalance = share_of(met[0]["annotations"], met[-1]["annotations"]) if len(met) > 1 else None
    return {
        "undecided": states.get(FrameState.UNDECIDED, 0),
        "deferred": states.get(FrameState.DEFERRED, 0),
        "waiting_for_hand": states.get(FrameState.REJECTED, 0),
        "failed": states.get(FrameState.FAILED, 0),
        "classes": rows,
        "imbalance": imbalance,
        "notes": _notes(rows, met, imbalance) if total else [],
    }


def _notes(rows: Sequence[Figures], met: Sequence[Figures], imbalance: float | None) -> list[str]:
    notes = []
    if missing := [row["class"] for row in rows if not row["annotations"]]:
        notes.append(f"Without any example so far: {_listed(missing)}.")
    if few := [f"{row['class']} ({_counted(row)})" for row in reversed(met) if row["few"]]:
        notes.append(
            f"Too few examples to learn from (under {LEAST_ANNOTATIONS} annotations or {LEAST_FRAMES} frames): "
            f"{_listed(few)}."
        )
    if imbalance is not None and imbalance > MOST_IMBALANCE:
        most, least = met[0], met[-1]
        notes.append(
            f"Out of balance: {most['class']} has about {imbalance:,.0f} times as many annotations as {least['class']} "
            f"({most['annotations']:,} to {least['annotations']:,})."
        )
    return notes


def _counted(row: Figures) -> str:
    annotations, frames = row["annotations"], row["frames"]
    return f"{annotations:,} on {frames:,} {'frame' if frames == 1 else 'frames'}"


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {rest:,} more" if rest > 0 else "")
