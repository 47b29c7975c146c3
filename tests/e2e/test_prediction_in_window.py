"""The model beside the reviewer: loading, predicting, stopping, changing, closing, with real (tiny) models."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QProgressBar, QToolButton, QTreeWidget

from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.core.records import Decision, DecisionKind, FrameState, VerdictKind
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.prediction_job import PredictionProgress
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.store.writer import Writer
from tests.e2e.conftest import (
    SHAPES,
    BuildModel,
    Open,
    assert_let_go,
    finished_runs,
    make_frames,
    predicted_unlike_once,
    query,
)
from tests.projects import USUAL, make_project
from tests.ui.driver import CTRL, NONE, SHIFT, Driver, Key

MANY = 160
"""So many frames that the job is still running while a test does something."""


@pytest.fixture
def other_model(build_model: BuildModel) -> Path:
    """Return a model that finds other things in other places."""
    return build_model(seed=3, name="other.pt")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of a few frames."""
    make_frames(tmp_path / "frames", 6)
    return tmp_path / "frames"


@pytest.fixture(scope="module")
def many_frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many") / "frames"
    make_frames(folder, MANY)
    return folder


@pytest.fixture
def large(many_frames: Path, tmp_path: Path) -> Path:
    """Return a folder of many frames."""
    return Path(shutil.copytree(many_frames, tmp_path / "large"))


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


def limit_pages(writer: Writer) -> str:
    """Return what keeps the predictions' connection from growing the project file any more, as on a full disk."""
    pages = writer.bulk.execute("PRAGMA page_count").fetchone()[0]
    return f"PRAGMA max_page_count = {pages}"


