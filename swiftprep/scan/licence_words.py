"""Patterns that identify licences by their wording."""

from __future__ import annotations

import re

_V = r"(?:version |v|v\. ?|-)?"
_GNU = r"general public licen[cs]e"
_L = r"licen[cs]e"
# The match that begins first in a text decides; of two that begin at the same place, the pattern listed first.
WORDS = tuple(
    (spdx, re.compile(pattern, re.IGNORECASE))
    for spdx, pattern in (
        ("MulanPubL-2.0", rf"mulan ?publ[, ]*{_V}2|mulan public licen[cs]e|木兰公共许可证"),
        ("MulanPSL-1.0",
         rf"mulan ?psl[, ]*{_V}1|mulan permissive software licen[cs]e[, ]*{_V}1|木兰宽松许可证[, ，]*第?{_V}[1一]"),
        ("MulanPSL-2.0", rf"mulan ?psl[, ]*{_V}2|mulan permissive software licen[cs]e[, ]*{_V}2|木兰宽松许可证"),
        ("AGPL-3.0", rf"(?:gnu )?affero {_GNU}|\bagpl"),
        ("LGPL-2.1", rf"(?:gnu )?(?:lesser|library) {_GNU}.{{0,120}}?version 2|\blgpl[, ]*{_V}2"),
        ("LGPL-3.0", rf"(?:gnu )?(?:lesser|library) {_GNU}|\blgpl"),
        ("GPL-2.0", rf"gnu {_GNU}.{{0,120}}?version 2\b|\bgpl[, ]*{_V}2"),
        ("GPL-3.0", rf"gnu {_GNU}.{{0,120}}?version 3\b|\bgpl[, ]*{_V}3"),
        ("GPL-2.0", rf"gnu {_GNU}|under (?:the )?(?:terms of the )?gpl\b"),
        ("MPL-2.0", rf"mozilla public licen[cs]e[, ]*{_V}2|\bmpl[, ]*{_V}2"),
        ("Apache-2.0", rf"apache (?:software )?licen[cs]e[, (]*{_V}2|apache[- ]{_V}2|licen[cs]ed? ?[:：] ?apache\b"),
        ("MIT", r"\bmit(?:-style)? licen[cs]ed?\b|"
                r"licen[cs]ed? ?(?:[:：]|under (?:the )?(?:terms of the )?) ?\(?mit\b"
                r"|\bmit ?(?:许可|协议|授权)|"
                r"permission is hereby granted, free of charge, to any person obtaining a copy"),
        ("ISC", r"\bisc licen[cs]ed?\b|licen[cs]ed? ?[:：] ?isc\b|"
                r"permission to use, copy, modify,? and ?(?:or)? distribute this software for any purpose"),
        ("BSD-3-Clause", r"redistribution and use in source and binary forms.{0,2400}?neither the name|"
                         r"bsd[- ]3[- ]clause|3[- ]clause bsd|(?:new|modified|revised) bsd licen[cs]e|"
                         r"bsd-style licen[cs]e"),
        ("BSD-2-Clause", r"redistribution and use in source and binary forms|bsd[- ]2[- ]clause|2[- ]clause bsd|"
                         r"simplified bsd licen[cs]e"),
        ("BUSL-1.1", rf"business source {_L}|\bbusl\b|\bbsl[, ]*{_V}1\.1"),
        ("SSPL-1.0", rf"server[- ]side public {_L}|\bsspl\b"),
        ("Elastic-2.0", rf"elastic {_L}"),
        ("EPL-1.0", rf"eclipse public {_L}[, ]*(?:- )?{_V}1|\bepl[, ]*{_V}1"),
        ("EPL-2.0", rf"eclipse public {_L}|\bepl[, ]*{_V}2"),
        ("CDDL-1.1", rf"common development and distribution {_L}[, ()]*(?:cddl[, )]*)?{_V}1\.1|\bcddl[, ]*{_V}1\.1"),
        ("CDDL-1.0", rf"common development and distribution {_L}|\bcddl\b"),
        ("EUPL-1.1", rf"european union public licen[cs]e[, ]*{_V}1\.1|\beupl[, ]*{_V}1\.1"),
        ("EUPL-1.2", r"european union public licen[cs]e|\beupl\b"),
        ("Artistic-1.0", rf"artistic {_L}[, ]*{_V}1"),
        ("Artistic-2.0", rf"artistic {_L}"),
        ("CPL-1.0", rf"common public {_L}(?! attribution)"), ("CPAL-1.0", rf"common public attribution {_L}"),
        ("MPL-1.0", rf"mozilla public {_L}[, ]*{_V}1\.0|\bmpl[, ]*{_V}1\.0"),
        ("MPL-1.1", rf"mozilla public {_L}[, ]*{_V}1|\bmpl[, ]*{_V}1"),
        ("MPL-2.0", rf"mozilla public {_L}"),
        ("Apache-1.1", rf"apache (?:software )?{_L}[, (]*{_V}1"),
        ("Apache-2.0", rf"(?:under|with|by) (?:the )?(?:terms of the )?apache {_L}"),
        ("CC-BY-NC-ND-4.0", r"\bcc[- ]by[- ]nc[- ]nd|attribution-?non-?commercial-?no-?deriv"),
        ("CC-BY-NC-SA-4.0", r"\bcc[- ]by[- ]nc[- ]sa|attribution-?non-?commercial-?share-?alike"),
        ("CC-BY-NC-4.0", r"\bcc[- ]by[- ]nc|creative commons attribution-?non-?commercial"),
        ("CC-BY-ND-4.0", r"\bcc[- ]by[- ]nd|creative commons attribution-?no-?deriv"),
        ("CC-BY-SA-4.0", r"\bcc[- ]by[- ]sa|creative commons attribution-?share-?alike"),
        ("CC-BY-4.0", r"\bcc[- ]by\b|creative commons attribution"),
        ("CC0-1.0", r"\bcc0\b|creative commons zero|dedicated? (?:\w+ ){0,8}to the public domain"),
        ("Unlicense", r"\bunlicense\b|free and unencumbered software released into the public domain"),
        ("BSL-1.0", rf"boost software {_L}"), ("Zlib", rf"\bzlib {_L}|zlib/libpng {_L}"),
        ("WTFPL", r"\bwtfpl\b|do what the fuck you want"),
        ("MS-PL", rf"microsoft public {_L}|\bms-pl\b"), ("MS-RL", rf"microsoft reciprocal {_L}|\bms-rl\b"),
        ("OFL-1.1", rf"\b(?:sil )?open font {_L}|\bofl[, ]*{_V}1"), ("OSL-3.0", rf"open software {_L}|\bosl[, ]*{_V}3"),
        ("AFL-3.0", rf"academic free {_L}"), ("NCSA", r"university of illinois/?ncsa"),
        ("PSF-2.0", rf"python software foundation {_L}|\bpsf {_L}"), ("PHP-3.01", rf"\bphp {_L}"),
        ("LPPL-1.3c", rf"latex project public {_L}"), ("CECILL-2.1", r"\bcecill\b"),
        ("PostgreSQL", rf"postgresql {_L}"),
        ("LicenseRef-PolyForm", r"polyform [\w -]{3,40}licen[cs]e"), ("LicenseRef-FSL", rf"functional source {_L}"),
        ("LicenseRef-RSAL", rf"redis source available {_L}|\brsal"),
        ("LicenseRef-Confluent", rf"confluent community {_L}"),
        ("LicenseRef-JSON", r"the software shall be used for good, not evil"),
    )
)  # fmt: skip
RESERVED = re.compile(
    r"all rights? (?:are )?reserved|版权所有|著作权所有|保留(?:所有|一切|全部)权利|proprietary and confidential|"
    r"confidential and proprietary|proprietary (?:software|code|information)",
    re.IGNORECASE,
)
# Clauses that restrict the licence they accompany.
RIDERS = tuple(
    (reference, re.compile(pattern, re.IGNORECASE))
    for reference, pattern in (
        ("LicenseRef-Commons-Clause", r"commons clause"),
        ("LicenseRef-Anti-996", r"anti[- ]?996|反996"),
        ("LicenseRef-Non-Commercial", r"(?<!by-nc)(?:for )?(?:strictly )?non-?commercial (?:use|purposes?)(?: only)?|"
         r"(?:禁止|不得|请勿)(?:用于)?商业用途|仅[限供](?:于)?(?:个人)?(?:学习|非商业)"),
    )
)  # fmt: skip
# Sentences that put the file under a licence of any name.
STATEMENTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:licen[cs]ed|(?:re-?)?distributed|released|available|provided|published|governed|covered|subject|offered)"
        r"[\w ,]{0,40}? (?:under|by|to|with) (?:the )?(?:terms (?:and conditions )?of )?(?:the |an? )?"
        r"(?P<name>[\w.,()+& -]{0,80}?\b(?:licen[cs]e|licen[cs]ing (?:terms|agreement)|eula)\b(?: agreement)?"
        r"[, v\d.]{0,16})",
        r"under (?:the )?terms (?:and conditions )?of (?:the |an? )?"
        r"(?P<name>[\w.,()+& -]{2,80}?\b(?:licen[cs]e|agreement)\b[, v\d.]{0,16})",
        r"(?:you may not|may not be) (?:use|used|copy|copied|reproduced?|distributed?|modify|modified|disclosed?)\b"
        r"[\w ,]{0,60}",
        r"permission (?:is (?:hereby )?(?:granted|given)|to (?:use|copy|modify|distribute))[\w ,]{0,60}",
        r"(?:re)?distribution[\w ,]{0,60} (?:is|are) (?:permitted|allowed|prohibited|forbidden)[\w ,]{0,40}",
        r"(?:本|该)(?:软件|程序|项目|文件|代码|作品|源码|系统)[^。\n]{0,30}?(?:采用|基于|遵循|依据|依照|使用|按照?|受)\s?"
        r"(?P<name>[^。，,\n]{1,30}?(?:许可证|许可协议|开源协议|授权协议))",
    )
)
LABEL = re.compile(
    r"^[ \t\r\f\v\u3000\xa0*#;/|!<>-]*(?:@?licen[cs]e|许可证|许可协议|授权协议|开源协议)[ \t]*[:：][ \t]*"
    r"(?P<name>(?:(?-i:[A-Z\u4e00-\u9fff])|commercial\b|proprietary\b|private\b|confidential\b)[^\n]{0,60})",
    re.IGNORECASE | re.MULTILINE,
)
# Notices that forbid copying. A comment on what users may not do ("未授权不得访问") does not mention copies.
RESTRICTED = re.compile(
    r"(?-i:\bCONFIDENTIAL\b|\bINTERNAL USE ONLY\b)|(?:company|strictly|highly) confidential|"
    r"confidential information|trade secrets?\b|"
    r"for internal use (?:only )?(?:at|by|of|within)\b|"
    r"unauthori[sz]ed (?:copying|use|reproduction|distribution|disclosure)|do not (?:re)?distribute|"
    r"未经[^。\n]{0,20}?(?:许可|授权|同意|允许)[^。\n]{0,20}?(?:复制|传播|转载|分发|商用|使用本|修改本|拷贝|翻版|泄露|泄漏|外传|盗用|抄袭|用于商业)|"
    r"(?:严禁|禁止|不得|请勿|切勿)(?:对外|擅自|私自|任意)?(?:复制|传播|转载|分发|商用|拷贝|泄露|泄漏|外传|盗用|抄袭|用于商业)|"
    r"仅[限供](?:于)?(?:公司|本公司|企业)?内部(?:使用|传阅|交流)|(?:公司|商业|内部)?(?:机密|保密)(?:文件|代码|信息|资料)|商业秘密|知识产权(?:归|属)",
    re.IGNORECASE,
)
# Pointers say that there is a licence, but not which one.
POINTER = re.compile(
    r"(?i)\W*(?:see|refer|found|read|in|in the|请?(?:参见|参阅|查看|见))\b.*|"
    r"\W*(?:https?:|\.{0,2}/|licen[cs]e(?:\.\w+)?\W*$)"
)
NAMES = {
    **{name.lower(): name for name, _ in WORDS},
    **{name.lower(): name for name in (
        "MIT", "MIT-0", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "MPL-2.0", "MulanPSL-2.0", "Zlib",
        "Unlicense", "WTFPL", "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "BSL-1.0", "EPL-2.0", "UNLICENSED",
        "GPL-2.0", "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0", "GPL-3.0-only", "GPL-3.0-or-later", "LGPL-2.1",
        "LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0", "LGPL-3.0-only", "LGPL-3.0-or-later", "AGPL-3.0",
        "AGPL-3.0-only", "AGPL-3.0-or-later",
    )},
    "bsd": "BSD-3-Clause", "apache": "Apache-2.0", "apache2": "Apache-2.0", "gplv2": "GPL-2.0", "gplv3": "GPL-3.0",
    "proprietary": "LicenseRef-Proprietary", "commercial": "LicenseRef-Commercial", "private": "LicenseRef-Proprietary",
    "confidential": "LicenseRef-Proprietary",
}  # fmt: skip
