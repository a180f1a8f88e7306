"""Made-up secrets in made-up code: what `redact` is measured on.

Nothing here is a secret, and no string of this file looks like one: values are put together at run time from a seed.
Formats are those the providers document. Contexts are what a Vue project and its backend have of them.
"""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable
from dataclasses import dataclass

ALNUM = string.ascii_letters + string.digits
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits
URLSAFE = ALNUM + "-_"
BASE64 = ALNUM + "+/"
HEX = "0123456789abcdef"

Dice = random.Random


@dataclass(frozen=True)
class Case:
    """One secret in a text. `parts` are what must be gone afterwards; `keep` must still be there."""

    name: str
    documented: bool
    parts: tuple[str, ...]
    text: str
    path: str
    keep: tuple[str, ...] = ()


def draw(dice: Dice, letters: str, length: int) -> str:
    return "".join(dice.choice(letters) for _ in range(length))


def uuid(dice: Dice) -> str:
    return "-".join(draw(dice, HEX, n) for n in (8, 4, 4, 4, 12))


def b64(dice: Dice, length: int) -> str:
    return base64.b64encode(dice.randbytes(length)).decode()


def jwt(dice: Dice) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    head, body = {"alg": "HS256", "typ": "JWT"}, {"sub": str(dice.randrange(10**9)), "name": "admin", "iat": 1700000000}
    return ".".join([part(head), part(body), draw(dice, URLSAFE, 43)])


# --- values: name, the name a variable would have, and how one is made ------------------------------------------------

DOCUMENTED: dict[str, tuple[str, Callable[[Dice], str]]] = {
    "dashscope": ("DASHSCOPE_API_KEY", lambda d: "sk" + "-" + draw(d, HEX, 32)),
    "deepseek": ("deepseekApiKey", lambda d: "sk" + "-" + draw(d, HEX, 32)),
    "moonshot": ("MOONSHOT_API_KEY", lambda d: "sk" + "-" + draw(d, ALNUM, 48)),
    "siliconflow": ("siliconflowKey", lambda d: "sk" + "-" + draw(d, string.ascii_lowercase, 48)),
    "zhipu": ("ZHIPUAI_API_KEY", lambda d: draw(d, HEX, 32) + "." + draw(d, ALNUM, 16)),
    "modelscope": ("MODELSCOPE_SDK_TOKEN", lambda d: "ms" + "-" + uuid(d)),
    "huggingface": ("HF_TOKEN", lambda d: "hf" + "_" + draw(d, string.ascii_letters, 34)),
    "aliyun id": ("accessKeyId", lambda d: "LT" + "AI5t" + draw(d, ALNUM, 18)),
    "aliyun old id": ("accessKeyId", lambda d: "LT" + "AI" + draw(d, ALNUM, 12)),
    "aliyun secret": ("accessKeySecret", lambda d: draw(d, ALNUM, 30)),
    "tencent id": ("SecretId", lambda d: "AK" + "ID" + draw(d, ALNUM, 32)),
    "tencent secret": ("SecretKey", lambda d: draw(d, ALNUM, 32)),
    "volcengine id": ("VOLC_ACCESSKEY", lambda d: "AK" + "LT" + draw(d, ALNUM, 43)),
    "volcengine secret": ("VOLC_SECRETKEY", lambda d: b64(d, 43)),
    "ark": ("ARK_API_KEY", uuid),
    "baidu": ("QIANFAN_API_KEY", lambda d: "bce" + "-v3/ALTAK-" + draw(d, ALNUM, 21) + "/" + draw(d, HEX, 40)),
    "wechat appid": ("appid", lambda d: "w" + "x" + draw(d, HEX, 16)),
    "wechat secret": ("appSecret", lambda d: draw(d, HEX, 32)),
    "wecom secret": ("corpsecret", lambda d: draw(d, URLSAFE, 43)),
    "dingtalk sign": ("dingSecret", lambda d: "SE" + "C" + draw(d, HEX, 64)),
    "dingtalk secret": ("appSecret", lambda d: draw(d, URLSAFE, 64)),
    "feishu secret": ("app_secret", lambda d: draw(d, ALNUM, 32)),
    "aws id": ("AWS_ACCESS_KEY_ID", lambda d: d.choice(("AK", "AS")) + "IA" + draw(d, string.ascii_uppercase + "234567", 16)),
    "aws secret": ("aws_secret_access_key", lambda d: draw(d, BASE64, 40)),
    "github": ("GITHUB_TOKEN", lambda d: "gh" + d.choice("posu") + "_" + draw(d, ALNUM, 36)),
    "github fine": ("token", lambda d: "github" + "_pat_" + draw(d, ALNUM, 22) + "_" + draw(d, ALNUM, 59)),
    "gitlab": ("GITLAB_TOKEN", lambda d: "gl" + "pat-" + draw(d, URLSAFE, 20)),
    "gitee": ("giteeToken", lambda d: draw(d, HEX, 32)),
    "slack": ("slackToken", lambda d: "xox" + d.choice("bp") + f"-{d.randrange(10**11, 10**12)}-{d.randrange(10**11, 10**12)}-"
              + draw(d, ALNUM, 24)),
    "openai": ("OPENAI_API_KEY", lambda d: "sk" + "-" + draw(d, ALNUM, 20) + "T3Blbk" + "FJ" + draw(d, ALNUM, 20)),
    "openai project": ("openaiKey", lambda d: "sk" + "-proj-" + draw(d, URLSAFE, 74) + "T3Blbk" + "FJ" + draw(d, URLSAFE, 74)),
    "anthropic": ("ANTHROPIC_API_KEY", lambda d: "sk" + "-ant-api03-" + draw(d, URLSAFE, 93) + "AA"),
    "google": ("googleMapsKey", lambda d: "AI" + "za" + "Sy" + draw(d, URLSAFE, 33)),
    "npm": ("NPM_TOKEN", lambda d: "np" + "m_" + draw(d, ALNUM, 36)),
    "pypi": ("TWINE_PASSWORD", lambda d: "py" + "pi-AgEIcHlwaS5vcmcC" + draw(d, URLSAFE, 150)),
    "stripe": ("stripeSecret", lambda d: d.choice("sr") + "k_" + d.choice(("live", "test")) + "_" + draw(d, ALNUM, 24)),
    "sendgrid": ("SENDGRID_API_KEY", lambda d: "S" + "G." + draw(d, URLSAFE, 22) + "." + draw(d, URLSAFE, 43)),
    "twilio": ("TWILIO_API_KEY", lambda d: "S" + "K" + draw(d, HEX, 32)),
    "twilio token": ("TWILIO_AUTH_TOKEN", lambda d: draw(d, HEX, 32)),
    "jwt": ("token", jwt),
    "groq": ("GROQ_API_KEY", lambda d: "gs" + "k_" + draw(d, ALNUM, 52)),
}  # fmt: skip

