from __future__ import annotations

import ast
import dataclasses
import json
import random
import re
import string
from pathlib import Path

import pytest
import secrets_corpus as corpus
import tree_sitter_javascript
from hypothesis import given, settings
from hypothesis import strategies as st
from steps import growth
from tree_sitter import Language, Parser

from swiftprep.redaction.mask import word
from swiftprep.redaction.secrets import Finding, redact

DICE = random.Random(20240607)
WEAK = "Admin" + "@123"  # put together, so that this file has nothing to redact
HEX32, ALNUM32, ALNUM40 = (
    corpus.draw(DICE, a, n) for a, n in ((corpus.HEX, 32), (corpus.ALNUM, 32), (corpus.ALNUM, 40))
)
UUID = corpus.uuid(DICE)


def missed(cases):
    return [case for case in cases if any(part in redact(case.text, case.path)[0] for part in case.parts)]


# --- recall -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def documented():
    return corpus.documented(seed=1, rounds=8)


@pytest.fixture(scope="module")
def generic():
    return corpus.generic(seed=2, count=220)


def test_the_corpus_is_large_and_a_function_of_its_seed(documented, generic):
    assert len(documented) + len(generic) >= 600
    assert corpus.generic(seed=2, count=220) == generic
    assert corpus.generic(seed=3, count=220) != generic


@pytest.mark.slow
def test_recall_on_documented_formats(documented):
    gone = missed(documented)
    assert len(gone) <= 0.03 * len(documented), [case.name for case in gone]
    assert not [name for name in corpus.DOCUMENTED if sum(case.name == name for case in gone) > 1]


@pytest.mark.slow
def test_recall_overall(documented, generic):
    cases = documented + generic
    assert len(missed(cases)) <= 0.08 * len(cases)
    assert len(missed(generic)) <= 0.08 * len(generic)


@pytest.mark.slow
def test_only_the_value_goes(documented, generic):
    for case in documented + generic:
        out, findings = redact(case.text, case.path)
        assert all(part in out for part in case.keep), case.name
        assert out.count("\n") == case.text.count("\n"), case.name
        assert redact(out, case.path) == (out, []), case.name
        assert all(1 <= f.line <= case.text.count("\n") + 1 and f.path == case.path for f in findings), case.name


def test_code_still_parses(documented, generic):
    script = Parser(Language(tree_sitter_javascript.language()))

    def parses(text, path):
        try:
            if path.endswith(".py"):
                ast.parse(text)
            elif path.endswith(".json"):
                json.loads(text)
            elif path.endswith(".js"):
                return not script.parse(text.encode()).root_node.has_error
        except ValueError:
            return False
        except SyntaxError:
            return False
        return path.endswith((".py", ".json", ".js"))

    cases = [case for case in documented + generic if parses(case.text, case.path)]
    assert len(cases) > 200
    assert not [case.text for case in cases if not parses(redact(case.text, case.path)[0], case.path)]


@pytest.mark.parametrize(("name", "least"), [("password", 8), ("apiSecret", 8), ("token", 12)])
def test_passwords_that_a_machine_draws_are_told_by_their_letters(name, least):
    """Of eight letters and digits some can be read like a word, and some under `token` have no digit."""
    dice = random.Random(7)
    values = [corpus.draw(dice, corpus.ALNUM, least) for _ in range(300)]
    values += [corpus.draw(dice, string.ascii_letters, least - 1) + "!" for _ in range(300 if name != "token" else 0)]
    left = [value for value in values if redact(f"const c = {{ {name}: '{value}' }}\n", "a.js")[1] == []]
    left = [value for value in left if name != "token" or any(map(str.isdigit, value))]
    assert len(left) <= 0.03 * len(values), left


