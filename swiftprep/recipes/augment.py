"""Recipe `augment`: from samples to variants of them, without a teacher.

swiftprep augment data/train.jsonl per_sample=2 output_dir=runs/augment
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from swiftprep.augment.augmenter import Augmenter
from swiftprep.catalog.catalog import Catalog
from swiftprep.errors import ConfigError
from swiftprep.recipes.shared.command_line import Arguments, run, say, say_next
from swiftprep.recipes.shared.data_settings import AugmentConfig
from swiftprep.recipes.shared.language import plural
from swiftprep.recipes.shared.output_folders import in_own_folder
from swiftprep.recipes.shared.scanning import catalog_beside
from swiftprep.recipes.shared.settings import load, save_config
from swiftprep.recipes.shared.tables import say_table
from swiftprep.records import Sample, read_jsonl, write_jsonl
from swiftprep.storage.disk import write_text
from swiftprep.storage.outputs import check_together, writing

SUMMARY = "Augment: samples → variants of them: reworded, with other context, with holes, broken and repaired."


def augment(config: AugmentConfig, *, dry_run: bool = False) -> dict[str, Any]:
    """Make variants of the samples in some files, write them and return the report.

    The output folder gets `variants.jsonl`, `samples.jsonl` (the originals and their variants) and `report.json`.

    Args:
        config: Settings; see `swiftprep.recipes.shared.data_settings`.
        dry_run: Make and count the variants, but write nothing.

    Raises:
        ConfigError: no data was given, or a setting is wrong.
        DataError: a file is missing or has a bad row.
    """
    if not config.data:
        raise ConfigError("data: which samples? For example `swiftprep augment data/train.jsonl` (请指定数据文件)")
    config = in_own_folder(config, "augment", inputs=("data",))
    has_chosen = "catalog" in config.model_fields_set  # null: none at all
    catalog_path = config.catalog if has_chosen else catalog_beside(config.data)
    check_together([*config.data, *([catalog_path] if catalog_path else [])])
    samples = [sample for path in config.data for sample in read_jsonl(path)]
    augmenter = Augmenter(
        seed=config.seed,
        operations=config.operations,
        catalog=Catalog.load(catalog_path) if catalog_path else None,
        framework=config.framework,
        per_sample=config.per_sample,
        vary_variants=config.vary_variants,
    )
    augmentation = augmenter.augment(samples)
    report: dict[str, Any] = {
        "data": [str(path) for path in config.data],
        "catalog": str(catalog_path) if catalog_path else None,
        "samples": len(samples),
        "variants": len(augmentation.samples),
        "outcomes": orjson.loads(augmentation.counts().to_json(orient="records")),
        "diversity": orjson.loads(augmentation.diversity(seed=config.seed).to_json(orient="records")),
    }
    made = len(augmentation.samples)
    say(
        f"augment {plural(len(samples), 'sample')}: {plural(made, 'variant')}",
        f"增强    {len(samples)} 条样本：生成 {made} 条变体",
    )
    say_table(augmentation.counts())
    if catalog_path is None and not has_chosen:
        say(
            "no catalog.json beside the data: no variants with other props; give one with catalog=",
            "数据旁没有 catalog.json，因此不生成改变属性的变体；可用 catalog= 指定",
        )
    if dry_run:
        say("dry run: nothing was written", "试运行：没有写入任何文件")
        return report
    with writing(config.output_dir, "augment") as staged:
        write_jsonl(augmentation.samples, staged / "variants.jsonl")
        write_jsonl(_together(samples, augmentation.samples), staged / "samples.jsonl")
        write_text(staged / "report.json", orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())
        save_config(config.model_copy(update={"catalog": catalog_path}), staged / "config.yaml")
    out = config.output_dir
    say(
        f"written to {out}: variants.jsonl, and samples.jsonl with the originals",
        f"已写入 {out}：variants.jsonl（变体）和 samples.jsonl（原样本及变体）",
    )
    say_next("mix", out / "samples.jsonl", "mix.ratio=40:60")
    return report


def _together(samples: Sequence[Sample], variants: Sequence[Sample]) -> list[Sample]:
    """Return each sample, followed by its variants."""
    of_parent: dict[str, list[Sample]] = {}
    for variant in variants:
        of_parent.setdefault(str(variant.meta["parent"]), []).append(variant)
    together = [each for sample in samples for each in (sample, *of_parent.pop(sample.id, ()))]
    return together + [variant for rest in of_parent.values() for variant in rest]


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""

    def recipe(arguments: Arguments) -> dict[str, Any]:
        config = load(AugmentConfig, arguments.file, arguments.overrides)
        data = [*config.data, *map(Path, arguments.data)]
        return augment(config.model_copy(update={"data": data}), dry_run=arguments.dry_run)

    return run("augment", SUMMARY, recipe, argv, takes_data=True)


if __name__ == "__main__":
    sys.exit(main())
