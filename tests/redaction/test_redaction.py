"""What stands in place of a secret: code that was valid is valid afterwards, and what is no value is left alone."""

from __future__ import annotations

import json
import random
import re
import shutil
from pathlib import Path

import npm
import pytest
import secrets_corpus as corpus
import yaml
from present import present, repaired

from swiftprep import Checker, Sample, demo
from swiftprep.parsing.grammar import error_lines, parse
from swiftprep.parsing.script import parse_script
from swiftprep.parsing.sfc import blocks, template
from swiftprep.quality.rules import privacy
from swiftprep.redaction.mask import mask, renewed, word
from swiftprep.redaction.places import Places, regions
from swiftprep.redaction.secret_values import Span
from swiftprep.redaction.secrets import redact

DICE = random.Random(20250301)
KEY = "AK" + "IA" + corpus.draw(DICE, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)  # known by its form
PASSWORD = "Brun" + "nen@47"
TOKEN = corpus.draw(DICE, corpus.HEX, 32)
DIGITS = "74" + "018265"
PHONE = "139" + "12345678"
FENCE = "```"


def errors(text: str, path: str) -> list[str]:
    """Return the syntax errors of a file, each with its line."""
    suffix = path.rpartition(".")[2]
    source = text.encode("utf-8", "replace")
    if suffix == "vue":
        found = []
        for block in blocks(source):
            if block.kind == "template" and block.lang in ("", "html"):
                found += [f"{line}: {what}" for line, what in template(source, block.start, block.end).errors]
            elif block.kind == "script" and block.lang in ("", "js", "jsx", "ts", "tsx"):
                lines = parse_script(source[block.start : block.end], block.lang or "js")[1]
                found += [f"{line}: script" for line in lines]
        return found
    if suffix in ("js", "jsx", "ts", "tsx"):
        return [f"{line}: script" for line in parse_script(source, suffix)[1]]
    if suffix == "html":
        return [f"{line}: {what}" for line, what in template(source).errors]
    if suffix in ("py", "java"):
        return [f"{line}" for line in error_lines(parse(source, "python" if suffix == "py" else "java").root_node)]
    try:
        if suffix == "json":
            json.loads(text)
        elif suffix == "yml":
            yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        return [str(error)]
    return []


# --- every kind of place ----------------------------------------------------------------------------------------------

