"""What a notebook shows of an object: a line and a table, escaped, bounded, and without secrets."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from swiftprep.withheld import shown

MOST_ROWS = 20
MOST_CHARACTERS = 80  # of a cell
_MOST_IN_TITLE = 400


def short(text: object, most: int = MOST_CHARACTERS) -> str:
    """Return a text on one line of `most` characters at most, without secrets.

    >>> short("one two", 5)
    'one …'
    """
    raw = str(text)
    line = " ".join(shown(raw[: 20 * most]).split())
    return line if len(line) <= most and len(raw) <= 20 * most else f"{line[: most - 1]}…"


def html_table(
    title: object,
    heads: Sequence[str] = (),
    rows: Iterable[Sequence[object]] = (),
    *,
    most_characters: int = MOST_CHARACTERS,
) -> str:
    """Return a title, usually an object's `repr`, and the first rows of a table as HTML.

    >>> html_table("<Scan>", ["path"], [["<b>"]])
    '<p>Scan</p><table><tr><th>path</th></tr><tr><td>&lt;b&gt;</td></tr></table>'
    """
    listed = list(rows)
    line = f"<p>{html.escape(short(str(title).strip('<>'), _MOST_IN_TITLE))}</p>"
    if not heads or not listed:
        return line
    table = "".join(f"<th>{html.escape(head)}</th>" for head in heads)
    cells = [[html.escape(short(cell, most_characters)) for cell in row] for row in listed[:MOST_ROWS]]
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in cells)
    rest = f"<p>… {len(listed) - MOST_ROWS} more</p>" if len(listed) > MOST_ROWS else ""
    return f"{line}<table><tr>{table}</tr>{body}</table>{rest}"


def html_of_repr(self: object) -> str:
    """Return an object's `repr` as HTML; assign it to `_repr_html_` of a class that has no more to show."""
    return html_table(repr(self))
