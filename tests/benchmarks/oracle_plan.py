"""What is to be done on a frame, and what doing it takes: thought out before a key is pressed. No window here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from autoanno_gui.core.box import Box, pairwise_iou
from autoanno_gui.core.duplicates import DUPLICATE_IOU
from tests.benchmarks.keystrokes import CLICK, DRAW, FIND_WRONG, HAND, KEY, POINT, Meter, Place
from tests.benchmarks.reshaping import Reshaping, ways
from tests.benchmarks.truth import Label, Thing, match

ADOPT_IOU: Final = 0.5
"""A box that is drawn over a shown ghost adopts it from this overlap on."""
ALL_AT_ONCE_FROM: Final = 3
"""So many wrong objects take more keys one by one than all at once."""


@dataclass(frozen=True, slots=True)
class View:
    """What a frame shows at a threshold: candidates by rising confidence, ghosts by falling confidence."""

    candidates: tuple[Thing, ...]
    ghosts: tuple[Thing, ...]

    @classmethod
    def at(cls, threshold: float, proposals: Sequence[tuple[Thing, float]], *, floor: float) -> View:
        """Return what (thing, confidence) pairs by falling confidence look like before anything was done to them.

        Args:
            threshold: candidates are above it.
            proposals: of the frame.
            floor: ghosts are at or above it, and no duplicates of candidates.
        """
        above = [thing for thing, confidence in proposals if confidence > threshold]
        below = [thing for thing, confidence in proposals if floor <= confidence <= threshold]
        if above and below:
            overlaps = pairwise_iou(_array(above), _array(below)).max(axis=0)
            below = [thing for thing, overlap in zip(below, overlaps, strict=True) if overlap < DUPLICATE_IOU]
        return cls(tuple(reversed(above)), tuple(below))


@dataclass(frozen=True, slots=True)
class Start:
    """How things stand before: the selected object, whether ghosts are shown, and the class that a box gets."""

    selected: int | None = None
    ghosts_shown: bool = False
    last_class: str | None = None
    hand: Place = "keys"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do.

    Attributes:
        todo: by object id the label that it is to become equal to; None to reject it.
        missing: what to draw.
        ghosts: whether ghosts have to be shown for it.
    """

    todo: Mapping[int, Label | None]
    missing: tuple[Label, ...]
    ghosts: bool


