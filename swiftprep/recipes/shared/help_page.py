"""The help of a command: every key of its settings with type, default, description and example."""

from __future__ import annotations

import re
import shlex
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal, get_args, get_origin

import annotated_types
from pydantic import BaseModel

from swiftprep.recipes.shared.commands import Command
from swiftprep.recipes.shared.keys import Key, folder_key, keys_of, section_of, union_members
from swiftprep.recipes.shared.wrapping import columns, wrapped
from swiftprep.recipes.shared.yaml_text import load_yaml

_CHANGED_BY_SHELLS = re.compile(r"[\s*?!$&|;<>(){}\[\]'\"`\\]")


def help_page(command: Command, lang: str, width: int, *, takes_data: bool = False) -> str:
    """Return the help of a command.

    Args:
        command: The command.
        lang: `"zh"` or `"en"`.
        width: Columns of the terminal.
        takes_data: Whether a file that stands alone is data.
    """
    said = words(lang)
    kind: type[BaseModel] = command.kind() or BaseModel
    keys = [key for key in keys_of(kind) if key.name not in command.without]
    folder = folder_key(key.name for key in keys)
    parts = ["[FILE.yaml]", *["[FOLDER]"][: bool(folder)], *["[DATA …]"][:takes_data]]
    colon = "：" if lang == "zh" else ": "
    usage = f"{said['usage']}{colon}swiftprep {command.name} {' '.join(parts)} [key=value …]"
    names = ["dry-run", *command.options, "json", "lang", "help"]
    lines = [wrapped(usage, width, "", "    "), "", wrapped(command.summary[lang], width), "", said["examples"]]
    lines += [
        wrapped(f"swiftprep {command.name} {example}".rstrip(), width, "  ", "      ") for example in command.examples
    ]
    lines += ["", said["options"]]
    lines += [wrapped(said["options_of"][name], width, f"  {'--' + name:<11}", " " * 13) for name in names]
    about = ("" if lang == "zh" else " ").join(
        [said["forms"], *[said["folder"].format(folder)][: bool(folder)], *[said["data"]][:takes_data]]
    )
    lines += ["", said["keys"], wrapped(about, width, "  ")]
    shown: dict[type[BaseModel], str] = {}
    for section in dict.fromkeys(key.section for key in keys):
        own = [key for key in keys if key.section == section]
        lines += ["", wrapped(_heading(kind, section, lang), width, "", "  ")]
        if section and own[0].owner in shown:
            lines.append(wrapped(said["same"].format(other=shown[own[0].owner], section=section), width, "  "))
            continue
        shown[own[0].owner] = section
        for key in own:
            lines += _free(key, kind, lang, width) if key.name == "sft" else _key(key, lang, width)
    return "\n".join([*lines, "", wrapped(said["complete"], width)])


def type_words(key: Key, lang: str) -> str:
    """Return the type of a key in words, such as `"list of paths, or null"`."""
    kinds = [_type(member, lang) for member in union_members(key.field.annotation)]
    limits = [
        f"{sign} {getattr(limit, name)}"
        for limit in key.field.metadata
        for kind, name, sign in (
            (annotated_types.Gt, "gt", ">"),
            (annotated_types.Ge, "ge", "≥"),
            (annotated_types.Lt, "lt", "<"),
            (annotated_types.Le, "le", "≤"),
        )
        if isinstance(limit, kind)
    ]
    return str(words(lang)["or"]).join(kinds) + "".join(f"{_comma(lang)}{limit}" for limit in limits)


def _comma(lang: str) -> str:
    return "，" if lang == "zh" else ", "


def _type(annotation: Any, lang: str) -> str:
    origin = get_origin(annotation)
    if origin is Literal:
        return " | ".join(str(value) for value in get_args(annotation))
    if origin is list:
        return str(words(lang)["list"]).format(_type(get_args(annotation)[0], lang))
    if origin is tuple:
        return _comma(lang).join(_type(member, lang) for member in get_args(annotation))
    name = getattr(origin or annotation, "__name__", str(annotation))
    return str(words(lang)["types"].get(name, name))


