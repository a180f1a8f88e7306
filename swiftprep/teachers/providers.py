"""Providers by name: their base URL and the usual environment variable for their key."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Models that only answer in a stream.
STREAMS = re.compile(r"^(?:qwq|qvq)|thinking", re.I)


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenAI-compatible endpoint; `api_key_env` is None where no key is needed."""

    base_url: str
    api_key_env: str | None = None


PROVIDERS = {
    "dashscope": Provider("https://dashscope.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY"),
    "deepseek": Provider("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    "zhipu": Provider("https://open.bigmodel.cn/api/paas/v4", "ZHIPUAI_API_KEY"),
    "siliconflow": Provider("https://api.siliconflow.cn/v1", "SILICONFLOW_API_KEY"),
    "ark": Provider("https://ark.cn-beijing.volces.com/api/v3", "ARK_API_KEY"),
    "moonshot": Provider("https://api.moonshot.cn/v1", "MOONSHOT_API_KEY"),
    "modelscope": Provider("https://api-inference.modelscope.cn/v1", "MODELSCOPE_API_TOKEN"),
    "openai": Provider("https://api.openai.com/v1", "OPENAI_API_KEY"),
    "vllm": Provider("http://127.0.0.1:8000/v1"),
    "swift": Provider("http://127.0.0.1:8000/v1"),
}
