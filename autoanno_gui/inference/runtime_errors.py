"""What a model runtime raises, turned into the program's own errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from autoanno_gui.core.errors import ModelError, OutOfMemory
from autoanno_gui.core.predictions import ModelInfo, SegmenterInfo

_OUT_OF_MEMORY: Final = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "failed to allocate",
    "bad_alloc",
)


@contextmanager
def runtime_errors(
    info: ModelInfo | SegmenterInfo,
    exceptions: tuple[type[Exception], ...] = (RuntimeError,),
    *,
    doing: str,
    opening: bool = False,
    remedy: str = "copy or export it again",
) -> Iterator[None]:
    """Turn what a model runtime raises into `OutOfMemory` or a `ModelError` sentence.

    Args:
        info: the model.
        exceptions: what its runtime raises when it fails.
        doing: when it happened, as the sentences say it: `while predicting`.
        opening: whether any other exception is the file's fault too; otherwise it is a bug and passes.
        remedy: what to do about a file that fails.
    """
    try:
        yield
    except MemoryError as e:
        raise OutOfMemory(f"The memory ran out {doing} ({info.name}); close other programs.") from e
    except (AssertionError, AttributeError, ImportError, KeyError, OSError, TypeError, ValueError) as e:
        if not opening:
            raise
        raise ModelError(f"{info.path} failed {doing} ({_short(e)}); {remedy}.") from e
    except exceptions as e:
        if any(phrase in str(e).lower() for phrase in _OUT_OF_MEMORY):
            free_gpu("cuda")
            raise OutOfMemory(f"The device's memory ran out {doing} ({info.name}); use a smaller model.") from e
        raise ModelError(f"{info.path} failed {doing} ({_short(e)}); {remedy}.") from e


def _short(error: Exception) -> str:
    """Return the first line of a runtime's message."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:200]


def free_gpu(device: str) -> None:
    """Give back the memory of a CUDA device that PyTorch keeps for later use."""
    import torch

    if device.startswith("cuda") and torch.cuda.is_available():
        torch.cuda.empty_cache()
