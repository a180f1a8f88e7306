"""Made-up secrets and private data that no name stands beside: told by place, put together, in a comment, by form.

Made at run time from a seed, as in `secrets_corpus`. Each case says what must be gone afterwards.
"""

from __future__ import annotations

import random

from secrets_corpus import ALNUM, HEX, UPPER, Case, Dice, draw, uuid, weak

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
AREAS = ("110105", "330106", "440305", "510107", "320583")


def identity(d: Dice) -> str:
    body = f"{d.choice(AREAS)}{d.randrange(1955, 2006)}{d.randrange(1, 13):02}{d.randrange(1, 29):02}{d.randrange(1000):03}"
    return body + "10X98765432"[sum(int(x) * w for x, w in zip(body, WEIGHTS, strict=True)) % 11]


def phone(d: Dice) -> str:
    return "1" + d.choice(("39", "86", "58", "77", "50")) + draw(d, "0123456789", 8)


def password(d: Dice) -> str:
    """Return one that can stand in an address and in a literal, and is no number."""
    while True:
        made = weak(d).translate({ord(sign): "-" for sign in "#%$^*&@!"}).strip("-") + "@7"
        if not made[:-2].isdigit():
            return made


def by_place(d: Dice) -> list[Case]:
    pw, user = password(d), d.choice(("root", "app", "sa", "scott"))
    calls = (
        ("A.java", 'Connection c = DriverManager.getConnection("jdbc:mysql://db.acme.cn/app", "{u}", "{p}");\n'),
        ("B.java", 'return new PasswordAuthentication("{u}", "{p}");\n'),
        ("C.java", 'DataSource s = new DriverManagerDataSource(URL, "{u}", "{p}");\n'),
        ("a.js", "const s = new Sequelize('shop', '{u}', '{p}', { dialect: 'mysql' })\n"),
        ("b.js", "const c = mysql.createConnection('db.acme.cn', '{u}', '{p}', 'shop')\n"),
        ("a.py", 'db = pymysql.connect("db", "{u}", "{p}", "shop")\n'),
        ("b.py", "ftp = FTP('ftp.acme.cn', '{u}', '{p}')\n"),
        ("a.php", '$c = new PDO("mysql:host=h;dbname=x", "{u}", "{p}");\n'),
        ("a.go", 'db, _ := sql.Open("mysql", "{u}:{p}@tcp(db:3306)/app")\n'),
        ("D.java", 'String u = "jdbc:oracle:thin:{u}/{p}@db.acme.cn:1521:orcl";\n'),
        ("E.java", 'String u = "jdbc:sqlserver://db.acme.cn:1433;user={u};password={p};";\n'),
        ("c.py", 'client = Minio("h:9000", "{u}", "{p}")\n'),
        ("d.py", 'User.objects.create_user("{u}", "a@example.com", "{p}")\n'),
        ("F.java", 'MinioClient c = MinioClient.builder().endpoint(e).credentials("{u}", "{p}").build();\n'),
        ("a.yml", "url: jdbc:postgresql://db.acme.cn/x?user={u}&password={p}&ssl=true\n"),
    )
    return [Case("by place", False, (pw,), t.replace("{u}", user).replace("{p}", pw), path) for path, t in calls]


def in_comments(d: Dice) -> list[Case]:
    pw = password(d)
    texts = (
        ("a.js", "// admin / {p}\nrun()\n"), ("b.js", "//admin:{p}\nrun()\n"), ("c.js", "/**\n * test account: admin {p}\n */\n"),
        ("d.js", "// 管理员 - {p}\nrun()\n"), ("a.py", "# root / '{p}'\nrun()\n"), ("A.java", "/* root / {p} */ class A {}\n"),
        ("a.vue", "<template>\n<!--\n  测试账号：\n  admin / {p}\n-->\n<div/></template>\n"),
        ("b.vue", "<script>\n// user: admin, pw: {p}\nexport default {}\n</script>\n"), ("a.sql", "-- admin -> {p}\nselect 1;\n"),
        ("a.yml", "# 账号 admin {p}\na: 1\n"), ("a.md", "默认账号：admin / {p}\n"), ("a.html", "<!-- login with admin ({p}) -->\n"),
        ("e.js", "// 账密 admin {p}\nrun()\n"), ("f.js", "// the password for root: {p}\nrun()\n"), ("g.js", "// TODO remove the hard-coded pwd ({p})\nrun()\n"),
    )  # fmt: skip
    return [Case("in a comment", False, (pw,), text.replace("{p}", pw), path) for path, text in texts]


