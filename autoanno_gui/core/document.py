"""One frame under review: what the model proposed, what the reviewer did about it, and what that amounts to.

Objects are immutable; a verb returns the `Change` it made (or None when there was nothing to change), and the history
applies or reverts that same change. Thresholds are a view: moving one changes roles, never objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from autoanno_gui.core.duplicates import agreed, seen_twice
from autoanno_gui.core.geometry import Geometry, as_task
from autoanno_gui.core.records import DecisionKind, PresentationMode, Thresholds, Verdict
from autoanno_gui.core.review_objects import FIRST_DRAWN_ID, Change, MappedPredictions, Mark, ReviewObject, Role
from autoanno_gui.core.task import Task
from autoanno_gui.core.verdicts import kind_of_decision, verdict_on


class Document:
    """The objects of one frame and the verbs that change them."""

    def __init__(
        self,
        *,
        frame_id: int,
        width: int,
        height: int,
        predictions: MappedPredictions | None = None,
        thresholds: Thresholds | None = None,
        mode: PresentationMode = PresentationMode.NORMAL,
        task: Task = Task.DETECT,
        keypoints: int = 0,
    ) -> None:
        """Open a frame.

        Args:
            width: pixels of the upright picture; 0 while it is not known.
            height: the same.
            task: what the project collects; everything that is drawn becomes that.
            keypoints: how many the project's skeleton has.
        """
        self.task: Final = task
        self.keypoints: Final = keypoints
        self.frame_id: Final = frame_id
        self.width = width
        self.height = height
        self.made_on: tuple[int, int] | None = None
        """Size in pixels of the picture that the objects were made on; None where it is not known."""
        self.mode = mode
        self.predictions = predictions
        self.thresholds = thresholds or Thresholds()
        self._origin: dict[int, ReviewObject] = {}
        self._objects: dict[int, ReviewObject] = {}
        self._shown: set[int] = set()
        self._next_drawn = FIRST_DRAWN_ID
        self._merged: Mapping[int, int] = {}
        """Merged class -> the class that stands for it today."""
        self._duplicates: set[int] | None = None
        """Ids of predictions that overlap a shown object; None until asked for again."""
        self._roles: tuple[PresentationMode, dict[int, Role]] | None = None
        """The roles of all objects, and the mode in which they have them."""
        if predictions is not None:
            self._take_predictions(predictions)
        self._saved: dict[int, ReviewObject] | None = dict(self._objects)

    def _take_predictions(self, predictions: MappedPredictions) -> None:
        # As a list: numbers of Python at once, which costs a fraction of taking them one by one.
        rows = zip(predictions.class_ids, predictions.raw.confidences.tolist(), strict=True)
        for index, (class_id, confidence) in enumerate(rows):
            if class_id is not None:
                self._origin[index] = ReviewObject(index, predictions.geometry(index), class_id, confidence)
        self._objects.update(self._origin)
        self._note_shown()

    # ------------------------------------------------------------------------------------------------ reading
    @property
    def size(self) -> tuple[int, int] | None:
        """(width, height) in pixels of the picture as it is now; None until it was opened."""
        return (self.width, self.height) if self.width else None

    @property
    def run_frame_id(self) -> int | None:
        return self.predictions.run_frame_id if self.predictions is not None else None

    def get(self, object_id: int) -> ReviewObject | None:
        return self._objects.get(object_id)

    def __iter__(self) -> Iterator[ReviewObject]:
        return iter(self._objects.values())

    def origin(self, object_id: int) -> ReviewObject | None:
        """Return the object as the model proposed it; None for a drawn one."""
        return self._origin.get(object_id)

    def changed(self, item: ReviewObject) -> bool:
        """Whether class or outline differ from the prediction (a drawn object has none to differ from)."""
        origin = self._origin.get(item.id)
        if origin is None or item is origin:
            return False
        return item.class_id != origin.class_id or not item.same_outline(origin)

    def touched(self, item: ReviewObject) -> bool:
        """Whether the reviewer acted on the object, so that no threshold may hide it any more."""
        origin = self._origin.get(item.id)
        # Most are the very same object: comparing all that is in it would cost on every change of the threshold.
        return origin is None or (item is not origin and item != origin)

    @property
    def unsaved(self) -> bool:
        """Whether objects differ from what the project file holds of them."""
        return self._objects != self._saved

    def mark_saved(self, *, saved: bool = True) -> None:
        """Note that the project file now holds these objects (or no longer does)."""
        self._saved = dict(self._objects) if saved else None

    @property
    def has_traces(self) -> bool:
        """Whether the reviewer left any trace that a draft should keep."""
        return any(self.touched(item) for item in self._objects.values())

    def role(self, item: ReviewObject) -> Role:
        if item.mark is Mark.REJECTED:
            return Role.REJECTED
        if self.touched(item):
            return Role.CONFIRMED
        if self.mode.hides_predictions or item.confidence is None:
            return Role.HIDDEN
        # Beside labels that were made blind, whatever the model proposed is an offer, never a candidate.
        if item.confidence > self.thresholds.of(item.class_id) and self.mode is not PresentationMode.SETTLE:
            return Role.CANDIDATE
        if item.confidence < self.thresholds.ghost_floor or self._is_duplicate(item):
            return Role.HIDDEN
        return Role.GHOST

    def roles(self) -> Mapping[int, Role]:
        """Return the roles of all objects by id, in the order of the objects; found out once after each change."""
        if self._roles is None or self._roles[0] is not self.mode:
            self._roles = self.mode, {item.id: self.role(item) for item in self._objects.values()}
        return self._roles[1]

    def in_role(self, *roles: Role) -> list[ReviewObject]:
        """Return the objects in any of these roles, predicted ones by falling confidence, then drawn ones."""
        return [self._objects[object_id] for object_id, role in self.roles().items() if role in roles]

    def review_order(self, *, ghosts: bool) -> list[int]:
        """Return ids in the order in which Tab meets them: candidates least certain first, then (if wanted) ghosts by
        falling confidence, then what the reviewer confirmed or drew."""
        candidates = sorted(self.in_role(Role.CANDIDATE), key=lambda item: (item.confidence or 0.0, item.id))
        behind = (Role.GHOST, Role.CONFIRMED) if ghosts else (Role.CONFIRMED,)
        return [item.id for item in candidates] + [item.id for role in behind for item in self.in_role(role)]

    def _is_duplicate(self, ghost: ReviewObject) -> bool:
        if self._duplicates is None:
            self._duplicates = self._find_duplicates()
        return ghost.id in self._duplicates

    def _find_duplicates(self) -> set[int]:
        if self.predictions is None:
            return set()
        standing = [item for item in self._objects.values() if item.mark is not Mark.REJECTED]
        boxes = self.predictions.raw.boxes
        if self.mode is PresentationMode.SETTLE:
            return agreed(standing, boxes, is_label=self.touched)
        return seen_twice(standing, boxes, is_shown=lambda item: self._is_candidate(item) or self.touched(item))

    def _is_candidate(self, item: ReviewObject) -> bool:
        return item.confidence is not None and item.confidence > self.thresholds.of(item.class_id)

    def second_choices(self, object_id: int) -> list[tuple[int, float]]:
        """Return (project class, score) of the model's best classes for a prediction, best first, mapped ones only."""
        if self.predictions is None or object_id not in self._origin:
            return []
        return self.predictions.choices(object_id)

    # ------------------------------------------------------------------------------------------------ verbs
    def accept(self, *object_ids: int) -> Change | None:
        """Confirm candidates, promote ghosts, and bring rejected objects back as confirmed, in one step."""
        after: dict[int, ReviewObject | None] = {}
        for item in self._all_within_reach(object_ids):
            if item.mark is not Mark.ACCEPTED and not (item.drawn and item.mark is Mark.NONE):
                after[item.id] = replace(item, mark=Mark.ACCEPTED, promoted=self._promotes(item))
        return self._change("Accept object", after)

    def reject(self, *object_ids: int) -> Change | None:
        """Reject predicted objects in one step; drawn ones are taken away again."""
        after: dict[int, ReviewObject | None] = {}
        for item in self._all_within_reach(object_ids):
            if item.mark is not Mark.REJECTED:
                after[item.id] = None if item.drawn else replace(item, mark=Mark.REJECTED, promoted=False)
        return self._change("Reject object", after)

    def set_class(self, *object_ids: int, class_id: int) -> Change | None:
        """Give objects another class in one step; this confirms them."""
        after: dict[int, ReviewObject | None] = {}
        for item in self._all_within_reach(object_ids):
            if item.class_id != class_id or item.mark is Mark.REJECTED:
                after[item.id] = self._confirmed(item, class_id=class_id)
        return self._change("Change class", after)

    def set_geometry(self, object_id: int, geometry: Geometry) -> Change | None:
        """Give the object another outline (clipped to the image); this confirms it. None when nothing is left of it."""
        return self.set_geometries({object_id: geometry})

    def set_geometries(self, outlines: Mapping[int, Geometry]) -> Change | None:
        """Give objects other outlines in one step; one of which nothing is left stays as it was."""
        after: dict[int, ReviewObject | None] = {}
        for item in self._all_within_reach(outlines):
            inside = self.fitted(outlines[item.id])
            if inside is not None and inside != item.geometry:
                after[item.id] = self._confirmed(item, geometry=inside)
        return self._change("Move or resize", after)

    def add(self, geometry: Geometry, class_id: int) -> Change | None:
        """Draw a new object (clipped to the image). None when it has no area inside the image."""
        return self.add_all([(geometry, class_id)])

    def add_all(self, objects: Iterable[tuple[Geometry, int]], *, name: str = "Draw object") -> Change | None:
        """Draw new (outline, project class) objects in one step; those that lie outside the image are left out."""
        after: dict[int, ReviewObject | None] = {}
        for geometry, class_id in objects:
            inside = self.fitted(geometry)
            if inside is not None:
                after[self._next_drawn] = ReviewObject(self._next_drawn, inside, class_id)
                self._next_drawn += 1
        return self._change(name, after)

    def fitted(self, geometry: Geometry) -> Geometry | None:
        """Return an outline as this project keeps it, clipped to the image; None when nothing is left of it."""
        inside = as_task(geometry, self.task, keypoints=self.keypoints).clipped(self.width, self.height)
        return inside if inside.area > 0.0 else None

    def adopt(self, object_id: int) -> Change | None:
        """Promote a ghost: its outline and class become an annotation."""
        item = self._objects.get(object_id)
        return self.accept(object_id) if item is not None and self.role(item) is Role.GHOST else None

    def _all_within_reach(self, object_ids: Iterable[int]) -> list[ReviewObject]:
        """Return those objects that a verb may act on: never one that must not be seen."""
        items = [self._objects.get(object_id) for object_id in object_ids]
        return [item for item in items if item is not None and self.role(item) is not Role.HIDDEN]

    def _promotes(self, item: ReviewObject) -> bool:
        return item.promoted or (not item.drawn and item.id not in self._shown)

    def _confirmed(
        self, item: ReviewObject, *, geometry: Geometry | None = None, class_id: int | None = None
    ) -> ReviewObject:
        return replace(
            item,
            geometry=geometry or item.geometry,
            class_id=item.class_id if class_id is None else class_id,
            mark=Mark.NONE if item.drawn else Mark.ACCEPTED,
            promoted=self._promotes(item),
        )

    def _change(self, name: str, after: Mapping[int, ReviewObject | None]) -> Change | None:
        """Put objects in the place of what they were, in one step; None when there are none."""
        if not after:
            return None
        change = Change(name, {object_id: self._objects.get(object_id) for object_id in after}, after)
        self.apply(change)
        return change

    def apply(self, change: Change) -> None:
        """Do (or redo) a change; doing it twice does no harm."""
        self._put(change.after)

    def revert(self, change: Change) -> None:
        """Undo a change."""
        self._put(change.before)

    def _put(self, state: Mapping[int, ReviewObject | None]) -> None:
        self._duplicates = self._roles = None
        came_back = any(item is not None and object_id not in self._objects for object_id, item in state.items())
        for object_id, item in state.items():
            if item is None:
                self._objects.pop(object_id, None)
            else:
                self._objects[object_id] = self._of_today(item)
                if item.drawn:
                    self._next_drawn = max(self._next_drawn, object_id + 1)
        if came_back:
            # By rising id: predictions by falling confidence, then drawn ones by age, also after an undo.
            self._objects = dict(sorted(self._objects.items()))

    def follow_merges(self, merged: Mapping[int, int]) -> None:
        """Let objects of merged classes be of the class that stands for theirs today, also those that undo brings back.

        Args:
            merged: merged class -> living class.
        """
        self._merged = merged
        for objects in (self._origin, self._objects, self._saved or {}):
            objects.update({object_id: self._of_today(item) for object_id, item in objects.items()})
        self._duplicates = self._roles = None

    def _of_today(self, item: ReviewObject) -> ReviewObject:
        into = self._merged.get(item.class_id)
        return item if into is None else replace(item, class_id=into)

    # ------------------------------------------------------------------------------------------------ views
    def set_thresholds(self, thresholds: Thresholds, *, in_sight: bool = True) -> None:
        """Move the display threshold: what becomes a candidate by it counts as shown from now on, if the frame is in
        sight."""
        self.thresholds = thresholds
        self._duplicates = self._roles = None
        if in_sight:
            self._note_shown()

    def note_shown(self, *object_ids: int) -> None:
        """Take it that these predictions were shown as candidates elsewhere: on a page of the contact sheet."""
        self._shown.update(object_ids)

    def replace_predictions(self, predictions: MappedPredictions) -> None:
        """Take the frame's first predictions while it is open; objects drawn meanwhile stay."""
        drawn = [item for item in self._objects.values() if item.drawn]
        self.predictions = predictions
        self._origin.clear()
        self._objects.clear()
        self._shown.clear()
        self._duplicates = self._roles = None
        self._take_predictions(predictions)
        self._saved = dict(self._objects)
        for item in drawn:
            self._objects[item.id] = item

    def start_by_hand(self) -> None:
        """Hide all predictions: the frame is labelled from nothing."""
        self.mode = PresentationMode.HAND

    def start_review(self) -> None:
        """Show the predictions (again)."""
        self.mode = PresentationMode.NORMAL
        self._note_shown()

    def start_blind(self) -> None:
        """Hide all predictions until the frame is labelled."""
        self.mode = PresentationMode.BLIND
        self._shown.clear()

    def start_settling(self) -> None:
        """Show the predictions beside the labels that were made without them."""
        self.mode = PresentationMode.SETTLE
        self._duplicates = None

    def _note_shown(self) -> None:
        if self.mode in (PresentationMode.NORMAL, PresentationMode.PLANTED):
            self._shown.update(item.id for item in self._origin.values() if self._is_candidate(item))

    @property
    def shown(self) -> tuple[int, ...]:
        """Indices of all predictions that were shown as candidates while the frame was open; one that was promoted
        first stays a ghost that was promoted."""
        return tuple(sorted(i for i in self._shown if not ((item := self._objects.get(i)) and item.promoted)))

    def restore(self, objects: Iterable[ReviewObject], *, shown: tuple[int, ...] = ()) -> None:
        """Put back objects that a draft or an earlier decision kept."""
        kept: dict[int, ReviewObject] = {}
        for found in objects:
            # The project may collect something else by now.
            item = replace(found, geometry=as_task(found.geometry, self.task, keypoints=self.keypoints))
            if item.drawn or item.id in self._origin:
                kept[item.id] = item
            elif item.mark is not Mark.REJECTED:
                # Its class is no longer mapped, so no prediction stands behind it any more: it is the reviewer's.
                kept[item.id] = ReviewObject(item.id, item.geometry, item.class_id)
        self._put(kept)
        self._shown.update(shown)
        self.mark_saved()

    # ------------------------------------------------------------------------------------------------ judging
    @property
    def looks_empty(self) -> bool:
        """Whether accepting the frame now would make it a background image."""
        return not self.in_role(Role.CANDIDATE, Role.CONFIRMED)

    def verdicts(self) -> tuple[Verdict, ...]:
        """Judge every object by its final state against its prediction, for accepting the frame as it stands."""
        found = (
            verdict_on(
                item,
                self.role(item),
                origin=None if item.drawn else self._origin[item.id],
                shown=item.id in self._shown,
                mode=self.mode,
            )
            for item in self._objects.values()
        )
        return tuple(verdict for verdict in found if verdict is not None)

    def decision_kind(self, verdicts: tuple[Verdict, ...]) -> DecisionKind:
        """Return what accepting the frame amounts to: a frame with only additions is edited."""
        by_hand = self.mode.by_hand or self.predictions is None
        return kind_of_decision(verdicts, by_hand=by_hand)
