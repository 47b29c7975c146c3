"""How far two reviewers agree on the same frames: pure functions over the labels that each has on every frame.

Objects of the two are paired one to one within each frame, so that the sum of the overlaps is as large as it can be
(Hungarian method). For the mean IoU, the kappa of classes and the differences they are paired whatever their classes,
where they overlap by 0.5 at least; where classes are equal, that breaks ties. For F1 at 0.5 and at 0.75 only objects of
equal class are paired that overlap by so much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.figures.intervals import CELLS_AT_ONCE, LEVEL, RESAMPLES, Interval, bootstrap_counted, wilson
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.matching import KEPT_IOU, MATCH_IOU, Pair, candidate_pairs

Label: TypeAlias = tuple[str, Geometry]
"""Class name and outline of one object."""
Answers: TypeAlias = tuple[str, str]
"""What each of the two says of the same thing."""

NO_OBJECT: Final = "none"
"""What stands for a class where one of the two has no object."""
KINDS: Final = ("missing", "extra", "class", "outline")
"""How labels can differ: the first has no object where the second has one, or the other way round; another class; the
same class with outlines that overlap by less than 0.75."""
LEAST: Final = (MATCH_IOU, KEPT_IOU)
"""From which IoU on objects of equal class count as found, for the two F1."""
_SEED: Final = 0
_TIE: Final = 1e-6
"""What equal classes are worth beside the IoU."""


class ObjectPair(NamedTuple):
    """An object of the first reviewer and the one of the second that stands for it.

    Attributes:
        a: index into the labels of the first.
        b: index into those of the second.
        iou: of their outlines, at least 0.5.
    """

    a: int
    b: int
    iou: float


class Difference(NamedTuple):
    """One object by which labels differ.

    Attributes:
        kind: one of `KINDS`.
        a: index into the labels of the first; None where it has none.
        b: the same of the second.
    """

    kind: str
    a: int | None
    b: int | None


@dataclass(frozen=True, slots=True)
class ComparedFrame:
    """One frame that both labelled.

    Attributes:
        a: classes of the first reviewer's objects.
        b: those of the second's.
        pairs: which of them stand for one another, whatever their classes.
        same: (class, IoU) of the pairs among objects of equal class, by the least IoU that they were to have.
        verdicts: what each made of predictions that both judged.
    """

    a: tuple[str, ...]
    b: tuple[str, ...]
    pairs: tuple[ObjectPair, ...]
    same: Mapping[float, tuple[tuple[str, float], ...]]
    verdicts: tuple[Answers, ...] = ()

    def classes(self) -> list[Answers]:
        """Return the two classes of each pair."""
        return [(self.a[pair.a], self.b[pair.b]) for pair in self.pairs]

    def units(self) -> list[Answers]:
        """Return what each says of every object that either has: its class, or `none`."""
        paired_a, paired_b = {pair.a for pair in self.pairs}, {pair.b for pair in self.pairs}
        alone = [(name, NO_OBJECT) for at, name in enumerate(self.a) if at not in paired_a]
        alone += [(NO_OBJECT, name) for at, name in enumerate(self.b) if at not in paired_b]
        return self.classes() + alone

    def differences(self) -> list[Difference]:
        """Return what differs, by the order of `KINDS` and then of the objects."""
        paired_a, paired_b = {pair.a for pair in self.pairs}, {pair.b for pair in self.pairs}
        found = [Difference("missing", None, at) for at in range(len(self.b)) if at not in paired_b]
        found += [Difference("extra", at, None) for at in range(len(self.a)) if at not in paired_a]
        for pair in self.pairs:
            if self.a[pair.a] != self.b[pair.b]:
                found.append(Difference("class", pair.a, pair.b))
            elif pair.iou < KEPT_IOU:
                found.append(Difference("outline", pair.a, pair.b))
        return sorted(found, key=lambda one: KINDS.index(one.kind))


def compare_frame(a: Sequence[Label], b: Sequence[Label], verdicts: Iterable[Answers] = ()) -> ComparedFrame:
    """Pair the objects of two reviewers on one frame.

    Args:
        a: labels of the first.
        b: labels of the second.
        verdicts: what each made of the predictions that both judged.
    """
    number = {name: at for at, name in enumerate(dict.fromkeys(name for name, _ in (*a, *b)))}
    near = candidate_pairs([(number[name], outline) for name, outline in a], [(number[n], o) for n, o in b])
    same = {
        least: tuple((a[at][0], iou) for at, _, iou in _assign([p for p in near if p.same_class and p.iou >= least]))
        for least in LEAST
    }
    return ComparedFrame(
        tuple(name for name, _ in a), tuple(name for name, _ in b), tuple(_assign(near)), same, tuple(verdicts)
    )


def _assign(near: Sequence[Pair]) -> list[ObjectPair]:
    """Return the pairs that stand for one another among those that may, by rising index of the first."""
    if not near:
        return []
    from scipy.optimize import linear_sum_assignment  # no window needs it to start

    rows, row_of = np.unique([pair.true for pair in near], return_inverse=True)
    columns, column_of = np.unique([pair.proposed for pair in near], return_inverse=True)
    worth = np.zeros((len(rows), len(columns)))
    worth[row_of, column_of] = [pair.iou + _TIE * pair.same_class for pair in near]
    overlaps = {(pair.true, pair.proposed): pair.iou for pair in near}
    chosen = zip(*linear_sum_assignment(worth, maximize=True), strict=True)
    places = [(int(rows[row]), int(columns[column])) for row, column in chosen]
    return [ObjectPair(*place, overlaps[place]) for place in places if place in overlaps]


def cohen_kappa(answers: Sequence[Answers]) -> float | None:
    """Return Cohen's kappa: how far two agree beyond what their habits would give by chance, 1 at most.

    None without answers, or where both give one and the same answer throughout, which says nothing.
    """
    total = len(answers)
    if total == 0:
        return None
    agreed = sum(a == b for a, b in answers) / total
    first, second = Counter(a for a, _ in answers), Counter(b for _, b in answers)
    by_chance = sum(first[name] * second[name] for name in first) / total**2
    return None if len(first | second) < 2 else (agreed - by_chance) / (1 - by_chance)


def kappa_interval(answers: Sequence[Sequence[Answers]], *, seed: int = _SEED) -> Interval | None:
    """Return the interval of Cohen's kappa by resampling whole frames; None where there is no kappa, and where one of
    the two gives the same answer throughout, which makes it 0 whatever the other says.

    Where the two agree throughout, resampling would claim certainty: then Wilson's interval of the agreement, with
    whole frames as the trials, says how far down it may be.

    Args:
        answers: of each frame.
        seed: equal seeds give equal intervals.
    """
    frames = [frame for frame in answers if frame]
    flat = [pair for frame in frames for pair in frame]
    kappa = cohen_kappa(flat)
    if kappa is None or len({a for a, _ in flat}) == 1 or len({b for _, b in flat}) == 1:
        return None
    names = {name: at for at, name in enumerate(sorted({name for pair in flat for name in pair}))}
    cells = {pair: at for at, pair in enumerate(sorted(set(flat)))}
    counts = np.zeros((len(frames), len(cells)))
    for row, frame in enumerate(frames):
        for pair in frame:
            counts[row, cells[pair]] += 1
    agree = np.array([a == b for a, b in cells])
    sides = [np.eye(len(names))[[names[pair[side]] for pair in cells]] for side in (0, 1)]
    if len(frames) == 1 or agree.all():
        shares = counts.sum(axis=0) / counts.sum()
        chance = float((shares @ sides[0]) @ (shares @ sides[1]))
        lo, hi = wilson(float(shares @ agree) * len(frames), len(frames))
        return (lo - chance) / (1 - chance), (hi - chance) / (1 - chance)
    found = _resampled_kappas(counts, agree, sides, seed)
    lo, hi = np.nanquantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if np.isfinite(found).any() else (kappa, kappa)
    return float(lo), float(hi)


def _resampled_kappas(
    counts: NDArray[np.float64], agree: NDArray[np.bool_], sides: list[NDArray[np.float64]], seed: int
) -> NDArray[np.float64]:
    """Return (R,) kappas of resamples of the frames, NaN where one has none.

    Args:
        counts: (F, C) how often each pair of answers was given on each frame.
        agree: (C,) whether the two answers are equal.
        sides: of each of the two, (C, N) which answer it is.
        seed: of the draw.
    """
    rng = np.random.default_rng(seed)
    frames = len(counts)
    rows = max(1, CELLS_AT_ONCE // frames)
    found = np.empty(RESAMPLES)
    for start in range(0, RESAMPLES, rows):
        size = min(rows, RESAMPLES - start)
        sums = rng.multinomial(frames, np.full(frames, 1 / frames), size=size) @ counts
        shares = sums / sums.sum(axis=1, keepdims=True)
        chance = np.einsum("rn,rn->r", shares @ sides[0], shares @ sides[1])
        rest = np.where(chance < 1 - 1e-12, 1 - chance, np.nan)
        found[start : start + size] = (shares @ agree - chance) / rest
    return found


def agreement(frames: Sequence[ComparedFrame]) -> dict[str, Any]:
    """Return the figures over frames that both labelled, with intervals by resampling whole frames.

    `frames`, `objects` (of each of the two), `matched`, `f1_50`, `f1_75`, `mean_iou`, `kappa_class`, `kappa_verdict`,
    `verdicts` (predictions that both judged) and the table `by_class`; None where nothing is known.
    """
    classes, verdicts = [frame.classes() for frame in frames], [list(frame.verdicts) for frame in frames]
    flat = [pair for frame in classes for pair in frame]
    judged = [pair for frame in verdicts for pair in frame]
    overlaps = [[pair.iou for pair in frame.pairs] for frame in frames]
    mean_iou, mean_interval = _ratio([(sum(ious), len(ious)) for ious in overlaps])
    return {
        "frames": len(frames),
        "objects": [sum(len(frame.a) for frame in frames), sum(len(frame.b) for frame in frames)],
        "matched": len(flat),
        **_f1s(frames, None),
        "mean_iou": mean_iou,
        "mean_iou_interval": mean_interval,
        "kappa_class": cohen_kappa(flat),
        "kappa_class_interval": _listed(kappa_interval(classes)),
        "kappa_verdict": cohen_kappa(judged),
        "kappa_verdict_interval": _listed(kappa_interval(verdicts)),
        "verdicts": len(judged),
        "by_class": [
            _class_row(frames, name) for name in sorted({n for frame in frames for n in (*frame.a, *frame.b)})
        ],
    }


def _class_row(frames: Sequence[ComparedFrame], name: str) -> dict[str, Any]:
    # Most frames have no object of one class among many.
    frames = [frame for frame in frames if name in frame.a or name in frame.b]
    found = [[iou for one, iou in frame.same[MATCH_IOU] if one == name] for frame in frames]
    ious = [iou for one in found for iou in one]
    return {
        "class": name,
        "objects": [sum(frame.a.count(name) for frame in frames), sum(frame.b.count(name) for frame in frames)],
        "matched": len(ious),
        **_f1s(frames, name),
        "mean_iou": sum(ious) / len(ious) if ious else None,
    }


def _f1s(frames: Sequence[ComparedFrame], name: str | None) -> dict[str, Any]:
    """Return both F1 with intervals, of one class or (None) of all."""
    found: dict[str, Any] = {}
    for key, least in zip(("f1_50", "f1_75"), LEAST, strict=True):
        counts = []
        for frame in frames:
            objects = len(frame.a) + len(frame.b) if name is None else frame.a.count(name) + frame.b.count(name)
            counts.append((2 * sum(name in (None, one) for one, _ in frame.same[least]), objects))
        found[key], found[f"{key}_interval"] = _ratio(counts)
    return found


def _ratio(counts: Sequence[tuple[float, float]]) -> tuple[float | None, list[float] | None]:
    """Return the ratio of two sums over frames with its interval, None twice where the lower sum is 0."""
    pairs = np.array(counts, np.float64).reshape(-1, 2)
    if pairs[:, 1].sum() == 0:
        return None, None
    values, repeats = np.unique(pairs, axis=0, return_counts=True)
    return float(pairs[:, 0].sum() / pairs[:, 1].sum()), _listed(bootstrap_counted(values, repeats, seed=_SEED))


def _listed(interval: Interval | None) -> list[float] | None:
    return [float(bound) for bound in interval] if interval is not None else None
