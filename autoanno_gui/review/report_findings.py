"""What follows from the figures, as chapters of the report page: causes, drift, return, when to stop, honesty."""

from __future__ import annotations

from functools import partial
from typing import Final

from autoanno_gui.core.figures.charts.reliability import reliability
from autoanno_gui.core.figures.charts.timeline import cusum
from autoanno_gui.core.figures.figure_words import NO_FIGURE, counted, hours_text, percent, seconds_text
from autoanno_gui.review.report_parts import (
    Card,
    Document,
    Finding,
    Section,
    chart,
    count_cell,
    number_card,
    rate_card,
    rate_cell,
    some,
    table,
)

_FRAMES: Final = 5
"""Frames of a hypothesis that are named."""
_NODS: Final = 50
VERDICTS: Final = {"better": "better", "worse": "worse", "same": "the same", "too_early": "too early to say"}
ALTERATIONS: Final = {"shifted": "a shifted box", "class": "a wrong class", "removed": "a removed object"}


def hypotheses(document: Document) -> Section:
    """Return the likely causes with their evidence, and what reviewers noted themselves."""
    section = Section(
        "hypotheses",
        "Why",
        lead="Likely causes, by how many of the corrections each can explain; one correction may count for several.",
    )
    for one in some(document.get("hypotheses")):
        named = ", ".join(one["frames"][:_FRAMES])
        more = len(one["frames"]) - _FRAMES
        details = [("Evidence", one["evidence"]), ("What to do", one["advice"])]
        if named:
            details.append(("Frames", named + (f" and {more:,} more" if more > 0 else "")))
        explains = f"{percent(one['share'])} of the corrections" if one["share"] else ""
        section.findings.append(Finding(one["sentence"], tuple(details), explains))
    if notes := some(document.get("hypothesis_notes")):
        thoughts = tuple(
            (
                one["wall_clock"][:16].replace("T", " "),
                str(one["round"]),
                one["text"] or NO_FIGURE,
                percent(one["figure"] if one["figure"] is not None else one["edit_rate"]),
                percent(one["now"]),
                VERDICTS.get(one["verdict"], str(one["verdict"])),
            )
            for one in notes
        )
        columns = ("Noted", "Round", "Your own hypothesis", "Figure then", "In later rounds", "Verdict")
        section.tables.append(table("What reviewers thought", columns, thoughts, text=True))
    return section


def calibration(document: Document) -> Section:
    """Return the reliability diagram with its numbers."""
    found = document.get("calibration") or {}
    section = Section(
        "calibration",
        "Is the model as sure as it should be?",
        lead="From frames drawn at random. Marks on the diagonal are right as often as the model is sure; hollow marks "
        "are fewer than 10 predictions.",
    )
    if not found.get("bins"):
        return section
    section.charts.append(chart("Right predictions by confidence", partial(reliability, found), height=320))
    section.cards.append(
        Card(
            "Calibration error",
            percent(found.get("gap")),
            "",
            f"{counted(sum(one['predictions'] for one in found['bins']), 'prediction')} on "
            f"{counted(found.get('frames') or 0, 'frame')}",
        )
    )
    rows = tuple(
        (
            f"{one['from']:.2f}–{one['to']:.2f}",
            count_cell(one, "predictions"),
            percent(one.get("confidence")),
            rate_cell(one, "rate"),
        )
        for one in found["bins"]
    )
    section.tables.append(table("Bins", ("Confidence", "Predictions", "Mean confidence", "Right"), rows))
    return section


