from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from steps import growth

from swiftprep.scan.licences import allowed, licence_of, read_licence

MIT_WORDS = """\
Permission is hereby granted, free of charge, to any person obtaining
 * a copy of this software and associated documentation files"""
BSD_WORDS = """\
Redistribution and use in source and binary forms, with or without
# modification, are permitted provided that the following conditions are met:"""


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("// SPDX-License-Identifier: MIT\n", "MIT"),
        ("/* SPDX-License-Identifier: Apache-2.0 */", "Apache-2.0"),
        ("<!-- SPDX-License-Identifier: ISC-->\n<template/>", "ISC"),
        ("# spdx-license-identifier: BSD-3-Clause.\n", "BSD-3-Clause"),
        ("{# SPDX-License-Identifier: 0BSD #}", "0BSD"),
        ('"""SPDX-License-Identifier: LicenseRef-Acme-1.0"""', "LicenseRef-Acme-1.0"),
        ("-- SPDX-License-Identifier: MIT OR Apache-2.0\r\n", "MIT OR Apache-2.0"),
        ("; SPDX-License-Identifier: GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("// SPDX-License-Identifier: (MIT OR GPL-2.0+) AND ISC and more", "(MIT OR GPL-2.0+) AND ISC"),
        ("// (SPDX-License-Identifier: MIT)", "MIT"),
        ("// SPDX-License-Identifier: (MIT", "MIT"),
        ("\n" * 29 + "// SPDX-License-Identifier: MIT", "MIT"),
        ("\n" * 30 + "const id = 'SPDX-License-Identifier: MIT'", ""),
        ("/*!\n * @license MIT\n */", "MIT"),
        ("/** @license: apache-2.0 */", "Apache-2.0"),
        ("/** @license MIT and nothing else */", "MIT"),
        ("/** @licence MIT OR ISC */", "MIT OR ISC"),
        ("/** @license React v16\n * This source code is licensed under the MIT license found in the\n */", "MIT"),
        ("/*!\n * @preserve jquery.x 1.2 (c) 2020 A. Released under the MIT License.\n */", "MIT"),
        ("/*! x v1.0.0 | (c) 2020 A | license: MIT */", "MIT"),
        ("/*!\n * (c) 2014-2023 Evan You\n * Released under the MIT\n * License.\n */", "MIT"),
        (f"/*\n * Copyright A. All rights reserved.\n * {MIT_WORDS}\n */", "MIT"),
        ("// 本项目基于 MIT 许可证发布", "MIT"),
        ("# Licensed under the Apache License, Version\n# 2.0 (the License);", "Apache-2.0"),
        ("/* Licensed to the ASF under one or more; the Apache License, Version 2.0 */", "Apache-2.0"),
        (f"# {BSD_WORDS}\n", "BSD-2-Clause"),
        (f"# {BSD_WORDS}\n# 3. Neither the name of the copyright holder", "BSD-3-Clause"),
        ("// Use of this source code is governed by a BSD-style license", "BSD-3-Clause"),
        ("/* GNU General Public License as published by the FSF; either version 2 of the License, or later */", "GPL-2.0"),
        ("/* the GNU General Public License as published by\n * the FSF, either version 3 of */", "GPL-3.0"),
        ("// released under GPLv3", "GPL-3.0"),
        ("# GNU Lesser General Public License\n# as published; either version 2.1 of", "LGPL-2.1"),
        ("# GNU Lesser General Public License as published; either version 3", "LGPL-3.0"),
        ("<!-- GNU Affero General Public License, version 3 -->", "AGPL-3.0"),
        ("/* This Source Code Form is subject to the terms of the Mozilla Public\n * License, v. 2.0. */", "MPL-2.0"),
        ("// ISC License", "ISC"),
        (" * x\n/* x is licensed under Mulan PSL v2.\n * You can use it */", "MulanPSL-2.0"),
        ("/* 本软件依据木兰宽松许可证第2版 */", "MulanPSL-2.0"),
        ("/* Copyright (c) 2021 Acme. All Rights Reserved. */", "LicenseRef-Proprietary"),
        ("<!-- 某某科技有限公司 版权所有 -->", "LicenseRef-Proprietary"),
        ("# Proprietary and confidential", "LicenseRef-Proprietary"),
        ("Copyright 2020 Acme\nAll rights reserved.\n", "LicenseRef-Proprietary"),
        ("/* MIT License; the parser is under the Apache License 2.0 */", "MIT"),
        ("<template>\n  <p>© 2024 Acme. All rights reserved. 版权所有</p>\n</template>", ""),
        ("export default { name: 'MIT License' }", ""),
        ("const glob = 'http://a.cn/MIT License'", ""),
        ("// permits emit license-free", ""),
        ("", ""),
        ("x" * 3000 + "\n// MIT License", ""),
    ],
)  # fmt: skip
def test_what_a_head_states(text, licence):
    assert licence_of(text) == licence


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("/* made available under the terms of the Eclipse Public License v1.0 */", "EPL-1.0"),
        ("// SPDX: see below\n// EPL 2.0", "EPL-2.0"),
        ("# Business Source License 1.1, Change License: Apache License 2.0", "BUSL-1.1"),
        ("/*! Common Development and Distribution License 1.1 */", "CDDL-1.1"),
        ("<!-- Server Side Public\n  License, v 1 -->", "SSPL-1.0"),
        ("# You may use it under the Artistic License 2.0.", "Artistic-2.0"),
        ("// European Union Public Licence", "EUPL-1.2"),
        ("/* 本文件采用木兰公共许可证第2版 */", "MulanPubL-2.0"),
        ("# Mulan PSL v1", "MulanPSL-1.0"),
        ("// CC BY-NC-SA 4.0", "CC-BY-NC-SA-4.0"),
        ("/* licensed under Creative Commons Attribution 4.0 */", "CC-BY-4.0"),
        ("/* Elastic License 2.0 */", "Elastic-2.0"),
        ("// Mozilla Public License 1.1", "MPL-1.1"),
        ("/* This is free and unencumbered software released into the public domain. */", "Unlicense"),
        ("/** @license CPAL-1.0 */", "CPAL-1.0"),
        ("/** @license XYZ-NC-3.1 */", "XYZ-NC-3.1"),
        ("// SPDX-License-Identifier: MIT and SSPL-1.0", "MIT and SSPL-1.0"),
        ("# SPDX-License-Identifier: Nobody-Knows-7", "Nobody-Knows-7"),
        ("/* Apache License 2.0, restricted by the Commons Clause */", "Apache-2.0 AND LicenseRef-Commons-Clause"),
        ("// MIT License, 仅供学习", "MIT AND LicenseRef-Non-Commercial"),
        ("/* Licensed under the Globex Partner License 3 */", "LicenseRef-Globex-Partner-License-3"),
        ("# Use of this file is governed by a license that can be found elsewhere", "LicenseRef-Unknown"),
        ("/* Permission to use this file is granted if this notice stays. */", "LicenseRef-Unknown"),
        ("// License: Globex Commercial EULA", "LicenseRef-Globex-Commercial-EULA"),
        ("// License: Commercial", "LicenseRef-Commercial"),
        ("/* 本项目遵循某某社区许可证 */", "LicenseRef-Unknown"),
        ("/* (C) 某某公司，未经书面许可不得复制 */", "LicenseRef-Proprietary"),
        ("<template>\n<!-- 公司机密文件，严禁外传 -->\n</template>", "LicenseRef-Proprietary"),
        ("/* GLOBEX CONFIDENTIAL */", "LicenseRef-Proprietary"),
        ("// Unauthorised copying of this file is prohibited", "LicenseRef-Proprietary"),
    ],
)
def test_a_licence_in_words_is_never_taken_for_none(text, licence):
    stated = read_licence(f"{text}\nexport default {{}}\n")
    assert stated.licence == licence
    assert stated.words
    assert not allowed(stated.licence, frozenset({"MIT", "Apache-2.0"}))


