"""The help of the commands: every key, in both languages, with an example that works."""

from __future__ import annotations

import re
import shlex
from importlib.util import find_spec

import pytest
from pydantic import BaseModel

from swiftprep.__main__ import main
from swiftprep.recipes.shared import help_page as page
from swiftprep.recipes.shared.argument_forms import place_words, sort_words
from swiftprep.recipes.shared.commands import COMMANDS, Command, command_named
from swiftprep.recipes.shared.help_page import described, for_shell, help_page, texts, type_words, words
from swiftprep.recipes.shared.keys import keys_of, section_of
from swiftprep.recipes.shared.reading import load
from swiftprep.recipes.shared.settings import DEFAULT_SFT
from swiftprep.recipes.shared.wrapping import columns, wrapped

CHINESE = re.compile("[\u4e00-\u9fff]")
KEYS = [
    pytest.param(command.kind(), key, id=f"{command.name}-{key.name}")
    for command in COMMANDS
    for key in keys_of(command.kind())
]


def named(name: str) -> Command:
    command = command_named(name)
    assert command is not None
    return command


def models(kind: type[BaseModel]) -> list[type[BaseModel]]:
    inner = [section_of(field.annotation) for field in kind.model_fields.values()]
    return [kind, *(each for model in inner if model is not None for each in models(model))]


ALL_MODELS = list(dict.fromkeys(model for command in COMMANDS for model in models(command.kind())))


@pytest.mark.parametrize(("kind", "key"), KEYS)
def test_every_key_is_described_in_both_languages_with_an_example_that_is_valid(kind, key):
    field = key.name.rpartition(".")[2]
    english, example = described(key.owner, field, "en")
    chinese, _ = described(key.owner, field, "zh")
    assert english, f"{key.owner.__name__}.{field} needs Field(description=…)"
    assert CHINESE.search(chinese), f"{key.owner.__name__}.{field} needs a line in assets/help/keys.yaml"
    assert example is not None, f"{key.owner.__name__}.{field} needs an example in assets/help/keys.yaml"
    setting = f"{key.name}{'.' if key.is_free else '='}{example}"
    if key.name == "sft":
        assert find_spec("swift"), "ms-swift knows its arguments"
    assert load(kind, None, [setting]) != kind() or example == str(key.default)
    assert CHINESE.search(type_words(key, "en")) is None
    assert re.search(r"typing|pathlib|class|NoneType", type_words(key, "en") + type_words(key, "zh")) is None


EXAMPLES = [
    pytest.param(command, example, id=f"{command.name} {example}")
    for command in COMMANDS
    for example in command.examples
]
TAKE_DATA = ("check", "augment", "mix", "sft", "evaluate")


@pytest.mark.parametrize(("command", "example"), EXAMPLES)
def test_every_example_of_a_command_is_read(command, example, tmp_path, monkeypatch):
    for folder in ("our-app", "here/runs/stage1", "here/data"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "here" / "our-app.yaml").write_text("")
    monkeypatch.chdir(tmp_path / "here")
    words_given = sort_words(shlex.split(example), command.kind(), ["dry-run", *command.options])
    file, data, overrides = place_words(words_given.alone, command.kind(), takes_data=command.name in TAKE_DATA)
    load(command.kind(), file, [*overrides, *words_given.overrides])
    assert for_shell(example.replace(" ", "")) == example.replace(" ", "")  # no shell changes it
    assert all(name.endswith(".jsonl") for name in data)


@pytest.mark.parametrize(("kind", "key"), KEYS)
def test_the_example_of_a_key_is_what_a_shell_passes_on(kind, key):
    _, example = described(key.owner, key.name.rpartition(".")[2], "en")
    setting = f"{key.name}{'.' if key.is_free else '='}{example}"
    assert shlex.split(for_shell(setting)) == [setting]
    assert re.search(r"[*?{}\[\] ]", setting) is None or for_shell(setting).startswith("'")


