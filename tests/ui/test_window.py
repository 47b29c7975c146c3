"""The window around the canvas: commands, panels, dialogs, look."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QPlainTextEdit, QWidget

from autoanno_gui.config import AppHome, Settings
from autoanno_gui.core.records import FrameState
from autoanno_gui.core.review_objects import Role
from autoanno_gui.core.task import Task
from autoanno_gui.ui import theme
from autoanno_gui.ui.commands import commands
from autoanno_gui.ui.dialogs.class_picker import ClassPicker
from autoanno_gui.ui.dialogs.export import ExportDialog, ExportProgressDialog
from autoanno_gui.ui.dialogs.note import NoteDialog
from autoanno_gui.ui.dialogs.shortcuts import ShortcutsDialog
from autoanno_gui.ui.shortcuts import conflicts, load_specs
from tests.projects import MadeProject
from tests.ui.conftest import Open
from tests.ui.driver import CTRL, SHIFT, Driver, Key


def in_dialog(kind: type[QDialog], act) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Do something in the next dialog of a kind, from inside its event loop."""

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, kind):
            QTimer.singleShot(10, look)
        elif not dialog.isAncestorOf(QApplication.focusWidget()):
            dialog.activateWindow()
            QTimer.singleShot(10, look)
        else:
            try:
                act(dialog)
            except BaseException:
                dialog.reject()
                raise

    QTimer.singleShot(0, look)


def type_into(dialog: QWidget, text: str) -> None:
    field = dialog.findChild(QLineEdit)
    assert field is not None
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Key.Key_Return)


def test_every_command_is_an_action_with_a_handler(driver: Driver) -> None:
    window = driver.window
    specs = load_specs()
    handled = commands(window).keys()
    assert {spec.id for spec in specs.values() if not spec.hold} == set(handled)
    for action_id in specs:
        action = window.findChild(QAction, action_id)
        assert action is not None, action_id
        assert action.autoRepeat() is specs[action_id].repeat


def test_no_two_commands_claim_one_key() -> None:
    assert conflicts(load_specs()) == []


def test_a_decision_key_does_not_repeat_but_moving_does() -> None:
    specs = load_specs()
    assert not specs["review.accept_frame"].repeat
    assert not specs["review.reject_frame"].repeat
    assert specs["review.next"].repeat


def test_classes_are_made_renamed_recoloured_merged_and_given_digits(driver: Driver) -> None:
    panel, session = driver.window.classes_panel, driver.session
    panel.class_created.emit("fox")
    driver.wait(lambda: len(session.classes) == 4)
    fox = next(record for record in session.classes.values() if record.name == "fox")
    assert fox.slot == 4
    panel.class_renamed.emit(fox.id, "red fox")
    panel.class_recoloured.emit(fox.id, "#123456")
    driver.wait(lambda: session.classes[fox.id].colour == "#123456")
    assert session.classes[fox.id].name == "red fox"
    dog = next(record for record in session.classes.values() if record.name == "dog")
    panel.class_merged.emit(dog.id, fox.id)
    driver.wait(lambda: dog.id not in session.classes)
    assert driver.selected_class() == "red fox"
    panel.slots_changed.emit({fox.id: 9})
    driver.wait(lambda: session.classes[fox.id].slot == 9)


def test_a_class_name_that_is_taken_is_refused_with_a_sentence(driver: Driver) -> None:
    driver.window.classes_panel.class_created.emit("cat")
    driver.wait(lambda: driver.window.notice.isVisible())
    assert "“cat”" in driver.window.notice.text


def test_c_finds_a_class_and_makes_a_new_one(driver: Driver) -> None:
    in_dialog(ClassPicker, lambda dialog: type_into(dialog, "bi"))
    driver.key(Key.Key_C)
    assert driver.selected_class() == "bird"
    driver.wait(driver.window.canvas.hasFocus)
    in_dialog(ClassPicker, lambda dialog: type_into(dialog, "hedgehog"))
    driver.key(Key.Key_C)
    driver.wait(lambda: driver.selected_class() == "hedgehog")
    driver.wait(driver.window.canvas.hasFocus)


