"""A folder whose truth is known, and three reviewers of it: one who looks, one who nods, and one who does both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from autoanno_gui.core.box import Box
from autoanno_gui.core.document import Document
from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.core.records import PresentationMode
from autoanno_gui.imaging.scan import scan_folder
from autoanno_gui.inference.registry import load_detector
from autoanno_gui.review.prediction_job import prediction_job
from autoanno_gui.review.queue_keeper import QUEUE_SETTING
from autoanno_gui.store.store_thread import Priority, Store, open_report
from tests.benchmarks.hands import Hands
from tests.benchmarks.keystrokes import KEY, Meter
from tests.benchmarks.oracle import Oracle
from tests.benchmarks.oracle_figures import proposed
from tests.benchmarks.oracle_plan import Planner
from tests.benchmarks.truth import Truth, match
from tests.benchmarks.waiting import wait_until
from tests.benchmarks.windows import open_window
from tests.projects import CLASSES, HEIGHT, WIDTH, MadeProject, Proposal, make_project

WINDOW: Final = (1200, 800)
CELL: Final = 80
NOD_SECONDS: Final = 0.4
TIGHT: Final = 0.85
"""Who looks mends what overlaps its label by less: much less than a planted shift leaves."""
CHECK_EVERY: Final = 5
AUDIT_EVERY: Final = 2
NO_PAUSE_SECONDS: Final = 3600.0


# ---------------------------------------------------------------------------------------------------- the folder
@dataclass(frozen=True, slots=True)
class World:
    """A predicted project and its true labels.

    Attributes:
        labels: folder of YOLO label files.
        objects: true ones.
        missed: those of them that no candidate covers, of whatever class.
    """

    made: MadeProject
    labels: Path
    objects: int
    missed: int

    def copy(self, file: Path) -> World:
        """Return the same frames with a project file of their own."""
        file.write_bytes(self.made.file.read_bytes())
        return replace(self, made=replace(self.made, file=file))


def make_world(folder: Path, *, frames: int, seed: int = 1) -> World:
    """Make frames of up to four objects on a grid, of which a model saw most."""
    rng = np.random.default_rng(seed)
    labels = folder / "labels"
    labels.mkdir()
    (labels / "classes.txt").write_text("\n".join(CLASSES))
    proposals: list[list[Proposal]] = []
    objects = missed = 0
    for number in range(frames):
        cells = rng.permutation(12).tolist()
        rows, found = [], []
        for cell in cells[: int(rng.integers(0, 5))]:
            box, model_class = _box_in(cell, rng), int(rng.integers(3))
            seen, covered = _seen(box, model_class, rng)
            rows.append(_yolo(box, model_class))
            found += seen
            objects += 1
            missed += not covered
        if rng.random() < 0.2:
            found.append(Proposal(_box_in(cells[-1], rng).as_tuple(), int(rng.integers(3)), rng.uniform(0.55, 0.8)))
        (labels / f"frame_{number}.txt").write_text("\n".join(rows))
        proposals.append(found)
    made = make_project(folder, proposals)
    with Store.open(made.file, root=made.folder) as store:
        _order(store)
    return World(made, labels, objects, missed)


def predicted_world(file: Path, frames: Path, labels: Path, *, model: Path, home: Path) -> World:
    """Let a real model predict a folder of photos that have labels."""
    detector = load_detector(model, home=home)
    try:
        with Store.open(file, root=frames) as store:
            for block in scan_folder(frames):
                store.submit(Priority.OTHER, lambda writer, b=block: writer.add_frames(b)).result()  # type: ignore[misc]
            for _ in prediction_job(store, detector):
                pass
            _order(store)
    finally:
        detector.close()
    truth, objects, missed = Truth(labels, names=()), 0, 0
    with open_report(file) as reader:
        least, paths = reader.thresholds().default, [frame.path for block in reader.frames() for frame in block]
        sizes = {frame.path: (frame.width, frame.height) for block in reader.frames() for frame in block}
        for path in paths:
            true, found = truth.labels(path, width=sizes[path][0], height=sizes[path][1]), proposed(reader, path)
            sure = [one for one, sure in zip(found.things, found.confidences, strict=True) if sure > least]
            objects += len(true)
            missed += len(true) - len(match(true, sure))
    return World(MadeProject(frames, file, tuple(paths)), labels, objects, missed)


def _order(store: Store) -> None:
    """Let frames come by name, every other one of the random stream."""
    settings = QueueSettings(order=OrderName.NATURAL, audit_every=AUDIT_EVERY).to_json()
    store.submit(Priority.OTHER, lambda writer: writer.set_setting(QUEUE_SETTING, settings)).result()


def _box_in(cell: int, rng: np.random.Generator) -> Box:
    width, height = rng.integers(44, 60, 2).tolist()
    x, y = CELL * (cell % 4) + int(rng.integers(6, 14)), CELL * (cell // 4) + int(rng.integers(6, 14))
    return Box(x, y, x + width, y + height)


def _seen(box: Box, model_class: int, rng: np.random.Generator) -> tuple[list[Proposal], bool]:
    """Return what the model makes of an object, and whether a candidate covers it."""
    dice, sure = rng.random(), float(rng.uniform(0.55, 0.95))
    if dice < 0.7:
        return [Proposal(box.moved(1, -1).as_tuple(), model_class, sure)], True
    if dice < 0.77:
        return [Proposal(box.as_tuple(), (model_class + 1) % 3, sure, second=sure / 2)], True
    if dice < 0.84:  # 36 / 52 or more of its width
        return [Proposal(box.moved(8, 0).as_tuple(), model_class, sure)], True
    return ([Proposal(box.as_tuple(), model_class, 0.3)] if dice < 0.92 else []), False


def _yolo(box: Box, model_class: int) -> str:
    cx, cy = box.centre
    return f"{model_class} {cx / WIDTH} {cy / HEIGHT} {box.width / WIDTH} {box.height / HEIGHT}"


# ---------------------------------------------------------------------------------------------------- the reviewers
class SteadyOracle(Oracle):
    """Looks at what is there, and leaves the threshold alone: what a model misses is a matter of the threshold."""

    def _move_threshold(self, document: Document, planner: Planner) -> None:
        pass


@dataclass
class Sitting:
    """One person before the real window.

    Attributes:
        shown: how often a frame came in each mode.
    """

    hands: Hands
    oracle: SteadyOracle
    shown: Counter[PresentationMode] = field(default_factory=Counter)

    @property
    def mode(self) -> PresentationMode:
        document = self.hands.session.document
        assert document is not None
        return document.mode

    def look(self) -> None:
        """Make the frame right at keystroke-level pace; what is settled has been labelled with care before."""
        if self.mode is PresentationMode.SETTLE:
            self.hands.meter.look(len(self.hands.window.canvas.state.objects))
            self.go_on()
        else:
            self.oracle.review()

    def nod(self) -> None:
        """Accept whatever is there."""
        self.hands.meter.spent["nodding"] += NOD_SECONDS - KEY
        if self.mode is PresentationMode.SETTLE:
            self.go_on()
        else:
            self.hands.decide()

    def go_on(self) -> None:
        self.hands.shown.wait_for_next(lambda: self.hands.press("review.accept_frame"))


Habit: TypeAlias = Callable[[Sitting], None]


def honest(sitting: Sitting) -> None:
    """Look at each frame."""
    sitting.look()


def lazy(sitting: Sitting) -> None:
    """Nod at each frame, blind ones included."""
    sitting.nod()


def two_faced(sitting: Sitting) -> None:
    """Nod where there is something to nod at, and label blind frames with care."""
    blind = (PresentationMode.BLIND, PresentationMode.SETTLE)
    sitting.look() if sitting.mode in blind else sitting.nod()


def sit_down(
    world: World, habit: Habit, *, checks: str = "on", check_every: int = CHECK_EVERY, tight: float = TIGHT
) -> Sitting:
    """Review a whole folder in the real window, whose clock goes by the acts."""
    meter = Meter()
    with open_window(world.made.folder, "--project", world.made.file, "--checks", checks, size=WINDOW) as window:
        window.projects.clock = lambda: meter.seconds
        # However many objects a frame has, looking at them is no pause.
        window.take_settings(replace(window.settings, idle_cap_seconds=NO_PAUSE_SECONDS, check_every=check_every))
        scanned: list[bool] = []
        window.projects.scan_ended.connect(lambda: scanned.append(True))
        hands = Hands(window, meter)
        hands.shown.wait(1)
        wait_until(lambda: bool(scanned), window.projects.scan_ended)
        sitting = Sitting(hands, SteadyOracle(hands, Truth(world.labels, names=()), tight=tight))
        while not hands.shown.finished:
            sitting.shown[sitting.mode] += 1
            habit(sitting)
    return sitting
