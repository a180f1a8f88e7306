"""The text of the samples: jinja2 templates in Chinese and English, replaceable by the user's own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import yaml
from jinja2 import StrictUndefined, Template
from jinja2.sandbox import SandboxedEnvironment

from swiftprep.errors import ConfigError

LANGUAGES = ("zh", "en")
PARTS = ("instruction", "input", "output")


@dataclass(frozen=True, slots=True)
class Task:
    """The three templates of one kind of sample."""

    instruction: str
    input: str
    output: str

    def render(self, **values: str) -> tuple[str, str, str]:
        """Return `(instruction, input, output)` with the values filled in.

        The templates run in jinja2's sandbox, and scanned code is only ever a value in them, never a template.

        Raises:
            ConfigError: a template uses a name it is not given, or does something the sandbox forbids.
        """
        try:
            instruction, input_, output = (
                _compiled(part).render(**values) for part in (self.instruction, self.input, self.output)
            )
        except Exception as error:  # whatever the user's template does
            raise ConfigError(f"template: {error}; it can use {', '.join(sorted(values))}") from None
        return instruction, input_, output


_ENVIRONMENT = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)


@lru_cache(maxsize=16)
def _compiled(source: str) -> Template:
    return _ENVIRONMENT.from_string(source)


def load_task(name: str | Path, lang: str = "zh") -> Task:
    """Load a template that ships with swiftprep by name, or the user's own YAML file by path.

    Args:
        name: `"component"`, or a path that ends in `.yaml` with the keys `instruction`, `input` and `output`.
        lang: `"zh"` or `"en"`, for the ones that ship.

    Raises:
        ConfigError: no such template, or it does not have exactly those keys.
    """
    if str(name).endswith((".yaml", ".yml")):
        try:
            text = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"template {name}: {error}") from None
    else:
        if lang not in LANGUAGES:
            raise ConfigError(f"lang={lang!r}; expected 'zh' or 'en'")
        resource = files("swiftprep") / "assets" / "prompts" / f"{name}.{lang}.yaml"
        if not resource.is_file():
            raise ConfigError(f"template {str(name)!r}: not one that ships, and not a .yaml file")
        text = resource.read_text(encoding="utf-8")
    try:
        parts = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"template {name}: not valid YAML: {error}") from None
    if not isinstance(parts, dict) or sorted(parts) != sorted(PARTS):
        raise ConfigError(f"template {name}: expected exactly the keys {', '.join(PARTS)}")
    if not all(isinstance(parts[part], str) for part in PARTS):
        raise ConfigError(f'template {name}: {", ".join(PARTS)} must all be text; an empty one is ""')
    return Task(**parts)