@pytest.mark.parametrize(
    "text",
    [
        "// 驾驶证(driver license)信息表单",
        "/** License plate of the vehicle */",
        "// License: the number on the driving licence",
        "// 许可证编号：JY2310",
        "// 许可证管理",
        "// 未登录用户未经授权不得访问",
        "// 禁止修改已提交的订单",
        "/* permission is checked by the directive v-permission */",
        "// confidential fields are hidden",
        "// for internal use only",
        "// 用户协议：勾选后才能注册",
        "// See LICENSE in the root folder",
        "const license = { type: 'C1' } // licensed drivers only",
        "export const rules = { license: [{ required: true, message: '请上传营业执照许可' }] }",
        "<template>\n  <p>未经许可不得复制 Licensed under the Foo License</p>\n</template>",
    ],
)
def test_the_word_alone_states_nothing(text):
    assert licence_of(f"{text}\nexport default {{}}\n") == ""


@pytest.mark.parametrize(
    ("licence", "allow", "expected"),
    [
        ("", "", True),
        ("  ", "", True),
        ("MIT", "MIT", True),
        ("mit", "MIT ISC", True),
        ("MIT", "ISC", False),
        ("MIT", "", False),
        ("MIT OR GPL-3.0", "MIT", True),
        ("GPL-3.0 OR MIT", "MIT", True),
        ("MIT AND GPL-3.0", "MIT", False),
        ("MIT AND ISC", "MIT ISC", True),
        ("GPL-3.0 OR MIT AND ISC", "MIT", False),
        ("GPL-3.0 AND ISC OR MIT", "MIT", True),
        ("(GPL-3.0 OR MIT) AND ISC", "MIT ISC", True),
        ("(GPL-3.0 OR MIT) AND BSD", "MIT ISC", False),
        ("((MIT))", "MIT", True),
        ("MIT or ISC", "ISC", True),
        ("GPL-2.0 WITH Classpath-exception-2.0", "GPL-2.0", True),
        ("GPL-2.0 WITH Classpath-exception-2.0", "MIT", False),
        ("GPL-2.0 WITH X OR MIT", "MIT", True),
        ("GPL-2.0+", "GPL-2.0", True),
        ("GPL-2.0-or-later", "GPL-2.0-only", True),
        ("GPL-2.0-only", "GPL-2.0", True),
        ("GPL-2.0", "GPL-2.0-only", True),
        ("GPL-2.0", "GPL-2.0-or-later", False),
        ("LicenseRef-Proprietary", "MIT", False),
        ("LicenseRef-Proprietary", "MIT LicenseRef-Proprietary", True),
        ("MIT OR", "MIT", False),
        ("OR MIT", "MIT", False),
        ("MIT OR OR", "MIT", False),
        ("MIT OR )", "MIT", False),
        ("MIT ISC", "MIT ISC", False),
        ("(MIT", "MIT", False),
        ("MIT)", "MIT", False),
        ("MIT WITH", "MIT", False),
        ("MIT WITH OR ISC", "MIT ISC", False),
        ("()", "MIT", False),
        ("(" * 9999 + "MIT" + ")" * 9999, "MIT", False),
    ],
    ids=lambda value: value[:50] if isinstance(value, str) else None,
)
def test_what_is_allowed(licence, allow, expected):
    assert allowed(licence, frozenset(allow.split())) is expected


