"""The contact sheet for tests without a window: lists, pages, and what the project file has of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Any

from autoanno_gui.core.judged_page import SheetItem
from autoanno_gui.core.prediction_index import PredictionIndex
from autoanno_gui.review.contact_sheet import ContactSheet
from autoanno_gui.review.outcome import Outcome
from autoanno_gui.review.queue_keeper import News, QueueKeeper
from autoanno_gui.review.sheet_list import (
    ListTask,
    MadeList,
    SheetRequest,
    make_list,
)
from autoanno_gui.review.sheet_reader import CropJob, SheetReader
from tests.projects import (
    GHOST,
    SURE,
    UNSURE,
    Proposal,
)
from tests.unit.review.sitting import Sitting

OTHER_CAT = Proposal((200, 20, 260, 80), 0, 0.55, second=0.3)
TWO_CATS = (SURE, UNSURE, OTHER_CAT, GHOST)


def index_of(sitting: Sitting) -> PredictionIndex:
    with sitting.store.reader() as reader:
        keeper = QueueKeeper(reader)
        keeper.update(News(everything=True))
        return keeper.index


def class_of(sitting: Sitting, name: str) -> int:
    return next(record.id for record in sitting.session.classes.values() if record.name == name)


def list_of(sitting: Sitting, request: SheetRequest) -> MadeList:
    """Return what is on a sheet, as a window would ask for it."""
    session = sitting.session
    with sitting.store.reader() as reader:
        task = ListTask(
            request,
            index_of(sitting),
            session.frames.columns(),
            session.thresholds,
            tuple(session.pages.recorded),
            frozenset(session.classes),
            session.hidden(),
        )
        return make_list(task, SheetReader(sitting.store.root, reader))


def sheet_of(sitting: Sitting, name: str = "cat", *, size: int = 100) -> ContactSheet:
    """Return the sheet of a class, the least certain first."""
    sheet, class_id = ContactSheet(), class_of(sitting, name)
    made = list_of(sitting, SheetRequest(class_id))
    sheet.set_page_size(size)
    sheet.fill(made.index, made.rows, class_id=class_id)
    return sheet


def record(sitting: Sitting, sheet: ContactSheet, items: Iterable[SheetItem], seconds: float = 6.0) -> Outcome:
    assert sheet.class_id is not None
    return sitting.session.pages.record(sheet.verdicts(items), class_id=sheet.class_id, seconds=seconds)


def events(sitting: Sitting) -> list[tuple[str, str, dict[str, Any]]]:
    """Return (kind, uuid, body) of what the ledger has of contact sheets."""
    sitting.settle()
    with closing(sqlite3.connect(sitting.store.file)) as conn:
        rows = conn.execute("SELECT kind, uuid, body FROM event WHERE kind LIKE 'contact%' ORDER BY id").fetchall()
    return [(kind, uuid, json.loads(body)) for kind, uuid, body in rows]


def drafts(sitting: Sitting) -> list[dict[int, tuple[str, int]]]:
    """Return by frame what its draft says of each touched object: mark and class."""
    sitting.settle()
    found = []
    for number in range(len(sitting.ids)):
        body = sitting.draft(number)
        rows = json.loads(body)["objects"] if body is not None else []
        found.append({row["id"]: (row["mark"], row["class"]) for row in rows})
    return found


def crops(sitting: Sitting, items: Sequence[SheetItem]) -> dict[SheetItem, Any]:
    with sitting.store.reader() as reader:
        frame = sitting.session.frames.get(items[0].frame_id)
        return SheetReader(sitting.store.root, reader).crops(CropJob(frame, tuple(items), (120, 100)))
