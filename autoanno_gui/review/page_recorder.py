"""Writes pages of the contact sheet: explicit verdicts on single objects, kept as drafts of frames that stay undecided.

The page and the drafts of all its frames are one transaction and one step of the history. A frame whose document lives
in this sitting is changed there; all others are read, changed and written on the store's thread, where nothing can come
in between.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

from autoanno_gui.core.document import Document
from autoanno_gui.core.draft import encode_draft, summarise_draft
from autoanno_gui.core.history import EditEntry, PageEntry
from autoanno_gui.core.judged_page import (
    PAGE_RECORDED,
    PAGE_UNDONE,
    JudgedPage,
    SheetItem,
    SheetVerdict,
    judge,
    stands,
    take_back,
)
from autoanno_gui.core.records import Frame, Thresholds
from autoanno_gui.core.review_objects import Change
from autoanno_gui.review.commits import Commits, PageAct, PageInFlight
from autoanno_gui.review.document_source import DocumentSource
from autoanno_gui.review.documents import Documents
from autoanno_gui.review.frame_session import FrameSession
from autoanno_gui.review.outcome import NOTHING, Outcome, Step
from autoanno_gui.store.store_thread import Store
from autoanno_gui.store.writer import Writer

_JUDGED_MEANWHILE: Final = Outcome(Step.NOTHING, text="These objects were judged on their frames meanwhile.")

Drafts = dict[int, tuple[bytes | None, bytes | None]]
"""By frame what is kept of it before and after a page."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the store's thread needs to record a page."""

    page: JudgedPage
    ready: Drafts
    """Of frames whose documents live in this sitting."""
    others: tuple[Frame, ...]
    paths: Mapping[int, str]
    thresholds: Thresholds
    model_active: bool


