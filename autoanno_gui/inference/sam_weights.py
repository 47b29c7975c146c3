"""Open the weights of Segment Anything models, which are pickles, without running what may be in them."""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from autoanno_gui.core.errors import ModelError
from autoanno_gui.inference.yolo_checkpoint import check_container
from autoanno_gui.inference.yolo_runtime import import_ultralytics

if TYPE_CHECKING:
    from torch import Tensor, nn

_BUILDERS: Final = {
    "sam2.1_t": "build_sam2_t",
    "sam2.1_s": "build_sam2_s",
    "sam2.1_b": "build_sam2_b",
    "sam2.1_l": "build_sam2_l",
    "sam2_t": "build_sam2_t",
    "sam2_s": "build_sam2_s",
    "sam2_b": "build_sam2_b",
    "sam2_l": "build_sam2_l",
    "mobile_sam": "build_mobile_sam",
    "sam_b": "build_sam_vit_b",
    "sam_l": "build_sam_vit_l",
    "sam_h": "build_sam_vit_h",
}
ARCHITECTURES: Final = tuple(_BUILDERS)
"""The networks that can be built: SAM 2.1 and SAM 2 (tiny, small, base plus, large), MobileSAM, SAM (base to huge)."""

_SIZES: Final = {
    ("sam2", 96, 12): "t",
    ("sam2", 96, 16): "s",
    ("sam2", 112, 24): "b",
    ("sam2", 144, 48): "l",
    ("sam", 768, 12): "b",
    ("sam", 1024, 24): "l",
    ("sam", 1280, 32): "h",
}
"""Family, width and number of blocks of the image encoder -> size."""
_MOBILE: Final = "image_encoder.patch_embed.seq.0.c.weight"
_POSITIONS: Final = {"image_encoder.trunk.pos_embed": ("sam2", 1), "image_encoder.pos_embed": ("sam", 3)}
"""Name of the encoder's positions -> family, and the dimension that is its width."""
_BLOCK: Final = re.compile(r"image_encoder\.(?:trunk\.)?blocks\.(\d+)\.")
_ONLY_IN_2_1: Final = frozenset({"no_obj_embed_spatial", "obj_ptr_tpos_proj.weight", "obj_ptr_tpos_proj.bias"})
"""What SAM 2.1 has more than SAM 2. It serves to follow objects through a video and has no part in a single image."""
_WRAPPERS: Final = ("model", "state_dict")
_FOREIGN: Final = re.compile(r"GLOBAL ([\w.]+)")
_CHOICE: Final = "choose the .pt or .pth file of a SAM 2, SAM 2.1, MobileSAM or SAM"

_State = Mapping[str, "Tensor"]


@dataclass(frozen=True, slots=True, eq=False)
class SamWeights:
    """The weights of one file and the network they are for.

    Attributes:
        architecture: one of `ARCHITECTURES`.
        state: tensor by name, on the CPU; may be mapped from the file.
    """

    path: Path
    architecture: str
    state: _State


def open_weights(path: Path, *, architecture: str | None = None) -> SamWeights:
    """Read a file of weights: a state dict, alone or as "model" in a dict, as Meta and Ultralytics publish them.

    Only tensors and plain values are rebuilt (and networks of Ultralytics, once a YOLO was opened); nothing else that
    the file names is imported or called. What network they are for is told by the tensors, whatever the file's name.

    Args:
        architecture: what the user takes it for, one of `ARCHITECTURES`; None to go by the file.

    Raises:
        ModelError: missing, damaged, holds code, no SAM, or not of the architecture that was asked for.
        OSError: it cannot be read.
    """
    if architecture is not None and architecture not in _BUILDERS:
        raise ModelError(f"There is no architecture {architecture}; choose one of {', '.join(ARCHITECTURES)}.")
    if not path.exists():
        raise ModelError(f"There is no {path}; {_CHOICE}.")
    if path.is_dir():
        raise ModelError(f"{path} is a folder; {_CHOICE}.")
    check_container(path, choice="the weights of a SAM")
    state = _tensors(path, _unpickled(path))
    found = _architecture_of(state)
    if found is None:
        raise ModelError(f"{path} holds weights of another network than those that can be used; {_CHOICE}.")
    if architecture not in (None, found):
        raise ModelError(f"{path} holds the weights of {found}, not of {architecture}; choose {found}.")
    return SamWeights(path, found, state)


