"""Read a user's own corrections to the catalogue, which rank before every other witness.

A YAML or JSON file holds the components by tag:

```yaml
ta-table:
  doc: A table                  # all keys are optional
  props:
    rowKey: {type: string, required: true, default: "'id'", doc: The key of a row, values: [id, code]}
    size: string                # short for {type: string}
    oldName: null               # there is no such prop
  events: {change: (rows)}
  slots: [footer, empty]        # names alone
  closed: [props]               # the list of props is complete
  open: [slots]                 # the list of slots is not
ta-gone: null                   # there is no such component
```
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import yaml

from swiftprep.catalog.api import ITEMS, Component, kebab, one_spelling
from swiftprep.errors import ConfigError, did_you_mean, one_line
from swiftprep.text.bounded_yaml import BoundedLoader, where_not_yaml
from swiftprep.text.limits import read_within

_LARGEST = 10 << 20  # bytes
_SHOWN = 20  # problems
_LISTS = ("props", "events", "slots")
_KEYS = (*ITEMS, "doc", "names", "model", "open", "closed")
_OF_ITEM: dict[str, tuple[str, ...]] = {what: ("type", "required", "doc") for what in ITEMS}
_OF_ITEM |= {
    "props": ("type", "required", "doc", "default", "values"),
    "slots": ("type", "required", "doc", "bindings"),
}


@dataclass(frozen=True, slots=True)
class Override:
    """What a user says of one component.

    Attributes:
        gone: Whether there is no such component.
        fields: The fields of `Component` to set.
        items: Kind → name → the fields to set, or None for what is not there.
        closed: The lists that are complete.
        open: The lists that are not.
    """

    gone: bool = False
    fields: dict[str, Any] = field(default_factory=dict)
    items: dict[str, dict[str, dict[str, Any] | None]] = field(default_factory=dict)
    closed: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


def read_overrides(given: str | Path | Mapping[str, Any]) -> dict[str, Override]:
    """Return the overrides in a file, or in its content, by tag.

    Raises:
        ConfigError: it cannot be read, or is wrong; all problems are listed, with the key and a did-you-mean.
    """
    where, content = ("overrides", given) if isinstance(given, Mapping) else (str(given), _content(Path(given)))
    problems: list[str] = []
    overrides: dict[str, Override] = {}
    if not isinstance(content, Mapping):
        raise ConfigError(f"{where}: expected tags with their corrections (应为「标签: 更正」的形式)")
    for tag, entry in content.items():
        if not isinstance(tag, str) or not tag:
            problems.append(f"{tag!r:.100}: expected a tag (应为标签名)")
        else:
            overrides[kebab(tag)] = _override(tag, entry, problems)
    if problems:
        more = f"\n… (+{len(problems) - _SHOWN})" if len(problems) > _SHOWN else ""
        raise ConfigError(f"{where}:\n" + "\n".join(problems[:_SHOWN]) + more)
    return overrides


def _content(path: Path) -> Any:
    try:
        text = read_within(path, _LARGEST).decode("utf-8-sig")
        return yaml.load(text, BoundedLoader)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error} (读不了这个文件)") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 (不是 UTF-8 编码)") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {where_not_yaml(error)} (YAML 格式错误)") from None
    except ValueError as error:
        raise ConfigError(f"{path}: {one_line(error)} (格式错误)") from None


def _override(tag: str, entry: Any, problems: list[str]) -> Override:
    if entry is None:
        return Override(gone=True)
    if not isinstance(entry, Mapping):
        problems.append(f"{tag}: expected keys below it, or null if there is no such component (应为键和值，或 null)")
        return Override()
    fields: dict[str, Any] = {}
    items: dict[str, dict[str, dict[str, Any] | None]] = {}
    lists: dict[str, tuple[str, ...]] = {"open": (), "closed": ()}
    for key, value in entry.items():
        at = f"{tag}.{key}"
        if key in ITEMS:
            items[key] = dict(_items(at, key, value, problems))
        elif key == "doc":
            if isinstance(value, str):
                fields["doc"] = value
            else:
                problems.append(f"{at}: expected text (应为文本)")
        elif key in ("names", "model", *lists):
            texts = [value] if isinstance(value, str) else value
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                problems.append(f"{at}: expected a list of names (应为名称列表)")
            elif key in lists:
                allowed = f"expected some of {', '.join(_LISTS)} (应为其中几项)"
                problems += [f"{at}: {text!r:.100}: {allowed}" for text in texts if text not in _LISTS]
                lists[key] = tuple(texts)
            elif key == "model" and len(texts) != 2:
                problems.append(f"{at}: expected a prop and an event, such as [value, input] (应为属性和事件)")
            else:
                fields[key] = tuple(texts)
        else:
            problems.append(f"{at}: no such key{did_you_mean(str(key), _KEYS)} (没有这个键)")
    return Override(fields=fields, items=items, closed=lists["closed"], open=lists["open"])


def _items(at: str, what: str, value: Any, problems: list[str]) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Yield the name and the fields of each item; None for one that is not there."""
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        value = {name: {} for name in value}
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        problems.append(f"{at}: expected names with their types, or a list of names (应为「名称: 类型」或名称列表)")
        return
    for name, entry in value.items():
        about = {"type": entry} if isinstance(entry, str) else entry
        if about is None:
            yield name, None
        elif isinstance(about, Mapping):
            yield name, dict(_fields(f"{at}.{name}", _OF_ITEM[what], about, problems))
        else:
            problems.append(f"{at}.{name}: expected a type, keys below it, or null for none (应为类型、键和值或 null)")


