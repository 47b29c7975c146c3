"""What a verb of the review did, so that a view redraws that and no more."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Step(StrEnum):
    """What a view has to do after a verb."""

    NOTHING = "nothing"
    OBJECTS = "objects"
    """Redraw `ids` of the open frame."""
    FRAME = "frame"
    """Show `session.document`, another frame than before."""
    ASK_EMPTY = "ask_empty"
    """Ask whether the frame really holds no object; nothing was decided."""
    ASK_UNSEEN = "ask_unseen"
    """Ask whether the candidates `ids`, which were never seen well, are to be accepted too; nothing was decided."""
    FINISHED = "finished"
    """No undecided frame is left."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a verb.

    Attributes:
        ids: objects to redraw for `OBJECTS`, or those that `ASK_UNSEEN` is about.
        commit: resolves when the store has acknowledged a decision or a revocation.
        text: one line for the status bar; empty when there is nothing to say.
    """

    step: Step
    ids: tuple[int, ...] = ()
    commit: Future[Any] | None = None
    text: str = ""


NOTHING: Final = Outcome(Step.NOTHING)