def test_an_exception_can_be_allowed_by_itself():
    allow = frozenset({"GPL-2.0 WITH Classpath-exception-2.0"})
    assert allowed("GPL-2.0 with classpath-exception-2.0", allow)
    assert not allowed("GPL-2.0", allow)


IDS = ("MIT", "ISC", "GPL-3.0", "MPL-2.0")
EXPRESSIONS = st.recursive(
    st.sampled_from(IDS).map(lambda name: (name, name)),
    lambda inner: st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(
        lambda parts: (f"({parts[0][0]} {parts[1]} {parts[2][0]})", (parts[0][1], parts[1], parts[2][1]))
    ),
    max_leaves=8,
)


def meaning(tree, allow):
    if isinstance(tree, str):
        return tree in allow
    left, word, right = meaning(tree[0], allow), tree[1], meaning(tree[2], allow)
    return (left and right) if word == "AND" else (left or right)


@pytest.mark.slow
@given(EXPRESSIONS, st.frozensets(st.sampled_from(IDS)))
@settings(max_examples=150, deadline=None)
def test_an_expression_means_what_its_tree_means(expression, allow):
    text, tree = expression
    assert allowed(text, allow) is meaning(tree, allow)
    assert licence_of(f"// SPDX-License-Identifier: {text}") == text


@given(st.text(max_size=400), st.text(max_size=80))
@settings(max_examples=100, deadline=None)
def test_any_text_is_answered(text, licence):
    assert allowed(licence_of(text), frozenset({"MIT"})) in (True, False)
    assert allowed(licence, frozenset()) is (not licence.strip())


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit", ["/*", "(", "// MIT ", "SPDX-License-Identifier: (", "gnu general public license ", "-- "]
)
@pytest.mark.timeout(60)
def test_a_large_file_costs_no_more_than_its_head(unit):
    assert growth(lambda n: licence_of(unit * (n // len(unit) + 1)), 500_000) == 1