def test_a_click_in_the_queue_opens_the_frame_and_gives_the_keys_back(driver: Driver) -> None:
    table = driver.window.queue_panel.table
    before = len(driver.shown)
    at = table.visualRect(table.model().index(2, 1)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    driver.wait_for_frame(before)
    assert driver.frame == "frame_2.jpg"
    driver.decide(Key.Key_A)
    assert driver.frame == "frame_1.jpg"


def test_the_queue_filters_by_state_and_name(driver: Driver) -> None:
    driver.decide(Key.Key_X, SHIFT)
    panel = driver.window.queue_panel
    panel.toggle_filter("rejected")
    assert panel.table.model().rowCount() == 1
    panel.toggle_filter("rejected")
    assert panel.table.model().rowCount() == 3
    field = panel.findChild(QLineEdit)
    assert field is not None
    QTest.keyClicks(field, "_2")
    assert panel.table.model().rowCount() == 1


def test_queue_rows_say_their_state_by_a_sign(driver: Driver) -> None:
    model = driver.window.queue_panel.table.model()
    before = model.data(model.index(0, 0))
    driver.decide(Key.Key_Space)
    driver.wait(lambda: model.data(model.index(0, 0)) != before)
    tip = model.data(model.index(0, 1), Qt.ItemDataRole.ToolTipRole)
    assert "accepted" in tip


def test_the_threshold_slider_follows_and_leads(driver: Driver) -> None:
    driver.window.threshold_panel.slider.setValue(70)
    assert driver.session.thresholds.default == 0.7
    assert driver.roles() == {Role.CANDIDATE: 1, Role.GHOST: 2}
    with driver.reader() as reader:
        driver.wait(lambda: reader.thresholds().default == 0.7)


def test_a_folder_can_be_dropped(open_window: Open, made: MadeProject) -> None:
    driver = open_window(arguments=[])
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(made.folder))])
    event = QDropEvent(
        QPointF(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    driver.window.dropEvent(event)
    driver.wait_for_frame(0)
    assert driver.frame == "frame_0.jpg"


def test_a_folder_finds_its_project_again_and_is_remembered(open_window: Open, made: MadeProject) -> None:
    first = open_window(arguments=[str(made.folder)])
    first.wait_for_frame(0)
    first.window.presenter.create_class("thing")
    first.wait(lambda: len(first.session.classes) == 1)
    first.drag((20, 20), (80, 80))
    first.decide(Key.Key_Space)
    first.close()
    assert Settings.load(AppHome.find()).recent_folders[0] == str(made.folder)
    again = open_window(arguments=[])
    recent = again.window.recent_menu.actions()
    assert [action.text() for action in recent] == [str(made.folder)]
    recent[0].trigger()
    again.wait_for_frame(0)
    assert again.frame == "frame_1.jpg"
    assert again.session.frames.count(FrameState.HAND_LABELLED) == 1


def test_frames_from_new_files_join_in_natural_order(open_window: Open, made: MadeProject) -> None:
    driver = open_window(made)
    driver.decide(Key.Key_Space)
    driver.close()
    source = (made.folder / "frame_0.jpg").read_bytes()
    (made.folder / "frame_1b.jpg").write_bytes(source)
    (made.folder / "frame_10.jpg").write_bytes(source)
    again = open_window(made)
    again.wait(lambda: len(again.session.frames) == 5)
    again.wait(lambda: not again.window.projects._opener.isRunning())
    again.wait(lambda: [frame.path for frame in again.session.frames][-1] == "frame_10.jpg")
    assert [f.path for f in again.session.frames] == [
        "frame_0.jpg",
        "frame_1.jpg",
        "frame_1b.jpg",
        "frame_2.jpg",
        "frame_10.jpg",
    ]


def test_a_note_is_kept_with_the_frame(driver: Driver) -> None:
    def write(dialog: NoteDialog) -> None:
        field = dialog.findChild(QPlainTextEdit)
        assert field is not None
        QTest.keyClicks(field, "blurred")
        QTest.keyClick(field, Key.Key_Return, CTRL)

    in_dialog(NoteDialog, write)
    driver.key(Key.Key_N)
    frame = driver.session.frame
    assert frame is not None
    driver.wait(lambda: driver.session.note(frame.id) == "blurred")


def test_export_from_the_menu_writes_a_verified_dataset(driver: Driver, tmp_path: Path) -> None:
    driver.decide(Key.Key_Space)
    driver.decide(Key.Key_Space)
    out = tmp_path / "dataset"
    reports = []

    def fill(dialog: ExportDialog) -> None:
        dialog._out.setText(str(out))
        in_dialog(ExportProgressDialog, finish)
        dialog.accept()

    def finish(dialog: ExportProgressDialog) -> None:
        if dialog.report is None:
            QTimer.singleShot(20, lambda: finish(dialog))
            return
        reports.append(dialog.report)
        dialog.accept()

    in_dialog(ExportDialog, fill)
    driver.key(Key.Key_E, CTRL)
    assert sum(reports[0].frames.values()) == 2
    assert reports[0].objects == 4
    assert reports[0].left_out["undecided"] == 1
    assert len(list((out / "images").rglob("*.jpg"))) == 2
    assert (out / "data.yaml").is_file()


def test_keys_can_be_changed_and_stay_changed(driver: Driver, open_window: Open, made: MadeProject) -> None:
    driver.window.take_shortcuts({"review.accept_frame": ("Y",)})
    driver.key(Key.Key_Space)
    assert driver.frame == "frame_0.jpg"
    driver.decide(Key.Key_Y)
    assert driver.frame == "frame_1.jpg"
    driver.close()
    again = open_window(made)
    again.decide(Key.Key_Y)
    assert again.frame == "frame_2.jpg"


def test_the_sheet_of_keys_refuses_a_key_that_is_taken(driver: Driver) -> None:
    sheet = ShortcutsDialog(load_specs(), load_specs(), driver.window)
    item = sheet._list.findItems("Accept Frame", Qt.MatchFlag.MatchExactly)[0]
    sheet._list.setCurrentItem(item)
    sheet._key.setKeySequence("D")
    sheet._change()
    assert sheet.overrides == {}
    assert "Next Frame" in sheet._message.text()
    sheet._key.setKeySequence("Y")
    sheet._change()
    assert sheet.overrides == {"review.accept_frame": ("Y",)}


@pytest.mark.parametrize("name", ["light", "dark"])
def test_both_themes_apply_at_once(driver: Driver, name: str) -> None:
    driver.window.set_theme(name)
    assert theme.current_theme().value == name
    assert Settings.load(AppHome.find()).theme == name


def test_f6_goes_round_the_panels_and_escape_comes_back(driver: Driver) -> None:
    driver.window.activateWindow()
    driver.wait(driver.window.canvas.hasFocus)
    driver.key(Key.Key_F6)
    assert driver.window.queue_panel.table.hasFocus()
    QTest.keyClick(driver.window.queue_panel.table, Key.Key_Escape)
    assert driver.window.canvas.hasFocus()


def test_no_runtime_is_loaded_before_a_model_is_asked_for(made: MadeProject) -> None:
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from autoanno_gui.app import launch\n"
        "from PySide6.QtCore import QTimer\n"
        "from PySide6.QtWidgets import QApplication\n"
        f"window = launch([{str(made.folder)!r}, '--project', {str(made.file)!r}])\n"
        "window.frame_shown.connect(lambda _: QTimer.singleShot(300, window.close))\n"
        "QApplication.instance().lastWindowClosed.connect(QApplication.quit)\n"
        "QApplication.instance().exec()\n"
        "print(sorted(name for name in ('torch', 'ultralytics', 'openvino', 'onnxruntime') if name in sys.modules))\n"
    )
    root = Path(__file__).resolve().parents[2]
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=root)
    assert found.stdout.strip() == "[]", found.stderr


