"""Read YAML without the surprises of YAML 1.1."""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml.constructor import ConstructorError

from swiftprep.text.bounded_yaml import BoundedLoader, load_bounded


class _Loader(BoundedLoader):
    """Safe YAML without YAML 1.1's surprises: the ratio 50:50 is not 3050, and eval_strategy=no is not false.

    A duplicate key in a section is an error; YAML would silently take the last one.
    """

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """Construct a mapping and refuse duplicate keys; keys merged in from elsewhere may be overridden."""
        seen: set[str] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    message = "a key that stands there already (重复的键)"
                    raise ConstructorError(None, None, message, key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


_PLAIN = {
    "tag:yaml.org,2002:int": re.compile(r"\A[-+]?(0|[1-9][0-9_]{0,99})$"),
    "tag:yaml.org,2002:bool": re.compile(r"(true|True|TRUE|false|False|FALSE)$"),
}


_Loader.yaml_implicit_resolvers = {
    first: [(tag, _PLAIN.get(tag, pattern)) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:float"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
# YAML 1.1 reads 1e-4 as text; people who write learning rates mean the number.
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"\A(?:[-+]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][-+]?\d+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$", re.A),
    list("-+0123456789."),
)


def load_yaml(text: str) -> Any:
    """Parse YAML safely and within limits, without duplicate keys; `50:50` and `no` stay text, `1e-4` is a number.

    Raises:
        yaml.YAMLError: it is not YAML, or exceeds the limits of `swiftprep.text.bounded_yaml`.

    >>> load_yaml("{ratio: 50:50, learning_rate: 1e-4, seed: 42}")
    {'ratio': '50:50', 'learning_rate': 0.0001, 'seed': 42}
    """
    return load_bounded(text, _Loader)
