"""The only source of what any view may show of a frame: the canvas, the object list and the counts all read this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from autoanno_gui.core.document import Document
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.records import ClassRecord
from autoanno_gui.core.review_objects import ReviewObject, Role

CLOSE_SCORE_RATIO: Final = 0.5
"""A second class is named on the tag when its score reaches this share of the best one."""


@dataclass(frozen=True, slots=True)
class ShownObject:
    """One object as a view draws it.

    Attributes:
        geometry: float pixels of the upright image.
        role: candidate, ghost, confirmed or rejected; hidden ones never get here.
        drawn: the reviewer made it, the model did not propose it.
        edited: class or outline differ from the prediction.
        colour: `#rrggbb` of the class.
        second_choice: name of the model's close second class, if any.
        crossing: a mask that the reviewer drew or changed so that its outline crosses itself.
    """

    id: int
    geometry: Geometry
    role: Role
    class_id: int
    class_name: str
    colour: str
    slot: int | None = None
    confidence: float | None = None
    drawn: bool = False
    edited: bool = False
    second_choice: str | None = None
    crossing: bool = False

    @property
    def on_canvas(self) -> bool:
        """Whether it lies over the image; a rejected object stays in the list only."""
        return self.role is not Role.REJECTED


@dataclass(frozen=True, slots=True)
class Counts:
    """How many objects of the frame are in each role."""

    candidates: int
    confirmed: int
    rejected: int
    ghosts: int


class Presentation:
    """What may be seen of one document under its mode and the view's switches."""

    def __init__(self, document: Document, classes: Mapping[int, ClassRecord], *, show_ghosts: bool = False) -> None:
        self.document: Final = document
        self.show_ghosts = show_ghosts
        self._classes: Final = classes
        self._described: dict[int, tuple[ReviewObject, ShownObject]] = {}
        """What was said last of each object: as long as it is the same, so is the answer."""

    def is_of(self, document: Document, classes: Mapping[int, ClassRecord]) -> bool:
        """Whether it presents this very document by these very classes."""
        return self.document is document and self._classes is classes

    def shown(self, object_id: int) -> ShownObject | None:
        """Return one object as it is to be drawn, None when it must not be seen."""
        item = self.document.get(object_id)
        if item is None:
            return None
        role = self.document.roles()[object_id]
        if role is Role.HIDDEN or (role is Role.GHOST and not self.show_ghosts):
            return None
        known = self._described.get(object_id)
        if known is not None and known[0] is item:
            shown = known[1] if known[1].role is role else replace(known[1], role=role)
        else:
            shown = self._describe(item, role)
        self._described[object_id] = item, shown
        return shown

    def objects(self) -> list[ShownObject]:
        """Return everything that is to be drawn: predicted ones by falling confidence, then drawn ones.

        An object about which nothing changed is the same `ShownObject` as before.
        """
        found = (self.shown(item.id) for item in list(self.document))
        return [item for item in found if item is not None]

    def on_canvas(self) -> list[ShownObject]:
        """Return what lies over the image: all but the rejected."""
        return [item for item in self.objects() if item.on_canvas]

    def order(self) -> list[int]:
        """Return the ids in the order of Tab."""
        return self.document.review_order(ghosts=self.show_ghosts)

    def counts(self) -> Counts:
        """Return the counts of all roles, ghosts that are not shown included."""
        roles = list(self.document.roles().values())
        return Counts(
            candidates=roles.count(Role.CANDIDATE),
            confirmed=roles.count(Role.CONFIRMED),
            rejected=roles.count(Role.REJECTED),
            ghosts=roles.count(Role.GHOST),
        )

    def _describe(self, item: ReviewObject, role: Role) -> ShownObject:
        record = self._classes.get(item.class_id)
        return ShownObject(
            id=item.id,
            geometry=item.geometry,
            role=role,
            class_id=item.class_id,
            class_name=record.name if record else f"class {item.class_id}",
            colour=record.colour if record else "#9a9a9a",
            slot=record.slot if record else None,
            confidence=item.confidence,
            drawn=item.drawn,
            edited=self.document.changed(item),
            second_choice=self._second_choice(item),
            crossing=self._crossing(item),
        )

    def _crossing(self, item: ReviewObject) -> bool:
        # What a model proposed comes from a raster and never crosses; looking would cost on every frame.
        return isinstance(item.geometry, Mask) and self.document.touched(item) and not item.geometry.is_simple

    def _second_choice(self, item: ReviewObject) -> str | None:
        choices = self.document.second_choices(item.id)
        if len(choices) < 2 or choices[0][1] <= 0.0:
            return None
        best, second = choices[0], choices[1]
        if second[1] < CLOSE_SCORE_RATIO * best[1] or item.class_id != best[0]:
            return None
        record = self._classes.get(second[0])
        return record.name if record else None
