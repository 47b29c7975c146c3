"""What a project collects: its task and its skeleton."""

from __future__ import annotations

import pytest

from autoanno_gui.core.keypoints import COCO_PERSON, Skeleton
from autoanno_gui.core.task import Task
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store


def write(store: Store, key: str, value: str) -> None:
    store.submit(Priority.OTHER, lambda writer: writer.set_setting(key, value)).result()


def test_a_project_collects_boxes_until_it_is_told_otherwise(store: Store, reader: Reader) -> None:
    assert reader.project_task() is Task.DETECT
    for task in Task:
        store.submit(Priority.OTHER, lambda writer, task=task: writer.set_project_task(task)).result()
        assert reader.project_task() is task
    assert reader.setting("task") == "obb"


@pytest.mark.parametrize("text", ["", "classify", "POSE", '"pose"'])
def test_a_task_that_is_none_is_the_default(store: Store, reader: Reader, text: str) -> None:
    write(store, "task", text)
    assert reader.project_task() is Task.DETECT


@pytest.mark.parametrize(
    "skeleton",
    [COCO_PERSON, Skeleton(("tip",)), Skeleton(("Zoë", "日本\n", "\ud800"), ((0, 2), (2, 1)), (1, 0, 2)), Skeleton(())],
    ids=["person", "one point", "odd names", "no point"],
)
def test_a_skeleton_comes_back_exactly(store: Store, reader: Reader, skeleton: Skeleton) -> None:
    assert reader.skeleton() is None
    store.submit(Priority.OTHER, lambda writer: writer.set_skeleton(skeleton)).result()
    assert reader.skeleton() == skeleton


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "17",
        '"nose"',
        "[]",
        "{}",
        '{"names": ["a"]}',
        '{"names": "ab", "edges": [], "flip": [0, 1]}',
        '{"names": ["a", 7], "edges": [], "flip": [0, 1]}',
        '{"names": ["a", "b"], "edges": [[0, 2]], "flip": [0, 1]}',
        '{"names": ["a", "b"], "edges": [[0]], "flip": [0, 1]}',
        '{"names": ["a", "b"], "edges": [["0", "1"]], "flip": [0, 1]}',
        '{"names": ["a", "b"], "edges": [0, 1], "flip": [0, 1]}',
        '{"names": ["a", "b"], "edges": [], "flip": [0, Infinity]}',
        '{"names": ["a", "b"], "edges": [], "flip": [1, 1]}',
        '{"names": ["a", "b"], "edges": null, "flip": null}',
    ],
)
def test_a_skeleton_that_cannot_be_read_is_none(store: Store, reader: Reader, text: str) -> None:
    write(store, "skeleton", text)
    assert reader.skeleton() is None
