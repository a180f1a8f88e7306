"""Score how much a sample can teach with a small model (IFD), and keep the samples that teach the most.

The score is the Instruction-Following Difficulty of Li et al., "From Quantity to Quality" (arXiv 2308.12032). A small
model ranks samples much like a large one: Li et al., "Superfiltering" (arXiv 2402.00530).
"""

from __future__ import annotations

import inspect
import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swiftprep.apportion import apportion
from swiftprep.errors import ConfigError, DataError, MissingDependencyError
from swiftprep.progress import progress_bar
from swiftprep.records import Reject, Sample

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["id", "kind", "channel", "tokens", "truncated", "loss_alone", "loss_given", "ifd"]

# Batches per window. Texts are sorted by length within a window; a larger window needs more memory.
_WINDOW = 64
# The most logits in a batch: 256 MB in float32.
_LOGITS = 2**26
# Roles that ms-swift knows and chat templates do not.
_ROLES = {"tool_call": "assistant", "tool_response": "tool"}


@dataclass(frozen=True, slots=True)
class _Text:
    """Token ids: the prompt with the question and without it, the answer, and whether anything was cut."""

    prompt: array[int]
    bare_prompt: array[int]
    answer: array[int]
    truncated: bool


def ifd(
    samples: Sequence[Sample],
    model: str | Path,
    *,
    batch_size: int = 8,
    max_tokens: int = 1024,
    device: str | None = None,
) -> pd.DataFrame:
    """Score samples by how much the question helps the model to predict the answer.

    IFD = mean loss of the answer's tokens given the question / their mean loss alone. Near 0, the question gives the
    answer away, and there is little to learn. Near 1, the answer is hard to predict, and there is much to learn. From
    1 on, the question does not help: the two do not belong together.

    Args:
        samples: The last message of each is the answer; all earlier ones are the question.
        model: Folder of a causal language model, or its hub id if it is cached; nothing is downloaded, and no code
            that comes with it is run. It is loaded in float32, and its chat template is used if it has one.
        batch_size: The most texts per batch. Scores do not depend on it, apart from rounding.
        max_tokens: The most tokens of question and answer together. Of a longer sample, the end of the answer is cut
            off, down to half of `max_tokens`, and then the beginning of the question.
        device: For example `"cuda:0"` or `"cpu"`; by default a GPU if there is one.

    Returns:
        One row per sample, in order: id, kind, channel, tokens (scored tokens of the answer), truncated, loss_alone,
        loss_given (nats per token), ifd. The last three are NaN where the chat template rejects the turns.

    Raises:
        ConfigError: there is no such model, or a number is too small.
        MissingDependencyError: torch or transformers is not installed.
    """
    if batch_size < 1 or max_tokens < 16:
        raise ConfigError(
            f"batch_size={batch_size}, max_tokens={max_tokens}: expected at least 1 and 16 (应分别不小于 1 和 16)"
        )
    import pandas as pd

    tokenizer, network = _load(model, device)
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    with progress_bar(total=len(samples), desc="ifd", unit=" samples") as bar:
        for start in range(0, len(samples), _WINDOW * batch_size):
            window = samples[start : start + _WINDOW * batch_size]
            texts = [_encode(tokenizer, sample, max_tokens) for sample in window]
            losses_given = _losses(network, [(t.prompt, t.answer) if t else None for t in texts], batch_size)
            losses_alone = _losses(network, [(t.bare_prompt, t.answer) if t else None for t in texts], batch_size)
            for sample, text, loss_given, loss_alone in zip(window, texts, losses_given, losses_alone, strict=True):
                ratio = loss_given / loss_alone if loss_alone else math.nan
                tokens, truncated = (len(text.answer), text.truncated) if text else (0, False)
                row = (sample.id, _kind(sample), sample.channel or "", tokens, truncated, loss_alone, loss_given, ratio)
                for name, value in zip(COLUMNS, row, strict=True):
                    columns[name].append(value)
            bar.update(len(window))
    # As objects, because pandas' own strings cannot hold lone surrogates.
    texts_of = {name: pd.Series(columns.pop(name), dtype=object) for name in ("id", "kind", "channel")}
    return pd.DataFrame({**texts_of, **columns})


