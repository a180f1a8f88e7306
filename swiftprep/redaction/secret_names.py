"""Secrets recognisable by the name beside them: `dbPassword = '…'`, `appSecret: …`, `密码：…`."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from itertools import chain, islice

from swiftprep.redaction.secret_compared import answered, compared, compared_after, in_brackets
from swiftprep.redaction.secret_literals import joined, judged, literals, merged
from swiftprep.redaction.secret_ranks import MARK, WORDS, rank_of
from swiftprep.redaction.secret_values import PLACEHOLDER, STAND_INS, Span, is_jumbled, is_random, looks_secret

_SCHEMES = (b"bearer", b"basic", b"appcode")
_PARTS = (
    *(b"pass", b"pw", b"psw", b"secret", b"token", b"credential", b"key", b"salt", b"auth", b"mima", b"jscode"),
    *(b"login(", b"connect", b"hmac", b"jwt.", *_SCHEMES),
)
LEADS = (  # words at which the rules for names apply, for `Leads`
    r"pass|pw|psw|secret|token|credential|key|salt|auth|mima|jscode|login\Z|connect|hmac|jwt\Z|bearer|basic|appcode"
    r"|[ast]k(?![a-z])|[a-z][ast]k"
)
_SHORT = re.compile(rb"k(?<=[ast]k)(?<![a-z][ast]k)(?![a-z])")
_SHORT_IN_CAMEL = re.compile(rb"k(?<=[a-z][AST]k)(?![a-z])")  # `baiduAk`
_CHINESE_NAME = re.compile(
    r"密[ \u3000]{0,4}[码碼]|口[ \u3000]{0,4}令|密[钥鑰]|秘[钥鑰]|密匙|金鑰|私[钥鑰]|令牌|权杖|權杖"
    r"|授[权權][码碼]|凭证|憑證"
)
_AFTER = re.compile(
    r"""(?P<close>\]?\\?["'`]\]?|&quot;)?(?:\s{0,20}(?:"""
    r"""(?P<named>>\s{0,20}<value>|\)\.(?:type|fill|setValue|sendKeys|send_keys)\(|,?\s{0,20}\\?["']?(?:value|val|content|default|defaultValue)\\?["']?\s?[:=])"""
    r"""|(?P<xml>>)|(?P<equal>[=!]==?)|(?P<op>:\s?[A-Za-z&][\w.<>\[\]| ]{0,30}=(?![=>]|[ \t]{0,9}(?:\n|\Z))"""
    r"""|\\u003[adAD]|:=|=>|\|\||\?\?|[=:：＝])"""
    r"""|(?P<comma>,)|(?P<call>\()|(?P<prose>(?:is|are|是|为)(?![A-Za-z])))|(?P<space>[ \t]))\s{0,40}"""
)
_READER = re.compile(r"(?:get|check|valid|is[A-Z_]|has|verify|remove|delete|find|load|parse|on[A-Z]|use)")
_BOUND = re.compile(r"(?:^|\s|v-bind|v-model)[:@]$")
_KEY_VALUE = re.compile(
    r"[^A-Za-z0-9]{1,12}(?:[\w.]{1,30}\()?.?(?:[A-Za-z0-9+/_=-]{20}|(?<=Utf8\.parse\(.)\w{16}|\w{16}(?=\w{0,16}[\"']\.getBytes)|(?<=b[\"'])\w{16}[\"'])"
)
_OF_A_CIPHER = re.compile(r"[\w.]{0,20}Utf8\.parse\(|b[\"']\w{16}[\"']|\"\w{16,32}\"\.getBytes\(")
# A cipher key with the initialization vector beside it.
_WITH_VECTOR = re.compile(
    r"""\s?[:=]\s?[bur]?(["'`])([^"'`\s\\]{16,64})\1[\s,;]{1,20}(?:[A-Za-z]{3,8}\s){0,3}\w{0,20}(?<![a-zB-Z])[iI][vV]\s?[:=]\s?[bur]?(["'`])([^"'`\s\\]{8,64})\3"""
)
_BASIC_VALUE = re.compile(r"[\"']?([\w+/]{8,512}={0,2})")
_DEFAULT = re.compile(
    r"""\{[^{}"'`;]{0,160}?(?<![\w$])(?:(?:default|value|initialValue|defaultValue)\s{0,3}:\s{0,3}(?:\(\)\s{0,3}=>\s{0,3})?(?=["'`])"""
    r"""|validator(?:\s{0,3}:\s{0,3}(?:function\s{0,3})?)?\(?\s{0,3}\w{1,40}\s{0,3}\)?\s{0,3}(?:=>\s{0,3})?(?:\{\s{0,20}return\s)?\s{0,3}(?=\[))"""
)
_ESCAPE = re.compile(r"\\u00([2-7][0-9a-fA-F])")
_ESCAPED_NAME = re.compile(r"(?:\\u00[2-7][0-9a-fA-F]|[\w$.-]){1,80}", re.ASCII)
_MOST_LITERALS = 16  # in an expression
_IS_KEY = re.compile(r"\\?[\"'`]\s{0,20}:")
_CONTAINER, _NUMBER = re.compile(r"\{(?=[\"'`]|\d+\})"), re.compile(r"\d{6,20}(?=[\"'])")
_USER_VALUE = re.compile(r"""["'`][\w.@+-]{1,64}:([^\s"'`:/]{3,128})["'`]""")
_SCHEME_VALUE = re.compile(r"(?:\s|%20){1,3}([\w\-.~+/]{8,4096}={0,2})")
_OPENING = ("'", '"', "`", '\\"', "\\'", "&quot;")
_NAME_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_$.-")
_CODE = frozenset(
    ".js .jsx .ts .tsx .vue .mjs .cjs .json .py .java .kt .go .cs .php .css .scss .less .c .cpp .rs".split()
)
CONFIGURATION = frozenset(".yml .yaml .env .properties .ini .conf .cfg .toml .npmrc .sh .netrc .envrc .config".split())