def put_together(d: Dice) -> list[Case]:
    head, tail, token = draw(d, ALNUM, 17) + "4", draw(d, ALNUM, 29) + "7", draw(d, HEX, 32)
    sk = "sk" + "-"
    texts = (
        ("a.js", "const client = new OpenAI('{s}' + '{a}' + '{b}')\n"), ("b.js", "const client = new OpenAI('{s}{a}' +\n  '{b}')\n"),
        ("c.js", "const client = new OpenAI(['{s}{a}', '{b}'].join(''))\n"), ("d.js", "const apiKey = '{s}'.concat('{a}', '{b}')\n"),
        ("e.js", "const a = '{s}{a}'\nconst b = '{b}'\nconst apiKey = a + b\n"), ("f.js", "const p = '{a}'\nconst q = '{b}'\nconst apiKey = `{s}${p}${q}`\n"),
        ("g.js", "const apiKey = `{s}${'{a}'}{b}`\n"), ("h.js", "const client = new OpenAI(`{s}${''}{a}{b}`)\n"),
        ("i.ts", "const k: string = '{s}' + ['{a}', '{b}'].join('')\n"), ("a.py", 'K = "{s}" "{a}" "{b}"\n'),
        ("b.py", "k = '{s}' + '{a}' \\\n    + '{b}'\n"), ("A.java", 'String k = new StringBuilder("{s}").append("{a}").append("{b}").toString();\n'),
    )  # fmt: skip
    made = [
        Case("put together", False, (head, tail), t.replace("{s}", sk).replace("{a}", head).replace("{b}", tail), path)
        for path, t in texts
    ]
    tokens = (
        ("j.js", "const token = `${prefix}.{t}`\n"), ("k.js", "const b = '{t}'\nheaders.Authorization = 'Bearer ' + b\n"),
        ("l.js", "const h = { Authorization: `Bearer ${'{t}'}` }\n"),
    )  # fmt: skip
    return made + [Case("put together", False, (token,), t.replace("{t}", token), path) for path, t in tokens]


def of_people(d: Dice) -> list[Case]:
    number, mobile = identity(d), phone(d)
    texts = (
        ("a.js", "const r = { idCard: '{v}' }\n"), ("b.js", "// 张三 {v}\n"), ("a.vue", "<template><p>身份证号：{v}</p></template>\n"),
        ("a.yml", "id-card: {v}\n"), ("A.java", 'String sfz = "{v}";\n'),
        ("g.js", "const id = '{v}'\n"), ("h.js", "const u = { name: '张三', no: '{v}' }\n"), ("a.py", "ids = ['{v}']\n"), ("i.js", "const cardId = '{v}'\n"),
    )  # fmt: skip
    phones = (
        ("c.js", "const r = { phone: '{v}' }\n"), ("d.js", "// 联系 张三 {v}\n"), ("e.js", "const r = { mobile: {v} }\n"),
        ("b.vue", "<template><p>客服电话：{v}</p></template>\n"), ("a.md", "值班电话 {v}\n"), ("b.yml", "contact:\n  mobile: '{v}'\n"),
        ("f.js", "const list = [{ name: '张三', tel: '+86 {v}' }]\n"), ("B.java", "// 测试手机号 {v}\nclass B {}\n"),
        ("j.js", "const s = '0086-{v}'\n"), ("k.js", "const o = { {v}: '张三' }\n"), ("l.js", "const a = ['李四', {v}]\n"),
        ("m.js", "get('/u/{v}/x')\n"),
    )  # fmt: skip
    made = [Case("ID card", False, (number,), text.replace("{v}", number), path) for path, text in texts]
    return made + [Case("mobile number", False, (mobile,), text.replace("{v}", mobile), path) for path, text in phones]


