"""Commands about the report: asks where it goes and has it written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QFileDialog

from autoanno_gui.ui.dialogs.run import give_back

if TYPE_CHECKING:
    from autoanno_gui.ui.main_window import MainWindow

PAGE: Final = "Page with plots (*.html)"
TABLE: Final = "Table of all figures (*.csv)"


def save_report(window: MainWindow) -> None:
    """Ask where the report goes and write it off the GUI thread: a page, or a table where the name ends in .csv."""
    project = window.projects.project
    if project is None:
        return
    start = Path.home() / f"{project.store.root.name} report.html"
    name, kind = QFileDialog.getSaveFileName(window, "Save Report", str(start), f"{PAGE};;{TABLE}")
    give_back(window.canvas)
    if name:
        file = Path(name)
        if not file.suffix:
            file = file.with_name(f"{file.name}{'.csv' if kind == TABLE else '.html'}")
            if file.exists():  # the dialog asked about the name without it
                window.show_error(f"{file} exists already; give its whole name to replace it.")
                return
        write(window, file)


def write(window: MainWindow, file: Path) -> None:
    """Write the report of the open project and say where it is."""
    project, checks = window.projects.project, window.projects.checks
    if project is None:
        return
    store = project.store

    def work() -> Iterator[None]:
        # Imported late: a report is no part of starting up.
        from autoanno_gui.review.report_file import check_report_file
        from autoanno_gui.review.report_writing import write_report
        from autoanno_gui.review.reports import metrics_report

        check_report_file(file)
        with store.reader() as reader:
            document = metrics_report(reader, checks=checks)
        yield
        write_report(document, file, title=store.root.name)

    window.status.say("Writing the report…")
    thread = window.projects.run(work, done=lambda: window.status.say(f"The report is in {file}."))
    thread.failed.connect(window.status.unsay)
