"""The object tour: the next object comes near, and which candidates were on the screen is kept in mind."""

from __future__ import annotations

from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.review.tour import SeenObjects
from autoanno_gui.ui.canvas.view import CanvasView


class ObjectTour:
    """Knows which candidates of the open frame were on the screen, and how large."""

    def __init__(self, session: ReviewSession, canvas: CanvasView) -> None:
        self._session = session
        self._canvas = canvas
        self._seen = SeenObjects()
        self.enabled = True
        """Whether Tab brings small objects near, and accepting asks about objects that nobody can have seen."""

    def reset(self) -> None:
        """Start anew: another frame is shown."""
        self._seen.reset()

    def visit(self, object_id: int | None) -> None:
        """Bring an object near that is too small to be judged, or off the screen."""
        if self.enabled and object_id is not None:
            self._canvas.reveal(object_id)

    def note(self) -> None:
        """Note which candidates are on the screen now, and how large."""
        document = self._session.document
        if not self.enabled or document is None or not self._session.objects.enabled:
            return
        if not self._canvas.isVisible():
            return  # the contact sheet stands in its place
        for object_id in self._seen.unseen(item.id for item in document.in_role(Role.CANDIDATE)):
            size, there = self._canvas.short_side_on_screen(object_id), self._canvas.is_in_view(object_id)
            self._seen.note(object_id, short_side_px=size, in_view=there)

    def unseen(self) -> tuple[int, ...]:
        """Return the candidates that nobody can have seen; none while the tour is off."""
        document = self._session.document
        if not self.enabled or document is None:
            return ()
        self.note()
        return self._seen.unseen(item.id for item in document.in_role(Role.CANDIDATE))
