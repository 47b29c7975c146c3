"""Commands about a second reviewer: compare, settle what differs, hand over a sample, merge it back."""

from __future__ import annotations

from collections.abc import Collection, Generator
from typing import TYPE_CHECKING, Any

from autoanno_gui.core.records import Frame, FrameState
from autoanno_gui.ui.dialogs.run import run_modal
from autoanno_gui.ui.open_project import OpenProject

if TYPE_CHECKING:
    from autoanno_gui.ui.dialogs.hand_over import MergeDialog
    from autoanno_gui.ui.main_window import MainWindow


def compare_reviewers(window: MainWindow) -> None:
    """Show how far two reviewers agree, and go through what they differ on."""
    # Imported late, as in the next two: nothing of it is part of starting up.
    from autoanno_gui.ui.dialogs.compare import CompareDialog

    project = window.projects.project
    if project is None:
        return
    wanted: list[dict[str, Any]] = []
    dialog = CompareDialog(project.store, window)
    dialog.settle_wanted.connect(wanted.extend)
    run_modal(dialog, back_to=window.canvas)
    if wanted and project is window.projects.project:
        _settle(window, project, wanted)


def _settle(window: MainWindow, project: OpenProject, rows: list[dict[str, Any]]) -> None:
    from autoanno_gui.ui.dialogs.compare import difference_in_words

    ids = {frame.path: frame.id for frame in project.session.frames}
    words = {ids[row["frame"]]: difference_in_words(row) for row in rows if row["frame"] in ids}
    window.queue_panel.show_list("Disagreements", list(words), words=words)


def hand_over_sample(window: MainWindow) -> None:
    """Write a project for a second reviewer."""
    from autoanno_gui.ui.dialogs.hand_over import HandOverDialog

    project = window.projects.project
    if project is None:
        return
    labelled = project.session.frames.count(*(state for state in FrameState if state.labelled))
    run_modal(HandOverDialog(project.store, labelled=labelled, parent=window), back_to=window.canvas)


def merge_sample(window: MainWindow) -> None:
    """Merge what a second reviewer decided, and show it."""
    from autoanno_gui.ui.dialogs.hand_over import MergeDialog

    project = window.projects.project
    if project is None:
        return
    dialog = MergeDialog(project.store, window)
    run_modal(dialog, back_to=window.canvas)
    if dialog.started and project is window.projects.project:
        _show_merged(window, project, dialog)


def _show_merged(window: MainWindow, project: OpenProject, dialog: MergeDialog) -> None:
    merged = dialog.merged
    # Where it was stopped or failed, any frame may have got something.
    wanted: Collection[int] | None = merged.frame_ids if merged is not None else None
    found: list[Frame] = []

    def work() -> Generator[None, None, None]:
        with project.store.reader() as reader:
            for block in reader.frames():
                found.extend(frame for frame in block if wanted is None or frame.id in wanted)
                yield

    def show() -> None:
        if project is not window.projects.project:
            return
        presenter, ids = project.presenter, [frame.id for frame in found]
        presenter.news.reload_classes()
        if project.session.take_frames(found):
            presenter.show_open_frame()
        presenter.states_changed.emit(ids)
        # These are no decisions of this sitting.
        project.queue.note_judged(ids)
        window.metrics.refresh()

    if wanted is None or wanted:
        window.projects.run(work, done=show)
