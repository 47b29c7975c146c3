"""All objects at rest: boxes as strips, everything else as one picture, and their tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.keypoints import Keypoints
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.presentation import ShownObject
from autoanno_gui.ui.canvas.camera import Camera
from autoanno_gui.ui.canvas.device_item import DeviceItem
from autoanno_gui.ui.canvas.image_item import ImageItem
from autoanno_gui.ui.canvas.overlay import Overlay
from autoanno_gui.ui.canvas.shapes import Look, Shape
from autoanno_gui.ui.canvas.sheet import Order
from autoanno_gui.ui.canvas.state import CanvasState
from autoanno_gui.ui.canvas.strokes import Emphasis, Strips, strips
from autoanno_gui.ui.canvas.tags import GAP, HEIGHT, Rect, Tag, TagLayout, TagPainter, pieces_of, tagged_bounds

CROWDED: Final = 60
"""With more objects in sight than this, only some keep their tag."""
CROWDED_TAGS: Final = 24
"""How many of the least certain ones do."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """An upright box in device pixels: the object itself, or what goes around its keypoints."""

    object_id: int
    rect: Rect
    strips: Strips


@dataclass(frozen=True, slots=True)
class _Label:
    x: int
    y: int
    tag: Tag


class ObjectsItem(DeviceItem):
    """Everything at rest, in one item: laid out anew only when the objects or the view changed."""

    def __init__(self, camera: Camera, state: CanvasState, tags: TagPainter, image: ImageItem) -> None:
        super().__init__(camera, state, tags)
        self.overlay: Final = Overlay()
        self._image = image
        self._laid_out_for: object = None
        self._frames: list[_Frame] = []
        self._labels: dict[int, _Label] = {}
        self._placed_from: object = None
        self._placed: dict[int, tuple[Geometry, Rect, Rect]] = {}
        """Where outlines lie, seen from there: a threshold changes roles, but no place."""
        self._looks_for: object = None
        self._looks: Mapping[int, Look] = {}
        self._looks_at_rest: Mapping[int, Look] = {}
        self._order: Order | None = None

    def tag_place(self, object_id: int) -> tuple[int, int] | None:
        """Return the place of an object's tag at rest, so that selecting it does not make the tag jump."""
        label = self._labels.get(object_id)
        return (label.x, label.y) if label is not None else None

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        state = self._state
        if not state.visible or not state.objects:
            return
        self._to_device_pixels(painter)
        self._lay_out()
        self.overlay.paint(painter, self._ordered())
        view = self._view()
        brought_forward = {state.selected, state.hovered, state.adopting, *state.also_selected, *state.live}
        for frame in self._frames:
            if frame.object_id not in brought_forward:
                frame.strips.draw_frame(painter, *frame.rect, view)
        for object_id, label in self._labels.items():
            if object_id not in brought_forward:
                label.tag.draw(painter, label.x, label.y)

    # ------------------------------------------------------------------------------------------------ shapes
    def _ordered(self) -> Order:
        """Return the shapes to show; the same order again as long as nothing about it changed."""
        looks, viewpoint, skeleton = self._shapes_at_rest(), self._camera.viewpoint, self._state.skeleton
        frame = self._image.frame
        frame_id = frame.frame_id if frame is not None else -1
        last = self._order
        if (
            last is None
            or last.looks is not looks
            or (last.frame_id, last.viewpoint, last.skeleton) != (frame_id, viewpoint, skeleton)
        ):
            number = last.number + 1 if last is not None else 0
            self._order = last = Order(number, frame_id, viewpoint, skeleton, looks)
        return last

    def _shapes_at_rest(self) -> Mapping[int, Look]:
        """Return all but the boxes and what is drawn in front: the selected shape, and those under a gesture."""
        state = self._state
        key = (state.revision, state.selected, state.also_selected, frozenset(state.live), state.painted)
        if key != self._looks_for:
            self._looks_for = key
            in_front = {state.selected, state.painted, *state.live}
            at_rest: dict[int, Look] = {}
            selected: dict[int, Look] = {}
            for shown in state.objects.values():
                if shown.id in in_front or isinstance(shown.geometry, Box):
                    continue
                if shown.id in state.also_selected:
                    selected[shown.id] = Look(shown.geometry, shown.role, shown.colour, Emphasis.SELECTED)
                else:
                    at_rest[shown.id] = self._look_at_rest(shown, shown.geometry)
            self._looks = at_rest | selected
            self._looks_at_rest = at_rest
        return self._looks

    def _look_at_rest(self, shown: ShownObject, shape: Shape) -> Look:
        """Return the look that the object had before, if it is as it was: what is known of it need not be found out
        again."""
        before = self._looks_at_rest.get(shown.id)
        if before is not None and (before.geometry, before.role, before.colour) == (shape, shown.role, shown.colour):
            return before
        return Look(shape, shown.role, shown.colour)

    # ------------------------------------------------------------------------------------------------ boxes and tags
    def _lay_out(self) -> None:
        camera, state = self._camera, self._state
        key = (state.revision, state.task, camera.viewpoint, self._tags.generation)
        if key == self._laid_out_for:
            return
        self._laid_out_for = key
        width, height = self._view()
        ratio = camera.ratio
        inside: list[tuple[ShownObject, Rect]] = []
        self._frames = []
        if camera.viewpoint != self._placed_from:
            self._placed_from, self._placed = camera.viewpoint, {}
        for shown in state.objects.values():
            geometry = shown.geometry
            rect, beside = self._place_of(shown.id, geometry)
            if rect[0] < width + 8 and rect[1] < height + 8 and rect[2] > -8 and rect[3] > -8:
                inside.append((shown, beside))
                thin = isinstance(geometry, Keypoints)
                if thin or isinstance(geometry, Box):
                    line = strips(shown.role, Emphasis.PLAIN, shown.colour, ratio, thin=thin)
                    self._frames.append(_Frame(shown.id, rect, line))
        self._labels = self._place_tags(inside)

    def _place_of(self, object_id: int, geometry: Geometry) -> tuple[Rect, Rect]:
        """Return the device pixels of an outline's bounds, and of the box beside which its tag goes."""
        placed = self._placed.get(object_id)
        if placed is None or placed[0] is not geometry:
            bounds, beside = geometry.bounds, tagged_bounds(geometry)
            rect = self._camera.to_device(bounds)
            placed = geometry, rect, rect if beside is bounds else self._camera.to_device(beside)
            self._placed[object_id] = placed
        return placed[1], placed[2]

    def _place_tags(self, inside: list[tuple[ShownObject, Rect]]) -> dict[int, _Label]:
        labelled = [entry for entry in inside if entry[0].role is not Role.GHOST]
        if len(labelled) > CROWDED:
            labelled = sorted((e for e in labelled if e[0].role is Role.CANDIDATE), key=_certainty)[:CROWDED_TAGS]
        ratio = self._camera.ratio
        tag_height = round(HEIGHT * ratio)
        small_side = 3 * tag_height
        small = [r for _, r in inside if r[2] - r[0] < small_side and r[3] - r[1] < small_side]
        layout = TagLayout(view=self._view(), small=small, gap=tag_gap(ratio))
        found: dict[int, _Label] = {}
        for shown, rect in labelled:
            tag = self._tags.tag(pieces_of(shown, selected=False, task=self._state.task))
            place = layout.place(rect, tag.width, tag.height)
            if place is not None:
                found[shown.id] = _Label(*place, tag)
        return found


def _certainty(entry: tuple[ShownObject, Rect]) -> tuple[float, int]:
    return entry[0].confidence or 0.0, entry[0].id


def tag_gap(ratio: float) -> int:
    """Return the device pixels between an outline's middle and its tag."""
    return round(GAP * ratio) + round(2 * ratio)
