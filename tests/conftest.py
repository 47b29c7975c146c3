"""Fixtures that every test may use. Nothing here touches the user's own settings or the network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autoanno_gui.inference.offline import prepare_offline

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--headed", action="store_true", help="show real windows instead of the offscreen platform")


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--headed"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"


@pytest.fixture(autouse=True)
def app_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test its own home folder of the app."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("AUTOANNO_HOME", str(home))
    return home


@pytest.fixture(scope="session", autouse=True)
def offline(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let no library reach the network or the user's own settings, whichever test imports it first."""
    prepare_offline(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real weights and photos beside the repository; skip where it is absent."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the shared folder with real weights and photos is not beside this repository")
    return folder