PLANTED = {
    "string": ("a.js", "const password = '{v}'\n", PASSWORD, "const password = 'REDACTED_PASSWORD'\n"),
    "template literal": ("a.js", "const u = `https://a.cn/b?access_token={v}&c=${d}`\n", TOKEN, "const u = `https://a.cn/b?access_token=REDACTED_TOKEN&c=${d}`\n"),
    "expression in it": ("a.js", "const u = `x${{v}}`\n", KEY, 'const u = `x${"REDACTED_AWS_KEY_ID"}`\n'),
    "number": ("a.js", "const pwd = {v};\n", DIGITS, 'const pwd = "REDACTED_PASSWORD";\n'),
    "object key": ("a.js", "const owner = { '{v}': 1 }\n", KEY, "const owner = { 'REDACTED_AWS_KEY_ID': 1 }\n"),
    "bare object key": ("a.js", "const owner = { {v}: 1 }\n", KEY, 'const owner = { "REDACTED_AWS_KEY_ID": 1 }\n'),
    "name of a class": ("a.js", "class {v} {}\n", KEY, "class REDACTED_AWS_KEY_ID {}\n"),
    "parameter": ("a.js", "function f({v}) {}\n", KEY, "function f(REDACTED_AWS_KEY_ID) {}\n"),
    "regex": ("a.js", "const r = /{v}/g\n", KEY, "const r = /REDACTED_AWS_KEY_ID/g\n"),
    "comment": ("a.js", "/* password: {v} */ const a = 1\n", PASSWORD, "/* password: REDACTED_PASSWORD */ const a = 1\n"),
    "JSX text": ("a.jsx", "const a = <p>{v}</p>\n", KEY, "const a = <p>REDACTED_AWS_KEY_ID</p>\n"),
    "JSX attribute": ("a.jsx", "const a = <p pwd='{v}' />\n", PASSWORD, "const a = <p pwd='REDACTED_PASSWORD' />\n"),
    "JSX expression": ("a.tsx", "const a = <p pwd={{v}} />\n", DIGITS, 'const a = <p pwd={"REDACTED_PASSWORD"} />\n'),
    "type": ("a.ts", "type A = '{v}'\n", KEY, "type A = 'REDACTED_AWS_KEY_ID'\n"),
    "attribute": ("a.vue", '<template><a pwd="{v}" /></template>\n', PASSWORD, '<template><a pwd="REDACTED_PASSWORD" /></template>\n'),
    "bound attribute": ("a.vue", '<template><a :pwd="{v}" /></template>\n', DIGITS, "<template><a :pwd=\"'REDACTED_PASSWORD'\" /></template>\n"),
    "bound, single quotes": ("a.vue", "<template><a :k='[{v}]' /></template>\n", KEY, "<template><a :k='[\"REDACTED_AWS_KEY_ID\"]' /></template>\n"),
    "text node": ("a.vue", "<template><p>口令：{v}</p></template>\n", PASSWORD, "<template><p>口令：REDACTED_PASSWORD</p></template>\n"),
    "interpolation": ("a.vue", "<template><p>{{ f({v}) }}</p></template>\n", KEY, '<template><p>{{ f("REDACTED_AWS_KEY_ID") }}</p></template>\n'),
    "script of a component": ("a.vue", "<script>\nexport default { data: () => ({ pwd: {v} }) }\n</script>\n", DIGITS, '<script>\nexport default { data: () => ({ pwd: "REDACTED_PASSWORD" }) }\n</script>\n'),
    "JSON string": ("a.json", '{"password": "{v}"}\n', PASSWORD, '{"password": "REDACTED_PASSWORD"}\n'),
    "JSON number": ("a.json", '{"password": {v}}\n', DIGITS, '{"password": "REDACTED_PASSWORD"}\n'),
    "YAML": ("a.yml", "a: {password: {v}, b: 1}\n", "xk40" + "rt9q", "a: {password: REDACTED_PASSWORD, b: 1}\n"),
    ".env": (".env.local", "DB_PASSWORD={v}\n", PASSWORD, "DB_PASSWORD=REDACTED_PASSWORD\n"),
    "properties": ("a.properties", "db.password={v}\n", PASSWORD, "db.password=REDACTED_PASSWORD\n"),
    "address": ("a.js", "const u = 'redis://app:{v}@cache.corp.cn:6379/0'\n", "hal" + "lo77", "const u = 'redis://app:REDACTED_URL_PASSWORD@cache.corp.cn:6379/0'\n"),
    "Python f-string": ("a.py", 'a = f"{{v}}"\n', KEY, "a = f\"{'REDACTED_AWS_KEY_ID'}\"\n"),
    "Java": ("a.java", 'class A { String password = "{v}"; }\n', PASSWORD, 'class A { String password = "REDACTED_PASSWORD"; }\n'),
    "SQL": ("a.sql", "UPDATE u SET password = '{v}';\n", PASSWORD, "UPDATE u SET password = 'REDACTED_PASSWORD';\n"),
    "fenced": ("a.md", f"So:\n{FENCE}js\nconst pwd = {{v}}\n{FENCE}\n", DIGITS, f'So:\n{FENCE}js\nconst pwd = "REDACTED_PASSWORD"\n{FENCE}\n'),
}  # fmt: skip


@pytest.mark.parametrize(("path", "text", "value", "expected"), PLANTED.values(), ids=PLANTED)
def test_what_parsed_parses_whatever_the_place(path, text, value, expected):
    source = text.replace("{v}", value)
    out, findings = redact(source, path)
    assert out == expected
    assert len(findings) == 1
    assert errors(source, path) == errors(out, path) == []
    assert redact(out, path) == (out, [])


def test_more_goes_where_the_word_alone_would_break_the_code():
    text = "const a = '\\u0041bcdef'\n"
    at = text.index("0041")
    out = mask(text, [Span(at, at + 6, "token")], Places(text, "a.js"))
    assert out == "const a = 'REDACTED_TOKEN'\n"


