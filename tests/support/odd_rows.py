"""Odd data files: good rows of every form, hurt in one way or in several. The same seed gives the same bytes.

`by_hand()` is one file per oddity; `at_random(seed, count)` mixes oddities of rows, of files and of forms.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable
from typing import Any

Row = dict[str, Any]


def u(text: Any) -> Row:
    return {"role": "user", "content": text}


def a(text: Any, **more: Any) -> Row:
    return {"role": "assistant", "content": text, **more}


def s(text: Any) -> Row:
    return {"role": "system", "content": text}


def good(form: str, i: int) -> Row:
    """Make a row of a form that ms-swift trains on."""
    q, r = f"q{i} 你好", f"a{i} `x`"
    if form == "messages":
        return {"messages": [u(q), a(r)]}
    if form == "sharegpt":
        return {"conversations": [{"from": "human", "value": q}, {"from": "gpt", "value": r}]}
    if form == "pairs":
        return {"conversation": [{"human": q, "assistant": r}]}
    if form == "alpaca":
        return {"instruction": q, "input": "路径" if i % 2 else "", "output": r}
    if form == "instruction":
        return {"instruction": q, "output": r}
    return {"query": q, "response": r}


FORMS = ("messages", "sharegpt", "pairs", "alpaca", "instruction", "query")


def lines(rows: list[Any], **options: Any) -> str:
    return "".join(json.dumps(row, ensure_ascii=False, **options) + "\n" for row in rows)


def table(rows: list[list[Any]], **options: Any) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", **options).writerows(rows)
    return out.getvalue()


# --- what can happen to one row -------------------------------------------------------------------------------

VALUES: list[Any] = [
    None, "", " ", "x", 5, 2.5, -0.0, True, [], {}, [None], ["x", "y"], [1, 2], {"k": "v"}, {"k": None}, [{"k": 1}],
    "2024-05-06", "2024-05-06 07:08:09", "5", "null", "[1]", '{"k": 1}', "NaN", 2**63, 2**65, 1e300, "\u2028", "\U0001f600", "a\u0000b",
    [["h", "r"]], [["h", None]], "[['h', 'r']]", [[]], [["h"]], [["h", "r", "x"]], "None", "true", "-5", '"x"', [[1]], [5], [True],
]  # fmt: skip
ROLES = [
    "human", "gpt", "bot", "Human", "USER", "ai", "model", "developer", "tool", "tool_call", "function-call", "function_call",
    "tool_response", "observation", "observations", "system", "assistant", "user", "", " user", None, 5, "function_response",
]  # fmt: skip
EXTRA = {
    "text": "t", "content": "c", "answer": "b", "question": "p", "prompt": "p", "completion": "z", "solution": "so",
    "system": "sys", "system_prompt": "sys", "history": [["h", "r"]], "label": 1, "rejected_response": "no",
    "channel": "private", "id": 7, "meta": {"path": "x", "span": [1, 2]}, "tools": [{"name": "f", "parameters": {}}],
    "images": ["a.png"], "image": "a.png", "videos": ["a.mp4"], "audios": "a.wav", "objects": {"ref": [], "bbox": []},
    "Query": "Q", "RESPONSE": "R", "Messages": [], "margin": 0.5, "chat_template_kwargs": {"enable_thinking": False},
    "problem": "pr", "targets": "t", "target": "t", "answer_key": "k", "answers": ["k"], "input": "in", "output": "out",
    "instruction": "ins", "query": "qq", "response": "rr", "tags": ["a", "b"], "score": 0.5, "dataset": "d", "loss": True,
    "rejected_messages": [u("q"), a("no")], "add_eos": False, "negative_messages": [[u("q"), a("no")]], "ground_truth": "g",
    "images2": [], "weight": 0, "reasoning": "because", "conversation_id": "x", "messages": [u("mq"), a("ma")], "conversations": [{"from": "human", "value": "cq"}, {"from": "gpt", "value": "ca"}],
}  # fmt: skip
TURNS: list[Any] = [
    u("again"), a("more"), s("late"), {"role": "user"}, {"content": "x"}, {}, None, "text", 5, [],
    u(None), a(None), u(""), a(""), u(5), a(5), u(["p"]), a({"k": "v"}), a([]), a("x", loss=False), a("x", loss=True), a("x", loss=0.0), a("x", loss=1),
    a("x", loss="no"), a("x", loss_scale=0.5), a("x", loss_scale=0.0),
    a("x", reasoning="because"), {"role": "user", "content": "x", "name": "Bob"}, {"from": "human", "value": "x"},
    {"role": "tool", "content": "42"}, {"role": "tool_call", "content": '{"name": "f", "arguments": {}}'},
    {"role": "tool_call", "content": "not json"}, {"role": "tool_call", "content": {"name": "f", "arguments": {"x": 1}}}, {"role": "tool_response", "content": {"ok": True}},
    {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
    {"role": "assistant", "content": "c", "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]},
    {"role": "assistant", "content": "c", "tool_calls": []},
    u([{"type": "text", "text": "part"}]), a([{"type": "text", "text": "part"}]), u([{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": "a.png"}}]),
    u([{"type": "image", "image": "a.png"}]), a([{"type": "tool_use", "id": "1", "name": "f", "input": {}}]),
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "ok"}]}, {"human": "x", "gpt": "y"},
    {"role": "user", "value": "x"}, {"from": "user", "content": "x"}, {"role": "user", "content": "x", "from": "gpt"}, u("<image>look"),
    {"role": "tool", "content": "42", "name": "f"}, {"user": "x", "bot": "y"},
    a("x", weight=0), a("x", weight=0.5), a("x", train=False), a("x", masked=True), a("x", reasoning_content="because"), a("x", prefix=True),
    {"from": "gpt", "value": "x", "thinking": "because"}, {"from": "gpt", "value": "x", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]},
    {"role": "assistant", "content": "x", "value": "y"}, a("2024-05-06"), u("5"), a("null"), a("<think>\n</think>x"),
]  # fmt: skip


def turns_key(row: Row) -> str | None:
    return next((k for k in ("messages", "conversations", "conversation") if isinstance(row.get(k), list)), None)


def hurt(row: Row, random_: random.Random) -> Row:
    """Change one thing in a row."""
    row = json.loads(json.dumps(row))
    key = turns_key(row)
    move = random_.randrange(11)
    if move == 0 and row:
        row.pop(random_.choice(sorted(row)))
    elif move in (1, 2) and row:
        row[random_.choice(sorted(row))] = random_.choice(VALUES)
    elif move in (3, 4):
        name = random_.choice(sorted(EXTRA))
        row[name] = EXTRA[name]
    elif move == 5:
        row[random_.choice(sorted(EXTRA))] = random_.choice(VALUES)
    elif key and row[key]:
        turns = row[key]
        at = random_.randrange(len(turns))
        if move == 6:
            turns.insert(random_.randrange(len(turns) + 1), random_.choice(TURNS))
        elif move == 7:
            turns.pop(at)
        elif isinstance(turns[at], dict) and turns[at]:
            inner = random_.choice(sorted(turns[at]))
            if move == 8 and inner in ("role", "from"):
                turns[at][inner] = random_.choice(ROLES)
            elif move == 9:
                turns[at][random_.choice(["loss", "name", "weight", "text", "value", "content"])] = random_.choice(
                    VALUES
                )
            else:
                turns[at][inner] = random_.choice(VALUES)
    return row


# --- what can happen to a file ----------------------------------------------------------------------------------


def duplicate_key(text: str) -> str:
    at = text.find("{")
    return text[: at + 1] + '"id": 1, "id": 2, ' + text[at + 1 :] if at >= 0 else text


FILE_ODDITIES: dict[str, Callable[[str], bytes]] = {
    "byte-order-mark": lambda t: b"\xef\xbb\xbf" + t.encode(),
    "crlf": lambda t: t.replace("\n", "\r\n").encode(),
    "blank-lines": lambda t: ("\n" + t.replace("\n", "\n\n") + "  \n").encode(),
    "first-blank": lambda t: ("\n" + t).encode(),
    "no-last-newline": lambda t: t.rstrip("\n").encode(),
    "truncated": lambda t: t.encode()[: -len(t) // 4],
    "truncated-letter": lambda t: t.encode()[:-9],
    "gbk": lambda t: t.encode("gb18030"),
    "utf-16": lambda t: t.encode("utf-16"),
    "latin": lambda t: t.encode().replace("你".encode(), b"\xe9", 1),
    "nul": lambda t: t.encode().replace("你".encode(), b"\x00", 1),
    "raw-tab": lambda t: t.encode().replace("你".encode(), b"\t", 1),
    "escaped-nul": lambda t: t.replace("你", "\\u0000", 1).encode(),
    "lone-surrogate": lambda t: t.replace("你", "\\ud83d", 1).encode(),
    "low-surrogate": lambda t: t.replace("你", "\\ude00x", 1).encode(),
    "surrogate-pair": lambda t: t.replace("你", "\\ud83d\\ude00", 1).encode(),
    "raw-surrogate": lambda t: t.replace("你", "\ud83d", 1).encode("utf-8", "surrogatepass"),
    "u2028": lambda t: t.replace("你", "\u2028", 1).encode(),
    "bad-escape": lambda t: t.replace("你", "\\x", 1).encode(),
    "trailing-comma": lambda t: t.replace("}\n", ",}\n", 1).encode(),
    "comma-after-row": lambda t: t.replace("}\n", "},\n", 1).encode(),
    "single-quotes": lambda t: t.replace('"', "'").encode(),
    "nan": lambda t: t.replace("{", '{"score": NaN, ', 1).encode(),
    "infinity": lambda t: t.replace("{", '{"score": -Infinity, ', 1).encode(),
    "huge-int": lambda t: t.replace("{", '{"score": 123456789012345678901234567890, ', 1).encode(),
    "int-63": lambda t: t.replace("{", '{"score": 9223372036854775808, ', 1).encode(),
    "float": lambda t: t.replace("{", '{"score": 1e400, ', 1).encode(),
    "duplicate-key": lambda t: duplicate_key(t).encode(),
    "garbage-line": lambda t: (t + "garbage\n").encode(),
    "array-line": lambda t: (t + '["x"]\n').encode(),
    "number-line": lambda t: (t + "5\n").encode(),
    "null-line": lambda t: (t + "null\n").encode(),
    "string-line": lambda t: (t + '"text"\n').encode(),
    "empty-object-line": lambda t: (t + "{}\n").encode(),
    "two-on-a-line": lambda t: t.replace("}\n", "} ", 1).encode(),
    "array": lambda t: ("[" + ",".join(t.splitlines()) + "]").encode(),
    "array-over-lines": lambda t: ("[\n" + ",\n".join(t.splitlines()) + "\n]\n").encode(),
    "array-first-blank": lambda t: ("\n[" + ",".join(t.splitlines()) + "]").encode(),
    "array-trailing-comma": lambda t: ("[" + ",".join(t.splitlines()) + ",]").encode(),
    "array-cut": lambda t: ("[" + ",".join(t.splitlines())).encode(),
    "array-with-mark": lambda t: b"\xef\xbb\xbf" + ("[" + ",".join(t.splitlines()) + "]").encode(),
    "array-then-more": lambda t: ("[" + ",".join(t.splitlines()) + "]\n{}\n").encode(),
    "object-of-rows": lambda t: ('{"data": [' + ",".join(t.splitlines()) + "]}").encode(),
    "comment": lambda t: ("// comment\n" + t).encode(),
    "form-feed": lambda t: t.replace("}\n", "}\x0c\n", 1).encode(),
    "lone-cr": lambda t: t.replace("}\n", "}\r", 1).encode(),
    "spaces-around": lambda t: t.replace("{", "  {  ").encode(),
    "vertical-tab": lambda t: (t + "\x0b\n").encode(),
}


def pretty(rows: Any) -> bytes:
    return json.dumps(rows, ensure_ascii=False, indent=2).encode()


# --- files ------------------------------------------------------------------------------------------------------


def by_hand() -> dict[str, bytes]:
    """Return one file per oddity, by name."""
    files: dict[str, bytes] = {}
    for form in FORMS:
        rows = [good(form, i) for i in range(3)]
        files[f"good-{form}.jsonl"] = lines(rows).encode()
        files[f"pretty-{form}.json"] = pretty(rows)
        files[f"one-row-pretty-{form}.json"] = pretty(rows[0])
        files[f"one-row-{form}.json"] = json.dumps(rows[0]).encode()
    for number, (name, change) in enumerate(FILE_ODDITIES.items()):
        for form in (FORMS[number % 6], FORMS[(number + 3) % 6]):
            for suffix in ("jsonl", "json")[: 2 if "array" in name or "object" in name else 1]:
                files[f"{name}-{form}.{suffix}"] = change(lines([good(form, i) for i in range(3)]))
        if number % 3 == 0:
            files[f"{name}-single.jsonl"] = change(lines([good(FORMS[number % 6], 0)]))
    for name, extra in EXTRA.items():
        form = FORMS[len(name) % 6]
        rows = [good(form, i) for i in range(3)]
        files[f"extra-{name}-all.jsonl"] = lines([{**row, name: extra} for row in rows]).encode()
        files[f"extra-{name}-one.jsonl"] = lines([rows[0], {**rows[1], name: extra}, rows[2]]).encode()
    for number, turn in enumerate(TURNS):
        rows = [good("messages", i) for i in range(3)]
        rows[1]["messages"].insert(number % 3, turn)
        files[f"turn-{number}.jsonl"] = lines(rows).encode()
    for number, role in enumerate(ROLES):
        rows = [good("messages", i) for i in range(2)]
        rows[1]["messages"][number % 2]["role"] = role
        files[f"role-{number}.jsonl"] = lines(rows).encode()
        files[f"from-{number}.jsonl"] = lines(rows).replace('"role"', '"from"').replace('"content"', '"value"').encode()
    for number, value in enumerate(VALUES):
        column = ("query", "response", "channel", "history", "system", "label", "meta")[number % 7]
        form = "alpaca" if number % 2 else "query"
        rows = [good(form, i) for i in range(3)]
        rows[1][{"query": "instruction", "response": "output"}.get(column, column) if number % 2 else column] = value
        files[f"value-{number}-{column}.jsonl"] = lines(rows).encode()
        files[f"all-{number}-{column}.jsonl"] = lines([{**good("query", i), column: value} for i in range(3)]).encode()
    files |= {
        "empty.jsonl": b"", "empty.json": b"", "newline.jsonl": b"\n", "blank.jsonl": b" \n\n", "mark-only.jsonl": b"\xef\xbb\xbf",
        "empty-array.json": b"[]", "empty-object.jsonl": b"{}\n", "empty-objects.jsonl": b"{}\n{}\n", "null.json": b"null", "number.json": b"5",
        "strings.json": b'["x", "y"]', "numbers.json": b"[1, 2]", "mixed.json": b'[{"query": "q", "response": "a"}, "x"]', "nested.json": b'[[{"query": "q"}]]',
        "columns.json": b'{"query": ["q1", "q2"], "response": ["a1", "a2"]}', "indexed.json": b'{"query": {"0": "q1", "1": "q2"}, "response": {"0": "a1", "1": "a2"}}',
        "columns-dup.json": b'{"query": ["q1", "q2"], "query": ["q1", "q2"], "response": ["a1", "a2"]}',
        "array-nan.json": b'[{"query": "q", "response": "a", "score": NaN}]', "array-dup.json": b'[{"query": "q", "query": "q2", "response": "a"}]',
        "array-surrogate.json": b'[{"query": "q\\ud83d", "response": "a"}]', "array-huge.json": b'[{"query": "q", "response": "a", "n": 18446744073709551616}]',
        "array-float.json": b'[{"query": "q", "response": "a", "n": 0.1234567890123456789}]', "array-slash.json": b'[{"query": "a/b", "response": "</x>"}]',
        "mixed-forms.jsonl": lines([good("messages", 0), good("alpaca", 1), good("query", 2)]).encode(),
        "mixed-alpaca.jsonl": lines([good("alpaca", 0), good("query", 1)]).encode(),
        "mixed-sharegpt.jsonl": lines([good("messages", 0), good("sharegpt", 1)]).encode(),
        "mixed-sharegpt-2.jsonl": lines([good("sharegpt", 0), good("pairs", 1)]).encode(),
        "all-dropped.jsonl": lines([{"messages": []}, {"messages": None}]).encode(), "nothing-known.jsonl": lines([{"foo": "x"}, {"foo": "y"}]).encode(),
        "half-pairs.json": b'[{"query": "q\\ud83d\\u0041", "response": "a"}]', "low-half.json": b'[{"query": "q\\ude00", "response": "a"}]',
        "dash-beside-object.jsonl": lines([{**good("query", 0), "response": "-"}, {**good("query", 1), "response": {"k": 1}}, {**good("query", 2), "response": "007"}]).encode(),
        "duplicate-mended.jsonl": b'{"query": "q", "id": 1, "id": 2, "meta": {"k": 1}, "response": "a"}\n{"query": "q", "meta": {"j": 1}, "response": "a"}\n',
        "surrogate-mended.jsonl": b'{"query": "q\\ud83d", "meta": {"k": 1}, "response": "a"}\n{"query": "q", "meta": {"j": 1}, "response": "a"}\n',
        "clash-then-duplicate.jsonl": b'{"query": "q", "response": "a", "label": 1}\n{"query": "q", "response": "a", "label": "x"}\n{"query": "q", "query": "q2", "response": "a"}\n',
        "duplicate-then-clash.jsonl": b'{"query": "q", "query": "q2", "response": "a"}\n{"query": "q", "response": "a", "label": 1}\n{"query": "q", "response": "a", "label": "x"}\n',
        "clash-with-blank.jsonl": b'{"query": "q", "response": "a", "label": 1}\n\n{"query": "q", "response": "a", "label": "x"}\n',
        "repeated-lists.jsonl": b'{"query": "q", "id": 1, "id": 2, "tags": ["a", "b"], "response": "a"}\n',
        "array-gbk.json": '[{"query": "你好世界", "response": "a"}]'.encode("gbk"), "array-latin.json": b'[{"query": "caf\xe9", "response": "a"}]', "array-cut-letter.json": b'[{"query": "\xe4\xbd", "response": "a"}]', "array-raw-surrogate.json": b'[{"query": "\xed\xa0\xbd", "response": "a"}]',
        "gbk-uneven.jsonl": '{"query": "你好世界", "response": "a", "meta": {"k": 1}}\n{"query": "q", "response": "a", "meta": {"j": 1}}\n'.encode("gbk"),
        "latin-uneven.jsonl": b'{"query": "q\xe9\xe5\xa5\xbd", "response": "a", "meta": {"k": 1}}\n{"query": "q", "response": "a", "meta": {"j": 1}}\n',
        "raw-surrogate-uneven.jsonl": b'{"query": "q\xed\xa0\xbd", "response": "a", "meta": {"k": 1}}\n{"query": "q", "response": "a", "meta": {"j": 1}}\n',
        "continuation-uneven.jsonl": b'{"query": "q\xbd", "response": "a", "meta": {"k": 1}}\n{"query": "q", "response": "a", "meta": {"j": 1}}\n',
        "deep.jsonl": lines([{**good("query", 0), "deep": json.loads("[" * 60 + "]" * 60)}]).encode(),
        "deep-object.jsonl": (json.dumps({**good("query", 0)})[:-1] + ', "d": ' + '{"d":' * 50 + "1" + "}" * 51 + "\n").encode(),
        "slash-column.jsonl": lines([{**good("query", 0), "a/b": 1}, {**good("query", 1), "a/b": "x"}]).encode(),
        "number-then-text.jsonl": lines([{**good("query", 0), "channel": 1}, {**good("query", 1), "channel": "x"}]).encode(),
        "int-then-float.jsonl": lines([{**good("query", 0), "label": 1}, {**good("query", 1), "label": 1.5}]).encode(),
        "bool-then-int.jsonl": lines([{**good("query", 0), "label": True}, {**good("query", 1), "label": 1}]).encode(),
        "dates.jsonl": lines([{"query": "2024-05-06", "response": "2024-05-07"}, {"query": "2024-05-08T01:02:03Z", "response": "x"}]).encode(),
        "dates-messages.jsonl": lines([{"messages": [u("2024-05-06"), a("2024-05-07")]}]).encode(),
        "content-mixed.jsonl": lines([{"messages": [u("5"), a("null")]}, {"messages": [u([{"type": "text", "text": "x"}]), a('{"k": 1}')]}]).encode(),
        "messages-as-text.jsonl": lines([{"messages": json.dumps([u("q"), a("x")])}, {"messages": str([u("q"), a("x")])}, {"messages": "hello"}]).encode(),
        "messages-text-and-list.jsonl": lines([{"messages": json.dumps([u("q"), a("x")])}, {"messages": [u("q"), a("x")]}]).encode(),
        "long-line.jsonl": lines([{"query": "q" * 400_000, "response": "a"}, {"query": "q", "response": "a"}]).encode(),
        "many-rows.jsonl": lines([good("messages", i) for i in range(1200)]).encode(),
        "late-drop.jsonl": lines([good("messages", i) for i in range(1100)] + [{"messages": []}]).encode(),
        "first-thousand-dropped.jsonl": lines([{"messages": []}] * 1000 + [good("messages", 1)]).encode(),
        "late-column.jsonl": lines([good("query", i) for i in range(1100)] + [{**good("query", 1), "channel": "x"}]).encode(),
    }  # fmt: skip
    files |= _tables() | _texts()
    return files


def _tables() -> dict[str, bytes]:
    head, rows = ["instruction", "input", "output"], [["q1", "", "a1"], ["q2 你好", "in", "a2"]]
    plain = table([head, *rows])
    return {
        "good.csv": plain.encode(), "mark.csv": b"\xef\xbb\xbf" + plain.encode(), "gbk.csv": plain.encode("gb18030"), "utf-16.csv": plain.encode("utf-16"),
        "crlf.csv": plain.replace("\n", "\r\n").encode(), "cr.csv": plain.replace("\n", "\r").encode(), "quoted.csv": table([head, *rows], quoting=csv.QUOTE_ALL).encode(),
        "newline-inside.csv": table([head, ["q\n1", "", "a\n\n1"]]).encode(), "quote-inside.csv": table([head, ['say "hi", you', "", "a"]]).encode(),
        "semicolon.csv": table([head, *rows], delimiter=";").encode(), "tab.csv": table([head, *rows], delimiter="\t").encode(),
        "empty.csv": b"", "head-only.csv": b"instruction,input,output\n", "blank-lines.csv": plain.replace("\n", "\n\n").encode(), "newline.csv": b"\n",
        "short-row.csv": b"query,response\nq1\nq2,a2\n", "long-row.csv": b"query,response\nq1,a1\nq2,a2,x\n", "long-first-row.csv": b"query,response\nq1,a1,x\nq2,a2\n",
        "long-all.csv": b"query,response\nq1,a1,x\nq2,a2,y\n", "trailing-comma.csv": b"query,response,\nq1,a1,\nq2,a2,\n", "rows-end-with-comma.csv": b"query,response\nq1,a1,\nq2,a2,\n",
        "numbers.csv": b"query,response\n1,2\n3,4\n", "mixed-numbers.csv": b"query,response\n1,2\nx,4\n", "floats.csv": b"query,response\n1.5,a\n2,b\n", "bools.csv": b"query,response\ntrue,a\nFalse,b\n",
        "bool-mix.csv": b"query,response\ntrue,a\nmaybe,b\n", "na.csv": b"query,response\nNA,null\nnan,\n", "empty-cells.csv": b"query,response\n,a\nq,\n,\n",
        "empty-last.csv": b"query,response\nq,\n", "numbers-and-empty.csv": b"query,response,label\nq,a,1\nq,a,\n", "nan-column.csv": b"query,response,label\nq,a,1.0\nq,a,nan\n",
        "dup-head.csv": b"query,query,response\nq,p,a\n", "dup-head-case.csv": b"query,Query,response\nq,p,a\n", "space-head.csv": b"query, response\nq, a\n", "upper.csv": b"Instruction,Input,Output\nq,,a\n",
        "no-head.csv": b"what is this,an answer\nq2,a2\n", "one-column.csv": b"text\nhello\nworld\n", "messages.csv": table([["messages"], [json.dumps([u("q"), a("x")])], [str([u("q"), a("y")])], ["x"]]).encode(),
        "history.csv": table([["query", "response", "history"], ["q", "a", "[['h', 'r']]"], ["q", "a", "[]"]]).encode(), "history-empty.csv": table([["query", "response", "history"], ["q", "a", ""]]).encode(),
        "crlf-inside.csv": b'query,response\r\n"q\r\n1","a\r2"\r\n', "quoted-blank.csv": b'query,response\n""\nq,a\n', "open-at-end.csv": b'query,response\nq,"a', "quote-at-end.csv": b'query,response\nq,a"\n', "doubled.csv": b'query,response\n"q ""x""","a"""\n', "huge-digits.csv": b"query,response\n" + b"9" * 5000 + b",a\n",
        "channel.csv": b"query,response,channel\nq,a,1\nq,a,2\n", "unclosed.csv": b'query,response\n"q,a\nq2,a2\n', "stray-quote.csv": b'query,response\nq "x" y,a"b\n"q"x,a\n',
        **{f"big-number-after-{n}.csv": table([["messages"], *[[json.dumps([u(f"q{i}"), a("x")])] for i in range(n)], [json.dumps([u(2**65), a("y")])]]).encode() for n in (0, 1, 2, 3, 5)},
        "nul.csv": b"query,response\nq\x00z,a\nq2,a2\n", "big-int.csv": b"query,response\n99999999999999999999,a\n1,b\n", "hex.csv": b"query,response\n0x10,a\n1e5,b\n", "inf.csv": b"query,response\ninf,a\n-inf,b\n",
        "leading-zero.csv": b"query,response\n007,a\n008,b\n", "space-number.csv": b"query,response\n 7,a\n8 ,b\n", "date.csv": b"query,response\n2024-05-06,a\n2024-05-07,b\n", "plus.csv": b"query,response\n+7,a\n8,b\n",
        "long.csv": ("query,response\n" + "".join(f"q{i},a{i}\n" for i in range(1500))).encode(), "latin.csv": b"query,response\ncaf\xe9,a\n", "space-line.csv": b"query,response\n  \nq,a\n",
        "lone-surrogate.csv": b"query,response\nq\xed\xa0\xbd,a\n", "u2028.csv": "query,response\nq\u2028,a\n".encode(), "unnamed.csv": b",query,response\n0,q,a\n1,q,a\n", "comment.csv": b"# exported\nquery,response\nq,a\n",
        "head-quoted.csv": b'"query","response"\n"q","a"\n', "label-bool.csv": b"query,response,label\nq,a,True\nq,a,False\n", "only-commas.csv": b"query,response\n,\n,\n", "under.csv": b"query,response\n1_000,a\n2,b\n",
        "mixed-case-bool.csv": b"query,response\nTRUE,a\nTrUe,b\n", "rejected.csv": b"query,response,rejected_response\nq,a,no\nq,a,a\nq,a,\n", "images.csv": b"query,response,images\nq,a,a.png\n", "tools.csv": table([["query", "response", "tools"], ["q", "a", '[{"name": "f"}]'], ["q", "a", ""]]).encode(),
    }  # fmt: skip