def drift(document: Document) -> Section:
    """Return the watch for an edit rate that climbs."""
    found = document.get("drift") or {}
    section = Section("drift", "Does the model still fit the frames?")
    if not found.get("watching"):
        return section
    alarm = found.get("alarm")
    chance = (
        f"a false alarm in {percent(found.get('false_alarm_rate'), exact=True)} of runs of {found.get('horizon'):,}"
    )
    section.lead = (
        f"Watched over the {counted(found['frames'], 'frame')} of the newest round that have candidates; the limits "
        f"allow {chance} frames."
    )
    if alarm is None:
        section.sentences.append("No sign that the edit rate climbs.")
    else:
        if alarm.get("until") is None:
            section.alarm = alarm["sentence"]
        else:
            section.sentences.append(alarm["sentence"])
        section.sentences.append(
            f"Since {alarm['since']} (frame {alarm['since_number']:,}, {alarm['since_time'][:16].replace('T', ' ')}): "
            f"expected {percent(alarm['expected'])}, observed {percent(alarm['observed'])} on "
            f"{counted(alarm['frames'], 'frame')}."
        )
    for one in some(found.get("charts")):
        name = "All classes" if one["class"] is None else one["class"]
        draw = partial(cusum, one, frames=found["frames"])
        section.charts.append(chart(f"Corrections beyond what was expected: {name}", draw, height=150))
    return section


def payoff(document: Document) -> Section:
    """Return what reviewing saves against labelling by hand."""
    found = document.get("roi") or {}
    section = Section("return", "What the model saves")
    estimate = found.get("estimate") or {}
    if found.get("measured"):
        by_hand, reviewed = found.get("frames_by_hand") or 0, found.get("frames_reviewed") or 0
        rests = f"{counted(by_hand, 'frame')} by hand, {reviewed:,} reviewed"
        section.lead = "Measured on frames drawn at random, labelled from nothing or reviewed as chance had it."
        section.cards += [
            number_card(found, "ratio", "Times as fast as by hand", _times, rests),
            number_card(found, "saved_hours", "Saved so far", hours_text, f"{hours_text(found['spent_hours'])} spent"),
            number_card(found, "hand_seconds_per_frame", "A frame by hand", seconds_text, counted(by_hand, "frame")),
            number_card(found, "review_seconds_per_frame", "A frame by review", seconds_text, f"{reviewed:,} frames"),
            Card("Pays from", _frames(found.get("break_even_frames")), "", "with the time that the model itself took"),
        ]
    if estimate.get("saved_hours") is not None:
        per_box = seconds_text(estimate["seconds_per_box"])
        source = f"estimate: {per_box} a box by hand ({str(estimate['how']).replace('_', ' ')})"
        section.cards += [
            Card("Times as fast, estimated", _times(estimate.get("ratio")), "not measured", source),
            Card("Saved so far, estimated", hours_text(estimate["saved_hours"]), "not measured", source),
        ]
    if sentence := (found.get("plain") or {}).get("sentence"):
        section.sentences.append(sentence)
    if section.cards and not found.get("measured"):
        section.sentences.append("Not measured yet: Tools > Measure Return says what it is for you.")
    return section


def stop(document: Document) -> Section:
    """Return what is to be expected of the frames that are left."""
    found = document.get("stop") or {}
    section = Section("stop", "When can I stop?")
    if not found:
        return section
    gain = found.get("gain_of_100") or {}
    rests = f"{counted(found.get('stream_frames') or 0, 'frame')} drawn at random"
    section.cards += [
        Card("Frames left", count_cell(found, "frames_left")),
        number_card(found, "errors_left", "Errors that would stay in them", _whole, rests),
        number_card(found, "hours_left", "Time for them", hours_text, "at the pace of the last frames"),
        number_card(gain, "errors_found", "Errors that 100 more frames find", _whole, rests),
    ]
    if gain.get("interval_width_now") is not None:
        section.cards.append(
            Card(
                "Width of the edit rate's interval",
                percent(gain["interval_width_now"]),
                f"{percent(gain['interval_width_then'])} after 100 more frames",
                rests,
            )
        )
    section.sentences += [sentence] if (sentence := found.get("sentence")) else []
    return section


