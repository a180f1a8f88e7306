"""What leaves a scan or goes into a prompt: nothing private, and what was code is code afterwards."""

from __future__ import annotations

import time

import pytest
from private_corpus import FORMS, private
from test_redaction import errors

from swiftprep import Scanner
from swiftprep.distill.prompting import guard
from swiftprep.redaction.file_names import without_private_name
from swiftprep.redaction.private import without_private
from swiftprep.redaction.secrets import redact

CASES = private(seed=90210, rounds=2)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_what_no_name_stands_beside_is_found(form):
    left = [
        case
        for case in private(seed=4711, rounds=2)
        if any(p in without_private(case.text, case.path)[0] for p in case.parts)
    ]
    assert [case.text for case in left if form.__name__] == []


def test_what_was_code_is_code_and_a_second_look_finds_nothing():
    for case in CASES:
        clean, findings = without_private(case.text, case.path)
        assert findings, case.text
        assert errors(case.text, case.path) == errors(clean, case.path) == [], case.text
        assert without_private(clean, case.path) == (clean, []), case.text
        assert clean.count("\n") == case.text.count("\n")


IDENTITY = "44030819900" + "1011239"
NO_DAY = "44030819900" + "2301230"  # the 30th of February, with a check digit that is right
STAYS = {
    "versions": ("package.json", '{"dependencies": {"foo": "10.0.0.1", "bar": "^10.2.3.4"}}\n'),
    "a version in code": ("a.js", "const VERSION = '10.0.0.1'\nconst agent = 'Chrome/10.0.0.1'\nimport i from './favicon@2x.ico'\n"),
    "requirements": ("a.txt", "foo==10.0.0.1\nbar>=10.0.200.1\n"),
    "coordinates": ("build.gradle", "implementation 'com.acme:core:10.0.0.1'\n"),
    "a table of versions": ("a.md", "| lib | 10.0.0.1 |\n| mysql | ^5.7.0 |\n| test | string256 |\n"),
    "networks": ("a.js", "const nets = ['10.0.0.0/8', '192.168.0.0/16', '172.16.0.0/12']\n"),
    "hosts that all have": ("a.js", "fetch('http://host.docker.internal:3000')\nfetch('http://my.svc.cluster.local/x')\n"),
    "members": ("e.ts", "this.corp.plan.io = model.inner.list.top // the corp. and its intranet. Yes\n"),
    "keys of messages": ("f.ts", "const t = { 'net.lan': 'LAN', label: $t('menu.lan') }\n"),
    "names with dots": ("a.ts", "import { internal } from './intranet.service'\nthis.corp.plan.local = lodash.internal.flow\n"),
    "paths in comments": ("a.js", "// admin/index2.vue\n// user / profile\n// test: 100%\n// test/e2e@1.0.0\n// login test case12345\n"),
    "calls": ("A.java", "Connection c = DriverManager.getConnection(url, user, password);\n"),
    "other calls": ("a.js", "const c = net.createConnection(8080, 'localhost', 'utf8')\nrouter.push('/services/UserAccountManagement2Service')\n"),
    "numbers of tests": ("a.js", "const phone = '13800138000'\nconst size = 15032384001\nconst id = '11010519491231002X'\n"),
    "keys that are put together of names": ("a.js", "const token = prefix + id\nconst secretKey = `${a}-${b}`\nconst password = form.a + form.b\n"),
    "hooks": ("a.vue", "<script>\nexport default { methods: { webhook() { return this.robot.send(1) } } }\nuse('/hook/' + id)\n</script>\n"),
    "a name of ASN.1": ("a.txt", "prf ALGORITHM ::= { NULL IDENTIFIED BY id-hmacWithSHA224 }\n"),
    "emphasis": ("c.md", ":authors: A. Test, *et-al*\n"),
    "lists": ("b.ts", "const pwLevels = ['weak', 'strong'].join('')\nconst password = ['a', 'b'].join(', ')\n"),
    "words on a passphrase": ("c.ts", "const t = { passphrase: 'enter your new passphrase here', pw: 'type words' }\n"),
    "a sheet": ("a.csv", "name,password\nci,required\nx,\n"),
    "a vector": ("d.ts", "const iv = 'index value', key = 'ArrowDown'\ndiv = 'a', keys = 'b'\n"),
    "commands": ("a.sh", "echo done | tee -a log1.txt\nhtpasswd -c file user1\nkeytool -storepass $PASS1 -v\n"),
    "versions in code": ("b.js", "const deps = { foo: '10.12.13.14', version: 1 }\nconst appVersion = ['10.1.2.3', '10.1.2.4']\nconst b = { build: '10.12.13.14' }\n".replace("foo", "ver")),
    "an agent": ("c.js", "const ua = 'Mozilla/5.0 Chrome/10.12.13.14 Safari'\nuse('a@10.1.2.3/dist', 'e10.1.2.3')\n"),
    "names that end like hosts": ("g.ts", "get(x, 'this.state.local', 'vm.$refs.local')\nt('menu.net.lan', 'a.b.internal')\nconst m = { 'a.b.local': 1, 'menu.net.lan': 2 }\nstrategy('auth.local')\ni18n.local = foo.internal\n"),
    "services": ("h.ts", "fetch('http://backend:8080'); fetch('http://host:port'); fetch('http://redis:6379'); fetch('http://my-service:3000')\n"),
    "numbers of orders": ("d.js", "const size = 15032384001, o = { 13912345678: 1, orderNo: '{id}', traceId: {id} }\nget('/order/13912345678/x')\n".replace("{id}", IDENTITY)),
    "a number without a day": ("e.js", "const id = '{id}'\n".replace("{id}", NO_DAY)),
    "settings": ("b.gradle", "storePassword project.property('store1')\nkeyPassword System.getenv('KEY_PW1')\n"),
    "prose": ("b.md", "用户 10 人 / 共 2023 条\n角色：admin / editor\n账号 admin，密码见文档\n"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "text"), STAYS.values(), ids=STAYS)
