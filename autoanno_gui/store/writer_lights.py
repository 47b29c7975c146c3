"""Writes about how the frames' pictures are lit, see `imaging.light`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from autoanno_gui.core.light import Light
from autoanno_gui.store.writer_base import WriterBase


class StoredLight(NamedTuple):
    """The light of one frame's picture.

    Attributes:
        size: of the file that was read, in bytes.
        mtime_ns: its modification time.
    """

    frame_id: int
    size: int
    mtime_ns: int
    light: Light


class LightWrites(WriterBase):
    """Light is not part of the ledger: it can be measured anew at any time."""

    def record_lights(self, lights: Sequence[StoredLight]) -> None:
        """Note the light of pictures, in place of what was known before. The frames must be there."""
        self._in_slices(lights, self._record_light)

    def _record_light(self, found: StoredLight) -> None:
        light = found.light
        self.bulk.execute(
            "INSERT OR REPLACE INTO frame_light(frame_id, bytes, mtime_ns, brightness, sharpness) "
            "VALUES (?, ?, ?, ?, ?)",
            (found.frame_id, found.size, found.mtime_ns, light.brightness, light.sharpness),
        )
