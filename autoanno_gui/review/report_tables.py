"""The report as one tidy table: a line for each figure, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from autoanno_gui.core.figures.charts.bars import row_name
from autoanno_gui.review.report_file import write_report_file

COLUMNS: Final = ("table", "group", "figure", "value", "low", "high", "count")
OVERALL: Final = "overall"
NAMES: Final = {
    "by_class": "class",
    "by_model": "model",
    "by_reviewer": "reviewer",
    "by_confidence": "confidence",
    "by_session": "session",
    "by_round": "round",
    "by_reason": "reason",
    "by_size": "size",
    "by_place": "place",
    "bins": "confidence",
    "by_alteration": "alteration",
    "classes": "class",
    "hypotheses": "code",
    "hypothesis_notes": "session",
    "list": "frame",
    "charts": "class",
    "seconds_bins": "from",
    "edit_rate_by_frames": "frames",
}
"""Key of a list of rows -> key of a row's name."""
RESTS_ON: Final = {
    "edit_rate": "candidates_shown",
    "reject_rate": "frames_decided",
    "rate": "predictions",
    "median_seconds_per_frame": "frames_decided",
    "p90_seconds_per_frame": "frames_decided",
    "frames_per_hour": "frames_decided",
}
"""Figure -> the count that it rests on, where the document names one."""
_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - spreadsheets take the wide ones for the others
Line: TypeAlias = tuple[str, str, str, Any, float | None, float | None, int | None]


def write_csv(document: Mapping[str, Any], file: Path) -> None:
    """Write the table of a report's document; see `report_file.write_report_file` for what is refused.

    Raises:
        ExportError: the file cannot be written, or is one that a report must not replace.
    """
    # With a byte order mark: without it Excel takes UTF-8 for the code page of the computer.
    write_report_file(file, csv_text(document).encode("utf-8-sig"))


def csv_text(document: Mapping[str, Any]) -> str:
    """Return the table as RFC 4180 has it; text that a spreadsheet would take for a formula begins with a quote."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines(document):
        writer.writerow([_cell(value) for value in line])
    return stream.getvalue()


def lines(document: Mapping[str, Any]) -> Iterator[Line]:
    """Yield (table, group, figure, value, low, high, count) for every figure that has a value.

    Figures of the whole are in the table "overall". Sections and tables of the document go under their own name, those
    inside a section under both with a dot between.
    """
    yield from _figures(OVERALL, "", document)
    for key, value in document.items():
        if isinstance(value, Mapping) and not key.endswith("_parts"):
            yield from _section(key, value)
        elif _is_rows(value):
            yield from _rows(key, key, value)


def _section(table: str, section: Mapping[str, Any]) -> Iterator[Line]:
    yield from _figures(table, "", section)
    for key, value in section.items():
        if isinstance(value, Mapping) and not key.endswith("_parts"):
            yield from _figures(table, key, value)
        elif _is_rows(value):
            yield from _rows(f"{table}.{key}", key, value)


def _rows(table: str, key: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    name = NAMES.get(key)
    for place, row in enumerate(rows, start=1):
        group = str(place) if name is None or row.get(name, row.get("from")) is None else row_name(row, name)
        yield from _figures(table, group, row, name)


def _figures(table: str, group: str, row: Mapping[str, Any], name: str | None = None) -> Iterator[Line]:
    """Yield the plain values of a row, and the parts of a rate as figures of their own."""
    for key, value in row.items():
        if _is_name(key, name) or key.endswith("_interval") or value is None:
            continue
        if isinstance(value, Mapping):
            if key.endswith("_parts"):
                base = key.removesuffix("_parts")
                count = row.get(RESTS_ON.get(base, ""))
                yield from ((table, group, f"{base}.{part}", share, None, None, count) for part, share in value.items())
        elif isinstance(value, (str, int, float)):
            low, high = row.get(f"{key}_interval") or (None, None)
            yield table, group, key, value, low, high, row.get(RESTS_ON.get(key, ""))


def _is_name(key: str, name: str | None) -> bool:
    # A bin is named by its ends; `confidence` in it is the mean.
    return key in ("from", "to") if name == "confidence" else key == name


def _is_rows(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(one, Mapping) for one in value)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value)
    text = str(value)
    # A negative number is one; a name that begins like a formula is none.
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
