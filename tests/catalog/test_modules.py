"""Which file an import means."""

from __future__ import annotations

import pytest

from swiftprep.catalog.linking.names import Modules


@pytest.mark.parametrize(
    ("module", "files", "expected"),
    [
        pytest.param("./btn", ["a/btn.js", "a/btn.vue"], "a/btn.js", id="a script beside a component"),
        pytest.param("./btn", ["a/btn.ts", "a/btn.vue", "a/btn/index.ts"], "a/btn.ts", id="a file before a folder"),
        pytest.param("./btn.vue", ["a/btn.js", "a/btn.vue"], "a/btn.vue", id="as written"),
        pytest.param("./btn", ["a/btn.d.ts", "a/btn.vue"], "a/btn.vue", id="declarations come last"),
        pytest.param("./btn", ["a/btn/index.js", "a/btn/index.vue"], "a/btn/index.js", id="the index of a folder"),
        pytest.param("./btn.js", ["a/btn.ts"], "a/btn.ts", id="compiled name"),
        pytest.param("@/x/btn.vue", ["src/x/btn.js", "src/x/btn.vue"], "src/x/btn.vue", id="as written, by an alias"),
        pytest.param("@/x/btn", ["src/x/btn.js", "src/x/btn.vue"], "src/x/btn.js", id="by an alias"),
    ],
)
def test_a_module_is_resolved_in_the_order_of_bundlers(module, files, expected):
    assert Modules({path: {} for path in files}).file(module, "a/page.vue") == expected