# A string, a value without quotes, a text node, the value of an attribute, whether it is an expression or not.
PLACES = (
    re.compile(r"(?<=[:=(,] )(?P<quote>['\"])(?P<value>[\w-]{3,20})(?P=quote)"),
    re.compile(r"(?<=[:=] )(?P<value>true|false|null|\d+)(?=[,;\n])"),
    re.compile(r"(?<=>)(?P<value>[\w一-龥 ]{2,20})(?=</)"),
    re.compile(r"(?<=\s):?[a-z-]+=\"(?P<value>\w{2,20})\""),
)


def planted(text: str, dice: random.Random, path: str) -> str:
    """Put keys and passwords into a file, at a few places of each kind and into its first comments."""
    for pattern in PLACES[: 4 if path.endswith(".vue") else 1 if path.endswith(".json") else 2]:
        found = list(pattern.finditer(text))
        for match in sorted(dice.sample(found, min(3, len(found))), key=lambda m: -m.start()):
            text = text[: match.start("value")] + KEY + text[match.end("value") :]
    comments = [match.end() for match in re.finditer(r"^\s*// ?", text, re.M)][:2]
    for at in reversed(comments):
        text = f"{text[:at]}password: {PASSWORD} {text[at:]}"
    return text


def assert_no_new_errors(folder: Path) -> tuple[int, int]:
    """Redact each file of a folder, as it is and with secrets planted; return how many files and findings there were."""
    dice = random.Random(5)
    files = found = 0
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".vue", ".js", ".ts", ".json") or not path.is_file() or path.stat().st_size > 120_000:
            continue
        text = path.read_text("utf-8", "replace")
        if max(map(len, text.split("\n"))) > 3000:
            continue
        files += 1
        for source in (text, planted(text, dice, path.name)):
            out, findings = redact(source, path.name)
            found += len(findings)
            assert KEY not in out
            # What is a phone number in data of somebody's is not asked here, only that nothing breaks.
            sample = Sample.from_instruction("q", "", out, meta={"kind": "component", "path": path.name})
            verdict = privacy.personal_data(sample)
            out = repaired(verdict).answer if verdict else out
            if out != source:
                assert errors(out, path.name) == errors(source, path.name), path
                assert out.count("\n") == source.count("\n"), path
    return files, found


def test_the_demo_parses_with_its_secrets_taken_out():
    files, found = assert_no_new_errors(demo.app())
    assert files >= 20
    assert found > 60


PACKAGES = ("element-ui@2.15.14", "view-design@4.7.0", "vue@2.7.16", "axios@1.7.9", "d2-admin@1.7.2")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("packages")
    for name in PACKAGES:
        shutil.copytree(npm.unpacked(name), root / name)
    return root


@pytest.mark.long
def test_five_packages_parse_with_their_secrets_taken_out(packages):
    files, found = assert_no_new_errors(packages)
    assert files > 1000
    assert found > 1000


# --- values in odd places -----------------------------------------------------------------------------------------------

