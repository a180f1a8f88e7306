"""The planner, the prompts, the verification and the scores tell whose a component is."""

from __future__ import annotations

from pathlib import Path

import pytest

from swiftprep.catalog.api import Component, Prop
from swiftprep.catalog.catalog import Catalog
from swiftprep.code.reference import api_text
from swiftprep.distill.distiller import Distiller
from swiftprep.distill.planning.planner import plan
from swiftprep.distill.planning.traits import askable, framework_tags
from swiftprep.distill.prompting.retrieval import Retriever
from swiftprep.distill.scenario import Scenario
from swiftprep.distill.verification.verify import Verifier
from swiftprep.evaluate.validity import api_valid
from swiftprep.teachers.request import Reply

SIZE = (Prop("size", "string"),)
CATALOG = Catalog(
    [
        *(Component(f"ta-{name}", props=SIZE, origin="usage", owner="framework", uses=9) for name in ("card", "table", "tag", "form")),
        Component("chart-line", props=SIZE, origin="usage", owner="other", uses=99),
        Component("user-card", props=SIZE, owner="application", uses=3, path="parts/UserCard.vue"),
        Component("lost-card", props=SIZE, owner="application", origin="usage", uses=3),
        Component("ta-card-inner", props=SIZE, owner="", path="card/inner.vue", uses=9),
    ],
    framework="ta404",
)  # fmt: skip
ANSWER = '选择树的控件用 ta-tree-select：\n\n```vue\n<template>\n  <ta-card><ta-tree-select size="s" /></ta-card>\n</template>\n```\n'


def test_only_the_frameworks_and_the_applications_own_components_are_asked_about():
    assert set(askable(CATALOG)) == {"ta-card", "ta-table", "ta-tag", "ta-form", "user-card"}
    assert framework_tags(CATALOG) == {"ta-card", "ta-table", "ta-tag", "ta-form"}
    named = {tag for scenario in plan(CATALOG, 60) for tag in scenario.components}
    assert named == set(askable(CATALOG))


def test_a_teacher_is_shown_no_other_packages_components_and_told_whose_the_applications_are():
    found = Retriever(CATALOG).find(Scenario("写一个页面"))
    assert not {"chart-line", "lost-card", "ta-card-inner", "user-card"} & set(found.components)
    assert "of the application, not of the framework" in api_text(CATALOG.components["user-card"])
    assert "framework" not in api_text(CATALOG.components["ta-card"])


def test_an_expert_may_know_a_component_that_the_application_never_used(tmp_path: Path):
    (tmp_path / "a.md").write_text(f"## 怎么选择树节点？\n\n{ANSWER}", encoding="utf-8")
    result = Distiller(catalog=CATALOG, reasoning="none", store=tmp_path / "s.sqlite").from_experts(tmp_path / "a.md")
    assert [reject.detail for reject in result.rejected] == []
    assert len(result.samples) == 1


def test_a_teacher_does_not_know_it():
    (flaw,) = Verifier(CATALOG, reasoning="none").check(Scenario("怎么选择树节点？"), Reply(ANSWER))
    assert (flaw.kind, "ta-tree-select" in flaw.message) == ("api", True)


@pytest.mark.parametrize(
    ("code", "is_valid"),
    [
        ("<ta-tree-select />", False),  # a model knows no more than it was taught
        ("<ta-card size='s' />", True),
        ("<user-card size='s' />", False),
        ("<chart-line size='s' />", False),
        ("<ta-cardd />", False),
    ],
)
def test_an_answer_is_scored_by_its_use_of_the_framework(code, is_valid):
    assert api_valid(f"```vue\n<template><div>{code}</div></template>\n```", CATALOG) is is_valid
