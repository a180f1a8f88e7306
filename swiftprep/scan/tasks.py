"""The templates of the samples: jinja2 in Chinese and English, replaceable by the user's own.

A template is a YAML file with the keys `kind` (optional), `instruction`, `input` and `output`. `instruction` may be a
list of wordings, of which each sample gets one by its id. The names available in a template depend on its kind:

| kind        | made from                                        | names                                            |
|-------------|--------------------------------------------------|--------------------------------------------------|
| `component` | every file, or each part of one that is too long | `code`, `part`, `parts`, `context`               |
| `template`  | a component with both                            | `script`, `template`                             |
| `script`    | a component with both                            | `script`, `template`                             |
| `fim`       | a method, statement or element of a file         | `prefix`, `suffix`, `middle`                     |
| `page`      | a component that uses others                     | `code`, `used`, `states`, `name`                 |
| `api`       | an entry of the catalogue                        | `component`, `example`, `whose`, `place`         |

and in all of them `framework`, `vue_version`, `path`, `language` (`"vue"`, `"javascript"`, `"python"` …).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, UndefinedError
from jinja2.sandbox import SandboxedEnvironment

from swiftprep.errors import ConfigError, DataError, did_you_mean, one_line
from swiftprep.text.characters import whole
from swiftprep.text.limits import read_within

LANGUAGES = ("zh", "en")
KINDS = ("component", "template", "script", "fim", "page", "api")
PARTS = ("instruction", "input", "output")
_LARGEST = 1 << 20  # bytes of a template


@dataclass(frozen=True, slots=True)
class Task:
    """The template of one kind of sample, in one or more wordings; `trusted` ones ship with swiftprep."""

    kind: str
    instruction: tuple[str, ...]
    input: str
    output: str
    trusted: bool = False

    def render(self, sample_id: str, values: dict[str, Any]) -> tuple[str, str, str]:
        """Return `(instruction, input, output)` with the values filled in.

        The user's templates run in jinja2's sandbox; scanned code is only ever a value, never a template.

        Args:
            sample_id: The sample's id, which selects the wording.
            values: The values for the template, by name.

        Raises:
            ConfigError: a template uses an unknown name, or does something that the sandbox forbids.
        """
        wording = self.instruction[zlib.crc32(sample_id.encode("utf-8", "replace")) % len(self.instruction)]
        try:
            # One rendering for all three takes a third of the time.
            parts = _compiled(_BORDER.join((wording, self.input, self.output)), self.trusted)(values).split(_BORDER)
            if len(parts) != 3:  # the separator happens to occur in the code
                parts = [_compiled(part, self.trusted)(values) for part in (wording, self.input, self.output)]
        except Exception as error:  # the user's template may raise anything
            raise ConfigError(f"template: {error}; it can use {', '.join(sorted(values))} (模板有误)") from None
        return parts[0], parts[1], parts[2]


_BORDER = "\x1e\x1f\x1e"


@lru_cache(maxsize=64)
def _compiled(source: str, trusted: bool) -> Callable[[dict[str, Any]], str]:
    """Return a function that renders a template; one with only plain names skips jinja2, which is slow."""
    pieces = _NAME.split(source)  # alternating text and names
    if not any("{" in text for text in pieces[::2]):
        return lambda values: _joined(pieces, values)
    kind = Environment if trusted else SandboxedEnvironment
    engine = kind(
        undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True
    )
    template = engine.from_string(source)
    known = dict(template.globals)  # `render` copies it each time, which takes as long as most templates
    return lambda values: "".join(template.root_render_func(template.new_context({**known, **values}, shared=True)))


_NAME = re.compile(r"\{\{ (\w+) \}\}")


def _joined(pieces: list[str], values: dict[str, Any]) -> str:
    parts = list(pieces)
    for at in range(1, len(parts), 2):
        if parts[at] not in values:
            raise UndefinedError(f"'{parts[at]}' is undefined")
        parts[at] = str(values[parts[at]])
    return "".join(parts)


def load_task(name: str | Path, lang: str = "zh") -> Task:
    """Load a built-in template by its kind, or the user's own YAML file by its path.

    Args:
        name: One of `KINDS`, or a path that ends in `.yaml`; a file without `kind` is for `"component"`.
        lang: Language of a built-in template, `"zh"` or `"en"`.

    Raises:
        ConfigError: there is no such template, or it does not have exactly those keys.
    """
    import yaml

    from swiftprep.text.bounded_yaml import load_bounded, where_not_yaml  # not needed in worker processes

    if str(name).endswith((".yaml", ".yml")):
        try:
            text = read_within(Path(name), _LARGEST).decode("utf-8")
        except (OSError, DataError, UnicodeDecodeError) as error:
            raise ConfigError(f"template {one_line(str(name))}: {one_line(str(error))} (读不了模板文件)") from None
    else:
        if lang not in LANGUAGES:
            raise ConfigError(f"lang={lang!r}: expected 'zh' or 'en' (应为 'zh' 或 'en')")
        if name not in KINDS:
            near = did_you_mean(str(name), KINDS)
            raise ConfigError(
                f"kinds: there are no samples of kind {one_line(str(name), 100)!r}{near}; there are "
                f"{', '.join(KINDS)}, or give a .yaml template of your own "
                f"(没有这种样本，可选 {'、'.join(KINDS)}，或自己的 .yaml 模板)"
            )
        text = (files("swiftprep") / "assets" / "prompts" / f"{name}.{lang}.yaml").read_text(encoding="utf-8")
    try:
        parts = load_bounded(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a number with thousands of digits
        why = where_not_yaml(error) if isinstance(error, yaml.YAMLError) else one_line(str(error))
        raise ConfigError(f"template {name}: not valid YAML: {why} (YAML 格式错误)") from None
    if not isinstance(parts, dict) or set(parts) - {"kind"} != set(PARTS):
        raise ConfigError(
            f"template {name}: expected exactly the keys {', '.join(PARTS)}, and optionally kind (模板的键不对)"
        )
    kind = parts.get("kind", "component" if Path(name).suffix else str(name))
    wordings = parts["instruction"] if isinstance(parts["instruction"], list) else [parts["instruction"]]
    if not wordings or not all(isinstance(text, str) for text in (*wordings, parts["input"], parts["output"])):
        raise ConfigError(f'template {name}: {", ".join(PARTS)} must all be text, "" if empty (必须是文本，可为空)')
    if not isinstance(kind, str) or kind not in KINDS:
        kind_text = one_line(str(kind), 100)
        near = did_you_mean(kind_text, KINDS)
        raise ConfigError(
            f"template {name}: kind={kind_text!r}; expected one of {', '.join(KINDS)}{near} (没有这种样本)"
        )
    return Task(kind, tuple(map(whole, wordings)), whole(parts["input"]), whole(parts["output"]), trusted=kind == name)