def honesty(document: Document) -> Section:
    """Return what blind frames, planted checks and hasty accepts say about the review itself."""
    section = Section(
        "honesty",
        "Can the figures be trusted?",
        lead="Some frames are labelled blind, some come back with a planted fault, and accepts that came faster than "
        "the frame can be looked at are marked.",
    )
    blind, checks, nods = (document.get(name) or {} for name in ("blind", "checks", "nodding"))
    if blind.get("frames"):
        frames = counted(blind["frames"], "blind frame")
        objects = f"{blind['missed']:,} of {counted(blind['objects'], 'object')} on {frames}"
        section.cards += [
            rate_card(blind, "miss_rate", "Missed by the model, labelled blind", objects),
            rate_card(blind, "review_miss_rate", "Missed by the model, with its predictions in sight", "other frames"),
            rate_card(blind, "leaning_missed", "Leaning on the model: misses let pass", frames),
            rate_card(blind, "false_rate", "Unfounded candidates, labelled blind", frames),
            rate_card(blind, "review_reject_rate", "Candidates deleted, in sight", "other frames"),
            rate_card(blind, "leaning_kept", "Leaning on the model: false ones kept", frames),
            Card("Added only after the reveal", count_cell(blind, "late"), percent(blind.get("late_rate")), frames),
        ]
    if checks.get("planted"):
        met = checks["planted"] - checks.get("passed_over", 0)
        section.cards += [
            rate_card(checks, "catch_rate", "Planted checks caught", f"{checks['caught']:,} of {met:,}"),
            rate_card(checks, "self_agreement", "Own labels left as they were", counted(met, "planted check")),
        ]
        rows = tuple(
            (ALTERATIONS.get(one["alteration"], one["alteration"]), f"{one['planted']:,}", f"{one['caught']:,}")
            for one in checks.get("by_alteration") or ()
        )
        section.tables.append(table("Planted checks", ("What was altered", "Planted", "Caught"), rows))
    elif checks and not checks.get("enabled"):
        section.sentences.append("Blind frames and planted checks are off.")
    if nods.get("frames"):
        rests = f"{nods['marked']:,} of {counted(nods['frames'], 'accepted frame')}"
        section.cards.append(rate_card(nods, "rate", "Accepted without a look", rests))
    if hasty := some(nods.get("list")):
        looks = tuple(
            (one["frame"], f"{one['objects']:,}", seconds_text(one["seconds"]), seconds_text(one["limit"]))
            for one in hasty[:_NODS]
        )
        columns = ("Frame", "Objects shown", "Looked at for", "Least time for a look")
        section.tables.append(table("Accepted without a look, newest first", columns, looks))
    return section


def balance(document: Document) -> Section:
    """Return what is still to be done, and which classes have too few examples."""
    found = document.get("balance") or {}
    section = Section("balance", "Completeness and balance")
    if not found:
        return section
    section.cards += [
        Card("Undecided", count_cell(found, "undecided"), "", "frames"),
        Card("Put off", count_cell(found, "deferred"), "", "frames"),
        Card("Waiting for labels by hand", count_cell(found, "waiting_for_hand"), "", "frames"),
        Card("Not usable", count_cell(found, "failed"), "", "frames"),
    ]
    if (imbalance := found.get("imbalance")) is not None:
        section.cards.append(Card("Most frequent class to the rarest", f"{imbalance:,.1f} to 1"))
    if classes := some(found.get("classes")):
        rows = tuple(
            (
                one["class"],
                count_cell(one, "annotations"),
                percent(one["share"]),
                count_cell(one, "frames"),
                "too few" if one["few"] else "enough",
            )
            for one in classes
        )
        section.tables.append(table("Classes", ("Class", "Objects", "Share", "Frames", "Examples"), rows))
    section.sentences += list(found.get("notes") or ())
    return section


def _times(value: float | None) -> str:
    return NO_FIGURE if value is None else f"{value:,.1f} ×"


def _whole(value: float | None) -> str:
    return NO_FIGURE if value is None else f"{value:,.0f}"


def _frames(value: float | None) -> str:
    return NO_FIGURE if value is None else counted(int(value), "frame")
