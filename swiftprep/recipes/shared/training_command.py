"""The file with the training command, `command.sh`, and what else another machine needs to run it."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from swiftprep.recipes.shared.command_line import say

_ROWS = re.compile(r"#\d+$")  # of an entry of --dataset


def is_for_cpu(command: str) -> bool:
    """Return whether a training command was made for a CPU."""
    return "--use_cpu true" in command


def what_to_copy(command: str, out: Path) -> list[str]:
    """Return the files and folders of this machine that a training command reads, the run's output folder first.

    Args:
        command: The `swift sft …` command line.
        out: The output folder; what is within it is not listed again.
    """
    words = [_ROWS.sub("", word) for word in shlex.split(command.replace("\\\n", " "))[2:]]
    there = [word for word in words if not word.startswith("-") and os.path.exists(word)]
    whole = out.resolve()
    outside = [word for word in there if not Path(word).resolve().is_relative_to(whole)]
    return list(dict.fromkeys([str(out), *outside]))


def command_file(command: str, out: Path, recipe: str, *, device_key: str = "model.device") -> str:
    """Return the content of `command.sh`: it says in English and Chinese what it needs, and works from any folder.

    Args:
        command: The `swift sft …` command line.
        out: The output folder, in which the file will be.
        recipe: Name of the recipe.
        device_key: The key of its settings that chooses the device.
    """
    listed = what_to_copy(command, out)
    back = os.path.relpath(Path.cwd(), out.resolve())  # from the file to the folder that relative paths start from
    relative = any(not os.path.isabs(path) for path in listed)
    made_for = (
        [
            f"Training on the CPU; for a command for a GPU, set {device_key}=cuda.",
            f"用于在 CPU 上训练；设置 {device_key}=cuda 可得到用于 GPU 的命令。",
        ]
        if is_for_cpu(command)
        else ["Training on a GPU, unless the settings left the device to ms-swift.", "用于在 GPU 上训练。"]
    )
    again = f"swiftprep {recipe} --resume"
    lines = [
        *made_for,
        "",
        "On another machine it needs these, at the same paths; relative ones start from a folder of your choice.",
        "在另一台机器上训练时，请把以下内容复制到相同的路径；相对路径以你选定的同一个文件夹为起点。",
        *(f"  {path}" for path in listed),
        "",
        f"After that, copy the first one back here, and `{again} output_dir=…` evaluates what was trained.",
        f"训练后把第一项复制回来，再运行 {again} output_dir=… 即可评估。",
    ]
    comment = "".join(f"# {printed}".rstrip() + "\n" for line in lines for printed in line.splitlines() or [""])
    place = f'cd -P "$(dirname "$0")"/{shlex.quote(back)} || exit 1\n' if relative else ""
    return f"#!/bin/sh\n{comment}{place}{command}\n"


def say_what_to_copy(command: str, out: Path) -> None:
    """Print what a training command needs on another machine.

    Args:
        command: The `swift sft …` command line.
        out: The output folder.
    """
    listed = what_to_copy(command, out)
    say(
        f"to train on another machine, copy to the same paths there: {', '.join(listed)}",
        f"在另一台机器上训练时，请复制到相同的路径：{'、'.join(listed)}",
    )