@dataclass
class Planner:
    """Knows the labels of one frame and what changing an object takes.

    Attributes:
        width: pixels of the image.
        height: pixels of the image.
        tight: the overlap with its label from which on a box stays as it is.
        keys_of_class: returns the keys that give a class by its name.
    """

    labels: Sequence[Label]
    width: int
    height: int
    tight: float
    keys_of_class: Callable[[str], int]
    _ways: dict[tuple[Box, Box], list[Reshaping]] = field(default_factory=dict)

    # ------------------------------------------------------------------------------------------------ what to do
    def fits(self, label: Label, thing: Thing) -> bool:
        """Whether an object is its label: of its class, and overlapping enough."""
        return label.name == thing.name and thing.box.iou(label.box) >= self.tight

    def ways(self, box: Box, target: Box) -> list[Reshaping]:
        """Return the ways in which a box comes to fit."""
        if (box, target) not in self._ways:
            self._ways[box, target] = ways(box, target, least=self.tight, width=self.width, height=self.height)
        return self._ways[box, target]

    def plans(self, view: View, *, shown: bool) -> list[Plan]:
        """Return what might be done: without ghosts, and with those that are worth it; `shown`: they are shown now."""
        matched = match(self.labels, view.candidates)
        kept = {thing.id for thing in matched.values()}
        ghosts = {
            i: thing
            for i, thing in match(self.labels, view.ghosts, taken=matched).items()
            if self._fixing(self.labels[i], thing) + 2 * KEY < DRAW + KEY
        }
        found = []
        for taken in [{}, ghosts] if ghosts else [{}]:
            todo: dict[int, Label | None] = {thing.id: None for thing in view.candidates if thing.id not in kept}
            missing = [label for i, label in enumerate(self.labels) if i not in matched and i not in taken]
            for i, thing in matched.items():
                if self.fits(self.labels[i], thing):
                    continue
                anew = FIND_WRONG + KEY + DRAW + KEY + (0.0 if missing else 2 * HAND)
                if self._fixing(self.labels[i], thing) < anew:
                    todo[thing.id] = self.labels[i]
                else:
                    todo[thing.id] = None
                    missing.append(self.labels[i])
            todo |= {thing.id: self.labels[i] for i, thing in taken.items()}
            found.append(Plan(todo, tuple(missing), shown or bool(taken)))
        return found

    def _fixing(self, label: Label, thing: Thing) -> float:
        """Return what it takes to make an object equal to its label, the hand at the keys before and after."""
        seconds = 0.0 if self.fits(label, thing) else FIND_WRONG
        if thing.name != label.name:
            seconds += KEY * self.keys_of_class(label.name)
        if thing.box.iou(label.box) < self.tight:
            found = self.ways(thing.box, label.box)
            seconds += min((Meter().price(way.seconds, way.where, then="keys") for way in found), default=float("inf"))
        return seconds

    # ------------------------------------------------------------------------------------------------ what it takes
    def price(self, plan: Plan, view: View, start: Start) -> float:
        """Return about what a plan takes, Space included: as the oracle goes about it, without asking the window."""
        meter = Meter(hand=start.hand)
        if plan.ghosts and not start.ghosts_shown:
            meter.press()
            meter.look_at_more(len(view.ghosts))
        walk = _Walk(view, start.selected, ghosts=plan.ghosts)
        things = {thing.id: thing for thing in (*view.candidates, *view.ghosts)}
        todo = dict(plan.todo)
        while todo:
            if rejects_all(todo, walk.order()) or accepts_all(todo, walk.ghosts, self.fits, things):
                for label in todo.values():
                    if label is None:
                        meter.find_wrong()
                meter.press(2)
                break
            object_id = min(todo, key=lambda each: abs(walk.steps_to(each)))
            self._price_one(meter, walk, things[object_id], todo.pop(object_id))
        hidden = plan.ghosts and any(ghost_in_the_way(label.box, view.ghosts) for label in plan.missing)
        meter.press(hidden)
        self._price_drawing(meter, plan.missing, start.last_class, selected=walk.selected is not None)
        meter.press(plan.ghosts and not hidden and not start.ghosts_shown)
        meter.press()
        return meter.seconds

    def _price_one(self, meter: Meter, walk: _Walk, thing: Thing, label: Label | None) -> None:
        if label is None or not self.fits(label, thing):
            meter.find_wrong()
        clicked = walk.reach(meter, thing.id)
        if label is None:
            meter.press()
            walk.reject(thing.id)
            return
        if thing.name != label.name:
            meter.press(self.keys_of_class(label.name))
        if thing.box.iou(label.box) < self.tight:
            _reshape(meter, min(self.ways(thing.box, label.box), key=lambda way: price_of(way, meter)))
            walk.confirm(thing.id, stays=True)
        elif thing.name != label.name or clicked:
            walk.confirm(thing.id, stays=True)
        else:
            meter.press()
            walk.confirm(thing.id, stays=False)

    def _price_drawing(self, meter: Meter, missing: Iterable[Label], last: str | None, *, selected: bool) -> None:
        for label in in_drawing_order(missing, last):
            if label.name != last and meter.hand == "keys":
                meter.press(selected + self.keys_of_class(label.name))
                last = label.name
            meter.draw()
            if label.name != last:
                meter.press(self.keys_of_class(label.name))
                last = label.name


