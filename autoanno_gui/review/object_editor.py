"""The verbs on the objects of the open frame, and which object is selected."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from autoanno_gui.core.document import Document
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.history import EditEntry, History
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.records import ClassRecord, PresentationMode, Thresholds
from autoanno_gui.core.review_objects import Change, ReviewObject, Role
from autoanno_gui.review.outcome import NOTHING, Outcome, Step
from autoanno_gui.review.timing import ActiveTimer

SELECT_FIRST: Final = Outcome(Step.NOTHING, text="Select an object to copy it.")
COPY_OFFSET: Final = 8.0
"""Image pixels by which a copy stands beside its original, at least."""
NUDGE_RUN_SECONDS: Final = 1.0
"""Nudges of one object that follow each other this closely are one undo step."""


class ObjectEditor:
    """Edits one document at a time; each edit is one step of the shared history."""

    def __init__(self, history: History, timer: ActiveTimer, classes: Callable[[], Mapping[int, ClassRecord]]) -> None:
        self._history = history
        self._timer = timer
        self._classes = classes
        self.document: Document | None = None
        self.selected: int | None = None
        """Of several selected objects the one that was selected last."""
        self.also_selected: frozenset[int] = frozenset()
        self.last_class: int | None = None
        """The class that the next drawn object gets."""
        self.enabled = False
        """Whether keys may change objects now."""
        self.ghosts_wanted = False
        self._ghosts_for_frame = False
        self._clock = time.monotonic
        self.clipboard: tuple[tuple[Geometry, int], ...] = ()
        """(outline, project class) of what was copied."""
        self._nudged: tuple[int, ...] | None = None
        """The objects of a running series of nudges: any other act ends it."""
        self._nudged_at = 0.0
        self.on_edit: Callable[[], None] = lambda: None
        """Called after each edit."""

    # ------------------------------------------------------------------------------------------------ looking
    @property
    def ghosts_shown(self) -> bool:
        """Ghosts are shown on demand, and by themselves where the model proposed nothing sure, or all is to be seen."""
        return self.ghosts_wanted or self._ghosts_for_frame

    def enter(self, document: Document, *, with_ghosts: bool = False) -> None:
        """Take another document and select its least certain candidate; or the same one with other predictions, where
        the selection stays if it still can be seen.

        Args:
            document: the frame.
            with_ghosts: whether its ghosts are to be seen, whatever the reviewer chose for other frames.
        """
        kept = self.selected if document is self.document else None
        self.document = document
        self._nudged = None
        settling = document.mode is PresentationMode.SETTLE
        empty = document.predictions is not None and document.looks_empty
        self._ghosts_for_frame = not document.mode.hides_predictions and (with_ghosts or empty or settling)
        order = document.review_order(ghosts=self.ghosts_shown)
        if kept is not None and kept in order:
            self.selected = kept
            self.also_selected &= frozenset(order)
        else:
            self.also_selected = frozenset()
            first = Role.GHOST if settling else Role.CANDIDATE
            self.selected = order[0] if document.in_role(first) else None

    def select(self, object_id: int | None) -> Outcome:
        """Select one object, or none."""
        return self.select_several((object_id,) if object_id is not None else ())

    def select_several(self, object_ids: Sequence[int]) -> Outcome:
        """Select these objects and no others; the last one is the one that single-object keys mean."""
        before = self.selection
        self.selected = object_ids[-1] if object_ids else None
        self.also_selected = frozenset(object_ids[:-1])
        self._nudged = None
        return Outcome(Step.OBJECTS, _ids(*before, *object_ids)) if before != self.selection else NOTHING

    def toggle(self, object_id: int) -> Outcome:
        """Add an object to the selection, or take it out."""
        kept = tuple(i for i in self.selection if i != object_id)
        return self.select_several(kept if len(kept) < len(self.selection) else (*kept, object_id))

    def select_all(self) -> Outcome:
        """Select everything that can be seen."""
        document = self.document
        return self.select_several(document.review_order(ghosts=self.ghosts_shown)) if document else NOTHING

    def _selected_objects(self) -> list[ReviewObject]:
        document = self.document
        found = [document.get(object_id) for object_id in self.selection] if document is not None else []
        return [item for item in found if item is not None]

    @property
    def selection(self) -> tuple[int, ...]:
        """Ids of all selected objects, the one that was selected last at the end."""
        others = tuple(sorted(self.also_selected))
        return (*others, self.selected) if self.selected is not None else others

    def select_next(self, by: int = 1) -> Outcome:
        """Select the next (or previous, `by` = -1) object in the order of Tab."""
        if self.document is None:
            return NOTHING
        order = self.document.review_order(ghosts=self.ghosts_shown)
        if not order:
            return Outcome(Step.NOTHING, text="No object to select on this frame.")
        if self.selected not in order or self.also_selected:
            return self.select(order[0 if by > 0 else -1])
        return self.select(order[(order.index(self.selected) + by) % len(order)])

    def toggle_ghosts(self) -> Outcome:
        """Show or hide the model's less certain proposals."""
        document = self.document
        if document is None:
            return NOTHING
        if document.mode.hides_predictions:
            return Outcome(Step.NOTHING, text="What the model proposed stays hidden on this frame.")
        shown = not self.ghosts_shown
        self.ghosts_wanted = shown
        self._ghosts_for_frame = False
        ghosts = document.in_role(Role.GHOST)
        if not shown:
            gone = {item.id for item in ghosts}
            self.also_selected -= gone
            self.selected = None if self.selected in gone else self.selected
        text = f"{len(ghosts)} less certain proposal{'' if len(ghosts) == 1 else 's'} {'shown' if shown else 'hidden'}."
        if not ghosts:
            text = "The model proposed nothing less certain here."
        return Outcome(Step.OBJECTS, tuple(item.id for item in ghosts), text=text)

    def apply_thresholds(self, thresholds: Thresholds, *, in_sight: bool = True) -> Outcome:
        """Look at the document through other thresholds; the selection stays where it still can be seen.

        Args:
            in_sight: whether the frame is on the screen, so that what becomes a candidate is shown as one.
        """
        document = self.document
        if document is None:
            return NOTHING
        document.set_thresholds(thresholds, in_sight=in_sight)
        seen = document.review_order(ghosts=self.ghosts_shown)
        self.also_selected &= frozenset(seen)
        if self.selected not in seen:
            self.selected = seen[0] if document.in_role(Role.CANDIDATE) else None
        return Outcome(Step.OBJECTS, tuple(item.id for item in document))

    # ------------------------------------------------------------------------------------------------ editing
    def accept(self) -> Outcome:
        """Accept the selected object (promote a ghost) and select the next; several go in one step."""
        if self.also_selected:
            return self._edit(lambda document: document.accept(*self.selection))
        return self._act_and_advance(lambda document, object_id: document.accept(object_id), stay=True)

    def reject(self) -> Outcome:
        """Reject the selected object (take a drawn one away) and select the next; several go in one step."""
        if self.also_selected:
            outcome = self._edit(lambda document: document.reject(*self.selection))
            self.selected, self.also_selected = None, frozenset()
            return outcome
        return self._act_and_advance(lambda document, object_id: document.reject(object_id), stay=False)

    def adopt(self, object_id: int) -> Outcome:
        """Promote a ghost and select it."""
        return self._edit(lambda document: document.adopt(object_id))

    def set_class(self, class_id: int) -> Outcome:
        """Give the selected object a class; without one, choose the class that the next drawn object gets."""
        self.last_class = class_id
        selected = self.selected
        if selected is None:
            record = self._classes().get(class_id)
            return Outcome(Step.NOTHING, text=f"New objects will be “{record.name if record else class_id}”.")
        return self._edit(lambda document: document.set_class(*self.selection, class_id=class_id))

    def swap_class(self) -> Outcome:
        """Give the selected object the model's next-best class; after the last it starts over."""
        if self.document is None or self.selected is None:
            return NOTHING
        choices = [class_id for class_id, score in self.document.second_choices(self.selected) if score > 0.0]
        item = self.document.get(self.selected)
        if item is None or len(choices) < 2:
            return Outcome(Step.NOTHING, text="The model has no second choice for this object.")
        at = choices.index(item.class_id) if item.class_id in choices else -1
        return self._edit(lambda document: document.set_class(item.id, class_id=choices[(at + 1) % len(choices)]))

    def set_geometry(self, object_id: int, geometry: Geometry) -> Outcome:
        """Give an object another outline."""
        return self.set_geometries({object_id: geometry})

    def set_geometries(self, outlines: Mapping[int, Geometry], *, merge: bool = False) -> Outcome:
        """Give objects other outlines in one step.

        Args:
            merge: it takes the place of the step before, which was about the same objects.
        """
        return self._said_of(outlines.values(), self._edit(lambda doc: doc.set_geometries(outlines), merge=merge))

    def end_run(self) -> None:
        """Let the next nudge be a step of its own, because something else was done in between."""
        self._nudged = None

    def move_selected(self, to: Callable[[Geometry], Geometry]) -> Outcome:
        """Change the outlines of the selected objects by a function; a run of such keys is one undo step."""
        items, selection = self._selected_objects(), self.selection
        if not items:
            return NOTHING
        now = self._clock()
        run = self._nudged == selection and now - self._nudged_at < NUDGE_RUN_SECONDS
        outlines = {item.id: to(item.geometry) for item in items}
        outcome = self._edit(lambda doc: doc.set_geometries(outlines), merge=run)
        if outcome is not NOTHING:
            self._nudged, self._nudged_at = selection, now
        return outcome

    def add(self, geometry: Geometry, class_id: int) -> Outcome:
        """Draw a new object of a class and select it."""
        self.last_class = class_id
        return self._said_of([geometry], self._edit(lambda document: document.add(geometry, class_id)))

    def repair(self) -> Outcome:
        """Give the selected masks outlines that do not cross themselves, around the same pixels."""
        masks = {item.id: item.geometry for item in self._selected_objects() if isinstance(item.geometry, Mask)}
        crossing = {object_id: mask.repaired() for object_id, mask in masks.items() if not mask.is_simple}
        if not crossing:
            return Outcome(Step.NOTHING, text="The outline does not cross itself; there is nothing to repair.")
        return self._edit(lambda doc: doc.set_geometries(crossing))

    # ------------------------------------------------------------------------------------------------ copies
    def copy(self) -> Outcome:
        """Keep the selected objects for pasting, on this frame or another one."""
        items = self._selected_objects()
        if not items:
            return SELECT_FIRST
        self.clipboard = tuple((item.geometry, item.class_id) for item in items)
        return Outcome(Step.NOTHING, text=f"{_objects(len(items))} copied.")

    def paste(self) -> Outcome:
        """Draw what was copied: in the same place, or a little beside it where the same object is already there."""
        if not self.clipboard:
            return Outcome(Step.NOTHING, text="Nothing was copied yet.")
        return self.draw_copies(self.clipboard, name="Paste")

    def duplicate(self) -> Outcome:
        """Draw the selected objects once more, a little beside."""
        items = self._selected_objects()
        if not items:
            return SELECT_FIRST
        return self.draw_copies([(item.geometry, item.class_id) for item in items], name="Duplicate")

    def draw_copies(self, objects: Sequence[tuple[Geometry, int]], *, name: str) -> Outcome:
        """Draw (outline, project class) objects and select them; one that would cover an equal one moves aside."""
        document = self.document
        if document is None:
            return NOTHING
        taken = [item.geometry for item in document if document.role(item) not in (Role.HIDDEN, Role.REJECTED)]

        def free(geometry: Geometry) -> Geometry:
            fitted = document.fitted(geometry)
            if fitted is None or fitted not in taken:
                return geometry
            step = max(COPY_OFFSET, 0.2 * min(fitted.bounds.width, fitted.bounds.height))
            size = {"width": document.width, "height": document.height}
            aside = fitted.moved_inside(step, step, **size)
            return aside if aside not in taken else fitted.moved_inside(-step, -step, **size)

        placed = [(free(geometry), class_id) for geometry, class_id in objects]
        outcome = self._edit(lambda doc: doc.add_all(placed, name=name))
        if outcome is NOTHING:
            return outcome
        self.select_several(outcome.ids[: len(placed)])
        return replace(outcome, text=f"{_objects(len(placed))} added.")

    def _said_of(self, drawn: Iterable[Geometry], outcome: Outcome) -> Outcome:
        """Say so when a part of what was drawn lay outside the picture, or its outline crosses itself."""
        document = self.document
        if document is None or outcome is NOTHING:
            return outcome
        if any(geometry.clipped(document.width, document.height) != geometry for geometry in drawn):
            return replace(outcome, text="What lay outside of the picture was cut off.")
        if any(isinstance(geometry, Mask) and not geometry.is_simple for geometry in drawn):
            return replace(outcome, text="The outline crosses itself; it is kept as drawn and can be repaired.")
        return outcome

    def replay(self, change: Change, *, revert: bool) -> Outcome:
        """Undo or redo a change of the open document."""
        if self.document is None:
            return NOTHING
        state = change.before if revert else change.after
        if any(item and not item.drawn and self.document.origin(item.id) is None for item in state.values()):
            return Outcome(Step.NOTHING, text="The proposal behind this step is not shown any more.")
        before, self._nudged = self.selection, None
        if revert:
            self.document.revert(change)
        else:
            self.document.apply(change)
        there = [i for i in change.ids if self._can_be_seen(i)]
        self.selected = there[-1] if there else None
        self.also_selected = frozenset(there[:-1])
        self.on_edit()
        return Outcome(Step.OBJECTS, _ids(*change.ids, *before))

    def _can_be_seen(self, object_id: int) -> bool:
        """Whether an object is on the canvas or in the list; a key must not act on any other."""
        document = self.document
        item = document.get(object_id) if document is not None else None
        if document is None or item is None:
            return False
        role = document.role(item)
        return role is not Role.HIDDEN and (role is not Role.GHOST or self.ghosts_shown)

    def _edit(self, verb: Callable[[Document], Change | None], *, merge: bool = False) -> Outcome:
        if self.document is None or not self.enabled:
            return NOTHING
        before = self.selection
        change = verb(self.document)
        if change is None:
            return NOTHING
        self._timer.note_input()
        if merge:
            self._history.merge_last(change)
        else:
            self._history.push(EditEntry(self.document.frame_id, change))
        self._nudged = None
        if not set(change.ids) <= set(before):
            self.selected, self.also_selected = change.ids[0], frozenset()
        self.on_edit()
        return Outcome(Step.OBJECTS, _ids(*change.ids, *before))

    def _act_and_advance(self, act: Callable[[Document, int], Change | None], *, stay: bool) -> Outcome:
        document, selected = self.document, self.selected
        if document is None or selected is None or not self.enabled:
            return NOTHING
        order = document.review_order(ghosts=self.ghosts_shown)
        item = document.get(selected)
        among_ghosts = item is not None and document.role(item) is Role.GHOST
        self._edit(lambda doc: act(doc, selected))
        self.selected = self._following(document, order, selected, stay=stay, among_ghosts=among_ghosts)
        return Outcome(Step.OBJECTS, _ids(selected, self.selected))

    def _following(
        self, document: Document, order: list[int], selected: int, *, stay: bool, among_ghosts: bool
    ) -> int | None:
        """Return the next object that still asks for a judgement; without one stay, or fall back to a confirmed one.

        Whoever goes through the ghosts goes on with the next ghost, not with a candidate that was passed over.
        """
        at = order.index(selected) if selected in order else -1
        after, before = order[at + 1 :], order[: max(at, 0)]
        roles = {i: document.role(item) for i in order if i != selected and (item := document.get(i)) is not None}
        less_certain = Role.GHOST if self.ghosts_shown else None
        places = [(Role.CANDIDATE, after), (Role.CANDIDATE, before), (less_certain, after), (less_certain, before)]
        if among_ghosts:
            places.insert(0, (less_certain, after))
        if not stay:
            places += [(Role.CONFIRMED, after), (Role.CONFIRMED, before)]
        found = (i for wanted, ids in places for i in ids if wanted is not None and roles.get(i) is wanted)
        return next(found, selected if stay else None)


def _objects(count: int) -> str:
    return "1 object" if count == 1 else f"{count} objects"


def _ids(*ids: int | None) -> tuple[int, ...]:
    return tuple(dict.fromkeys(i for i in ids if i is not None))