WORDS = ("admin", "root", "Admin", "Root", "zhang", "huawei", "dev", "Test", "ruoyi", "Qwer", "nacos", "mysql", "Welcome",
         "hello", "Abc", "company", "yunwei", "iloveyou")  # fmt: skip


def weak(d: Dice) -> str:
    """Return a password as people make them up."""
    word = d.choice(WORDS)
    return d.choice((
        word + "@" + d.choice(("123", "1234", "2023", "123456", "888")),
        word + d.choice(("123", "123456", "2024", "666", "12345")),
        word.capitalize() + "#" + str(d.randrange(100, 9999)) + "!",
        "P@ss" + "w0rd" + d.choice(("", "!", "1", "@2024")),
        "1qaz" + "@WSX" + d.choice(("", "3edc")),
        d.choice(("12345" + "6", "88888" + "8", "66666" + "66", "00000" + "0")),
        word + "_" + str(d.randrange(100, 10000)) + d.choice("!$%"),
        "!" + word.capitalize() + str(d.randrange(10, 1000)) + "$",
        draw(d, ALNUM + "!@#%^*", 14) + "7k",
        draw(d, ALNUM, 12) + "4z",
    ))  # fmt: skip


def made_secret(d: Dice) -> str:
    """Return a signing secret: drawn by a machine, or by a person."""
    return d.choice((
        draw(d, ALNUM, 32), draw(d, HEX, 32), draw(d, HEX, 64), b64(d, 32), draw(d, URLSAFE, 40), draw(d, LOWER, 16) + "1x",
        d.choice(WORDS).lower() + "@" + str(d.randrange(2015, 2026)) + "!sec",
        "my" + "Secret" + str(d.randrange(100, 99999)),
    ))  # fmt: skip