def test_an_example_with_a_star_is_quoted():
    assert "'scan.ignore=dist/,*.min.js'" in help_page(named("scan"), "en", 100)


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.__name__)
def test_every_section_has_a_heading_in_both_languages(model):
    assert model.__doc__
    assert model.__name__ == "DemoConfig" or CHINESE.search(texts()[model.__name__]["zh"])


def test_nothing_is_described_that_there_is_not():
    known = {model.__name__: {"zh", *model.model_fields} for model in ALL_MODELS}
    for name, described_keys in texts().items():
        if name != "any":
            assert set(described_keys) <= known[name]


def test_both_languages_have_the_same_words():
    english, chinese = words("en"), words("zh")
    assert english.keys() == chinese.keys()
    assert english["types"].keys() == chinese["types"].keys()
    assert english["options_of"].keys() == chinese["options_of"].keys()


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [60, 100])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_page_lists_every_key_and_fits_the_terminal(command, width, lang):
    text = help_page(command, lang, width, takes_data=True)
    for key in keys_of(command.kind()):
        repeated = bool(key.section) and f"{key.section}.<" in text
        assert (f"  {key.name}" in text) is (key.name not in command.without and (not repeated or key.name == "sft"))
    long = [line for line in text.splitlines() if columns(line) > width]
    assert all(len(line.split()) <= 3 for line in long), long  # a single word that is longer
    for option in ("--dry-run", "--json", "--lang", "--help"):
        assert option in text


def test_a_page_of_help_reads_like_this():
    text = help_page(named("scan"), "en", 100)
    assert (
        "scan: The private code base, and how to scan it\n  scan.path                   (path or list of path or null; default null)\n"
    ) in text
    assert (
        "  scan.suffixes               (list of text; default\n"
        "                              .vue,.js,.jsx,.mjs,.cjs,.ts,.tsx,.mts,.cts,.py,.java)\n"
        "      suffixes of the files to make samples from. e.g. scan.suffixes=.vue,.js\n"
    ) in text
    assert "（整数；默认 42）" in help_page(named("scan"), "zh", 100)


@pytest.mark.parametrize("name", ["stage1", "sft", "demo"])
def test_the_arguments_of_swift_are_told_with_our_defaults(name):
    text = help_page(named(name), "en", 200)
    assert "Every argument of ms-swift goes here" in text
    assert all(f"{argument}=" in text for argument in DEFAULT_SFT)


def test_the_keys_of_a_section_are_listed_once():
    text = help_page(named("stage2"), "en", 100)
    assert "the keys of teacher, as judge.<key>" in text
    assert "learning_rate=5e-05" in text


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_options_of_a_recipe_are_those_of_the_list_of_commands(command, capsys):
    assert main([command.name, "--help", "--lang", "en"]) == 0
    shown = set(re.findall(r"^  --([a-z-]+) ", capsys.readouterr().out, re.MULTILINE))
    assert shown == {"dry-run", *command.options, "json", "lang", "help"}


def test_a_field_without_chinese_is_described_in_english():
    class Other(BaseModel):
        """Something."""

    assert page.described(named("scan").kind(), "seed", "zh")[0] == "随机种子；相同的种子得到相同的结果"
    from pydantic import Field, create_model

    model = create_model("New", __base__=Other, fresh=(int, Field(default=1, description="new")))
    assert described(model, "fresh", "zh") == ("new", None)


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("中文没有空格也能换行", 10, ["中文没有空", "格也能换行"]),
        ("哪一个，这一个。", 6, ["哪一", "个，这", "一个。"]),
        ("a bb ccc", 4, ["a bb", "ccc"]),
        ("averylongword x", 5, ["averylongword", "x"]),
        ("", 5, [""]),
    ],
)
def test_text_is_wrapped_by_columns(text, width, lines):
    assert wrapped(text, width).splitlines() == lines or wrapped(text, width) == "".join(lines)