ODD = {
    "default in a shell": ("a.sh", "export DB_PWD=${DB_PWD:-{v}}\n", "export DB_PWD=${DB_PWD:-REDACTED_PASSWORD}\n"),
    "default that is kept": ("a.sh", ": ${DB_PWD:={v}}\n", ": ${DB_PWD:=REDACTED_PASSWORD}\n"),
    "default of an argument": ("a.sh", "DB_PWD=${2:-{v}}\n", "DB_PWD=${2:-REDACTED_PASSWORD}\n"),
    "default without a colon": (".env", "DB_PWD=${DB_PWD-{v}}\n", "DB_PWD=${DB_PWD-REDACTED_PASSWORD}\n"),
    "default of Spring": ("a.yml", "pwd: ${redis.pwd:{v}}\n", "pwd: ${redis.pwd:REDACTED_PASSWORD}\n"),
    "default, fenced": ("a.md", f"{FENCE}yaml\npwd: ${{PWD1:-{{v}}}}\n{FENCE}\n", f"{FENCE}yaml\npwd: ${{PWD1:-REDACTED_PASSWORD}}\n{FENCE}\n"),
    "f-string": ("a.py", "pwd = f'{user}{v}'\n", "pwd = f'{user}REDACTED_PASSWORD'\n"),
    "template": ("a.js", "const pwd = `{v}${user}`\n", "const pwd = `REDACTED_PASSWORD${user}`\n"),
    "anchor": ("a.yml", "pwd: &main {v}\n", "pwd: &main REDACTED_PASSWORD\n"),
    "tag": ("a.yml", "pwd: !!str '{v}'\n", "pwd: !!str 'REDACTED_PASSWORD'\n"),
    "block": ("a.yml", "pwd: |-\n    {v}\nb: 1\n", "pwd: |-\n    REDACTED_PASSWORD\nb: 1\n"),
    "columns": ("a.sql", "insert into t(id, pwd) values (1, '{v}'), (2, '{v}');\n", "insert into t(id, pwd) values (1, 'REDACTED_PASSWORD'), (2, 'REDACTED_PASSWORD');\n"),
    "columns in Java": ("a.java", "class A { String s = \"insert into t (pwd) values ('{v}')\"; }\n", "class A { String s = \"insert into t (pwd) values ('REDACTED_PASSWORD')\"; }\n"),
    "table": ("a.md", "| 用户 | 密码 |\n| --- | --- |\n| root | `{v}` |\n", "| 用户 | 密码 |\n| --- | --- |\n| root | `REDACTED_PASSWORD` |\n"),
    "parallel": ("a.py", "HOST, PWD = 'db', '{v}'\n", "HOST, PWD = 'db', 'REDACTED_PASSWORD'\n"),
    "prop": ("a.js", "export default { props: { pwd: { type: String, default: '{v}' } } }\n", "export default { props: { pwd: { type: String, default: 'REDACTED_PASSWORD' } } }\n"),
    "ref": ("a.ts", "const pwd = ref<string>('{v}')\n", "const pwd = ref<string>('REDACTED_PASSWORD')\n"),
    "state": ("a.jsx", "const [pwd, setPwd] = useState('{v}')\n", "const [pwd, setPwd] = useState('REDACTED_PASSWORD')\n"),
    "three quotes": ("a.py", 'pwd = """{v}"""\n', 'pwd = """REDACTED_PASSWORD"""\n'),
    "text block": ("a.java", 'class A { String pwd = """\n  {v}\n  """; }\n', 'class A { String pwd = """\n  REDACTED_PASSWORD\n  """; }\n'),
    "HTTP basic": ("a.py", "a = HTTPBasicAuth('root', '{v}')\n", "a = HTTPBasicAuth('root', 'REDACTED_PASSWORD')\n"),
    "ampersand": ("a.js", "const dsn = 'Uid=sa;Pwd={v}&7;'\n", "const dsn = 'Uid=sa;Pwd=REDACTED_PASSWORD;'\n"),
    "space": (".env", "DB_PWD='{v} #7'\n", "DB_PWD='REDACTED_PASSWORD'\n"),
    "Base64": ("a.yml", "pwd: c2Vj{w}=\n", "pwd: REDACTED_PASSWORD\n"),
    "doubled quote": ("a.yml", "pwd: 'o''{v}'\n", "pwd: 'REDACTED_PASSWORD'\n"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "text", "expected"), ODD.values(), ids=ODD)
def test_only_the_value_goes_from_odd_places(path, text, expected):
    source = text.replace("{v}", "Kre" + "uz8berg4").replace("{w}", "cmV0" + "OTk5MQ")
    out, _ = redact(source, path)
    assert out == expected
    assert redact(out, path) == (out, [])
    assert errors(source, path) == errors(out, path)


