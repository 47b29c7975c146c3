"""What kind of object a model predicts and a project collects."""

from __future__ import annotations

from enum import StrEnum


class Task(StrEnum):
    """The names are Ultralytics'."""

    DETECT = "detect"
    SEGMENT = "segment"
    POSE = "pose"
    OBB = "obb"