GENERIC: tuple[tuple[str, Callable[[Dice], str]], ...] = (
    *((name, weak) for name in (
        "password", "passwd", "pwd", "userPwd", "dbPassword", "DB_PASSWORD", "MYSQL_ROOT_PASSWORD", "loginPassword",
        "defaultPassword", "redis_password", "adminPass", "password", "passWord", "pass", "smtpPass",
    )),
    *((name, made_secret) for name in (
        "secret", "appSecret", "client_secret", "jwtSecret", "JWT_SECRET", "secretKey", "signSecret", "SECRET_KEY",
        "aesKey", "encryptKey", "app_secret", "clientSecret",
    )),
    *((name, lambda d: draw(d, d.choice((ALNUM, HEX, LOWER)), d.choice((24, 32, 40, 48)))) for name in (
        "token", "accessToken", "access_token", "apiKey", "API_KEY", "x-api-key", "access_key", "auth_token", "credential",
        "appKey", "refreshToken", "privateToken", "sk", "ak",
    )),
)  # fmt: skip


# --- contexts: the text around a value, by the kind of file ------------------------------------------------------------

Context = tuple[str, str]  # path, template; {n} is the name and {v} the value, written as that language writes a string

CONTEXTS: tuple[Context, ...] = (
    ("src/config.js", "export default {\n  baseURL: '/api',\n  {n}: '{v}',\n  timeout: 5000\n}\n"),
    ("src/views/Login.vue", "<script>\nexport default {\n  data() {\n    return {\n      form: { username: 'admin', {n}: '{v}' }\n    }\n  }\n}\n</script>\n"),
    ("src/api/a.js", 'const {n} = "{v}";\n'),
    ("src/api/b.js", "config.{n} = `{v}`\nrun(config)\n"),
    ("src/api/c.ts", "private readonly {n}: string = '{v}'\n"),
    ("src/api/d.js", "const {n} = process.env.VUE_APP_X || '{v}'\n"),
    ("src/api/e.js", "axios.get('/a', { headers: { '{n}': '{v}' } })\n"),
    ("src/api/f.js", "service.defaults.headers.common['{n}'] = '{v}'\n"),
    ("src/api/g.js", "if (form.{n} === '{v}') {\n  login()\n}\n"),
    ("src/api/h.js", "localStorage.setItem('{n}', '{v}')\n"),
    ("src/api/i.js", "// {n}: {v}\nexport const A = 1\n"),
    ("src/api/j.js", "/**\n * 测试环境 {n} = {v}\n */\n"),
    ("src/api/k.js", "const url = `https://a.test.cn/v1/list?page=1&{n}={v}`\n"),
    ("src/api/l.js", "const c = isProd\n  ? { {n}: '{v}' }\n  : {}\n"),
    ("src/api/m.js", 'var a={b:1,{n}:"{v}",c:function(){return 2}};\n'),
    ("src/views/A.vue", '<template>\n  <my-map {n}="{v}" :zoom="11" />\n</template>\n'),
    (".env.production", "NODE_ENV=production\n{n}={v}\nVUE_APP_TITLE=后台\n"),
    (".env", 'export {n}="{v}"\n'),
    ("application.yml", "spring:\n  datasource:\n    username: root\n    {n}: {v}\n    url: x\n"),
    ("config.yaml", 'app:\n  {n}: "{v}"   # 生产环境\n'),
    ("jdbc.properties", "db.user=root\ndb.{n}={v}\n"),
    ("config.json", '{\n  "host": "10.0.0.1",\n  "{n}": "{v}",\n  "port": 3306\n}\n'),
    ("one.json", '{"a":1,"{n}":"{v}"}'),
    ("settings.py", "DEBUG = False\n{n} = '{v}'\n"),
    ("client.py", 'client = Client(host="a", {n}="{v}", timeout=3)\n'),
    ("env.py", 'value = os.environ.get("{n}", "{v}")\n'),
    ("conf.py", "CONF = {'user': 'root', '{n}': '{v}'}\n"),
    ("A.java", 'private static final String {n} = "{v}";\n'),
    ("B.java", 'map.put("{n}", "{v}");\n'),
    ("C.java", '@Value("${app.{n}:{v}}")\nprivate String value;\n'),
    ("beans.xml", '<property name="{n}" value="{v}"/>\n'),
    ("conf.xml", "<config>\n  <{n}>{v}</{n}>\n</config>\n"),
    ("deploy.yaml", "env:\n  - name: {n}\n    value: {v}\n"),
    ("run.sh", "export {n}={v}\nnpm run build\n"),
    ("README.md", "启动前设置 `{n}={v}` 即可\n"),
    ("x.js", 'const body = "{\\"{n}\\":\\"{v}\\"}"\n'),
    ("", "{n}: {v}\n"),
    ("", "const {n} = '{v}'\n"),
)  # fmt: skip