class PageRecorder:
    """Records pages, takes them back and does them again."""

    def __init__(
        self, session: FrameSession, *, commits: Commits, documents: Documents, reviewer: str, session_uuid: str
    ) -> None:
        self._session: Final = session
        self._commits: Final = commits
        self._documents: Final = documents
        self._reviewer: Final = reviewer
        self._session_uuid: Final = session_uuid
        self.recorded: Final[set[SheetItem]] = set()
        """Objects that pages of this sitting judged, as far as they are not taken back."""
        self.on_settled: Callable[[JudgedPage, PageAct, bool], None] = lambda _page, _act, _done: None
        """Called with each page when the store has acknowledged what was done with it, or failed to."""

    # ------------------------------------------------------------------------------------------------ verbs
    def record(self, verdicts: Mapping[SheetItem, SheetVerdict], *, class_id: int, seconds: float) -> Outcome:
        """Record a page: the verdict on each of these objects, all of which were on the screen.

        Args:
            verdicts: by object; one that is no untouched candidate any more is left out.
            class_id: the class that the page is about.
            seconds: active time on the page, shared among its objects.
        """
        if not self._session.can_move or not verdicts:
            return NOTHING
        page = JudgedPage(str(uuid.uuid4()), class_id, self._recordable(verdicts, class_id), seconds)
        if not page.verdicts:
            return _JUDGED_MEANWHILE
        self._session.objects.end_run()
        ready, changed = self._apply(page)
        plan = _Plan(
            page,
            ready,
            others=tuple(self._frame(frame_id) for frame_id in sorted(page.frame_ids - ready.keys())),
            paths={frame_id: self._frame(frame_id).path for frame_id in page.frame_ids},
            thresholds=self._session.thresholds,
            model_active=self._session.model_active,
        )
        store = self._session.store
        commit = self._commits.send_page(
            PageEntry(page), PageAct.RECORD, lambda writer: self._write(store, writer, plan)
        )
        self.recorded.update(page.verdicts)
        return Outcome(Step.OBJECTS if changed else Step.NOTHING, changed, commit=commit)

    def undo(self, entry: PageEntry) -> Outcome:
        """Take a page back: all its frames are as they were before."""
        page = entry.page
        drafts, changed = self._replay(page, revert=True)
        body = {"page": page.uuid, **self._who()}
        event = str(uuid.uuid4())
        commit = self._commits.send_page(
            entry, PageAct.UNDO, lambda writer: writer.record_page(event, PAGE_UNDONE, body, drafts)
        )
        self.recorded.difference_update(page.verdicts)
        return self._outcome(changed, commit, f"Undone: {entry.name.lower()}.")

    def redo(self, entry: PageEntry) -> Outcome:
        """Record a page anew that was taken back; what does not stand any more is left out of it."""
        page = entry.page
        page.verdicts = {item: verdict for item, verdict in page.verdicts.items() if self._may_stand(page, item)}
        if not page.verdicts:
            self._session.history.drop(entry)
            return _JUDGED_MEANWHILE
        page.uuid = str(uuid.uuid4())
        drafts, changed = self._replay(page, revert=False)
        event = page.uuid
        body = self._body(page, {frame_id: self._frame(frame_id).path for frame_id in page.frame_ids})
        commit = self._commits.send_page(
            entry, PageAct.REDO, lambda writer: writer.record_page(event, PAGE_RECORDED, body, drafts)
        )
        self.recorded.update(page.verdicts)
        return self._outcome(changed, commit, f"Redone: {entry.name.lower()}.")

    @staticmethod
    def _outcome(changed: tuple[int, ...], commit: Future[Any] | None, text: str) -> Outcome:
        return Outcome(Step.OBJECTS if changed else Step.NOTHING, changed, commit=commit, text=text)

    # ------------------------------------------------------------------------------------------------ commit
    def landed(self, flight: PageInFlight) -> None:
        """Note that the store acknowledged a page."""
        page = flight.entry.page
        if not page.verdicts:
            # Nothing of it stood any more: there is nothing to undo.
            self._session.history.drop(flight.entry)
        self.on_settled(page, flight.act, True)

    def failed(self, flight: PageInFlight) -> Outcome:
        """Take back what could not be written, so that everything is as before the key."""
        page, history = flight.entry.page, self._session.history
        undone = flight.act is not PageAct.UNDO
        changed = self._change_live(page, revert=undone, saved=False, but=self._edited_since(flight.entry))
        if undone:
            self.recorded.difference_update(page.verdicts)
        else:
            self.recorded.update(page.verdicts)
        match flight.act:
            case PageAct.RECORD:
                history.drop(flight.entry)
                text = "The page was not saved and is back."
            case PageAct.UNDO:
                if history.to_redo is flight.entry:
                    history.stepped_forward()
                text = "The undo was not saved and the page stands."
            case PageAct.REDO:
                if history.to_undo is flight.entry:
                    history.stepped_back()
                else:
                    history.drop(flight.entry)
                text = "The page was not saved again and is still undone."
        self.on_settled(page, flight.act, False)
        return self._outcome(changed, None, text)

    def _edited_since(self, entry: PageEntry) -> set[tuple[int, int]]:
        """Return (frame, object) of all that was edited after a page: that is the reviewer's work on the frame."""
        found: set[tuple[int, int]] = set()
        for later in self._session.history.done():
            if later is entry:
                break
            if isinstance(later, EditEntry):
                found.update((later.frame_id, object_id) for object_id in later.change.after)
        return found

    # ------------------------------------------------------------------------------------------------ documents
    def standing(self, item: SheetItem, class_id: int) -> bool:
        """Whether an object may be shown on a sheet about a class, as far as this sitting knows: its frame is not
        decided, and nobody touched it."""
        if item in self.recorded or item.frame_id not in self._session.frames:
            return False
        frame = self._frame(item.frame_id)
        if (
            frame.state.decided
            or self._session.hides(frame)
            or not frame.usable
            or frame.run_frame_id != item.run_frame_id
        ):
            return False
        document = self.document_of(item.frame_id)
        return document is None or stands(document, item, class_id)

    def document_of(self, frame_id: int) -> Document | None:
        """Return the document of a frame that lives in this sitting, None where the project file has all there is."""
        document = self._session.document
        if document is not None and document.frame_id == frame_id and not self._session.finished:
            return document
        left, thresholds = self._documents.left(self._frame(frame_id)), self._session.thresholds
        if left is not None and left.thresholds != thresholds:
            left.set_thresholds(thresholds, in_sight=False)
        return left

    def _may_stand(self, page: JudgedPage, item: SheetItem) -> bool:
        """Whether an object can be judged again: of frames without a living document nothing can have changed."""
        document = self.document_of(item.frame_id)
        return document is None or stands(document, item, self._documents.living_class(page.class_id))

    def _frame(self, frame_id: int) -> Frame:
        return self._session.frames.get(frame_id)

    def _recordable(self, verdicts: Mapping[SheetItem, SheetVerdict], class_id: int) -> dict[SheetItem, SheetVerdict]:
        return {item: verdict for item, verdict in verdicts.items() if self.standing(item, class_id)}

    def _apply(self, page: JudgedPage) -> tuple[Drafts, tuple[int, ...]]:
        """Judge the objects of documents that live in this sitting. Returns their drafts and what changed on the open
        frame."""
        ready: Drafts = {}
        changed: tuple[int, ...] = ()
        for frame_id, verdicts in page.by_frame().items():
            document = self.document_of(frame_id)
            if document is None:
                continue
            before = encode_draft(document)
            change = judge(document, verdicts, page.class_id)
            ready[frame_id] = before, encode_draft(document)
            document.mark_saved()
            changed += self._shown(document, change)
        return ready, changed

    def _replay(self, page: JudgedPage, *, revert: bool) -> tuple[dict[int, bytes | None], tuple[int, ...]]:
        """Change living documents once more. Returns what to keep of all frames and what changed on the open one."""
        changed = self._change_live(page, revert=revert, saved=True)
        drafts = {frame_id: kept[0 if revert else 1] for frame_id, kept in page.drafts.items()}
        for frame_id in page.frame_ids:
            document = self.document_of(frame_id)
            if document is not None:
                drafts[frame_id] = encode_draft(document)
        return drafts, changed

    def _change_live(
        self, page: JudgedPage, *, revert: bool, saved: bool, but: Collection[tuple[int, int]] = ()
    ) -> tuple[int, ...]:
        """Take a page back on living documents, or judge their objects again. Returns what changed on the open one.

        Args:
            saved: whether the project file is about to hold what the documents hold then.
            but: (frame, object) of what stays as it is.
        """
        changed: tuple[int, ...] = ()
        class_id = self._documents.living_class(page.class_id)
        for frame_id, judged in page.by_frame().items():
            document = self.document_of(frame_id)
            if document is not None:
                verdicts = {item: verdict for item, verdict in judged.items() if (frame_id, item.prediction) not in but}
                change = take_back(document, verdicts) if revert else judge(document, verdicts, class_id)
                document.mark_saved(saved=saved)
                changed += self._shown(document, change)
        return changed

    def _shown(self, document: Document, change: Change | None) -> tuple[int, ...]:
        """Return which objects of the open frame a change touched; the selection follows."""
        if change is None or document is not self._session.document:
            return ()
        self._session.look_at(document)
        self._session.objects.on_edit()
        return change.ids

    # ------------------------------------------------------------------------------------------- on the store's thread
    def _write(self, store: Store, writer: Writer, plan: _Plan) -> None:
        """Record a page (on the store's thread); what does not stand any more is left out of it."""
        page, drafts = plan.page, dict(plan.ready)
        gone: set[SheetItem] = set()
        by_frame = page.by_frame()
        if plan.others:
            with store.reader() as reader:
                source = DocumentSource(reader)
                for frame in plan.others:
                    before = reader.draft(frame.id)
                    document = source.document(frame, thresholds=plan.thresholds, model_active=plan.model_active)
                    standing = {item for item in by_frame[frame.id] if stands(document, item, page.class_id)}
                    gone.update(by_frame[frame.id].keys() - standing)
                    if judge(document, by_frame[frame.id], page.class_id) is not None:
                        # Of this frame nothing else was on the screen now, whatever the thresholds let through.
                        shown = summarise_draft(before).shown if before is not None else frozenset()
                        shown |= {item.prediction for item in standing}
                        drafts[frame.id] = before, encode_draft(document, shown=shown)
        page.drafts = drafts
        page.verdicts = {item: verdict for item, verdict in page.verdicts.items() if item not in gone}
        if page.verdicts:
            after = {frame_id: kept[1] for frame_id, kept in drafts.items()}
            writer.record_page(page.uuid, PAGE_RECORDED, self._body(page, plan.paths), after)

    def _who(self) -> dict[str, str]:
        return {"reviewer": self._reviewer, "session": self._session_uuid}

    def _body(self, page: JudgedPage, paths: Mapping[int, str]) -> dict[str, Any]:
        share = round(page.seconds / len(page), 4)
        objects = [
            {
                "frame": paths[item.frame_id],
                "run_frame": item.run_frame_id,
                "prediction": item.prediction,
                "verdict": verdict.kind.value,
                "class": verdict.class_id,
                "seconds": share,
            }
            for item, verdict in page.verdicts.items()
        ]
        return {**self._who(), "class": page.class_id, "seconds": round(page.seconds, 3), "objects": objects}
