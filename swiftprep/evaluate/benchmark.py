"""Register our questions as an evalscope benchmark, so that ms-swift's `eval_main` can run them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from swiftprep.evaluate.probes import Question, comparable

NAME = "swiftprep"


def register(sets: Mapping[str, Sequence[Question]], on_answer: Callable[[dict[str, Any]], None]) -> str:
    """Register the question sets with evalscope and return the benchmark's name.

    Args:
        sets: The questions of each set, by the set's name.
        on_answer: Called for each answer with `set`, `id`, `topic`, `metric`, `score` (0 to 1), `prompt`,
            `reference` and `answer`.
    """
    from evalscope.api.benchmark import BenchmarkMeta, DefaultDataAdapter
    from evalscope.api.dataset import DatasetDict, DictDataLoader, Sample
    from evalscope.api.messages import dict_to_chat_message
    from evalscope.api.metric import Score
    from evalscope.api.registry import BENCHMARK_REGISTRY, register_benchmark
    from rouge_score import rouge_scorer

    class Tokens:
        """Split both sides at the spaces that `comparable` tokens are joined with, whatever the language."""

        def tokenize(self, text: str) -> list[str]:
            return text.split(" ")

    rouge = rouge_scorer.RougeScorer(["rougeL"], tokenizer=Tokens())

    def to_sample(record: dict[str, Any]) -> Any:
        question: Question = record["question"]
        return Sample(
            input=[dict_to_chat_message(dict(m)) for m in question.messages],
            target=question.reference,
            metadata={"set": record["set"], "position": record["position"]},
        )

    BENCHMARK_REGISTRY.pop(NAME, None)  # the sets of an earlier run in this process

    @register_benchmark(
        BenchmarkMeta(
            name=NAME,
            pretty_name="swiftprep questions",
            description="General probes with checkable answers, and held-out samples with a reference.",
            dataset_id=NAME,
            subset_list=list(sets),
            metric_list=["score"],
            prompt_template="{question}",
        )
    )
    class Adapter(DefaultDataAdapter):  # type: ignore[misc]
        def load(self) -> tuple[Any, None]:
            datasets = {}
            for name, questions in sets.items():
                records = [{"set": name, "position": i, "question": q} for i, q in enumerate(questions)]
                datasets[name] = DictDataLoader(dict_list=records, sample_fields=to_sample, limit=self.limit).load()
            return DatasetDict(datasets), None

        def match_score(
            self, original_prediction: str, filtered_prediction: str, reference: str, task_state: Any
        ) -> Any:
            where = task_state.metadata
            question = sets[where["set"]][where["position"]]
            answer = original_prediction
            if question.accept:
                value = float(question.passes(answer))
            else:
                answer_tokens, reference_tokens = comparable(answer, reference)
                value = (
                    float(rouge.score(" ".join(reference_tokens), " ".join(answer_tokens))["rougeL"].fmeasure)
                    if answer_tokens
                    else 0.0
                )
            on_answer(
                {
                    "set": where["set"], "id": question.id, "topic": question.topic, "metric": question.metric,
                    "score": value, "prompt": question.messages[-1]["content"], "reference": reference,
                    "answer": answer,
                }
            )  # fmt: skip
            return Score(value={"score": value}, prediction=answer, extracted_prediction=answer)

    return NAME