# Without a name at all: only a documented format can be known here.
BARE_CONTEXTS: tuple[Context, ...] = (
    ("src/a.js", "const client = new Client('{v}')\n"),
    ("src/b.js", "// 老的：{v}，已失效\n"),
    ("src/c.vue", "<script>\nfetch(url, { headers: { Authorization: 'Bearer {v}' } })\n</script>\n"),
    ("notes.md", "向管理员要 key，比如 {v} 。\n"),
    ("src/d.js", "const list = ['a', '{v}']\n"),
    ("curl.sh", 'curl -H "Authorization: Bearer {v}" https://a.test.cn\n'),
)
# Values with a format of their own, though only their names tell what they are.
NAMED_ONLY = ("aliyun secret", "tencent secret", "volcengine secret", "ark", "wechat secret", "wecom secret", "dingtalk secret",
              "feishu secret", "aws secret", "gitee", "twilio token")  # fmt: skip


def fill(template: str, name: str, value: str) -> str:
    return template.replace("{n}", name).replace("{v}", value)


def documented(seed: int, rounds: int) -> list[Case]:
    """Return each documented format in `rounds` contexts, and whole snippets."""
    dice = random.Random(seed)
    cases: list[Case] = []
    for _ in range(rounds):
        for kind, (name, make) in DOCUMENTED.items():
            choices = CONTEXTS if kind in NAMED_ONLY else CONTEXTS + BARE_CONTEXTS * 2
            path, template = dice.choice(choices)
            value = make(dice)
            cases.append(Case(kind, True, (value,), fill(template, name, value), path))
        cases += snippets(dice)
    return cases


def snippets(dice: Dice) -> list[Case]:
    """Return the forms that are more than a name and a value."""
    d = dice
    user, pw = d.choice(("root", "admin", "sa", "app_user")), weak(d)
    safe = pw.replace("#", "Z").replace("@", "A").replace("%", "Z").replace("^", "Z")
    hexes, token, ids = draw(d, HEX, 64), draw(d, ALNUM, 40), uuid(d)
    wx, wxsecret = "w" + "x" + draw(d, HEX, 16), draw(d, HEX, 32)
    lt, ltsecret = "LT" + "AI5t" + draw(d, ALNUM, 18), draw(d, ALNUM, 30)
    ak, aksecret = "AK" + "ID" + draw(d, ALNUM, 32), draw(d, ALNUM, 32)
    slack = f"T{draw(d, UPPER, 10)}/B{draw(d, UPPER, 10)}/{draw(d, ALNUM, 24)}"
    basic = base64.b64encode(f"{user}:{pw}".encode()).decode()
    lines = [draw(d, BASE64, 64) for _ in range(6)] + [draw(d, BASE64, 30) + "=="]
    pem = ("-----BEGIN RSA PRIV" + "ATE KEY-----", "-----END RSA PRIV" + "ATE KEY-----")
    joined = " +\n".join(f"  '{line}\\n'" for line in (pem[0], *lines, pem[1]))
    jdbc = f"jdbc:mysql://10.0.0.2:3306/app?user={user}&password={safe}&useSSL=false"
    scheme = d.choice(("redis", "mongodb", "amqp", "ftp", "smtp", "http", "postgresql", "mysql+pymysql"))
    return [
        Case("url", True, (safe,), f"const url = '{scheme}://{user}:{safe}@10.1.2.3:6379/0'\n", "a.js", (f"://{user}:", "@10.1.2.3")),
        Case("redis url", True, (safe,), f"REDIS_URL=redis://:{safe}@cache.internal:6379/1\n", ".env", ("redis://:", "@cache.internal")),
        Case("jdbc", True, (f"={safe}&",), f'String url = "{jdbc}";\n', "A.java", ("&useSSL=false",)),
        Case("dingtalk hook", True, (hexes,), f"const u = 'https://oapi.dingtalk.com/robot/send?access_token={hexes}'\n", "a.js"),
        Case("feishu hook", True, (ids,), f"HOOK=https://open.feishu.cn/open-apis/bot/v2/hook/{ids}\n", ".env"),
        Case("wecom hook", True, (ids,), f'url: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={ids}"\n', "a.yml"),
        Case("slack hook", True, (slack,), f"const h = 'https://hooks.slack.com/services/{slack}'\n", "a.js"),
        Case("bearer", True, (token,), f"headers: {{ Authorization: 'Bearer {token}' }}\n", "a.js", ("'Bearer ",)),
        Case("bearer curl", True, (token,), f"curl -H 'Authorization: Bearer {token}' http://a.cn\n", "a.sh"),
        Case("basic", True, (basic,), f'axios.defaults.headers["Authorization"] = "Basic {basic}"\n', "a.js", ('"Basic ',)),
        Case("pem", True, tuple(lines), "\n".join((pem[0], *lines, pem[1], "")), "key.pem", pem),
        Case("pem in js", True, tuple(lines), f"const key = [\n`{pem[0]}\n" + "\n".join(lines) + f"\n{pem[1]}`]\n", "a.js", pem),
        Case("pem joined", True, tuple(lines), f"const k =\n{joined}\n", "a.js", pem),
        Case("pem escaped", True, tuple(lines), 'key = "' + "\\n".join((pem[0], *lines, pem[1])) + '"\n', "a.py", pem),
        Case("wechat pair", True, (wx, wxsecret), f"wx.init('{wx}', '{wxsecret}')\n", "a.js"),
        Case("aliyun pair", True, (lt, ltsecret), f'DefaultProfile.getProfile("cn-hangzhou", "{lt}", "{ltsecret}");\n', "A.java"),
        Case("tencent pair", True, (ak, aksecret), f"cred = credential.Credential('{ak}', '{aksecret}')\n", "a.py"),
    ]  # fmt: skip


