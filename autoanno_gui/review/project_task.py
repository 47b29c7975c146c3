"""What kind of object a project collects, as it follows from the first model that it is given."""

from __future__ import annotations

from typing import Final

from autoanno_gui.core.keypoints import Skeleton, default_skeleton
from autoanno_gui.core.predictions import ModelInfo
from autoanno_gui.core.task import Task
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.store.writer import Writer

_GIVES: Final = {
    Task.DETECT: "boxes",
    Task.SEGMENT: "masks",
    Task.POSE: "boxes with keypoints",
    Task.OBB: "oriented boxes",
}


def default_task(model: ModelInfo) -> Task:
    """Return what a project collects that begins with this model."""
    return model.task


def model_skeleton(model: ModelInfo) -> Skeleton | None:
    """Return what the model's keypoints are, None for a model without any."""
    return (
        default_skeleton(model.kpt_shape[0], model.kpt_names)
        if model.task is Task.POSE and model.kpt_shape is not None
        else None
    )


def task_for_first_model(reader: Reader, model: ModelInfo) -> Task | None:
    """Return the task that a model gives the project; None where the project's own stands already.

    It stands once it was written down, by the first model or by the user, and once any frame was decided or worked on.
    """
    return None if reader.setting("task") is not None or reader.has_work() else default_task(model)


def write_task(writer: Writer, task: Task, skeleton: Skeleton | None) -> None:
    """Write down what a project collects; without a skeleton it keeps the one that it has."""
    if skeleton is not None:
        writer.set_skeleton(skeleton)
    writer.set_project_task(task)


def follow_first_model(store: Store, model: ModelInfo) -> None:
    """Let a project on which nobody has worked yet follow the task of the first model that predicts it, also where no
    window is open."""
    with store.reader() as reader:
        task = task_for_first_model(reader, model)
    if task is not None:
        store.submit(Priority.PREDICTIONS, lambda writer: write_task(writer, task, model_skeleton(model))).result()


def serving_note(model: ModelInfo, task: Task, *, keypoints: int = 0) -> str:
    """Return a sentence on what a project makes of another kind of model's proposals; empty when they fit.

    Args:
        task: what the project collects.
        keypoints: how many the project's skeleton has.
    """
    gives = _GIVES[model.task]
    match task, model.task:
        case Task.SEGMENT, Task.DETECT | Task.OBB | Task.POSE:
            return f"{model.name} gives {gives}; press S to make masks of them."
        case Task.OBB, Task.DETECT | Task.POSE:
            return f"{model.name} gives {gives}; turn them by hand."
        case Task.OBB, Task.SEGMENT:
            return f"{model.name} gives {gives}; the smallest oriented box around each is shown."
        case Task.POSE, Task.DETECT | Task.SEGMENT | Task.OBB:
            return f"{model.name} gives {gives}; place the keypoints by hand."
        case Task.POSE, Task.POSE if model.kpt_shape is not None and model.kpt_shape[0] != keypoints:
            count = model.kpt_shape[0]
            return f"{model.name} gives {count} keypoints but the project has {keypoints}; place them by hand."
        case Task.DETECT, Task.SEGMENT | Task.POSE | Task.OBB:
            return f"{model.name} gives {gives}; this project keeps only the upright boxes around them."
    return ""