def named(text: str, raw: bytes, suffix: str) -> Iterator[Span]:
    """Yield the secrets that follow the name of a secret; `raw` is the text with one byte per character."""
    lower = raw.lower()
    hits = [(match.start() - 1, b"") for match in _SHORT.finditer(lower)]
    hits += [(match.start() - 1, b"") for match in _SHORT_IN_CAMEL.finditer(raw)]
    for part in _PARTS:
        at = lower.find(part)
        while at >= 0:
            hits.append((at, part))
            at = lower.find(part, at + len(part))
    seen = 0
    for start, part in sorted(hits):
        if start < seen:
            continue
        end = start
        while start > seen and lower[start - 1] in _NAME_LETTERS and end - start < 60:
            start -= 1
        while end < len(lower) and lower[end] in _NAME_LETTERS and end - start < 80:
            end += 1
        seen = end
        if text.startswith("${", start - 2) and text[end : end + 1] in (":", "=", "-"):
            continue  # the default of a variable, handled by `defaults`
        if part in _SCHEMES and end - start == len(part):
            yield from _scheme(text, end, part.decode())
        elif (rank := rank_of(text[start:end])) == "key" and not _KEY_VALUE.match(text, end):
            if vector := _WITH_VECTOR.match(text, end):
                yield from (Span(*vector.span(n), "secret") for n in (2, 4) if looks_secret(vector[n], "secret"))
        elif rank:
            yield from _values(text, start, end, rank, suffix)
            if rank in ("password", "secret", "token"):
                after = compared_after if text.startswith(")", end) else answered if text.startswith("(", end) else None
                for span in chain(compared(text, start), after(text, end) if after else ()):
                    yield from judged(text, span, rank, suffix)


def named_otherwise(text: str, raw: bytes, suffix: str) -> Iterator[Span]:
    """Yield the secrets that follow a name written in escapes or in Chinese; for the arguments see `named`."""
    yield from _escaped(text, raw.lower(), suffix)
    for hit in _CHINESE_NAME.finditer(text) if not text.isascii() else ():
        yield from _chinese(text, hit)


def _escaped(text: str, lower: bytes, suffix: str) -> Iterator[Span]:
    at = text.find("\\u00")
    while at >= 0:
        start = at
        while start and lower[start - 1] in _NAME_LETTERS and at - start < 60:
            start -= 1
        match = _ESCAPED_NAME.match(text, at)
        if match:
            name = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text[start : match.end()])
            if (rank := rank_of(name)) and rank != "key":
                yield from _values(text, start, match.end(), rank, suffix)
        at = text.find("\\u00", match.end() if match else at + 4)


