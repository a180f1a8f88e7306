"""Figures find a Chinese font, or say that there is none."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from swiftprep import plotting


@pytest.fixture
def fonts(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let matplotlib know no Chinese font; return how to put font files onto the system."""
    from matplotlib import font_manager

    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    plotting._chinese_font.cache_clear()
    yield lambda *files: monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(file) for file in files])
    plotting._chinese_font.cache_clear()


def dejavu(tmp_path: Path, name: str) -> Path:
    import matplotlib

    file = tmp_path / name
    file.write_bytes((Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf").read_bytes())
    return file


def test_without_a_chinese_font_it_is_said_how_to_get_one(fonts: Any, caplog: pytest.LogCaptureFixture) -> None:
    fonts()
    with caplog.at_level(logging.WARNING):
        assert [plotting.font_for("zh"), plotting.font_for("zh"), plotting.font_for("en")] == ["", "", "DejaVu Sans"]
    (said,) = caplog.messages
    assert "fonts-noto-cjk" in said
    assert "没有找到中文字体" in said


def test_a_font_installed_since_is_found(fonts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plotting, "_CHINESE", ("Nobody's", "DejaVu Sans"))  # the font of the copied file
    fonts(dejavu(tmp_path, "Other.ttf"), dejavu(tmp_path, "NotoSansCJK-Regular.ttc"))
    assert plotting.font_for("zh") == "DejaVu Sans"


def test_every_text_of_a_figure_has_the_font_and_one_for_what_it_lacks() -> None:
    from matplotlib.text import Text

    figure = plotting.new_figure(2, 2)
    axes: Any = figure.subplots()
    axes.set(title="标题", xlabel="x")
    axes.plot([1, 2], [1, 2], label="线")
    axes.legend()
    plotting.set_font(figure, "SimHei")
    assert {tuple(text.get_fontfamily()) for text in figure.findobj(Text)} == {("SimHei", "DejaVu Sans")}
