"""The frameworks that are measured: their versions, and where their source and published documents are."""

from __future__ import annotations

import json
import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from swiftprep.scan.walk import DEFAULT_IGNORE
from swiftprep.storage.disk import cache_dir

TRUTH = Path(__file__).parent
VUE_3 = "vue@3.5.22"
CODE = (".vue", ".js", ".jsx", ".ts", ".tsx", ".mjs")
# What is built, or written by hand beside the source, would hand us the answers.
BUILT = (
    *DEFAULT_IGNORE, "/lib/", "/es/", "/es5/", "/esm/", "/cjs/", "/umd/", "/types/", "/docs/", "*.d.ts",
    "*web-types*.json", "/vetur/", "/helper/", "/json/",
)  # fmt: skip
# A checkout also holds the tests, the demos and the site, which are no part of the framework.
ASIDE = (
    "__tests__/", "__test__/", "_example*/", "__demo__/", "demo/", "/*demo/", "/examples/", "/site/", "/document/",
    "/test/", "/tests/", "/dev/", "/playgrounds/", "/scripts/", "/script/", "/build/",
)  # fmt: skip
_PUBLISHED = ("*.md", "*.d.ts", "*web-types*.json", "vetur", "helper", "json", "tags.json", "attributes.json")
COMPILED = tuple(rule for rule in BUILT if rule != "/es/")


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework to measure.

    Attributes:
        name: Its npm package.
        version: The version to install.
        documents: The published documents that say which events and slots there are; "code" where there are none, or
            none worth the name, so that the compiled code is the only judge.
        entry: What registers every component, where it is not the package's main file.
    """

    name: str
    version: str
    documents: str = "web-types"
    entry: str = ""

    @property
    def key(self) -> str:
        return f"{self.name}@{self.version}"


TABLE = (
    Framework("element-ui", "2.15.14", "code"),
    Framework("view-design", "4.7.0", "code"),
    Framework("ant-design-vue", "1.7.8", "antdv-demo"),
    Framework("vant", "2.13.2"),
    Framework("vuetify", "2.7.2"),
    Framework("cube-ui", "1.12.38", "cube-ui"),
    Framework("tdesign-vue", "1.15.0"),
    Framework("iview", "3.5.4", "code"),
    Framework("ant-design-vue", "4.2.6"),
    Framework("element-plus", "2.14.0"),
    Framework("vuetify", "3.9.0", entry="vuetify/dist/vuetify.js"),
    Framework("@arco-design/web-vue", "2.58.0"),
    Framework("buefy", "3.0.8", "buefy"),
)
# Measured on demand.
FURTHER = {
    "muse-ui": "3.0.2", "at-ui": "1.3.3", "vuesax": "3.12.2", "bootstrap-vue": "2.23.1", "naive-ui": "2.43.1",
    "primevue": "4.3.9",
}  # fmt: skip
VUE_UNSAID = {"primevue": "3"}  # their manifest names no version of Vue


def named(package: str) -> Framework:
    """Return the framework for `name` or `name@version`."""
    name, _, version = package.rpartition("@") if package.rfind("@") > 0 else (package, "", "")
    for framework in TABLE:
        if framework.name == name and version in ("", framework.version):
            return framework
    if not version and name not in FURTHER:
        sys.exit(f"{package}: give a version, as in {package}@1.2.3 (请写明版本)")
    return Framework(name, version or FURTHER[name])


def run(*command: str | Path, cwd: Path, given: str = "") -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, input=given, capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}: {done.stderr.strip()[-2000:]}")
    return done.stdout


def folder_for(package: str) -> Path:
    return cache_dir() / "bench" / re.sub(r"[^\w.-]+", "_", package)


def install(package: str, name: str) -> tuple[Path, bool]:
    """Return the folder the package and the tools are installed in, and whether the package is for Vue 3."""
    folder = folder_for(package)
    manifest, ready = folder / "node_modules" / name / "package.json", folder / "ready"
    npm = ("npm", "install", "--ignore-scripts", "--legacy-peer-deps", "--no-package-lock", "--no-audit", "--no-fund")
    wanted = (TRUTH / "package.json").read_text("utf-8")
    fresh = not ready.exists() or ready.read_text("utf-8") != wanted
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text(wanted, "utf-8")
        run(*npm, package, cwd=folder)
    said = json.loads(manifest.read_text("utf-8"))
    versions = [said.get(key, {}).get("vue") for key in ("peerDependencies", "dependencies", "devDependencies")]
    vue_3 = bool(re.match(r"\D*3", VUE_UNSAID.get(name) or next(filter(None, versions), "")))
    if fresh and vue_3:
        run(*npm, VUE_3, cwd=folder)
    if fresh:
        # vue-docgen-api follows no mixin into a folder called node_modules.
        shutil.copytree(manifest.parent, folder / "source", ignore=shutil.ignore_patterns("node_modules"))
    ready.write_text(wanted, "utf-8")
    return folder, vue_3


def unpack(package: str) -> Path:
    """Return the files of a package alone: an application's dependencies are not wanted."""
    folder = folder_for(f"app-{package}")
    if not folder.exists():
        work = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        archive = run("npm", "pack", package, "--silent", cwd=work).split()[-1]
        shutil.unpack_archive(work / archive, work, filter="data")
        (work / "package").rename(folder)
        shutil.rmtree(work)
    return folder


