"""Code shared by the recipes that scan."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from swiftprep import demo
from swiftprep.catalog.catalog import Catalog
from swiftprep.errors import ConfigError
from swiftprep.recipes.shared.command_line import say, spoken_lang
from swiftprep.recipes.shared.language import plural
from swiftprep.recipes.shared.settings import ScanConfig
from swiftprep.scan.result import Scan
from swiftprep.scan.scanner import Scanner
from swiftprep.streams import Lang

DEMO = Path("demo")  # as `scan.path`, and as data to check: the demonstration application
_DEMO_FRAMEWORK = "ta404"
FEW_HELD_OUT = 3  # files


def is_demo(path: Path | list[Path] | None) -> bool:
    """Return whether a path stands for the demonstration application: `demo`; a folder of that name is `$PWD/demo`."""
    return path in (DEMO, [DEMO])


def catalog_beside(data: Sequence[Path]) -> Path | None:
    """Return the `catalog.json` in the folder of the data; None without one, or if the data is in several folders."""
    folders = {path.resolve().parent for path in data}
    found = [folder / "catalog.json" for folder in folders if (folder / "catalog.json").is_file()]
    return found[0] if len(found) == len(folders) == 1 else None


def require_code_base(wanted: ScanConfig) -> list[Path]:
    """Return the setting `scan.path`, as a list.

    Raises:
        ConfigError: there is none.
    """
    if not wanted.path:
        raise ConfigError(
            "scan.path: which code base? For example scan.path=../our-app; to try swiftprep out on the demonstration "
            "application: `swiftprep demo`, or scan.path=demo (请用 scan.path 指定代码库；试用请运行 swiftprep demo)"
        )
    return wanted.path if isinstance(wanted.path, list) else [wanted.path]


def make_scanner(wanted: ScanConfig, *, seed: int, tokenizer: str | Path | None) -> Scanner:
    """Return the scanner that a recipe's settings describe.

    Raises:
        ConfigError: there is no `scan.path`, or a setting is wrong.
    """
    folders = require_code_base(wanted)
    demonstrates = is_demo(folders)
    if demonstrates and DEMO.exists():
        say(
            f"scan.path=demo is the demonstration application; for the folder of that name: scan.path={DEMO.resolve()}",
            f"scan.path=demo 指自带的演示应用；同名文件夹请写 scan.path={DEMO.resolve()}",
        )
    framework = wanted.framework or (_DEMO_FRAMEWORK if demonstrates else None)
    return Scanner(
        demo.app() if demonstrates else [os.path.expanduser(folder) for folder in folders],
        framework=framework,
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
        sample_all=wanted.sample_all,
        facts=[*wanted.facts, *(Catalog.from_runtime(_package(path, folders[0])) for path in wanted.runtime)],
        overrides=wanted.overrides if wanted.overrides is None else os.path.expanduser(wanted.overrides),
    )


def _package(path: Path, code_base: Path) -> Path:
    """Return the folder of a package, which may be relative to the code base."""
    path = path.expanduser()
    inside = code_base.expanduser() / path
    return inside if inside.is_dir() else path


def say_samples_lang(lang: Lang) -> None:
    """Say which language the samples are in if the console speaks another."""
    if lang != spoken_lang():
        say("samples are in Chinese; scan.lang=en for English", "样本为英文；中文样本请设置 scan.lang=zh")


def say_what_is_scanned(wanted: ScanConfig) -> None:
    """Print which samples are made of which files, how many of the files are held out, and the keys that change it."""
    kinds, suffixes, held_out = ", ".join(wanted.kinds), ", ".join(wanted.suffixes), f"{wanted.val_fraction:.0%}"
    say(
        f"scan    kinds: {kinds}; suffixes: {suffixes}; {held_out} of the files held out "
        "(scan.kinds=…, scan.suffixes=…, scan.val_fraction=… for others)",
        f"扫描    样本种类：{kinds}；文件后缀：{suffixes}；留出 {held_out} 的文件"
        "（可用 scan.kinds=…、scan.suffixes=…、scan.val_fraction=… 更改）",
    )


def require_two_sides(scan: Scan) -> None:
    """Refuse a scan without samples to train on or without held-out ones, and warn of few held-out files.

    Raises:
        ConfigError: one of the two is empty.
    """
    if not scan.train or not scan.val:
        raise ConfigError(
            f"{scan.place}: {scan.files_kept} of {scan.found} files can be used {scan.reasons() or ''}; at least two "
            "are needed, one to train on and one to hold out (可用的文件太少，至少需要两个)"
        )
    held_out = sum(file["split"] == "val" for file in scan.files)
    if held_out < FEW_HELD_OUT:
        say(
            f"        only {plural(held_out, 'file')} held out, so the eval loss says little; raise scan.val_fraction",
            f"        只留出了 {held_out} 个文件，验证损失参考意义有限；可提高 scan.val_fraction",
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