def hardest(
    samples: Sequence[Sample],
    scores: pd.DataFrame,
    *,
    top: int | None = None,
    share: float | None = None,
    per_kind: bool = False,
) -> tuple[list[Sample], list[Reject]]:
    """Keep the samples that teach the most.

    The highest IFD below 1 ranks first. Samples without a score follow. Those with an IFD of 1 or more, whose question
    does not help, come last.

    Args:
        samples: The samples passed to `ifd`.
        scores: The scores it returned.
        top: How many samples to keep. Pass either this or `share`.
        share: The share of samples to keep, above 0 and up to 1; their number is rounded up.
        per_kind: Keep the same share of each kind (`meta["kind"]`), so that no kind is lost because it is easy.

    Returns:
        The samples kept, in their original order, and the others as rejects, with the reason `"low-value"` and their
        position as place.

    Raises:
        ConfigError: not exactly one of `top` and `share` is given, or it is out of range.
        DataError: the scores belong to other samples.

    >>> import pandas as pd
    >>> samples = [Sample.from_instruction("Question?", "", "Answer.", id=name) for name in "abc"]
    >>> kept, rejected = hardest(samples, pd.DataFrame({"id": list("abc"), "ifd": [0.3, 0.8, 1.2]}), top=1)
    >>> [sample.id for sample in kept], [reject.detail for reject in rejected]
    (['b'], ['IFD 0.300, rank 2 of 3', 'IFD 1.200, rank 3 of 3: the question does not help'])
    """
    if (
        (top is None) == (share is None)
        or (top is not None and top < 0)
        or not 0 < (1 if share is None else share) <= 1
    ):
        raise ConfigError(
            f"top={top}, share={share}: expected a count, or a share above 0 and up to 1 "
            "(请只指定其中一个：数量，或大于 0 且不超过 1 的比例)"
        )
    if [sample.id for sample in samples] != scores["id"].tolist():
        raise DataError("the scores are of other samples, or in another order (评分与样本不对应)")
    values = [float(value) for value in scores["ifd"]]
    groups: dict[str, list[int]] = {}
    for position, sample in enumerate(samples):
        groups.setdefault(_kind(sample) if per_kind else "", []).append(position)
    total = min(top, len(samples)) if top is not None else math.ceil(round((share or 0) * len(samples), 6))
    quotas = _proportional({kind: len(group) for kind, group in groups.items()}, total)
    low: dict[int, str] = {}
    for kind, group in groups.items():
        ranked = sorted(group, key=lambda position: (*_rank(values[position]), position))
        for rank, position in enumerate(ranked[quotas[kind] :], start=quotas[kind] + 1):
            of = f"{len(group)} {kind}".strip()
            detail = f"IFD {values[position]:.3f}, rank {rank} of {of}"
            low[position] = detail + (": the question does not help" if values[position] >= 1 else "")
    kept = [sample for position, sample in enumerate(samples) if position not in low]
    rejected = [Reject(str(position), "low-value", low[position], samples[position]) for position in sorted(low)]
    return kept, rejected


def _kind(sample: Sample) -> str:
    return sample.kind


def _rank(value: float) -> tuple[int, float]:
    if math.isnan(value):
        return 1, 0.0
    return (0, -value) if value < 1 else (2, value)


def _proportional(sizes: dict[str, int], total: int) -> dict[str, int]:
    """Divide `total` in proportion to the sizes; of equal remainders, the first name's is rounded up."""
    names = sorted(sizes)
    return dict(zip(names, apportion(total, [sizes[name] for name in names]), strict=True))


def _load(model: str | Path, device: str | None) -> tuple[Any, Any]:
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ImportError:
        raise MissingDependencyError("IFD scores need torch and transformers: pip install 'swiftprep[swift]'") from None
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    safe = {"trust_remote_code": False, "local_files_only": True}
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(model), **safe)
        network = AutoModelForCausalLM.from_pretrained(str(model), dtype=torch.float32, **safe)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{model}: cannot be loaded as a language model: {error} (模型无法加载)") from error
    return tokenizer, network.to(device).eval()


