"""Hand a sample over to a second reviewer, and merge back what that one decided."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QSpinBox, QWidget

from autoanno_gui.config import PROJECT_SUFFIX
from autoanno_gui.review.hand_over import SAMPLE_SIZE, HandedOver, Merged, hand_over, merge_back
from autoanno_gui.store.store_thread import Store
from autoanno_gui.ui.dialogs.work import FileField, Work, WorkDialog
from autoanno_gui.ui.wording import count_of

_HAND_OVER: Final = (
    "Frames drawn at random from those you have labelled become a project of their own: with the model's proposals and "
    "your thresholds, without anything that you decided. The second reviewer opens it beside the same folder of frames."
)
_MERGE: Final = (
    "What a second reviewer decided is added to this project. Where you decided, your labels stay; other frames take "
    "theirs. Merging the same file again adds only what is new."
)


class HandOverDialog(WorkDialog):
    """Asks how many frames, and where the new project goes."""

    def __init__(self, store: Store, *, labelled: int, parent: QWidget | None = None) -> None:
        super().__init__("Hand Over a Sample", about=_HAND_OVER, verb="&Hand Over", parent=parent)
        self._store: Final = store
        self.size_box: Final = QSpinBox(minimum=1, maximum=max(1, labelled), value=SAMPLE_SIZE)
        self.size_box.setSuffix(f" of {labelled:,} labelled")
        self.seed_box: Final = QSpinBox(maximum=2**31 - 1)
        self.seed_box.setToolTip("The same number draws the same frames again, such as for a third reviewer.")
        self.target: Final = FileField(_proposed(store), title="Project for the second reviewer", to_save=True)
        self.form.addRow("&Frames", self.size_box)
        self.form.addRow("&Draw number", self.seed_box)
        self.form.addRow("&Project file", self.target)
        self.lay_out()
        self.size_box.setFocus()
        self.start_button.setEnabled(labelled > 0)
        if not labelled:
            self.say("Label some frames first, so that there is something to compare.")

    def work(self) -> Work | None:
        """Write the sample."""
        target = self.target.path
        if target is None:
            self.say("Say where the new project file goes.")
            return None
        size, seed = self.size_box.value(), self.seed_box.value()
        return lambda: hand_over(self._store.file, target, size=size, seed=seed)

    def show_result(self, result: HandedOver) -> None:
        """Say where it is."""
        self.say(
            f"The project of {count_of(result.frames, 'frame')} is {result.target}. When it is labelled, choose "
            "Tools > Merge a Reviewed Sample, or compare the two files directly."
        )


class MergeDialog(WorkDialog):
    """Asks for the second reviewer's file and merges it."""

    stopped_text = "Stopped. What was merged so far stays; merge again for the rest."

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__("Merge a Reviewed Sample", about=_MERGE, verb="&Merge", parent=parent)
        self._store: Final = store
        self.started = False
        """Whether anything may have been merged."""
        self.merged: Merged | None = None
        """What the last merge that came to its end did."""
        self.source: Final = FileField(None, title="Project of the second reviewer")
        self.form.addRow("&Project file", self.source)
        self.lay_out()
        self.source.setFocus()

    def work(self) -> Work | None:
        """Merge the file."""
        source = self.source.path
        if source is None:
            self.say("Choose the project file of the second reviewer.")
            return None
        self.started, self.merged = True, None
        return lambda: merge_back(self._store, source)

    def show_result(self, result: Merged) -> None:
        """Say what is new and what was left out."""
        self.merged = result
        by = f" by {', '.join(result.reviewers)}" if result.reviewers else ""
        parts = [f"{count_of(result.merged, 'decision')}{by} merged, {result.known:,} known already."]
        if result.revoked:
            parts.append(f"{count_of(result.revoked, 'decision')} taken back there, and so here.")
        self.say("\n".join([*parts, *result.notes]))


def _proposed(store: Store) -> Path:
    names = [f"{store.root.name} second review{number}{PROJECT_SUFFIX}" for number in ("", *range(2, 100))]
    home = Path.home()
    return next((home / name for name in names if not (home / name).exists()), home / names[0])