def _fields(
    at: str, known: tuple[str, ...], entry: Mapping[Any, Any], problems: list[str]
) -> Iterator[tuple[str, Any]]:
    for key, value in entry.items():
        if key not in known:
            problems.append(f"{at}.{key}: no such key{did_you_mean(str(key), known)} (没有这个键)")
        elif key in ("values", "bindings"):
            if isinstance(value, list):
                yield key, tuple(map(_code, value))
            else:
                problems.append(f"{at}.{key}: expected a list (应为列表)")
        elif key == "required":
            if isinstance(value, bool):
                yield key, value
            else:
                problems.append(f"{at}.{key}: expected true or false (应为 true 或 false)")
        elif key == "default" or isinstance(value, str):
            yield key, None if value is None else _code(value)
        else:
            problems.append(f"{at}.{key}: expected text (应为文本)")


def _code(value: Any) -> str:
    """Return a value of YAML as source text: `true`, `10`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def overridden(component: Component, override: Override) -> Component | None:
    """Return a component with a user's corrections; None if there is no such component.

    Args:
        component: What all other witnesses know.
        override: The corrections.

    >>> box = Component("ta-box", props=(ITEMS["props"]("size", "number"), ITEMS["props"]("old")), open=("props",))
    >>> overrides = read_overrides({"ta-box": {"props": {"size": "string", "old": None}, "closed": ["props"]}})
    >>> corrected = overridden(box, overrides["ta-box"])
    >>> [(prop.name, prop.type, prop.witness) for prop in corrected.props], corrected.open
    ([('size', 'string', 'overrides')], ())
    """
    if override.gone:
        return None
    lists: dict[str, tuple[Any, ...]] = {}
    for what, corrections in override.items.items():
        by_name = {one_spelling(item.name): item for item in getattr(component, what)}
        for name, fields in corrections.items():
            if fields is None:
                by_name.pop(one_spelling(name), None)
            else:
                known = by_name.get(one_spelling(name)) or ITEMS[what](name)
                by_name[one_spelling(name)] = replace(known, **fields, witness="overrides")
        lists[what] = tuple(by_name.values())
    kept = [part for part in component.open if part.partition(":")[0] not in override.closed]
    why = [pair for pair in component.why_open if pair[0] not in override.closed]
    why += [(what, "the user's overrides say so") for what in override.open]
    return replace(
        component,
        **cast(Any, override.fields | lists),
        open=tuple(sorted({*kept, *override.open})),
        why_open=tuple(why),
    )
