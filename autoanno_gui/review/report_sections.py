"""What the review measured, as chapters of the report page: the figures, how they went on, and their tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from autoanno_gui.core.figures.charts.bars import bars_height, rate_bars, row_name
from autoanno_gui.core.figures.charts.parts import PARTS_HEIGHT, rate_parts
from autoanno_gui.core.figures.charts.seconds import seconds_bars
from autoanno_gui.core.figures.charts.timeline import rate_over_time
from autoanno_gui.core.figures.figure_words import NO_FIGURE, counted, hours_text, seconds_text
from autoanno_gui.review.report_parts import (
    Card,
    Cell,
    Document,
    Section,
    Table,
    chart,
    count_cell,
    number_card,
    number_cell,
    part_cell,
    rate_card,
    rate_cell,
    some,
    table,
)

MOST_BARS: Final = 20
"""Rows that a chart shows at most; its table has all."""
TABLES: Final = (
    ("by_class", "class", "Class"),
    ("by_reason", "reason", "Reason in the queue"),
    ("by_size", "size", "Object size"),
    ("by_place", "place", "Place in the picture"),
    ("by_confidence", "confidence", "Confidence"),
    ("by_round", "round", "Round"),
    ("by_model", "model", "Model"),
    ("by_reviewer", "reviewer", "Reviewer"),
    ("by_session", "started", "Session"),
)
"""Key of the table, key of the name in its rows, heading."""


def headline(document: Document) -> Section:
    """Return the edit rate so far beside the estimates for the whole folder."""
    estimates = document.get("estimates") or {}
    so_far, stream, whole = (estimates.get(name) or {} for name in ("so_far", "stream", "whole"))
    left = estimates.get("left") or {}
    frames = so_far.get("frames") or document.get("frames_decided") or 0
    shown = counted(document.get("candidates_shown") or 0, "candidate")
    return Section(
        "headline",
        "Edit rate",
        lead="The share of the model's candidates that were corrected or deleted. Ranges are 95% intervals.",
        cards=[
            rate_card(
                so_far or document,
                "edit_rate",
                "So far, hard frames first",
                f"{shown} on {counted(frames, 'frame')}",
                main=True,
            ),
            rate_card(
                whole,
                "edit_rate",
                "Whole folder, estimated",
                f"with {counted(left.get('candidates') or 0, 'candidate')} left, by class and confidence",
                main=True,
            ),
            rate_card(
                stream,
                "edit_rate",
                "Frames drawn at random",
                f"{counted(stream.get('candidates_shown') or 0, 'candidate')} on "
                f"{counted(stream.get('frames') or 0, 'frame')}"
                if "candidates_shown" in stream
                else counted(stream.get("frames") or 0, "frame"),
            ),
        ],
        sentences=list(document.get("notes") or ()),
    )


def parts(document: Document) -> Section:
    """Return what the edit rate is made of, and the other rates."""
    missed = (document.get("annotations_added") or 0) + (document.get("annotations_promoted") or 0)
    kept = (document.get("candidates_accepted") or 0) + (document.get("candidates_edited") or 0)
    decided = document.get("frames_decided") or 0
    return Section(
        "parts",
        "Corrections, misses, rejected frames",
        charts=[chart("What the edit rate is made of", partial(rate_parts, document), height=PARTS_HEIGHT)]
        if document.get("edit_rate") is not None
        else [],
        cards=[
            rate_card(
                document, "miss_rate", "Miss rate", f"{missed:,} of {counted(missed + kept, 'final object')} were added"
            ),
            rate_card(
                document,
                "reject_rate",
                "Reject rate",
                f"{document.get('frames_ever_rejected') or 0:,} of {counted(decided, 'decided frame')}",
            ),
            Card("Candidates on rejected frames", count_cell(document, "candidates_in_rejected_frames")),
            Card("Objects labelled by hand", count_cell(document, "annotations_by_hand")),
        ],
    )


def times(document: Document) -> Section:
    """Return how long frames and objects took."""
    decided = counted(document.get("frames_decided") or 0, "frame")
    judged = counted(((document.get("estimates") or {}).get("so_far") or {}).get("frames") or 0, "frame")
    section = Section(
        "seconds",
        "Time",
        lead="Active time: it stands still while the window is not in use.",
        cards=[
            number_card(document, "median_seconds_per_frame", "Median of a frame", seconds_text, decided),
            number_card(document, "p90_seconds_per_frame", "9 of 10 frames within", seconds_text, decided),
            number_card(document, "median_seconds_per_object", "Median of an object", seconds_text, judged),
            number_card(document, "p90_seconds_per_object", "9 of 10 objects within", seconds_text, judged),
            number_card(document, "frames_per_hour", "Frames an hour", _whole, decided),
        ],
    )
    if "seconds_bins" in document:
        draw = partial(
            seconds_bars,
            document["seconds_bins"],
            median=document.get("median_seconds_per_frame"),
            p90=document.get("p90_seconds_per_frame"),
        )
        section.charts.append(chart("Active seconds of a frame", draw, height=190))
    return section


def course(document: Document) -> Section:
    """Return how the edit rate went on."""
    section = Section("course", "Edit rate over time")
    overall = document.get("edit_rate")
    for caption, key, tick in (
        ("By session", "by_session", "started"),
        ("Over the last 50 frames each; the frame's number below", "edit_rate_by_frames", "frames"),
    ):
        rows = some(document.get(key))
        if len(rows) > 1:
            draw = partial(rate_over_time, rows, tick=tick, overall=overall)
            section.charts.append(chart(caption, draw, height=200))
    return section


def groups(document: Document) -> list[Section]:
    """Return one chapter for each table, with bars where several groups are to be compared."""
    found = []
    for key, name, heading in TABLES:
        rows = some(document.get(key))
        section = Section(key, f"By {heading[0].lower()}{heading[1:]}")
        if len(rows) > 1 and name != "started":
            shown = rows[:MOST_BARS]
            draw = partial(rate_bars, shown, label=name, overall=document.get("edit_rate"))
            more = f", the first {MOST_BARS} of {len(rows):,}" if len(rows) > MOST_BARS else ""
            section.charts.append(chart(f"Edit rate{more}", draw, height=bars_height(shown)))
        if rows:
            section.tables.append(_group_table(rows, name, heading, section.title))
        found.append(section)
    return found


def _group_table(rows: Sequence[Document], name: str, heading: str, caption: str) -> Table:
    """Return all that the document says of groups; columns for what none of them has are left out."""
    columns: list[tuple[str, Callable[[Document], Cell]]] = [
        ("Candidates", lambda row: Cell(count_cell(row, "candidates_shown"))),
        ("Edit rate", lambda row: rate_cell(row, "edit_rate")),
        ("Class changed", lambda row: part_cell(row, "class_changed", "candidates_class_changed")),
        ("Outline changed", lambda row: part_cell(row, "geometry_changed", "candidates_geometry_changed")),
        ("Deleted", lambda row: part_cell(row, "deleted", "candidates_rejected")),
        ("Added", _added_cell),
        ("Miss rate", lambda row: rate_cell(row, "miss_rate")),
        ("Frames", lambda row: Cell(count_cell(row, "frames_decided"))),
        ("Reject rate", lambda row: rate_cell(row, "reject_rate")),
        ("Median of a frame", lambda row: number_cell(row, "median_seconds_per_frame", seconds_text)),
        ("Frames an hour", lambda row: number_cell(row, "frames_per_hour", _whole)),
        ("Active time", lambda row: Cell(hours_text(row["seconds"] / 3600) if "seconds" in row else NO_FIGURE)),
    ]
    lines = [[cell(row) for _, cell in columns] for row in rows]
    used = [place for place in range(len(columns)) if any(line[place].text != NO_FIGURE for line in lines)]
    return table(
        caption,
        (heading, *(columns[place][0] for place in used)),
        [(_name(row, name), *(line[place] for place in used)) for row, line in zip(rows, lines, strict=True)],
    )


def _name(row: Document, name: str) -> Cell:
    text = row_name(row, name)
    return Cell(text[:16].replace("T", " "), str(row.get("reviewer", ""))) if name == "started" else Cell(text)


def _added_cell(row: Document) -> Cell:
    if row.get("miss_rate") is None:
        return Cell(NO_FIGURE)
    return Cell(f"{row.get('annotations_added', 0) + row.get('annotations_promoted', 0):,}")


def _whole(value: float | None) -> str:
    return NO_FIGURE if value is None else f"{value:,.0f}"
