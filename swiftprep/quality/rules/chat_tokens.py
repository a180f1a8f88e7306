"""Find chat-template tokens anywhere, even in code, where a tokenizer takes them for real ones."""

from __future__ import annotations

import re

from swiftprep.quality.rule import RuleResult, drop, warn
from swiftprep.records import Sample

# Only what occurs in no other language: `<s>` is HTML as well, and after a name `[INST]` is an index.
_TOKEN = re.compile(
    r"<[|｜][A-Za-z_▁/][\w▁/:.-]{0,47}[|｜]>|</?(?:start_of_turn|end_of_turn|eos|bos|EOS_TOKEN|BOS_TOKEN)>|<</?SYS>>"
    r"|\[/INST\]|(?<![\w$)\].])\[INST\]|</?tool_(?:call|response)s?>"
)


def chat_token(text: str) -> str:
    """Return the first chat-template token in a text, or `""`.

    >>> chat_token("const stop = '<|im_end|>'"), chat_token("x <| f |> g")
    ('<|im_end|>', '')
    >>> chat_token("a = ['[INST]']"), chat_token("a = codes[INST]")
    ('[INST]', '')
    """
    match = _TOKEN.search(text)
    return match[0] if match else ""


def kept_token(sample: Sample) -> RuleResult | None:
    """Report a chat-template token that stays, as it is intended or part of code: it ends a turn in training.

    A teacher's answer is dropped, since it can be asked for again. People's own text stays, with a warning.
    """
    token = next(filter(None, (chat_token(turn["content"]) for turn in reversed(sample.messages))), "")
    if not token:
        return None
    reason = f"holds {token} of a chat template, in code or in prose; a tokenizer takes it for a real one"
    reason_zh = f"代码或正文中含有模板标记 {token}，分词器会把它当作真正的标记"
    return drop(reason, reason_zh) if sample.kind == "scenario" else warn(reason, reason_zh)
