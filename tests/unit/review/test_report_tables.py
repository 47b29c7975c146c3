"""The report as a table, and the files that reports are written to."""

from __future__ import annotations

import csv
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from autoanno_gui.core.errors import ExportError
from autoanno_gui.review.report_file import TABLES, check_report_file, write_report_file
from autoanno_gui.review.report_tables import COLUMNS, write_csv
from tests.report_sample import EVIL, LONG, empty, sample

Line = dict[str, str]


def written(document: dict[str, Any], folder: Path) -> list[Line]:
    file = folder / "report.csv"
    write_csv(document, file)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


def one(lines: list[Line], table: str, group: str, figure: str) -> Line:
    (found,) = [line for line in lines if (line["table"], line["group"], line["figure"]) == (table, group, figure)]
    return found


def test_a_line_for_each_figure(tmp_path: Path) -> None:
    document = sample()
    lines = written(document, tmp_path)
    rate = one(lines, "overall", "", "edit_rate")
    assert (float(rate["value"]), float(rate["low"]), float(rate["high"])) == (
        document["edit_rate"],
        *document["edit_rate_interval"],
    )
    assert rate["count"] == "900"
    deleted = one(lines, "overall", "", "edit_rate.deleted")
    assert (deleted["value"], deleted["count"]) == (repr(38 / 900), "900")
    assert one(lines, "overall", "", "frames_total") == dict.fromkeys(COLUMNS, "") | {
        "table": "overall",
        "figure": "frames_total",
        "value": "1200",
    }
    person = one(lines, "by_class", "person", "edit_rate")
    assert (float(person["value"]), person["count"]) == (42 / 500, "500")
    assert one(lines, "by_class", LONG, "candidates_shown")["value"] == "210"
    assert one(lines, "by_class", "信号機", "candidates_edited")["value"] == "2"
    assert one(lines, "by_confidence", "0.25–0.35", "candidates_shown")["value"] == "90"
    assert one(lines, "by_session", "s2", "started")["value"] == "2026-08-12T09:00:00+00:00"
    assert one(lines, "estimates", "whole", "edit_rate")["low"] == "0.048"
    assert one(lines, "calibration.bins", "0.45–0.55", "rate")["count"] == "9"
    assert one(lines, "calibration.bins", "0.45–0.55", "confidence")["value"] == "0.5"
    assert one(lines, "blind", "", "leaning_kept")["low"] == "-0.02"
    assert one(lines, "checks", "", "enabled")["value"] == "true"
    # Of the planted ones, those that were passed over are in no rate.
    assert one(lines, "checks", "", "catch_rate")["count"] == ""
    assert one(lines, "checks.by_alteration", "class", "caught")["value"] == "3"
    assert one(lines, "hypotheses", "confusion", "share")["value"] == "0.31"
    assert one(lines, "drift", "alarm", "observed")["value"] == "0.24"
    assert one(lines, "roi", "estimate", "seconds_per_box")["value"] == "7.0"
    assert one(lines, "seconds_bins", "2.0", "frames")["value"] == "62"


def test_no_figure_is_written_twice_or_without_a_value(tmp_path: Path) -> None:
    lines = written(sample(), tmp_path)
    keys = [(line["table"], line["group"], line["figure"]) for line in lines]
    assert len(set(keys)) == len(keys)
    assert all(line["value"] for line in lines)


def test_names_cannot_become_formulas(tmp_path: Path) -> None:
    document = sample()
    for place, name in enumerate(["+1", "-1", "@SUM(A1)", "\t=1", "=1"]):
        document["by_class"][place]["class"] = name
    document["by_reviewer"][0]["reviewer"] = "＝1"  # noqa: RUF001 - spreadsheets read it as an equals sign
    lines = written(document | {"frames_total": -3}, tmp_path)
    begins = {value[0] for line in lines for name in ("table", "group", "figure") if (value := line[name])}
    assert not begins & set("=+-@\t＝")  # noqa: RUF001
    assert {"'+1", "'-1", "'@SUM(A1)", "'\t=1", "'=1", "'＝1"} <= {line["group"] for line in lines}  # noqa: RUF001
    assert {line["group"] for line in lines if line["table"] == "nodding.list"} == {
        "day2/frame_0042.jpg",
        "'=cmd|' /C calc'!A0.jpg",
    }
    # A number below nothing stays one.
    assert one(lines, "overall", "", "frames_total")["value"] == "-3"
    assert EVIL not in {line["group"] for line in written(sample(), tmp_path)}


def test_the_bytes_are_those_of_rfc_4180_and_begin_with_a_mark(tmp_path: Path) -> None:
    document = {"by_class": [{"class": 'a "b", c\nd', "edit_rate": 0.5}]}
    write_csv(document, tmp_path / "report.csv")
    assert (tmp_path / "report.csv").read_bytes() == (
        b'\xef\xbb\xbftable,group,figure,value,low,high,count\r\nby_class,"a ""b"", c\nd",edit_rate,0.5,,,\r\n'
    )


def test_an_empty_document_is_a_table_of_counts(tmp_path: Path) -> None:
    assert {line["figure"] for line in written(empty(), tmp_path)} >= {"frames_total", "frames_decided"}
    assert written({}, tmp_path) == []


# ------------------------------------------------------------------------------------------------ files
def test_a_report_replaces_a_report_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "report.html"
    write_report_file(file, b"old")
    write_report_file(file, b"new")
    assert file.read_bytes() == b"new"

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExportError, match=r"report\.html cannot be written: No space left on device"):
        write_report_file(file, b"newer")
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("name", ["frames.autoanno", "photo.jpg", "report", "report.csv.bak"])
def test_a_report_never_takes_the_name_of_something_else(tmp_path: Path, name: str) -> None:
    with pytest.raises(ExportError, match="the name of this report must end in"):
        write_report_file(tmp_path / name, b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_project_is_never_replaced_whatever_its_name(tmp_path: Path) -> None:
    file = tmp_path / "project.html"
    with sqlite3.connect(file) as base:
        base.execute("create table frame (id)")
    base.close()
    before = file.read_bytes()
    with pytest.raises(ExportError, match="never overwritten"):
        write_report_file(file, b"x")
    assert file.read_bytes() == before


def test_places_that_cannot_be_written_to_are_named_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ExportError, match="is a folder"):
        check_report_file(tmp_path / "folder.csv")
    with pytest.raises(ExportError, match="is not a folder"):
        check_report_file(tmp_path / "absent" / "report.csv")
    with pytest.raises(ExportError, match=r"must end in \.csv"):
        check_report_file(tmp_path / "report.html", TABLES)
    check_report_file(tmp_path / "Report.CSV", TABLES)
