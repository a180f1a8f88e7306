"""`Teacher`: whoever answers, behind an OpenAI-compatible endpoint or on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from swiftprep.teachers.local import local_teacher
from swiftprep.teachers.openai import OpenAITeacher
from swiftprep.teachers.protocol import TeacherProtocol
from swiftprep.teachers.swift import swift_teacher


class Teacher(OpenAITeacher):
    """A model behind an OpenAI-compatible endpoint; `local` and `swift` give those that run on this machine.

    The key is read from the environment when a call is made and is kept nowhere. Redirects are refused, so that
    nothing goes to a host that was not named. Proxies of the environment (`HTTPS_PROXY`, `NO_PROXY`) are used.

    >>> Teacher("deepseek", "deepseek-chat")
    <Teacher deepseek-chat at api.deepseek.com>
    >>> from swiftprep import Limits
    >>> Teacher("http://127.0.0.1:8000/v1", "qwen", limits=Limits(concurrency=64)).limits.concurrency
    64
    """

    @classmethod
    def local(cls, gguf: str | Path | None = None, *, sampling: Mapping[str, Any] | None = None) -> TeacherProtocol:
        """Serve a small model on this machine and return it as a teacher; nothing leaves the machine.

        Args:
            gguf: A model file; by default SmolLM2-135M-Instruct, which is good enough to try things out, and for
                nothing else.
            sampling: Over `{"temperature": 0.7, "max_tokens": 1024}`: what each question is asked with.

        Raises:
            MissingDependencyError: the packages for it are not installed.
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
        """Serve a model, and adapters on it, through ms-swift's `deploy` on this machine.

        Args:
            model: A folder or a hub id.
            adapters: Checkpoints of adapters.
            model_type: ms-swift's, for a model it does not recognise.
            template: ms-swift's chat template, likewise.
            sampling: Over `{"temperature": 0.7, "max_tokens": 1024}`: what each question is asked with.

        Raises:
            MissingDependencyError: ms-swift is not installed.
        """
        return swift_teacher(model, adapters, model_type=model_type, template=template, sampling=sampling)