@pytest.mark.parametrize(
    ("path", "text"),
    [("a.py", "PWD = '{a}' '{b}'\n"), ("a.js", "const pwd = '{a}' + '{b}'\n"), ("a.py", "PWD = ('{a}'\n  '{b}')\n")],
)
def test_halves_of_a_secret_are_one(path, text):
    out, _ = redact(text.replace("{a}", "Kre" + "u").replace("{b}", "z8ber" + "g4"), path)
    assert out == text.replace("{a}", "REDACTED_PASSWORD").replace("{b}", "REDACTED_PASSWORD")


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.java", "class A { int pwd = {d}; }", "class A { int pwd = 0; }"),
        ("a.java", "class A { long pwd = {d}L; }", "class A { long pwd = 0L; }"),
        ("a.kt", "val pwd: Int = {d}", "val pwd: Int = 0"),
        ("a.go", "pwd := {d}", "pwd := 0"),
        ("a.ts", "let pwd: number = {d}", "let pwd: number = 0"),
    ],
)
def test_where_a_number_is_declared_stands_a_number(path, text, expected):
    assert redact(text.replace("{d}", DIGITS), path)[0] == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("en.yml", "resetPassword: Reset it\npassword: Type your password\nconfirmPassword: Confirm"),
        ("de.properties", "password=Passwort\nforgotPassword=Passwort vergessen?"),
        ("a.md", f"{FENCE}yaml\nlogin:\n  newPassword: Choose a password\n{FENCE}\n"),
        ("a.yml", "password: *default1\nother: {token: *abc9f8b7c6d5e4f}"),
        ("a.yml", "password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  66386439"),
        ("a.sh", "DB_PASSWORD=$pass2024\nPASS=${PASS:?set it1234}\nX=${PASS:+-pabc1234}"),
        ("a.js", "open('http://localhost:5173@foo')"),
        ("a.py", "password = f'{first}_{second}_2024'"),
        ("a.sql", "INSERT INTO u (name, password) VALUES (?, ?), ('a', NULL)"),
        ("a.md", "| 密码 | 强度 |\n| --- | --- |\n| abc12345 | 弱 |\n"),
    ],
)
def test_what_only_looks_like_a_value_stays(path, text):
    assert redact(text, path) == (text, [])


# --- only values are secrets --------------------------------------------------------------------------------------------

CODE = (
    "x.password = md5(values.password)", "values.pwd = await encrypt2(form.pwd)", "this.token = this.$store.getters.token2",
    "const { password, token: accessToken2 } = this.form2", "function login(userName, password1, token2) {}",
    "const secret: SecretKeyV2 = loadKey2()", "password: FormControl2<string>", "password: validatePass2,", "token: res.data.token1,",
    "password: Joi.string().min(8).max(20)", "path: '/reset-password'", "path: '/user/reset-password2',",
    "import { resetPassword2 } from '@/api/user-password2'", "enum Field { Password = 'password1' }", "password: '请输入密码'",
    "message: '两次输入的密码不一致'", "placeholder: '请输入密码（6-20位）'", "password: 'login.form.password1'", "type: 'password2'",
    "const token = Cookies.get('Admin-Token2')", "secretKey: process.env.SECRET_KEY2", "password: user2.password1",
    "encryptor.setPublicKey('MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKoR8mX0rGKLqzcWmOzb')", "CryptoJS.AES.encrypt(word, this.key)",
    "createCipheriv('aes-256-cbc', key, iv)", "v-auth=\"'order:export'\"", "auth: 'system:user:add'", "auth: 'user:edit'",
    "Base64.encode('title:subtitle')", "session: 'user-session-storage'", "import useWebhook from '@/hooks/useWebhook'",
    "createHash('sha256').update('hello world').digest('hex')", "description: 'the session id is kept'",
    "https://github.com/a/b/blob/" + corpus.draw(DICE, corpus.HEX, 40) + "/src/global-hook.ts",
    "classid: 'clsid:d27cdb6e-ae6d-11cf-96b8-444553540000'",
)  # fmt: skip


@pytest.mark.parametrize("path", ["a.js", "a.ts", "a.vue", "a.md"])
@pytest.mark.parametrize("text", CODE)
def test_an_expression_is_no_secret(text, path):
    assert redact(text, path) == (text, [])
    fenced = f"So:\n\n{FENCE}js\n{text}\n{FENCE}\n"
    assert redact(fenced, "a.md") == (fenced, [])


def test_a_constant_with_a_number_is_a_code_of_an_error():
    assert redact("WRONG_PASSWORD: 100201,", "a.js")[1] == []
    assert redact("password: 100201,", "a.js")[0] == 'password: "REDACTED_PASSWORD",'


def test_markup_that_binds_a_password_holds_none():
    text = '<template>\n<a :password="form.password1" v-model="loginForm.pwd2">{{ form.password1 }}</a>\n<p class="password-box2" />\n</template>'
    assert redact(text, "a.vue") == (text, [])


# --- secrets that no name tells ------------------------------------------------------------------------------------------

