"""Read docstrings and Javadoc comments, as a whole and per parameter."""

from __future__ import annotations

import inspect
import re

from swiftprep.text.characters import without_entities

_HEADING = r"(?:Args|Arguments|Parameters|Params|Keyword Args|Keyword Arguments|Other Parameters|Attributes|参数|属性)"
_SPHINX = re.compile(
    r"^[ \t]*:(?:param|parameter|arg|argument|key|keyword|ivar)[ \t]([^:\n]*):"
    r"(.*(?:\n(?![ \t]*(?::[a-z]|$)).*)*)",
    re.M,
)
_GOOGLE = re.compile(rf"^([ \t]*){_HEADING}[ \t]*[:：][ \t]*\n((?:[ \t]*\n|\1[ \t]+\S.*\n)+)", re.M)
_GOOGLE_ENTRY = re.compile(r"^\*{0,2}(\w+)(?:[ \t]*\((?:[^()]|\([^()]*\))*\))?[ \t]*[:：](.*(?:\n(?!\S).*)*)", re.M)
_NUMPY = re.compile(rf"^{_HEADING}[ \t]*\n-{{3,}}[ \t]*\n((?:(?!.+\n-{{3,}}).*\n)+)", re.M)
_NUMPY_ENTRY = re.compile(r"^([^\s:][^:\n]*)(?::.*)?((?:\n(?!\S).*)+)", re.M)
_BREAK = re.compile(rf"\n(?=[ \t]*(?:\n|[:@][a-z]|[-*] |>>>|{_HEADING}[ \t]*(?:[:：][ \t]*)?\n))")
_NAME = re.compile(r"\w+")
_BROKEN = re.compile(r"(?<=[⺀-鿿＀-￯])\s+(?=[⺀-鿿＀-￯])")
_MARKUP = re.compile(
    r"\{@(?P<tag>\w+)\b(?P<text>(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
    r"|<(?P<html>/?(?i:p|br|b|i|em|strong|ul|ol|li|dl|dt|dd|pre|code|tt|a|h\d|table|tr|td|th|div|span|blockquote)\b)[^<>]*>"
    r"|&#?\w+;"
)


def param_docs(doc: str) -> dict[str, str]:
    r"""Return the description of each parameter in a docstring in Sphinx, Google or NumPy style.

    >>> param_docs("Find it.\n\nArgs:\n    key: 编号，\n        必填\n")
    {'key': '编号，必填'}
    """
    heads = ((head.split(), text) for head, text in _SPHINX.findall(doc))
    # A type may precede the name: `:param list[str] names:`.
    entries = [(names[-1].lstrip("*"), text) for names, text in heads if names]
    entries = [(name, text) for name, text in entries if _NAME.fullmatch(name)]
    for _, section in _GOOGLE.findall(f"{doc}\n"):
        entries += _GOOGLE_ENTRY.findall(inspect.cleandoc("\n" + section))
    for section in _NUMPY.findall(f"{doc}\n"):
        entries += [(name, text) for names, text in _NUMPY_ENTRY.findall(section) for name in names.split(",")]
    return {name.strip("* "): joined(text) for name, text in entries if text.strip()}


def tidied(doc: str) -> str:
    """Return a text with its first paragraph on one line."""
    first, *rest = _BREAK.split(doc.strip(), maxsplit=1)
    return "\n\n".join([joined(first), *(text.strip("\n") for text in rest)])


def joined(text: str) -> str:
    """Return a text on one line, without spaces at line breaks in Chinese."""
    return " ".join(_BROKEN.sub(lambda match: "" if "\n" in match[0] else match[0], text).split())


def javadoc(comment: str, kept: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    r"""Return the text of a Javadoc comment, followed by its `kept` tags, and the `@param` texts by name.

    >>> javadoc("/** Adds. @since 1.0\n * @param a the first\n */", ())
    ('Adds. @since 1.0', {'a': 'the first'})
    """
    text = re.sub(r"^[ \t]*\*+ ?", "", comment.removeprefix("/**").removesuffix("*/"), flags=re.M)
    # Annotations in examples are capitalized, and so are some tags from IDE templates.
    main, *blocks = re.split(r"^[ \t]*@(?=[a-z]|(?:Author|Date|Description|Version)\b)", text, flags=re.M)
    tag_texts = [re.findall(r"^(\w+)[\s:：]*(.*)", block, re.S)[0] for block in blocks]
    tags = [(tag.lower(), joined(_MARKUP.sub(_plain, rest))) for tag, rest in tag_texts]
    main = main if main.strip() else next((words for tag, words in tags if tag == "description"), "")
    docs = {parts[0]: parts[2] for tag, words in tags if tag == "param" and (parts := words.partition(" "))[2]}
    main = tidied(re.sub(r"\n\s*\n", "\n\n", inspect.cleandoc(_MARKUP.sub(_plain, main))))
    tag_lines = [f"@{tag} {words}" for tag, words in tags if tag in kept and words and (tag != "param" or " " in words)]
    return "\n\n".join(part for part in (main, "\n".join(tag_lines)) if part), docs


def _plain(match: re.Match[str]) -> str:
    tag, text = match["tag"], (match["text"] or "").strip()
    if tag in ("link", "linkplain"):
        target, label = re.findall(r"^([^\s(]*(?:\([^)]*\))?)\s*(.*)", text, re.S)[0]
        return str(label or target.lstrip("#").replace("#", "."))
    if tag:
        return text
    breaks = {"p": "\n\n", "br": "\n", "li": "\n- "}
    return breaks.get(match["html"].lower(), "") if match["html"] else without_entities(match[0])
