"""The verdicts of one page of the contact sheet: on objects of many frames, none of which is decided by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from autoanno_gui.core.document import Document
from autoanno_gui.core.records import VerdictKind
from autoanno_gui.core.review_objects import Change, ReviewObject, Role

PAGE_RECORDED: Final = "contact_sheet"
PAGE_UNDONE: Final = "contact_sheet_undone"
"""Kinds of events in the ledger."""


@dataclass(frozen=True, slots=True)
class SheetItem:
    """One proposed object: prediction number `prediction` of a frame, as stored under `run_frame_id`."""

    frame_id: int
    run_frame_id: int
    prediction: int


@dataclass(frozen=True, slots=True)
class SheetVerdict:
    """What the reviewer said about one object of a page.

    Attributes:
        kind: accepted, rejected, or edited: it is of another class.
        class_id: project class: the final one, for a rejected object the one it was shown with.
    """

    kind: VerdictKind
    class_id: int


@dataclass(slots=True, eq=False)
class JudgedPage:
    """One page as it was recorded.

    Attributes:
        uuid: of its event in the ledger; another one each time it is recorded anew.
        class_id: the project class whose objects it showed.
        verdicts: by object; objects that turned out not to stand as they were shown are left out once it is recorded.
        seconds: active time on the page.
        drafts: by frame what the project file kept of it before and after, None for nothing; known once it is recorded.
        frame_ids: the frames that it was about.
        asked: how many objects it was about when it was sent.
    """

    uuid: str
    class_id: int
    verdicts: dict[SheetItem, SheetVerdict]
    seconds: float
    drafts: dict[int, tuple[bytes | None, bytes | None]] = field(default_factory=dict)
    frame_ids: frozenset[int] = field(init=False)
    asked: int = field(init=False)

    def __post_init__(self) -> None:
        self.asked = len(self.verdicts)
        self.frame_ids = frozenset(item.frame_id for item in self.verdicts)

    def __len__(self) -> int:
        return len(self.verdicts)

    def by_frame(self) -> dict[int, dict[SheetItem, SheetVerdict]]:
        """Return the verdicts of each frame."""
        found: dict[int, dict[SheetItem, SheetVerdict]] = {}
        for item, verdict in self.verdicts.items():
            found.setdefault(item.frame_id, {})[item] = verdict
        return found


def stands(document: Document, item: SheetItem, class_id: int) -> bool:
    """Whether an object can be judged on a page about a class: an untouched candidate of this very prediction and
    class."""
    found = document.get(item.prediction) if document.run_frame_id == item.run_frame_id else None
    return found is not None and found.class_id == class_id and document.role(found) is Role.CANDIDATE


def judge(document: Document, verdicts: Mapping[SheetItem, SheetVerdict], class_id: int) -> Change | None:
    """Give objects of one frame their verdicts, as one change; those that do not stand any more stay as they are."""
    standing = {item.prediction: verdict for item, verdict in verdicts.items() if stands(document, item, class_id)}
    before = {prediction: document.get(prediction) for prediction in standing}
    document.note_shown(*standing)
    for prediction, verdict in standing.items():
        match verdict.kind:
            case VerdictKind.REJECTED:
                document.reject(prediction)
            case VerdictKind.EDITED if verdict.class_id != class_id:
                document.set_class(prediction, class_id=verdict.class_id)
            case _:
                document.accept(prediction)
    if not standing:
        return None
    return Change("Judge page", before, {prediction: document.get(prediction) for prediction in standing})


def take_back(document: Document, verdicts: Mapping[SheetItem, SheetVerdict]) -> Change | None:
    """Let objects of one frame be mere proposals again, as they were before their page was recorded. What was done
    about them since has to be undone before."""
    before: dict[int, ReviewObject | None] = {}
    after: dict[int, ReviewObject | None] = {}
    for item in verdicts:
        origin = document.origin(item.prediction) if document.run_frame_id == item.run_frame_id else None
        if origin is not None:
            before[item.prediction], after[item.prediction] = document.get(item.prediction), origin
    if not after:
        return None
    change = Change("Take page back", before, after)
    document.apply(change)
    return change
