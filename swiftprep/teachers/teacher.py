"""`Teacher`: a model behind an OpenAI-compatible endpoint, or on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from swiftprep.teachers.local import local_teacher
from swiftprep.teachers.openai import OpenAITeacher
from swiftprep.teachers.protocol import TeacherProtocol
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
    """

    @classmethod
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
    def swift(
        cls,
        model: str | Path,
        adapters: Iterable[str | Path] = (),
        *,
        model_type: str | None = None,
        template: str | None = None,
        sampling: Mapping[str, Any] | None = None,
    ) -> TeacherProtocol:
        """Serve a model, with adapters, through ms-swift's `deploy` on this machine.

        Args:
            model: A folder or a hub id.
            adapters: Checkpoints of adapters.
            model_type: ms-swift's model type, for a model it does not recognise.
            template: ms-swift's chat template, likewise.
            sampling: Sampling parameters, added to `{"temperature": 0.7, "max_tokens": 1024}`.

        Raises:
            MissingDependencyError: ms-swift is not installed.
        """
        return swift_teacher(model, adapters, model_type=model_type, template=template, sampling=sampling)
