"""Acts that several tests of the session share."""

from __future__ import annotations

from autoanno_gui.core.box import Box
from autoanno_gui.review.outcome import Step
from tests.projects import MadeProject
from tests.unit.review.conftest import Sit
from tests.unit.review.sitting import Sitting

BOX = Box(230, 20, 300, 90)


def draw(sitting: Sitting, box: Box = BOX) -> int:
    """Draw a box of the first class; return its id."""
    outcome = sitting.session.objects.add(box, min(sitting.session.classes))
    assert outcome.step is Step.OBJECTS
    return outcome.ids[0]


def sit_again(sitting: Sitting, sit_down: Sit, made: MadeProject) -> Sitting:
    sitting.close()
    return sit_down(made)
