"""Look a model up on its hub before ms-swift does, which retries for a minute and then blames the arguments."""

from __future__ import annotations

import os
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from swiftprep.errors import ConfigError, one_line

TIMEOUT = 8.0  # seconds
_TRUE = ("1", "true", "yes", "y", "on", "t")


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub of models.

    Attributes:
        name: What people call it.
        endpoint: Address of the server, such as `https://www.modelscope.cn`.
        path: Path of a model's description below it, with `{}` for the id.
        cache: Folder that its client downloads to.
        logins: Files that hold the token of a login.
        token_variable: Environment variable for a token.
    """

    name: str
    endpoint: str
    path: str
    cache: Path
    logins: tuple[Path, ...]
    token_variable: str


def hub_of(use_hf: bool | None = None, environment: Mapping[str, str] = os.environ) -> Hub:
    """Return the hub that ms-swift would load from.

    Args:
        use_hf: ms-swift's argument; None or False: Hugging Face if the variable `USE_HF` says so, else ModelScope.
        environment: Variables of the hubs' clients: their addresses and cache folders.
    """
    home = Path(environment.get("HOME") or os.path.expanduser("~"))
    if use_hf or environment.get("USE_HF", "").lower() in _TRUE:
        own = Path(environment.get("HF_HOME") or home / ".cache" / "huggingface")
        return Hub(
            name="Hugging Face",
            endpoint=environment.get("HF_ENDPOINT") or "https://huggingface.co",
            path="/api/models/{}",
            cache=Path(environment.get("HF_HUB_CACHE") or own / "hub"),
            logins=(own / "token",),
            token_variable="HF_TOKEN",
        )
    return Hub(
        name="ModelScope",
        endpoint=f"https://{environment.get('MODELSCOPE_DOMAIN') or 'www.modelscope.cn'}",
        path="/api/v1/models/{}",
        cache=Path(environment.get("MODELSCOPE_CACHE") or home / ".cache" / "modelscope"),
        logins=(home / ".modelscope" / "credentials" / "git_token", home / ".modelscope" / "credentials" / "session"),
        token_variable="MODELSCOPE_API_TOKEN",
    )


def check_hub(model: str, hub: Hub, *, token: str | None = None, timeout: float = TIMEOUT) -> None:
    """Refuse a model that its hub does not have, or that cannot be had as the hub is out of reach.

    A model in the hub's cache on this machine needs no network. An answer that says neither is left to ms-swift.

    Args:
        model: An id, `owner/name`.
        hub: See `hub_of`.
        token: A token for private models.
        timeout: Seconds to wait for the hub, at most.

    Raises:
        ConfigError: there is no such model, it needs a token, or the hub cannot be reached.
    """
    if any(path.is_file() for path in _cached(model, hub.cache)):
        return
    token = token or os.environ.get(hub.token_variable)
    answer = _ask(hub.endpoint.rstrip("/") + hub.path.format(quote(model)), token, timeout)
    if isinstance(answer, str):
        raise ConfigError(
            f"{model}: {hub.name} cannot be reached within {timeout:g} s (offline?): {answer}. Check the network and "
            "proxy, or download the model on a machine with network and pass its folder "
            f"(无法连接 {hub.name}，请检查网络，或在联网的机器上下载模型后传入文件夹)"
        )
    logged_in = token is None and any(path.is_file() for path in hub.logins)  # its client may see more than we do
    if answer in (401, 403) and not logged_in:
        raise ConfigError(
            f"{model}: {hub.name} does not show it to everyone: it is private, gated or misspelt; check the spelling, "
            f"or pass hub_token or set {hub.token_variable} (模型不存在或需要授权，请检查拼写或设置 hub_token)"
        )
    if answer == 404 and not logged_in:
        raise ConfigError(
            f"{model}: no such model on {hub.name}; check the spelling of owner and name, or pass hub_token if it is "
            f"private. For a folder, pass its path ({hub.name} 上没有这个模型，请检查拼写；私有模型请设置 hub_token)"
        )


def _cached(model: str, cache: Path) -> Iterator[Path]:
    """Yield where the clients keep the `config.json` of a model they have downloaded."""
    owner, _, name = model.partition("/")
    for base in (cache, cache / "hub"):
        yield from (base / f"models--{owner}--{name}").glob("snapshots/*/config.json")
        yield from (base / "models" / f"{owner}--{name}").glob("snapshots/*/config.json")
        for folder in (base, base / "models"):
            for known in (name, name.replace(".", "___")):
                yield folder / owner / known / "config.json"


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follow no redirect: that a model has moved is answer enough, and a token stays with its hub."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _ask(address: str, token: str | None, timeout: float) -> int | str:
    """Return the status of an answer, or why there is none; looking up a name may take longer than its timeout."""
    answers: list[int | str] = []

    def ask() -> None:
        opener = urllib.request.build_opener(_Stay)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            request = urllib.request.Request(address, headers=headers)
            with opener.open(request, timeout=timeout) as answer:
                answers.append(int(answer.status))
        except urllib.error.HTTPError as error:
            answers.append(error.code)
            error.close()
        except (OSError, ValueError) as error:
            answers.append(one_line(str(getattr(error, "reason", error)), 200))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(timeout)
    return answers[0] if answers else "no answer"