def _encode(tokenizer: Any, sample: Sample, max_tokens: int) -> _Text | None:
    """Tokenise a sample; return None if the chat template rejects its turns."""
    from jinja2 import TemplateError

    turns = [{"role": _ROLES.get(m["role"], m["role"]), "content": _valid(m["content"])} for m in sample.messages[:-1]]
    if tokenizer.chat_template:
        try:
            prompt, question = (
                tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=opened)
                for opened in (True, False)
            )
        except TemplateError:
            return None
        # Even alone, the answer follows the template's start of an answer, so that only the question differs.
        bare_prompt = prompt.removeprefix(question) if prompt.startswith(question) else ""
    else:
        prompt, bare_prompt = "\n".join(turn["content"] for turn in turns) + "\n", ""
    ids = [tokenizer.encode(text, add_special_tokens=False) for text in (prompt, bare_prompt, _valid(sample.answer))]
    first = next(token for token in (tokenizer.bos_token_id, tokenizer.eos_token_id, 0) if token is not None)
    if not tokenizer.chat_template or ids[0][:1] == [tokenizer.bos_token_id]:
        ids[:2] = [prefix if prefix[:1] == [first] else [first, *prefix] for prefix in ids[:2]]
    prompt_ids, bare_ids, answer = ids[0] or [first], ids[1] or [first], ids[2]
    if not answer:
        return None
    answer_cut = answer[: max(max_tokens // 2, max_tokens - len(prompt_ids))]
    prompt_cut = prompt_ids[-(max_tokens - len(answer_cut)) :]
    truncated = len(answer_cut) < len(answer) or len(prompt_cut) < len(prompt_ids)
    return _Text(array("l", prompt_cut), array("l", bare_ids), array("l", answer_cut), truncated)


def _valid(text: str) -> str:
    """Replace lone surrogates, which tokenizers reject."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _losses(network: Any, texts: Sequence[tuple[array[int], array[int]] | None], batch_size: int) -> list[float]:
    """Return the mean loss of each answer given its prefix, in nats per token; NaN where there is no text."""
    import torch

    losses = [math.nan] * len(texts)
    keeps_some = "logits_to_keep" in inspect.signature(network.forward).parameters
    for batch in _batches(texts, batch_size, network.config.get_text_config().vocab_size):
        chosen = [(position, *text) for position in batch if (text := texts[position]) is not None]
        length = max(len(prefix) + len(answer) for _, prefix, answer in chosen)
        # Padded on the right, where no token of a causal model attends: the padding needs no mask.
        ids = torch.zeros((len(chosen), length), dtype=torch.long)
        for row, (_, prefix, answer) in enumerate(chosen):
            ids[row, : len(prefix) + len(answer)] = torch.tensor([*prefix, *answer])
        ids = ids.to(network.device)
        wanted = {"logits_to_keep": length - min(len(prefix) for _, prefix, _ in chosen) + 1} if keeps_some else {}
        with torch.inference_mode():
            logits = network(ids, attention_mask=torch.ones_like(ids), use_cache=False, **wanted).logits
            left_out = length - logits.shape[1]
            for row, (position, prefix, answer) in enumerate(chosen):
                start = len(prefix) - 1 - left_out
                predicted = logits[row, start : start + len(answer)].float()
                target = ids[row, len(prefix) : len(prefix) + len(answer)]
                losses[position] = float(torch.nn.functional.cross_entropy(predicted, target))
    return losses


def _batches(texts: Sequence[tuple[array[int], array[int]] | None], batch_size: int, words: int) -> Iterator[list[int]]:
    """Group texts of similar length, the longest first, as many as the memory for their logits allows."""
    sizes = {position: len(text[0]) + len(text[1]) for position, text in enumerate(texts) if text is not None}
    batch: list[int] = []
    for position in sorted(sizes, key=lambda position: (-sizes[position], position)):
        if batch and (len(batch) == batch_size or (len(batch) + 1) * sizes[batch[0]] * words > _LOGITS):
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch
