"""Two projects that differ in nothing but what the model proposed for two hidden frames look the same in every respect,
whatever is tried on these frames: anything else would tell."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollBar,
    QWidget,
)

from autoanno_gui.core.queue import in_random_stream, is_blind
from autoanno_gui.core.queue_filter import QueueFilter
from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.core.records import PresentationMode
from autoanno_gui.core.trial import Arm, Trial
from autoanno_gui.review.queue_keeper import QUEUE_SETTING
from autoanno_gui.review.trial_keeper import TRIAL_SETTING
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.ui.panels.histogram import ConfidenceHistogram
from autoanno_gui.ui.panels.queue_popup import Narrowing
from tests.projects import SURE, USUAL, MadeProject, Proposal, make_project
from tests.ui.conftest import Open
from tests.ui.driver import Driver
from tests.ui.test_contact_sheet import sheet

FRAMES = 110
SETTINGS = QueueSettings(order=OrderName.RANDOM, audit_every=2)
FEW: tuple[Proposal, ...] = (Proposal((30, 120, 90, 200), 2, 0.55, second=0.4),)
MANY: tuple[Proposal, ...] = (
    SURE,
    *(Proposal((150 + 12 * at, 30, 190 + 12 * at, 110), 1, 0.52 + at / 20, second=0.3) for at in range(6)),
    Proposal((220, 140, 300, 220), 0, 0.2),
)
TEXTS = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
COMMANDS = """
    object.next object.accept object.previous object.reject object.select_all object.copy object.paste object.duplicate
    object.copy_previous object.swap_class object.set_class_1 object.nudge_left object.grow_up object.repair
    object.refine object.show_ghosts threshold.lower threshold.lower threshold.raise threshold.raise
    threshold.class_lower threshold.class_raise threshold.class_reset view.zoom_object view.fit view.zoom_in view.fit
    view.thumbnails review.label_by_hand review.more_like_this tool.segment tool.box tool.select edit.undo edit.redo
    review.accept_frame edit.escape review.next review.previous