def _scheme(text: str, end: int, scheme: str) -> Iterator[Span]:
    match = _SCHEME_VALUE.match(text, end)
    if not match or PLACEHOLDER.search(match[1]):
        return
    if _is_basic(match[1]) if scheme == "basic" else is_random(match[1], least=12, letters=20):
        yield Span(*match.span(1), f"{scheme}-authorization")


def _is_basic(value: str) -> bool:
    try:
        return ":" in base64.b64decode(value, validate=True).decode("utf-8")
    except ValueError:
        return False


def _values(text: str, start: int, end: int, rank: str, suffix: str) -> Iterator[Span]:
    """Yield the secrets among the values that follow a name."""
    after = _AFTER.match(text, end)
    if not after:
        return
    at, how, name = after.end(), str(after.lastgroup), text[start:end]
    before = text[max(text.rfind("\n", max(0, start - 300), start) + 1, start - 300) : start]
    if rank == "pair":
        call = how == "call" or text[at : at + 1] == "("
        values = [span for span, _ in literals(text, at, how == "call")] if call else []
        if values and (len(values) > 1 or name.endswith("auth")) and looks_secret(text[slice(*values[-1])], "password"):
            yield Span(*values[-1], "password")
        if how == "op" and (match := _BASIC_VALUE.match(text, at)) and _is_basic(match[1]):
            yield Span(*match.span(1), "basic-authorization")
        elif how == "op" and (match := _USER_VALUE.match(text, at)) and looks_secret(match[1], "password"):
            yield Span(*match.span(1), "password")
        return
    if rank == "signing":
        for span, _ in literals(text, at, 1) if how == "call" else ():
            yield from judged(text, span, "secret")
        return
    if rank == "key" and _OF_A_CIPHER.match(text, at):
        rank = "secret"
    open_quotes = [quote for quote in "\"'`" if (before + name + (after["close"] or "")).count(quote) % 2]
    if text[at : at + 1] in open_quotes and how == "op":
        at += 1  # `"?token=" + "…"`
    quoted = text.startswith(_OPENING, at)
    if how == "space" and not _takes_space(text, at, name, before, suffix):
        return
    if how == "call" and rank == "password" and (in_comment := in_brackets(text, end, before)):
        yield Span(*in_comment, rank)
        return
    if (how == "call" and _READER.match(name.rpartition(".")[2])) or (how == "comma" and not after["close"]):
        return
    if how == "op" and suffix in CONFIGURATION and len(after["op"]) > 2 and after["op"][0] == ":":
        at = end + text[end:at].index(":") + 1  # configuration has no types: `password: c2VjcmV0=`
        at += len(text[at : at + 20]) - len(text[at : at + 20].lstrip(" \t"))
        quoted = text.startswith(_OPENING, at)
    if suffix in (".yml", ".yaml") and how == "op":
        node = _YAML_NODE.match(text, at)
        if node is None or "!vault" in node[0]:
            return
        at = node.end()
        quoted = text.startswith(_OPENING, at)
        if node["indent"] and text.startswith(node["indent"], text.find("\n", at) + 1 or len(text)):
            return  # a multi-line text
    if how == "op" and (default := _DEFAULT.match(text, at)):  # a property of a component
        at = default.end()
        quoted = text.startswith(_OPENING, at)
    if how == "op" and (container := _CONTAINER.match(text, at)):  # JSX: `pwd={"…"}`
        at = container.end()
        quoted = text.startswith(_OPENING, at)
    if how == "op" and after["op"] != "=>" and _BOUND.search(before):  # `:password="…"` holds an expression
        at += 1
        if rank == "password" and (number := _NUMBER.match(text, at)):
            yield Span(*number.span(), rank)
        if text[at : at + 1] != "'":
            return
    expression = how == "op" and suffix not in CONFIGURATION and "\n" not in after[0]
    if quoted or expression:
        groups = list(joined(text, list(islice(literals(text, at), _MOST_LITERALS))))
        if how == "comma" and groups and _IS_KEY.match(text, groups[0][0][0][1]):
            return  # it belongs to the next pair of an object
        for group in groups if expression else groups[:1]:
            span, plain = group[0]
            kind = rank if plain else "token" if rank != "key" else ""
            whole = "".join(text[slice(*part)] for part, _ in group)
            if len(group) > 1 and looks_secret(whole, kind):
                yield from merged(text, [Span(*part, kind) for part, _ in group if part[0] < part[1]])
                continue
            for span, plain in group:
                kind = rank if plain else "token" if rank != "key" else ""
                yield from judged(text, span, kind, suffix)
    if not quoted and how not in ("comma", "call", "equal"):
        yield from _bare(text, before + name, at, how, rank, suffix, bool(open_quotes))