def in_the_intranet(d: Dice) -> list[Case]:
    last = f"{d.randrange(1, 250)}.{d.randrange(1, 250)}"
    hosts = (f"10.{d.randrange(1, 250)}.{last}", f"172.{d.randrange(16, 32)}.{last}", f"192.168.{last}")
    texts = (
        ("a.js", "const base = 'http://{v}:8080/api'\n"), ("a.yml", "redis:\n  host: {v}\n"), ("a.properties", "db.host={v}\n"),
        ("b.js", "// 部署在服务器 {v} 上\nrun()\n"), ("a.md", "ssh root@{v}\n"), ("vue.config.js", "module.exports = { devServer: { proxy: { '/api': { target: 'http://{v}' } } } }\n"),
        ("A.java", 'String url = "jdbc:mysql://{v}:3306/app";\n'),
        ("d.js", "// 部署到{v}上\nrun()\n"), ("e.js", "const m = '请联系{v}管理员'\n"), ("f.js", "ws.open('{v}', 80)\n"), ("g.js", "const nodes = ['{v}']\n"),
        ("h.js", "const s = '{v}/api/v1'\n"), ("i.js", "// deploy to {v}\nrun()\n"), ("a.sh", "mysql -uroot -h {v} -P 3306\n"), ("j.js", "// 测试 192.168.9.9 预发 {v}\nrun()\n"),
        ("a.py", "s = socket.create_connection(('{v}', 6379))\n"), ("B.java", 'class B { Jedis j = new Jedis("{v}", 6379); }\n'), ("k.js", "const first = '{v}'\n"),
    )  # fmt: skip
    made = [Case("address", False, (v,), t.replace("{v}", v), path) for v in hosts for path, t in texts]
    names = (
        f"git.corp.{draw(d, LETTERS, 6)}.cn",
        f"{draw(d, LETTERS, 5)}.internal",
        f"oa.intra.{draw(d, LETTERS, 5)}.com",
        "wiki.lan",
    )
    urls = (
        ("c.js", "const base = 'https://{v}/api'\n"),
        (".env", "BASE=http://{v}:8090/x\n"),
        ("b.md", "打开 http://{v}/x 查看\n"),
    )
    bare = (
        ("d.js", "// git clone git@{v}:web/app.git\n"), ("c.md", "服务器 10.20.30.40，{v}\n"), ("e.js", "run() // see {v}/x\n"),
        ("a.py", "# packages come from {v}.\n"), ("package.json", '{"repository": "git@{v}:web/app.git"}\n'),
    )  # fmt: skip
    made += [Case("host", False, (v,), t.replace("{v}", v), path) for v in (names[0], names[2]) for path, t in bare]
    own = [
        f"{first}.{draw(d, LETTERS, 5)}.{end}"
        for first in ("app", "redis-01")
        for end in ("internal", "local", "corp", "intranet", "lan")
    ]
    quoted = (
        ("g.js", "const a = '{v}:8080'\n"), ("h.js", "const o = { host: '{v}' }\n"), ("i.js", "const brokers = '{v}:9092,{v}:9093'\n"), ("b.py", "open_at('{v}', 80)\n"),
    )  # fmt: skip
    made += [Case("host", False, (v,), t.replace("{v}", v), path) for v in own for path, t in quoted]
    machines = (f"{draw(d, LETTERS, 3)}-dev0{d.randrange(1, 9)}", "k8s-master")
    made += [Case("host", False, (v,), f"const t = {{ target: 'http://{v}:6443' }}\n", "j.js") for v in machines]
    made.append(Case("host", False, (names[3],), f"const host = '{names[3]}'\n", "f.js"))
    return made + [Case("host", False, (v,), t.replace("{v}", v), path) for v in names for path, t in urls]


LETTERS = "abcdefghijklmnopqrstuvwxyz"


def webhooks(d: Dice) -> list[Case]:
    ids, ding = uuid(d), draw(d, HEX, 64)
    team, bot, slack = "T" + draw(d, UPPER, 10), "B" + draw(d, UPPER, 10), draw(d, ALNUM, 23) + "5"
    path = f"{team}/{bot}/{slack}"
    feishu, dingtalk = "https://open.feishu.cn/open-apis/bot/v2/hook/", "https://oapi.dingtalk.com/robot/send"
    wecom = "https://qyapi.weixin.qq.com/cgi-bin/webhook/"
    texts = (
        (ids, "a.js", f"post('{feishu}{ids}')\n"), (ids, "a.json", f'{{"u": "{feishu}{ids}"}}\n'.replace("/", "\\/")),
        (ids, "b.js", f"post('{feishu}' + '{ids}')\n"), (ids, "c.js", f"const HOOK = '{ids}'\npost(`{feishu}${{HOOK}}`)\n"),
        (ids, "d.js", f"const FEISHU_BOT = '{ids}'\n"), (ids, "a.py", f"u = 'https://open.larksuite.com/open-apis/bot/v2/hook/{ids}'\n"),
        (ding, "e.js", f"post('{dingtalk}?access_token={ding}')\n"), (ding, "f.js", f"post('{dingtalk}', {{ params: {{ access_token: '{ding}' }} }})\n"),
        (ding, "g.js", f"go('https%3A%2F%2Foapi.dingtalk.com%2Frobot%2Fsend%3Faccess_token%3D{ding}')\n"),
        (ids, "h.js", f"post('{wecom}send?key={ids}')\n"), (ids, "i.js", f"post('{wecom}upload_media?type=file&key={ids}')\n"),
        (ids, "b.py", f"requests.post('{wecom}send', params={{'key': '{ids}'}})\n"),
        (path, "j.js", f"post('https://hooks.slack.com/services/{path}')\n"), (slack, "k.js", f"post('https://hooks.slack.com/services/' + '{path}')\n"),
        (slack, "b.json", f'{{"u": "https://hooks.slack.com/services/{path}"}}\n'.replace("/", "\\/")), (slack, "l.js", f"const path = '/services/{path}'\n"),
        (slack, "m.js", f"post('https://hooks.slack.com/workflows/{team}/{draw(d, UPPER, 10)}/{d.randrange(10**17, 10**18)}/{slack}')\n"),
    )  # fmt: skip
    return [Case("webhook", False, (value,), text, name) for value, name, text in texts]


