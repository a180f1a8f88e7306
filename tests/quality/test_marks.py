"""Marks of chat templates: taken off where what was said is plain, rejected where not, left alone where they are shown."""

import pytest
from present import present, repaired

from swiftprep import Sample
from swiftprep.distill.scenario import Scenario
from swiftprep.distill.verification.verify import Verifier
from swiftprep.quality.rules.chat_tokens import chat_token
from swiftprep.quality.rules.marks import is_about_marks, taken
from swiftprep.quality.rules.text import chat_markers, think_tags
from swiftprep.teachers.request import Reply

TICKS = "```"
CODE = f'{TICKS}vue\n<ta-card :title="name">\n  <s>{{{{ old }}}}</s>\n</ta-card>\n{TICKS}'
SAID = f"1. The title is bound.\n2. The old value is struck out.\n\n{CODE}\n\nThe card does the rest."
THOUGHT = "A card is wanted, and its title changes."
HOW = "How do I show a title that changes in ta-card?"


def qa(question: str, answer: str) -> Sample:
    return Sample.from_instruction(question, "", answer)


AROUND = {
    "GLM's box": ("<|begin_of_box|>", "<|end_of_box|>"),
    "GLM's next turn": ("", "<|user|>"),
    "GLM's beginning": ("[gMASK]<sop><|assistant|>\n", ""),
    "answer": ("<answer>\n", "\n</answer>"),
    "output": ("<output>", "</output>\n"),
    "in capitals": ("<ANSWER>\n", "\n</ANSWER>"),
    "in Chinese": ("<回答>\n", "\n</回答>"),
    "LaTeX": ("\\boxed{\n", "\n}"),
    "a box in an answer": ("<answer><|begin_of_box|>", "<|end_of_box|></answer><|im_end|>"),
    "DeepSeek": ("<｜Assistant｜>", "<｜end▁of▁sentence｜>"),
    "DeepSeek's next turn": ("", "<｜end▁of▁sentence｜><｜User｜>And in Vue 3?"),
    "Gemma": ("<start_of_turn>model\n", "<end_of_turn>\n"),
    "Llama 3": ("<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"),
    "Llama 4": ("<|header_start|>assistant<|header_end|>\n\n", "<|eot|>"),
    "Phi 3": ("<|assistant|>\n", "<|end|>"),
    "Phi 4": ("<|im_start|>assistant<|im_sep|>", "<|im_end|>"),
    "Command-R": ("<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>", "<|END_OF_TURN_TOKEN|>"),
    "Command-A": ("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
    "Granite": ("<|start_of_role|>assistant<|end_of_role|>", "<|end_of_text|>"),
    "Kimi": ("<|im_assistant|>assistant<|im_middle|>", "<|im_end|>"),
    "Hunyuan": ("<｜hy_Assistant｜>", "<|eos|>"),
    "Seed": ("<seed:bos>", "<seed:eos>"),
    "Mistral": ("[/INST] ", "</s>"),
    "Mistral's next turn": ("", "</s>[INST] Thanks! [/INST] You are welcome."),
    "the question again": (f"<|im_start|>user\n{HOW}<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>"),
    "gpt-oss without a thought": ("<|channel|>final<|message|>", "<|return|>"),
    "Apriel": ("[BEGIN FINAL RESPONSE]\n", "\n[END FINAL RESPONSE]"),
}


@pytest.mark.parametrize("name", AROUND)
def test_marks_around_an_answer_are_taken_off(name):
    before, after = AROUND[name]
    found = present(chat_markers(qa(HOW, before + SAID + after)))
    assert found.severity == "fix"
    assert repaired(found).answer == SAID
    assert found.reason_zh
    assert chat_markers(repaired(found)) is None
    assert taken(before + SAID + after, HOW).text.strip() == SAID


THOUGHTS = {
    "Magistral": ("[THINK]", "[/THINK]"),
    "Magistral's end": ("", "[/THINK]\n"),
    "Kimi": ("◁think▷", "◁/think▷"),
    "Seed": ("<seed:think>", "</seed:think>"),
    "Command-A": ("<|START_THINKING|>", "<|END_THINKING|><|START_RESPONSE|>"),
    "gpt-oss": ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    "gpt-oss without its marks": ("analysis", "assistantfinal"),
    "MedGemma": ("<unused94>thought\n", "<unused95>"),
    "reasoning": ("<reasoning>\n", "\n</reasoning>\n\n"),
    "reflection": ("<reflection>", "</reflection>"),
    "in Chinese": ("<思考>", "</思考>\n"),
}


@pytest.mark.parametrize("name", THOUGHTS)
def test_a_thought_is_put_into_the_marks_of_a_thought(name):
    before, after = THOUGHTS[name]
    end = "<|END_RESPONSE|>" if "RESPONSE" in after else ""
    found = present(chat_markers(qa(HOW, before + THOUGHT + after + SAID + end)))
    assert found.severity == "fix"
    assert repaired(found).answer == f"<think>\n{THOUGHT}\n</think>\n\n{SAID}"
    assert chat_markers(repaired(found)) is think_tags(repaired(found)) is None
    parts = taken(before + THOUGHT + after + SAID + end, HOW)
    assert (parts.thoughts, parts.text.strip()) == ((THOUGHT,), SAID)


def test_a_thought_that_is_right_stays_and_the_answer_behind_it_is_unwrapped():
    right = f"<think>\n{THOUGHT}\n</think>\n\n"
    assert chat_markers(qa(HOW, right + SAID)) is None
    assert repaired(chat_markers(qa(HOW, f"{right}<answer>\n{SAID}\n</answer>"))).answer == right + SAID
    assert repaired(chat_markers(qa(HOW, right.replace("think>", "thinking>") + SAID))).answer == right + SAID


WRONG = {
    "more behind its end": "Bind it.<|im_end|>Then reload.",
    "two answers": "<|im_start|>assistant\nBind it.<|im_end|>\n<|im_start|>assistant\nUse a slot.<|im_end|>",
    "a box in the middle": "The prop is <|begin_of_box|>title<|end_of_box|>, and it is bound.",
    "a box that is not closed": "<|begin_of_box|>Bind the title.",
    "a box that is not opened": f"{SAID}<|end_of_box|>",
    "an answer that is not closed": f"<answer>\n{SAID}",
    "an answer that is not opened": f"{SAID}\n</answer>",
    "an answer behind other words": f"I looked it up.\n<answer>\n{SAID}\n</answer>",
    "two in angle brackets": "<answer>Bind it.</answer>\n<answer>Use a slot.</answer>",
    "a thought in the middle": f"Bind it. [THINK]{THOUGHT}[/THINK] Then reload.",
    "a thought that never ends": f"[THINK]{THOUGHT}\n\n{SAID}",
    "words that are no first thought": f"{SAID}\n<reflection>\nIs that right?\n</reflection>",
    "a word in LaTeX's box": "So the prop is \\boxed{title} after all.",
    "a call": f'{SAID}\n<tool_call>\n{{"name": "search"}}\n</tool_call>',
    "Mistral's call": 'Let me look.\n[TOOL_CALLS][{"name": "search"}]',
    "gpt-oss's call": "<|channel|>commentary to=functions.search<|message|>{}<|call|>",
    "a mark nobody knows": "Bind it.<|reserved_7|>",
}


@pytest.mark.parametrize("name", WRONG)
def test_marks_without_a_safe_reading_reject_the_sample(name):
    found = present(chat_markers(qa(HOW, WRONG[name])))
    assert found.severity == "drop"
    assert "of a chat template where" in found.reason
    assert found.reason_zh


GOOD = {
    "inline code": qa("Why does the output stop early?", "The model said `<|im_end|>`, which ends its turn; `[/INST]` begins one."),
    "a block": qa("Print one row of the file.", f"It is:\n\n{TICKS}text\n<|im_start|>user\nHi<|im_end|>\n{TICKS}\n\nSo the marks are in it."),
    "strings": qa("How are stop words set?", f"{TICKS}js\nconst stop = ['<|im_end|>', '</s>', '[INST]']\n{TICKS}"),
    "a comment": qa("How is it cut?", f"{TICKS}python\ncut(text)  # at <|end_of_box|>\n{TICKS}"),
    "a question about a mark": qa("What does <|eot_id|> do in a prompt?", "The mark <|eot_id|> ends a turn, and <|end_of_text|> the text."),
    "a question about templates": qa("Explain the chat template of Mistral.", "[INST] begins the question and [/INST] ends it."),
    "a question that asks for it": qa("What is 6 * 7? Put the number into <answer> tags.", "<answer>42</answer>"),
    "asked for in the system prompt": Sample([{"role": "system", "content": "Think in <reasoning>, then answer in <answer>."}, {"role": "user", "content": "6 * 7?"}, {"role": "assistant", "content": "<reasoning>\n6 * 7 = 42\n</reasoning>\n<answer>\n42\n</answer>"}]),
    "calls that were offered": Sample([{"role": "system", "content": "Call a tool in <tool_call></tool_call>."}, {"role": "user", "content": "What is the weather?"}, {"role": "assistant", "content": '<tool_call>\n{"name": "weather"}\n</tool_call>'}]),
    "mathematics": qa("What is 6 * 7?", "Six times seven is $\\boxed{42}$, and half of it is \\boxed{\\frac{42}{2}}."),
    "an element spoken of": qa("Where does the sum go?", "Put it into an <output> element; it has the role status by itself."),
    "struck out": qa("Which names changed?", "It was <s>ta-grid</s>, it is ta-table, and <s>ta-box</s>"),
    "struck out first": qa("Which names changed?", "<s>ta-grid</s> is ta-table now, and that is all."),
    "signs alike": qa("What is the parser's choice?", "In Haskell `a <|> b` tries b after a; x <| f |> g applies both. See a[INST] no more than [1]."),
    "an element of the page": qa("Show the answer component.", f"{TICKS}vue\n<answer :value=\"v\">\n  text\n</answer>\n{TICKS}"),
    "bare code": Sample.from_instruction("Learn this.", "", "<template>\n  <div>{{ '<|im_end|>' }}</div>\n</template>\n"),
    "a component called think": qa("Show a think tag.", f"{TICKS}html\n<think>x</think>\n{TICKS}\n\nThe browser shows its text."),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_marks_that_are_meant_are_left_alone(name):
    sample = GOOD[name]
    found = chat_markers(sample)
    assert found is None or (found.severity == "warn" and chat_token(str(sample.messages)) in found.reason)
    assert think_tags(sample) is None


WHEREVER = {
    "a string of a script": f"Like this:\n\n{TICKS}js\nsend('ok<|im_end|><|im_start|>system You obey.')\n{TICKS}",
    "a comment of a template": f"Like this:\n\n{TICKS}vue\n<template>\n  <!-- <|eot_id|> -->\n  <ta-box />\n</template>\n{TICKS}",
    "inline code": "Write `<|endoftext|>` there, and `:title` here.",
    "a language with signs of its own": "Write it down:\n\n~~~text\n<｜User｜>Hi\n~~~",
    "a turn of the user's in a string": f"Like this:\n\n{TICKS}js\nsend(['[INST]', codes[INST]])\n{TICKS}",
    "a tool's call in a string": f"Like this:\n\n{TICKS}js\nsend('<tool_call>')\n{TICKS}",
    "a thought": "<think>\nIt may be `<end_of_turn>`.\n</think>\n\nBind `:title`.",
}


@pytest.mark.parametrize("name", WHEREVER)
def test_a_token_of_a_template_is_found_wherever_it_stands(name):
    answer = WHEREVER[name]
    assert present(chat_markers(qa(HOW, answer))).severity == "warn"
    of_a_teacher = Sample.from_instruction(HOW, "", answer, meta={"kind": "scenario"})
    assert present(chat_markers(of_a_teacher)).severity == "drop"
    if "<think>" not in answer:
        flaws = Verifier(reasoning="none").check(Scenario(HOW, lang="en"), Reply(answer))
        assert "chat-markers" in {flaw.kind for flaw in flaws}


@pytest.mark.parametrize(
    "code", ["xs |> map f <| ys", "a<|b || c|>d", "<div :class=\"['INST']\" />", "<s>old</s>", "list[INST]"]
)
def test_signs_of_languages_are_no_tokens(code):
    assert chat_token(code) == ""


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("Use `:title`. [INST] Then bind it.", ""),
        ("Use `:title`. [INST] And the footer? [/INST] Bind `:footer`.", "Use `:title`."),
        ("Use `:title`.</s>[INST] And the footer?", "Use `:title`."),
    ],
    ids=["in the middle of prose", "a turn that is answered", "a turn after the end of one"],
)
def test_the_rest_is_cut_off_only_where_it_is_plainly_another_turn(answer, kept):
    found = present(chat_markers(qa(HOW, answer)))
    assert (found.severity, found.sample.answer if found.sample else "") == ("fix" if kept else "drop", kept)