def _takes_space(text: str, at: int, name: str, before: str, suffix: str) -> bool:
    """Return whether a space alone separates a name from its value, as in an option or an entry of `.netrc`."""
    if name.startswith("--") or before.endswith(("ENV ", "machine ", "login ")) or suffix in (".netrc", "_netrc"):
        return True
    if name.startswith("-"):
        return suffix not in _CODE
    if before.strip():
        return text[at : at + 1] == "'" and _OF_A_ROLE.search(before) is not None
    return suffix == ".properties" or (suffix in _WITHOUT_BRACKETS and text.startswith(_OPENING, at))


# Before a YAML value: an anchor, a tag, or the indicator of a block text. An alias is not a value.
_YAML_NODE = re.compile(
    r"(?!\*)(?:(?:&|!)[\w!./:-]{0,80}[ \t]{1,4}){0,2}(?!\*)(?:[|>][-+\d]{0,2}[ \t]{0,9}\n(?P<indent>[ \t]{1,40}))?"
)
_OF_A_ROLE = re.compile(
    r"(?i)(?<![a-z])(?:role|user)\s[^\n;]{1,80}\s\Z"
)  # of a database: `ALTER ROLE a WITH PASSWORD '…'`
_WITHOUT_BRACKETS = frozenset(".gradle .groovy .rb .kts".split())  # languages with calls without parentheses
_SHELLS = frozenset(".sh .envrc .netrc".split())
# Actions on passwords. In translation files, their keys hold words.
_DOING = frozenset(
    "forgot forget change reset confirm enter show hide repeat update set edit modify input verify retype".split()
)
_DIGITS = re.compile(r"\d+[lLnuU]?")
_OF_AN_OWNER = re.compile(
    r"(?:(?:DB|DATABASE|MYSQL|REDIS|ADMIN|ROOT|USER|LOGIN|DEFAULT|TEST|DEV|INIT|INITIAL|SMTP|MAIL|FTP)_?){0,3}(?:PASSWORD|PASSWD|PWD|PASS)"
)
_OF_A_FILE = re.compile(r"\.(?:vue|[jt]sx?)\Z")
_VARIABLE = re.compile(r"\$[A-Za-z_]\w*")
_TITLE = re.compile(r"[A-Z][a-z]+")
# An ampersand belongs to the value, unless it begins the next URL parameter, an entity or another condition.
_BARE = re.compile(
    r"(?:[^\s\"'`<>,;(){}\[\]|&\\\u2000-\uffff]|&(?![\w.%-]{1,40}=|#?\w{2,8};|&)(?=[\w!@#$%^*.+=?-])){4,512}"
)
_BARE_LINE = re.compile(r"[^\s\"'`<>{\[|*&][^\s\u2000-\uffff]{3,1024}(?=[ \t\r]*(?:[ \t](?:#|//).*)?$)", re.M)
# Code shown in prose: a call, or a member of a commonly passed object.
_IS_EXPRESSION = re.compile(
    r"!?(?:[A-Za-z_$][\w$]*\??\.)*[A-Za-z_$][\w$]*\(|(?:(?:this|self|window|process|props|state|store|values?|data|params|"
    r"query|options?|config|row|item|record|event|ctx|context|vm|model|payload|body|res|req|response|request|\w*[Ff]orm"
    r"(?:Data|State)?|user\w*)\??\.)+[A-Za-z_$]"
)
_COMMENT = re.compile(r"(?:^|\s)(?://|#|/?\*|<!--|--\s|;)")
_ASSIGNED = re.compile(r"[ \t]*(?:[#;*/-]{1,3}[ \t]+)?(?:export |set |ENV |ARG |-e |-D)?[\w.$\"'/:-]*")


