"""Sentences about how far the figures of a report can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

LEAST_STREAM: Final = 20
"""From so many reviewed frames of the random stream on, these speak for the folder."""


def trust_notes(document: Mapping[str, Any]) -> list[str]:
    """Return what a reader of the report should know before believing its figures; nothing of an empty ledger.

    Args:
        document: with the sections `estimates`, `blind`, `checks` and `nodding`.
    """
    if not document["frames_decided"]:
        return []
    found = [_so_far(document["estimates"]), _guards(document["checks"], document["nodding"])]
    return [note for note in (*found, _leaning(document["blind"])) if note]


def _so_far(estimates: Mapping[str, Any]) -> str:
    so_far, stream, whole = estimates["so_far"], estimates["stream"], estimates["whole"]
    if so_far["edit_rate"] is None:
        return ""
    known = f"edit rate {_percent(so_far['edit_rate'])} over {_frames(so_far['frames'])}"
    if not estimates["left"]["candidates"]:
        return f"No candidate is left: {known}."
    if stream["edit_rate"] is not None and stream["frames"] >= LEAST_STREAM:
        estimate, source = stream, f"from {_frames(stream['frames'])} drawn at random"
    else:
        estimate, source = whole, "by the classes and confidences of the candidates that are left"
    expected = f"{_percent(estimate['edit_rate'])} ({_span(estimate['edit_rate_interval'])})"
    return f"So far, hard frames first: {known}; estimated for the whole folder: {expected}, {source}."


def _guards(checks: Mapping[str, Any], nodding: Mapping[str, Any]) -> str:
    notes = []
    if not checks["enabled"]:
        notes.append("Blind frames and planted checks are off: nothing says how far the labels lean on the model.")
    elif checks["catch_rate"] is not None:
        answered = checks["planted"] - checks["passed_over"]
        notes.append(f"{checks['caught']:,} of {answered:,} planted {_plural('check', answered)} caught.")
    if marked := nodding["marked"]:
        came = "accept came" if marked == 1 else "accepts came"
        notes.append(f"{marked:,} {came} faster than the frame can be looked at.")
    return " ".join(notes)


def _leaning(blind: Mapping[str, Any]) -> str:
    """Say so where the reviewer finds more that is missing on their own than beside the model's predictions."""
    interval = blind["leaning_missed_interval"]
    if interval is None or interval[0] <= 0:
        return ""
    return (
        f"Labelled without seeing the predictions, {_percent(blind['miss_rate'])} of the objects were missing from "
        f"them; reviewed with them in sight, {_percent(blind['review_miss_rate'])} were added. Objects that the model "
        "misses seem to pass the review."
    )


def _percent(rate: float) -> str:
    return f"{rate:.1%}"


def _span(interval: Sequence[float]) -> str:
    return f"{_percent(interval[0])} to {_percent(interval[1])}"


def _frames(count: int) -> str:
    return f"{count:,} {_plural('frame', count)}"


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
