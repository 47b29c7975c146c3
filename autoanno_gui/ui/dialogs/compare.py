"""Compare two reviewers: whose labels, the figures, and the frames on which they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QRadioButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.records import Progress
from autoanno_gui.review.comparison import Report, compare, two_projects, within
from autoanno_gui.store.store_thread import Store, open_report
from autoanno_gui.ui.dialogs.work import FileField, Work, WorkDialog
from autoanno_gui.ui.wording import count_of, plain_tip

_ABOUT: Final = (
    "How far two reviewers agree on the frames that both labelled. Agreement on frames that both labelled before they "
    "saw any proposal counts most: proposals make reviewers agree."
)
_FIGURES: Final = (
    ("f1_50", "F1 at IoU 0.50", "Objects of equal class that overlap by half, of all objects of both."),
    ("f1_75", "F1 at IoU 0.75", "The same with closer outlines."),
    ("mean_iou", "Mean IoU", "How far the outlines of objects overlap that stand for one another."),
    ("kappa_class", "Kappa of classes", "Cohen's kappa: agreement on the class beyond chance, 1 at most."),
    ("kappa_verdict", "Kappa of verdicts", "The same for accepted, edited and rejected on proposals that both judged."),
    ("alpha", "Krippendorff's alpha", "Agreement on which objects there are and of what class, beyond chance."),
)
_LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEAST_WIDTH: Final = 620
WIDTH, HEIGHT = 880, 640
"""Logical pixels of the dialog, once there is something to see and where the screen has room."""
LEAST_COLUMN: Final = 68
"""The same of a column: a class keeps a name that tells it from others."""
ROW_HEIGHT: Final = 24
LEAST_ROWS: Final = 3
LISTED: Final = 1000
"""Frames that differ and have a row here; all of them are settled."""
_WORDS: Final = {
    "missing": "{1} only theirs",
    "extra": "{0} only yours",
    "class": "{0} is their {1}",
    "outline": "{0} outlined otherwise",
}


class CompareDialog(WorkDialog):
    """Compares the open project with another one, or the two sides that it holds itself."""

    settle_wanted = Signal(list)
    """Rows of the document's disagreements, in the order in which they are to be settled."""

    stopped_text = "Stopped."

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__("Compare Reviewers", about=_ABOUT, verb="&Compare", parent=parent)
        self.setMinimumWidth(LEAST_WIDTH)
        self._store: Final = store
        self.report: Report | None = None
        """The document of the last comparison."""
        self.other: Final = QRadioButton("Another &project of the same frames:")
        self.here: Final = QRadioButton("&Within this project: merged decisions, two reviewers, or you at another time")
        self.file: Final = FileField(None, title="Project of the other reviewer")
        self.file.field.textChanged.connect(lambda: self.other.setChecked(True))
        self.other.setChecked(True)
        self.figures: Final = _table("Figures")
        self.classes: Final = _table("Figures by class")
        self.differences: Final = _table("Frames that differ, worst first")
        self.differences.activated.connect(lambda index: self._settle(index.row()))
        self.settle_button: Final = QPushButton("&Settle These")
        self.settle_button.setToolTip("Go through the frames that differ, the worst first.")
        self.settle_button.clicked.connect(lambda: self._settle(0))
        self.buttons.addButton(self.settle_button, QDialogButtonBox.ButtonRole.ActionRole)
        self._tables: Final = QWidget()
        self._fill_form()
        self.file.field.setFocus()

    def _fill_form(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.other)
        row.addWidget(self.file, 1)
        self.form.addRow(row)
        self.form.addRow(self.here)
        lower = QHBoxLayout()
        lower.addWidget(self.classes, 1)
        lower.addWidget(self.differences, 1)
        self.figures.setMaximumHeight((len(_FIGURES) + 2) * ROW_HEIGHT + 12)
        for table in (self.figures, self.classes, self.differences):
            table.setMinimumHeight(LEAST_ROWS * ROW_HEIGHT)
        tables = QVBoxLayout(self._tables)
        tables.setContentsMargins(0, 0, 0, 0)
        tables.addWidget(self.figures, 3)
        tables.addLayout(lower, 1)
        self.lay_out(self._tables)
        self._tables.hide()
        self.settle_button.hide()

    # ------------------------------------------------------------------------------------------------ the work
    def work(self) -> Work | None:
        """Compare what is chosen."""
        file = self.file.path
        if self.here.isChecked():
            return self._within
        if file is None:
            self.say("Choose the project file of the other reviewer.")
            return None

        def between() -> Generator[Progress, None, Report]:
            if file.exists() and file.samefile(self._store.file):
                raise KnownError("That is the project that is open; choose the file of the other reviewer.")
            with ExitStack() as stack:
                mine, theirs = stack.enter_context(self._store.reader()), stack.enter_context(open_report(file))
                return (yield from compare(*two_projects(mine, theirs)))

        return between

    def _within(self) -> Generator[Progress, None, Report]:
        with self._store.reader() as reader:
            return (yield from compare(*within(reader)))

    # ------------------------------------------------------------------------------------------------ what came out
    def show_result(self, result: Report) -> None:
        """Show figures, classes and the frames that differ."""
        self.report = result
        first, second = (name or "–" for name in result["reviewers"])
        differing = result["disagreements"]
        found = f"They differ on {count_of(len(differing), 'frame')}." if differing else "They agree on every frame."
        who = f"Yours by {first}; theirs by {second}" if "," in first + second else f"{first} and {second}"
        common = f"{who}: {count_of(result['frames'], 'frame')} in common. {found}"
        self.say("\n".join([*([common] if result["frames"] else []), *result["notes"]]))
        self._show_figures(result)
        _fill(
            self.classes,
            ["Class", "Objects", "F1 0.50", "F1 0.75", "IoU"],
            [
                [row["class"], " / ".join(f"{n:,}" for n in row["objects"]), *map(_number, _rates(row))]
                for row in result["by_class"]
            ],
        )
        _fill(
            self.differences,
            ["Frame", "What differs"],
            [[row["frame"].rpartition("/")[2], difference_in_words(row)] for row in differing[:LISTED]],
            numbers=False,
        )
        for at, row in enumerate(differing[:LISTED]):
            if (item := self.differences.item(at, 0)) is not None:
                item.setToolTip(plain_tip(row["frame"]))
        self.differences.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.differences.setVisible(bool(differing))
        self.settle_button.setVisible(bool(differing))
        self._tables.setVisible(result["frames"] > 0)
        if result["frames"]:
            self.make_room(HEIGHT, wide=WIDTH)
        if differing:
            self.settle_button.setDefault(True)
            self.settle_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_figures(self, result: Report) -> None:
        columns = [("All frames", result)]
        if 0 < result["blind"]["frames"] < result["frames"]:
            columns += [("Blind", result["blind"]), ("With proposals", result["with_predictions"])]
        elif result["blind"]["frames"]:
            columns = [("All, blind", result)]
        rows = [["Frames", *(f"{figures['frames']:,}" for _, figures in columns)]]
        rows += [[text, *(_with_interval(figures, key) for _, figures in columns)] for key, text, _ in _FIGURES]
        _fill(self.figures, ["", *(title for title, _ in columns)], rows)
        for at, (_, _, tip) in enumerate(_FIGURES, start=1):
            if (item := self.figures.item(at, 0)) is not None:
                item.setToolTip(tip)

    def _settle(self, row: int) -> None:
        differing = self.report["disagreements"] if self.report is not None else []
        if differing:
            # The chosen one first, the others as they come, and then round.
            self.settle_wanted.emit([*differing[row:], *differing[:row]])
            self.accept()


