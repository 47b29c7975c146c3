"""An unfinished frame as bytes: what the reviewer changed, so that leaving it undecided loses nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection
from typing import Any, Final, NamedTuple

import numpy as np

from autoanno_gui.core.box import Box
from autoanno_gui.core.document import Document
from autoanno_gui.core.geometry import Geometry, GeometryKind, kind_of
from autoanno_gui.core.keypoints import Keypoint, Keypoints, Visibility
from autoanno_gui.core.mask import Mask, Part, Ring
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.records import PresentationMode
from autoanno_gui.core.review_objects import Mark, ReviewObject

VERSION: Final = 2
"""In version 1 each object had a `box` in place of its `geometry`."""


def encode_draft(
    document: Document, *, over_labels: bool = False, shown: Collection[int] | None = None
) -> bytes | None:
    """Return the touched objects as JSON; None when there is nothing to keep.

    Args:
        document: the frame as it stands.
        over_labels: whether the frame is labelled already. Then the draft takes the place of those labels, also when it
            holds nothing: the reviewer took all of them away.
        shown: which predictions were on the screen as candidates; None for those of a document that is, or was, open.
    """
    if not document.has_traces and not over_labels:
        return None
    body = {
        "version": VERSION,
        "size": document.made_on or document.size,
        "mode": document.mode.value,
        "run_frame_id": document.run_frame_id,
        "shown": document.shown if shown is None else sorted(shown),
        "objects": [_encode(item) for item in document if document.touched(item)],
    }
    return json.dumps(body, separators=(",", ":")).encode()


def draft_run_frame(body: bytes) -> int | None:
    """Return which predictions the draft was made over."""
    found = json.loads(body)["run_frame_id"]
    return int(found) if found is not None else None


def draft_mode(body: bytes) -> PresentationMode:
    """Return how the frame was shown when the draft was made."""
    return PresentationMode(json.loads(body)["mode"])


class DraftSummary(NamedTuple):
    """What a draft is about.

    Attributes:
        run_frame_id: the predictions that it was made over; None for a frame without.
        touched: ids of the objects that the reviewer acted on.
        by_hand: the frame is labelled by hand, so that its predictions are hidden.
        shown: predictions that were on the screen as candidates.
    """

    run_frame_id: int | None
    touched: frozenset[int]
    by_hand: bool
    shown: frozenset[int]


def summarise_draft(body: bytes) -> DraftSummary:
    """Return what a draft is about, without making its objects."""
    data: dict[str, Any] = json.loads(body)
    run_frame_id = data["run_frame_id"]
    return DraftSummary(
        int(run_frame_id) if run_frame_id is not None else None,
        frozenset(int(row["id"]) for row in data["objects"]),
        PresentationMode(data["mode"]).by_hand,
        frozenset(data["shown"]),
    )


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
        "geometry": {"kind": kind_of(item.geometry).value, **_encode_geometry(item.geometry)},
        "class": item.class_id,
        "confidence": item.confidence,
        "mark": item.mark.value,
        "promoted": item.promoted,
    }


def _encode_geometry(geometry: Geometry) -> dict[str, Any]:
    match geometry:
        case Box():
            return {"box": geometry.as_tuple()}
        case OrientedBox(cx, cy, width, height, angle):
            return {"box": (cx, cy, width, height, angle)}
        case Keypoints(box, points):
            return {"box": box.as_tuple(), "points": points}
        case Mask(parts):
            return {"parts": [[_encode_ring(ring) for ring in part.rings] for part in parts]}


def _encode_ring(ring: Ring) -> str:
    # As digits, the masks of a crowded frame would hold up the window for a tenth of a second.
    return base64.b64encode(ring.astype("<f8", copy=False).tobytes()).decode("ascii")


def _decode(row: dict[str, Any]) -> ReviewObject:
    geometry = _decode_geometry(row["geometry"]) if "geometry" in row else Box(*row["box"])
    return ReviewObject(row["id"], geometry, row["class"], row["confidence"], Mark(row["mark"]), row["promoted"])


def _decode_geometry(data: dict[str, Any]) -> Geometry:
    match GeometryKind(data["kind"]):
        case GeometryKind.BOX:
            return Box(*data["box"])
        case GeometryKind.ORIENTED_BOX:
            return OrientedBox(*data["box"])
        case GeometryKind.KEYPOINTS:
            return Keypoints(Box(*data["box"]), tuple(Keypoint(x, y, Visibility(v)) for x, y, v in data["points"]))
        case GeometryKind.MASK:
            return Mask(tuple(_decode_part(rings) for rings in data["parts"]))


def _decode_part(rings: list[str]) -> Part:
    outer, *holes = map(_decode_ring, rings)
    return Part(outer, tuple(holes))


def _decode_ring(text: str) -> Ring:
    return np.frombuffer(base64.b64decode(text), "<f8").astype(np.float64, copy=False).reshape(-1, 2)
