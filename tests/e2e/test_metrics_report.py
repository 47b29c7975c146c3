"""`autoanno metrics` with a page and a table, and what it says to people."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

from tests.e2e.cli_kit import refused, report, run
from tests.e2e.conftest import command_line
from tests.projects import MadeProject


def test_the_page_and_the_table_agree_with_the_document(reviewed: MadeProject, tmp_path: Path) -> None:
    page, table = tmp_path / "report.html", tmp_path / "report.csv"
    done = run("metrics", "--project", reviewed.file, "--html", page, "--csv", table, "--json")
    assert done.exit_code == 0
    document = json.loads(done.stdout)
    assert document == report("metrics", "--project", reviewed.file)
    assert done.stderr.splitlines() == [f"Report written to {page}", f"Report written to {table}"]
    with table.open(encoding="utf-8-sig", newline="") as stream:
        lines = [line for line in csv.DictReader(stream) if line["table"] == "overall"]
    values = {line["figure"]: line["value"] for line in lines}
    for key in ("frames_total", "frames_decided", "candidates_shown", "edit_rate", "reject_rate"):
        assert float(values[key]) == document[key]
    (rate,) = [line for line in lines if line["figure"] == "edit_rate"]
    assert [float(rate["low"]), float(rate["high"])] == document["edit_rate_interval"]
    html = page.read_text("utf-8")
    text = " ".join(re.sub(r"<[^>]*>", " ", html).split())
    assert f"{document['frames_decided']} of {document['frames_total']} frames decided" in text
    shown = document["candidates_shown"]
    assert re.search(
        rf"So far, hard frames first {document['edit_rate']:.0%} [0-9.]+% to [0-9.]+% {shown} candidates", text
    )


def test_the_text_names_the_estimates_and_what_follows(reviewed: MadeProject) -> None:
    lines = run("metrics", "--project", reviewed.file).stdout.splitlines()
    document = report("metrics", "--project", reviewed.file)
    assert any(line.startswith("edit_rate ") for line in lines)
    assert any(line.startswith(f"  So far, hard frames first: {document['edit_rate']:.0%} (") for line in lines)
    for note in document.get("notes", []):
        assert note in lines
    if document.get("stop"):
        assert document["stop"]["sentence"] in lines


def test_a_report_replaces_no_project_and_no_picture(reviewed: MadeProject, tmp_path: Path) -> None:
    before = reviewed.file.read_bytes()
    picture = reviewed.folder / reviewed.names[0]
    assert "must end in .html or .htm" in refused("metrics", "--project", reviewed.file, "--html", reviewed.file)
    assert "must end in .csv" in refused("metrics", "--project", reviewed.file, "--csv", picture)
    assert "is not a folder" in refused("metrics", "--project", reviewed.file, "--csv", tmp_path / "no" / "report.csv")
    assert reviewed.file.read_bytes() == before
    named = tmp_path / "project.html"
    named.write_bytes(before)
    assert "never overwritten by a report" in refused("metrics", "--project", reviewed.file, "--html", named)
    assert named.read_bytes() == before


def test_a_project_in_which_nothing_is_decided_has_a_report(made: MadeProject, tmp_path: Path) -> None:
    page, table = tmp_path / "report.html", tmp_path / "report.csv"
    done = command_line("metrics", "--project", made.file, "--html", page, "--csv", table)
    assert done.returncode == 0, done.stderr
    assert "Not enough data yet." in page.read_text("utf-8")
    assert table.read_bytes().startswith(b"\xef\xbb\xbftable,group,figure,")