# --- one by one -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "path", "value", "kind"),
    [
        ("const k = '{v}'", "a.js", "sk" + "-" + HEX32, "dashscope-key"),
        ("const k = '{v}'", "a.js", HEX32 + "." + ALNUM32[:16], "zhipu-key"),
        ("id: '{v}'", "a.js", "LT" + "AI5t" + ALNUM32[:18], "aliyun-key-id"),
        ("id: '{v}'", "a.js", "w" + "x" + HEX32[:16], "wechat-appid"),
        ("POST https://open.feishu.cn/open-apis/bot/v2/hook/{v}", "a.md", UUID, "feishu-webhook"),
        ("password: '{v}'", "a.vue", WEAK, "password"),
        ("password: '{v}'", "a.vue", "root" + "123456", "password"),
        ("password: '{v}'", "a.vue", "P@ss" + "w0rd!", "password"),
        ("<a :pwd=\"'{v}'\" />", "a.vue", WEAK, "password"),
        ("密码：{v}", "a.md", "abc" + "123", "password"),
        ('"密码": "{v}"', "a.json", WEAK, "password"),
        ("密码（{v}）", "a.md", WEAK, "password"),
        ("password: {v}", "a.yml", "tiger", "password"),
        ("DB_PASSWORD={v}", ".env.local", "p,(w)#" + "1x", "password"),
        ("const p = db.password || '{v}'", "a.js", WEAK, "password"),
        ("fetch('/a?access_token=' + '{v}')", "a.js", ALNUM32, "token"),
        ("Authorization: APPCODE {v}", "a.md", HEX32, "appcode-authorization"),
        ("_auth={v}", ".npmrc", "YWRtaW46" + "QWRtaW5AMTIz", "basic-authorization"),
        ("url: 'redis://:{v}@cache:6379'", "a.js", "hunter", "url-password"),
        ("git clone https://{v}@gitee.com/a/b.git", "a.md", HEX32, "url-token"),
        ("hash: $2" + "a$10${v}", "a.sql", corpus.draw(DICE, corpus.ALNUM, 53), "password-hash"),
        ("redis-cli -h a -a {v} ping", "a.sh", WEAK, "password"),
        ("密钥 = '{v}'", "a.py", HEX32, "secret"),
        ("amap: {{ key: '{v}' }}", "a.js", HEX32, "key"),
        ("passwordDefault: '{v}'", "a.js", WEAK, "password"),
        ("password: pick('a') || '{v}'", "a.js", WEAK, "password"),
        ("x = 'a\\n{v}'", "a.js", "sk" + "-" + HEX32, "dashscope-key"),
        ("token: 'Token {v}'", "a.js", ALNUM32, "token"),
        ("const key = CryptoJS.enc.Utf8.parse('{v}')", "a.js", "1234567890" + "abcdef", "secret"),
        ("auth: {{ user: 'a@qq.com', pass: '{v}' }}", "a.js", "qwhz" + "kvbn" + "xjtq" + "mfgl", "password"),
        ("cy.get('#password').type('{v}')", "a.js", WEAK, "password"),
        ("page.fill('input[name=password]', '{v}')", "a.js", WEAK, "password"),
        ("createHmac('sha256', '{v}')", "a.js", HEX32, "secret"),
        ("jwt.sign(payload, '{v}', options)", "a.js", ALNUM32, "secret"),
        ("const x1 = '{v}'", "a.js", "glpat" + "-" + "pLIix6MEOLeMa61EqJom", "gitlab-token"),
        ("const x1 = '{v}'", "a.js", "LT" + "AI5t" + "rMAskUXIgAAsDHPrOu", "aliyun-key-id"),
        ("const licenseKey = '{v}'", "a.js", "ABCD-EFGH-" + "1234-5678-IJKL", "token"),
        ("账号：admin，账号/密码：admin / {v}", "a.md", WEAK, "password"),
    ],
    ids=lambda value: re.sub(r"[^\w-]+", "_", value)[:30] if isinstance(value, str) else None,
)
def test_what_is_found(text, path, value, kind):
    text = text.replace("{{", "{").replace("}}", "}")
    source = f"// 第一行\n{text.replace('{v}', value)}\n"
    out, findings = redact(source, path)
    assert out == f"// 第一行\n{text.replace('{v}', word(kind))}\n"
    assert findings == [Finding(path, 2, kind)]


