"""Say why a scan found no component, although there are files that may define some."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from swiftprep.catalog.vue.facts import SCRIPTS, suffix_of
from swiftprep.records import Reject
from swiftprep.streams import get_logger

logger = get_logger(__name__)

_OF_COMPONENTS = (".vue", ".jsx", ".tsx")
_SHOWN = 3  # files for each reason


def warn_of_none(place: str, kept: Iterable[str], rejects: Iterable[Reject]) -> None:
    """Warn that no component was found, with the reasons, if there are files that may define some.

    Args:
        place: The scanned folders.
        kept: The files that were read.
        rejects: The files that were not.
    """
    read = [path for path in kept if suffix_of(path) in _OF_COMPONENTS]
    lost = [
        reject
        for reject in rejects
        if suffix_of(reject.path) in _OF_COMPONENTS
        or (suffix_of(reject.path) in SCRIPTS and reject.reason not in ("ignored", "no-sample"))
    ]
    if not read and not lost:
        return
    reasons = [f"{len(read)} read without a component in them"] if read else []
    for reason, count in Counter(reject.reason for reject in lost).most_common():
        paths = [reject.path for reject in lost if reject.reason == reason]
        more = ", …" if count > _SHOWN else ""
        reasons.append(f"{count} {reason} ({', '.join(paths[:_SHOWN])}{more})")
    logger.warning(
        "%s: no component was found in %d files that may define some: %s; the catalogue knows only what is used "
        "(没有找到任何组件，目录里只有用法)",
        place, len(read) + len(lost), "; ".join(reasons),
    )  # fmt: skip
