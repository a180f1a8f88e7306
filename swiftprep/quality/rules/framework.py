"""The rule about wrong use of the framework's API, by its catalogue."""

from __future__ import annotations

from collections.abc import Callable

from swiftprep.catalog.catalog import Catalog
from swiftprep.code.markdown import code_of
from swiftprep.quality.rule import RuleResult, drop, warn
from swiftprep.quality.rules.origin import is_part, is_scanned
from swiftprep.records import Sample

_MOST = 3


def api_errors(catalog: Catalog) -> Callable[[Sample], RuleResult | None]:
    """Return a rule that checks an answer's Vue code against the catalogue."""

    def framework_api(sample: Sample) -> RuleResult | None:
        """Drop an answer with unknown components, props, events or slots, or without required ones.

        Code that the scanner cut from the user's own files only gets a warning: where it and the catalogue differ, the
        catalogue is more often incomplete.
        """
        if is_part(sample) or sample.kind == "script":
            return None
        path = sample.path
        problems = []
        # The question holds the other half of the component, which tells what its tags are.
        other_half = "".join(code for _, code in code_of(sample.prompt)) if sample.kind == "template" else ""
        for language, code in code_of(sample.answer):
            is_vue = language in ("vue", "html") or (not language and code.lstrip().startswith("<"))
            if is_vue and (language or not path or path.endswith(".vue")):
                problems += catalog.check(other_half + code)
        if not problems:
            return None
        more = f" (+{len(problems) - _MOST})" if len(problems) > _MOST else ""
        verdict = warn if is_scanned(sample) else drop
        return verdict(
            "; ".join(problem.message for problem in problems[:_MOST]) + more,
            "；".join(problem.message_zh for problem in problems[:_MOST]) + more,
        )

    return framework_api
