"""The keys of a recipe's settings, read off its pydantic models."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a recipe's settings.

    Attributes:
        name: With dots, such as `"scan.path"`.
        owner: The section's model, in which the field is.
        field: Its annotation, description and limits.
        default: Its default in this recipe.
    """

    name: str
    owner: type[BaseModel]
    field: FieldInfo
    default: Any

    @property
    def section(self) -> str:
        """The name of its section; empty at the top."""
        return self.name.rpartition(".")[0]

    @property
    def kinds(self) -> set[Any]:
        """The types its value may have, parameters of generic types left out."""
        return {get_origin(member) or member for member in union_members(self.field.annotation)}

    @property
    def is_list(self) -> bool:
        """Whether it takes several values."""
        return bool(self.kinds & {list, tuple})

    @property
    def is_text(self) -> bool:
        """Whether it takes a path or a text, and nothing else but null and lists of them."""
        return bool(self.kinds & {str, Path}) and self.kinds <= {str, Path, NoneType, list, tuple}

    @property
    def is_free(self) -> bool:
        """Whether it takes names of the user's choice, each with a value."""
        return dict in self.kinds

    @property
    def is_flat(self) -> bool:
        """Whether it takes such names with plain values, so that a dot in a name is part of the name."""
        return self.is_free and Any not in get_args(self.field.annotation)


def keys_of(kind: type[BaseModel], *, prefix: str = "", defaults: BaseModel | None = None) -> Iterator[Key]:
    """Yield all keys of a recipe's settings, section by section in the order of the model, those at the top last.

    Args:
        kind: The recipe's settings, or a section of them.
        prefix: What stands before the names of the section, with a dot at its end.
        defaults: The recipe's own defaults for the section, where they differ from the section's.
    """
    plain = []
    for name, field in kind.model_fields.items():
        default = getattr(defaults, name) if defaults else field.get_default(call_default_factory=True)
        inner = section_of(field.annotation)
        if inner is None:
            plain.append(Key(f"{prefix}{name}", kind, field, default))
    if prefix:
        yield from plain
    for name, field in kind.model_fields.items():
        default = getattr(defaults, name) if defaults else field.get_default(call_default_factory=True)
        inner = section_of(field.annotation)
        if inner is not None:
            own = default if isinstance(default, BaseModel) else None
            yield from keys_of(inner, prefix=f"{prefix}{name}.", defaults=own)
    if not prefix:
        yield from plain


def folder_key(names: Iterable[str]) -> str | None:
    """Return which of a recipe's keys a folder that stands alone is taken for, None if for none.

    >>> folder_key(["output_dir", "scan.path"])
    'scan.path'
    """
    names = set(names)
    return next((name for name in ("scan.path", "path", "stage1", "run") if name in names), None)


def section_of(annotation: Any) -> type[BaseModel] | None:
    """Return the section in an annotation `X` or `X | None`."""
    for kind in union_members(annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def union_members(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union; of any other annotation, that alone."""
    if get_origin(annotation) in (Union, types.UnionType):
        return get_args(annotation)
    return (annotation,)
