"""Put together the catalogue of a scan and its samples from the facts of all files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson

from swiftprep.catalog.catalog import Catalog
from swiftprep.catalog.explain import Counts
from swiftprep.catalog.linking.link import Linked
from swiftprep.catalog.linking.names import Modules
from swiftprep.catalog.witnesses.declarations import Declarations
from swiftprep.catalog.witnesses.docs import Docs
from swiftprep.catalog.witnesses.overrides import Override
from swiftprep.scan.aggregate import Files, SpooledFacts, all_components
from swiftprep.scan.api_samples import api_samples, failures_and_notes
from swiftprep.scan.kinds import SampleSpec
from swiftprep.scan.ownership import Ownership
from swiftprep.scan.result import Spool
from swiftprep.scan.roots import Roots
from swiftprep.scan.usage import CodeUsage
from swiftprep.scan.witnesses import Witnesses, digest_of


@dataclass(frozen=True, slots=True)
class Context:
    """What the catalogue depends on beside the files.

    Attributes:
        roots: The scanned folders.
        packages: Package name → its folder.
        ownership: Whose the components are.
        catalogs: What witnesses other than the source know.
        overrides: The user's corrections, by tag.
        chinese: Whether to prefer documentation in Chinese.
    """

    roots: Roots
    packages: Mapping[str, str]
    ownership: Ownership
    catalogs: tuple[Catalog, ...] = ()
    overrides: Mapping[str, Override] | None = None
    chinese: bool = True

    def digest(self) -> bytes:
        """Return a hash of all of it."""
        parts = (
            [(root.name, root.rank) for root in self.roots.all], sorted(self.packages.items()), self.ownership.key,
            self.chinese, digest_of(self.catalogs, self.overrides or {}),
        )  # fmt: skip
        return hashlib.blake2b(repr(parts).encode("utf-8", "replace"), digest_size=16).digest()


def catalog_parts(
    files: Files, spool: Spool, spec: SampleSpec, context: Context, held_out: set[str]
) -> Iterator[tuple[str, bytes]]:
    """Yield the parts of the catalogue and the samples made from it; see `ScanAggregate.add`.

    Args:
        files: The files' facts.
        spool: Where the facts are.
        spec: The samples to make.
        context: What the catalogue depends on beside the files.
        held_out: The files held out.
    """
    facts = SpooledFacts(files.facts, spool)
    vue3 = spec.vue_version.startswith("3")
    linked = Linked(facts, context.packages, vue3=vue3, rank_of=lambda path: context.roots.of(path).rank)
    usage = CodeUsage(facts, linked, context.ownership)
    pages = {path: orjson.loads(spool.get(place)) for path, place in files.pages.items()}
    docs = Docs(pages, linked.tags, chinese=context.chinese)
    declarations = Declarations(Modules(facts, context.packages))
    witnesses = Witnesses(context.catalogs, docs, context.overrides or {}, declarations=declarations)
    frame = Catalog(usage=usage.by_tag, framework=spec.framework, vue_version=spec.vue_version)
    frame.contradictions = witnesses.contradictions
    counts = Counts()
    components = counts.counted(all_components(linked, usage, context.ownership, witnesses, vue3=vue3))
    yield from api_samples(spec, frame, components, held_out)
    yield from failures_and_notes(linked)
    yield "completeness", orjson.dumps([counts.total()])
