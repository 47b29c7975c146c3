"""data.yaml: what goes in comes back."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from autoanno_gui.datasets.yolo import data_yaml


@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.CSafeLoader])
def test_class_names_survive_yaml(loader: Any) -> None:  # noqa: ANN401
    names = [
        *("yes", "no", "on", "off", "null", "~", "true", "1", "1e3", "0o17", "1_000", "2024-01-01", "", ".", "-", "?"),
        *(
            "a: b",
            "#1",
            " two  spaces ",
            "it's",
            'say "x"',
            "back\\slash",
            "v\u00e9lo",
            "\u8f66",
            "\U0001f69a",
            "n01440764",
        ),
        *("line\nbreak", "tab\t", "\u2028", "\ufeff", "x" * 500, "<<", "=", "{a}", "[b]", "%c", "@d", "!e", "&f", "*g"),
    ]
    text = data_yaml(names, {"train": "images/train", "val": "images/val"})
    document = yaml.load(text.encode("utf-8").decode("utf-8"), Loader=loader)
    assert document == {
        "train": "images/train",
        "val": "images/val",
        "nc": len(names),
        "names": dict(enumerate(names)),
    }
    assert "v\u00e9lo" in text, "readable, not escaped"
