"""The facts of a ledger as columns: what every figure beyond the first few is worked out from.

A row for each frame whose first decision stands, in the order in which they were decided, and a row for each object
that was judged on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.figures.facts import DecidedFrame, ObjectFact
from autoanno_gui.core.figures.metrics import confidence_bin
from autoanno_gui.core.light import Light
from autoanno_gui.core.records import DecisionKind, PresentationMode, VerdictKind

UNKNOWN: Final = -1
KINDS: Final = tuple(DecisionKind)
MODES: Final = tuple(PresentationMode)
VERDICTS: Final = tuple(VerdictKind)
_KIND: Final = {kind: number for number, kind in enumerate(KINDS)}
_MODE: Final = {mode: number for number, mode in enumerate(MODES)}
_VERDICT: Final = {kind: number for number, kind in enumerate(VERDICTS)}
_NO_BOUNDS: Final = (np.nan,) * 4

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FactTable:
    """First decisions and the objects that they judged.

    F frames in the order of the ledger, M objects frame after frame; texts are numbers into the tuple of their name.

    Attributes:
        facts: F, what the rows were made of.
        frame_ids: (F,).
        kind: (F,) numbers into `KINDS`.
        mode: (F,) numbers into `MODES`.
        judges: (F,) the frame's objects count for edit rate and miss rate.
        in_stream: (F,) it belongs to the random stream.
        seconds: (F,) active seconds.
        times: (F,) unix seconds of the decision, nan where not known.
        threshold: (F,) common display threshold.
        round: (F,) number of the model's round, 0 without predictions.
        session: (F,) into `sessions`.
        reviewer: (F,) into `reviewers`.
        model: (F,) into `models`, -1 without predictions.
        reason: (F,) into `reasons`.
        folder: (F,) into `folders`: the part of the path before the last slash.
        brightness: (F,) nan where not known.
        sharpness: (F,) nan where not known.
        starts: (F,) first row of the frame's objects.
        counts: (F,) rows of the frame's objects.
        frame: (M,) row of the object's frame.
        verdict: (M,) numbers into `VERDICTS`.
        class_id: (M,) final project class; of a rejected one the class it was shown with.
        proposed: (M,) proposed project class, -1 for a drawn one or where not known.
        confidence: (M,) nan for a drawn one.
        bin: (M,) of the confidence, see `metrics.confidence_bin`; -1 for a drawn one.
        class_changed: (M,).
        geometry_changed: (M,).
        shown: (M,) it was a candidate.
        iou: (M,) with the prediction, nan for drawn and rejected ones.
        bounds: (M, 4) xyxy as shares of the picture, nan where not known.
        shifts: (M, 4) of the left, top, right and bottom edge as shares of the prediction's size, nan where not known.
        crowding: (M,) highest IoU with another object that stayed on the frame.
    """

    facts: tuple[DecidedFrame, ...]
    sessions: tuple[str, ...]
    reviewers: tuple[str, ...]
    models: tuple[str, ...]
    reasons: tuple[str, ...]
    folders: tuple[str, ...]
    frame_ids: Ints
    kind: Ints
    mode: Ints
    judges: Flags
    in_stream: Flags
    seconds: Floats
    times: Floats
    threshold: Floats
    round: Ints
    session: Ints
    reviewer: Ints
    model: Ints
    reason: Ints
    folder: Ints
    brightness: Floats
    sharpness: Floats
    starts: Ints
    counts: Ints
    frame: Ints
    verdict: Ints
    class_id: Ints
    proposed: Ints
    confidence: Floats
    bin: Ints
    class_changed: Flags
    geometry_changed: Flags
    shown: Flags
    iou: Floats
    bounds: Floats
    shifts: Floats
    crowding: Floats
    blind: tuple[DecidedFrame, ...] = field(default=())
    """Frames of the random stream that were labelled blind, as their adopted decision has them."""
    stream: tuple[DecidedFrame, ...] = field(default=())
    """Labelled frames of the random stream, as their adopted decision has them."""

    def __len__(self) -> int:
        return len(self.facts)

    @classmethod
    def of(cls, decisions: Iterable[DecidedFrame], *, lights: Mapping[int, Light] | None = None) -> FactTable:
        """Make the table of a ledger.

        Args:
            decisions: all that stand, in the order of the ledger, with `first` and `adopted` as they are.
            lights: by frame id, as far as known.
        """
        standing = [one for one in decisions if not one.revoked]
        frames = tuple(one for one in standing if one.first and one.kind.state.decided)
        objects = [item for one in frames for item in one.objects]
        lights = lights or {}
        counts = _ints(len(one.objects) for one in frames)
        texts = {
            "sessions": _numbered(one.session for one in frames),
            "reviewers": _numbered(one.reviewer for one in frames),
            "models": _numbered(one.model for one in frames),
            "reasons": _numbered(one.reason for one in frames),
            "folders": _numbered(one.path.rpartition("/")[0] for one in frames),
        }
        return cls(
            facts=frames,
            **{name: names for name, (names, _) in texts.items()},  # type: ignore[arg-type]
            session=texts["sessions"][1],
            reviewer=texts["reviewers"][1],
            model=texts["models"][1],
            reason=texts["reasons"][1],
            folder=texts["folders"][1],
            **_frame_columns(frames),
            brightness=_floats(lights[i].brightness if (i := one.frame_id) in lights else None for one in frames),
            sharpness=_floats(lights[i].sharpness if (i := one.frame_id) in lights else None for one in frames),
            starts=np.cumsum(counts) - counts,
            counts=counts,
            frame=np.repeat(np.arange(len(frames)), counts),
            **_object_columns(objects),
            blind=tuple(one for one in standing if one.adopted and one.blind is not None),
            stream=tuple(one for one in standing if one.adopted and one.in_stream and one.kind.state.labelled),
        )

    # ------------------------------------------------------------------------------------------------ what objects are
    @property
    def judged(self) -> Flags:
        """(M,) candidates that count for the edit rate."""
        return self.judges[self.frame] & self.shown & self._is(*VerdictKind) & ~self._is(VerdictKind.PROMOTED)

    @property
    def corrected(self) -> Flags:
        """(M,) judged candidates that were edited or rejected."""
        return self.judged & self._is(VerdictKind.EDITED, VerdictKind.REJECTED)

    @property
    def missed(self) -> Flags:
        """(M,) final objects that the model alone would have missed: drawn or promoted."""
        ghost = ~self.shown & self._is(VerdictKind.ACCEPTED, VerdictKind.EDITED)
        return self.judges[self.frame] & (self._is(VerdictKind.ADDED, VerdictKind.PROMOTED) | ghost)

    @property
    def final(self) -> Flags:
        """(M,) objects that stayed on frames that count for the miss rate."""
        return self.judges[self.frame] & ~(self._is(VerdictKind.REJECTED))

    @property
    def area(self) -> Floats:
        """(M,) of the bounds, as a share of the picture; nan where not known."""
        found: Floats = (self.bounds[:, 2] - self.bounds[:, 0]) * (self.bounds[:, 3] - self.bounds[:, 1])
        return found

    def _is(self, *kinds: VerdictKind) -> Flags:
        return np.isin(self.verdict, [_VERDICT[kind] for kind in kinds])

    def is_verdict(self, *kinds: VerdictKind) -> Flags:
        """Return (M,) whether each object's verdict is one of these."""
        return self._is(*kinds)

    def per_frame(self, flags: Flags) -> Ints:
        """Return (F,) how many objects of each frame are flagged."""
        return np.bincount(self.frame[flags], minlength=len(self))