"""
ORDERS = (OrderName.REVIEW, OrderName.UNCERTAIN, OrderName.LEAST_CONFIDENT, OrderName.COUNT, OrderName.CLASS)


def pair_of(kind: str) -> tuple[int, int]:
    """Return the numbers of two frames that are labelled blind, or of two outside the random stream; that follows from
    their names."""
    draws = np.array([zlib.crc32(f"frame_{number}.jpg".encode()) for number in range(FRAMES)], np.uint32)
    chosen = is_blind(draws, SETTINGS) if kind == "blind" else ~in_random_stream(draws, SETTINGS)
    first, second = np.flatnonzero(chosen)[1:3].tolist()
    return first, second


def make_twin(folder: Path, proposals: dict[int, tuple[Proposal, ...]]) -> MadeProject:
    """Make a project in which these are proposed for frames by number, and the usual for all others."""
    made = make_project(folder, [proposals.get(number, USUAL) for number in range(FRAMES)])
    with Store.open(made.file) as store:
        store.submit(Priority.OTHER, lambda w: w.set_setting(QUEUE_SETTING, SETTINGS.to_json())).result()
    return made


@pytest.fixture(params=["blind", "by hand"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def twins(kind: str, tmp_path: Path) -> tuple[MadeProject, MadeProject]:
    """Two projects in which what is proposed for the pair is exchanged, so that what is counted over the folder stays
    the same. The pair is labelled blind, or drawn to be labelled by hand."""
    one, other = pair_of(kind)
    made = (
        make_twin(tmp_path / "one", {one: FEW, other: MANY}),
        make_twin(tmp_path / "two", {one: MANY, other: FEW}),
    )
    if kind == "by hand":
        arms = {f"frame_{at}.jpg": Arm.HAND for at in (one, other)}
        trial = Trial(1, "2026-01-01T10:00:00+00:00", "ann", 1, arms)
        for each in made:
            with Store.open(each.file) as store:
                store.submit(Priority.OTHER, lambda w: w.set_setting(TRIAL_SETTING, trial.to_json())).result()
    return made


# ---------------------------------------------------------------------------------------------------- what is to see
def rows_of(view: QAbstractItemView) -> list[str]:
    """Return all that a list or table says of its rows, whether they are in sight or not."""
    model = view.model()
    if model is None:
        return []
    found = []
    for row in range(model.rowCount()):
        for column in range(model.columnCount()):
            index = model.index(row, column)
            found.append(" / ".join(str(model.data(index, role)) for role in TEXTS))
    return [*found, f"current {view.currentIndex().row()}"]


def said_by(widget: QWidget) -> list[str]:
    """Return all that one widget says, to the eye, the pointer or a screen reader."""
    found = [widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()]
    if isinstance(widget, QLabel | QLineEdit):
        found.append(widget.text())
    if isinstance(widget, QAbstractButton):
        found += [widget.text(), f"{widget.isEnabled()} {widget.isChecked()}"]
    if isinstance(widget, QComboBox):
        found += [widget.itemText(at) for at in range(widget.count())]
        found.append(f"current {widget.currentIndex()}")
    if isinstance(widget, QAbstractSlider):
        found.append(f"{widget.minimum()} {widget.value()} {widget.maximum()}")
    if isinstance(widget, QAbstractItemView):
        found += rows_of(widget)
    return found


def seen(driver: Driver) -> list[str]:
    """Return all that the window says, and what it paints over the picture."""
    window = driver.window
    found = [window.windowTitle()]
    for widget in filter(QWidget.isVisible, window.findChildren(QWidget)):
        if type(widget) is QWidget or isinstance(widget, QScrollBar):
            continue  # they follow what the rows say, when the layout comes to it
        found.append(f"{type(widget).__name__} {' | '.join(said_by(widget))}")
    for action in window.findChildren(QAction):
        found.append(f"{action.objectName()} {action.isEnabled()} {action.isChecked()} {action.text()}")
    pixels = [window.canvas.viewport().grab(), *(each.grab() for each in window.findChildren(ConfidenceHistogram))]
    return found + [digest(each.toImage()) for each in pixels]


def digest(image: QImage) -> str:
    return hashlib.sha256(bytes(image.convertToFormat(QImage.Format.Format_RGB32).constBits())).hexdigest()


class Watched:
    """One window, and all there was to see in it after each act."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.acts: list[tuple[str, list[str]]] = []

    def wait_for_picture(self) -> None:
        session, shown = self.driver.session, self.driver.shown
        self.driver.wait(lambda: shown[-1] == self.driver.frame and session.objects.enabled and session.can_move)

    def rest(self) -> None:
        """Wait for the new order that comes by itself up to a second after a decision."""
        project = self.driver.window.projects.project
        assert project is not None
        queue = project.queue
        self.driver.wait(lambda: not (queue._busy or queue._again or queue._timer.isActive()))

    def note(self, what: str) -> None:
        root = str(self.driver.session.store.root)
        self.acts.append((what, [line.replace(root, "") for line in seen(self.driver)]))

    def go_to(self, number: int) -> None:
        frame = self.driver.session.frames.at(number)
        assert self.driver.window.presenter is not None
        self.driver.window.contact_sheet.leave()
        self.driver.window.presenter.open_frame(frame.id)
        self.wait_for_picture()
        assert self.driver.frame == frame.path

    def arrange(self, order: OrderName) -> None:
        project = self.driver.window.projects.project
        assert project is not None
        heard: list[bool] = []
        connection = project.queue.arranged.connect(lambda: heard.append(True))
        project.queue.use(QueueSettings(order=order, audit_every=SETTINGS.audit_every))
        self.driver.wait(lambda: bool(heard))
        project.queue.disconnect(connection)

    def narrow(self, class_id: int) -> None:
        project = self.driver.window.projects.project
        assert project is not None
        self.driver.window.queue_panel.filters.narrow(Narrowing(QueueFilter(class_id, 0.5)))
        self.driver.wait(lambda: project.queue.matched.class_id == class_id)

    def show_sheet(self, class_id: int) -> list[str]:
        """Open the contact sheet of a class; return what is on its first page."""
        if not sheet(self.driver).active:
            sheet(self.driver).toggle()
        sheet(self.driver).choose_class(class_id)
        self.driver.wait(lambda: sheet(self.driver).ready)
        return [f"{cell.item.frame_id} {cell.text}" for cell in sheet(self.driver).grid.cells]


