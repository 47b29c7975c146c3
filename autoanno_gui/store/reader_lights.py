"""Reading what is stored of how the frames' pictures are lit, see `imaging.light`."""

from __future__ import annotations

from autoanno_gui.core.light import Light
from autoanno_gui.store.reader_times import TimeReader


class LightReader(TimeReader):
    """Reads the light of frames whose files are as they were."""

    def lights(self) -> dict[int, Light]:
        """Return what is known of the light of each picture, by frame id."""
        rows = self._rows(
            "SELECT f.id, k.brightness, k.sharpness FROM frame_light k JOIN frame f ON f.id = k.frame_id "
            "WHERE k.bytes = f.bytes AND k.mtime_ns = f.mtime_ns"
        )
        return {frame_id: Light(brightness, sharpness) for frame_id, brightness, sharpness in rows}