@pytest.mark.parametrize(
    "text",
    [
        "password: '请输入密码'", "type: 'password'", "password: this.form.password", "token: getToken()", "password: ''",
        "const token = store.getters.token", "password: null,", '<el-form-item prop="password" label="密码">',
        "rules: { password: [{ required: true, message: '请输入密码', trigger: 'blur' }] }", "// 密码：6-20位字母",
        '<el-input placeholder="密码" v-model="loginForm.pwd1" />', "const TokenKey = 'Admin-Token'", "token: 'admin-token'",
        "password: process.env.DB_PASSWORD", "password: os.environ['DB_PASSWORD1']", "url = 'a?password=${DB_PASSWORD}'",
        "apiKey: 'your-api-key-12345'", "apiKey: '<your key 123456>'", "api_key: 'xxxxxxxxxxxx1234'", "password: '******'",
        "password: 'changeme123'", "passwordRule: 'Abc@123a'", "checkPassword('abc1234')", "password: check('abc1234')",
        f"key: '{UUID}'", "password: '#a1b2c3'", "pwd: 'user12@qq.com'", "password: '2024-01-01'", "password: 'sha256'",
        "password: '^[a-z0-9]{8,16}$'", "Authorization: Basic QWxhZGRpbmFiYw==", "let password = ''\nlet label = 'Abc@12345'",
        "-----BEGIN PRIVATE KEY-----\nthe body of it here\n-----END PRIVATE KEY-----", "gh" + f"p_yourToken{ALNUM32}",
        "pem = '-----BEGIN PRIVATE KEY-----\\n' + toBase64Characters(key) + '-----END PRIVATE KEY-----'", "headers.Authorization = `Bearer ${token}`", "'Bearer ' + getToken('admin2')",
        ':key="item.id"', "key: 'user-management'", "password: 'oauth2'", "const passwordReg = /^[a-zA-Z0-9]{6,20}$/",
        '<path d="M12 2a10 10 0 1 0 0 20z"/>', f"hash: '{ALNUM40.lower()}'", f"commit {HEX32}a1b2c3d4", f"id: '{UUID}'",
        f"integrity: 'sha512-{ALNUM40 * 2}=='", f"src: url(data:font/woff;base64,{ALNUM40 * 9})", f"app.{HEX32[:8]}.js",
        "resetPassword: '/user/profile/updatePwd2'", "tokenUrl: 'https://a.cn/oauth/token1'", "pwd: '修改密码'",
        "password: { type: String, default: 'text2' }", "token?: string;", "password: z.string().min(8)",
        "chars: '" + string.ascii_letters + string.digits + "+/='", "localStorage.getItem('user_token_v2')",
        "password: $t('login.password1')", "secretKey: 'user.secretKey'", "publicKey: 'MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK'",
        "http://localhost:8080/@fs/x", "git@github.com:a/b.git", "mysql://${user}:${pw}@h", "http://user:password@a.cn",
        "Basic usage", "createHmac('sha256', key1)", "class SCTPAssociationTransportHandler2 {}", "PASSWORD = ''\n'Abc@12345'",
        "bearer authentication", "_keyStr: '" + string.ascii_letters + "0123456789'", "sk-circle-fade-dot-12-34",
        ':password="user2.password3" :token="form.token12"', "MYSQL_ROOT_PASSWORD=$MYSQL_ROOT_PASSWORD", "key: 'ArrowDown'",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----", "hf_<your token>", "AKIA" + "IOSFODNN7EXAMPLE",
        "const K = ['DB_PASSWORD', 'MYSQL_ROOT_PASSWORD']",
        "autocomplete = { password: 'current-password' }", 'password: "forgotPassword"', 'password: "inputPassword2", pwd: "txtPwd"',
        "password: 'el-input__inner'", "password: 'handleSubmit', pwd: 'isPwdShow'", "password: 'v1.2', pwd: 'h264', passwd: 'i18n'",
        "password: 'LockOutlined', pwd: 'mdiEyeOff', psw: 'EyeInvisibleOutlined'", "password: 'sha256WithRSA', pwd: 'aes-256-cbc'",
        "token: 'AccessTokenV2', tokens: 'TableColumnV2Item'", "const INVALID_PASS" + "WORD = 401001", "const RESET_PASS" + "WORD = 100231",
        "switch (type) { case 'password': break; case 'text2': break }", "switch (token) { case 'IDENTIFIER': break }",
        "expect(password).toBe('password'); expect(input.password).toEqual('visible')", "getPassword() { return 'password' }",
        "get token() { return 'accessToken' }", "// check password (optional)", "URLEncoder.encode('abc1234x')", "password2: passwordForm.password2,", "tokens[i2].value1",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["a.vue", "a.js"])
def test_what_is_left_alone(text, path):
    assert redact(text, path) == (text, [])


def test_a_variable_is_not_a_value_in_code_but_is_in_configuration():
    text = "password: admin" + "123x\n"
    assert redact(text, "a.js")[1] == []
    assert redact(text, "a.yml")[1] == [Finding("a.yml", 1, "password")]


def test_a_number_is_a_password_under_the_name_of_its_owner():
    text = f"const ADMIN_{'PASSWORD'} = {2023_1108}\n"
    assert redact(text, "a.js")[0] == 'const ADMIN_PASSWORD = "REDACTED_PASSWORD"\n'


def test_a_key_over_lines_keeps_them():
    body = [corpus.draw(DICE, corpus.BASE64, 64) for _ in range(4)]
    source = "\n".join(
        ["a", "-----BEGIN PRIV" + "ATE KEY-----", *body, "-----END PRIV" + "ATE KEY-----", f"pwd='{WEAK}'"]
    )
    out, findings = redact(source)
    assert [(f.line, f.kind) for f in findings] == [(3, "private-key"), (8, "password")]
    assert out.split("\n")[2:6] == ["REDACTED_PRIVATE_KEY"] * 4
    assert "BEGIN PRIVATE KEY" in out
    assert out.count("\n") == source.count("\n")


def test_the_secret_of_an_id_is_found_without_a_name():
    key, secret = "LT" + "AI5t" + corpus.draw(DICE, corpus.ALNUM, 18), corpus.draw(DICE, corpus.ALNUM, 30)
    out, findings = redact(f"connect2('cn-hangzhou', '{key}',\n  '{secret}')\n", "a.js")
    assert out == "connect2('cn-hangzhou', 'REDACTED_ALIYUN_KEY_ID',\n  'REDACTED_ALIYUN_KEY_SECRET')\n"
    assert [f.line for f in findings] == [1, 2]
    assert redact(f"f('{secret}')", "a.js")[1] == []


def test_one_secret_may_hide_another():
    assert redact(f"密码{WEAK}?key={ALNUM40}")[0] == "密码REDACTED_PASSWORDREDACTED_KEY"


@pytest.mark.parametrize(
    "text",
    [
        "o = { appSecret: '{v}', 'Grid::Column9': 'x' }", "o = {'signing_key': '{v}','tab--v3': 'plain'}",
        "['REDACTED_SECRET', 'Row14Cell2', 'Tab31Pane6']", "{ 'REDACTED_PASSWORD': 'Row14Cell2' }",
        "new Map([['REDACTED_TOKEN', '{v}']])", "REDACTED_SESSION = '{v}'", "x['REDACTED_WEBHOOK_TOKEN'] = '{v}'",
        "REDACTED_ACCESS_TOKEN = 'a' + b1; b1 = '{v}'",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["a.js", "a.py", "a.vue"])
def test_what_was_put_for_a_secret_is_the_name_of_none(text, path):
    text = text.replace("{v}", HEX32)
    out = redact(text, path)[0]
    assert out == (text.replace(HEX32, "REDACTED_SECRET", 1) if text.startswith("o =") else text)
    assert redact(out, path) == (out, [])


@pytest.mark.parametrize(
    "text",
    [
        "if ('{v}' === form.password) go()", "if ('{v}' != md5(this.form['pwd'])) go()", 'if ("{v}".equals(dto.getPassword())) go();',
        "ok = ['{v}', '{w}'].includes(password)", "if (['{v}', '{w}'].indexOf(user.pwd) < 0) go()", "ok = Set.of('{v}', '{w}').contains(password)",
        "expect('{v}').toBe(login.password)", 'assertEquals("{v}", user.getPassword())', "hmac.compare_digest('{v}', password)",
        "if (password.equals('{v}')) go()",
        "props = { pwd: { type: String, validator: v => ['{v}', '{w}'].includes(v) } }",
        "props = { pwd: { validator(v) { return ['{v}', '{w}'].indexOf(v) >= 0 } } }",
    ],
)  # fmt: skip
def test_what_a_password_is_compared_with(text):
    source = text.replace("{v}", WEAK).replace("{w}", "Winter" + "#2031")
    assert redact(source, "a.js")[0] == re.sub(r"\{[vw]\}", "REDACTED_PASSWORD", text)


@pytest.mark.parametrize(
    "text",
    [
        "if ('oauth2' === authToken) go()", "if ('' === password) go()", "['text2', 'select'].includes(form.type, password)",
        "log('{v}', password)", "const a = '{v}', password = ask()", "ok = ['weak', 'strong'].includes(passwordLevel)",
        "size = { pwd: { type: String, validator: v => ['small', 'large'].includes(v) } }", "'{v}'.repeat(password)",
    ],
)  # fmt: skip
def test_what_only_stands_before_a_password_is_left_alone(text):
    text = text.replace("{v}", WEAK)
    assert redact(text, "a.js") == (text, [])


def test_the_next_key_of_an_object_is_not_the_value_of_the_one_before():
    text = "{ 'password', 'Row14Cell2': 1 }"
    assert redact(text, "a.js") == (text, [])
    assert redact(text.replace(": 1", ""), "a.js")[0] == "{ 'password', 'REDACTED_PASSWORD' }"


def test_letters_that_grow_when_made_small_do_not_shift_the_places():
    assert redact(f"// İİİ ſ 😀\npwd = '{WEAK}'", "a.js")[0] == "// İİİ ſ 😀\npwd = 'REDACTED_PASSWORD'"


def test_two_on_a_line_and_one_below_in_the_order_of_lines():
    source = f"a = {{ pwd: '{WEAK}', token: '{ALNUM32}' }}\nsecret = '{HEX32}'\n"
    assert [(f.line, f.kind) for f in redact(source, "a.js")[1]] == [(1, "password"), (1, "token"), (2, "secret")]


def test_nobody_sees_a_value(documented):
    for case in documented:
        for finding in redact(case.text, case.path)[1]:
            shown = str(finding) + repr(finding) + repr(dataclasses.asdict(finding))
            assert not any(part in shown for part in case.parts)
    assert [field.name for field in dataclasses.fields(Finding)] == ["path", "line", "kind"]


@pytest.mark.parametrize("path", [Path(corpus.__file__), Path(__file__)], ids=lambda path: path.name)
def test_the_tests_hold_no_secret_themselves(path):
    assert redact(path.read_text("utf-8"), path.name)[1] == []


# --- any text ---------------------------------------------------------------------------------------------------------

PIECES = st.sampled_from([
    "password", "token", "密码", "secretKey", "key", "auth", "=", ":", "：", "'", '"', "`", "\\", "\n", " ", "(", ")", ",", ";",
    "{", "}", "://", "@", "Bearer ", "Basic ", "<", ">", "REDACTED_", "REDACTED_TOKEN", "<REDACTED:token>", "<REDACTED:", WEAK, HEX32, ALNUM40,
    "sk" + "-", "LT" + "AI", "w" + "x", "ey" + "J", ".", "/", "hook/", "?key=", "-----BEGIN PRIV" + "ATE KEY-----", "-----END",
    "mysql -p", "process.env.X || ", "value=", "--", "é", "İ", "😀",
])  # fmt: skip


@pytest.mark.slow
@given(
    st.lists(PIECES | st.text(max_size=6), max_size=30), st.sampled_from(["", "a.js", "a.yml", "a.vue", "a.md", ".env"])
)
@settings(max_examples=150, deadline=None)
def test_any_text_keeps_its_lines_and_is_done_after_one_call(pieces, path):
    text = "".join(pieces)
    out, findings = redact(text, path)
    assert out.count("\n") == text.count("\n")
    assert redact(out, path) == (out, [])
    assert (out == text) == (not findings)
    assert [f.line for f in findings] == sorted(f.line for f in findings)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("unit", "size"),
    [
        ("ey" + "J", 1_000_000), ("a", 1_000_000), ("0123456789abcdef", 1_000_000), ("://a:", 1_000_000), ('"', 1_000_000),
        ("mysql ", 300_000), ("hook/a", 1_000_000), (" ", 1_000_000), ("-----BEGIN PRIV" + "ATE KEY-----", 100_000),
        ("密码", 30_000), ("token=", 10_000), ('token="', 10_000), ("token=(", 10_000), ('auth("a",', 10_000),
        ('token=\\"', 10_000), ("password=\n", 10_000), ("$2" + "a$10$", 1_000_000), ("curl -u ", 50_000),
        ("insert into t (pwd) values (", 100_000), ("|pwd|\n|--|\n", 100_000), ("pwd, a = ", 100_000), ("${a:-", 300_000),
        ("'a'==password", 30_000), ("['a',password", 30_000), ("pwd: {validator(", 30_000),
    ],
)  # fmt: skip
@pytest.mark.timeout(60)
def test_a_hostile_line_takes_no_longer_than_its_length(unit, size):
    assert growth(lambda n: redact((unit * (n // len(unit) + 1))[:n]), size // 4) < 6


@pytest.mark.parametrize(
    "line", ["password = v{k}\n", "AES.encrypt(x, v{k})\n", "fetch(`https://a.cn/bot/v2/hook/${v{k}}`)\n", "password="]
)
@pytest.mark.slow
@pytest.mark.timeout(60)
def test_values_that_are_handed_over_by_name_are_looked_for_once(line):
    assert growth(lambda n: redact("".join(line.replace("{k}", str(k)) for k in range(n)), "a.js"), 500) < 6
    redact("".join(line.replace("{k}", str(k)) for k in range(40_000)), "a.js")


@pytest.mark.slow
def test_many_findings_take_time_in_proportion():
    def work(n):
        out, findings = redact("".join(f"pwd = '{WEAK}{k}'\n" for k in range(n)), "a.js")
        assert [f.line for f in findings] == list(range(1, n + 1))
        assert out == "pwd = 'REDACTED_PASSWORD'\n" * n

    assert growth(work, 500) < 6