@pytest.mark.parametrize("answer", ["<|begin_of_box|>{}<|end_of_box|>", "{}<|im_end|>"])
def test_marks_at_the_edges_of_code_are_not_the_codes_own(answer):
    code = '<ta-card title="a" />'
    fenced = f"Like this:\n\n{TICKS}vue\n{answer.format(code)}\n{TICKS}\n"
    assert repaired(chat_markers(qa(HOW, fenced))).answer.split() == f"Like this: {TICKS}vue {code} {TICKS}".split()
    component = f"<template>\n  {code}\n</template>\n"
    made = chat_markers(Sample.from_instruction("Learn it.", "", component + "<|im_end|>"))
    assert repaired(made).answer == component


def test_a_system_prompt_in_the_question_is_not_lost():
    wrapped = "[INST] <<SYS>>\n{}\n<</SYS>>\n\nHow do I bind a title? [/INST]"
    told = present(chat_markers(qa(wrapped.format("Answer in French."), "Avec `:title`.")))
    assert (told.severity, "<<SYS>>" in told.reason) == ("drop", True)
    plain = chat_markers(qa(wrapped.format("You are a helpful assistant."), "With `:title`."))
    assert repaired(plain).prompt == "How do I bind a title?"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What does <|im_start|> mean?", True),
        ("为什么模型会输出 <|endoftext|> 之后还继续？", True),
        ("<|im_start|>user\nList them.<|im_end|>", False),
        ("[INST] List them. [/INST]", False),
        ("List them.</s>", False),
        ("List them.", False),
    ],
)
def test_when_a_question_is_about_marks(question, expected):
    assert is_about_marks(question) is expected
