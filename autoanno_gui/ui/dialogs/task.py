"""What kind of object a project collects."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from autoanno_gui.core.task import Task

KINDS: Final = (
    (Task.DETECT, "&Boxes", "An upright box around each object."),
    (Task.SEGMENT, "&Masks", "The exact region of each object, in one or more parts, with holes."),
    (Task.POSE, "&Keypoints", "A box and the points of a skeleton on each object."),
    (Task.OBB, "&Oriented boxes", "A box that is turned as the object lies."),
)


class TaskDialog(QDialog):
    """One choice of four."""

    def __init__(self, current: Task, *, labelled: int, parent: QWidget | None = None) -> None:
        """Offer the kinds.

        Args:
            labelled: how many frames have labels already.
        """
        super().__init__(parent)
        self.setWindowTitle("Kind of Objects")
        self.setMinimumWidth(420)
        self._buttons = QButtonGroup(self)
        layout = QVBoxLayout(self)
        layout.setSpacing(4)
        for number, (task, title, text) in enumerate(KINDS):
            button = QRadioButton(title)
            button.setChecked(task is current)
            self._buttons.addButton(button, number)
            hint = QLabel(text, wordWrap=True)
            hint.setObjectName("mutedLabel")
            hint.setContentsMargins(24, 0, 0, 6)
            layout.addWidget(button)
            layout.addWidget(hint)
        if labelled:
            note = QLabel(
                f"{labelled:,} frame{'' if labelled == 1 else 's'} of this project {'is' if labelled == 1 else 'are'} "
                "labelled already. Those labels stay as they are; an export turns them into its own kind where that is "
                "possible and says where it is not.",
                wordWrap=True,
            )
            note.setContentsMargins(0, 8, 0, 8)
            layout.addWidget(note)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)

    @property
    def task(self) -> Task:
        """What was chosen."""
        return KINDS[self._buttons.checkedId()][0]
