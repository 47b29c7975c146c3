"""The model beside the reviewer: progress, stopping, single frames and their classes, with real (tiny) models."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtWidgets import QLabel, QProgressBar, QToolButton

from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.core.records import DecisionKind, FrameState, VerdictKind
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.prediction_job import PredictionProgress
from autoanno_gui.store.store_thread import Priority, Store
from tests.e2e.conftest import MANY, SHAPES, BuildModel, Open, finished_runs, predicted_unlike_once, query
from tests.e2e.prediction_kit import (
    action,
    decision_of,
    listed_classes,
    on_first_progress,
    project_with_classes,
    wait_for_job,
    waiting_window,
)
from tests.ui.driver import CTRL, NONE, SHIFT, Key


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
