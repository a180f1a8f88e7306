from typing import Any

import pytest
from scripted_teacher import GOOD, MISTAKES, TOLD, scripted

from swiftprep.demo import app
from swiftprep.distill.distiller import Distiller
from swiftprep.distill.scenario import Scenario
from swiftprep.distill.verification.verify import KINDS
from swiftprep.scan.scanner import Scanner


class OneError:
    """A compiler that knows of one error."""

    def check(self, code):
        return ["line 2: no such directive"] if "v-compile-error" in code else []


@pytest.fixture(scope="module")
def scan():
    return Scanner(app(), framework="ta404").scan()


def distil(scan, tmp_path, script, *, mends=True, **settings):
    """Run over one scenario for each entry of a script: the mistakes made one after the other."""
    asked = [f"创建一个带分页的会员列表页面，编号 {'-'.join(kinds) or 'good'}" for kinds in script]
    compiler: Any = OneError()
    distiller = Distiller(
        scripted(dict(zip(asked, script, strict=True)), mends=mends),
        catalog=scan.catalog,
        examples=scan.train,
        store=tmp_path / "store.sqlite",
        compiler=compiler,
        **settings,
    )
    return distiller.run([Scenario(text, components=("ta-table",), intent="paging") for text in asked])


def test_the_script_has_every_kind():
    assert set(TOLD) == set(MISTAKES) | {"copy"} == set(KINDS)


@pytest.mark.slow
def test_every_mistake_is_found_told_and_mended(scan, tmp_path):
    result = distil(scan, tmp_path, [(), *((kind,) for kind in KINDS)])
    assert [reject.reason for reject in result.rejected] == []
    assert {sample.answer for sample in result.samples} == {GOOD}
    for record in result.records[1:]:
        kind = record.scenario.instruction.split(" ")[-1]
        assert [{flaw.kind for flaw in flaws} for flaws in record.flaws] == [{kind}, set()]
    rates = result.pass_rates().set_index(["by", "name"]).loc[("intent", "paging")]
    assert (rates["asked"], rates["first_try"], rates["repaired"], rates["kept"]) == (18, 1, 17, 18)
    assert result.usage.calls == 1 + 2 * 17


@pytest.mark.slow
def test_mistakes_that_stay_are_rejected_with_their_kind(scan, tmp_path):
    result = distil(scan, tmp_path, [(), *((kind,) for kind in KINDS)], mends=False)
    assert [sample.answer for sample in result.samples] == [GOOD]
    assert [reject.reason for reject in result.rejected] == list(KINDS)
    assert all(reject.detail for reject in result.rejected)
    assert result.usage.calls == 1 + 3 * 17
    rates = result.pass_rates().set_index(["by", "name"]).loc[("component", "ta-table")]
    assert (rates["first_try"], rates["repaired"], rates["kept"]) == (1, 0, 1)


@pytest.mark.parametrize(
    ("rounds", "kept"), [(0, False), (1, False), (2, True)], ids=["never told", "told once", "told twice"]
)
def test_one_mistake_after_the_other(scan, tmp_path, rounds, kept):
    result = distil(scan, tmp_path, [("api", "no-reasoning")], repair_rounds=rounds)
    assert len(result.samples) == kept
    assert [reject.reason for reject in result.rejected] == (
        [] if kept else ["api", "no-reasoning"][rounds : rounds + 1]
    )
    assert result.records[0].tries == rounds + 1


def test_a_secret_is_in_no_message_and_no_reject(scan, tmp_path):
    result = distil(scan, tmp_path, [("secret",)], mends=False)
    key = MISTAKES["secret"].partition("apiKey: '")[2].partition("'")[0]
    assert key
    assert key not in repr(result.rejected) + repr(result.records)
    assert key not in "".join(flaw.message + flaw.message_zh for flaws in result.records[0].flaws for flaw in flaws)