def difference_in_words(row: dict[str, Any]) -> str:
    """Return by what a frame differs, such as `dog only theirs ×2, cat is their dog`."""
    found = Counter(_WORDS[one["kind"]].format(*one["classes"]) for one in row["objects"])
    return ", ".join(f"{words} ×{count}" if count > 1 else words for words, count in found.items())


def _rates(row: dict[str, Any]) -> tuple[float | None, ...]:
    return row["f1_50"], row["f1_75"], row["mean_iou"]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _with_interval(figures: dict[str, Any], key: str) -> str:
    interval = figures.get(f"{key}_interval")
    spread = f"  ({interval[0]:.2f} to {interval[1]:.2f})" if interval else ""
    return f"{_number(figures[key])}{spread}"


def _table(name: str) -> QTableWidget:
    table = QTableWidget()
    table.setAccessibleName(name)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setTabKeyNavigation(False)
    table.setShowGrid(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
    table.horizontalHeader().setMinimumSectionSize(LEAST_COLUMN)
    return table


def _fill(table: QTableWidget, columns: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = True) -> None:
    table.setColumnCount(len(columns))
    for column, title in enumerate(columns):
        header = QTableWidgetItem(title)
        header.setTextAlignment(_RIGHT if column and numbers else _LEFT)
        table.setHorizontalHeaderItem(column, header)
    table.setRowCount(len(rows))
    for at, row in enumerate(rows):
        for column, text in enumerate(row):
            item = QTableWidgetItem(text)
            item.setTextAlignment(_RIGHT if column and numbers else _LEFT)
            if not (column and numbers):
                item.setToolTip(plain_tip(text))  # where it is cut short
            table.setItem(at, column, item)
    table.resizeColumnsToContents()
    table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
