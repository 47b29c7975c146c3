"""Models and folders that change or go away while a prediction is running."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from PySide6.QtWidgets import QProgressBar

from autoanno_gui.core.records import FrameState, VerdictKind
from autoanno_gui.core.review_objects import Role
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.store.writer import Writer
from tests.e2e.conftest import MANY, SHAPES, Open, assert_let_go, finished_runs, predicted_unlike_once, query
from tests.e2e.prediction_kit import (
    action,
    decision_of,
    kept_model,
    listed_classes,
    model_of_runs,
    notice_of,
    on_first_progress,
    wait_for_job,
)
from tests.projects import USUAL, make_project
from tests.ui.driver import SHIFT, Key


def limit_pages(writer: Writer) -> str:
    """Return what keeps the predictions' connection from growing the project file any more, as on a full disk."""
    pages = writer.bulk.execute("PRAGMA page_count").fetchone()[0]
    return f"PRAGMA max_page_count = {pages}"


# ---------------------------------------------------------------------------------------------------- other models
@pytest.mark.parametrize("damage", ["noise", "cut short"])
def test_a_damaged_model_leaves_the_present_one_in_use(
    open_window: Open, large: Path, tiny: Path, tmp_path: Path, damage: str
) -> None:
    good = tiny.read_bytes()
    damaged = tmp_path / "damaged.pt"
    damaged.write_bytes(good[: len(good) // 2] if damage == "cut short" else bytes(range(256)) * 20)
    driver = open_window(arguments=[str(large), "--model", str(tiny)])
    on_first_progress(driver, lambda: driver.window.use_model(damaged))
    assert "damaged.pt" in notice_of(driver)
    models = driver.window.models
    assert models.model is not None
    assert models.model.info.name == "tiny.pt"
    wait_for_job(driver)
    file = driver.session.store.file
    assert set(map(tuple, model_of_runs(file).values())) == {("tiny.pt",)}
    assert kept_model(file) == str(tiny)
    driver.decide(Key.Key_U)
    # It still works: a new file of the folder is predicted, and by the model that works.
    (large / "frame_1000.png").write_bytes((large / "frame_1.png").read_bytes())
    driver.window.open_folder(large)
    driver.wait(lambda: len(driver.session.frames) == MANY + 1)
    wait_for_job(driver)
    assert model_of_runs(file)["frame_1000.png"] == ["tiny.pt"]


def test_another_model_keeps_all_decisions_and_proposes_on_the_rest(
    open_window: Open, tmp_path: Path, tiny: Path
) -> None:
    made = make_project(tmp_path, [USUAL] * 7)
    driver = open_window(made)
    driver.decide(Key.Key_Space)
    driver.key(Key.Key_X)
    driver.decide(Key.Key_Space)
    driver.drag((230, 30), (300, 100))
    driver.decide(Key.Key_Space)
    driver.decide(Key.Key_X, SHIFT)
    decided = made.names[:4]
    before = {name: decision_of(driver, name) for name in decided}
    assert driver.frame == made.names[4]
    roles = driver.roles()
    # A touched frame keeps what was begun on it.
    driver.decide(Key.Key_D)
    driver.key(Key.Key_X)
    begun = driver.roles()
    driver.decide(Key.Key_A)
    driver.window.use_model(tiny)
    driver.wait(lambda: driver.window.models.model is not None)
    driver.wait(lambda: all(names[-1] == "tiny.pt" for names in model_of_runs(made.file).values()))
    driver.wait(lambda: not driver.window.models.job_running)
    # Nothing changes under the eyes of the reviewer.
    assert (driver.frame, driver.roles()) == (made.names[4], roles)
    assert {name: decision_of(driver, name) for name in decided} == before
    driver.decide(Key.Key_D)
    assert driver.roles() == begun
    driver.decide(Key.Key_D)
    assert driver.frame == made.names[6]
    with driver.reader() as reader:
        frame = reader.frame_by_path(made.names[6])
        assert frame is not None
        assert frame.run_frame_id is not None
        found, _ = reader.predictions(frame.run_frame_id)
    assert driver.roles()[Role.CANDIDATE] == (found.confidences > 0.5).sum()
    assert {record.name for record in driver.session.classes.values()} & set(SHAPES)
    for name in (made.names[5], made.names[4], made.names[3], made.names[2]):
        driver.decide(Key.Key_A)
        assert driver.frame == name
    assert driver.roles()[Role.CONFIRMED] == 3
    assert {name: decision_of(driver, name) for name in decided} == before
    with driver.reader() as reader:
        counts = reader.counts()
    assert (counts[FrameState.UNDECIDED], counts[FrameState.REJECTED]) == (3, 1)


def test_another_model_in_the_middle_of_a_job_takes_over(
    open_window: Open, large: Path, tiny: Path, other_model: Path
) -> None:
    driver = open_window(arguments=[str(large), "--model", str(tiny)])
    on_first_progress(driver, lambda: driver.window.use_model(other_model))
    models = driver.window.models
    driver.wait(lambda: models.model is not None and models.model.info.name == "other.pt")
    driver.wait(lambda: not models.job_running)
    runs = model_of_runs(driver.session.store.file)
    assert len(runs) == MANY
    assert all(names[-1] == "other.pt" for names in runs.values())
    assert all(names.count("other.pt") == 1 for names in runs.values())
    assert sum("tiny.pt" in names for names in runs.values()) < MANY
    assert kept_model(driver.session.store.file) == str(other_model)


# ---------------------------------------------------------------------------------------------------- ends
def test_closing_during_the_job_keeps_results_and_leaves_nothing_behind(
    open_window: Open, large: Path, tiny: Path
) -> None:
    driver = open_window(arguments=[str(large), "--model", str(tiny)])
    files: list[Path] = []

    def close() -> None:
        files.append(driver.session.store.file)
        driver.close()
        assert_let_go(files[0])

    on_first_progress(driver, close)
    before = finished_runs(files[0])
    assert 0 < sum(map(len, before.values())) < MANY
    again = open_window(arguments=[str(large)])
    again.wait_for_frame(0)
    wait_for_job(again)
    after = finished_runs(files[0])
    assert {path: len(runs) for path, runs in after.items() if len(runs) != 1} == {}
    assert all(after[path] == runs for path, runs in before.items() if runs)


def test_closing_while_the_model_is_being_loaded(open_window: Open, folder: Path, tiny: Path) -> None:
    driver = open_window(arguments=[str(folder), "--model", str(tiny)])
    files: list[Path] = []

    def close(_name: str) -> None:
        files.append(driver.session.store.file)
        driver.close()
        assert_let_go(files[0])

    driver.window.models.model_loading.connect(close)
    driver.wait(lambda: bool(files))


def test_another_folder_while_the_job_runs_knows_nothing_of_the_first(
    open_window: Open, large: Path, tiny: Path, tmp_path: Path
) -> None:
    second = make_project(tmp_path, [(), *([USUAL] * 5), *([None] * 40)], name="second")
    before = finished_runs(second.file)
    driver = open_window(arguments=[str(large), "--model", str(tiny)])
    first_file: list[Path] = []

    def leave() -> None:
        first_file.append(driver.session.store.file)
        driver.window.open_folder(second.folder, project_file=second.file)

    on_first_progress(driver, leave)
    driver.wait(lambda: driver.window.presenter is not None and driver.session.store.file == second.file)
    driver.wait(lambda: driver.session.can_decide)
    assert driver.frame == second.names[0]
    assert driver.shown[-1] == second.names[0]
    assert_let_go_of_first(first_file[0])
    assert driver.window.models.model is None
    assert not driver.window.models.job_running
    assert not driver.window.status.findChild(QProgressBar).isVisible()
    assert listed_classes(driver) == ["cat", "dog", "bird"]
    # Whatever the first folder's model still had to say is in the event queue by now, and must have changed nothing.
    assert finished_runs(second.file) == before
    predicted = {frame.path for frame in driver.session.frames if frame.run_frame_id is not None}
    assert predicted == set(second.names[:6])
    driver.key(Key.Key_Space)
    driver.decide(Key.Key_Space)
    assert driver.roles() == {Role.CANDIDATE: 2, Role.GHOST: 1}
    driver.click(50, 50)
    assert driver.selected_class() == "cat"
    assert driver.window.canvas.state.objects.keys() == {0, 1}
    driver.key(Key.Key_X)
    driver.decide(Key.Key_Space)
    decision = decision_of(driver, second.names[1])
    assert decision is not None
    assert [(v.kind, v.prediction) for v in decision.verdicts] == [(VerdictKind.REJECTED, 0), (VerdictKind.ACCEPTED, 1)]


def assert_let_go_of_first(file: Path) -> None:
    """The first project is free again, though the window lives on."""
    with Store.open(file) as store, store.reader() as reader:
        assert 0 < sum(frame.run_frame_id is not None for block in reader.frames() for frame in block) < MANY


def test_objects_drawn_in_the_second_folder_are_only_in_the_second(open_window: Open, tmp_path: Path) -> None:
    first = make_project(tmp_path, name="first")
    second = make_project(tmp_path, name="second")
    driver = open_window(first)
    old_session = driver.session
    driver.window.open_folder(second.folder, project_file=second.file)
    driver.wait(lambda: driver.window.presenter is not None and driver.session is not old_session)
    driver.wait(lambda: driver.session.can_decide)
    gc.collect()
    driver.drag((230, 30), (300, 100))
    assert driver.roles() == {Role.CANDIDATE: 2, Role.GHOST: 1, Role.CONFIRMED: 1}
    driver.click(50, 50)
    assert driver.selected_class() == "cat"
    assert old_session.history.to_undo is None
    assert old_session.objects.selected != 0
    driver.decide(Key.Key_Space)
    for project, kinds in ((first, []), (second, [VerdictKind.ACCEPTED, VerdictKind.ACCEPTED, VerdictKind.ADDED])):
        sql = "SELECT kind FROM verdict ORDER BY kind"
        assert [kind for (kind,) in query(project.file, sql)] == [str(kind) for kind in kinds]


def test_opening_folders_in_quick_succession_ends_in_the_last(
    open_window: Open, large: Path, tiny: Path, tmp_path: Path
) -> None:
    projects = [make_project(tmp_path, name=f"quick_{number}") for number in range(3)]
    driver = open_window(arguments=[str(large), "--model", str(tiny)])
    files: list[Path] = []

    def leave() -> None:
        files.append(driver.session.store.file)
        for made in projects:
            driver.window.open_folder(made.folder, project_file=made.file)

    on_first_progress(driver, leave)
    last = projects[-1]
    driver.wait(lambda: driver.window.presenter is not None and driver.session.store.file == last.file)
    driver.wait(lambda: driver.session.can_decide)
    driver.decide(Key.Key_Space)
    assert driver.frame == last.names[1]
    for file in (*files, *(made.file for made in projects[:-1])):
        with Store.open(file):
            pass


def test_a_folder_that_goes_away_and_comes_back(open_window: Open, large: Path, tiny: Path) -> None:
    away = large.with_name("away")
    driver = open_window(arguments=[str(large), "--model", str(tiny)])
    on_first_progress(driver, lambda: large.rename(away))
    projects = driver.window.projects
    models = driver.window.models
    driver.wait(lambda: not models.job_running)
    missing = driver.session.frames.count(FrameState.FAILED)
    assert MANY / 2 < missing < MANY
    assert notice_of(driver).startswith(f"{missing} frames could not be predicted")
    away.rename(large)
    scanned: list[bool] = []
    projects.scan_ended.connect(lambda: scanned.append(True))
    driver.window.open_folder(large)
    driver.wait(lambda: bool(scanned))
    assert driver.session.frames.count(FrameState.FAILED) == 0
    wait_for_job(driver)
    assert predicted_unlike_once(driver.session.store.file) == {}


def test_a_full_disk_ends_the_job_with_a_sentence_and_it_can_go_on(open_window: Open, large: Path, tiny: Path) -> None:
    driver = open_window(arguments=[str(large), "--model", str(tiny)])
    store_of: list[Store] = []

    def fill() -> None:
        store_of.append(driver.session.store)
        store_of[0].submit(Priority.OTHER, lambda writer: writer.bulk.execute(limit_pages(writer)).fetchone())

    on_first_progress(driver, fill)
    assert "full" in notice_of(driver)
    driver.wait(lambda: not driver.window.models.job_running)
    assert 0 < driver.session.frames.predicted.sum() < MANY
    store_of[0].submit(
        Priority.OTHER, lambda writer: writer.bulk.execute("PRAGMA max_page_count = 1000000").fetchone()
    ).result()
    action(driver, "model.predict").trigger()
    wait_for_job(driver)
    assert predicted_unlike_once(store_of[0].file) == {}
