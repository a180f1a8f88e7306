"""Recipe `check`: from data files to the rows kept, the rows rejected with reasons, and a report to browse.

swiftprep check train.jsonl held_out=[val.jsonl] catalog=data/catalog.json output_dir=runs/check
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from swiftprep.catalog.catalog import Catalog
from swiftprep.errors import ConfigError
from swiftprep.quality.checker import Checker
from swiftprep.quality.duplicates.diversity import diversity
from swiftprep.quality.report.report import QualityReport
from swiftprep.recipes.shared.command_line import Arguments, run, say, say_next, spoken_lang
from swiftprep.recipes.shared.language import plural
from swiftprep.recipes.shared.nothing_kept import refuse_nothing
from swiftprep.recipes.shared.output_folders import in_own_folder
from swiftprep.recipes.shared.scanning import DEMO, catalog_beside, is_demo, make_scanner
from swiftprep.recipes.shared.settings import CheckConfig, ScanConfig, load, save_config
from swiftprep.recipes.shared.tables import say_table
from swiftprep.scan.tasks import KINDS
from swiftprep.storage.outputs import check_together, writing
from swiftprep.swiftfmt.lint import OUTCOMES, Lint, lint
from swiftprep.tokens import Counter

SUMMARY = "Check: data files → what is kept, repaired and rejected, and why."


def check(config: CheckConfig, *, dry_run: bool = False) -> dict[str, Any]:
    """Check data files, write everything into the output folder and return the report.

    Args:
        config: Settings; see `swiftprep.recipes.shared.settings`. `demo` as data stands for the samples of the
            demonstration application.
        dry_run: Read and count, but write nothing.

    Raises:
        ConfigError: there is no data, a setting is wrong, or the output folder holds the results of another job.
        DataError: a file is missing or cannot be read, or no row is kept.
        RunError: no row is kept because of an error in swiftprep.
    """
    if not config.data:
        raise ConfigError(
            "data: check what? For example `swiftprep check train.jsonl`; to try it out on the demonstration "
            "application: `swiftprep check demo` (请指定要检查的数据文件；试用请运行 swiftprep check demo)"
        )
    config = in_own_folder(config, "check", inputs=("data",))
    scan = None
    if len(config.data) == 1 and is_demo(config.data[0]):
        scan = make_scanner(ScanConfig(path=DEMO, kinds=list(KINDS)), seed=42, tokenizer=None).scan()
    paths = [] if scan else config.data
    has_chosen = "catalog" in config.model_fields_set  # null: none at all
    catalog_path = config.catalog if has_chosen else catalog_beside(paths)
    if catalog_path:
        check_together([catalog_path, *paths])
    catalog = Catalog.load(catalog_path) if catalog_path else scan.catalog if scan and not has_chosen else None
    checker = Checker(
        catalog=catalog,
        held_out=config.held_out,
        near_duplicate_threshold=config.near_duplicate_threshold,
        max_tokens=config.max_tokens,
        count_tokens=Counter(config.tokenizer) if config.tokenizer else None,
        levels=config.levels,
        fix=config.fix,
        row_seconds=config.row_seconds,
        row_memory_mb=config.row_memory_mb,
    )
    linted = {str(path): lint(path) for path in paths}
    result = checker.run(scan.samples, source="demo") if scan else checker.run_files(*paths)
    report = _report(result) | {"as_is": {path: _as_is(found, "en") for path, found in linted.items()}}
    _say_catalog(config, catalog_path, catalog)
    for path, found in linted.items():
        say(
            f"{path} as it is, in ms-swift: {_as_is(found, 'en')}",
            f"{path}：如果原样交给 ms-swift，{_as_is(found, 'zh')}",
        )
    rows, kept, repaired, rejected = result.read, len(result.kept), len(result.repaired), len(result.rejected)
    say(
        f"{plural(rows, 'row')}, {kept} kept ({repaired} repaired), {rejected} rejected",
        f"检查结果：共 {rows} 行，保留 {kept} 行（其中修复 {repaired} 行），剔除 {rejected} 行",
    )
    say_table(result.counts(), empty=("no findings", "没有发现问题"))
    refuse_nothing(", ".join(map(str, config.data)), len(result.kept), result.rejected, config.output_dir)
    if dry_run:
        say("dry run: nothing was written", "试运行：没有写入任何文件")
        return report
    with writing(config.output_dir, "check") as staged:
        files = result.write(staged, lang=config.lang or spoken_lang())
        save_config(config.model_copy(update={"catalog": catalog_path}), staged / "config.yaml")
    report["files"] = {name: str(config.output_dir / path.name) for name, path in files.items()}
    page = report["files"]["report"]
    say(
        f"written to {config.output_dir}; open {page} in a browser",
        f"已写入 {config.output_dir}；请用浏览器打开 {page}",
    )
    beside = [f"catalog={catalog_path}"] if catalog_path else []
    say_next("augment", report["files"]["kept"], *beside)
    return report


def _say_catalog(config: CheckConfig, path: Path | None, catalog: Catalog | None) -> None:
    """Say which catalogue the code is checked against, or that it is checked against none."""
    if "catalog" in config.model_fields_set and catalog is None:
        say("catalog=null: components and props are not checked", "catalog=null：不检查组件和属性")
    elif path and not config.catalog:
        say(f"catalog {path}, beside the data", f"组件目录 {path}（在数据旁找到）")
    elif catalog is None:
        say(
            "no catalog.json beside the data: components and props are not checked; give one with catalog= (it is what "
            "`swiftprep scan` writes)",
            "数据旁没有 catalog.json，不检查组件和属性；可用 catalog= 指定（由 swiftprep scan 生成）",
        )


def _as_is(linted: Lint, lang: str) -> str:
    """Return what ms-swift would do with a file as it is."""
    if linted.fails:
        return f"整个文件加载失败：{linted.fails}" if lang == "zh" else f"fails on the whole file: {linted.fails}"
    counts = {outcome: count for outcome, count in linted.counts.items() if count}
    if lang == "zh":
        return "，".join(f"{count} 行{OUTCOMES[outcome][1]}" for outcome, count in counts.items())
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items())


def _report(result: QualityReport) -> dict[str, Any]:
    return {
        "read": result.read,
        "kept": len(result.kept),
        "repaired": len(result.repaired),
        "rejected": len(result.rejected),
        "rules": orjson.loads(result.counts().to_json(orient="records")),
        "diversity": orjson.loads(diversity(result.kept).to_json(orient="records")),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""

    def recipe(arguments: Arguments) -> dict[str, Any]:
        config = load(CheckConfig, arguments.file, arguments.overrides)
        data = [*config.data, *(Path(os.path.expanduser(path)) for path in arguments.data)]
        return check(config.model_copy(update={"data": data}), dry_run=arguments.dry_run)

    return run("check", SUMMARY, recipe, argv, takes_data=True)


if __name__ == "__main__":
    sys.exit(main())