def in_other_words(d: Dice) -> list[Case]:
    """Return passwords in commands, statements and settings that write no sign between a name and its value."""
    pw = draw(d, ALNUM, 9) + "7aB"
    key, vector = draw(d, ALNUM, 14) + "7q", draw(d, ALNUM, 14) + "3w"
    words = " ".join(d.choice(("maple", "copper", "violin", "harbor", "lantern", "pepper")) for _ in range(5))
    texts = (
        ("a.js", "const dbPw = '{p}'\n"), ("b.js", "const password = [{c}].join('')\n"), ("A.java", "class A { char[] pw = {{c}}; }\n"),
        ("c.js", "const password = String.fromCharCode({n})\n"), ("a.md", "数据库口令改成了「{p}」\n"), ("b.md", "登录密码已更新，新的为：{p}\n"),
        ("c.md", "密　码：{p}\n"), ("d.md", "資料庫密碼：{p}\n"), ("a.properties", "spring.datasource.password {p}\n"),
        (".netrc", "machine git.acme.cn\n  login ci\n  password {p}\n"), ("build.gradle", "  storePassword '{p}'\n"), ("a.rb", "connect(:user => 'a', :password => '{p}')\n"),
        ("a.sh", "keytool -list -storepass {p}\n"), ("b.sh", "htpasswd -bc .htpasswd ci {p}\n"), ("c.sh", "echo '{p}' | sudo -S systemctl restart app\n"),
        ("d.sh", "echo {p} | docker login -u ci --password-stdin hub.acme.cn\n"), ("a.sql", "ALTER ROLE app WITH PASSWORD '{p}';\n"),
        ("b.sql", "CREATE USER app IDENTIFIED WITH mysql_native_password BY '{p}';\n"), ("a.csv", "name,password,note\nci,{p},\"a, b\"\n"),
        ("b.csv", '用户,密码\n"ci","{p}"\n'), ("a.json", '{"\\u0070assword": "{p}"}\n'), ("d.js", "const o = { 'pass\\u0077ord': '{p}' }\n"),
        ("B.java", 'class B { String getPassword() { return "{p}"; } }\n'), ("g.js", "class G { get password() { return '{p}' } }\n"), ("a.py", "def get_password(self):\n    return '{p}'\n"),
        ("C.java", 'class C { String h = passwordEncoder.encode("{p}"); }\n'), ("h.js", "let pass; pass = pass || ('{p}')\n"), ("i.js", "switch (password) { case '{p}': go() }\n"),
        ("j.js", "expect(pwd).toBe('{p}')\n"), ("k.js", "const s = 'password\\u003d{p}'\n"),
    )  # fmt: skip
    forms = {"{p}": pw, "{c}": ", ".join(f"'{letter}'" for letter in pw), "{n}": ", ".join(str(ord(x)) for x in pw)}
    made = []
    for path, text in texts:
        part = next(value for form, value in forms.items() if form in text)
        for form, value in forms.items():
            text = text.replace(form, value)
        made.append(Case("in other words", False, (part,), text, path))
    keys = (
        ("D.java", 'class D { SecretKeySpec s = new SecretKeySpec("{k}".getBytes(), "AES"); }\n'), ("E.java", 'class E { byte[] KEY = "{k}".getBytes(); }\n'),
        ("F.java", 'class F { String j = Jwts.builder().signWith(SignatureAlgorithm.HS512, "{k}").compact(); }\n'), ("b.py", "c = AES.new(b'{k}', AES.MODE_ECB)\n"),
        ("c.py", "k = Fernet('{k}{k}ab{i}=')\n"), ("l.js", "const h = { Cookie: 'SESSION={k}; lang=zh' }\n"),
    )  # fmt: skip
    made += [
        Case("in other words", False, (key,), t.replace("{k}", key).replace("{i}", vector[:9]), path)
        for path, t in keys
    ]
    made.append(Case("in other words", False, (words,), f"const passphrase = '{words}'\n", "e.js"))
    made.append(Case("in other words", False, (key, vector), f"const key = '{key}', iv = '{vector}'\n", "f.js"))
    return made


FORMS = (by_place, in_comments, put_together, of_people, in_the_intranet, webhooks, in_other_words)


def private(seed: int, rounds: int) -> list[Case]:
    dice = random.Random(seed)
    return [case for _ in range(rounds) for form in FORMS for case in form(dice)]