def build_network(weights: SamWeights) -> nn.Module:
    """Return the network with these weights, on the CPU.

    Raises:
        ModelError: there are weights too many, too few, or of other shapes.
    """
    import_ultralytics()
    build: Callable[[None], nn.Module] = getattr(
        import_module("ultralytics.models.sam.build"), _BUILDERS[weights.architecture]
    )
    network = build(None)
    expected = network.state_dict()
    state = dict(weights.state)
    lacking = expected.keys() - state.keys()
    if weights.architecture.startswith("sam2.1"):
        lacking |= _ONLY_IN_2_1 - state.keys()
        state = {name: tensor for name, tensor in state.items() if name not in _ONLY_IN_2_1}
    faults = [
        (lacking, "lacks"),
        (state.keys() - expected.keys(), "has a foreign"),
        (
            {name for name in state.keys() & expected.keys() if state[name].shape != expected[name].shape},
            "has a misfit",
        ),
    ]
    for names, fault in faults:
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise ModelError(
                f"{weights.path} is no complete {weights.architecture}: it {fault} {min(names)}{more}; "
                "use the file as it was published."
            )
    try:
        network.load_state_dict(state)
    except RuntimeError as e:  # tensors of a kind that cannot be copied, such as sparse ones
        raise ModelError(f"The weights in {weights.path} cannot be used; use the file as it was published.") from e
    return network


def _unpickled(path: Path) -> object:
    """Return what is in the file."""
    import_ultralytics()
    import torch

    try:
        # Mapped, so that what is not looked at is not read.
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except pickle.UnpicklingError as e:
        raise ModelError(_refusal(path, str(e))) from e
    except (AttributeError, EOFError, ImportError, LookupError, RuntimeError, TypeError, ValueError) as e:
        if "TorchScript" in str(e):
            raise ModelError(f"{path} is a TorchScript archive, not weights; {_CHOICE}.") from e
        raise ModelError(f"{path} is damaged or cut short; copy the file again.") from e


def _refusal(path: Path, reason: str) -> str:
    """Return the sentence for a pickle that names more than tensors."""
    named = _FOREIGN.search(reason)
    if named is None:
        return f"{path} was not opened since it is no plain file of weights; it may be damaged or contain code."
    if named[1].startswith(("ultralytics.", "models.")):
        return _a_yolo(path)
    return f"{path} was not opened since it contains code ({named[1]}) that weights have no need of."


def _a_yolo(path: Path) -> str:
    return f"{path} is a YOLO model, not a SAM; choose it as the model that labels the frames."


def _tensors(path: Path, content: object) -> _State:
    import torch

    for wrapper in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if isinstance(content, Mapping) and any(isinstance(each, torch.nn.Module) for each in content.values()):
        raise ModelError(_a_yolo(path))  # whose classes count as plain values from the first YOLO on that was opened
    whole = isinstance(content, Mapping) and bool(content)
    if not whole or not all(isinstance(each, torch.Tensor) for each in cast("Mapping[Any, Any]", content).values()):
        raise ModelError(f"{path} holds no weights by name; {_CHOICE}.")
    return {str(name): tensor for name, tensor in cast("Mapping[Any, Tensor]", content).items()}


def _architecture_of(state: _State) -> str | None:
    """Return which network these weights are for, None for one that is not known."""
    if _MOBILE in state:
        return "mobile_sam"
    blocks = len({found[1] for name in state if (found := _BLOCK.match(name))})
    for name, (family, dimension) in _POSITIONS.items():
        if name in state and state[name].ndim == 4:
            size = _SIZES.get((family, int(state[name].shape[dimension]), blocks))
            newer = ".1" if _ONLY_IN_2_1 & state.keys() else ""
            return f"{family}{newer}_{size}" if size is not None else None
    return None
