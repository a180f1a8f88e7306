"""Rules about secrets and personal data, and about code that an earlier redaction broke."""

from __future__ import annotations

from collections.abc import Callable

from swiftprep.quality.rule import RuleResult, drop, fix, warn
from swiftprep.quality.rules.origin import is_code
from swiftprep.records import Sample
from swiftprep.redaction.mask import OLD_MARKER, mask, renewed
from swiftprep.redaction.personal_data import personal
from swiftprep.redaction.places import Places
from swiftprep.redaction.secrets import redact
from swiftprep.redaction.stand_ins import stand_in


def secrets(sample: Sample) -> RuleResult | None:
    """Replace keys, tokens and passwords by a word such as `REDACTED_PASSWORD`, as the scanner does."""
    kinds: list[str] = []

    def clean(text: str, path: str) -> str:
        redacted, findings = redact(text, path)
        kinds.extend(finding.kind for finding in findings)
        return redacted

    cleaned = _cleaned(sample, clean)
    if cleaned is sample:
        return None
    names = ", ".join(sorted(set(kinds)))
    return fix(cleaned, f"holds secrets: {names}", f"含有密钥或口令：{names}")


def personal_data(sample: Sample) -> RuleResult | None:
    """Replace people's mobile, ID and bank card numbers and e-mail addresses by `REDACTED_PHONE` and so on.

    Where code may depend on the form of a value, a made-up value of that form replaces it. Where the text depends on
    the value itself, it stays, with a warning.
    """
    kinds: list[str] = []
    left: list[str] = []

    def clean(text: str, path: str) -> str:
        for span in reversed(personal(text, path)):
            if other := stand_in(text, span, path):
                text = text[: span.start] + other + text[span.end :]
                kinds.append(span.kind)
        masked = []
        for span in personal(text, path):
            if stand_in(text, span, path) is None:
                left.append(span.kind)
            else:
                masked.append(span)
                kinds.append(span.kind)
        return mask(text, masked, Places(text, path)) if masked else text

    cleaned = _cleaned(sample, clean)
    still = ", ".join(sorted(set(left)))
    if cleaned is sample:
        if not left:
            return None
        return warn(
            f"holds personal data that stays, as the text depends on it: {still}",
            f"含有个人信息，因内容依赖其值而未替换：{still}",
        )
    names = ", ".join(sorted(set(kinds)))
    more, more_zh = (
        (f"; stays, as the text depends on it: {still}", f"；内容依赖其值而未替换：{still}") if left else ("", "")
    )
    return fix(cleaned, f"holds personal data: {names}{more}", f"含有个人信息：{names}{more_zh}")


def broken_redaction(sample: Sample) -> RuleResult | None:
    """Update the `<REDACTED:kind>` of an earlier version in the strings of code, and drop code that it broke.

    In a string it becomes today's word. Anywhere else it is a syntax error, and nobody knows what it replaced.
    """
    if not any("<REDACTED:" in turn["content"] for turn in sample.messages):
        return None
    updated = _cleaned(sample, lambda text, path: renewed(text, path)[0])
    broken = [line for turn, path in _texts(sample) for line in renewed(turn, path)[1]]
    if broken:
        excerpt = OLD_MARKER.sub("…", broken[0].strip())[:60]
        return drop(f"its code was broken by a redaction: {excerpt}", f"代码被脱敏标记破坏：{excerpt}")
    if updated is sample:
        return None
    return fix(updated, "holds a redaction marker of an earlier version in its code", "代码中含有旧版脱敏标记")


def _texts(sample: Sample) -> list[tuple[str, str]]:
    """Return `(content, path)` of each message; the path tells the format of the content."""
    texts = [(turn["content"], ".md") for turn in sample.messages]
    if texts and is_code(sample):
        answer = sample.answer
        path = sample.path or ("a.vue" if answer.lstrip().startswith("<") else ".md")
        texts[-1] = (answer, path)
    return texts


def _cleaned(sample: Sample, change: Callable[[str, str], str]) -> Sample:
    """Return the sample with `change` made to every message, or itself if nothing changed."""
    messages = [{**turn, "content": change(*text)} for turn, text in zip(sample.messages, _texts(sample), strict=True)]
    return sample if messages == sample.messages else sample.replace(messages=messages)
