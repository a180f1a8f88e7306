"""`Teacher`: a model behind an OpenAI-compatible endpoint, and what else can be asked: any function."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable
from urllib.parse import urlsplit

import orjson

from swiftprep.distill.request import Reply, Request, longest
from swiftprep.distill.teachers.failures import read_reply
from swiftprep.distill.teachers.http import LARGEST, Endpoint
from swiftprep.distill.teachers.providers import PROVIDERS, STREAMS
from swiftprep.distill.teachers.stream import read_stream
from swiftprep.errors import ConfigError, TeacherError, did_you_mean
from swiftprep.streams import get_logger

logger = get_logger(__name__)

SAMPLING: dict[str, Any] = {"temperature": 0.7, "max_tokens": 4096}
LEAST_ANSWER = 2 * 2**20  # bytes that any answer may have
TOKEN_BYTES, EVENT_BYTES = 256, 1024  # that one token takes at most, in an answer and in a stream
_OURS = ("model", "messages", "stream", "stream_options", "n")
Price: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Limits:
    """How hard a provider may be pressed.

    Attributes:
        concurrency: Calls in flight at once, at most; fewer after the provider throttles, more again after successes.
        requests_per_minute: Calls begun a minute, evenly spaced; None: no limit.
        tokens_per_minute: Tokens of prompts and answers a minute; None: no limit.
        attempts: Calls for one answer, at most, when the provider fails; waiting because of throttling is not counted.
        backoff: Seconds before the second attempt, at most; doubled with each, up to a minute.
        patience: Seconds the provider may throttle without one answer before the run is stopped.
        batch_hours: Hours a run waits for a batch; the next one goes on waiting.
    """

    concurrency: int = 16
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    attempts: int = 5
    backoff: float = 1.0
    patience: float = 900.0
    batch_hours: float = 36.0

    def __post_init__(self) -> None:
        for name in ("concurrency", "attempts"):
            if getattr(self, name) < 1:
                raise ConfigError(f"limits: {name}={getattr(self, name)!r}; expected 1 or more")
        for name in ("requests_per_minute", "tokens_per_minute"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ConfigError(f"limits: {name}={value!r}; expected more than 0, or None")
        if not self.batch_hours > 0:
            raise ConfigError(f"limits: batch_hours={self.batch_hours!r}; expected more than 0")


@runtime_checkable
class Teaches(Protocol):
    """What can be asked. `Teacher` is one; `as_teacher` makes one of a function."""

    @property
    def identity(self) -> str:
        """Names what answers, so that its answers are found again: the model, not where it is served."""

    @property
    def host(self) -> str:
        """Where the questions go, to be shown before they do."""

    @property
    def limits(self) -> Limits:
        """How hard it may be pressed."""

    @property
    def sampling(self) -> Mapping[str, Any]:
        """What each request has beside its messages."""

    @property
    def price(self) -> Price | None:
        """Money for a million tokens of prompt and of answer; None: not known."""

    async def ask(self, request: Request) -> Reply:
        """Return the answer, or raise `TeacherError`."""

    async def close(self) -> None:
        """Close connections; the next `ask` opens them again."""


class Teacher:
    """A model behind an OpenAI-compatible endpoint.

    The key is read from the environment when a call is made and is kept nowhere. Redirects are refused, so that
    nothing goes to a host that was not named. Proxies of the environment (`HTTPS_PROXY`, `NO_PROXY`) are used.

    >>> Teacher("deepseek", "deepseek-chat")
    <Teacher deepseek-chat at api.deepseek.com>
    >>> Teacher("http://127.0.0.1:8000/v1", "qwen", limits=Limits(concurrency=64)).limits.concurrency
    64
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
        """Set up; nothing is connected.

        Args:
            base_url: Such as `"https://api.deepseek.com/v1"`, or a name in
                `swiftprep.distill.teachers.providers.PROVIDERS`.
            model: The provider's name for the model.
            api_key_env: The environment variable that has the key; a named provider's own by default.
            sampling: Over `{"temperature": 0.7, "max_tokens": 4096}`: anything the endpoint takes; None takes one out.
            limits: How hard the provider may be pressed.
            price: Money for a million tokens of prompt and of answer, in any currency: for `cost` and `Budget(money=)`.
            stream: Whether to ask for a stream; None: where the model is known to need it, or says so.
            deadline: Seconds a call may take from beginning to end, whatever comes in meanwhile.
            version: Tells apart models that go by one name, such as two checkpoints served as `"default"`.

        Raises:
            ConfigError: a bad URL, an unknown provider, or a sampling parameter that is not one.
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
                raise ConfigError(f"sampling: {name} is set by swiftprep itself")
        _check_price(price)
        try:
            orjson.dumps(self.sampling)
        except TypeError as error:
            raise ConfigError(f"sampling: {error}; it is sent as JSON (采样参数必须能写成 JSON)") from None
        self.limits = limits or Limits()
        self.price = price
        self.deadline = deadline
        self.identity = f"{model}@{version}" if version else model
        self._streams = bool(STREAMS.search(model)) if stream is None else stream
        self._may_stream = stream is None
        self.endpoint = Endpoint(self.base_url, self.api_key_env, deadline)
        if self.api_key_env and self.base_url.startswith("http://") and not _is_near(self.host):
            logger.warning("%s: the key goes there without encryption (密钥将以明文发送)", self.host)

    def __repr__(self) -> str:
        return f"<Teacher {self.identity} at {self.host}>"

    def check(self) -> None:
        """Make sure that the key is there.

        Raises:
            ConfigError: the environment variable is not set, or what is in it cannot be a key.
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
            TeacherError: there is none; `.kind` says why.
            ConfigError: the key is not there.
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
        """Close the connections; the next call opens them again."""
        await self.endpoint.close()

    @classmethod
    def local(cls, gguf: str | Path | None = None, *, sampling: Mapping[str, Any] | None = None) -> Teaches:
        """Serve a small model on this machine and return it as a teacher; nothing leaves the machine.

        Args:
            gguf: A model file; by default SmolLM2-135M-Instruct, which is good enough to try things out, and for
                nothing else.
            sampling: As of `Teacher`.

        Raises:
            MissingDependencyError: the packages for it are not installed.
        """
        from swiftprep.serve.local import local_teacher

        return local_teacher(gguf, sampling=sampling)

    @classmethod
    def swift(
        cls,
        model: str | Path,
        adapters: Iterable[str | Path] = (),
        *,
        model_type: str | None = None,
        template: str | None = None,
        sampling: Mapping[str, Any] | None = None,
    ) -> Teaches:
        """Serve a model, and adapters on it, through ms-swift's `deploy` on this machine.

        Args:
            model: A folder or a hub id.
            adapters: Checkpoints of adapters.
            model_type: ms-swift's, for a model it does not recognise.
            template: ms-swift's chat template, likewise.
            sampling: As of `Teacher`.

        Raises:
            MissingDependencyError: ms-swift is not installed.
        """
        from swiftprep.serve.swift_server import swift_teacher

        return swift_teacher(model, adapters, model_type=model_type, template=template, sampling=sampling)