class _Walk:
    """How Tab, Enter and X lead through the objects of a frame."""

    def __init__(self, view: View, selected: int | None, *, ghosts: bool) -> None:
        self.selected = selected
        self._candidates = [thing.id for thing in view.candidates]
        self._confirmed: list[int] = []
        self.ghosts = [thing.id for thing in view.ghosts] if ghosts else []

    def order(self) -> list[int]:
        """Return ids in the order of Tab."""
        return self._candidates + self._confirmed + self.ghosts

    def steps_to(self, object_id: int) -> int:
        """Return how often Tab (negative: Shift+Tab) leads to an object."""
        return steps(self.order(), self.selected, object_id)

    def reach(self, meter: Meter, object_id: int) -> bool:
        """Select an object in the cheaper way. Returns whether that was a click on a ghost, which confirms it."""
        ghost, count = object_id in self.ghosts, abs(self.steps_to(object_id))
        by_keys = meter.price(KEY * (count + ghost), "keys", then="keys")
        by_mouse = meter.price(POINT + CLICK, "mouse", then="keys")
        self.selected = object_id
        if by_mouse < by_keys:
            meter.click()
            return ghost
        meter.press(count)
        return False

    def confirm(self, object_id: int, *, stays: bool) -> None:
        """Note that an object was confirmed: the selection stays, or goes on to what still asks for a judgement."""
        order = self.order()
        self._remove(object_id)
        self._confirmed = sorted([*self._confirmed, object_id])
        if not stays:
            self.selected = self._following(order, object_id) or object_id

    def reject(self, object_id: int) -> None:
        """Note that an object was rejected."""
        order = self.order()
        self._remove(object_id)
        self.selected = self._following(order, object_id) or next(iter(self._confirmed), None)

    def _remove(self, object_id: int) -> None:
        for ids in (self._candidates, self._confirmed, self.ghosts):
            if object_id in ids:
                ids.remove(object_id)

    def _following(self, order: list[int], object_id: int) -> int | None:
        at = order.index(object_id)
        behind = order[at + 1 :] + order[:at]
        for wanted in (self._candidates, self.ghosts):
            for each in behind:
                if each in wanted:
                    return each
        return None


# ---------------------------------------------------------------------------------------------------- shared rules
def steps(order: Sequence[int], selected: int | None, object_id: int) -> int:
    """Return how often Tab (negative: Shift+Tab) leads from the selected object, or from none, to another."""
    at = order.index(object_id)
    if selected in order:
        forward = (at - order.index(selected)) % len(order)
        return forward if forward <= len(order) - forward else forward - len(order)
    return at + 1 if at + 1 <= len(order) - at else at - len(order)


def rejects_all(todo: Mapping[int, Label | None], order: Sequence[int]) -> bool:
    """Whether everything that can be selected is to be rejected, and that takes fewest keys all at once."""
    return len(todo) >= ALL_AT_ONCE_FROM and set(order) == set(todo) and not any(todo.values())


def accepts_all(
    todo: Mapping[int, Label | None],
    ghosts: Sequence[int],
    fits: Callable[[Label, Thing], bool],
    things: Mapping[int, Thing],
) -> bool:
    """Whether what is left to do is to confirm all ghosts as they are, more than one: that goes all at once."""
    if len(todo) < 2 or set(todo) != set(ghosts):
        return False
    return all(label is not None and fits(label, things[object_id]) for object_id, label in todo.items())


def in_drawing_order(missing: Iterable[Label], last: str | None) -> list[Label]:
    """Return labels class by class, the last class first. Single ones come last: the class of the very last box can be
    given when the hand is on its way back to the keys anyhow."""
    labels = list(missing)
    counts = Counter(label.name for label in labels)
    return sorted(labels, key=lambda one: (one.name != last, -counts[one.name], one.name))


def ghost_in_the_way(box: Box, ghosts: Iterable[Thing]) -> bool:
    """Whether drawing a box would adopt a shown ghost instead."""
    return any(ghost.box.iou(box) >= ADOPT_IOU for ghost in ghosts)


def price_of(way: Reshaping, meter: Meter) -> float:
    """Return what a way of reshaping takes from here."""
    return meter.price(way.seconds, way.where, then="keys")


def _reshape(meter: Meter, way: Reshaping) -> None:
    meter.press(len(way.keys))
    if way.snaps:
        meter.press()
        for _ in way.snaps:
            meter.click()
    elif way.corner is not None:
        meter.drag()


def _array(things: Sequence[Thing]) -> np.ndarray:
    return np.array([thing.box.as_tuple() for thing in things], np.float32).reshape(-1, 4)
