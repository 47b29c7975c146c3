"""What the sections of the metrics panel say of the report's document, in words; nothing here knows of widgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from autoanno_gui.core.figures.drift_chart import WARM_UP_CANDIDATES, WARM_UP_FRAMES
from autoanno_gui.core.figures.figure_words import NO_FIGURE, counted, percent, percent_range, seconds_text
from autoanno_gui.core.figures.trust_notes import LEAST_STREAM
from autoanno_gui.review.honesty import LEAST_FRAMES
from autoanno_gui.ui.wording import quoted

ENOUGH_FRAMES: Final = 20
"""Rates over fewer frames than this are chance; they are not shown."""
MOST_NOTES: Final = 3
"""So many of the reviewer's own notes are shown, the newest."""
VERDICTS: Final = {"better": "better", "worse": "worse", "same": "as before"}

Document = Mapping[str, Any]


class Headline(NamedTuple):
    """A large figure.

    Attributes:
        figure: "12%", or a dash.
        title: what it is.
        under: interval and count, or why there is no figure.
    """

    figure: str
    title: str
    under: str


def not_enough(frames: int, total: int) -> str:
    """Say that there are too few frames for a rate, among `total` in the folder."""
    if total < ENOUGH_FRAMES:
        return f"A rate needs {ENOUGH_FRAMES} frames; this folder has {total:,}"
    return f"Not enough data yet ({frames:,} of {ENOUGH_FRAMES} frames)"


def so_far(document: Document) -> Headline:
    """Return the edit rate over what was reviewed."""
    found = document["estimates"]["so_far"]
    title = "so far, hard frames first"
    if found["edit_rate"] is None or found["frames"] < ENOUGH_FRAMES:
        return Headline(NO_FIGURE, title, not_enough(found["frames"], document["frames_total"]))
    shown = counted(document["candidates_shown"], "candidate")
    return Headline(percent(found["edit_rate"]), title, f"{_between(found['edit_rate_interval'])}, {shown}")


def whole_folder(document: Document) -> Headline:
    """Return what is expected of the whole folder: by the random stream, or by what is left while that is short.

    The two have names of their own, the same as in the report.
    """
    estimates = document["estimates"]
    stream, whole, title = estimates["stream"], estimates["whole"], "whole folder (estimate)"
    left = estimates["left"]["candidates"]
    if left and stream["edit_rate"] is not None and stream["frames"] >= LEAST_STREAM:
        under = f"{_between(stream['edit_rate_interval'])}, {counted(stream['frames'], 'frame')} for the whole folder"
        return Headline(percent(stream["edit_rate"]), "frames drawn at random", under)
    if whole["edit_rate"] is None or estimates["so_far"]["frames"] < ENOUGH_FRAMES:
        return Headline(NO_FIGURE, title, not_enough(estimates["so_far"]["frames"], document["frames_total"]))
    rests = "by what is left" if left else "no candidate is left"
    return Headline(percent(whole["edit_rate"]), title, f"{_between(whole['edit_rate_interval'])}, {rests}")


def _between(interval: Sequence[float] | None) -> str:
    return percent_range(interval) if interval is not None else "no interval"


class Row(NamedTuple):
    """A figure in one line.

    Attributes:
        name: what it is.
        figure: the value.
        rest: interval or count.
        tip: how it is counted.
    """

    name: str
    figure: str
    rest: str
    tip: str


def figure_rows(document: Document) -> list[Row]:
    """Return the figures under the headline."""
    decided = document["frames_decided"]
    enough, judged = decided >= ENOUGH_FRAMES, document["estimates"]["so_far"]["frames"] >= ENOUGH_FRAMES
    rejected = document["frames_ever_rejected"]
    return [
        _rate_row(
            "Missed by the model", document, "miss_rate", judged, "Drawn or promoted objects among all that stayed."
        ),
        _rate_row(
            "Sent to hand labelling",
            document,
            "reject_rate",
            enough,
            f"{rejected:,} of {counted(decided, 'decided frame')}; labelling them by hand later does not lower it.",
        ),
        Row(
            "Seconds a frame",
            seconds_text(document["median_seconds_per_frame"]) if enough else NO_FIGURE,
            _most(document["p90_seconds_per_frame"]) if enough else "",
            "Median of the active time; pauses do not count.",
        ),
        Row(
            "Seconds an object",
            seconds_text(document["median_seconds_per_object"]) if judged else NO_FIGURE,
            _most(document["p90_seconds_per_object"]) if judged else "",
            "A frame's active time shared by the objects that were looked at on it.",
        ),
        Row(
            "Frames an hour",
            f"{document['frames_per_hour']:,.0f}" if enough and document["frames_per_hour"] is not None else NO_FIGURE,
            f"{decided:,} of {counted(document['frames_total'], 'frame')}",
            "In an hour of active time; beside it how many frames are decided.",
        ),
    ]


def _most(seconds: float | None) -> str:
    """Return the time that nine in ten need at most, with its unit in the same line."""
    return "" if seconds is None else f"90% within {seconds_text(seconds)}".replace(" s", "\N{NO-BREAK SPACE}s")


def _rate_row(name: str, document: Document, key: str, enough: bool, tip: str) -> Row:
    if not enough or document[key] is None:
        return Row(name, NO_FIGURE, "", tip)
    return Row(name, percent(document[key]), _between(document[f"{key}_interval"]), tip)