def checkout(framework: Framework, given: Path | None) -> tuple[Path, Path] | None:
    """Return the checkout of a framework, and the folder of its package in it, which may be one of several there.

    `given` is a checkout, or a folder of checkouts.
    """
    if given is None:
        return None
    fits: list[tuple[bool, str, Path, Path]] = []
    for root in (given, *sorted(path for path in given.iterdir() if path.is_dir())):
        for manifest in (root / "package.json", *root.glob("packages/*/package.json")):
            said = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else {}
            version = said.get("version", "")
            if said.get("name") == framework.name and version.split(".")[0] == framework.version.split(".")[0]:
                fits.append((version != framework.version, str(manifest), root, manifest.parent))
    return min(fits)[2:] if fits else None


def source_of(framework: Framework, installed: Path, given: Path | None) -> tuple[Path, str, tuple[str, ...]]:
    """Return the folder to scan, which class of source it is, and the patterns to ignore in it."""
    if found := checkout(framework, given):
        return found[1], "checkout", (*BUILT, *ASIDE)
    package = installed / "source"
    if sum(path.suffix in CODE for folder in ("src", "packages") for path in (package / folder).rglob("*")) > 20:
        return package, "npm src", BUILT
    mapped = installed / "mapped"
    if not mapped.exists():
        write_mapped(package, mapped)
    if sum(path.suffix in CODE for path in mapped.rglob("*")) > 20:
        return mapped, "source maps", BUILT
    return package, "compiled es", COMPILED


def bare(root: Path, key: str) -> Path:
    """Return a copy of a source without what is published beside it, which would hand us the answers."""
    target = folder_for(f"bare-{key}")
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(root, target, ignore=shutil.ignore_patterns("node_modules", ".git", "dist", *_PUBLISHED))
    manifest = json.loads((root / "package.json").read_text("utf-8"))
    published = {"web-types", "vetur", "types", "typings"}
    left = {name: value for name, value in manifest.items() if name not in published}
    (target / "package.json").write_text(json.dumps(left), "utf-8")
    return target


def write_mapped(package: Path, target: Path) -> None:
    """Write the sources that the package's source maps contain."""
    contents: dict[str, str] = {}
    for path in sorted(package.rglob("*.map")):
        if not path.name.endswith(".css.map"):
            for name, text in _mapped(json.loads(path.read_text("utf-8"))):
                contents[name] = max(contents.get(name, ""), text, key=len)
    target.mkdir()
    shutil.copy(package / "package.json", target)
    for name, text in contents.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(text, "utf-8")


def _mapped(document: dict[str, list[str | None]]) -> Iterator[tuple[str, str]]:
    for name, text in zip(document.get("sources", ()), document.get("sourcesContent") or (), strict=False):
        path = posixpath.normpath(re.sub(r"^\w+://[^/]*/", "", name or ""))
        path = re.sub(r"^(?:\.\./)+", "", path).lstrip("/")
        if text and path.endswith(CODE) and "node_modules/" not in path and re.fullmatch(r"[\w./@-]+", path):
            yield path, text