def _bare(text: str, before: str, at: int, how: str, rank: str, suffix: str, within: bool) -> Iterator[Span]:
    """Yield an unquoted secret, where a value rather than a variable can be."""
    line = suffix in CONFIGURATION or (suffix not in _CODE and _ASSIGNED.fullmatch(before) is not None)
    match = _BARE_LINE.match(text, at) if line and not within else None
    free = line or within or how in ("xml", "space") or suffix not in _CODE or _COMMENT.search(before)
    if not match:
        match = _BARE.match(text, at)
        if (
            match
            and not free
            and not (is_random(match[0], least=12, letters=96) or is_jumbled(match[0], 2.2))
            and not (
                rank == "password"
                and _DIGITS.fullmatch(match[0])
                and (not (name := before.split()[-1]).isupper() or _OF_AN_OWNER.fullmatch(name))
            )  # not an error code
        ):  # in code, the name of a variable
            return
    ahead = text[match.end() : match.end() + 1] if match else ""
    if not match or ahead in ("(", "[") or (how == "xml" and ahead != "<"):
        return
    value = match[0].partition(MARK)[0].rstrip(".,;:")
    if suffix in _SHELLS and _VARIABLE.fullmatch(value):
        return
    if within and rank == "password":
        value = _OF_A_FILE.sub("", value)  # an imported file
    if suffix not in CONFIGURATION and _IS_EXPRESSION.match(value):
        return
    plain = (
        rank == "password" and is_plain(value, suffix) and not _reads_as_words(text, match.end(), before, value, suffix)
    )
    if looks_secret(value, rank) or plain:
        yield Span(match.start(), match.start() + len(value), rank)


def chinese_rank(name: str) -> str:
    """Return the rank of a Chinese name such as `默认密码`, like `rank_of`."""
    hit = re.search(rf"(?:{_CHINESE_NAME.pattern})(?=(?:[（(].{{0,20}}[)）])?$)", name)
    return _rank_of_hit(hit) if hit else ""


def _rank_of_hit(hit: re.Match[str]) -> str:
    return _CHINESE_RANKS.get(hit[0][0] + hit[0][-1], "secret")


def is_plain(value: str, suffix: str) -> bool:
    """Return whether a weak value is a password, since configuration contains only values."""
    is_word = suffix in CONFIGURATION and value.isalnum() and value.isascii()
    return is_word and value.lower() not in STAND_INS and not PLACEHOLDER.search(value)


def _reads_as_words(text: str, end: int, before: str, value: str, suffix: str) -> bool:
    """Return whether a weak value is a word of a translation, or the first of several: `password: Enter password`."""
    if suffix in _SHELLS:
        return False
    names = [word.lower() for word in WORDS.findall(before[-60:])]
    if _TITLE.fullmatch(value) or any(one in _DOING for one in names[-3:-1]):
        return True
    return re.match(r"[ \t]+[^\s#/]", text[end : end + 40]) is not None


_CHINESE_AFTER = re.compile(
    r"(?:[（(][\u4e00-\u9fff]{1,8}[)）])?(?P<close>[\"'”’])?\*{0,2}\s{0,2}"
    r"(?P<sep>(?:已经?)?(?:默认|统一|初始|都|均|[更修]?改|[更重]新|更?换|重置|设置?|設置?|改)?(?:是|为|為|成)?了?"
    r"(?:[，,]?\s?(?:新|现|最新|现在)的?(?:密码|口令)?(?:是|为|改?成))?[ \t]?[:：=＝|]?)\*{0,2}\s{0,2}"
    r"(?:[\"'“‘「【（(`]|<code>)?"
)
_ACCOUNT, _USER = re.compile(r"[号户名][/和与及、 ]*$"), re.compile(r"[\w.@-]{1,20} ?/ ?")
_CHINESE_RANKS = {
    **dict.fromkeys(("密码", "密碼", "口令"), "password"),
    **dict.fromkeys(("令牌", "权杖", "權杖", "凭证", "憑證"), "token")
}  # fmt: skip


def _chinese(text: str, hit: re.Match[str]) -> Iterator[Span]:
    after = _CHINESE_AFTER.match(text, hit.end())
    match = _BARE.match(text, after.end()) if after and (after["sep"] or not after["close"]) else None
    if match:
        rank = _rank_of_hit(hit)
        if _ACCOUNT.search(text[max(0, hit.start() - 8) : hit.start()]) and (user := _USER.match(text, match.start())):
            match = _BARE.match(text, user.end()) or match
        value = match[0].partition(MARK)[0].rstrip(".,;:")
        if looks_secret(value, rank):
            yield Span(match.start(), match.start() + len(value), rank)
