"""How much letter sequences differ from those of words: `qefREImO` is machine-generated, `forgotPassword` is not."""

from __future__ import annotations

import re
from itertools import pairwise

# For each letter, and the edge of a word before `a`, how rarely each letter follows it in program names, English and
# pinyin: negative powers of two, from 0 (always) to 9 (hardly ever).
_RARITIES = (
    "945445455566545546434665666 475459758476452458443667867 437773988368378379456399969 439693993494488399573499978 "
    "238862979389687499657589978 257546668587453867345867577 439783489289487389566399959 146663755467665567556496766 "
    "329992998399778399675399979 436454658977552468544568785 439963899398887489947299989 237973887396586479745386979 "
    "337752878398488479955489949 334972999388757339868499989 247544627576776578743577877 366558667676442658355355677 "
    "439873897499488349354499979 639973999299899489797199998 338652769397756479554578968 259583894497677559843488978 "
    "338672894398688479455598968 335565768477453458444798786 428891979398877498688589979 338973884299794489458497879 "
    "349583997399679539873399668 146664788477665559755487968 436993992399776499896488967"
).split()
_EDGE = "`"  # the character before `a`
_COST = {
    chr(96 + before) + chr(96 + after): int(rarity)
    for before, row in enumerate(_RARITIES)
    for after, rarity in enumerate(row)
}
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# Parts of names of fields, buttons and messages, which machine-generated letters lack.
_OF_NAMES = re.compile(
    r"[Pp](?:ass|wd|sw)|P(?:ASS|WD|SW)|(?i:token|secret|auth|user|login|input)|[kK]ey|[tT]ype|[eE]ye|[iI]con|mdi"
)
# Thresholds above which it is not a name: where the case changes, where there are digits too, and in a single case.
_IN_CAMEL, _WITH_DIGIT, _IN_ONE = 5.75, 5.25, 6.25
_FEWEST, _FEWEST_IN_ONE = 5, 8  # letters it takes: different ones, and all letters in a single case


def rarity(value: str) -> float:
    """Return the mean rarity of adjacent letters: about 4 in words, 7 in machine-generated letters.

    >>> rarity("forgotPassword") < 5 < rarity("qef" + "REImO")
    True
    """
    words = _WORDS.findall(value)
    cost = sum(_COST[pair[0] + pair[1]] for word in words for pair in pairwise(f"{_EDGE}{word.lower()}{_EDGE}"))
    return cost / max(sum(map(len, words)), 1)


def is_drawn(value: str) -> bool:
    """Return whether the letters of a value are machine-generated, as no words look like them.

    >>> is_drawn("qef" + "REImO"), is_drawn("forgotPassword")
    (True, False)
    """
    letters = "".join(letter for letter in value if letter.isalpha())
    if len(set(letters)) < _FEWEST or not value.isascii() or _OF_NAMES.search(value):
        return False
    is_one = letters[1:].islower() or letters.isupper()
    if is_one and len(letters) < _FEWEST_IN_ONE:
        return False
    return rarity(value) > (_IN_ONE if is_one else _IN_CAMEL if len(letters) == len(value) else _WITH_DIGIT)