def generic(seed: int, count: int) -> list[Case]:
    """Return secrets that only their names and places give away."""
    dice = random.Random(seed)
    cases: list[Case] = []
    for _ in range(count):
        name, make = dice.choice(GENERIC)
        path, template = dice.choice(CONTEXTS)
        value = make(dice)
        cases.append(Case(name, False, (value,), fill(template, name, value), path))
    for _ in range(count // 20):
        pw, secret, app = weak(dice), made_secret(dice), draw(dice, LOWER, 32)
        safe = pw.replace("$", "8")
        cases += [
            Case("prose", False, (pw,), f"<!-- 测试账号 admin，密码：{pw} -->\n", "a.vue"),
            Case("prose", False, (pw,), f"// 默认密码是 {pw}\n", "a.js"),
            Case("prose", False, (pw,), f"数据库口令: {pw}\n", "说明.md"),
            Case("prose", False, (pw,), f"# 初始密码为{pw}，登录后请修改\n", "a.py"),
            Case("prose", False, (pw,), f"- 账号/密码：admin/{pw}\n", "README.md", ("admin/",)),
            Case("prose", False, (secret,), f"接口密钥：{secret}\n", "接口.md"),
            Case("prose", False, (pw,), f"// the default password is {pw}\n", "a.js"),
            Case("setter", False, (pw,), f'dataSource.setPassword("{pw}");\n', "A.java"),
            Case("decoder", False, (app,), f"const aesKey = CryptoJS.enc.Utf8.parse('{app}')\n", "a.js"),
            Case("pair", False, (pw,), f"requests.get(url, auth=('admin', '{pw}'))\n", "a.py", ("'admin'",)),
            Case("shell", False, (safe,), f"mysql -h 10.0.0.2 -uroot -p{safe} app < a.sql\n", "a.sh"),
            Case("flag", False, (pw,), f"./run --user admin --password '{pw}'\n", "a.sh"),
            Case("sql", False, (pw,), f"CREATE USER 'app'@'%' IDENTIFIED BY '{pw}';\n", "a.sql"),
            Case("compose", False, (pw,), f"environment:\n  - MYSQL_ROOT_PASSWORD={pw}\n", "docker-compose.yml"),
            Case("list", False, (app,), f"{{ key: 'token', value: '{app}' }},\n", "a.js"),
        ]  # fmt: skip
    return cases
