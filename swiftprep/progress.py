"""Progress bars in a terminal and in Jupyter, and a line about once a minute elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from swiftprep.streams import Forgiving, console_lang, tell

FIRST = 5.0  # seconds until the first line
BETWEEN = 60.0
_CHINESE = {
    "sft": "训练",
    "eval": "评估",
    "scan": "扫描",
    "check": "检查",
    "distil": "蒸馏",
    "ifd": "IFD",
    "progress": "进度",
    "steps": "步",
    "answers": "条回答",
    "files": "个文件",
    "samples": "条样本",
    "scenarios": "个场景",
    "still loading the model": "正在加载模型",
}
_FIGURES = {
    "calls": ("{} calls", "调用 {} 次"),
    "cost": ("cost {}", "费用 {}"),
    "loss": ("loss {}", "损失 {}"),
    "eval_loss": ("eval loss {}", "验证损失 {}"),
}


def progress_bar(items: Iterable[Any] | None = None, **settings: Any) -> Any:
    """Return a tqdm bar, or a stand-in that writes lines where nobody watches, as in a log file or a pipe.

    Args:
        items: What to iterate over, if anything.
        **settings: Passed to `tqdm.auto.tqdm`; `desc` and `unit` in English.
    """
    terminal = Forgiving(sys.stderr)
    in_jupyter = _in_jupyter()  # where standard error is not a terminal
    if not in_jupyter and not terminal.isatty():
        return ProgressLines(items, **settings)
    from tqdm.auto import tqdm

    settings |= {name: _word(settings[name]) for name in ("desc", "unit") if name in settings}

    class Bar(tqdm):  # type: ignore[misc]
        def refresh(self, nolock: bool = False, lock_args: Any = None) -> None:
            """Redraw the bar. tqdm's own method keeps the lock of all bars if interrupted, and the next bar hangs."""
            if nolock:
                self.display()
            else:
                with self._lock:
                    self.display()

        def set_postfix(self, values: dict[str, Any] | None = None, refresh: bool = True, **more: Any) -> None:
            """Set the figures to show beside the bar, such as a loss."""
            self.set_postfix_str(_figures({**(values or {}), **more}), refresh)

    return Bar(items, **settings) if in_jupyter else Bar(items, file=terminal, **settings)


def _in_jupyter() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


class ProgressLines:
    """A bar for a log file or a pipe: a line to standard error after some seconds, then about once a minute.

    It takes no lock, and cannot fail. Quick work writes nothing.
    """

    def __init__(
        self,
        items: Iterable[Any] | None = None,
        *,
        total: float | None = None,
        desc: str | None = None,
        unit: str = "it",
        clock: Callable[[], float] = time.monotonic,
        write: Callable[[str], None] = tell,
        **_: Any,
    ) -> None:
        """Create a bar.

        Args:
            items: What to iterate over, if anything.
            total: Number of items, if known.
            desc: What is being done.
            unit: What is counted.
            clock: Returns seconds.
            write: Writes a line.
            **_: Settings of tqdm, which do not apply.
        """
        self.total = total if total is not None or not hasattr(items, "__len__") else len(items)  # type: ignore[arg-type]
        self.n: float = 0
        self._items = items
        self._desc = desc
        self._unit = unit.strip()
        self._clock = clock
        self._write = write
        self._begun = clock()
        self._due = self._begun + FIRST
        self._postfix = ""

    def __iter__(self) -> Iterator[Any]:
        for item in self._items or ():
            yield item
            self.update()

    def __enter__(self) -> ProgressLines:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, n: float = 1) -> None:
        """Advance the counter."""
        self.n += n
        self.remind()

    def remind(self, waiting_for: str = "") -> None:
        """Write a line if one is due.

        Args:
            waiting_for: What is being done while nothing is counted.
        """
        now = self._clock()
        if now < self._due:
            return
        self._due = now + BETWEEN
        elapsed = now - self._begun
        of = "" if self.total is None else f"/{self.total:g}"
        is_chinese = console_lang() == "zh"
        parts = [_word(waiting_for) if waiting_for and not self.n else f"{self.n:g}{of} {_word(self._unit)}"]
        parts += [self._postfix] if self._postfix else []
        parts.append(f"已用 {_duration(elapsed)}" if is_chinese else f"{_duration(elapsed)} so far")
        if self.n and self.total and self.total > self.n:
            left = _duration(elapsed / self.n * (self.total - self.n))
            parts.append(f"约剩 {left}" if is_chinese else f"about {left} left")
        colon, comma = ("：", "，") if is_chinese else (": ", ", ")
        self._write(f"{_word(self._desc or 'progress')}{colon}{comma.join(parts)}")

    def set_postfix(self, values: dict[str, Any] | None = None, refresh: bool = True, **more: Any) -> None:
        """Set what the next lines also show, such as a loss; `refresh` is for a bar."""
        self._postfix = _figures({**(values or {}), **more})

    def close(self) -> None:
        """Do nothing."""


def _duration(seconds: float) -> str:
    """Return a duration in words of the console's language.

    >>> _duration(75), _duration(600), _duration(9000)
    ('75 s', '10 min', '2.5 h')
    """
    second, minute, hour = ("秒", "分钟", "小时") if console_lang() == "zh" else ("s", "min", "h")
    if seconds < 120:
        return f"{seconds:.0f} {second}"
    return f"{seconds / 60:.0f} {minute}" if seconds < 7200 else f"{seconds / 3600:.1f} {hour}"


def _word(text: str) -> str:
    """Return a word of a bar in the console's language; one that is not known, as it is."""
    if console_lang() != "zh":
        return text
    known = _CHINESE.get(text.strip())
    return text if known is None else text.replace(text.strip(), known)


def _figures(values: dict[str, Any]) -> str:
    """Return figures, such as a loss, in the console's language."""
    is_chinese = console_lang() == "zh"
    forms = [(_FIGURES.get(name, (f"{name} {{}}",) * 2)[is_chinese], value) for name, value in values.items()]
    return ("，" if is_chinese else ", ").join(form.format(value) for form, value in forms)
