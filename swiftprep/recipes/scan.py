"""Recipe `scan`: from a code base to samples, catalogue and web-types.

swiftprep scan scan.path=~/code/our-app scan.framework=ta404 output_dir=data
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import orjson

from swiftprep.reasons import counted
from swiftprep.recipes.shared.command_line import Arguments, run, say, say_next
from swiftprep.recipes.shared.language import plural
from swiftprep.recipes.shared.nothing_kept import refuse_nothing
from swiftprep.recipes.shared.output_folders import in_own_folder
from swiftprep.recipes.shared.scanning import make_scanner, say_samples_lang
from swiftprep.recipes.shared.settings import ScanRecipeConfig, load, save_config
from swiftprep.recipes.shared.tables import say_table
from swiftprep.storage.outputs import writing

SUMMARY = "Scan: code base → samples, catalogue of components, web-types."

_ORIGINS = {
    "given": "由配置指定",
    "package.json": "来自 package.json",
    "tag prefix": "来自标签前缀",
    "folder name": "来自文件夹名",
}


def scan(config: ScanRecipeConfig, *, dry_run: bool = False) -> dict[str, Any]:
    """Scan, write everything into the output folder and return the report.

    Args:
        config: Settings; see `swiftprep.recipes.shared.settings`.
        dry_run: Read and count, but write nothing.

    Raises:
        ConfigError: there is no `scan.path`, a setting is wrong, or the output folder holds the results of another job.
        DataError: no file is kept.
        RunError: no file is kept because of an error in swiftprep.
    """
    config = in_own_folder(config, "scan", inputs=("scan.path",))
    result = make_scanner(config.scan, seed=config.seed, tokenizer=config.tokenizer).scan()
    kinds = result.kinds()
    known = sum(component.origin == "source" for component in result.catalog)
    complete = result.completeness
    report = {
        "root": result.place,
        "found": result.found,
        "kept": result.files_kept,
        "rejected": result.reasons(),
        "dropped": len(result.dropped),
        "secrets": len(result.findings),
        "kinds": orjson.loads(kinds.to_json(orient="records")),
        "components": {"source": known, "usage": len(result.catalog) - known},
        "completeness": {"closed": complete.closed, "open": complete.open, "reasons": complete.reasons},
        "contradictions": len(result.catalog.contradictions),
    }
    found, rejected, reasons = result.found, len(result.rejects), result.reasons()
    say(
        f"{result.place}: {plural(found, 'file')}, {result.files_kept} kept, {rejected} rejected"
        + (f": {counted(reasons, 'en')}" if reasons else ""),
        f"{result.place}：共 {found} 个文件，保留 {result.files_kept} 个，剔除 {rejected} 个"
        + (f"：{counted(reasons, 'zh')}" if reasons else ""),
    )
    origin = _ORIGINS[result.framework_from]
    say(f"framework {result.framework} ({result.framework_from})", f"框架 {result.framework}（{origin}）")
    say_samples_lang(config.scan.lang)
    refuse_nothing(result.place, result.files_kept, result.rejects, config.output_dir)
    say_table(kinds)
    used = len(result.catalog) - known
    say(
        f"{plural(known, 'component')}, {used} more known from how they are used",
        f"{known} 个组件有源码，另有 {used} 个只能从用法得知",
    )
    say(str(complete), complete.zh)
    if result.catalog.contradictions:
        count = len(result.catalog.contradictions)
        say(
            f"witnesses contradict each other in {plural(count, 'fact')}; catalog.json lists them",
            f"各依据有 {count} 处互相矛盾，见 catalog.json",
        )
    if result.findings:
        secrets = len(result.findings)
        say(
            f"{plural(secrets, 'secret')} replaced; findings.jsonl says where",
            f"替换了 {secrets} 处密钥，位置见 findings.jsonl",
        )
    if dry_run:
        say("dry run: nothing was written", "试运行：没有写入任何文件")
        return report
    with writing(config.output_dir, "scan") as staged:
        files = result.write(staged)
        save_config(config, staged / "config.yaml")
    report["files"] = {name: str(config.output_dir / path.name) for name, path in files.items()}
    out = config.output_dir
    say(f"written to {out}", f"已写入 {out}")
    say_next("check", out / "train.jsonl", f"held_out={out / 'val.jsonl'}")
    return report


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""

    def recipe(arguments: Arguments) -> dict[str, Any]:
        return scan(load(ScanRecipeConfig, arguments.file, arguments.overrides), dry_run=arguments.dry_run)

    return run("scan", SUMMARY, recipe, argv)


if __name__ == "__main__":
    sys.exit(main())