# ---------------------------------------------------------------------------------------------------- progress
def test_the_job_shows_how_far_it_is_and_then_goes_away(open_window: Open, large: Path, tiny: Path) -> None:
    driver = open_window(arguments=[str(large), "--model", str(tiny)])
    status = driver.window.status
    bar = status.findChild(QProgressBar)
    assert bar is not None
    seen: list[tuple[int, int, bool, str]] = []

    def note(progress: PredictionProgress) -> None:
        text = " ".join(label.text() for label in status.findChildren(QLabel))
        seen.append((bar.value(), bar.maximum(), bar.isVisible(), text))

    driver.window.models.job_progressed.connect(note)
    driver.wait_for_frame(0)
    wait_for_job(driver)
    values = [value for value, *_ in seen]
    assert values == sorted(values)
    assert values[-1] >= MANY - 1
    running = [(maximum, visible) for value, maximum, visible, _ in seen if 0 < value < maximum]
    assert len(running) > 10
    assert all(visible for _, visible in running)
    assert {maximum for maximum, _ in running} <= {MANY - 1, MANY}
    assert "/s" in seen[len(seen) // 2][3]
    assert " left" in seen[len(seen) // 2][3]
    assert not bar.isVisible()
    assert predicted_unlike_once(driver.session.store.file) == {}


def test_the_model_and_its_device_are_named(open_window: Open, folder: Path, tiny: Path) -> None:
    driver = open_window(arguments=[str(folder), "--model", str(tiny)])
    driver.wait_for_frame(0)
    wait_for_job(driver)
    assert driver.window.models.model is not None
    assert (driver.window.models.model.info.name, driver.window.models.model.device) == ("tiny.pt", "cpu")
    texts = [button.text() for button in driver.window.status.findChildren(QToolButton)]
    assert [text for text in texts if text.startswith("tiny.pt") and text.casefold().endswith("cpu")]


# ---------------------------------------------------------------------------------------------------- stopping
def test_stop_ends_within_a_batch_and_predict_goes_on_without_redoing(
    open_window: Open, large: Path, tiny: Path
) -> None:
    driver = open_window(arguments=[str(large), "--model", str(tiny)])
    stopped: list[str] = []

    def stop() -> None:
        assert action(driver, "model.cancel").isEnabled()
        assert not action(driver, "model.predict").isEnabled()
        action(driver, "model.cancel").trigger()
        stopped.append(datetime.now(UTC).isoformat(timespec="milliseconds"))

    on_first_progress(driver, stop)
    driver.wait(lambda: not driver.window.models.job_running)
    driver.wait(lambda: not driver.window.projects.project.scheduler.busy)
    file = driver.session.store.file
    late = query(file, "SELECT count(*) FROM run_frame WHERE finished > ?", stopped[0])[0][0]
    # The batch that was in the model, and what waited to be written.
    assert late <= 4
    before = finished_runs(file)
    predicted = [path for path, runs in before.items() if runs]
    assert 0 < len(predicted) < MANY
    assert not driver.window.status.findChild(QProgressBar).isVisible()
    assert not action(driver, "model.cancel").isEnabled()
    action(driver, "model.predict").trigger()
    assert not action(driver, "model.predict").isEnabled()
    assert action(driver, "model.cancel").isEnabled()
    wait_for_job(driver)
    after = finished_runs(file)
    assert {path: len(runs) for path, runs in after.items() if len(runs) != 1} == {}
    assert {path: after[path] for path in predicted} == {path: before[path] for path in predicted}


def test_stop_and_predict_at_once_still_ends_with_everything_predicted(
    open_window: Open, large: Path, tiny: Path
) -> None:
    driver = open_window(arguments=[str(large), "--model", str(tiny)])

    def stop_and_go() -> None:
        driver.window.models.stop_job()
        driver.window.models.start_job()

    on_first_progress(driver, stop_and_go)
    assert driver.window.models.job_running
    wait_for_job(driver)
    assert predicted_unlike_once(driver.session.store.file) == {}


def test_a_stopped_job_stays_stopped_when_the_project_is_opened_again(
    open_window: Open, large: Path, tiny: Path
) -> None:
    driver = open_window(arguments=[str(large), "--model", str(tiny)])
    on_first_progress(driver, driver.window.models.stop_job)
    driver.wait(lambda: not driver.window.models.job_running)
    file = driver.session.store.file
    driver.close()
    before = {path for path, runs in finished_runs(file).items() if runs}
    again = open_window(arguments=[str(large)])
    again.wait_for_frame(0)
    # The shown frame is served all the same: here the first one that has no proposals yet.
    while again.frame in before:
        again.decide(Key.Key_D)
    again.wait(lambda: not again.session.waiting)
    assert not again.window.models.job_running
    shown = again.frame
    again.close()
    assert {path for path, runs in finished_runs(file).items() if runs} - before == {shown}


def test_the_shown_frame_of_a_stopped_project_gets_its_proposals(open_window: Open, folder: Path, tiny: Path) -> None:
    file = folder.with_suffix(".autoanno")
    with Store.open(file, root=folder) as store:
        for key, value in (("model_path", str(tiny)), ("job_stopped", "1")):
            store.submit(Priority.OTHER, lambda writer, k=key, v=value: writer.set_setting(k, v)).result()
    driver = open_window(arguments=[str(folder), "--project", str(file)])
    driver.wait_for_frame(0)
    driver.wait(lambda: not driver.session.waiting)
    assert driver.roles()[Role.CANDIDATE] > 0
    driver.decide(Key.Key_Space)
    driver.wait(lambda: not driver.session.waiting)
    assert not driver.window.models.job_running
    assert [path for path, runs in finished_runs(file).items() if runs] == ["frame_0.png", "frame_1.png"]


def test_predict_without_a_model_says_what_to_do(open_window: Open, folder: Path) -> None:
    driver = open_window(arguments=[str(folder)])
    driver.wait_for_frame(0)
    said: list[str] = []
    driver.window.models.said.connect(said.append)
    action(driver, "model.predict").trigger()
    assert said
    assert "Choose Model" in said[0]
    assert action(driver, "model.predict").isEnabled()


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


# ---------------------------------------------------------------------------------------------------- single frames
def waiting_window(open_window: Open, folder: Path, model: Path, *, project: Path | None = None) -> Driver:
    """Open a folder and choose a model: until the event loop runs again, the shown frame waits for it."""
    driver = open_window(arguments=[str(folder), *(["--project", str(project)] if project is not None else [])])
    driver.wait_for_frame(0)
    driver.wait(lambda: len(driver.session.frames) == 6)
    driver.window.use_model(model)
    assert driver.session.waiting
    return driver


def test_space_waits_for_the_prediction(open_window: Open, folder: Path, tiny: Path) -> None:
    driver = waiting_window(open_window, folder, tiny)
    for key, modifier in ((Key.Key_Space, NONE), (Key.Key_X, SHIFT), (Key.Key_U, NONE), (Key.Key_Space, NONE)):
        driver.key(key, modifier)
        assert driver.session.can_move
        assert driver.session.waiting
        assert driver.frame == "frame_0.png"
    driver.wait(lambda: not driver.session.waiting)
    assert driver.frame == "frame_0.png"
    assert driver.roles()[Role.CANDIDATE] > 0
    with driver.reader() as reader:
        assert list(reader.decisions()) == []
    driver.decide(Key.Key_Space)
    assert driver.frame == "frame_1.png"
    decision = decision_of(driver, "frame_0.png")
    assert decision is not None
    assert decision.kind is DecisionKind.ACCEPTED
    assert decision.run_frame_id is not None


def test_m_labels_by_hand_before_the_prediction_is_there(open_window: Open, folder: Path, tiny: Path) -> None:
    project = project_with_classes(folder, SHAPES)
    driver = waiting_window(open_window, folder, tiny, project=project)
    driver.key(Key.Key_M)
    assert not driver.session.waiting
    driver.drag((40, 40), (140, 160))
    wait_for_job(driver)
    # The prediction came, and stays out of sight.
    assert driver.frame == "frame_0.png"
    assert driver.roles() == {Role.CONFIRMED: 1}
    driver.decide(Key.Key_Space)
    decision = decision_of(driver, "frame_0.png")
    assert decision is not None
    assert decision.kind is DecisionKind.HAND_LABELLED
    assert [verdict.kind for verdict in decision.verdicts] == [VerdictKind.ADDED]
    assert decision.shown == ()
    assert driver.frame == "frame_1.png"
    assert driver.roles()[Role.CANDIDATE] > 0


def test_m_again_shows_the_proposals_that_came_meanwhile(open_window: Open, folder: Path, tiny: Path) -> None:
    driver = waiting_window(open_window, folder, tiny)
    driver.key(Key.Key_M)
    wait_for_job(driver)
    assert driver.roles() == {}
    driver.key(Key.Key_M)
    assert driver.roles()[Role.CANDIDATE] > 0
    assert len(driver.window.canvas.state.objects) == driver.roles()[Role.CANDIDATE]
    assert predicted_unlike_once(driver.session.store.file) == {}
    driver.decide(Key.Key_Space)
    decision = decision_of(driver, "frame_0.png")
    assert decision is not None
    assert decision.kind is DecisionKind.ACCEPTED


def test_damaged_images_fail_alone(open_window: Open, folder: Path, tiny: Path) -> None:
    whole = (folder / "frame_2.png").read_bytes()
    (folder / "frame_2.png").write_bytes(whole[: len(whole) // 2])
    (folder / "frame_4.png").write_bytes(b"this is a text")
    (folder / "frame_5.png").write_bytes(b"")
    driver = open_window(arguments=[str(folder), "--model", str(tiny)])
    said: list[str] = []
    driver.window.models.said.connect(said.append)
    driver.wait_for_frame(0)
    wait_for_job(driver)
    assert said[-1].startswith("2 frames could not be predicted")
    frames = {frame.path: frame for frame in driver.session.frames}
    errors = {path: frame.error for path, frame in frames.items() if frame.error is not None}
    assert errors == {
        "frame_2.png": FrameErrorCode.DAMAGED,
        "frame_4.png": FrameErrorCode.NOT_AN_IMAGE,
        "frame_5.png": FrameErrorCode.EMPTY_FILE,
    }
    assert all(frames[path].state is FrameState.FAILED for path in errors)
    assert driver.session.frames.predicted.sum() == 3
    assert not driver.window.notice.isVisible()
    while not driver.finished:
        assert driver.frame not in errors
        if driver.session.document is not None and driver.session.document.looks_empty:
            driver.key(Key.Key_Space)
        driver.decide(Key.Key_Space)
    with driver.reader() as reader:
        counts = reader.counts()
        assert (counts[FrameState.FAILED], counts[FrameState.UNDECIDED]) == (3, 0)
        assert {frame.path for frame, _ in reader.failed_frames()} == set(errors)


# ---------------------------------------------------------------------------------------------------- classes
def test_classes_that_occur_appear_in_the_panel(open_window: Open, folder: Path, build_model: BuildModel) -> None:
    names = ("circle", "square", "triangle")
    driver = open_window(arguments=[str(folder), "--model", str(build_model(names=names))])
    driver.wait_for_frame(0)
    wait_for_job(driver)
    with driver.reader() as reader:
        occurring = set()
        for frame in driver.session.frames:
            assert frame.run_frame_id is not None
            found, _ = reader.predictions(frame.run_frame_id)
            occurring |= {names[number] for number in found.classes[found.confidences >= 0.15]}
    assert len(occurring) >= 2
    driver.wait(lambda: set(listed_classes(driver)) == occurring)
    assert all(record.slot is not None for record in driver.session.classes.values())


def test_the_users_own_list_takes_only_classes_of_the_same_name(
    open_window: Open, folder: Path, build_model: BuildModel
) -> None:
    file = project_with_classes(folder, ("triangle", "house"))
    driver = open_window(arguments=[str(folder), "--project", str(file), "--model", str(build_model(names=SHAPES))])
    driver.wait_for_frame(0)
    wait_for_job(driver)
    assert sorted(listed_classes(driver)) == ["house", "triangle"]
    triangles = 0
    for _ in range(6):
        for item in driver.session.document or ():
            assert driver.session.classes[item.class_id].name == "triangle"
            triangles += 1
        driver.key(Key.Key_D)
        driver.wait(lambda: driver.session.objects.enabled)
    assert triangles > 0
    with driver.reader() as reader:
        info = driver.window.models.model_info
        assert info is not None
        mapping = reader.class_map(info.weights_hash)
    assert [SHAPES[number] for number in mapping] == ["triangle"]


def test_a_changed_class_map_applies_at_once(open_window: Open, folder: Path, tiny: Path) -> None:
    file = project_with_classes(folder, ("thing", "other"))
    driver = open_window(arguments=[str(folder), "--project", str(file), "--model", str(tiny)])
    driver.wait_for_frame(0)
    wait_for_job(driver)
    assert driver.roles() == {}
    info, presenter = driver.window.models.model_info, driver.window.presenter
    assert info is not None
    assert presenter is not None
    thing, other = (record.id for record in sorted(driver.session.classes.values(), key=lambda r: r.name != "thing"))
    changes: list[bool] = []
    presenter.classes_changed.connect(lambda: changes.append(True))

    def change(*mapping: int | None) -> None:
        before = len(changes)
        presenter.classes.set_map(info.weights_hash, dict(enumerate(mapping)))
        driver.wait(lambda: len(changes) > before)

    def classes_seen() -> set[int]:
        document = driver.session.document
        assert document is not None
        return {item.class_id for item in document}

    change(thing, thing, thing)
    everything = driver.roles()
    assert everything[Role.CANDIDATE] > 1
    assert len(driver.window.canvas.state.objects) == everything[Role.CANDIDATE]
    assert driver.selected_class() == "thing"
    # Part of the map taken away hides those objects.
    change(None, other, None)
    assert classes_seen() == {other}
    assert sum(driver.roles().values()) < sum(everything.values())
    change(thing, thing, thing)
    assert driver.roles() == everything
    # What the reviewer has begun to judge stays as it is, whatever the map says later.
    driver.key(Key.Key_Return)
    change(other, other, other)
    assert driver.roles()[Role.CONFIRMED] == 1
    assert classes_seen() == {thing}
    driver.decide(Key.Key_Space)
    decision = decision_of(driver, "frame_0.png")
    assert decision is not None
    assert len(decision.verdicts) == everything[Role.CANDIDATE]
    assert {verdict.class_id for verdict in decision.verdicts} == {thing}
    assert classes_seen() == {other}


def test_undo_works_across_the_arrival_of_predictions(open_window: Open, large: Path, tiny: Path) -> None:
    driver = open_window(arguments=[str(large), "--model", str(tiny)])
    driver.wait_for_frame(0)
    driver.wait(lambda: driver.session.can_decide)
    first, roles = driver.frame, driver.roles()
    driver.decide(Key.Key_U)
    driver.decide(Key.Key_Z, CTRL)
    assert (driver.frame, driver.roles()) == (first, roles)
    wait_for_job(driver)
    assert (driver.frame, driver.roles()) == (first, roles)


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
