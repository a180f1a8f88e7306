"""A rule is passed over only where it would find nothing."""

from __future__ import annotations

import random

import private_corpus
import pytest
import secrets_corpus

from swiftprep.redaction import leads as leads_module
from swiftprep.redaction import secrets
from swiftprep.redaction.leads import Leads
from swiftprep.redaction.places import Places, regions
from swiftprep.redaction.secret_calls import called
from swiftprep.redaction.secret_hooks import hooks
from swiftprep.redaction.secret_joined import from_variables
from swiftprep.redaction.secret_names import named
from swiftprep.redaction.secret_positions import positional, told

GLUE = ["", " ", "_", "-", ".", "$", "'", '"', "/", "(", "@", "\n", "x", "X", "7", "=", ": ", "码", "é", "\\n"]


WORD = "Tr0ub" + "4dor@3x"
# One for each word that leads to a rule, and nothing else on the line that does; with the rules that find it.
LINES = {
    f"x = HmacSHA256(data, '{WORD}')": {"called"},
    f"x = cipher.createDecipheriv('aes-128-cbc', '{WORD}0123', y)": {"called"},
    f"x = sm4.encrypt(data, '{WORD}0123')": {"called"},
    f"x = btoa('tom:{WORD}')": {"called"},
    f"x = {{ sid: '{'a1B2c3D4' * 2}{'e5F6g7H8' * 2}' }}": {"called"},
    f"new mysqli('h', 'tom', '{WORD}')": {"positional"},
    f"x.open('tom:{WORD}@tcp(h:1)/d')": {"positional"},
    f"new SecretKeySpec('{WORD}0123'.getBytes(), 'AES')": {"called"},
    f"new IvParameterSpec('{WORD}0123')": {"called"},
    f"x.setSigningKey('{WORD}0123')": {"called", "named"},
    f"x.signWith(HS512, '{WORD}0123')": {"called"},
    f"c = AES.new('{WORD}0123')": {"called"},
    f"c = DES3.new('{WORD}0123')": {"called"},
    f"c = ARC4.new('{WORD}0123')": {"called"},
    f"c = Blowfish.new('{WORD}0123')": {"called"},
    f"c = AESGCM('{WORD}0123')": {"called"},
    f"c = Fernet('{'a1B2c3D4' * 2}{'e5F6g7H8' * 3}xY9=')": {"called"},
    f"Minio('h', 'tom', '{WORD}')": {"positional"},
    f"x.create_user('tom', 'm', '{WORD}')": {"positional"},
    f"x.create_superuser('tom', 'm', '{WORD}')": {"positional"},
    f"// pw: {WORD}": {"told", "named"},
    f"// superadmin / {WORD}": {"told"},
    f"// nacos / {WORD}": {"told"},
    f"x.mima = '{WORD}'": {"named"},
    f"baiduAk = '{'a1B2c3D4' * 2}{'e5F6g7H8' * 2}'": {"named"},
}


def finding(text: str, path: str) -> set[str]:
    """Return the rules that find something in a text, each asked."""
    raw = text.encode("latin-1", "replace")
    lower = raw.lower()
    small = lower.decode("latin-1")
    suffix = regions(text, path)[0][2]
    found = {
        "hooks": hooks(text, small),
        "variables": from_variables(text, small),
        "positional": positional(text),
        "called": called(text, lower),
        "named": named(text, raw, suffix),
        "told": told(text, small, suffix, lambda: Places(text, path), 0) if text.isascii() else (),
    }
    return {rule for rule, spans in found.items() if any(True for _ in spans)}


def missed(text: str, path: str) -> set[str]:
    """Return the rules that find something in a text and are not among those it may concern."""
    return finding(text, path) - secrets._LEADS.rules(text.encode("latin-1", "replace").lower())


@pytest.mark.parametrize("line", LINES)
def test_what_a_word_leads_to(line):
    assert finding(line, "a.js") == LINES[line]
    assert missed(line, "a.js") == set()


@pytest.mark.parametrize("seed", [11, 12])
def test_no_rule_is_passed_over_that_finds_something(seed):
    dice = random.Random(seed)
    cases = [
        *secrets_corpus.documented(seed=seed, rounds=1),
        *secrets_corpus.generic(seed=seed, count=150),
        *private_corpus.private(seed=seed, rounds=1),
    ]
    for case in cases:
        assert missed(case.text, case.path) == set(), case.name
        for _ in range(6):  # and with something else at some place of it
            at, length = dice.randrange(len(case.text) + 1), dice.randrange(3)
            text = case.text[:at] + dice.choice(GLUE) + case.text[at + length :]
            assert missed(text, case.path) == set(), text


def test_what_is_remembered_of_words_has_an_end(monkeypatch):
    monkeypatch.setattr(leads_module, "_MOST_WORDS", 100)
    leads = Leads({"keys": "token"})
    for number in range(1000):
        assert leads.rules(f"word{number} token{number} {'x' * 100}".encode()) == {"keys"}
    assert len(leads._without) + len(leads._known) <= 102
    assert max(map(len, leads._without)) < 64
