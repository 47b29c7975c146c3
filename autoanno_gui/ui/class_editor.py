"""Changes to the project's classes: each is written by the store, then shown everywhere at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import QObject, Signal

from autoanno_gui.core.errors import KnownError
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.store.writer import Writer
from autoanno_gui.ui.bridge import GuiThreadBridge


class ClassEditor(QObject):
    """Writes class changes of one project."""

    changed = Signal()
    """Classes or class maps are otherwise than before."""
    failed = Signal(str)
    """A sentence for people, such as a name that is taken."""

    def __init__(self, store: Store, parent: QObject) -> None:
        super().__init__(parent)
        self._store = store
        self._bridge = GuiThreadBridge(self)

    def create(self, name: str, *, then: Callable[[int], None] = lambda _class_id: None) -> None:
        """Add a class; `then` is called with its id once it is there."""
        self._change(lambda writer: writer.add_class(name).id, then)

    def rename(self, class_id: int, name: str) -> None:
        self._change(lambda writer: writer.rename_class(class_id, name))

    def recolour(self, class_id: int, colour: str) -> None:
        self._change(lambda writer: writer.recolour_class(class_id, colour))

    def merge(self, class_id: int, into: int) -> None:
        self._change(lambda writer: writer.merge_class(class_id, into))

    def remove(self, class_id: int) -> None:
        self._change(lambda writer: writer.remove_class(class_id))

    def set_slots(self, slots: Mapping[int, int | None]) -> None:
        """Set which digit sets which class: class id -> 1..9 or None."""
        self._change(lambda writer: writer.set_class_slots(slots))

    def set_map(
        self, weights_hash: str, mapping: Mapping[int, int | None], *, create: Mapping[int, str] | None = None
    ) -> None:
        """Set which class of a model stands for which class of the project.

        Args:
            weights_hash: of the model.
            mapping: model class -> project class, None to show it no more.
            create: model class -> name of a class to make for it.
        """
        wanted = dict(create or {})

        def work(writer: Writer) -> None:
            made: dict[int, int | None] = {number: writer.add_class(name).id for number, name in wanted.items()}
            writer.set_class_map(weights_hash, {**mapping, **made})

        self._change(work)

    def _change(self, work: Callable[[Writer], Any], then: Callable[[Any], None] = lambda _result: None) -> None:
        def finish(future: Future[Any]) -> None:
            error = future.exception()
            if isinstance(error, KnownError):
                self.failed.emit(str(error))
            elif error is not None:
                raise error
            else:
                self.changed.emit()
                then(future.result())

        self._bridge.when_done(self._store.submit(Priority.OTHER, work), finish)
