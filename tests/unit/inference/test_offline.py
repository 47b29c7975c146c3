from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from importlib import metadata
from pathlib import Path

import pytest

from autoanno_gui.core.errors import ModelError
from autoanno_gui.inference.offline import prepare_offline

ROOT = Path(__file__).resolve().parents[3]

_COUNT_ATTEMPTS = """
import json, os, socket, sys
attempts = []
def refuse(name):
    def call(*args, **kwargs):
        attempts.append(name)
        raise OSError("no network in this test")
    return call
for name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, name, refuse(name))
for name in ("getaddrinfo", "gethostbyname", "create_connection"):
    setattr(socket, name, refuse(name))
"""


def run_python(script: str, *, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own whose user has `home` as their home folder."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("YOLO_", "ULTRALYTICS_", "ORT_", "MPL"))}
    inherited.pop("CI", None)
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**inherited, "HOME": str(home), "USERPROFILE": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def attempts_of(models: list[Path], *, home: Path, user: Path) -> tuple[list[str], str]:
    """Load and run models in a process that may not connect; return what it tried and what it printed."""
    script = _COUNT_ATTEMPTS + textwrap.dedent(
        f"""
        from pathlib import Path
        import numpy as np
        from autoanno_gui.inference.registry import load_detector
        found = []
        for path in {[str(path) for path in models]!r}:
            detector = load_detector(Path(path), home=Path({str(home)!r}))
            found += [len(p) for p in detector.predict([np.full((120, 90, 3), 90, np.uint8)])]
            detector.close()
        assert len(found) == {len(models)}
        print(json.dumps(attempts), file=sys.stderr)
        """
    )
    done = run_python(script, home=user)
    return json.loads(done.stderr.splitlines()[-1]), done.stdout


def test_every_setting_that_calls_out_is_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ULTRALYTICS_API_KEY", "secret")
    monkeypatch.setenv("YOLO_VERBOSE", "False")

    prepare_offline(tmp_path)

    settings = json.loads((tmp_path / "Ultralytics" / "settings.json").read_text())
    assert len(settings) == 17
    assert not any(value for value in settings.values() if isinstance(value, bool))
    assert settings["api_key"] == settings["openai_api_key"] == ""
    for key in ("datasets_dir", "weights_dir", "runs_dir"):
        assert Path(settings[key]).is_absolute()
        assert Path(settings[key]).is_relative_to(tmp_path)
    assert os.environ["YOLO_OFFLINE"] == "1"
    assert os.environ["YOLO_AUTOINSTALL"] == "0"
    assert os.environ["ULTRALYTICS_SAFE_LOAD"] == "1"
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
    assert os.environ["YOLO_CONFIG_DIR"] == str(tmp_path)
    assert "ULTRALYTICS_API_KEY" not in os.environ
    assert "YOLO_VERBOSE" not in os.environ


def test_a_second_call_leaves_the_files_alone(tmp_path: Path) -> None:
    prepare_offline(tmp_path)
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "Ultralytics").iterdir()}
    prepare_offline(tmp_path)
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "Ultralytics").iterdir()} == before


def test_settings_that_call_out_are_put_right(tmp_path: Path) -> None:
    prepare_offline(tmp_path)
    file = tmp_path / "Ultralytics" / "settings.json"
    settings = json.loads(file.read_text())
    file.write_text(json.dumps({**settings, "sync": True, "api_key": "ul_" + "a" * 40}))
    prepare_offline(tmp_path)
    assert json.loads(file.read_text()) == settings


def test_damaged_settings_are_written_anew(tmp_path: Path) -> None:
    prepare_offline(tmp_path)
    file = tmp_path / "Ultralytics" / "settings.json"
    good = file.read_text()
    file.write_text(good[:40])
    prepare_offline(tmp_path)
    assert file.read_text() == good


def test_the_fonts_are_real_ones(tmp_path: Path) -> None:
    from PIL import ImageFont

    prepare_offline(tmp_path)
    for name in ("Arial.ttf", "Arial.Unicode.ttf"):
        assert ImageFont.truetype(str(tmp_path / "Ultralytics" / name), 12).getlength("frame") > 10


def test_a_home_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="cannot be written"):
        prepare_offline(tmp_path / "file")


def test_an_old_torch_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "2.5.1+cpu")
    with pytest.raises(ModelError, match=r"2\.5\.1\+cpu.*2\.6 or newer"):
        prepare_offline(tmp_path)


def test_ultralytics_takes_the_settings_as_they_are(tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
from autoanno_gui.inference.offline import prepare_offline
prepare_offline(Path({str(tmp_path)!r}))
file = Path({str(tmp_path)!r}, "Ultralytics", "settings.json")
before = file.read_text()
from ultralytics.utils import ONLINE, SETTINGS, SETTINGS_FILE
from ultralytics.utils.checks import check_font
assert Path(SETTINGS_FILE) == file
assert file.read_text() == before
assert SETTINGS["sync"] is False and not ONLINE
assert check_font("Arial.ttf") == file.parent / "Arial.ttf"
"""
    user = tmp_path / "user"
    user.mkdir()
    assert run_python(script, home=user).stdout == ""
    assert list(user.iterdir()) == []


def test_the_trap_for_network_calls_works(tmp_path: Path) -> None:
    script = _COUNT_ATTEMPTS + "import ultralytics\nprint(json.dumps(attempts), file=sys.stderr)"
    done = run_python(script, home=tmp_path)
    assert len(json.loads(done.stderr.splitlines()[-1])) > 0


def test_a_checkpoint_is_loaded_and_run_without_network(tiny: Path, tmp_path: Path) -> None:
    user = tmp_path / "user"
    user.mkdir()
    attempts, printed = attempts_of([tiny], home=tmp_path / "home", user=user)
    assert attempts == []
    assert printed == ""
    assert list(user.iterdir()) == []


def test_exports_are_loaded_and_run_without_network_or_traces(shared: Path, tmp_path: Path) -> None:
    user = tmp_path / "user"
    user.mkdir()
    models = [shared / "models" / name for name in ("yolov8n_int8_openvino_model", "yolo11n_int8.onnx")]
    attempts, printed = attempts_of(models, home=tmp_path / "home", user=user)
    assert attempts == []
    assert printed == ""
    # Native code cannot be trapped from here, but the telemetry of OpenVINO and ONNX Runtime keeps its ids at home.
    assert list(user.iterdir()) == []
