"""Puts the session's open frame on the canvas: pixels and objects in one paint, as soon as they are decoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeAlias

from PySide6.QtCore import QObject, Signal, Slot

from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.core.records import Frame, FrameHeader, FrameState, PresentationMode, ScannedFile
from autoanno_gui.core.review_objects import Role
from autoanno_gui.core.task import Task
from autoanno_gui.imaging.enhance import Enhancement
from autoanno_gui.review.frame_queue import LOOK_AHEAD
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.store.store_thread import Priority
from autoanno_gui.store.writer import Writer
from autoanno_gui.ui.canvas.image_item import FrameImage
from autoanno_gui.ui.canvas.view import CanvasView
from autoanno_gui.ui.prefetch import LoadedFrame, Prefetcher

FEW_OBJECTS: Final = 3
"""Up to so many objects are redrawn one by one."""

KeyOf: TypeAlias = Callable[[str], str]
"""Returns the key of a command by its action id, as people write it."""


class FrameDisplay(QObject):
    """Shows one frame at a time and keeps the next ones ready."""

    painted = Signal(object)
    """The open frame, once its pixels and objects are on the screen."""
    predictions_lost = Signal(list)
    """Ids of frames whose file holds another picture now."""
    states_changed = Signal(list)
    """Ids of frames whose file turned out to be bad, or good again."""

    def __init__(
        self, session: ReviewSession, canvas: CanvasView, prefetcher: Prefetcher, *, key_of: KeyOf, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._canvas = canvas
        self._prefetcher = prefetcher
        self._key_of = key_of
        self._awaited: int | None = None
        """The frame that is to be shown as soon as it is decoded."""
        self._renewed: int | None = None
        """The frame on the canvas whose picture is to be replaced by the same one in another light."""
        prefetcher.loaded.connect(self._on_loaded)
        prefetcher.full_loaded.connect(self._on_full_loaded)
        # The canvas outlives the project: what it says of the next one is none of this display's business.
        self._from_canvas: Final = (
            canvas.frame_painted.connect(self._on_painted),
            canvas.full_resolution_wanted.connect(self._on_full_wanted),
        )

    def close(self) -> None:
        """Stop listening."""
        self._awaited = None
        for connection in self._from_canvas:
            QObject.disconnect(connection)

    # ------------------------------------------------------------------------------------------------ pixels
    def show(self) -> None:
        """Show the open frame: at once when it is prefetched, else as soon as it is decoded."""
        frame = self._session.frame
        if frame is None:
            return
        self._awaited = frame.id
        loaded = self._prefetcher.get(frame.id, size=self._canvas.preview_size())
        if loaded is not None:
            self._paint(frame, loaded)
        else:
            self._prefetcher.want([frame], size=self._canvas.preview_size())

    def enhance(self, enhancement: Enhancement) -> None:
        """Show all frames in another light from now on, the open one at once and where it is."""
        self._prefetcher.set_enhancement(enhancement)
        self._renewed = self._session.frame.id if self._session.frame is not None else None
        self.prefetch()

    def _renew(self, loaded: LoadedFrame) -> None:
        self._renewed = None
        if loaded.image is not None and loaded.header is not None:
            width, height = loaded.header.width, loaded.header.height
            self._canvas.renew_image(FrameImage(loaded.frame_id, loaded.image, width, height))

    def prefetch(self) -> None:
        """Ask for the frames that the next keys may want, in the size of the present viewport."""
        frame = self._session.frame
        if frame is None:
            return
        ahead = [self._session.frames.get(i) for i in self._session.look_ahead(count=LOOK_AHEAD)]
        self._prefetcher.want([frame, *ahead], size=self._canvas.preview_size())

    @Slot(object)
    def _on_loaded(self, loaded: LoadedFrame) -> None:
        frame = self._session.frame
        if frame is not None and loaded.frame_id == frame.id == self._renewed and self._awaited is None:
            self._renew(loaded)
        if frame is None or loaded.frame_id != self._awaited or frame.id != self._awaited:
            return
        shown = self._canvas.preview_size()
        if loaded.size == shown or loaded.image is None:
            self._paint(frame, loaded)
        else:
            # The window was resized while the frame was being decoded.
            self._prefetcher.want([frame], size=shown)

    def _paint(self, frame: Frame, loaded: LoadedFrame) -> None:
        self._awaited = None
        if loaded.image is None or loaded.header is None:
            self._note_fault(frame, loaded.error or FrameErrorCode.DAMAGED, loaded.detail)
            self._canvas.show_fault(frame.id, frame.path, loaded.detail)
        else:
            self._note_header(frame, loaded, loaded.header)
            presentation = self._session.presentation
            objects = presentation.on_canvas() if presentation is not None else []
            image = FrameImage(frame.id, loaded.image, loaded.header.width, loaded.header.height)
            editor = self._session.objects
            self._canvas.show_frame(image, objects, selected=editor.selected, also=editor.also_selected)
        self.update_banner()

    @Slot(int)
    def _on_painted(self, frame_id: int) -> None:
        frame = self._session.frame
        if frame is not None and frame.id == frame_id:
            self.painted.emit(frame)

    @Slot(int)
    def _on_full_wanted(self, frame_id: int) -> None:
        frame = self._session.frame
        if frame is not None and frame.id == frame_id:
            self._prefetcher.want_full(frame)

    @Slot(object)
    def _on_full_loaded(self, loaded: LoadedFrame) -> None:
        frame = self._session.frame
        if frame is not None and loaded.frame_id == frame.id and loaded.image is not None and loaded.header is not None:
            self._canvas.set_full_image(FrameImage(frame.id, loaded.image, loaded.header.width, loaded.header.height))

    # ------------------------------------------------------------------------------------------------ what files show
    def _note_fault(self, frame: Frame, code: FrameErrorCode, detail: str) -> None:
        state = frame.state if frame.state.decided else FrameState.FAILED
        self._session.note_fault(replace(frame, error=code, state=state), detail)
        frame_id = frame.id
        # Whether a file is gone is for a scan to say: here it may be the whole disk that is not plugged in.
        if frame.error is not code and code is not FrameErrorCode.MISSING:
            self._session.store.submit(Priority.OTHER, lambda w: w.set_frame_error(frame_id, code, detail))
        self.states_changed.emit([frame_id])

    def _note_header(self, frame: Frame, loaded: LoadedFrame, header: FrameHeader) -> None:
        if frame.error is not None:
            self._session.note_readable(frame.id)
            self.states_changed.emit([frame.id])
        size = header.width, header.height
        if frame.error is not None or (frame.width, frame.height) != size:
            replaced = frame.width > 0 and (frame.width, frame.height) != size
            file = ScannedFile(frame.path, *loaded.fingerprint) if replaced and loaded.fingerprint else None

            def write(writer: Writer) -> None:
                if file is not None:
                    # Another picture under the same name: what was known of the old one no longer counts.
                    writer.add_frames([file])
                writer.set_frame_header(frame.id, header, sha256=None)

            self._session.store.submit(Priority.OTHER, write)
            if file is not None:
                self._session.note_replaced(frame.id)
                self.states_changed.emit([frame.id])
                self.predictions_lost.emit([frame.id])
        self._session.note_size(frame.id, width=header.width, height=header.height)

    # ------------------------------------------------------------------------------------------------ objects
    @property
    def _on_canvas(self) -> bool:
        """Whether the canvas has the open frame's picture; until then its objects would lie over the one before."""
        return self._awaited is None and self._session.fault is None

    def redraw(self, ids: tuple[int, ...]) -> None:
        """Redraw some objects of the open frame, and no more than needed."""
        presentation = self._session.presentation
        if presentation is None or not self._on_canvas:
            return
        if len(ids) > FEW_OBJECTS or self._session.objects.ghosts_shown:
            self.redraw_all()
            return
        for object_id in ids:
            shown = presentation.shown(object_id)
            self._canvas.update_object(object_id, shown if shown is None or shown.on_canvas else None)
        editor = self._session.objects
        self._canvas.set_selected(editor.selected, also=editor.also_selected)
        self.update_banner()

    def redraw_all(self) -> None:
        """Redraw all objects of the open frame."""
        presentation = self._session.presentation
        if presentation is not None and self._on_canvas:
            editor = self._session.objects
            self._canvas.show_objects(presentation.on_canvas(), selected=editor.selected, also=editor.also_selected)
        self.update_banner()

    # ------------------------------------------------------------------------------------------------ banner
    def update_banner(self) -> None:
        """Say what the open frame waits for, if it waits for anything."""
        session = self._session
        document = session.document
        if session.finished:
            left = session.frames.count(FrameState.DEFERRED)
            self._canvas.show_banner("End of the queue" if left else "Every frame is decided", self._finished_text())
        elif session.empty_asked:
            accept, back = self._key_of("review.accept_frame"), self._key_of("edit.escape")
            self._canvas.show_banner("Empty?", f"{accept} again: nothing here is to be labelled. {back}: take it back.")
        elif session.unseen_asked:
            accept, step = self._key_of("review.accept_frame"), self._key_of("object.next")
            self._canvas.show_banner(
                "Not seen yet", f"{step} brings what is tiny or off screen near. {accept} again accepts."
            )
        elif session.waiting:
            by_hand = self._key_of("review.label_by_hand")
            self._canvas.show_banner(
                "Waiting for the model", f"The proposals appear here; {by_hand} labels the frame by hand."
            )
        elif document is not None and document.mode is PresentationMode.BLIND and session.fault is None:
            accept = self._key_of("review.accept_frame")
            self._canvas.show_banner(
                "Blind check", f"{self._how_to_draw()}; {accept} then shows what the model proposed."
            )
        elif document is not None and document.mode is PresentationMode.SETTLE and session.fault is None:
            self._canvas.show_banner("Settle", self._how_to_settle())
        elif document is not None and document.mode is PresentationMode.HAND and session.fault is None:
            choose = f" {self._key_of('model.choose')} chooses a model that labels first."
            hint = "" if session.model_active else choose
            accept = self._key_of("review.accept_frame")
            self._canvas.show_banner("By hand", f"{self._how_to_draw()}, then {accept}.{hint}")
        else:
            self._canvas.hide_banner()

    def _how_to_draw(self) -> str:
        """Say how an object is drawn by hand in a project of this kind."""
        match self._session.task:
            case Task.DETECT:
                return "Drag a box around each object"
            case Task.SEGMENT:
                keys = self._key_of("tool.polygon"), self._key_of("tool.segment")
                return f"Outline each object: {keys[0]} by its corners, {keys[1]} with the segmenter"
            case Task.POSE:
                return f"{self._key_of('tool.keypoints')} places the points of each object"
            case Task.OBB:
                return f"{self._key_of('tool.obb')} draws a box along each object"

    def _how_to_settle(self) -> str:
        """Say what is left to do about the model's proposals beside the labels."""
        take, leave = self._key_of("object.accept"), self._key_of("review.accept_frame")
        document = self._session.document
        left = len(document.in_role(Role.GHOST)) if document is not None else 0
        if not left:
            return f"The model agrees with your labels. {leave} goes on."
        what = "1 proposal of the model has" if left == 1 else f"{left} proposals of the model have"
        return f"{what} no label. {take} takes the selected one, {leave} leaves the rest out."

    def _finished_text(self) -> str:
        frames = self._session.frames
        parts = [f"{frames.count(FrameState.ACCEPTED, FrameState.EDITED, FrameState.HAND_LABELLED):,} labelled"]
        if rejected := frames.count(FrameState.REJECTED):
            parts.append(f"{rejected:,} wait for hand labelling ({self._key_of('review.hand_queue')})")
        if deferred := frames.count(FrameState.DEFERRED):
            parts.append(f"{deferred:,} put off")
        if failed := frames.count(FrameState.FAILED):
            parts.append(f"{failed:,} cannot be read")
        return ", ".join(parts) + f". {self._key_of('file.export')} exports the dataset."
