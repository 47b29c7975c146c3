"""The cheapest way to make a box fit its label: arrow keys, an edge snap, or a corner. No window here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from autoanno_gui.core.box import Box
from autoanno_gui.core.reshaping import grown
from autoanno_gui.ui.canvas.state import Side, with_side_at
from autoanno_gui.ui.canvas.tools.snap import side_to_snap
from tests.benchmarks.keystrokes import CLICK, DRAG, KEY, POINT, Place

MOST_KEYS: Final = 12
SPARE: Final = 0.01
"""Overlap by which a plan has to be better than needed: a mouse stands on whole pixels of the screen."""
DIRECTIONS: Final = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
ALONG: Final = (0.5, 0.3, 0.7, 0.15, 0.85, 0.03, 0.97)
"""Where along a side it is snapped, at the first of these places that means this side."""


@dataclass(frozen=True, slots=True)
class Reshaping:
    """One way to do it.

    Attributes:
        keys: action ids to press.
        snaps: image pixels to click with E held.
        corner: the corner to drag, from and to, in image pixels.
    """

    keys: tuple[str, ...] = ()
    snaps: tuple[tuple[float, float], ...] = ()
    corner: tuple[tuple[float, float], tuple[float, float]] | None = None

    @property
    def seconds(self) -> float:
        """Without the ways of the hand; E is one key however long it is held."""
        if self.corner is not None:
            return DRAG
        return KEY * len(self.keys) + (KEY + (POINT + CLICK) * len(self.snaps) if self.snaps else 0.0)

    @property
    def where(self) -> Place:
        """Where the hand is for it."""
        return "keys" if self.keys else "mouse"


def ways(box: Box, target: Box, *, least: float, width: int, height: int) -> list[Reshaping]:
    """Return the ways in which a box comes to overlap its label by `least`, none when drawing it anew is the only one.

    Args:
        box: as it is, pixels of an image of `width` x `height`.
        target: the label.
        least: 0..1.
        width: of the image.
        height: of the image.
    """
    found = [Reshaping(keys=keys)] if (keys := _keys(box, target, least, width, height)) else []
    found += [Reshaping(snaps=snaps) for snaps in _snaps(box, target, least + SPARE)]
    found += [Reshaping(corner=corner) for corner in _corners(box, target, least + SPARE)]
    return found


def _keys(box: Box, target: Box, least: float, width: int, height: int) -> tuple[str, ...]:
    """Return keys that lead there, each the one that helps most; empty when they lead nowhere."""
    pressed: list[str] = []
    while box.iou(target) < least and len(pressed) < MOST_KEYS:
        key, after = max(_after_keys(box, width, height), key=lambda one: one[1].iou(target))
        if after.iou(target) <= box.iou(target):
            return ()
        pressed.append(key)
        box = after
    return tuple(pressed) if box.iou(target) >= least else ()


def _after_keys(box: Box, width: int, height: int) -> Iterator[tuple[str, Box]]:
    for name, (x, y) in DIRECTIONS.items():
        for suffix, by in (("", 1), ("_10", 10)):
            yield f"object.nudge_{name}{suffix}", box.moved_inside(x * by, y * by, width=width, height=height)
            outline = grown(box, x * by, y * by)
            assert isinstance(outline, Box)
            yield f"object.grow_{name}{suffix}", outline.clipped(width, height)


def _snaps(box: Box, target: Box, least: float) -> Iterator[tuple[tuple[float, float], ...]]:
    """Yield for one, else for two sides, where to click."""
    for count in (1, 2):
        found = False
        for sides in combinations(Side, count):
            points, after = _snapped(box, target, sides)
            if len(points) == count and after.iou(target) >= least:
                found = True
                yield points
        if found:
            return


def _snapped(box: Box, target: Box, sides: Sequence[Side]) -> tuple[tuple[tuple[float, float], ...], Box]:
    """Return the clicks that bring sides where they belong, and the box after them; fewer when one means no side."""
    points = []
    for side in sides:
        spot = next((at for at in _spots(box, target, side) if side_to_snap(box, *at) is side), None)
        if spot is None:
            break
        points.append(spot)
        box = with_side_at(box, side, *spot)
    return tuple(points), box


def _spots(box: Box, target: Box, side: Side) -> Iterator[tuple[float, float]]:
    for share in ALONG:
        x, y = box.x1 + share * box.width, box.y1 + share * box.height
        match side:
            case Side.LEFT:
                yield target.x1, y
            case Side.RIGHT:
                yield target.x2, y
            case Side.TOP:
                yield x, target.y1
            case Side.BOTTOM:
                yield x, target.y2


def _corners(box: Box, target: Box, least: float) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    for x, to_x, other_x in ((box.x1, target.x1, box.x2), (box.x2, target.x2, box.x1)):
        for y, to_y, other_y in ((box.y1, target.y1, box.y2), (box.y2, target.y2, box.y1)):
            if Box.spanning(to_x, to_y, other_x, other_y).iou(target) >= least:
                yield (x, y), (to_x, to_y)
