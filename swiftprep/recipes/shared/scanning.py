"""Code shared by the recipes that scan."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from swiftprep import demo
from swiftprep.errors import ConfigError
from swiftprep.recipes.shared.settings import ScanConfig
from swiftprep.scan.result import Scan
from swiftprep.scan.scanner import Scanner


def make_scanner(wanted: ScanConfig, *, seed: int, tokenizer: str | Path | None) -> Scanner:
    """Return the scanner that a recipe's settings describe, by default for the demonstration application.

    Raises:
        ConfigError: a setting is wrong.
    """
    return Scanner(
        demo.app() if wanted.path is None else os.path.expanduser(wanted.path),
        framework=wanted.framework,
        vue_version=wanted.vue_version,
        lang=wanted.lang,
        kinds=wanted.kinds,
        suffixes=wanted.suffixes,
        ignore=wanted.ignore,
        max_tokens=wanted.max_tokens,
        tokenizer=tokenizer,
        allow_licenses=wanted.allow_licenses,
        val_fraction=wanted.val_fraction,
        seed=seed,
        file_seconds=wanted.file_seconds,
        file_memory_mb=wanted.file_memory_mb,
    )


def require_two_sides(scan: Scan) -> None:
    """Refuse a scan without samples to train on or without held-out ones.

    Raises:
        ConfigError: one of the two is empty.
    """
    if not scan.train or not scan.val:
        raise ConfigError(
            f"{scan.place}: {scan.files_kept} of {scan.found} files can be used {scan.reasons() or ''}; at least two "
            "are needed, one to train on and one to hold out (可用的文件太少，至少需要两个)"
        )


def scan_facts(scan: Scan) -> dict[str, Any]:
    """Return the facts of a scan for a report, as plain values."""
    return {
        "root": scan.place,
        "found": scan.found,
        "kept": scan.files_kept,
        "rejected": scan.reasons(),
        "train": len(scan.train),
        "held_out": len(scan.val),
        "secrets": len(scan.findings),
        "held_out_paths": [file["path"] for file in scan.files if file["split"] == "val"],
    }
