"""Writes the report as what its name says: a page or a table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from autoanno_gui.review.report_file import TABLES, check_report_file, write_report_file
from autoanno_gui.review.report_page import report_html
from autoanno_gui.review.report_tables import write_csv


def write_report(document: Mapping[str, Any], file: Path, *, title: str) -> None:
    """Write a report's document as a page, or as a table where the name ends in .csv.

    Raises:
        ExportError: see `report_file.write_report_file`.
    """
    check_report_file(file)
    if file.suffix.lower() in TABLES:
        write_csv(document, file)
    else:
        page = report_html(document, title=title, made=datetime.now().astimezone())
        write_report_file(file, page.encode("utf-8"))
