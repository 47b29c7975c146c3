"""What the figures of the return say, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autoanno_gui.core.figures.roi import LEAST_PER_ARM
from autoanno_gui.ui.panels.status import duration
from autoanno_gui.ui.wording import count_of


def result_sentence(figures: Mapping[str, Any]) -> str:
    """Say what reviewing saves: as measured, else as estimated and marked as such.

    Args:
        figures: see `core.roi.return_figures`.
    """
    return _measured(figures) if figures["measured"] else f"{_so_far(figures)} {_estimated(figures)}"


def expected(figures: Mapping[str, Any], size: int) -> str:
    """Say how long a measurement on so many frames takes, half of them by hand."""
    hand, review = figures["pace"]["hand"], figures["pace"]["review"]
    if hand is None or review is None:
        return "not known yet: no frame is reviewed"
    return f"about {duration(size / 2 * (hand + review))} at your present pace"


def _measured(figures: Mapping[str, Any]) -> str:
    low, high = figures["ratio_interval"]
    sentences = [
        f"By hand {figures['hand_seconds_per_frame']:.1f} s a frame, by review "
        f"{figures['review_seconds_per_frame']:.1f} s: review is {figures['ratio']:.1f} times as fast "
        f"({low:.1f} to {high:.1f})."
    ]
    saved, (least, most) = figures["saved_hours"], figures["saved_hours_interval"]
    sentences.append(f"{_saved(saved)} so far ({_signed(least)} to {_signed(most)}).")
    if figures["setup_seconds"] > 0.0 and figures["break_even_frames"] is not None:
        sentences.append(f"The model is paid for after {count_of(figures['break_even_frames'], 'frame')}.")
    return " ".join(sentences)


def _so_far(figures: Mapping[str, Any]) -> str:
    by_hand, reviewed = figures["frames_by_hand"], figures["frames_reviewed"]
    if not by_hand and not reviewed:
        return "Not measured yet."
    return f"Not measured yet: {by_hand} by hand and {reviewed} by review are done, {LEAST_PER_ARM} of each are needed."


def _estimated(figures: Mapping[str, Any]) -> str:
    estimate = figures["estimate"]
    if estimate["ratio"] is None:
        return "No frame is reviewed yet, so there is nothing to estimate from."
    return (
        f"Estimate, with {estimate['seconds_per_box']:g} s a box by hand: review is {estimate['ratio']:.1f} times as "
        f"fast. {_saved(estimate['saved_hours'])} so far."
    )


def _saved(hours: float) -> str:
    return f"It has {'saved' if hours >= 0.0 else 'cost'} {duration(abs(hours) * 3600)}"


def _signed(hours: float) -> str:
    return f"{'-' if hours < 0.0 else ''}{duration(abs(hours) * 3600)}"
