"""Figures for notebooks and files, without pyplot and its global state."""

from __future__ import annotations

import io
import logging
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from swiftprep.errors import MissingDependencyError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logger = logging.getLogger(__name__)

_ENGLISH = "DejaVu Sans"  # comes with matplotlib
_CHINESE = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei", "PingFang SC",
    "Hiragino Sans GB", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "SimHei", "Heiti SC", "STHeiti", "SimSun",
    "Songti SC", "Droid Sans Fallback", "Arial Unicode MS", "Noto Sans CJK JP", "Noto Serif CJK SC", "AR PL UMing CN",
)  # fmt: skip
_CHINESE_FILES = re.compile(r"cjk|noto.{0,40}sc|source-?han|wqy|simhei|simsun|msyh|pingfang|sansfallback|uming", re.I)


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, which Jupyter displays even when pyplot was never imported.

    Args:
        width: In inches.
        height: In inches.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependencyError("plots need matplotlib: pip install 'swiftprep[swift]'") from None

    class ShownFigure(Figure):
        """A figure that renders itself as PNG for Jupyter."""

        def _repr_png_(self) -> bytes:
            image = io.BytesIO()
            self.savefig(image, format="png")
            return image.getvalue()

    return ShownFigure(figsize=(width, height), dpi=120, layout="constrained")


def font_for(lang: str) -> str:
    """Return the font to draw a language with; `""` if there is none, and the labels should be in English.

    Args:
        lang: `"en"` or `"zh"`.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    return _chinese_font() if lang == "zh" else _ENGLISH


@cache
def _chinese_font() -> str:
    from matplotlib.font_manager import findSystemFonts, fontManager

    known = {font.name for font in fontManager.ttflist}
    if known.isdisjoint(_CHINESE):  # matplotlib remembers the fonts of an earlier day
        for path in findSystemFonts():
            if _CHINESE_FILES.search(Path(path).name):
                fontManager.addfont(path)
        known = {font.name for font in fontManager.ttflist}
    found = next((name for name in _CHINESE if name in known), "")
    if not found:
        logger.warning(
            "no Chinese font is installed, so figures are labelled in English; install one, such as fonts-noto-cjk "
            "(没有找到中文字体，图中文字改用英文；请安装中文字体，例如 fonts-noto-cjk)"
        )
    return found


def set_font(figure: Figure, font: str) -> None:
    """Draw all texts of a figure with a font from `font_for`; matplotlib's own has the letters that it lacks."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_fontfamily([font, _ENGLISH] if font else [_ENGLISH])