Record = Callable[[Callable[[Watched], None]], None]


@pytest.fixture
def tells_nothing(
    open_window: Open, twins: tuple[MadeProject, MadeProject], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Record:
    """Do the same in both projects, one after the other and each with a home of its own, and compare."""

    def compare(act: Callable[[Watched], None]) -> None:
        watched: list[Watched] = []
        for made in twins:
            monkeypatch.setenv("AUTOANNO_HOME", str(tmp_path / f"home{len(watched)}"))
            driver = open_window(made)
            project = driver.window.projects.project
            assert project is not None
            ready = driver.window.segmenters
            driver.wait(lambda project=project, ready=ready: project.queue.index is not None and ready.info is not None)
            watched.append(Watched(driver))
            act(watched[-1])
            driver.close()
        one, other = watched
        assert [what for what, _ in one.acts] == [what for what, _ in other.acts]
        for (what, before), (_, after) in zip(one.acts, other.acts, strict=True):
            told = [line for line in unified_diff(before, after, n=0, lineterm="") if line[0] in "+-"]
            assert not told, f"{what} tells: {told}"

    return compare


def test_nothing_that_is_tried_on_a_hidden_frame_tells_what_was_proposed(tells_nothing: Record, kind: str) -> None:
    number = pair_of(kind)[0]

    def act(watched: Watched) -> None:
        session = watched.driver.session
        watched.go_to(number)
        assert session.document is not None
        assert session.document.predictions is not None
        assert session.document.mode in (PresentationMode.BLIND, PresentationMode.HAND)
        watched.note("opened")
        for name in COMMANDS.split():
            watched.driver.window.actions_[name].trigger()
            watched.wait_for_picture()
            watched.note(name)
            if session.frame is not session.frames.at(number) or watched.driver.window.contact_sheet.active:
                watched.go_to(number)
        for name in ("review.defer_frame", "review.reject_frame"):
            watched.driver.window.actions_[name].trigger()
            watched.wait_for_picture()
            watched.go_to(number)
            watched.rest()
            watched.note(f"back after {name}")
            watched.driver.window.actions_["edit.undo"].trigger()
            watched.wait_for_picture()
            watched.go_to(number)
            watched.rest()
            watched.note(f"{name} undone")
        assert session.document.mode in (PresentationMode.BLIND, PresentationMode.HAND)
        assert not session.document.has_traces

    tells_nothing(act)


def test_neither_order_nor_filter_nor_contact_sheet_tells(tells_nothing: Record, kind: str) -> None:
    def act(watched: Watched) -> None:
        watched.go_to(pair_of(kind)[0])
        for order in ORDERS:
            watched.arrange(order)
            watched.note(order)
            queue = watched.driver.session.queue
            watched.acts.append((f"scores by {order}", [f"{score:.3f}" for score in queue.scores.tolist()]))
        for class_id in sorted(watched.driver.session.classes):
            watched.narrow(class_id)
            watched.note(f"filter by class {class_id}")
        for class_id in sorted(watched.driver.session.classes):
            watched.acts.append(("sheet", watched.show_sheet(class_id)))
            watched.note(f"sheet of class {class_id}")

    tells_nothing(act)