def largest_answer(sampling: Mapping[str, Any], *, streams: bool = False) -> int:
    r"""Return how many bytes an answer may take, by the tokens it may have; twice so many where it thinks.

    A token may be written as `\u4f60\u597d…`, and in a stream it comes with an event of its own around it.

    >>> largest_answer({"max_tokens": 100}) == largest_answer({"max_tokens": 4096}) == LEAST_ANSWER
    True
    >>> largest_answer({"max_tokens": 32_768}) >> 20, largest_answer({"max_tokens": 4096}, streams=True) >> 20
    (16, 8)
    """
    tokens = 2 * (longest(sampling) or 2 * SAMPLING["max_tokens"])
    bytes_each = EVENT_BYTES if streams else TOKEN_BYTES
    if sampling.get("logprobs"):  # as many alternatives of each token
        bytes_each += TOKEN_BYTES * (1 + (sampling.get("top_logprobs") or 0))
    return min(LARGEST, max(LEAST_ANSWER, tokens * bytes_each))


def _name(api_key_env: str | None) -> str | None:
    """Return the name of an environment variable; a key in its place is refused without showing it."""
    if api_key_env is None:
        return None
    looks_like_a_key = len(api_key_env) > 20 and not api_key_env.isupper()
    if looks_like_a_key or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", api_key_env):
        raise ConfigError(
            "api_key_env: expected the name of an environment variable, such as 'DEEPSEEK_API_KEY', and not the key "
            "itself (这里要填环境变量的名称，不是密钥本身)"
        )
    return api_key_env


def _host(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise ConfigError("base_url: not a URL (base_url 不是网址)") from None
    if parts.username or parts.password or parts.query:
        raise ConfigError(
            "base_url: keys do not belong into the URL; name an environment variable (不要把密钥写进网址)"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        hint = did_you_mean(base_url, PROVIDERS) or f"; known by name: {', '.join(PROVIDERS)}"
        raise ConfigError(f"base_url={base_url!r}: expected http(s)://… or a provider's name{hint}")
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
        raise ConfigError(f"price={price!r}: expected money for a million tokens of prompt and of answer, (0.5, 2)")
