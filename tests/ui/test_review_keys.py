"""The keys of review on the real window: what each costs, does, and leaves in the project file."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from autoanno_gui.core.records import Decision, DecisionKind, FrameState, How, VerdictKind
from autoanno_gui.core.review_objects import Role
from tests.projects import GHOST, SURE, UNSURE, USUAL, MadeProject, make_project
from tests.ui.conftest import Open
from tests.ui.driver import CTRL, SHIFT, Driver, Key


def decision_of(driver: Driver, name: str) -> Decision | None:
    with driver.reader() as reader:
        frame = reader.frame_by_path(name)
        assert frame is not None
        return reader.decision(frame.id)


def kinds(decision: Decision | None) -> list[VerdictKind]:
    assert decision is not None
    return sorted(verdict.kind for verdict in decision.verdicts)


def test_looks_right_costs_one_key(driver: Driver) -> None:
    assert driver.frame == "frame_0.jpg"
    assert driver.roles() == {Role.CANDIDATE: 2, Role.GHOST: 1}
    driver.decide(Key.Key_Space)
    assert driver.frame == "frame_1.jpg"
    decision = decision_of(driver, "frame_0.jpg")
    assert kinds(decision) == [VerdictKind.ACCEPTED, VerdictKind.ACCEPTED]
    assert decision is not None
    assert decision.kind is DecisionKind.ACCEPTED
    assert decision.timing.decided_at >= decision.timing.shown_at


def test_least_certain_is_selected_and_one_false_box_costs_two_keys(driver: Driver) -> None:
    assert driver.selected_class() == "dog"
    driver.key(Key.Key_X)
    driver.decide(Key.Key_Space)
    decision = decision_of(driver, "frame_0.jpg")
    assert decision is not None
    assert decision.kind is DecisionKind.EDITED
    assert kinds(decision) == [VerdictKind.ACCEPTED, VerdictKind.REJECTED]
    rejected = next(v for v in decision.verdicts if v.kind is VerdictKind.REJECTED)
    assert (rejected.how, rejected.geometry) == (How.OBJECT, None)


@pytest.mark.parametrize("key", [Key.Key_X, Key.Key_Delete, Key.Key_Backspace])
def test_another_false_box_costs_three_keys(driver: Driver, key: Qt.Key) -> None:
    driver.key(Key.Key_Tab)
    assert driver.selected_class() == "cat"
    driver.key(key)
    driver.decide(Key.Key_Space)
    decision = decision_of(driver, "frame_0.jpg")
    assert decision is not None
    rejected = next(v for v in decision.verdicts if v.kind is VerdictKind.REJECTED)
    assert rejected.prediction == 0


def test_wrong_class_costs_two_keys(driver: Driver) -> None:
    slot = next(record.slot for record in driver.session.classes.values() if record.name == "bird")
    assert slot is not None
    driver.key(Qt.Key(Key.Key_0 + slot))
    assert driver.selected_class() == "bird"
    driver.decide(Key.Key_Space)
    decision = decision_of(driver, "frame_0.jpg")
    assert decision is not None
    edited = next(v for v in decision.verdicts if v.kind is VerdictKind.EDITED)
    assert edited.class_changed
    assert driver.session.classes[edited.class_id].name == "bird"


def test_w_takes_the_models_second_choice(driver: Driver) -> None:
    driver.key(Key.Key_W)
    assert driver.selected_class() == "bird"
    driver.key(Key.Key_W)
    assert driver.selected_class() == "dog"


def test_missing_box_costs_a_drag_and_a_key(driver: Driver) -> None:
    driver.drag((230, 30), (300, 100))
    assert driver.roles()[Role.CONFIRMED] == 1
    driver.decide(Key.Key_Space)
    decision = decision_of(driver, "frame_0.jpg")
    assert decision is not None
    assert decision.kind is DecisionKind.EDITED
    added = next(v for v in decision.verdicts if v.kind is VerdictKind.ADDED)
    assert added.geometry is not None
    assert added.geometry.as_tuple() == pytest.approx((230, 30, 300, 100), abs=1.0)


def test_ghost_is_promoted_by_enter(driver: Driver) -> None:
    driver.key(Key.Key_G)
    for _ in range(2):
        driver.key(Key.Key_Tab)
    assert driver.selected_class() == "bird"
    driver.key(Key.Key_Return)
    driver.decide(Key.Key_Space)
    assert kinds(decision_of(driver, "frame_0.jpg")).count(VerdictKind.PROMOTED) == 1


def test_ghost_is_adopted_by_a_rough_drag_and_by_a_click(driver: Driver, open_window: Open) -> None:
    driver.key(Key.Key_G)
    driver.drag((214, 146), (306, 226))
    assert driver.roles() == {Role.CANDIDATE: 2, Role.CONFIRMED: 1}
    confirmed = driver.session.document
    assert confirmed is not None
    assert confirmed.in_role(Role.CONFIRMED)[0].geometry.as_tuple() == GHOST.box
    driver.key(Key.Key_Z, CTRL)
    assert driver.roles() == {Role.CANDIDATE: 2, Role.GHOST: 1}
    driver.click(260, 180)
    assert driver.roles() == {Role.CANDIDATE: 2, Role.CONFIRMED: 1}


def test_space_never_accepts_ghosts(driver: Driver) -> None:
    driver.key(Key.Key_G)
    driver.decide(Key.Key_Space)
    decision = decision_of(driver, "frame_0.jpg")
    assert decision is not None
    assert {verdict.prediction for verdict in decision.verdicts} == {0, 1}


def test_reject_and_defer_go_on_and_are_recorded(driver: Driver) -> None:
    driver.decide(Key.Key_X, SHIFT)
    driver.decide(Key.Key_U)
    assert driver.frame == "frame_2.jpg"
    with driver.reader() as reader:
        states = [frame.state for block in reader.frames() for frame in block]
    assert states == [FrameState.REJECTED, FrameState.DEFERRED, FrameState.UNDECIDED]


def test_rejected_frame_is_labelled_by_hand_from_nothing(driver: Driver) -> None:
    driver.decide(Key.Key_X, SHIFT)
    driver.decide(Key.Key_R, SHIFT)
    assert driver.frame == "frame_0.jpg"
    assert driver.roles() == {}
    driver.drag((20, 20), (80, 80))
    driver.decide(Key.Key_Space)
    decision = decision_of(driver, "frame_0.jpg")
    assert decision is not None
    assert decision.kind is DecisionKind.HAND_LABELLED
    assert kinds(decision) == [VerdictKind.ADDED]


def test_m_hides_the_proposals_and_brings_them_back(driver: Driver) -> None:
    driver.key(Key.Key_M)
    assert driver.roles() == {}
    driver.drag((20, 20), (80, 80))
    driver.key(Key.Key_M)
    assert driver.roles() == {Role.CANDIDATE: 2, Role.GHOST: 1, Role.CONFIRMED: 1}
    driver.key(Key.Key_M)
    driver.decide(Key.Key_Space)
    decision = decision_of(driver, "frame_0.jpg")
    assert decision is not None
    assert (decision.kind, kinds(decision), decision.shown) == (DecisionKind.HAND_LABELLED, [VerdictKind.ADDED], ())


def test_next_and_previous_decide_nothing(driver: Driver) -> None:
    driver.decide(Key.Key_D)
    assert driver.frame == "frame_1.jpg"
    driver.decide(Key.Key_A)
    assert driver.frame == "frame_0.jpg"
    with driver.reader() as reader:
        assert reader.counts()[FrameState.UNDECIDED] == 3


def test_undo_goes_back_through_edits_and_decisions_and_redo_forward(driver: Driver) -> None:
    driver.key(Key.Key_X)
    driver.decide(Key.Key_Space)
    driver.decide(Key.Key_Space)
    assert driver.frame == "frame_2.jpg"
    driver.decide(Key.Key_Z, CTRL)
    assert driver.frame == "frame_1.jpg"
    driver.decide(Key.Key_Z, CTRL)
    assert driver.frame == "frame_0.jpg"
    assert driver.roles() == {Role.CANDIDATE: 1, Role.REJECTED: 1, Role.GHOST: 1}
    driver.key(Key.Key_Z, CTRL)
    assert driver.roles() == {Role.CANDIDATE: 2, Role.GHOST: 1}
    with driver.reader() as reader:
        assert reader.counts()[FrameState.UNDECIDED] == 3
    driver.key(Key.Key_Y, CTRL)
    driver.decide(Key.Key_Z, CTRL | SHIFT)
    driver.decide(Key.Key_Y, CTRL)
    with driver.reader() as reader:
        states = [frame.state for block in reader.frames() for frame in block]
    assert states == [FrameState.EDITED, FrameState.ACCEPTED, FrameState.UNDECIDED]


def test_an_edit_left_behind_is_undone_where_it_was_made(driver: Driver) -> None:
    driver.key(Key.Key_X)
    driver.decide(Key.Key_D)
    driver.decide(Key.Key_Z, CTRL)
    assert driver.frame == "frame_0.jpg"
    assert driver.roles() == {Role.CANDIDATE: 2, Role.GHOST: 1}


def test_leaving_a_frame_keeps_its_draft(driver: Driver, open_window: Open, made: MadeProject) -> None:
    driver.key(Key.Key_X)
    driver.decide(Key.Key_D)
    driver.close()
    again = open_window(made)
    assert again.frame == "frame_0.jpg"
    assert again.roles() == {Role.CANDIDATE: 1, Role.REJECTED: 1, Role.GHOST: 1}


def test_threshold_keys_change_the_view_but_keep_what_was_touched(driver: Driver) -> None:
    driver.key(Key.Key_Return)
    for _ in range(9):
        driver.key(Key.Key_Equal)
    assert driver.roles() == {Role.CONFIRMED: 1, Role.GHOST: 2}
    driver.decide(Key.Key_Space)
    decision = decision_of(driver, "frame_0.jpg")
    assert decision is not None
    hidden = next(v for v in decision.verdicts if v.kind is VerdictKind.REJECTED)
    assert (hidden.prediction, hidden.how) == (0, How.THRESHOLD)


def test_a_held_space_accepts_one_frame_only(driver: Driver) -> None:
    driver.decide(Key.Key_Space)
    repeat = QKeyEvent(QEvent.Type.KeyPress, Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ", True)
    QApplication.sendEvent(driver.window.canvas, repeat)
    assert driver.frame == "frame_1.jpg"
    with driver.reader() as reader:
        assert reader.counts()[FrameState.UNDECIDED] == 2


def test_a_second_space_before_the_next_frame_is_painted_does_nothing(driver: Driver) -> None:
    before = len(driver.shown)
    driver.key(Key.Key_Space)
    driver.key(Key.Key_Space)
    driver.wait_for_frame(before)
    assert driver.frame == "frame_1.jpg"
    with driver.reader() as reader:
        assert reader.counts()[FrameState.UNDECIDED] == 2


def test_arrows_move_by_pixels_and_a_run_of_them_is_one_step(driver: Driver) -> None:
    driver.key(Key.Key_Right)
    driver.key(Key.Key_Right, CTRL)
    driver.key(Key.Key_Down, SHIFT)
    document = driver.session.document
    assert document is not None
    x1, y1, x2, y2 = UNSURE.box
    assert document.get(1).geometry.as_tuple() == (x1 + 11, y1, x2 + 11, y2 + 1)
    driver.key(Key.Key_Z, CTRL)
    assert document.get(1).geometry.as_tuple() == UNSURE.box


def test_held_e_and_a_click_snap_the_nearest_side_and_arrows_go_on_with_it(driver: Driver) -> None:
    from PySide6.QtTest import QTest

    QTest.keyPress(driver.window.canvas, Key.Key_E)
    driver.click(110, 80)
    QTest.keyRelease(driver.window.canvas, Key.Key_E)
    document = driver.session.document
    assert document is not None
    assert document.get(1).geometry.as_tuple() == pytest.approx((110, 40, 200, 120), abs=0.6)
    driver.key(Key.Key_Left)
    assert document.get(1).geometry.x1 == pytest.approx(109, abs=0.6)
    assert document.get(1).geometry.x2 == 200


class TestEmptyFrames:
    @pytest.fixture
    def made(self, tmp_path) -> MadeProject:  # type: ignore[no-untyped-def]  # noqa: ANN001
        return make_project(tmp_path, [(GHOST,), (), USUAL])

    def test_the_first_space_asks_and_the_second_confirms(self, driver: Driver) -> None:
        assert driver.roles() == {Role.GHOST: 1}
        assert driver.session.objects.ghosts_shown
        driver.key(Key.Key_Space)
        assert driver.session.empty_asked
        with driver.reader() as reader:
            assert reader.counts()[FrameState.UNDECIDED] == 3
        driver.decide(Key.Key_Space)
        decision = decision_of(driver, "frame_0.jpg")
        assert decision is not None
        assert (decision.kind, decision.verdicts) == (DecisionKind.ACCEPTED, ())

    def test_escape_takes_the_question_back(self, driver: Driver) -> None:
        driver.key(Key.Key_Space)
        driver.key(Key.Key_Escape)
        assert not driver.session.empty_asked
        driver.key(Key.Key_Space)
        with driver.reader() as reader:
            assert reader.counts()[FrameState.UNDECIDED] == 3

    def test_a_confirmed_ghost_makes_it_no_empty_frame(self, driver: Driver) -> None:
        driver.key(Key.Key_Tab)
        driver.key(Key.Key_Return)
        driver.decide(Key.Key_Space)
        assert kinds(decision_of(driver, "frame_0.jpg")) == [VerdictKind.PROMOTED]


def test_the_end_of_the_queue_is_told_once_and_space_then_does_nothing(driver: Driver) -> None:
    for _ in range(3):
        driver.decide(Key.Key_Space)
    assert driver.finished == 1
    driver.key(Key.Key_Space)
    driver.key(Key.Key_X)
    with driver.reader() as reader:
        assert len(list(reader.decisions())) == 3
    driver.decide(Key.Key_Z, CTRL)
    assert driver.frame == "frame_2.jpg"


def test_a_decided_frame_opens_as_it_was_decided(driver: Driver) -> None:
    driver.key(Key.Key_X)
    driver.decide(Key.Key_Space)
    driver.decide(Key.Key_A)
    assert driver.roles() == {Role.CONFIRMED: 1, Role.REJECTED: 1, Role.GHOST: 1}


def test_bare_keys_stay_in_a_text_field(driver: Driver) -> None:
    from PySide6.QtTest import QTest

    field = driver.window.queue_panel.findChild(type(driver.window.queue_panel._search))
    assert field is not None
    field.setFocus()
    QTest.keyClicks(field, "x d")
    assert field.text() == "x d"
    assert driver.frame == "frame_0.jpg"
    assert driver.roles() == {Role.CANDIDATE: 2, Role.GHOST: 1}


def test_keys_count_by_place_under_a_cyrillic_layout(driver: Driver) -> None:
    press = QKeyEvent(QEvent.Type.KeyPress, 0x0427, Qt.KeyboardModifier.NoModifier, 45 + 8, 0, 0, "ч")
    QApplication.sendEvent(driver.window.canvas, press)
    assert driver.roles() == {Role.CANDIDATE: 1, Role.REJECTED: 1, Role.GHOST: 1}


def test_sure_stays_a_candidate(driver: Driver) -> None:
    document = driver.session.document
    assert document is not None
    assert document.get(0).confidence == pytest.approx(SURE.confidence)