def words(lang: str) -> dict[str, Any]:
    """Return what stands around the keys, in a language."""
    said: dict[str, Any] = _asset("words.yaml")[lang]
    return said


def texts() -> dict[str, Any]:
    """Return the Chinese descriptions and the examples, by class of settings."""
    return _asset("keys.yaml")


@lru_cache(maxsize=2)
def _asset(name: str) -> dict[str, Any]:
    content: dict[str, Any] = load_yaml((files("swiftprep") / "assets" / "help" / name).read_text("utf-8"))
    return content


def described(owner: type[BaseModel], name: str, lang: str) -> tuple[str, str | None]:
    """Return the description of a field and an example of its value, None without one.

    A field that has no Chinese description is described in English.
    """
    classes = [texts().get(base.__name__, {}) for base in owner.__mro__] + [texts()["any"]]
    chinese, *example = next((known[name] for known in classes if name in known), [None])
    english = owner.model_fields[name].description or ""
    return chinese if lang == "zh" and chinese else english, next(iter(example), None)


def _heading(kind: type[BaseModel], section: str, lang: str) -> str:
    """Return the heading of a section: its name, and what it is."""
    if not section:
        return str(words(lang)["top"])
    owner = kind
    *parents, last = section.split(".")
    for parent in parents:
        owner = section_of(owner.model_fields[parent].annotation) or owner
    text, _ = described(owner, last, lang)
    inner = section_of(owner.model_fields[last].annotation)
    if not text and inner is not None:
        doc = (inner.__doc__ or "").strip().rstrip(".")
        text = texts().get(inner.__name__, {}).get("zh", doc) if lang == "zh" else doc
    return f"{section}：{text}" if lang == "zh" else f"{section}: {text}"


def _key(key: Key, lang: str, width: int) -> list[str]:
    said = words(lang)
    text, example = described(key.owner, key.name.rpartition(".")[2], lang)
    default = f"{said['default']} {_plain(key.default)}"
    first = f"  {key.name}"
    gap = " " * max(2, 30 - columns(first))
    brackets = "（{}；{}）" if lang == "zh" else "({}; {})"
    lines = [wrapped(brackets.format(type_words(key, lang), default), width, first + gap, " " * 30)]
    paragraph = [text]
    if example is not None:
        stop = "。" if lang == "zh" else ". "
        sample = said["for_example"] + for_shell(f"{key.name}{'.' if key.is_free else '='}{example}")
        is_short = columns(text + stop + sample) + 6 <= width
        paragraph = [f"{text}{stop}{sample}"] if is_short else [text, sample]
    return [*lines, *(wrapped(part, width, " " * 6) for part in paragraph)]


def for_shell(setting: str) -> str:
    """Return a setting as one types it in a shell: in quotes if the shell would change it.

    >>> for_shell("scan.ignore=dist/,*.min.js"), for_shell("mix.ratio=40:60")
    ("'scan.ignore=dist/,*.min.js'", 'mix.ratio=40:60')
    """
    return shlex.quote(setting) if _CHANGED_BY_SHELLS.search(setting) else setting


def _free(key: Key, kind: type[BaseModel], lang: str, width: int) -> list[str]:
    """Describe ms-swift's own arguments."""
    said = words(lang)
    defaults = ", ".join(f"{name}={_plain(value)}" for name, value in getattr(kind, "sft_defaults", {}).items())
    about = [said["free"], said["defaults"].format(defaults), f"{said['for_example']}sft.learning_rate=5e-5"]
    return [f"  {key.name}.<…>", *(wrapped(text, width, " " * 6) for text in about)]


def _plain(value: Any) -> str:
    """Return a value as one would type it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ",".join(_plain(item) for item in value) or "[]"
    return "null" if value is None else str(value) or '""'
