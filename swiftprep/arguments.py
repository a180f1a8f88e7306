"""Checks of arguments: their names, one value where several may be passed, and numbers that can be compared."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar, cast

from swiftprep.errors import ConfigError, did_you_mean

F = TypeVar("F", bound=Callable[..., Any])

# How other libraries spell an argument → ours, or ms-swift's. The first one that a call knows is suggested.
FOREIGN: dict[str, tuple[str, ...]] = {
    "api_key": ("api_key_env",),
    "apikey": ("api_key_env",),
    "batch": ("per_device_train_batch_size",),
    "batch_size": ("per_device_train_batch_size", "eval_batch_size"),
    "catalogue": ("catalog",),
    "cost": ("money",),
    "data": ("dataset", "private", "samples"),
    "db": ("store",),
    "dtype": ("torch_dtype",),
    "endpoint": ("base_url",),
    "epoch": ("num_train_epochs",),
    "epochs": ("num_train_epochs",),
    "eval_batch_size": ("per_device_eval_batch_size",),
    "eval_data": ("val_dataset",),
    "eval_dataset": ("val_dataset", "held_out"),
    "exclude": ("ignore",),
    "ext": ("suffixes",),
    "extension": ("suffixes",),
    "extensions": ("suffixes",),
    "exts": ("suffixes",),
    "folder": ("output_dir", "root"),
    "grad_accum": ("gradient_accumulation_steps",),
    "gradient_accumulation": ("gradient_accumulation_steps",),
    "jobs": ("workers",),
    "key": ("api_key_env",),
    "language": ("lang", "langs"),
    "library": ("framework",),
    "lora_r": ("lora_rank",),
    "lr": ("learning_rate",),
    "max_concurrency": ("concurrency",),
    "max_calls": ("calls",),
    "max_cost": ("money",),
    "max_len": ("max_length", "max_tokens"),
    "max_length": ("max_tokens",),
    "max_seq_len": ("max_length", "max_tokens"),
    "max_seq_length": ("max_length", "max_tokens"),
    "max_tokens": ("tokens",),
    "max_workers": ("workers", "concurrency"),
    "model_id": ("model",),
    "model_path": ("model",),
    "n_epochs": ("num_train_epochs",),
    "n_jobs": ("workers",),
    "name": ("framework", "model"),
    "num_epochs": ("num_train_epochs",),
    "num_proc": ("workers",),
    "num_workers": ("workers", "concurrency"),
    "out": ("output_dir",),
    "out_dir": ("output_dir",),
    "output": ("output_dir",),
    "output_path": ("output_dir",),
    "path": ("root", "folder", "source"),
    "qps": ("requests_per_minute",),
    "random_seed": ("seed",),
    "random_state": ("seed",),
    "rate_limit": ("requests_per_minute",),
    "resume": ("resume_from_checkpoint",),
    "rpm": ("requests_per_minute",),
    "save_dir": ("output_dir",),
    "suffix": ("suffixes",),
    "test_size": ("val_fraction",),
    "threads": ("workers", "concurrency"),
    "threshold": ("near_duplicate_threshold",),
    "train": ("dataset", "private"),
    "train_dataset": ("dataset", "private"),
    "url": ("base_url",),
    "val": ("val_dataset", "held_out"),
    "val_data": ("val_dataset", "held_out"),
    "val_ratio": ("val_fraction",),
    "val_size": ("val_fraction",),
    "val_split": ("val_fraction",),
    "validation_split": ("val_fraction",),
    "vue": ("vue_version",),
    "warmup": ("warmup_ratio",),
}


def right_spelling(name: str, known: Iterable[str]) -> str:
    """Return `" (did you mean 'x'?)"` for an argument, including other libraries' names, or an empty string.

    >>> right_spelling("epochs", ["num_train_epochs", "seed"])
    " (did you mean 'num_train_epochs'?)"
    """
    names = list(known)
    ours = next((own for own in FOREIGN.get(name.lower(), ()) if own in names), None)
    return f" (did you mean '{ours}'?)" if ours else did_you_mean(name, names)


def checked_keywords(function: F) -> F:
    """Make a public function, or the constructor of a class, refuse arguments it does not know, and name missing ones.

    The `ConfigError` names each of them and suggests the right spelling. Signatures stay as they are.

    >>> @checked_keywords
    ... def train(*, learning_rate=1e-4): ...
    >>> train(lr=0.1)
    Traceback (most recent call last):
        ...
    swiftprep.errors.ConfigError: train: no argument 'lr' (did you mean 'learning_rate'?) (没有这个参数)
    """
    if isinstance(function, type):
        cls: Any = function
        cls.__init__ = checked_keywords(cls.__init__)
        return function
    signature = inspect.signature(function)
    parameters = signature.parameters.values()
    known = [
        p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name not in _RECEIVERS
    ]
    call = function.__qualname__.removesuffix(".__init__")

    @functools.wraps(function)
    def checked(*args: Any, **keywords: Any) -> Any:
        unknown = [name for name in keywords if name not in known]
        if unknown:
            lines = [f"{call}: no argument '{name}'{right_spelling(name, known)} (没有这个参数)" for name in unknown]
            raise ConfigError("\n".join(lines))
        try:
            signature.bind(*args, **keywords)
        except TypeError as error:
            raise ConfigError(_not_bound(call, signature, args, keywords, str(error))) from None
        return function(*args, **keywords)

    return cast(F, checked)


def _not_bound(
    call: str, signature: inspect.Signature, args: tuple[Any, ...], keywords: dict[str, Any], why: str
) -> str:
    """Return what is wrong with the arguments of a call that does not fit a signature."""
    try:
        given = signature.bind_partial(*args, **keywords).arguments
    except TypeError:
        by_place = [p.name for p in signature.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
        names = ", ".join(name for name in by_place if name not in _RECEIVERS) or "none"
        return f"{call}: {why}; without names it takes {names}, any other as name=value (其余参数须写作 名称=值)"
    missing = [
        p.name
        for p in signature.parameters.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name not in given
    ]
    names = ", ".join(f"{name}=…" for name in missing)
    return f"{call}: {names} is needed (缺少参数 {', '.join(missing)})"


_RECEIVERS = ("self", "cls")


def one_or_more(name: str, value: Any) -> list[Any]:
    """Return an argument as a list; a single text or path becomes a list of one item.

    Args:
        name: Name of the argument, for the error message.
        value: The argument.

    Raises:
        ConfigError: it is neither a text or path nor iterable.

    >>> one_or_more("general", "AI-ModelScope/alpaca-gpt4-data-zh#500")
    ['AI-ModelScope/alpaca-gpt4-data-zh#500']
    """
    if isinstance(value, (str, Path)):
        return [value]
    if not isinstance(value, Iterable):
        raise ConfigError(f"{name}={value!r:.200}: expected a list (应为列表)")
    return list(value)


def is_number(value: object) -> bool:
    """Tell whether a value is an int or float, and not a bool."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