SIZED = corpus.draw(DICE, corpus.ALNUM, 15) + "7"
SESSION = corpus.draw(DICE, corpus.HEX, 32)
UNTOLD = (
    ("CryptoJS.AES.encrypt(word, '{v}').toString()", SIZED),
    ("CryptoJS.TripleDES.decrypt(text, \"{v}\", { mode: CryptoJS.mode.ECB })", SIZED),
    ("const iv = CryptoJS.enc.Utf8.parse('{v}')", SIZED),
    ("sm4.decrypt(text, '{v}')", TOKEN),
    ("sm2.doDecrypt(text, '{v}', 1)", TOKEN * 2),
    ("aesEncrypt(JSON.stringify(form), '{v}')", SIZED),
    ("createCipheriv('aes-128-cbc', '{v}', iv)", SIZED),
    ("CryptoJS.HmacSHA256(text, '{v}')", "sign-2024-app"),
    ("const K = '{v}'\nexport const lock = (w) => CryptoJS.AES.encrypt(w, K)", SIZED),
    ("rsa.setPrivateKey('{v}')", "MIIB" + corpus.draw(random.Random(3), corpus.ALNUM, 80)),
    ("`https://t1.tianditu.gov.cn/DataServer?T=vec_w&tk={v}`", TOKEN),
    ("const tdtTk = '{v}'", TOKEN),
    ("'https://webapi.amap.com/maps?v=2.0&key={v}'", TOKEN),
    ("'https://api.map.baidu.com/api?v=3.0&ak={v}'", corpus.draw(DICE, corpus.ALNUM, 32)),
    ("{ auth: 'elastic:{v}' }", PASSWORD),
    ("'Basic ' + btoa('deploy:{v}')", PASSWORD),
    ("headers: { Cookie: 'JSESSIONID={v}; Path=/' }", SESSION),
    ("document.cookie = 'PHPSESSID={v}'", SESSION),
    ("headers: { Authorization: '{v}' }", corpus.draw(DICE, corpus.ALNUM, 28)),
    ("'https://corp.webhook.office.com/webhookb2/a/IncomingWebhook/{v}'", TOKEN),
    ("dsn: 'https://key:{v}@sentry.corp.cn/2'", TOKEN),
)  # fmt: skip


@pytest.mark.parametrize(("text", "value"), UNTOLD, ids=[text[:30] for text, _ in UNTOLD])
def test_what_is_done_with_a_secret_tells_it(text, value):
    out, findings = redact(text.replace("{v}", value), "a.js")
    assert value not in out
    assert text.partition("{v}")[0] in out
    assert len(findings) == 1


# --- marks of earlier versions ---------------------------------------------------------------------------------------------


def js(code: str, language: str = "js") -> str:
    return f"先看代码：\n\n{FENCE}{language}\n{code}\n{FENCE}"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (js("const a = { token: '<REDACTED:token>' }"), js("const a = { token: 'REDACTED_TOKEN' }")),
        (js("// 默认密码 <REDACTED:password>\nlogin()"), js("// 默认密码 REDACTED_PASSWORD\nlogin()")),
        (js("const u = `redis://:<REDACTED:url-password>@${host}`"), js("const u = `redis://:REDACTED_URL_PASSWORD@${host}`")),
        (js("<ta-col><REDACTED:email></ta-col>", "vue"), js("<ta-col>REDACTED_EMAIL</ta-col>", "vue")),
        (js('<ta-col tel="<REDACTED:phone>" />', "html"), js('<ta-col tel="REDACTED_PHONE" />', "html")),
        (js("export TOKEN=<REDACTED:token>", "bash"), js("export TOKEN=REDACTED_TOKEN", "bash")),
        ("<ta-col><REDACTED:email></ta-col>", "<ta-col>REDACTED_EMAIL</ta-col>"),
    ],
)  # fmt: skip
def test_an_old_mark_within_a_text_becomes_the_word(answer, expected):
    verdict = present(privacy.broken_redaction(Sample.from_instruction("怎么做？", "", answer)))
    assert verdict.severity == "fix"
    assert repaired(verdict).answer == expected
    assert privacy.broken_redaction(repaired(verdict)) is None


