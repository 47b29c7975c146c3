"""The card at the end of a session: when it comes, what it says, what it keeps; it never holds up the end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from autoanno_gui.config import AppHome, Settings
from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.hypotheses.rules import figure_of
from autoanno_gui.core.light import Light
from autoanno_gui.review.fact_reader import read_facts
from autoanno_gui.store.store_thread import Store, open_report
from autoanno_gui.ui.dialogs.session_card import CAUSES, TOO_FEW, SessionCard
from autoanno_gui.ui.sitting_controller import LEAST_DECISIONS
from tests.metrics_kit import MANY, MOVED, open_ledger
from tests.projects import MadeProject, make_project
from tests.report_sample import sample
from tests.ui.conftest import Open
from tests.ui.driver import CTRL, Driver, Key
from tests.ui.test_window import in_dialog


class ByHand(QCloseEvent):
    """As the window system sends it."""

    def spontaneous(self) -> bool:
        """Qt override."""
        return True


@pytest.fixture
def made(tmp_path: Path) -> MadeProject:
    """Thirty frames with eight candidates each."""
    return make_project(tmp_path, [MANY] * 30)


def decide(driver: Driver, times: int) -> None:
    for _ in range(times):
        driver.decide(Key.Key_Space)


def close_by_hand(driver: Driver) -> None:
    QApplication.sendEvent(driver.window, ByHand())


def without_card(driver: Driver) -> bool:
    """Close by hand; return whether the window was gone without a card that waits for somebody."""
    came: list[SessionCard] = []

    def look() -> None:
        if isinstance(card := QApplication.activeModalWidget(), SessionCard):
            came.append(card)
            card.reject()

    QTimer.singleShot(0, driver.window, look)
    close_by_hand(driver)
    return not came and not driver.window.isVisible()


def notes(made: MadeProject) -> list[dict[str, Any]]:
    with open_report(made.file) as reader:
        return [event.body for event in reader.events("hypothesis")]


def released(made: MadeProject) -> bool:
    """Whether nobody has the project open any more."""
    Store.open(made.file).close()
    return True


def answered(cards: list[SessionCard], act) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Do something in the next card once its figures are there."""

    def wait(card: SessionCard) -> None:
        if card.note is None:
            QTimer.singleShot(10, card, lambda: wait(card))
        else:
            cards.append(card)
            act(card)

    in_dialog(SessionCard, wait)


# --- what it says -----------------------------------------------------------------------------------------------------
def test_it_shows_the_figures_of_this_sitting_and_keeps_what_was_said(open_window: Open, made: MadeProject) -> None:
    ledger = open_ledger(made)
    for number in range(20, 30):
        ledger.decide(number, changes=[MOVED] * 8)
    ledger.close()
    driver = open_window(made)
    decide(driver, 3)
    said: list[tuple[str, ...]] = []

    def answer(card: SessionCard) -> None:
        said.append(card.texts)
        assert not card.save.isEnabled(), "nothing was said yet"
        QTest.keyClicks(card.text_edit, "Too easy a folder.")
        card.cause.setCurrentIndex(card.cause.findData("duplicates"))
        assert card.silence.isHidden(), "who asks for it need not be asked"
        QTest.keyClick(card.text_edit, Key.Key_Return, CTRL)

    answered([], answer)
    driver.window.actions_["review.end_session"].trigger()
    rate, pace, ours, last = said[0]
    assert rate == "–"
    assert pace.startswith("3 frames in ")
    assert pace.splitlines()[1:] == [
        "Not enough data yet for a rate (3 of 20 frames).",
        "3 of 3 accepts came faster than the frame can be looked at.",
    ]
    assert (ours, last) == (TOO_FEW, "")
    driver.wait(lambda: len(notes(made)) == 1)
    (note,) = notes(made)
    assert note == {
        "session": driver.session.session_uuid,
        "reviewer": driver.session.reviewer,
        "round": 1,
        "text": "Too easy a folder.",
        "code": "duplicates",
        "edit_rate": 0.0,
        "figure": 0.0,
        "hypothesis": None,
    }
    assert driver.window.focusWidget() is driver.window.canvas


def test_it_names_our_hypothesis_and_how_the_last_one_of_the_reviewer_fared(qtbot) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    card = SessionCard(may_be_silenced=True)
    qtbot.addWidget(card)
    figures = {"dark": 0.4, "confusion": 0.31}
    card.show_figures(sample() | {"session": "s", "round": 2, "figures": figures})
    rate, pace, ours, last = card.texts
    assert (rate, ours) == ("12%", "The model takes a bus for a truck.")
    assert "900 candidates" in pace
    assert last == "Last time: “I think it is the fog.”: 15% then, 9.0% now, better."
    causes = [card.cause.itemData(at) for at in range(card.cause.count())]
    assert causes == [None, "confusion", "tiny_missed", *CAUSES]
    card.cause.setCurrentIndex(1)
    assert card.save.isEnabled()
    assert card.note is not None
    assert {key: card.note[key] for key in ("code", "figure", "hypothesis", "text", "round")} == {
        "code": "confusion",
        "figure": 0.31,
        "hypothesis": "confusion",
        "text": "",
        "round": 2,
    }


