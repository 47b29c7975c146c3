"""One linear undo list over edits and decisions, also across frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from autoanno_gui.core.document import Document
from autoanno_gui.core.judged_page import JudgedPage
from autoanno_gui.core.records import Decision, FrameState
from autoanno_gui.core.review_objects import Change

KEPT_DECISIONS: Final = 50
"""Steps older than this many decisions and pages are dropped; the project file keeps them anyway."""


@dataclass(frozen=True, slots=True)
class EditEntry:
    """A change of one frame's document."""

    frame_id: int
    change: Change

    @property
    def name(self) -> str:
        return self.change.name


@dataclass(frozen=True, slots=True)
class DecisionEntry:
    """A decision that was recorded. Undoing it revokes it; redoing records it anew.

    Attributes:
        document: the frame as it stood when it was decided.
        state_before: what the frame falls back to.
    """

    frame_id: int
    decision: Decision
    document: Document
    state_before: FrameState

    @property
    def name(self) -> str:
        return f"Frame {self.decision.kind.value.replace('_', ' ')}"


@dataclass(frozen=True, slots=True)
class PageEntry:
    """Verdicts on the objects of one page of the contact sheet, of many frames: one step."""

    page: JudgedPage

    @property
    def name(self) -> str:
        return f"Page of {len(self.page)} object{'' if len(self.page) == 1 else 's'}"


Entry: TypeAlias = EditEntry | DecisionEntry | PageEntry


class History:
    """What was done, in order, and how much of it is undone at the moment."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._done = 0

    def push(self, entry: Entry) -> None:
        """Note a step that was just done; what was undone before it can no longer be redone."""
        del self._entries[self._done :]
        self._entries.append(entry)
        self._done += 1
        self._trim()

    def merge_last(self, change: Change) -> None:
        """Make the newest edit and one that followed it a single step (a run of nudges)."""
        last = self._entries[self._done - 1]
        if not isinstance(last, EditEntry):
            raise TypeError("only edits can be merged")
        merged = Change(last.change.name, last.change.before, change.after)
        del self._entries[self._done - 1 :]
        self._entries.append(EditEntry(last.frame_id, merged))

    @property
    def to_undo(self) -> Entry | None:
        return self._entries[self._done - 1] if self._done else None

    @property
    def to_redo(self) -> Entry | None:
        return self._entries[self._done] if self._done < len(self._entries) else None

    def stepped_back(self) -> None:
        """Note that `to_undo` was undone."""
        self._done = max(self._done - 1, 0)

    def stepped_forward(self, entry: Entry | None = None) -> None:
        """Note that `to_redo` was redone; `entry` takes its place when redoing made a new one."""
        if self._done < len(self._entries):
            if entry is not None:
                self._entries[self._done] = entry
            self._done += 1

    def drop(self, entry: Entry) -> None:
        """Forget a step that failed after all; what was done on other frames since stays."""
        at = next(i for i, kept in enumerate(self._entries) if kept is entry)
        del self._entries[at]
        self._done -= at < self._done

    def frames(self) -> set[int]:
        """Return the frames whose documents must be kept, since a step refers to them."""
        found: set[int] = set()
        for entry in self._entries:
            found.update(entry.page.frame_ids if isinstance(entry, PageEntry) else (entry.frame_id,))
        return found

    def done(self) -> Iterator[Entry]:
        """Yield what is done, the newest step first."""
        return reversed(self._entries[: self._done])

    def forget_after(self, entry: Entry | None) -> None:
        """Forget all that was done or undone after a step, or all there is after None; a step that is gone itself has
        nothing after it that could be forgotten."""
        kept = [i for i, known in enumerate(self._entries) if known is entry]
        if kept or entry is None:
            del self._entries[kept[0] + 1 if kept else 0 :]
            self._done = min(self._done, len(self._entries))

    def clear(self) -> None:
        self._entries.clear()
        self._done = 0

    def _trim(self) -> None:
        decisions = [i for i, entry in enumerate(self._entries) if not isinstance(entry, EditEntry)]
        if len(decisions) > KEPT_DECISIONS:
            cut = decisions[-KEPT_DECISIONS - 1] + 1
            del self._entries[:cut]
            self._done -= cut