@pytest.mark.parametrize(
    "answer",
    [
        js("x.password = <REDACTED:password>"),
        js("const LIMIT = <REDACTED:phone>\nrun(LIMIT)"),
        js('<ta-col :tel="<REDACTED:phone>" />', "vue"),
        js("<ta-col <REDACTED:token> />", "vue"),
        js("password = <REDACTED:password>", "python"),
        js("UPDATE u SET a = <REDACTED:token>;", "sql"),
        "const LIMIT = <REDACTED:phone>\nexport default LIMIT\n",
    ],
)
def test_an_old_mark_in_place_of_code_is_damage(answer):
    sample = Sample.from_instruction("怎么做？", "", answer, id="1")
    verdict = present(privacy.broken_redaction(sample))
    assert verdict.severity == "drop"
    assert verdict.reason.startswith("its code was broken by a redaction")
    assert Checker().run([sample]).rejected[0].reason == "broken-redaction"


@pytest.mark.parametrize(
    "answer",
    [
        "扫描器把密码替换为 <REDACTED:password>，并在报告里列出位置。",
        "Older versions wrote `<REDACTED:phone>` in place of a number; it is a mark, not a value.",
        f"日志里是这样的：\n\n{FENCE}\npassword: <REDACTED:password>\n{FENCE}",
    ],
)
def test_prose_about_redaction_stays(answer):
    assert renewed(answer, "a.md") == (answer, [])
    assert privacy.broken_redaction(Sample.from_instruction("怎么做？", "", answer)) is None


# --- whose number ------------------------------------------------------------------------------------------------------------


def cleaned(answer: str) -> str:
    sample = Sample.from_instruction("怎么做？", "", answer)
    verdict = privacy.personal_data(sample)
    return repaired(verdict).answer if verdict else answer


@pytest.mark.parametrize(
    "answer",
    [
        js("const MAX = 17179869184"), js("const ids = [13912345678, 15812345678]"), js("enum Code { A = 13912345678 }", "ts"),
        js('<template><a :id="13912345678" :max="17179869184" /></template>', "vue"), js("const userId = '13912345678'"),
        js('{"id": "13912345678", "size": 17179869184}', "json"), js("new Date(13912345678)"), js(".a { order: 13912345678 }", "css"),
        js("limits:\n  memory: 17179869184", "yaml"), js("if (file.size > 17179869184) stop()"), js("phoneLimit: 13912345678"),
        js("LIMIT = 17179869184", "python"), js("long limit = 17179869184L;", "java"), js("select 1 from t where id = 13912345678", "sql"),
        js('<template><path d="M13912345678 15812345678" /></template>', "vue"), js("const SNOWFLAKE = 110105194912310021"),
        "2 的 34 次方 = 17179869184", "上限为 17179869184 字节。", "写成 `LIMIT = 17179869184` 即可。", "值是 `17179869184`。",
        "见 https://a.corp.cn/detail/13912345678 。", "export const MAX = 17179869184\nexport const B = 2\n", "订单号：13912345678",
    ],
)  # fmt: skip
def test_digits_are_a_number_first(answer):
    assert cleaned(answer) == answer


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (js(f"const a = {{ mobile: '{PHONE}' }}"), js("const a = { mobile: 'REDACTED_PHONE' }")),
        (js(f"const a = {{ mobile: {PHONE} }}"), js('const a = { mobile: "REDACTED_PHONE" }')),
        (js(f"const rows = [['张三', '{PHONE}']]"), js("const rows = [['张三', 'REDACTED_PHONE']]")),
        (js(f'<a :phone="{PHONE}">{PHONE}</a>', "vue"), js("<a :phone=\"'REDACTED_PHONE'\">REDACTED_PHONE</a>", "vue")),
        (js(f"long phone = {PHONE}L;", "java"), js("long phone = 0L;", "java")),
        (js(f"phone: {PHONE}", "yaml"), js("phone: REDACTED_PHONE", "yaml")),
        (js(f"phone = {PHONE}", "toml"), js('phone = "REDACTED_PHONE"', "toml")),
        (js("<ta-col>demo@alipay.com</ta-col>", "vue"), js("<ta-col>REDACTED_EMAIL</ta-col>", "vue")),
        (f"| 张三 | {PHONE} |", "| 张三 | REDACTED_PHONE |"),
        (f"**{PHONE}**", "**REDACTED_PHONE**"),
        (f"请拨打 `{PHONE}`", "请拨打 `REDACTED_PHONE`"),
        (f"王磊 {PHONE} / 158{PHONE[3:]}", "王磊 REDACTED_PHONE / REDACTED_PHONE"),
        ("// @author Zhang <zhang@corp.cn>", "// @author Zhang <REDACTED_EMAIL>"),
        ("git config user.email zhang@corp.cn", "git config user.email REDACTED_EMAIL"),
    ],
)  # fmt: skip
def test_a_number_of_somebody_is_taken_out_of_code_that_stays_code(answer, expected):
    assert cleaned(answer) == expected
    assert cleaned(expected) == expected


