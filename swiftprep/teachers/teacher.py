"""`Teacher`: a model behind an OpenAI-compatible endpoint, or on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from swiftprep.arguments import checked_keywords, one_or_more
from swiftprep.errors import ConfigError
from swiftprep.teachers.local import local_teacher
from swiftprep.teachers.openai import OpenAITeacher
from swiftprep.teachers.protocol import Limits, Price, TeacherProtocol
from swiftprep.teachers.swift import swift_teacher


class Teacher(OpenAITeacher):
    """A model behind an OpenAI-compatible endpoint; `local` and `swift` return models on this machine.

    The key is read from the environment for each call and stored nowhere. Redirects are refused, so that nothing goes
    to any other host. Proxies set in the environment (`HTTPS_PROXY`, `NO_PROXY`) are used.

    >>> Teacher("deepseek", "deepseek-chat")
    <Teacher deepseek-chat at api.deepseek.com>
    >>> from swiftprep import Limits
    >>> Teacher("http://127.0.0.1:8000/v1", "qwen", limits=Limits(concurrency=64)).limits.concurrency
    64
    >>> Teacher("http://127.0.0.1:8000/v1", "qwen", temperature=0.2, concurrency=8).sampling
    {'temperature': 0.2, 'max_tokens': 4096}
    """

    @checked_keywords
    def __init__(
        self,
        base_url: str,
        model: str,
        api_key_env: str | None = None,
        *,
        temperature: float | None = None,
        max_tokens: int | None = None,
        top_p: float | None = None,
        concurrency: int | None = None,
        requests_per_minute: float | None = None,
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
            temperature: Short for `sampling={"temperature": …}`.
            max_tokens: Short for `sampling={"max_tokens": …}`.
            top_p: Short for `sampling={"top_p": …}`.
            concurrency: Short for `limits=Limits(concurrency=…)`.
            requests_per_minute: Short for `limits=Limits(requests_per_minute=…)`.
            sampling: Any parameters of the endpoint, added to `{"temperature": 0.7, "max_tokens": 4096}`; None removes
                one.
            limits: Rate limits.
            price: Money per million tokens of prompt and of answer, in any currency, for `cost` and `Budget(money=)`.
            stream: Whether to stream answers; None: only if the model is known to need it, or the provider says so.
            deadline: Seconds a call may take in all, even while data still arrives.
            version: Distinguishes models of the same name, such as two checkpoints served as `"default"`.

        Raises:
            ConfigError: a bad URL, an unknown provider, an invalid sampling parameter, or one that is given twice with
                two values.
        """
        shorts = {"temperature": temperature, "max_tokens": max_tokens, "top_p": top_p}
        rates = {"concurrency": concurrency, "requests_per_minute": requests_per_minute}
        super().__init__(
            base_url,
            model,
            api_key_env,
            sampling=_merged("sampling", dict(sampling or {}), shorts),
            limits=Limits(**_merged("limits", _set(limits or Limits()), rates)),
            price=price,
            stream=stream,
            deadline=deadline,
            version=version,
        )

    @classmethod
    @checked_keywords
    def local(cls, gguf: str | Path | None = None, *, sampling: Mapping[str, Any] | None = None) -> TeacherProtocol:
        """Serve a small model on this machine and return it as a teacher; no data leaves the machine.

        Args:
            gguf: A model file; by default SmolLM2-135M-Instruct, which is good for trying things out and nothing else.
            sampling: Sampling parameters, added to `{"temperature": 0.7, "max_tokens": 1024}`.

        Raises:
            MissingDependencyError: the packages it needs are not installed.
        """
        return local_teacher(gguf, sampling=sampling)

    @classmethod
    @checked_keywords
    def swift(
        cls,
        model: str | Path,
        adapters: str | Path | Iterable[str | Path] = (),
        *,
        model_type: str | None = None,
        template: str | None = None,
        sampling: Mapping[str, Any] | None = None,
    ) -> TeacherProtocol:
        """Serve a model, with adapters, through ms-swift's `deploy` on this machine.

        Args:
            model: A folder or a hub id.
            adapters: One or several checkpoints of adapters.
            model_type: ms-swift's model type, for a model it does not recognise.
            template: ms-swift's chat template, likewise.
            sampling: Sampling parameters, added to `{"temperature": 0.7, "max_tokens": 1024}`.

        Raises:
            MissingDependencyError: ms-swift is not installed.
        """
        return swift_teacher(
            model, one_or_more("adapters", adapters), model_type=model_type, template=template, sampling=sampling
        )


def _set(limits: Limits) -> dict[str, Any]:
    """Return the limits that are not the default."""
    usual = asdict(Limits())
    return {name: value for name, value in asdict(limits).items() if value != usual[name]}


def _merged(where: str, given: dict[str, Any], shorts: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with those that were given by their own name added."""
    for name, value in shorts.items():
        if value is not None and given.get(name, value) != value:
            raise ConfigError(
                f"{name}={value!r:.80}, but {where} has {name}={given[name]!r:.80}: give it once "
                f"(与 {where} 中的值矛盾，请只写一处)"
            )
    return {**given, **{name: value for name, value in shorts.items() if value is not None}}
