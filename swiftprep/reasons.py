"""The names of rules and of reasons for a reject, in English and Chinese, for what a person reads.

The ids, such as `"near-duplicate"`, stay what code and settings use (`levels={"near-duplicate": "warn"}`); reports show
a name with its id in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_BRACKET = re.compile(r"[()]")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")

NAMES: Mapping[str, tuple[str, str]] = {
    # Files that are scanned.
    "binary": ("not a text file", "二进制文件"),
    "failed": ("could not be processed", "处理失败"),
    "generated": ("generated code", "自动生成的代码"),
    "ignored": ("left out by an ignore rule", "按忽略规则跳过"),
    "licence": ("licence not allowed", "许可证不在允许范围内"),
    "minified": ("minified code", "压缩过的代码"),
    "no-sample": ("fits no kind of sample", "不适合任何样本种类"),
    "not-a-file": ("not a regular file", "不是普通文件"),
    "not-parsed": ("could not be parsed", "无法解析"),
    "symlink": ("symbolic link", "符号链接"),
    "too-large": ("too large", "过大"),
    "too-long": ("too long", "过长"),
    "undecodable": ("unknown or damaged encoding", "编码无法识别或已损坏"),
    "unreadable": ("cannot be read", "无法读取"),
    # Rows of data files.
    "bad-csv": ("does not fit the header", "与表头不符"),
    "bad-json": ("not valid JSON", "不是有效的 JSON"),
    "bad-row": ("cannot be read as a row", "无法读作一行数据"),
    "beside": ("content that a sample cannot express", "含样本无法表达的内容"),
    "content": ("content is not text", "内容不是文本"),
    "encoding": ("unknown encoding", "编码无法识别"),
    "form": ("unknown form", "格式不符"),
    "loss": ("turns left out of training", "含不参与训练的轮次"),
    "media": ("pictures, sound or video", "含图片、音频或视频"),
    "no-answer": ("no answer", "没有回答"),
    "no-question": ("no question", "没有问题"),
    "plain-text": ("text without questions and answers", "纯文本，没有问答"),
    "preference": ("holds a rejected answer", "含偏好数据中的负例"),
    "repeated-key": ("a key stands twice", "同一个键出现两次"),
    "role": ("unknown role", "角色未知"),
    "row-form": ("unknown row form", "行格式未知"),
    "swift-drops": ("dropped by ms-swift", "会被 ms-swift 丢弃"),
    "tools": ("tool calls", "含工具调用"),
    "two-answers": ("two different answers", "有两个不同的回答"),
    "two-questions": ("two different questions", "有两个不同的问题"),
    "two-systems": ("two different system prompts", "有两个不同的系统提示"),
    # Rules for samples.
    "askers-words": ("asker's words in the answer", "回答里有提问者的口吻"),
    "bare-code": ("code without a fence", "代码没有围栏"),
    "boilerplate": ("empty phrases", "套话"),
    "broken-redaction": ("redaction that breaks code", "脱敏标记破坏代码"),
    "chat-markers": ("chat template markers", "混入对话模板标记"),
    "contamination": ("overlaps held-out data", "与留出数据重合"),
    "contradiction": ("different answers to one question", "同一问题回答不同"),
    "duplicate": ("duplicate", "重复"),
    "echo": ("repeats the question", "重复问题"),
    "empty-input": ("empty input", "输入为空"),
    "empty-turn": ("empty turn", "空白轮次"),
    "escaped-text": ("escaped text", "文本被转义"),
    "fence-form": ("malformed code fence", "代码围栏格式错误"),
    "framework-api": ("wrong use of the framework's API", "框架 API 使用有误"),
    "hidden-characters": ("hidden characters", "不可见字符"),
    "hollow": ("hollow answer", "空洞的回答"),
    "html-residue": ("HTML remains", "残留的 HTML"),
    "json-wrapped": ("wrapped in JSON", "被包在 JSON 里"),
    "judge-leak": ("a judge's words", "混入评审内容"),
    "line-numbers": ("line numbers in code", "代码带行号"),
    "look-alikes": ("look-alike characters", "形似字符"),
    "looping": ("repeats itself", "循环重复"),
    "low-value": ("little to learn", "学习价值低"),
    "missing-object": ("what it asks about is missing", "缺少所问的对象"),
    "missing-reasoning": ("reasoning is missing", "缺少推理过程"),
    "mojibake": ("wrongly decoded text", "乱码"),
    "monotony": ("always the same wording", "措辞单一"),
    "near-duplicate": ("near duplicate", "近似重复"),
    "not-checked": ("could not be checked", "无法检查"),
    "personal-data": ("personal data", "个人信息"),
    "placeholder": ("placeholder in place of code", "用占位内容代替"),
    "prompt-leak": ("words of the prompt", "混入生成提示词"),
    "refusal": ("refuses to answer", "拒绝回答"),
    "repeated-turn": ("repeated turn", "重复的轮次"),
    "role-order": ("roles out of order", "角色顺序错误"),
    "secrets": ("secrets", "密钥"),
    "several-answers": ("several answers", "给出多个回答"),
    "surrogates": ("broken characters", "残缺字符"),
    "syntax-error": ("syntax error", "语法错误"),
    "think-tags": ("malformed <think> tags", "<think> 标签不完整"),
    "thinks-aloud": ("thinks aloud", "自言自语"),
    "tool-call": ("tool call as text", "文本形式的工具调用"),
    "truncated": ("cut off", "被截断"),
    "unclear": ("unclear question", "问题不明确"),
    "web-residue": ("remains of a web page", "残留的网页文字"),
    "wrong-language": ("wrong language", "语言不符"),
    # Samples that an operation of augment makes no variant of.
    "near-copy": ("would be a near copy", "与已有样本过于相似"),
    "no-catalog": ("needs a catalogue", "需要组件目录"),
    "no-context": ("nothing to show with it", "没有可用的上下文"),
    "no-prop": ("no prop to change", "没有可改的属性"),
    "no-span": ("no piece to cut out", "没有可挖空的片段"),
    "not-clean": ("has errors of its own", "原样本有错误"),
    "not-understood": ("question not understood", "无法识别问题的形式"),
    "not-unicode": ("broken characters", "含残缺字符"),
    "nothing-fits": ("nothing fits", "没有合适的改法"),
    "other-kind": ("not for this kind of sample", "不适用于这类样本"),
    "other-language": ("not for this language", "不适用于这种语言"),
    "own-template": ("of a template of the user's", "来自自定义模板"),
    "several-turns": ("several turns", "多轮对话"),
    # Answers of teachers and experts.
    "api": ("uses API that does not exist", "API 不存在或用法有误"),
    "bad-file": ("file cannot be read", "文件无法读取"),
    "bad-request": ("request refused", "请求被拒绝"),
    "compile": ("does not compile", "编译不通过"),
    "copy": ("copied from the prompt", "照抄提示词"),
    "empty": ("empty", "内容为空"),
    "error": ("processing failed", "处理出错"),
    "filtered": ("filtered by the provider", "被服务商的内容审核过滤"),
    "judge": ("scored too low by the judge", "评审未通过"),
    "no-code": ("no code", "没有代码"),
    "no-reasoning": ("no reasoning", "没有推理过程"),
    "not-evolved": ("no useful rewrite", "改写无效"),
    "not-read": ("takes too long or too much memory", "超出读取限制"),
    "secret": ("holds a secret", "含密钥"),
    "syntax": ("syntax error", "语法错误"),
    "unknown-file": ("unknown kind of file", "不支持的文件类型"),
    "wrong-component": ("without the component asked for", "没有使用要求的组件"),
}


def name_of(reason: str, lang: str) -> str:
    """Return the name of a rule or reason with its id in brackets; an unknown one is returned as it is.

    >>> name_of("near-duplicate", "zh"), name_of("near-duplicate", "en"), name_of("my-rule", "zh")
    ('近似重复（near-duplicate）', 'near duplicate (near-duplicate)', 'my-rule')
    """
    if reason not in NAMES:
        return reason
    english, chinese = NAMES[reason]
    if lang == "zh":
        return f"{chinese}（{reason}）"
    return english if english == reason else f"{english} ({reason})"


def counted(reasons: Mapping[str, int], lang: str) -> str:
    """Return reasons with their counts in words.

    >>> counted({"ignored": 2, "binary": 1}, "zh")
    '按忽略规则跳过（ignored）2 个，二进制文件（binary）1 个'
    >>> counted({"duplicate": 2}, "en")
    '2 duplicate'
    """
    if lang == "zh":
        return "，".join(
            f"{name_of(reason, lang)} {count} 个".replace("） ", "）") for reason, count in reasons.items()
        )
    return ", ".join(f"{count} {name_of(reason, lang)}" for reason, count in reasons.items())


def in_chinese(message: str) -> str:
    """Return the Chinese of a message, which stands in brackets after the English; one without any, as it is.

    >>> in_chinese("api.example: it never answered (没有得到任何回答); try again later (请稍后重试): HTTP 500")
    '没有得到任何回答；请稍后重试'
    >>> in_chinese("HTTP 500")
    'HTTP 500'
    """
    return "；".join(part for part in _in_brackets(message) if _CHINESE.search(part)) or message


def _in_brackets(text: str) -> Iterator[str]:
    """Yield what stands in the outermost pairs of round brackets."""
    depth = start = 0
    for bracket in _BRACKET.finditer(text):
        if bracket[0] == "(":
            depth += 1
            start = bracket.end() if depth == 1 else start
        elif depth:
            depth -= 1
            if not depth:
                yield text[start : bracket.start()]