def test_the_pointer_is_told_in_image_pixels(driver: Driver) -> None:
    canvas = driver.window.canvas
    seen: list[tuple[float, float]] = []
    canvas.cursor_moved.connect(lambda at: seen.append(at) if at is not None else None)
    QTest.mouseMove(canvas.viewport(), driver.at(160, 120))
    QTest.mouseMove(canvas.viewport(), driver.at(160, 120) + QPoint(1, 0))
    driver.wait(lambda: bool(seen))
    assert seen[-1] == pytest.approx((160, 120), abs=2)


@pytest.mark.parametrize(("what", "accepted"), [("a folder", True), ("a page", False), ("a file", False)])
def test_only_folders_can_be_dropped(open_window: Open, made: MadeProject, what: str, accepted: bool) -> None:
    urls = {"a folder": made.folder.as_uri(), "a page": "https://example.org/x", "a file": made.file.as_uri()}
    data = QMimeData()
    data.setUrls([QUrl(urls[what])])
    none = Qt.KeyboardModifier.NoModifier
    event = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, none)
    event.ignore()
    open_window(arguments=[]).window.dragEnterEvent(event)
    assert event.isAccepted() is accepted


def test_the_skeleton_is_offered_for_keypoints_only(driver: Driver) -> None:
    skeleton = driver.window.actions_["file.skeleton"]
    assert not skeleton.isEnabled()
    driver.decide(Key.Key_Space)
    assert not skeleton.isEnabled()
    assert driver.window.presenter is not None
    driver.window.presenter.set_task(Task.POSE, None)
    assert skeleton.isEnabled()
    driver.window.presenter.set_task(Task.DETECT, None)
    assert not skeleton.isEnabled()