def test_every_cause_that_can_be_named_has_a_figure_to_follow(made: MadeProject) -> None:
    ledger = open_ledger(made)
    for number in range(5):
        ledger.decide(number, changes=[MOVED], drawn=1)
    ledger.close()
    with open_report(made.file) as reader:
        table = FactTable.of(read_facts(reader), lights={number: Light(0.5, 0.5) for number in range(1, 100)})
    assert [code for code in CAUSES if figure_of(code, table, table.judges) is None] == ["missed_cut", "missed_crowded"]
    assert figure_of("no cause of ours", table, table.judges) is None


# --- when it comes ----------------------------------------------------------------------------------------------------
def test_closing_by_hand_shows_it_and_esc_lets_the_window_go_on_closing(open_window: Open, made: MadeProject) -> None:
    driver = open_window(made)
    decide(driver, LEAST_DECISIONS)
    cards: list[SessionCard] = []
    answered(cards, lambda card: QTest.keyClick(card, Key.Key_Escape))
    close_by_hand(driver)
    assert len(cards) == 1
    assert not driver.window.isVisible()
    assert notes(made) == []
    assert released(made)


def test_it_does_not_wait_for_its_figures(open_window: Open, made: MadeProject) -> None:
    driver = open_window(made)
    decide(driver, LEAST_DECISIONS)
    in_dialog(SessionCard, lambda card: QTest.keyClick(card, Key.Key_Escape))
    close_by_hand(driver)
    assert not driver.window.isVisible()
    assert released(made)


def test_a_hypothesis_that_is_saved_while_closing_is_in_the_file(open_window: Open, made: MadeProject) -> None:
    driver = open_window(made)
    decide(driver, LEAST_DECISIONS)

    def answer(card: SessionCard) -> None:
        QTest.keyClicks(card.text_edit, "It is simply good.")
        QTest.mouseClick(card.save, Qt.MouseButton.LeftButton)

    answered([], answer)
    close_by_hand(driver)
    assert [note["text"] for note in notes(made)] == ["It is simply good."]
    assert released(made)


def test_quitting_by_the_menu_shows_it(open_window: Open, made: MadeProject) -> None:
    driver = open_window(made)
    decide(driver, LEAST_DECISIONS)
    cards: list[SessionCard] = []
    answered(cards, lambda card: card.reject())
    driver.window.actions_["file.quit"].trigger()
    assert len(cards) == 1
    assert not driver.window.isVisible()


def test_a_program_that_closes_the_window_waits_for_nobody(open_window: Open, made: MadeProject) -> None:
    driver = open_window(made)
    decide(driver, LEAST_DECISIONS)
    driver.window.close()
    assert QApplication.activeModalWidget() is None
    assert not driver.window.isVisible()
    assert released(made)


def test_a_program_may_close_the_window_under_an_open_card(open_window: Open, made: MadeProject) -> None:
    driver = open_window(made)
    decide(driver, LEAST_DECISIONS)
    in_dialog(SessionCard, lambda _card: driver.window.close())
    close_by_hand(driver)
    assert QApplication.activeModalWidget() is None
    assert not driver.window.isVisible()
    assert released(made)


def test_a_short_sitting_ends_without_it(open_window: Open, made: MadeProject) -> None:
    driver = open_window(made)
    decide(driver, LEAST_DECISIONS)
    driver.decide(Key.Key_Z, CTRL)
    assert without_card(driver), "nine decisions stand"


def test_it_comes_once_for_a_sitting(open_window: Open, made: MadeProject) -> None:
    driver = open_window(made)
    decide(driver, LEAST_DECISIONS)
    answered([], lambda card: card.reject())
    driver.window.actions_["review.end_session"].trigger()
    assert without_card(driver)


def test_it_can_be_silenced_for_good(open_window: Open, made: MadeProject) -> None:
    driver = open_window(made)
    decide(driver, LEAST_DECISIONS)

    def silence(card: SessionCard) -> None:
        card.silence.setChecked(True)
        card.reject()

    answered([], silence)
    close_by_hand(driver)
    home = AppHome.find()
    assert not Settings.load(home).session_card
    assert json.loads(home.settings_file.read_text())["session_card"] is False
    driver.close()
    again = open_window(made)
    decide(again, LEAST_DECISIONS)
    assert without_card(again)
