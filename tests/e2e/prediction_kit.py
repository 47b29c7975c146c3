"""Watches a model at work beside the reviewer, in the window and in the project file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QTreeWidget

from autoanno_gui.core.records import Decision
from autoanno_gui.review.prediction_job import PredictionProgress
from autoanno_gui.store.store_thread import Priority, Store
from tests.e2e.conftest import Open, query
from tests.ui.driver import Driver


def action(driver: Driver, action_id: str) -> QAction:
    found = driver.window.findChild(QAction, action_id)
    assert found is not None
    return found


def on_first_progress(driver: Driver, act: Callable[[], None]) -> None:
    """Do something as soon as the job has predicted a frame, while it is running."""
    done: list[bool] = []

    def look(progress: PredictionProgress) -> None:
        if progress.done and not done:
            done.append(True)
            assert progress.done < progress.total
            act()

    driver.window.models.job_progressed.connect(look)
    driver.wait(lambda: bool(done))


def wait_for_job(driver: Driver) -> None:
    """Wait until every frame has been looked at and the job is over."""
    frames = driver.session.frames
    driver.wait(lambda: len(frames) > 0 and all(frame.run_frame_id or frame.error for frame in frames))
    driver.wait(lambda: not driver.window.models.job_running)


def notice_of(driver: Driver) -> str:
    driver.wait(lambda: driver.window.notice.isVisible())
    return driver.window.notice.text


def decision_of(driver: Driver, path: str) -> Decision | None:
    with driver.reader() as reader:
        frame = reader.frame_by_path(path)
        assert frame is not None
        return reader.decision(frame.id)


def model_of_runs(file: Path) -> dict[str, list[str]]:
    """Return the names of the models that predicted each frame, oldest first."""
    sql = (
        "SELECT f.path, m.name FROM run_frame rf JOIN frame f ON f.id = rf.frame_id JOIN run r ON r.id = rf.run_id "
        "JOIN model m ON m.id = r.model_id WHERE rf.status = 'done' ORDER BY f.sort_key, rf.id"
    )
    found: dict[str, list[str]] = {}
    for path, name in query(file, sql):
        found.setdefault(path, []).append(name)
    return found


def kept_model(file: Path) -> str:
    """Return the model that a project would use when it is opened again."""
    return str(query(file, "SELECT value FROM setting WHERE key = 'model_path'")[0][0])


def listed_classes(driver: Driver) -> list[str]:
    """Return what the class panel shows."""
    tree = driver.window.classes_panel.findChild(QTreeWidget)
    assert tree is not None
    return [tree.topLevelItem(row).text(1) for row in range(tree.topLevelItemCount())]


def project_with_classes(folder: Path, names: Sequence[str]) -> Path:
    """Make a project whose class list is the user's own."""
    file = folder.with_suffix(".autoanno")
    with Store.open(file, root=folder) as store:
        for name in names:
            store.submit(Priority.OTHER, lambda writer, name=name: writer.add_class(name)).result()
    return file


def waiting_window(open_window: Open, folder: Path, model: Path, *, project: Path | None = None) -> Driver:
    """Open a folder and choose a model: until the event loop runs again, the shown frame waits for it."""
    driver = open_window(arguments=[str(folder), *(["--project", str(project)] if project is not None else [])])
    driver.wait_for_frame(0)
    driver.wait(lambda: len(driver.session.frames) == 6)
    driver.window.use_model(model)
    assert driver.session.waiting
    return driver