def test_what_is_no_value_stays(path, text):
    assert without_private(text, path) == (text, [])


def test_code_that_looks_at_the_form_gets_a_value_of_that_form():
    mobile, address = "139" + "12345678", "10.20." + "30.40"
    text = f"expect(isMobile('{mobile}')).toBe(true)\nping('http://{address}', 'http://{address}:80', 'http://10.20.30.41')\n"
    clean, findings = without_private(text, "a.test.js")
    assert clean == (
        "expect(isMobile('13800138000')).toBe(true)\nping('http://192.0.2.1', 'http://192.0.2.1:80', 'http://192.0.2.2')\n"
    )
    assert [(finding.line, finding.kind) for finding in findings] == [(1, "phone"), *[(2, "intranet-address")] * 3]


@pytest.mark.slow
def test_samples_and_prompts_hold_nothing_private(tmp_path):
    for number, case in enumerate(case for case in CASES if case.path.endswith((".vue", ".js"))):
        (tmp_path / f"a{number}.{case.path.rpartition('.')[2]}").write_text(case.text, encoding="utf-8")
    scan = Scanner(tmp_path, cache=False, workers=1, suffixes=(".vue", ".js")).scan()
    told = "\n".join(str(sample.messages) for sample in scan.samples) + str(scan.catalog)
    assert [part for case in CASES for part in case.parts if part in told] == []
    for case in CASES:
        assert not any(part in guard.clean(case.text, case.path)[0] for part in case.parts)


def test_names_of_files_hold_nothing_private(tmp_path):
    key, weak, phone = "sk-" + "Zq9fKw2LxT7bN4vR8mHsD3pJq7", "Tr0ub" + "4dor", "139" + "12345678"
    names = [
        f"{key}.vue",
        f"password={weak}3.vue",
        f"password={weak}9.vue",
        f"密码{weak}7.vue",
        f"{phone}/Plain.vue",
        "Table2Column.vue",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(
            f"<template><div><a-b :x='1' /></div></template>\n<script>\nimport B from './password={weak}3.vue'\nexport default {{ props: {{ x: String }} }}\n</script>\n",
            "utf-8",
        )
    shown = {}
    for redacted in (True, False):
        scan = Scanner(tmp_path, cache=False, workers=1, val_fraction=0, redact=redacted).scan()
        scan.catalog.save(tmp_path / f"{redacted}.json")
        samples = "".join(f"{sample.messages} {sample.meta}" for sample in scan.samples)
        shown[redacted] = samples + (tmp_path / f"{redacted}.json").read_text("utf-8")
        assert scan.files_kept == len(names)
    assert [value for value in (key, weak, phone) if value in shown[True]] == []
    assert all(value in shown[False] for value in (key, weak, phone, "Table2Column.vue"))
    assert "Table2Column.vue" in shown[True]
    assert len({without_private_name(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    "name",
    ["src/Table2Column-resize.vue", "密码重置v2.vue", ".env1", "auth-login-page-2.vue", "2021-01-02-password-reset.vue",
     "中文名1.vue", "token-management-v2/index.vue", "REDACTED_PASSWORD-2ebdbba0.vue"],
)  # fmt: skip
def test_names_of_files_that_hold_nothing_private_stay(name):
    assert without_private_name(name) == name


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        "admin / ", "10.", "192.168.1.", "'sk-' + ", "`sk-${''}", "hook/", "://a.", "1 ", "getConnection(", "{a:`",
        "/*", "<!--1", "@a.", "services/T", "name = a + ", "a.corp.", "='a.lan", "\n#1 user:",
    ],
)  # fmt: skip
def test_it_takes_a_lines_time_whatever_is_repeated(piece):
    """A square of 200,000 characters would take minutes."""
    text = piece * (200_000 // len(piece))
    for path in ("a.js", "a.md"):
        began = time.process_time()
        redact(text, path)
        without_private(text[:50_000], path)
        assert time.process_time() - began < 60