# ---------------------------------------------------------------------------------------------------- reasons
def why_text(document: Document) -> str:
    """Say why there are no reasons to be shown; empty where there are."""
    if document["hypotheses"]:
        return ""
    frames = document["estimates"]["so_far"]["frames"]
    if frames < ENOUGH_FRAMES:
        return not_enough(frames, document["frames_total"])
    return "No single cause stands out from chance so far."


def share_text(hypothesis: Mapping[str, Any]) -> str:
    """Say how much of the corrections a hypothesis explains; empty for one that explains none."""
    share = hypothesis["share"]
    return f"{percent(share)} of the corrections" if share else ""


def noted_texts(document: Document) -> list[str]:
    """Say how the newest of the reviewer's own hypotheses fared."""
    return [noted_text(note) for note in document["hypothesis_notes"][:MOST_NOTES]]


def noted_text(note: Mapping[str, Any]) -> str:
    """Say how one of the reviewer's own hypotheses fared in the rounds after it."""
    said = f"“{note['text']}”" if note["text"] else "Your hypothesis"
    then = note["figure"] if note["code"] and note["figure"] is not None else note["edit_rate"]
    if note["verdict"] == "too_early" or note["now"] is None or then is None:
        return f"{said}: too early to say, the next round will tell."
    return f"{said}: {percent(then)} then, {percent(note['now'])} now, {VERDICTS[note['verdict']]}."


# ---------------------------------------------------------------------------------------------------- trust
def calibration_text(document: Document) -> str:
    """Say what the reliability diagram rests on."""
    found = document["calibration"]
    if not found["frames"]:
        return "Needs labelled frames of the random sample."
    return f"Over {counted(found['frames'], 'frame')} of the random sample, with what the threshold hides."


def drift_text(document: Document) -> str:
    """Say what the watch for drift found."""
    drift = document["drift"]
    if not drift["watching"]:
        return (
            f"Not watching yet: {counted(drift['frames'], 'frame')} of this round. It takes {WARM_UP_FRAMES} frames "
            f"with {WARM_UP_CANDIDATES} candidates to know what is usual."
        )
    if drift["alarm"] is not None:
        return quoted(drift["alarm"]["sentence"])
    return (
        f"No drift over {counted(drift['frames'], 'frame')}. A false alarm in {drift['horizon']:,} frames has a chance "
        f"of {percent(drift['false_alarm_rate'], exact=True)}."
    )


def blind_text(document: Document) -> str:
    """Say what the frames that were labelled blind show."""
    blind = document["blind"]
    if not document["checks"]["enabled"]:
        small = f" in folders of fewer than {LEAST_FRAMES} frames" if document["frames_total"] < LEAST_FRAMES else ""
        return f"Blind frames and planted checks are off{small}: nothing tells how far the labels lean on the model."
    if not blind["frames"] or blind["miss_rate"] is None:
        return "No frame has been labelled blind yet."
    text = (
        f"{counted(blind['frames'], 'frame')} labelled blind: the model misses {percent(blind['miss_rate'])} of the "
        f"objects ({percent_range(blind['miss_rate_interval'])})."
    )
    leaning = blind["leaning_missed_interval"]
    if blind["review_miss_rate"] is None or leaning is None:
        return text
    text += f" With its proposals in sight you added {percent(blind['review_miss_rate'])}: "
    if leaning[0] > 0:
        return f"{text}objects that it misses seem to pass your review."
    return f"{text}no sign so far that what it misses passes your review."


def checks_text(document: Document) -> str:
    """Say how many planted checks were caught; empty without any."""
    checks = document["checks"]
    answered = checks["planted"] - checks["passed_over"]
    if not checks["enabled"] or not answered:
        return ""
    text = (
        f"Planted checks: {checks['caught']:,} of {answered:,} caught ({percent_range(checks['catch_rate_interval'])})."
    )
    if checks["self_agreement"] is not None:
        text += f" You kept {percent(checks['self_agreement'])} of your other labels on them as they were."
    return text


def nodding_text(document: Document) -> str:
    """Say how many accepts came faster than a look takes."""
    nodding = document["nodding"]
    if not nodding["frames"]:
        return "No frame has been accepted as shown yet."
    if not nodding["marked"]:
        accepts = "The one accept" if nodding["frames"] == 1 else f"All {nodding['frames']:,} accepts"
        return f"{accepts} took long enough for a look."
    return (
        f"{nodding['marked']:,} of {counted(nodding['frames'], 'accept')} came faster than the frame can be looked at."
    )


def nod_words(nod: Mapping[str, Any]) -> str:
    """Say why a frame deserves a second look."""
    return f"{nod['seconds']:.1f} s for {counted(nod['objects'], 'object')}"


# ---------------------------------------------------------------------------------------------------- what is left
def gain_text(document: Document) -> str:
    """Say what 100 more frames would do to the interval; empty where that is not known."""
    gain = document["stop"]["gain_of_100"]
    now, then = gain["interval_width_now"], gain["interval_width_then"]
    if now is None or then is None or not document["stop"]["frames_left"]:
        return ""
    return (
        f"100 more frames would narrow the interval of the folder's edit rate from {now * 100:.1f} to "
        f"{then * 100:.1f} points."
    )


def balance_texts(document: Document) -> list[str]:
    """Say how complete and how balanced the labels are."""
    balance = document["balance"]
    parts = [
        f"{balance[key]:,} {word}"
        for key, word in (
            ("undecided", "undecided"),
            ("deferred", "put off"),
            ("waiting_for_hand", "waiting for hand labels"),
            ("failed", "unusable"),
        )
        if balance[key]
    ]
    return [f"{', '.join(parts)}." if parts else "Every frame is labelled.", *balance["notes"]]