def _frame_columns(frames: Sequence[DecidedFrame]) -> dict[str, Any]:
    return {
        "frame_ids": _ints(one.frame_id for one in frames),
        "kind": _ints(_KIND[one.kind] for one in frames),
        "mode": _ints(_MODE[one.mode] for one in frames),
        "judges": np.array([one.judges_predictions for one in frames], np.bool_),
        "in_stream": np.array([one.in_stream for one in frames], np.bool_),
        "seconds": _floats(one.active_seconds for one in frames),
        "times": _floats(_unix(one.wall_clock) for one in frames),
        "threshold": _floats(one.threshold for one in frames),
        "round": _ints(one.round for one in frames),
    }


def _object_columns(objects: Sequence[ObjectFact]) -> dict[str, Any]:
    def edges(get: Callable[[ObjectFact], tuple[float, float, float, float] | None]) -> Floats:
        # Number by number: an array made of tuples keeps all other threads waiting until it is whole.
        values = (value for item in objects for value in get(item) or _NO_BOUNDS)
        return np.fromiter(values, np.float64, 4 * len(objects)).reshape(-1, 4)

    return {
        "verdict": _ints(_VERDICT[item.kind] for item in objects),
        "class_id": _ints(item.class_id for item in objects),
        "proposed": _ints(UNKNOWN if item.proposed_class_id is None else item.proposed_class_id for item in objects),
        "confidence": _floats(item.confidence for item in objects),
        "bin": _ints(UNKNOWN if item.confidence is None else confidence_bin(item.confidence) for item in objects),
        "class_changed": np.array([item.class_changed for item in objects], np.bool_),
        "geometry_changed": np.array([item.geometry_changed for item in objects], np.bool_),
        "shown": np.array([item.shown for item in objects], np.bool_),
        "iou": _floats(item.iou for item in objects),
        "bounds": edges(lambda item: item.bounds),
        "shifts": edges(lambda item: item.shifts),
        "crowding": _floats(item.crowding for item in objects),
    }


def _ints(values: Iterable[int]) -> Ints:
    return np.array(list(values), np.int64)


def _floats(values: Iterable[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _numbered(values: Iterable[str | None]) -> tuple[tuple[str, ...], Ints]:
    """Return the distinct texts in the order in which they come, and the number of each; -1 for None."""
    numbers: dict[str, int] = {}
    found = [UNKNOWN if value is None else numbers.setdefault(value, len(numbers)) for value in values]
    return tuple(numbers), np.array(found, np.int64)


def _unix(wall_clock: str) -> float | None:
    return datetime.fromisoformat(wall_clock).timestamp() if wall_clock else None
