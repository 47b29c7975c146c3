"""Where a model runs, and why not on the GPU."""

from __future__ import annotations

from autoanno_gui.core.errors import ModelError
from autoanno_gui.inference.yolo_metadata import Backend


def choose_device(requested: str, backend: Backend) -> tuple[str, str]:
    """Return (device, why not a GPU; empty when it is one).

    Args:
        requested: `auto`, `cpu`, `cuda`, `cuda:N`, `N` or `mps`.
        backend: the kind of model file.

    Raises:
        ModelError: a device was asked for that is not there, or the file needs one that is not there.
    """
    import torch

    wanted = requested.strip().lower() or "auto"
    if wanted.isdigit():
        wanted = f"cuda:{wanted}"
    if backend is Backend.OPENVINO:
        return "cpu", "OpenVINO exports run on the CPU"
    if wanted == "cpu" and backend is not Backend.ENGINE:
        return "cpu", "the CPU was asked for"
    cuda, why_not = _cuda(backend)
    if wanted == "auto":
        if cuda:
            return "cuda:0", ""
        if backend is Backend.ENGINE:
            raise ModelError(f"TensorRT engines run on an NVIDIA GPU only, and {why_not}; use the .pt or .onnx file.")
        if backend is Backend.TORCH and torch.backends.mps.is_available():
            return "mps", ""
        return "cpu", why_not
    if wanted == "mps":
        if backend is Backend.TORCH and torch.backends.mps.is_available():
            return "mps", ""
        raise ModelError("The device mps is not available for this model; choose auto or cpu.")
    if not cuda:
        raise ModelError(f"The device {requested} cannot be used: {why_not}; choose auto or cpu.")
    kind, _, number = wanted.partition(":")
    if kind != "cuda" or not (number or "0").isdigit() or int(number or 0) >= torch.cuda.device_count():
        raise ModelError(f"There is no device {requested}; choose auto, cpu, or cuda:0 and up.")
    return f"cuda:{number or 0}", ""


def _cuda(backend: Backend) -> tuple[bool, str]:
    """Return whether this kind of file can run on CUDA here, and if not, why."""
    import torch

    if not torch.cuda.is_available():
        return False, "PyTorch sees no CUDA device"
    if backend is Backend.ONNX:
        import onnxruntime

        if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
            return False, "this ONNX Runtime was built without CUDA (the package onnxruntime-gpu has it)"
    return True, ""
