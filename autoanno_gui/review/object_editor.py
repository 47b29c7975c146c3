"""The verbs on the objects of the open frame, and which object is selected."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from autoanno_gui.core.document import Document
from autoanno_gui.core.geometry import Box, Geometry
from autoanno_gui.core.history import EditEntry, History
from autoanno_gui.core.records import ClassRecord, PresentationMode, Thresholds
from autoanno_gui.core.review_objects import Change, Role
from autoanno_gui.review.outcome import NOTHING, Outcome, Step
from autoanno_gui.review.timing import ActiveTimer

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
        self.last_class: int | None = None
        """The class that the next drawn object gets."""
        self.enabled = False
        """Whether keys may change objects now."""
        self.ghosts_wanted = False
        self._ghosts_for_empty = False
        self._clock = time.monotonic
        self._nudged: int | None = None
        """The object of a running series of nudges: any other act ends it."""
        self._nudged_at = 0.0
        self.on_edit: Callable[[], None] = lambda: None
        """Called after each edit."""

    # ------------------------------------------------------------------------------------------------ looking
    @property
    def ghosts_shown(self) -> bool:
        """Ghosts are shown on demand, and always where the model proposed nothing sure."""
        return self.ghosts_wanted or self._ghosts_for_empty

    def enter(self, document: Document) -> None:
        """Take another document and select its least certain candidate; or the same one with other predictions, where
        the selection stays if it still can be seen."""
        kept = self.selected if document is self.document else None
        self.document = document
        self._nudged = None
        normal = document.mode is PresentationMode.NORMAL
        self._ghosts_for_empty = normal and document.predictions is not None and document.looks_empty
        order = document.review_order(ghosts=self.ghosts_shown)
        if kept is not None and kept in order:
            self.selected = kept
        else:
            self.selected = order[0] if document.in_role(Role.CANDIDATE) else None

    def select(self, object_id: int | None) -> Outcome:
        """Select one object, or none."""
        before, self.selected = self.selected, object_id
        self._nudged = None
        return Outcome(Step.OBJECTS, _ids(before, object_id)) if before != object_id else NOTHING

    def select_next(self, by: int = 1) -> Outcome:
        """Select the next (or previous, `by` = -1) object in the order of Tab."""
        if self.document is None:
            return NOTHING
        order = self.document.review_order(ghosts=self.ghosts_shown)
        if not order:
            return Outcome(Step.NOTHING, text="No object to select on this frame.")
        if self.selected not in order:
            return self.select(order[0 if by > 0 else -1])
        return self.select(order[(order.index(self.selected) + by) % len(order)])

    def toggle_ghosts(self) -> Outcome:
        """Show or hide the model's less certain proposals."""
        document = self.document
        if document is None:
            return NOTHING
        shown = not self.ghosts_shown
        self.ghosts_wanted = shown
        self._ghosts_for_empty = False
        ghosts = document.in_role(Role.GHOST)
        if not shown and self.selected in [item.id for item in ghosts]:
            self.selected = None
        text = f"{len(ghosts)} less certain proposal{'' if len(ghosts) == 1 else 's'} {'shown' if shown else 'hidden'}."
        if not ghosts:
            text = "The model proposed nothing less certain here."
        return Outcome(Step.OBJECTS, tuple(item.id for item in ghosts), text=text)

    def apply_thresholds(self, thresholds: Thresholds) -> Outcome:
        """Look at the document through other thresholds; the selection stays where it still can be seen."""
        document = self.document
        if document is None:
            return NOTHING
        document.set_thresholds(thresholds)
        seen = document.review_order(ghosts=self.ghosts_shown)
        if self.selected not in seen:
            self.selected = seen[0] if document.in_role(Role.CANDIDATE) else None
        return Outcome(Step.OBJECTS, tuple(item.id for item in document))

    # ------------------------------------------------------------------------------------------------ editing
    def accept(self) -> Outcome:
        """Accept the selected object (promote a ghost) and select the next."""
        return self._act_and_advance(lambda document, object_id: document.accept(object_id), stay=True)

    def reject(self) -> Outcome:
        """Reject the selected object (take a drawn one away) and select the next."""
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
        return self._edit(lambda document: document.set_class(selected, class_id))

    def swap_class(self) -> Outcome:
        """Give the selected object the model's next-best class; after the last it starts over."""
        if self.document is None or self.selected is None:
            return NOTHING
        choices = [class_id for class_id, score in self.document.second_choices(self.selected) if score > 0.0]
        item = self.document.get(self.selected)
        if item is None or len(choices) < 2:
            return Outcome(Step.NOTHING, text="The model has no second choice for this object.")
        at = choices.index(item.class_id) if item.class_id in choices else -1
        return self.set_class(choices[(at + 1) % len(choices)])

    def set_geometry(self, object_id: int, geometry: Geometry) -> Outcome:
        """Give an object another outline."""
        return self._edit(lambda document: document.set_geometry(object_id, geometry))

    def move_selected(self, to: Callable[[Box], Box]) -> Outcome:
        """Move or resize the selected object by a function of its box; a run of such keys is one undo step."""
        document, selected = self.document, self.selected
        item = document.get(selected) if document is not None and selected is not None else None
        if item is None or selected is None:
            return NOTHING
        now = self._clock()
        run = self._nudged == selected and now - self._nudged_at < NUDGE_RUN_SECONDS
        outcome = self._edit(lambda doc: doc.set_geometry(selected, to(item.geometry)), merge=run)
        if outcome is not NOTHING:
            self._nudged, self._nudged_at = selected, now
        return outcome

    def add(self, geometry: Geometry, class_id: int) -> Outcome:
        """Draw a new object of a class and select it."""
        self.last_class = class_id
        return self._edit(lambda document: document.add(geometry, class_id))

    def replay(self, change: Change, *, revert: bool) -> Outcome:
        """Undo or redo a change of the open document."""
        if self.document is None:
            return NOTHING
        state = change.before if revert else change.after
        if any(item and not item.drawn and self.document.origin(item.id) is None for item in state.values()):
            return Outcome(Step.NOTHING, text="The proposal behind this step is not shown any more.")
        before, self._nudged = self.selected, None
        if revert:
            self.document.revert(change)
        else:
            self.document.apply(change)
        self.selected = next((i for i in change.ids if self.document.get(i) is not None), None)
        self.on_edit()
        return Outcome(Step.OBJECTS, _ids(*change.ids, before))

    def _edit(self, verb: Callable[[Document], Change | None], *, merge: bool = False) -> Outcome:
        if self.document is None or not self.enabled:
            return NOTHING
        before = self.selected
        change = verb(self.document)
        if change is None:
            return NOTHING
        self._timer.note_input()
        if merge:
            self._history.merge_last(change)
        else:
            self._history.push(EditEntry(self.document.frame_id, change))
        self._nudged = None
        self.selected = change.ids[0]
        self.on_edit()
        return Outcome(Step.OBJECTS, _ids(*change.ids, before))

    def _act_and_advance(self, act: Callable[[Document, int], Change | None], *, stay: bool) -> Outcome:
        document, selected = self.document, self.selected
        if document is None or selected is None or not self.enabled:
            return NOTHING
        order = document.review_order(ghosts=self.ghosts_shown)
        self._edit(lambda doc: act(doc, selected))
        self.selected = self._following(document, order, selected, stay=stay)
        return Outcome(Step.OBJECTS, _ids(selected, self.selected))

    def _following(self, document: Document, order: list[int], selected: int, *, stay: bool) -> int | None:
        """Return the next object that still asks for a judgement; without one stay, or fall back to a confirmed one."""
        at = order.index(selected) if selected in order else -1
        behind = [i for i in order[at + 1 :] + order[: max(at, 0)] if i != selected]
        roles = {i: document.role(item) for i in behind if (item := document.get(i)) is not None}
        for wanted in (Role.CANDIDATE, *((Role.GHOST,) if self.ghosts_shown else ())):
            for object_id in behind:
                if roles.get(object_id) is wanted:
                    return object_id
        if stay:
            return selected
        return next((i for i in behind if roles.get(i) is Role.CONFIRMED), None)


def _ids(*ids: int | None) -> tuple[int, ...]:
    return tuple(dict.fromkeys(i for i in ids if i is not None))
