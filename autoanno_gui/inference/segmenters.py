"""Tell what a segmenter file is, refuse what cannot be used with a sentence, and load the rest."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from autoanno_gui.core.errors import ModelError
from autoanno_gui.core.predictions import SegmenterInfo
from autoanno_gui.inference.grabcut_engine import GrabCutSegmenter
from autoanno_gui.inference.offline import prepare_offline
from autoanno_gui.inference.sam_engine import FULL_IMGSZ, load_sam
from autoanno_gui.inference.sam_weights import ARCHITECTURES, SamWeights, build_network, open_weights
from autoanno_gui.inference.segmenter import Segmenter

__all__ = ["ARCHITECTURES", "inspect_segmenter", "load_segmenter"]


def inspect_segmenter(path: Path, *, home: Path, architecture: str | None = None) -> SegmenterInfo:
    """Return what a file of weights is.

    Args:
        path: a `.pt` or `.pth` file of SAM 2, SAM 2.1, MobileSAM or SAM, as Meta or Ultralytics publish it.
        home: the program's own folder for models; what their runtimes keep goes there too.
        architecture: what it must be, one of `ARCHITECTURES`; None to go by the file.

    Raises:
        ModelError: it is missing, damaged, unsafe, no SAM, or not of that architecture.
    """
    return _open(path, home=home, architecture=architecture)[0]


def load_segmenter(
    path: Path | None, *, home: Path, device: str = "auto", architecture: str | None = None, imgsz: int = FULL_IMGSZ
) -> Segmenter:
    """Load a segmenter.

    Args:
        path: as in `inspect_segmenter`; None for GrabCut, which needs no weights and ignores all that follows.
        home: as in `inspect_segmenter`.
        device: `auto` (a GPU where there is one), `cpu`, `cuda`, `cuda:N` or `mps`.
        architecture: as in `inspect_segmenter`.
        imgsz: longer side in pixels to which images are scaled: a multiple of 64; 512 takes a fifth of the time.

    Raises:
        ModelError: as `inspect_segmenter`, or it does not run on the device.
        OutOfMemory: the device is too small for it.
    """
    if path is None:
        return GrabCutSegmenter()
    info, weights = _open(path, home=home, architecture=architecture)
    return load_sam(info, build_network(weights), device=device, imgsz=imgsz)


def _open(path: Path, *, home: Path, architecture: str | None) -> tuple[SegmenterInfo, SamWeights]:
    prepare_offline(home)
    path = Path(os.path.abspath(path))
    try:
        weights = open_weights(path, architecture=architecture)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as e:
        raise ModelError(f"{path} cannot be read ({e.strerror or e}); check its permissions and the disk.") from e
    return SegmenterInfo(path.name, weights.architecture, weights_hash=digest, path=str(path)), weights
