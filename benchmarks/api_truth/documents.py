"""The events and slots that frameworks publish, from web-types or from the pages of their sites."""

from __future__ import annotations

from pathlib import Path

from api_truth.frameworks import Framework
from api_truth.known import Api, from_web_types


def documented(
    framework: Framework, installed: Path, checkout: Path | None, vue: str, tags: dict[str, str]
) -> Api | None:
    """Return what is published by tag, or None where nothing is, or only in a checkout that is not given."""
    if framework.documents == "web-types":
        return from_web_types(installed / "source", vue, tags) or None
    return None