def _texts() -> dict[str, bytes]:
    return {
        "good.txt": "line one\n第二行\n".encode(), "no-last-newline.txt": b"one\ntwo", "blank.txt": b"one\n\ntwo\n", "empty.txt": b"", "crlf.txt": b"one\r\ntwo\r\n", "cr.txt": b"one\rtwo",
        "mark.txt": b"\xef\xbb\xbfone\n", "gbk.txt": "第二行\n".encode("gb18030"), "nul.txt": b"a\x00b\n", "u2028.txt": "a\u2028b\n".encode(), "newline.txt": b"\n", "form-feed.txt": b"a\x0cb\n", "surrogate.txt": b"a\xed\xa0\xbdb\n",
    }  # fmt: skip


def at_random(seed: int, count: int) -> dict[str, bytes]:
    """Return files with several oddities each."""
    chance = random.Random(seed)
    files = {}
    for number in range(count):
        form = chance.choice(FORMS)
        rows = [good(form if chance.random() < 0.9 else chance.choice(FORMS), i) for i in range(chance.randint(1, 5))]
        for _ in range(chance.choice((0, 1, 1, 2, 3))):
            at = chance.randrange(len(rows))
            rows[at] = hurt(rows[at], chance)
        if chance.random() < 0.15:  # the same change in all rows
            name, value = chance.choice(sorted(EXTRA)), chance.choice(VALUES)
            rows = [{**row, name: value} for row in rows]
        kind = chance.random()
        if kind < 0.15:
            heads = sorted({key for row in rows for key in row})
            cells = [[_cell(row.get(key)) for key in heads] for row in rows]
            name, data = "csv", table([heads, *cells]).encode("utf-8", "surrogatepass")
        else:
            text = lines(rows)
            oddity = FILE_ODDITIES[chance.choice(sorted(FILE_ODDITIES))] if chance.random() < 0.35 else None
            name, data = chance.choice(["jsonl", "jsonl", "json"]), text.encode()
            if oddity:
                data = oddity(text)
            elif kind < 0.3:
                data = pretty(rows)
        files[f"random-{seed}-{number}.{name}"] = data
    return files


def _cell(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
