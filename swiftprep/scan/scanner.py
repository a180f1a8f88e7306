"""`Scanner`: turn a code base into training samples and a catalogue of its components."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import lru_cache, partial
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from swiftprep import tokens
from swiftprep.arguments import checked_keywords, is_number, one_or_more
from swiftprep.catalog.catalog import Catalog
from swiftprep.catalog.vue.facts import suffix_of
from swiftprep.catalog.witnesses.overrides import read_overrides
from swiftprep.errors import ConfigError
from swiftprep.process.item_limits import ItemLimits, check_workers
from swiftprep.process.workers import Guarded, Lost, pool_of
from swiftprep.progress import progress_bar
from swiftprep.records import Reject
from swiftprep.scan.aggregate import Files, ScanAggregate
from swiftprep.scan.cache import ScanCache, store_path
from swiftprep.scan.catalog_parts import Context, catalog_parts
from swiftprep.scan.file_record import DOCS, SUFFIXES, File, FileRecord, Job, not_parsed, shown_name
from swiftprep.scan.framework import FolderTags, FrameworkName, framework_of, tags_of
from swiftprep.scan.in_worker import read_in_worker
from swiftprep.scan.kinds import SampleSpec
from swiftprep.scan.no_components import warn_of_none
from swiftprep.scan.ownership import Ownership, ownership_of
from swiftprep.scan.restored import Restored, read_again
from swiftprep.scan.result import Kept, Scan, Spool
from swiftprep.scan.roots import Roots, readable
from swiftprep.scan.split import held_out
from swiftprep.scan.tasks import KINDS, load_task
from swiftprep.scan.vue_version import checked_version
from swiftprep.scan.walk import FoundFile
from swiftprep.scan.witnesses import published
from swiftprep.streams import get_logger

logger = get_logger(__name__)

_POOL_BYTES = 2_000_000  # from this size on, a second worker process saves more time than it takes to start
_CHUNK_BYTES = 400_000
_PACKAGE = Path(__file__).parents[1]

GivenFacts: TypeAlias = "str | Path | Catalog"
Read: TypeAlias = Callable[[list[FoundFile], Mapping[str, str]], "Future[list[FileRecord | Lost | None]]"]


class Scanner:
    """Turn a code base into samples and a catalogue of its components.

    It reads Vue single-file components, JavaScript and TypeScript with or without JSX, Python and Java. Secrets are
    replaced before a file is parsed.

    >>> import pathlib, tempfile
    >>> root = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (root / "Hello.vue").write_text("<template><ta-tag color='red'>hi</ta-tag></template>")
    >>> scan = Scanner(root, framework="ta404", kinds=["component"], cache=False).scan()
    >>> scan.samples[0].id, scan.samples[0].answer
    ('ta404:Hello.vue', "<template><ta-tag color='red'>hi</ta-tag></template>")
    >>> scan.catalog.components["ta-tag"].props[0].name
    'color'
    """

    @checked_keywords
    def __init__(
        self,
        root: str | Path | Iterable[str | Path],
        framework: str | None = None,
        *,
        vue_version: str | None = None,
        lang: str = "zh",
        kinds: str | Path | Iterable[str | Path] = KINDS,
        suffixes: str | Iterable[str] = SUFFIXES,
        ignore: str | Iterable[str] | None = None,
        max_tokens: int | None = None,
        tokenizer: str | Path | Callable[[str], int] | None = None,
        allow_licenses: str | Iterable[str] | None = None,
        redact: bool = True,
        val_fraction: float = 0.1,
        seed: int = 42,
        workers: int | None = None,
        file_seconds: float = 3.0,
        file_memory_mb: int = 2000,
        cache: bool = True,
        sample_all: bool = False,
        facts: GivenFacts | Iterable[GivenFacts] = (),
        overrides: str | Path | Mapping[str, Any] | None = None,
    ) -> None:
        """Set up a scan; only the templates are read yet.

        Args:
            root: The folder of the code base, or several, such as an application and its framework. They are read as
                one: uses in the application are resolved to the framework's components. Samples are made of the files
                in the first folder, and the catalogue is that of all; of two components with one tag, that in the
                folder named first counts. Paths begin with the folder's name then.
            framework: Name of the private framework, as written in the samples. None infers it; see
                `swiftprep.scan.framework`. `Scan.framework` and `Scan.framework_from` tell the result.
            vue_version: Version of Vue, as written in the samples, such as `"3.4"`. None takes it from the nearest
                `package.json` if that requires Vue 3, and is `"2.7"` otherwise.
            lang: Language of the instructions, `"zh"` or `"en"`.
            kinds: The samples to make, one kind or several: `"component"`, `"template"`, `"script"`, `"fim"`, `"page"`,
                `"api"`, or the paths of your own `.yaml` templates (see `swiftprep.scan.tasks` for their format).
            suffixes: Endings of the files to make samples of, one or several, with or without the dot. The catalogue
                always uses every readable file, since a `.vue` file may use a mixin from a `.js` file.
            ignore: gitignore patterns in place of the default ones (`.git/`, `node_modules/`, `dist/` …). The
                tree's own `.gitignore` files always apply.
            max_tokens: The maximum length of a sample, prompt and answer together, without the chat template's few
                tokens. A longer component is cut at its blocks, statements and methods.
            tokenizer: Folder of a model with a tokenizer, or a function that counts the tokens of a text.
            allow_licenses: SPDX ids; a file that states another licence in its header is rejected. None allows all.
            redact: Whether to replace secrets by words such as `REDACTED_PASSWORD`.
            val_fraction: Share of the files to hold out, from 0 to below 1.
            seed: Seed for the choice of the files to hold out.
            workers: Number of worker processes; None chooses it by the size of the tree. The result is the same.
            file_seconds: Seconds of processor time allowed per file, and the same again for each megabyte; a file that
                takes longer is rejected.
            file_memory_mb: Memory limit of a worker process in megabytes (on Linux).
            cache: Whether to cache the results in the cache folder (`$SWIFTPREP_CACHE`), so that the next scan reads
                only changed files. Secrets in it are replaced, and only its owner can read it.
            sample_all: Make samples of the files in all folders, not only of those in the first.
            facts: What else to take the components' API from, without samples: folders, such as the installed
                `node_modules/ant-design-vue` (relative to the first folder or the working folder), files with
                web-types or a catalogue, and catalogues, such as that of `Catalog.from_runtime`.
            overrides: Your own corrections of the catalogue, as a YAML or JSON file or its content; see
                `swiftprep.catalog.witnesses.overrides`.

        Raises:
            ConfigError: a folder does not exist or is within another, or a setting is out of range.
            MissingDependencyError: the package that loads the tokenizer is not installed.
        """
        folders = one_or_more("root", root)
        given = [facts] if isinstance(facts, (str, Path, Catalog)) else list(facts)
        self._given = [one for one in given if isinstance(one, Catalog)]
        places = [Path(os.path.expanduser(one)) for one in given if not isinstance(one, Catalog)]
        self._given += [Catalog.load(place) for place in places if place.is_file()]
        self.roots = Roots.given(
            folders, facts=[place for place in places if not place.is_file()], sample_all=sample_all
        )
        self._overrides = {} if overrides is None else read_overrides(overrides)
        if not is_number(val_fraction) or not 0 <= val_fraction < 1:
            raise ConfigError(
                f"val_fraction={val_fraction!r:.100}: expected a number from 0 to below 1 (应在 0 到 1 之间)"
            )
        if workers is not None:
            check_workers(workers)
        if max_tokens is not None and (max_tokens < 1 or tokenizer is None):
            raise ConfigError(
                f"max_tokens={max_tokens}: expected 1 or more, with tokenizer= to count them (需要 tokenizer)"
            )
        endings = (str(suffix).lower().removeprefix("*") for suffix in one_or_more("suffixes", suffixes))
        self.suffixes = tuple(dict.fromkeys(f".{suffix.removeprefix('.')}" for suffix in endings))
        if not self.suffixes or not set(self.suffixes) <= set(SUFFIXES):
            raise ConfigError(f"suffixes={self.suffixes}: expected some of {', '.join(SUFFIXES)} (不支持的后缀)")
        tasks = tuple(load_task(kind, lang) for kind in dict.fromkeys(map(str, one_or_more("kinds", kinds))))
        if not tasks:
            raise ConfigError(f"kinds: expected at least one of {', '.join(KINDS)} (至少要有一种样本)")
        count = tokenizer if callable(tokenizer) or tokenizer is None else tokens.Counter(tokenizer)
        if framework is not None and (not isinstance(framework, str) or not framework.strip()):
            raise ConfigError(f"framework={framework!r:.100}: expected a name, or None to infer it (应为名称)")
        self.framework = framework
        self._lang = lang
        self.vue_version = checked_version(vue_version) if vue_version else self.roots.vue_version()
        self.ignore = None if ignore is None else one_or_more("ignore", ignore)
        self.val_fraction = val_fraction
        self.seed = seed
        self.workers = workers
        self._limits = ItemLimits.given("file", file_seconds, file_memory_mb)
        # Two counting functions of the user cannot be told apart, so their results are not cached.
        self.cache = cache and not (callable(tokenizer) and count is tokenizer)
        self._job = Job(
            self.roots,
            SampleSpec(tasks, framework or "", self.vue_version, max_tokens=max_tokens, count=count),
            self.suffixes,
            None if allow_licenses is None else frozenset(one_or_more("allow_licenses", allow_licenses)),
            redact,
        )

    def __repr__(self) -> str:
        return f"<Scanner of {', '.join(self.suffixes):.100} files>"

    def scan(self) -> Scan:
        """Scan the tree.

        Raises:
            ConfigError: the folder holds no file to read, or a template fails.
        """
        listed = list(self.roots.walk((*SUFFIXES, *DOCS), self.ignore))
        if not any(self._is_wanted(item) for item in listed):
            others = ", ".join(sorted({suffix_of(item.path) for item in listed if suffix_of(item.path) in SUFFIXES}))
            there = f"; there are {others}, see suffixes=" if others else ""
            wanted = ", ".join(self.suffixes)
            raise ConfigError(f"{self.roots}: no {wanted} file in it{there} (文件夹里没有可扫描的源文件)")
        files = [item for item in listed if isinstance(item, FoundFile) and suffix_of(item.path) in SUFFIXES]
        tags = tags_of(self.roots, files)
        name = self._name(files, tags)
        ownership = ownership_of(tags, name.name)
        spec = replace(self._job.wanted, framework=name.name, framework_tags=ownership.framework)
        self._job = replace(self._job, wanted=spec)
        folders = [root.folder for root in self.roots.all]
        store = ScanCache(store_path(folders, self._fingerprint()) if self.cache else None)
        try:
            return self._scan(listed, store, name, ownership)
        finally:
            store.close()

    def _name(self, files: list[FoundFile], tags: dict[str, FolderTags]) -> FrameworkName:
        """Return the framework's name: the given one, else the inferred one."""
        if self.framework is not None:
            return FrameworkName(self.framework, "given")
        name = framework_of(self.roots, files, tags)
        logger.info(
            "framework: %s, from the %s; framework= sets another name (框架名：%s，可用 framework= 指定)",
            name.name, name.source, name.name,
        )  # fmt: skip
        return name

    def _is_wanted(self, item: FoundFile | Reject) -> bool:
        """Return whether an item is a file to make samples of, or a folder that may hold some."""
        suffix = suffix_of(item.path)
        may_hold_some = isinstance(item, Reject) and suffix not in (*SUFFIXES, *DOCS)
        return (suffix in self.suffixes or may_hold_some) and self.roots.of(item.path).is_sampled

    def _scan(
        self, listed: list[FoundFile | Reject], store: ScanCache, name: FrameworkName, ownership: Ownership
    ) -> Scan:
        spool = Spool()
        files = Files()
        rejects: list[Reject] = []
        restored = Restored(files.facts, spool)
        digest = hashlib.blake2b(f"{self.val_fraction} {self.seed}".encode(), digest_size=16)
        for item, record in self._records(listed, store):
            head = {} if record is None else orjson.loads(record.head)
            path = shown_name(item.path, self._job)
            is_kept = record is not None and self._is_wanted(item) and "reject" not in head
            if isinstance(item, Reject):
                rejects += [Reject(path, item.reason, readable(item.detail))] if self._is_wanted(item) else []
            elif "reject" in head:
                rejects += [Reject(path, *head["reject"])] if self._is_wanted(item) else []
                if restored.sets_aside(item, head["reject"], len(rejects) - 1 if self._is_wanted(item) else -1):
                    continue
            if record is not None and is_kept:
                path = files.add(path, head, record, spool)
            elif record is not None and record.facts and suffix_of(item.path) in DOCS:
                files.pages.setdefault(path, spool.add(record.facts))
            elif record is not None and record.facts:  # only for the catalogue
                files.facts.setdefault(path, spool.add(record.facts))
            if record is not None and record.facts:
                digest.update(f"{path}\0{record.sha}\0{is_kept}\0".encode("utf-8", "replace"))
        store.forget({item.path for item in listed if isinstance(item, FoundFile)})
        folders = [*self.roots.packages().values(), *(root.name for root in self.roots.all)]
        digest.update(restored.read(folders, read_again(self._job, self._limits, self.workers, store), rejects))
        packages = {**restored.packages(), **self.roots.packages()}
        catalogs = (*self._given, *published(self.roots))
        context = Context(self.roots, packages, ownership, catalogs, self._overrides, self._lang == "zh")
        digest.update(context.digest())
        whole = self._whole(files, context, digest.hexdigest(), store, spool)
        kept = [
            Kept(path, rows, "val" if index in whole.held_out else "train", head)
            for index, (path, head, rows) in enumerate(zip(files.paths, files.heads, files.rows, strict=True))
        ]
        scan = Scan(
            self.roots,
            kept,
            rejects,
            spool,
            catalog=whole.catalog,
            derived=whole.derived,
            framework=name,
            vue_version=self.vue_version,
        )
        if scan.completeness.closed + scan.completeness.open == 0:
            warn_of_none(scan.place, files.paths, rejects)
        return scan

    def _whole(
        self,
        files: Files,
        context: Context,
        digest: str,
        store: ScanCache,
        spool: Spool,
    ) -> ScanAggregate:
        """Return the results from all files together: the catalogue, its samples and the held-out files."""
        whole = ScanAggregate()
        known = store.whole(digest)
        if known is not None:
            whole.held_out = set(orjson.loads(known[0]))
            with suppress(sqlite3.DatabaseError):  # damaged: build it again
                for side, data in known[1]:
                    whole.add(side, data, spool)
                return whole
            whole = ScanAggregate()
        whole.held_out = held_out(files.paths, files.signatures, self.val_fraction, self.seed)
        store.start_whole()
        val = {files.paths[index] for index in whole.held_out}
        for side, data in catalog_parts(files, spool, self._job.wanted, context, val):
            store.add_whole(side, data)
            whole.add(side, data, spool)
        store.finish_whole(digest, orjson.dumps(sorted(whole.held_out)))
        return whole

    def _records(
        self, listed: list[FoundFile | Reject], store: ScanCache
    ) -> Iterator[tuple[FoundFile | Reject, FileRecord | None]]:
        """Yield each file with its record, in order; files not in the cache are read by worker processes."""
        known = store.known()
        unread = {
            item.path: known.sha(item) for item in listed if isinstance(item, FoundFile) and not known.is_current(item)
        }
        todo = sum(item.size for item in listed if isinstance(item, FoundFile) and item.path in unread)
        parts = list(_batches(listed, unread))
        workers = self.workers or (min(os.cpu_count() or 1, 8) if todo > _POOL_BYTES else 1)
        workers = max(1, min(workers, len(parts)))
        batches: deque[tuple[list[FoundFile | Reject], int, Any]] = deque()
        with (
            _readers(self._job, self._limits, workers) as read,
            progress_bar(None, desc="scan", unit=" files", total=len(listed)) as bar,
        ):
            for items in parts:
                files = [item for item in items if isinstance(item, FoundFile) and item.path in unread]
                batches.append((items, time.time_ns(), read(files, unread)))
                if len(batches) > 2 * workers:
                    yield from self._finished(*batches.popleft(), unread, store, read, bar)
            while batches:
                yield from self._finished(*batches.popleft(), unread, store, read, bar)

    def _finished(
        self,
        items: list[FoundFile | Reject],
        read_at: int,
        future: Future[list[FileRecord | Lost | None]],
        unread: dict[str, str],
        store: ScanCache,
        read: Read,
        bar: Any,
    ) -> Iterator[tuple[FoundFile | Reject, FileRecord | None]]:
        fresh = iter(future.result())
        for item in items:
            record = None
            if isinstance(item, FoundFile):
                result = next(fresh) if item.path in unread else None
                if result is None:  # cached, or read again and unchanged
                    result = store.get(item.path) or read([item], {}).result()[0]
                record = not_parsed(result) if isinstance(result, Lost) else result
                if item.path in unread and record is not None and record.sha:
                    store.put(item, record, read_at)
            yield item, record
            bar.update()

    def _fingerprint(self) -> str:
        """Return a hash of everything that shapes a file's record: the settings and swiftprep's own code."""
        wanted = self._job.wanted
        settings = (
            wanted.tasks, wanted.framework, wanted.vue_version, wanted.max_tokens, wanted.framework_tags,
            getattr(wanted.count, "fingerprint", ""), self.suffixes,
            sorted(self._job.licences) if self._job.licences is not None else None, self._job.redact, _code(),
            [(root.name, root.rank, root.is_sampled) for root in self.roots.all],
        )  # fmt: skip
        return hashlib.blake2b(repr(settings).encode("utf-8", "replace"), digest_size=16).hexdigest()


def _batches(listed: list[FoundFile | Reject], unread: dict[str, str]) -> Iterator[list[FoundFile | Reject]]:
    """Split the list into batches of about `_CHUNK_BYTES` to read, or 500 files."""
    batch: list[FoundFile | Reject] = []
    size = 0
    for item in listed:
        batch.append(item)
        size += item.size + 1000 if isinstance(item, FoundFile) and item.path in unread else 0
        if size > _CHUNK_BYTES or len(batch) >= 500:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@contextmanager
def _readers(job: Job, limits: ItemLimits, workers: int) -> Iterator[Read]:
    """Yield a function that has worker processes read files, given their cached hashes."""
    task = Guarded(partial(read_in_worker, job), limits=limits, size=attrgetter("size"))
    with pool_of(workers) as pool:
        yield lambda files, known: pool.submit(task, [File(f.path, known.get(f.path, ""), f.size) for f in files])


@lru_cache(maxsize=1)
def _code() -> str:
    """Return a hash of swiftprep's source files, so that a change of the code invalidates the cache."""
    stats = [(str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in sorted(_PACKAGE.rglob("*.py"))]
    return hashlib.blake2b(repr(stats).encode(), digest_size=16).hexdigest()
