"""Teachers behind OpenAI-compatible endpoints."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from swiftprep.errors import ConfigError, TeacherError, did_you_mean
from swiftprep.notebook import html_of_repr
from swiftprep.streams import get_logger
from swiftprep.teachers.failures import read_reply
from swiftprep.teachers.http import LARGEST, Endpoint
from swiftprep.teachers.protocol import Limits, Price
from swiftprep.teachers.providers import PROVIDERS, STREAMS
from swiftprep.teachers.request import LIMIT_NAMES, Reply, Request, longest
from swiftprep.teachers.stream import read_stream

logger = get_logger(__name__)

SAMPLING: dict[str, Any] = {"temperature": 0.7, "max_tokens": 4096}
LEAST_ANSWER = 2 * 2**20  # bytes that any answer may have
TOKEN_BYTES, EVENT_BYTES = 256, 1024  # most bytes per token, in an answer and in a stream
_MOST_TOKENS = 10**9
_OURS = ("model", "messages", "stream", "stream_options", "n")


class OpenAITeacher:
    """A model behind an OpenAI-compatible endpoint.

    The key is read from the environment for each call and stored nowhere. Redirects are refused, so that nothing goes
    to any other host. Proxies set in the environment (`HTTPS_PROXY`, `NO_PROXY`) are used.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key_env: str | None = None,
        *,
        sampling: Mapping[str, Any] | None = None,
        limits: Limits | None = None,
        price: Price | None = None,
        stream: bool | None = None,
        deadline: float = 600.0,
        version: str = "",
    ) -> None:
        """Create the teacher; no connection is opened yet.

        Args:
            base_url: A URL such as `"https://api.deepseek.com/v1"`, or a name in
                `swiftprep.teachers.providers.PROVIDERS`.
            model: The provider's name for the model.
            api_key_env: The environment variable with the key; by default that of the named provider.
            sampling: Any parameters of the endpoint, added to `{"temperature": 0.7, "max_tokens": 4096}`; None removes
                one.
            limits: Rate limits.
            price: Money per million tokens of prompt and of answer, in any currency, for `cost` and `Budget(money=)`.
            stream: Whether to stream answers; None: only if the model is known to need it, or the provider says so.
            deadline: Seconds a call may take in all, even while data still arrives.
            version: Distinguishes models of the same name, such as two checkpoints served as `"default"`.

        Raises:
            ConfigError: a bad URL, an unknown provider, or an invalid sampling parameter.
        """
        provider = PROVIDERS.get(base_url)
        self.base_url = (provider.base_url if provider else base_url).rstrip("/")
        self.api_key_env = _name(api_key_env) or (provider.api_key_env if provider else None)
        self.model = model
        self.host = _host(self.base_url)
        self.sampling: dict[str, Any] = {
            name: value for name, value in {**SAMPLING, **(sampling or {})}.items() if value is not None
        }
        for name in _OURS:
            if name in self.sampling:
                raise ConfigError(f"sampling: {name} is set by swiftprep itself ({name} 由 swiftprep 设置)")
        check_sampling(self.sampling)
        _check_price(price)
        try:
            orjson.dumps(self.sampling)
        except TypeError as error:
            raise ConfigError(f"sampling: {error}; it must be valid JSON (采样参数必须能表示为 JSON)") from None
        self.limits = limits or Limits()
        self.price = price
        self.deadline = deadline
        self.identity = f"{model}@{version}" if version else model
        self._streams = bool(STREAMS.search(model)) if stream is None else stream
        self._may_stream = stream is None
        self.endpoint = Endpoint(self.base_url, self.api_key_env, deadline)
        if self.api_key_env and self.base_url.startswith("http://") and not _is_near(self.host):
            logger.warning("%s: the key is sent there without encryption (密钥将以明文发送)", self.host)

    def __repr__(self) -> str:
        return f"<Teacher {self.identity:.150} at {self.host:.150}>"

    _repr_html_ = html_of_repr

    def check(self) -> None:
        """Make sure that the key is available.

        Raises:
            ConfigError: the environment variable is not set, or its value cannot be a key.
        """
        self.endpoint.check()

    def body(self, request: Request) -> dict[str, Any]:
        """Return the JSON body a request is sent as."""
        body = {"model": self.model, "messages": list(request.messages), **request.sampling}
        if self._streams:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return body

    async def ask(self, request: Request) -> Reply:
        """Send a request and return the answer.

        Raises:
            TeacherError: there is no answer; `.kind` says why.
            ConfigError: the key is missing.
        """
        streams = self._streams
        largest = largest_answer(request.sampling, streams=streams)
        response = await self.endpoint.post("/chat/completions", orjson.dumps(self.body(request)), largest=largest)
        try:
            if streams and response.status == 200 and response.body.lstrip()[:1] != b"{":
                return read_stream(response.body)
            return read_reply(response.status, response.headers, response.body, self.host, is_cut=response.is_cut)
        except TeacherError as error:
            if error.kind != "needs-stream":
                raise
            if streams or not self._may_stream:
                error.kind = "bad-request"
            self._streams = self._streams or self._may_stream
            raise

    async def close(self) -> None:
        """Close the connections; the next call reopens them."""
        await self.endpoint.close()


