"""An unfinished frame as bytes: what the reviewer changed, so that leaving it undecided loses nothing."""

from __future__ import annotations

import json
from typing import Any, Final

from autoanno_gui.core.document import Document
from autoanno_gui.core.geometry import Box
from autoanno_gui.core.records import PresentationMode
from autoanno_gui.core.review_objects import Mark, ReviewObject

VERSION: Final = 1


def encode_draft(document: Document, *, over_labels: bool = False) -> bytes | None:
    """Return the touched objects as JSON; None when there is nothing to keep.

    Args:
        document: the frame as it stands.
        over_labels: whether the frame is labelled already. Then the draft takes the place of those labels, also when it
            holds nothing: the reviewer took all of them away.
    """
    if not document.has_traces and not over_labels:
        return None
    body = {
        "version": VERSION,
        "size": document.made_on or document.size,
        "mode": document.mode.value,
        "run_frame_id": document.run_frame_id,
        "shown": document.shown,
        "objects": [_encode(item) for item in document if document.touched(item)],
    }
    return json.dumps(body, separators=(",", ":")).encode()


def draft_run_frame(body: bytes) -> int | None:
    """Return which predictions the draft was made over."""
    found = json.loads(body)["run_frame_id"]
    return int(found) if found is not None else None


def restore_draft(document: Document, body: bytes) -> None:
    """Put the kept objects back into a document made over the same predictions."""
    data: dict[str, Any] = json.loads(body)
    document.mode = PresentationMode(data["mode"])
    if size := data.get("size"):
        document.made_on = size[0], size[1]
    document.restore([_decode(row) for row in data["objects"]], shown=tuple(data["shown"]))


def _encode(item: ReviewObject) -> dict[str, Any]:
    return {
        "id": item.id,
        "box": item.geometry.as_tuple(),
        "class": item.class_id,
        "confidence": item.confidence,
        "mark": item.mark.value,
        "promoted": item.promoted,
    }


def _decode(row: dict[str, Any]) -> ReviewObject:
    return ReviewObject(
        row["id"], Box(*row["box"]), row["class"], row["confidence"], Mark(row["mark"]), row["promoted"]
    )