CARD = "62" + "22021234567890128"
IDENTITY = "1101051990030" + "78510"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (js(f"isPhone('{PHONE}') // true"), js("isPhone('13800138000') // true")),
        (js(f"const p = '+86 {PHONE}'\nassert(re.test(p))"), js("const p = '+86 13800138000'\nassert(re.test(p))")),
        (js(f"expect(isCard('{CARD}')).toBe(true)"), js("expect(isCard('6205500000000000004')).toBe(true)")),
        (js(f"assert ok('{IDENTITY}')", "python"), js("assert ok('440524188001010014')", "python")),
        ("`MAIL.test('jo@corp.cn')` 为真。", "`MAIL.test('user@example.com')` 为真。"),
        (js(f"const R = /^1[3-9]\\d{{9}}$/\nR.test('{PHONE}')"), js("const R = /^1[3-9]\\d{9}$/\nR.test('13800138000')")),
    ],
)  # fmt: skip
def test_where_the_form_is_tested_stands_a_known_number(answer, expected):
    assert cleaned(answer) == expected
    assert privacy.personal_data(Sample.from_instruction("怎么做？", "", expected)) is None


@pytest.mark.parametrize(
    "answer",
    [
        js(f"hide('{PHONE}') // 139****5678"), f"手机号 {PHONE} 显示为 ****5678。", js(f"birthday('{IDENTITY}') // 1990-03-07"),
        f"Luhn：卡号 {CARD} 从右起隔位乘二。", js(f"const R = /^1(39|86)\\d{{8}}$/\nR.test('{PHONE}') // true"),
        "jane@corp.cn 脱敏后是 j***@corp.cn。",
    ],
)  # fmt: skip
def test_a_value_that_the_text_goes_on_from_stays_and_is_told(answer):
    verdict = privacy.personal_data(Sample.from_instruction("怎么做？", "", answer))
    assert verdict is not None
    assert verdict.severity == "warn"
    assert PHONE not in verdict.reason


@pytest.mark.parametrize(
    "text",
    [
        f"订单号 {CARD}",
        "IMEI 490154203237518",
        "`X-Trace-Id: 4539578763621486`",
        f"运单号 {PHONE}",
        f"快递单号 {PHONE}",
    ],
)
def test_the_word_before_tells_whose_number_it_is(text):
    assert cleaned(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "`logo@3x.png` 和 `bg@1.5x.webp`", "icon@2x.icns", "npm i vue@2.7.16-beta.rc lodash@4.17.21", "`@click` `@media` `@babel/core`",
        "git clone deploy@git.corp.cn:group/app.git", "ssh root@build.corp.cn", "scp a.txt ops@files.corp.cn:/data/",
        "redis://cache:word@redis.corp.cn:6379", "https://user@files.corp.cn/a", "Write to your@email.com", "a@example.org",
        "// Copyright (c) 2020 Jane Roe <jane@roe.dev>",
    ],
)  # fmt: skip
def test_what_has_an_at_sign_and_is_no_address(text):
    assert cleaned(text) == text


def test_fences_are_read_as_their_language():
    text = f"a\n{FENCE}yaml\nb: 1\n{FENCE}\n{FENCE}\nc\n{FENCE}\n"
    assert [(text[start:end], suffix) for start, end, suffix in regions(text, "a.md")][1] == ("b: 1\n", ".yml")
    assert {suffix for _, _, suffix in regions(text, "a.md")} == {".md", ".yml"}


def test_the_word_is_a_name_in_every_language():
    assert word("url-password").isidentifier()
    assert word("what/ever").isidentifier()
