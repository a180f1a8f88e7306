"""Recipe `start`: ask a few questions and write a commented settings file for stage 1.

swiftprep start
swiftprep start ../our-app output=our-app.yaml
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import yaml

from swiftprep.errors import ConfigError, DataError, one_line
from swiftprep.models.folders import check_model
from swiftprep.recipes.shared.command_line import Arguments, run, say, spoken_lang
from swiftprep.recipes.shared.settings import load
from swiftprep.recipes.shared.start_settings import StartConfig
from swiftprep.recipes.shared.tag_prefixes import has_sources, look_at
from swiftprep.recipes.shared.yaml_text import load_yaml
from swiftprep.streams import Forgiving

SUMMARY = "Start: a few questions → a settings file for stage 1."
MODEL = "Qwen/Qwen2.5-Coder-0.5B-Instruct"
DEVICES = ("auto", "cpu", "cuda")


def start(config: StartConfig, *, dry_run: bool = False) -> dict[str, Any]:
    """Ask the questions on standard input, write the file, and return the answers.

    Args:
        config: Settings; see `swiftprep.recipes.shared.start_settings`.
        dry_run: Show the file instead of writing it.

    Raises:
        ConfigError: there is a file of that name already.
        DataError: the answers end before the questions do; nothing is written.
    """
    if os.path.lexists(config.output):
        raise _exists(config.output)
    say(
        "Five questions; Enter takes what is in brackets, Ctrl-C leaves without writing anything.",
        "五个问题；回车采用方括号中的值，Ctrl-C 退出，不写任何文件。",
    )
    path = _ask("Folder of the code base", "代码库的文件夹", str(config.path), refused=_no_folder)
    folder = Path(os.path.expanduser(path))
    inferred, count, prefixes = look_at(folder)
    likely = max(prefixes, key=lambda prefix: prefixes[prefix], default="")
    prefix = _ask("Prefix of the framework's tags", "框架标签的前缀", likely).strip("<>-")
    used = prefixes[prefix.lower()]
    say(f"  {used} of {count} .vue files use <{prefix}-…>", f"  {count} 个 .vue 文件中有 {used} 个使用 <{prefix}-…>")
    if prefix and count and not used:
        others = ", ".join(f"<{name}-…>" for name, _ in prefixes.most_common(3)) or "–"
        say(
            f"  warning: is {prefix} the right prefix? The files use {others}; Ctrl-C, and start again, to change it",
            f"  警告：前缀 {prefix} 是否有误？文件中用到的是 {others}；要重新回答，请按 Ctrl-C 后重来",
        )
    framework = _ask("Name of the framework", "框架的名称", inferred if prefix == likely else prefix)
    model = _ask("Model: a hub id or a folder", "模型：ModelScope 模型名或文件夹", MODEL, refused=_no_model)
    device = _ask("Device: auto, cpu or cuda", "设备：auto、cpu 或 cuda", "auto", refused=_no_device)
    answers = {"path": path, "framework": framework, "model": model, "device": device}
    text = settings_text(answers, spoken_lang(), config.output)
    if dry_run:
        say(f"\n{text}")
        say("dry run: nothing was written", "试运行：没有写入任何文件")
        return {"file": None, "prefix": prefix, **answers}
    try:
        with config.output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:  # written while the questions were asked
        raise _exists(config.output) from None
    name = shlex.quote(str(config.output))
    say(f"\nwritten: {config.output}. Next:", f"\n已写入 {config.output}。接下来：")
    for options, en, zh in (
        (" --dry-run", "what would be done; writes nothing", "看看将要做什么，不写文件"),
        (" --prepare", "the data and the command for training", "生成数据和训练命令"),
        ("", "all of it: train, evaluate, judge", "完整运行：训练、评估、结论"),
    ):
        command = f"swiftprep stage1 {name}{options}"
        say(f"  {command:<46}  # {en}", f"  {command:<46}  # {zh}")
    return {"file": str(config.output), "prefix": prefix, **answers}


def settings_text(answers: dict[str, str], lang: str, file: Path) -> str:
    """Return a commented settings file for stage 1.

    Args:
        answers: The path, the framework's name, the model and the device.
        lang: Language of the comments and of the samples, `"zh"` or `"en"`.
        file: Where it will be, for the command in its first line.
    """
    template = (files("swiftprep") / "assets" / "help" / f"start.{lang}.yaml").read_text("utf-8")
    framework = answers["framework"]
    names = {"zh": ("助手", "团队"), "en": ("assistant", "team")}[lang]
    values = {**answers, "name": f"{framework} {names[0]}", "author": f"{framework} {names[1]}"}
    written = {name: _as_yaml(value) for name, value in values.items()}
    return Template(template).substitute(written, file=one_line(_printable(str(file))))


def _as_yaml(value: str) -> str:
    """Return a text as YAML on one line, in quotes where it needs them."""
    text: str = yaml.safe_dump(value, allow_unicode=True, width=float("inf")).removesuffix("\n").removesuffix("\n...")
    if "\n" in text or load_yaml(text) != value:
        text = yaml.safe_dump(value, allow_unicode=True, width=float("inf"), default_style='"').removesuffix("\n")
    return text


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)


def _anything(answer: str) -> tuple[str, str] | None:
    return None


def _ask(question: str, zh: str, default: str, *, refused: Callable[[str], tuple[str, str] | None] = _anything) -> str:
    """Ask until there is an answer that is not refused; Enter takes the default."""
    while True:
        stream = Forgiving(sys.stderr)
        stream.write(f"{zh if spoken_lang() == 'zh' else question} [{default}]: ")
        stream.flush()
        line = sys.stdin.readline() if sys.stdin is not None else ""
        if not line:
            say("")
            raise DataError(
                "the answers ended before the questions did; nothing was written (回答不全，没有写入任何文件)"
            )
        answer = line.strip() or default
        problem = refused(answer)
        if problem is None:
            return answer
        say(f"  {one_line(answer, 100)}: {problem[0]}", f"  {one_line(answer, 100)}：{problem[1]}")


def _no_folder(answer: str) -> tuple[str, str] | None:
    folder = os.path.expanduser(answer)
    if not os.path.isdir(folder):
        return "there is no such folder", "没有这个文件夹"
    if not has_sources(Path(folder)):
        return "there is no source file in it", "这个文件夹里没有源文件"
    return None


def _no_model(answer: str) -> tuple[str, str] | None:
    try:
        check_model(os.path.expanduser(answer), trust_remote_code=True)  # whether its code may run is not asked here
    except ConfigError as error:
        english, _, chinese = str(error).removeprefix(f"{os.path.expanduser(answer)}: ").rpartition(" (")
        return english, chinese.rstrip(")")
    return None


def _no_device(answer: str) -> tuple[str, str] | None:
    return None if answer in DEVICES else (f"one of {', '.join(DEVICES)}, please", f"请从 {'、'.join(DEVICES)} 中选择")


def _exists(path: Path) -> ConfigError:
    return ConfigError(
        f"{path}: it exists and stays as it is; choose another name: output=… (文件已存在，请换一个名字)"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""

    def recipe(arguments: Arguments) -> dict[str, Any]:
        return start(load(StartConfig, arguments.file, arguments.overrides), dry_run=arguments.dry_run)

    return run("start", SUMMARY, recipe, argv)


if __name__ == "__main__":
    sys.exit(main())
