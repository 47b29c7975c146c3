"""A picture that was replaced by one of another size is told in the window, once for each time it is opened."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from autoanno_gui.core.review_objects import Role
from tests.projects import MadeProject
from tests.ui.conftest import Open
from tests.ui.driver import Driver, Key

TOLD = "frame_0.jpg was replaced by a picture of another size (was 320 x 240, is 640 x 360): check its boxes."


def replace_picture(made: MadeProject) -> None:
    picture = np.full((360, 640, 3), 80, np.uint8)
    (made.folder / "frame_0.jpg").write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())


def notices(driver: Driver) -> list[str]:
    """Collect what is said from now on in a way that cannot be overlooked."""
    told: list[str] = []
    assert driver.window.presenter is not None
    driver.window.presenter.failed.connect(told.append)
    return told


def open_first(driver: Driver) -> None:
    """Open the first frame as a click on it in the queue does."""
    before = len(driver.shown)
    assert driver.window.presenter is not None
    driver.window.presenter.open_frame(driver.session.frames.at(0).id)
    driver.wait_for_frame(before)
    assert driver.frame == "frame_0.jpg"


def test_a_decided_frame(driver: Driver, open_window: Open, made: MadeProject) -> None:
    driver.drag((230, 30), (300, 100))
    driver.decide(Key.Key_Space)
    driver.close()
    replace_picture(made)

    again = open_window(made)
    told = notices(again)
    assert again.frame == "frame_1.jpg"
    open_first(again)
    assert told == [TOLD]
    assert again.window.notice.text == TOLD
    document = again.session.document
    assert document is not None
    assert (document.width, document.height) == (640, 360)
    drawn = document.in_role(Role.CONFIRMED)[-1].geometry
    assert drawn.as_tuple() == pytest.approx((230, 30, 300, 100), abs=1.0), "never scaled by itself"
    again.key(Key.Key_Escape)
    again.key(Key.Key_Tab)
    assert told == [TOLD]
    assert not again.window.notice.isVisible()

    again.decide(Key.Key_Space)
    open_first(again)
    assert told == [TOLD]


def test_a_draft(driver: Driver, open_window: Open, made: MadeProject) -> None:
    driver.key(Key.Key_X)
    driver.close()
    replace_picture(made)
    again = open_window(made)
    assert again.frame == "frame_0.jpg"
    assert again.window.notice.text == TOLD
    assert again.roles()[Role.REJECTED] == 1


def test_proposals_for_the_old_picture_are_not_shown_over_the_new_one(driver: Driver, made: MadeProject) -> None:
    driver.decide(Key.Key_D)
    replace_picture(made)
    driver.window.projects.project.prefetcher.forget_all()
    open_first(driver)
    assert driver.session.document.predictions is None
    assert driver.window.canvas.state.objects == {}
    assert (driver.session.document.width, driver.session.document.height) == (640, 360)