def largest_answer(sampling: Mapping[str, Any], *, streams: bool = False) -> int:
    r"""Return how many bytes an answer may have, from twice its token limit, to leave room for reasoning.

    A token may be escaped as `\u4f60\u597d…`, and in a stream each comes wrapped in its own event.

    >>> largest_answer({"max_tokens": 100}) == largest_answer({"max_tokens": 4096}) == LEAST_ANSWER
    True
    >>> largest_answer({"max_tokens": 32_768}) >> 20, largest_answer({"max_tokens": 4096}, streams=True) >> 20
    (16, 8)
    """
    tokens = 2 * (longest(sampling) or 2 * SAMPLING["max_tokens"])
    bytes_each = EVENT_BYTES if streams else TOKEN_BYTES
    if sampling.get("logprobs"):  # each token comes with its alternatives
        bytes_each += TOKEN_BYTES * (1 + (sampling.get("top_logprobs") or 0))
    return min(LARGEST, max(LEAST_ANSWER, tokens * bytes_each))


def check_sampling(sampling: Mapping[str, Any]) -> None:
    """Refuse values that no endpoint accepts, before anything is sent.

    Raises:
        ConfigError: `max_tokens` is not a positive whole number, or `temperature` or `top_p` is out of range.
    """
    for name in LIMIT_NAMES:
        value = sampling.get(name)
        if value is not None and (type(value) is not int or not 0 < value <= _MOST_TOKENS):
            raise ConfigError(f"sampling: {name}={value!r:.80}; expected a whole number from 1 on (应为正整数)")
    for name, most in (("temperature", 2), ("top_p", 1)):
        value = sampling.get(name)
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most
        ):
            raise ConfigError(
                f"sampling: {name}={value!r:.80}; expected a number from 0 to {most} (应为 0 到 {most} 的数)"
            )


def _name(api_key_env: str | None) -> str | None:
    """Return the name of an environment variable; refuse a key in its place without showing it."""
    if api_key_env is None:
        return None
    looks_like_a_key = len(api_key_env) > 20 and not api_key_env.isupper()
    if looks_like_a_key or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", api_key_env):
        raise ConfigError(
            "api_key_env: expected the name of an environment variable, such as 'DEEPSEEK_API_KEY', not the key "
            "itself (应填写环境变量的名称，而不是密钥本身)"
        )
    return api_key_env


def _host(base_url: str) -> str:
    try:
        if not base_url.isprintable() or " " in base_url:
            raise ValueError
        parts = urlsplit(base_url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise ConfigError("base_url: not a URL (base_url 不是网址)") from None
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(
            "base_url: keys do not belong in the URL; name an environment variable instead (不要把密钥写进网址)"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        hint = did_you_mean(base_url, PROVIDERS) or f"; known by name: {', '.join(PROVIDERS)}"
        raise ConfigError(
            f"base_url={base_url!r}: expected http(s)://… or a provider's name{hint} (应为网址或服务商名称)"
        )
    return parts.hostname + port


def _is_near(host: str) -> bool:
    name = host.rpartition(":")[0] or host
    try:
        return ipaddress.ip_address(name).is_private
    except ValueError:
        return name == "localhost"


def _check_price(price: Price | None) -> None:
    if price is None:
        return
    if len(price) != 2 or any(not isinstance(part, int | float) or part < 0 for part in price):
        raise ConfigError(
            f"price={price!r}: expected the money per million tokens of prompt and of answer, such as (0.5, 2) "
            "(应为每百万输入、输出 token 的价格)"
        )
