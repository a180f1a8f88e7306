from __future__ import annotations

import ast
import sysconfig
import textwrap
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from steps import growth

from swiftprep.catalog.api import Component, Method, Prop
from swiftprep.catalog.python_java.java_api import java_api
from swiftprep.catalog.python_java.python_api import python_api
from swiftprep.catalog.python_java.units import Unit, java_units, members, python_units
from swiftprep.parsing.grammar import error_lines, parse

STDLIB = [p for p in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")) if p.stat().st_size < 15_000]

PYTHON = '''\
"""Users."""
import os

# 用户
# 查询
@cached(1)
def find(key: int, /, name="x", *, strict: bool = False) -> str:
    """Find one."""
    return f(key)  # done
    # still find


# On its own.

LIMIT = 3  # at most
def short(): ...
    # of short
# not above

class User(Base, metaclass=Meta):
    """A user."""

    name = ""

    # 名称
    @property
    def title(self): return self.name

    class Inner:
        def run(self): ...

    # the end of User

# the end
'''
JAVA = """\
// License
package com.acme;

import java.util.List;

/** 用户。 */
@Service
public class User extends Base<T> implements A, B<C> {
    private int age = 1;

    /** Makes one. */
    public User(int age) { this.age = age; } // made
    public enum Kind { ONE(1); public int code() { return 1; } class Deep { void go() {} } }
    int hidden() { return 2; }
}
interface Other { }class Last { void go() {} int z; }
"""


def python(code: str, path: str = "m.py") -> dict[str, Component]:
    entries, errors = python_api(textwrap.dedent(code).encode(), path)
    assert errors == []
    return {entry.name: entry for entry in entries}


def java(code: str) -> dict[str, Component]:
    entries, errors = java_api(textwrap.dedent(code).encode(), "Foo.java")
    assert errors == []
    return {entry.name: entry for entry in entries}


def shown(props: tuple[Prop, ...]) -> list[tuple[str, str, bool, str | None]]:
    return [(p.name, p.type, p.required, p.default) for p in props]


# --- Python ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "name"),
    [
        pytest.param("pkg/mod.py", "pkg.mod.f", id="module"),
        pytest.param("src/pkg/mod.py", "pkg.mod.f", id="src"),
        pytest.param("lib/src/mod.py", "lib.src.mod.f", id="only a leading src"),
        pytest.param("pkg/__init__.py", "pkg.f", id="package"),
        pytest.param("__init__.py", "f", id="package at the root"),
        pytest.param("pkg/my__init__.py", "pkg.my__init__.f", id="not a package"),
        pytest.param("pkg/mod.pyi", "pkg.mod.f", id="stub"),
        pytest.param("工具/日期.py", "工具.日期.f", id="Chinese"),
    ],
)
def test_qualified_name(path: str, name: str) -> None:
    (entry,) = python("def f(): ...", path).values()
    assert (entry.name, entry.names, entry.path, entry.kind) == (name, ("f",), path, "function")


@pytest.mark.parametrize(
    ("code", "names"),
    [
        pytest.param("def a(): ...\ndef _b(): ...\nclass C: ...\nclass _D: ...", "a C", id="underscore"),
        pytest.param("__all__ = ['_b']\ndef a(): ...\ndef _b(): ...", "_b", id="__all__"),
        pytest.param("__all__ = ('a',)\ndef a(): ...\ndef b(): ...", "a", id="__all__ tuple"),
        pytest.param("__all__: list[str] = ['a']\ndef a(): ...\ndef b(): ...", "a", id="__all__ annotated"),
        pytest.param("__all__ = []\ndef a(): ...", "", id="__all__ empty"),
        pytest.param(
            "__all__ = ['a']\nif x:\n    __all__ += ['b']\ndef a(): ...\ndef b(): ...", "a b", id="__all__ +="
        ),
        pytest.param("__all__ = ['a']\n__all__.append('b')\ndef a(): ...\ndef b(): ...", "a b", id="__all__.append"),
        pytest.param("__all__ = []\n__all__.extend(['b'])\ndef a(): ...\ndef b(): ...", "b", id="__all__.extend"),
        pytest.param("__all__ = ['a']\n__all__.remove('a')\ndef a(): ...", "a", id="__all__.remove"),
        pytest.param("__all__ = names()\ndef a(): ...\ndef _b(): ...", "a", id="__all__ computed"),
        pytest.param("__all__ = [['a']]\ndef a(): ...", "a", id="__all__ nonsense"),
        pytest.param("if x:\n    def a(): ...\nelif y:\n    class B: ...\nelse:\n    def c(): ...", "a B c", id="if"),
        pytest.param("try:\n    import a\nexcept E:\n    def a(): ...\nfinally:\n    def b(): ...", "a b", id="try"),
        pytest.param("with x:\n    def a(): ...\nmatch x:\n    case 1:\n        def b(): ...", "a b", id="with, match"),
        pytest.param("def a():\n    def b(): ...\n    class C: ...", "a", id="not what is local"),
        pytest.param("def a(): ...\ndef b(): ...\ndef a(): ...", "b a", id="defined again"),
        pytest.param("class A:\n    class B:\n        class C: ...\n    class _D: ...", "A A.B A.B.C", id="nested"),
    ],
)
def test_what_is_public(code: str, names: str) -> None:
    assert [name.removeprefix("m.") for name in python(code)] == names.split()


def test_parameters() -> None:
    code = "async def f(a, /, b: int, c='x', *args: int, d, e: dict[str, int] = {'k': 1}, **rest) -> list[int]: ..."
    (entry,) = python(code).values()
    assert shown(entry.props) == [
        ("a", "", True, None),
        ("b", "int", True, None),
        ("c", "", False, "'x'"),
        ("d", "", True, None),
        ("e", "dict[str, int]", False, "{'k': 1}"),
    ]
    assert entry.open == ("props",)
    signature = "async (a, /, b: int, c='x', *args: int, d, e: dict[str, int] = {'k': 1}, **rest) -> list[int]"
    assert entry.methods == (Method("f", signature),)


def test_a_long_signature_is_shown_on_one_line_without_comments() -> None:
    code = """
    def f(
        a=[  # 一
            1,
            "b \\t c",
        ],
        *, \\

        # two
        d: dict[
            str, int
        ]
        = None,
    ): ...
    """
    (entry,) = python(code).values()
    assert entry.methods[0].type == '(a=[1, "b \\t c",], *, d: dict[str, int] = None)'
    assert shown(entry.props) == [("a", "", False, '[1, "b \\t c",]'), ("d", "dict[str, int]", False, "None")]
    assert entry.open == ()


def test_comments_behind_parameters_and_fields_are_their_doc() -> None:
    code = """
    def f(
        a,  # 数量
        b=1,  # noqa: B006
        c=2,
        # of d
        d=3  #: last
    ): ...

    @dataclass
    class C:
        x: int  # 横
        y: int = 0
        # not of y
    """
    entries = python(code)
    assert [(p.name, p.doc) for p in entries["m.f"].props] == [("a", "数量"), ("b", ""), ("c", ""), ("d", "last")]
    assert [(p.name, p.doc) for p in entries["m.C"].props] == [("x", "横"), ("y", "")]


@pytest.mark.parametrize(
    ("annotation", "values"),
    [
        pytest.param('Literal["a", "b"]', ("a", "b"), id="strings"),
        pytest.param("typing.Literal['a']", ("a",), id="dotted"),
        pytest.param("Literal[1, None, True]", ("1", "None", "True"), id="others"),
        pytest.param('Optional[Literal["a"]]', ("a",), id="Optional"),
        pytest.param('Literal["a"] | None', ("a",), id="or None"),
        pytest.param('Literal["a"] | int', (), id="or more"),
        pytest.param('list[Literal["a"]]', (), id="inside"),
        pytest.param("Literal[Color.RED]", (), id="no literal"),
        pytest.param("str", (), id="none"),
    ],
)
def test_values(annotation: str, values: tuple[str, ...]) -> None:
    (entry,) = python(f"def f(a: {annotation}): ...").values()
    assert entry.props == (Prop("a", annotation, required=True, values=values),)


def test_a_class() -> None:
    code = '''
    @register("user")
    class User(Base[int], abc.ABC, metaclass=Meta):
        """A user."""

        def __init__(self, name: str, age: int = 0):
            """Make one.

            Args:
                name: 名称
            """

        @property
        def title(self) -> str:
            """Title."""

        @title.setter
        def title(self, value): ...

        @functools.cached_property
        def slow(self): ...

        @classmethod
        def of(cls, *, key): ...

        @staticmethod
        def make(key, b=1) -> User: ...

        @overload
        def get(self, key: int) -> int: ...
        @overload
        def get(self, key: str) -> str: ...
        def get(self, key):
            """Get it."""

        async def run(self, /, job): ...

        def any(*args): ...

        def _hidden(self): ...
    '''
    (entry,) = python(code, "src/app/users.py").values()
    assert (entry.name, entry.kind, entry.names, entry.doc) == ("app.users.User", "class", ("User",), "A user.")
    assert entry.mixins == ("Base[int]", "abc.ABC")
    assert entry.span == (2, 40)
    assert entry.props == (Prop("name", "str", True, "名称"), Prop("age", "int", False, default="0"))
    assert entry.open == ()
    assert entry.methods == (
        Method("title", "property", doc="Title."),
        Method("slow", "property"),
        Method("of", "(*, key)"),
        Method("make", "(key, b=1) -> User"),
        Method("get", "(key)", doc="Get it."),
        Method("run", "async (job)"),
        Method("any", "(*args)"),
    )


@pytest.mark.parametrize(
    ("code", "required"),
    [
        pytest.param("if x:\n    def f(a): ...\nelse:\n    def f(b): ...", "a", id="first branch"),
        pytest.param("try:\n    def f(a): ...\nexcept E:\n    def f(b): ...", "a", id="not the fallback"),
        pytest.param("if x:\n    def f(a): ...\ndef f(b): ...", "b", id="redefined"),
        pytest.param("def f(a): ...\nif x:\n    def f(b): ...", "a", id="patched"),
        pytest.param("if x:\n    @overload\n    def f(a): ...\n    def f(b): ...", "b", id="overloads in a branch"),
    ],
)
def test_which_of_several_definitions(code: str, required: str) -> None:
    (entry,) = python(code).values()
    assert [prop.name for prop in entry.props] == [required]


@pytest.mark.parametrize(
    ("code", "props", "is_open"),
    [
        pytest.param("class C: ...", [], False, id="nothing"),
        pytest.param("class C(object): ...", [], False, id="object"),
        pytest.param("class C(Base): x: int", [], True, id="constructor of the base"),
        pytest.param("class C(Base):\n  def __init__(self): ...", [], False, id="own constructor"),
        pytest.param("class C:\n  def __init__(self, a, **kw): ...", ["a"], True, id="kwargs"),
        pytest.param("class C:\n  def __new__(cls, a): ...", ["a"], False, id="__new__"),
        pytest.param("@dataclass\nclass C:\n  a: int\n  b: str = 'x'", ["a", "b='x'"], False, id="dataclass"),
        pytest.param("@dataclasses.dataclass(frozen=True)\nclass C:\n  a: int", ["a"], False, id="dataclass called"),
        pytest.param("@dataclass\nclass C(Base):\n  a: int", ["a"], True, id="inherited fields"),
        pytest.param("@dataclass\nclass C:\n  a: int\n  def __init__(self, z): ...", ["z"], False, id="dataclass own"),
        pytest.param("@dataclass\nclass C:\n  _: KW_ONLY\n  a: ClassVar[int] = 1\n  b = 2", [], False, id="no fields"),
        pytest.param("@dataclass\nclass C:\n  _a: InitVar[int]", ["_a"], False, id="InitVar"),
        pytest.param("@dataclass\nclass C:\n  a: int = field()", ["a"], False, id="field()"),
        pytest.param("@dataclass\nclass C:\n  a: int = field(default=1)", ["a=1"], False, id="field default"),
        pytest.param("@dataclass\nclass C:\n  a: int = field(init=False)", [], False, id="field init"),
        pytest.param(
            "@dataclass\nclass C:\n  a: list = field(default_factory=list)",
            ["a=field(default_factory=list)"],
            False,
            id="field factory",
        ),
        pytest.param("class C(BaseModel):\n  a: int\n  b: int = 1\n  _c: int = 2", ["a", "b=1"], False, id="model"),
        pytest.param("class C(pydantic.BaseModel, Generic[T]):\n  a: T", ["a"], False, id="generic model"),
        pytest.param("class C(BaseModel):\n  a: int = Field(...)", ["a"], False, id="ellipsis"),
        pytest.param("class C(BaseModel):\n  a: int = Field(3, ge=1)", ["a=3"], False, id="Field default"),
        pytest.param("class C(BaseModel):\n  a: int = Field(ge=1)", ["a"], False, id="Field required"),
        pytest.param("class C(NamedTuple):\n  a: int\n  b: int = 1", ["a", "b=1"], False, id="NamedTuple"),
    ],
)
def test_what_a_class_is_made_with(code: str, props: list[str], is_open: bool) -> None:
    (entry,) = python(code).values()
    assert [p.name + ("" if p.default is None else f"={p.default}") for p in entry.props] == props
    assert [p.required for p in entry.props] == ["=" not in prop for prop in props]
    assert entry.open == (("props",) if is_open else ())


def test_a_model_field_says_what_it_is() -> None:
    code = '''
    class C(BaseModel):
        """C.

        Attributes:
            a: Of the docstring.
        """

        a: int = Field(
            1,  # why
            description="of the field",
            **more,
        )
        b: InitVar[int] = Field(description="编"
            "号")
    '''
    (entry,) = python(code).values()
    assert entry.props == (
        Prop("a", "int", False, "Of the docstring.", "1"),
        Prop("b", "int", True, "编号"),
    )


def test_an_empty_doc_of_a_parameter_hides_no_other() -> None:
    code = """
    class C:
        '''C.

        Args:
            a: One.
            b: Two.
        '''

        def __init__(self, a, b):
            '''
            :param a:
            :param b: 2
            '''
    """
    (entry,) = python(code).values()
    assert [prop.doc for prop in entry.props] == ["One.", "2"]


@pytest.mark.parametrize(
    ("docstring", "doc"),
    [
        pytest.param(
            '"""One\n    line.\n\n    And\n      more.\n    """', "One line.\n\nAnd\n  more.", id="paragraphs"
        ),
        pytest.param('"""查找用户\n    并返回。"""', "查找用户并返回。", id="Chinese"),
        pytest.param('"""查找\n    :param a: 编号\n    """', "查找\n\n:param a: 编号", id="Sphinx below"),
        pytest.param('"""Find.\n    Args:\n      a: b\n    """', "Find.\n\nArgs:\n  a: b", id="section below"),
        pytest.param('"""Find:\n    - a\n    - b\n    """', "Find:\n\n- a\n- b", id="list below"),
        pytest.param("'a\\tb \\d'", "a b \\d", id="escapes"),
        pytest.param("r'a\\tb'", "a\\tb", id="raw"),
        pytest.param("('a'\n    'b')", "ab", id="joined"),
        pytest.param("# why\n    'a'", "a", id="comment above"),
        pytest.param("b'a'", "", id="bytes"),
        pytest.param("f'a'", "", id="f-string"),
        pytest.param("1\n    'a'", "", id="not the first"),
        pytest.param("'a', 'b'", "", id="two"),
        pytest.param("x = 'a'", "", id="no statement"),
    ],
)
def test_docstrings(docstring: str, doc: str) -> None:
    entries, _ = python_api(f"def f(a):\n    {docstring}\n".encode(), "m.py")
    assert entries[0].doc == doc


@pytest.mark.parametrize(
    ("docstring", "docs"),
    [
        pytest.param(
            """
            Args:
                a: One,
                  two.
                b (dict[str, int], optional): 三：四

                    five
                *c: C.

            Returns:
                d: Not a parameter.
            """,
            {"a": "One, two.", "b": "三：四 five", "c": "C."},
            id="Google",
        ),
        pytest.param(
            "参数：\n    a：编号，\n        必填\n    b: 名称\n返回：\n    c: 无",
            {"a": "编号，必填", "b": "名称"},
            id="Chinese",
        ),
        pytest.param(
            """
            :param a: One,
                two: three.
            :param int b: B.
            :type b: int
            :keyword c: C.

            Not of c.
            :return: d
            """,
            {"a": "One, two: three.", "b": "B.", "c": "C."},
            id="Sphinx",
        ),
        pytest.param(
            """
            Parameters
            ----------
            a : int, optional
                One.

                Two.
            b, c
                Both.
            *args
                More.

            Returns
            -------
            d : int
                Not a parameter.
            """,
            {"a": "One. Two.", "b": "Both.", "c": "Both.", "args": "More."},
            id="numpy",
        ),
        pytest.param("Args:\n    a:\n    b: B.", {"b": "B."}, id="nothing said"),
        pytest.param("Note:\n    a: Of another section.", {}, id="another section"),
    ],
)
def test_parameter_docs(docstring: str, docs: dict[str, str]) -> None:
    text = textwrap.indent(textwrap.dedent(docstring).strip("\n"), "    ")
    code = f'def f(a, b, c, d, args):\n    """Do it.\n\n{text}\n    """\n'
    entries, _ = python_api(code.encode(), "m.py")
    assert {p.name: p.doc for p in entries[0].props if p.doc} == docs


# --- Java -----------------------------------------------------------------------------------------------------------


def test_a_java_class() -> None:
    code = """
    package com.acme;

    /**
     * 用户服务，
     * 提供查询。
     *
     * <p>See {@link Foo#bar(int) the bar}, {@link #x}, {@code List<String>} &lt;b&gt;.
     * <pre>{@code
     *   @Override
     *   int a() { if (b) { return 1; } }
     * }</pre>
     * @param <T> what
     * @param name 名称
     * @author someone
     */
    @Service("users")
    public final class Foo<T> extends Bar<T> implements A, B<C> {
        public Foo() {}
        /** @param sizes 数量,
          *   每个 */
        public Foo(final String name, @NotNull int[] sizes, int old[], Object... /* more */ rest) {}
        protected Foo(int a, int b, int c, int d, int e) {}

        /**
         * Finds it.
         *
         * @param id the id
         * @param name
         * @return
         * @throws IOException when
         *     broken
         * @since 1.0
         */
        // for now
        @Override
        public static <R extends X> Map<String, R> find(int id,
            String name) throws IOException { return null; }
        public void find(int id) {}
        void hidden() {}
        protected void mine() {}
    }
    class Hidden { public class Inner {} }
    """
    (entry,) = java(code).values()
    assert (entry.name, entry.kind, entry.names, entry.path) == ("com.acme.Foo", "class", ("Foo",), "Foo.java")
    assert entry.span == (17, 42)
    assert entry.doc == (
        "用户服务，提供查询。\n\nSee the bar, x, List<String> <b>.\n@Override\n  int a() { if (b) { return 1; } }"
    )
    assert entry.mixins == ("Bar<T>", "A", "B<C>")
    assert entry.props == (
        Prop("name", "String", True, "名称"),
        Prop("sizes", "int[]", True, "数量, 每个"),
        Prop("old", "int[]", True),
        Prop("rest", "Object...", False),
    )
    doc = "Finds it.\n\n@param id the id\n@throws IOException when broken"
    assert entry.methods == (
        Method("find", "static <R extends X> Map<String, R> find(int id, String name)", doc=doc),
        Method("find", "void find(int id)"),
    )


def test_other_java_types() -> None:
    code = """
    package com.acme;
    public interface Api<T> extends A, B {
        T get(int id);
        default int[] old()[] { return null; }
        private void hidden() {}
        class Inner { int x; }
    }
    public enum Color implements A {
        /** r */ RED(1), GREEN { void x() {} };
        Color(int a) {}
        public int code() { return 1; }
    }
    /** P.
     * @param x 横 */
    public record Point<T>(int x, String... names) implements A {
        public Point { }
        public Point(int a, int b, int c) { this(a); }
        public static Point of() { return null; }
    }
    public @interface Column {
        /** The
         *
         *  length. */
        int length() default 3;
        String[] value();
        int MAX = 1;
    }
    """
    entries = java(code)
    assert list(entries) == ["com.acme." + n for n in ("Api", "Api.Inner", "Color", "Point", "Column")]
    api, inner, color, point, column = entries.values()
    assert api.methods == (Method("get", "T get(int id)"), Method("old", "int[][] old()"))
    assert (api.mixins, api.props, inner.names) == (("A", "B"), (), ("Inner",))
    assert color.props == (Prop("value", values=("RED", "GREEN")),)
    assert (color.methods, color.mixins) == ((Method("code", "int code()"),), ("A",))
    assert point.props == (Prop("x", "int", True, "横"), Prop("names", "String...", False))
    assert (point.doc, point.methods) == ("P.", (Method("of", "static Point of()"),))
    assert column.props == (Prop("length", "int", False, "The length.", "3"), Prop("value", "String[]", True))


@pytest.mark.parametrize(
    ("comment", "doc"),
    [
        pytest.param("/** One. */", "One.", id="one line"),
        pytest.param("/* One. */", "", id="no Javadoc"),
        pytest.param("/**/", "", id="nothing"),
        pytest.param("/** One. */ /* two */", "One.", id="another comment below"),
        pytest.param("/** One. */ int x;", "", id="of what is between"),
        pytest.param("/**\n * One\n * two.\n *\n * * three\n */", "One two.\n\n* three", id="stars"),
        pytest.param("/** a<br>b<ul><li>c</ul> */", "a b\n\n- c", id="markup"),
        pytest.param("/** A.<p>B.\n *\n * <P>C. */", "A.\n\nB.\n\nC.", id="paragraphs"),
        pytest.param("/** Map<K, V> {@inheritDoc} */", "Map<K, V>", id="types are no markup"),
        pytest.param("/**\n * @Description: 用户\n * @Author me\n * @return*/", "用户", id="of a template"),
        pytest.param("/** {@code {@link a#b} { */", "{@code a.b {", id="unclosed"),
    ],
)
def test_javadoc(comment: str, doc: str) -> None:
    (entry,) = java(f"public class A {{\n{comment}\npublic void g() {{}}\n}}").values()
    assert entry.methods == (Method("g", "void g()", doc=doc),)


# --- Errors ---------------------------------------------------------------------------------------------------------


def test_python_errors_are_listed_and_the_rest_is_kept() -> None:
    code = (
        b"def a(): ...\n\ndef b(x y): ...\n\nclass C:\n    def f(self, x y): ...\n    def g(self): ...\n    z = = 1\n"
    )
    code += b"def d(a):\n    return a b\ndef e(:\n    x\nclass F:\n    def __init__(self, a b): ...\n"
    entries, errors = python_api(code, "m.py")
    assert [entry.name for entry in entries] == ["m.a", "m.C", "m.d", "m.F"]
    assert [method.name for method in entries[1].methods] == ["g"]
    assert (entries[3].props, entries[3].open) == ((), ("props",))
    assert errors == [3, 6, 8, 10, 11, 14]


def test_a_method_of_a_class_that_did_not_parse_is_no_function() -> None:
    code = b"import os\nclass A:\n    def g(self): ...\ndefb(a):\n    pass\nclass B(A):\n    def h(self): pass\n"
    entries, errors = python_api(code, "m.py")
    assert "m.h" not in [entry.name for entry in entries]
    assert errors


def test_java_errors_are_listed_and_the_rest_is_kept() -> None:
    code = (
        b"public class A {\n  int x = ;\n  public void f(int a b) {}\n  public void g() { foo( }\n}\npublic class B {}"
    )
    entries, errors = java_api(code, "A.java")
    assert [entry.name for entry in entries] == ["A", "B"]
    assert [method.name for method in entries[0].methods] == ["g"]
    assert errors == [2, 3, 4]


@pytest.mark.parametrize(
    ("read", "code", "lines"),
    [
        pytest.param(python_api, b"class A:\n    def f(self, (:\n        x = = 1\n    z = (\n", [1, 3], id="Python"),
        pytest.param(java_api, b"class A {\n  void f() { foo( }\n  void g() { int = ; \n", [1, 2], id="Java"),
        pytest.param(python_api, b"x = = 1\n" * 30, list(range(1, 31)), id="many"),
    ],
)
def test_errors_within_others_are_listed_too(
    read: Callable[[bytes, str], tuple[list[Component], list[int]]], code: bytes, lines: list[int]
) -> None:
    assert read(code, "m.py")[1] == lines


def test_of_a_script_the_outermost_errors_are_listed() -> None:
    root = parse(b"export default {\n  data() { return { a: , }\n  methods: { b( { c = = 1 } }\n", "js").root_node
    assert error_lines(root) == [1]
    assert error_lines(root, nested=True) == [1, 2, 3]
    assert error_lines(root, 2, nested=True) == [1, 2]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_line_ends_and_marks_change_nothing(mark: bytes, end: bytes) -> None:
    source = mark + PYTHON.encode().replace(b"\n", end)
    assert python_api(source, "m.py") == python_api(PYTHON.encode(), "m.py")
    units, plain = python_units(source), python_units(PYTHON.encode())
    assert [(u.kind, u.name, u.line) for u in units] == [(u.kind, u.name, u.line) for u in plain]
    assert whole(source, units) == source
    source = mark + JAVA.encode().replace(b"\n", end)
    assert java_api(source, "m.java") == java_api(JAVA.encode(), "m.java")


def test_bytes_that_are_no_text_are_replaced() -> None:
    entries, _ = python_api(b"def f(a='\xff'):\n    '''\xff'''\n", "m.py")
    assert (entries[0].doc, entries[0].props[0].default) == ("�", "'�'")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "most"),
    [
        pytest.param(lambda n: b"def f():\n  '''x\n\n  Args:\n    a" + b" " * n + b"x'''\n", 100_000, id="spaces"),
        pytest.param(lambda n: b"def f():\n  '''x\n\n  Args:\n    a (" + b"()" * n + b"'''\n", 8_000, id="brackets"),
        pytest.param(lambda n: b"def f():\n  ''':param " + b"x " * n + b"'''\n", 100_000, id="fields"),
        pytest.param(lambda n: b"class A:\n  def f(self): ...\n" * n, 1_000, id="one name many times"),
        pytest.param(lambda n: b"".join(b"class A%d:\n  def f(self): ...\n" % i for i in range(n)), 1_000, id="many classes"),
        pytest.param(lambda n: b"".join(b" " * i + b"class A:\n" for i in range(n)) + b" " * n + b"x\n", 300, id="deep"),
        pytest.param(lambda n: b"/** {@link " + b" " * n + b"*/ public class A {}", 100_000, id="unclosed tag"),
        pytest.param(lambda n: b"/** " + b"{@code " * n + b"*/ public class A {}", 3_000, id="unclosed tags"),
        pytest.param(lambda n: b"public class A {" * n + b"}" * n, 300, id="deep Java"),
        pytest.param(lambda n: b"__all__ = " + b"-" * n + b"1", 20_000, id="deep literal"),
    ],
)  # fmt: skip
@pytest.mark.timeout(60)
def test_no_source_takes_long(source: Callable[[int], bytes], most: int) -> None:
    def read_and_cut(n: int) -> None:
        code = source(n)
        for read, cut in ((python_api, python_units), (java_api, java_units)):
            read(code, "m.py")
            assert b"".join(whole(code, members(code, unit)) for unit in cut(code)) == code

    assert growth(read_and_cut, most // 4) < 6


# --- Units ----------------------------------------------------------------------------------------------------------


def whole(source: bytes, units: list[Unit]) -> bytes:
    return b"".join(source[unit.start : unit.end] for unit in units)


def first_lines(source: bytes, units: list[Unit]) -> list[tuple[str, str, int, str]]:
    return [(u.kind, u.name, u.line, source[u.start : u.end].decode().splitlines()[0]) for u in units]


def test_python_units() -> None:
    source = PYTHON.encode()
    units = python_units(source)
    assert first_lines(source, units) == [
        ("statements", "", 1, '"""Users."""'),
        ("function", "find", 4, "# 用户"),
        ("statements", "", 13, "# On its own."),
        ("function", "short", 16, "def short(): ..."),
        ("statements", "", 18, "# not above"),
        ("class", "User", 20, "class User(Base, metaclass=Meta):"),
        ("statements", "", 34, "# the end"),
    ]
    assert b"# still find" in source[units[1].start : units[1].end]
    inside = members(source, units[5])
    assert first_lines(source, inside) == [
        ("statements", "", 20, "class User(Base, metaclass=Meta):"),
        ("method", "title", 25, "    # 名称"),
        ("class", "Inner", 29, "    class Inner:"),
        ("statements", "", 32, "    # the end of User"),
    ]
    assert first_lines(source, members(source, inside[2])) == [
        ("statements", "", 29, "    class Inner:"),
        ("method", "run", 30, "        def run(self): ..."),
    ]


def test_java_units() -> None:
    source = JAVA.encode()
    units = java_units(source)
    assert first_lines(source, units) == [
        ("statements", "", 1, "// License"),
        ("class", "User", 6, "/** 用户。 */"),
        ("class", "Other", 16, "interface Other { }"),
        ("class", "Last", 16, "class Last { void go() {} int z; }"),
    ]
    inside = members(source, units[1])
    assert first_lines(source, inside) == [
        ("statements", "", 6, "/** 用户。 */"),
        ("method", "User", 11, "    /** Makes one. */"),
        (
            "class",
            "Kind",
            13,
            "    public enum Kind { ONE(1); public int code() { return 1; } class Deep { void go() {} } }",
        ),
        ("method", "hidden", 14, "    int hidden() { return 2; }"),
        ("statements", "", 15, "}"),
    ]
    kind = members(source, inside[2])
    assert [u.name for u in kind] == ["", "code", "Deep", ""]
    assert [u.name for u in members(source, kind[2])] == ["", "go", ""]
    assert [u.name for u in members(source, units[3])] == ["", "go", ""]


def test_only_classes_have_members() -> None:
    source = PYTHON.encode()
    unit = python_units(source)[1]
    assert members(source, unit) == [unit]
    gone = Unit("class", "Gone", 10_000, 10_001, 1)
    assert members(source, gone) == [gone]


@pytest.mark.parametrize("source", [b"", b"\n \n", b"# only\n", b"x = 1"], ids=["empty", "blank", "comment", "no end"])
def test_small_files(source: bytes) -> None:
    expected = [Unit("statements", "", 0, len(source), 1)] if source else []
    assert python_units(source) == expected
    assert python_api(source, "m.py") == ([], [])


PIECES = st.sampled_from([
    "import os\n", "x = 1; y = 2\n", "\n", "  \n", "# 注释\n", "def f(a, b=1): ...\n", "@d\n", "class A(B):\n",
    "    '''doc'''\n", "    def g(self):\n        return 1\n", "    # inside\n", "    x: int = 1\n", "if x:\n",
    "else:\n", "    class C: ...\n", "\tz\n", "package a.b;\n", "/** D. */\n", "// c\n", "public class A {\n",
    "  public void f(int a) { }\n", "}\n", "} // end\n", "enum E { A, B; void f() {} }",
    "class B { } class C { int x; }\n",
    "public @interface N { int a() default 1; }\n", "'''", '"', "(", "{", "*/", "\\\n", "\f", "\r\n", "\ufeff",
    "__all__ = ['f']\n", "record R(int a) { R {} }\n",
])  # fmt: skip


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES | st.text(max_size=4), max_size=14).map("".join))
def test_units_in_order_are_the_file(text: str) -> None:
    source = text.encode("utf-8", "replace")
    for read, cut in ((python_api, python_units), (java_api, java_units)):
        units = cut(source)
        assert whole(source, units) == source
        entries, errors = read(source, "m.py")
        assert all(1 <= line <= source.count(b"\n") + 1 for line in errors)
        assert all(1 <= entry.span[0] <= entry.span[1] for entry in entries)
        for unit in units:
            assert unit.line == source.count(b"\n", 0, unit.start) + 1
            inside = members(source, unit)
            assert whole(source, inside) == source[unit.start : unit.end]
            for member in inside:
                assert member.line == source.count(b"\n", 0, member.start) + 1
                if member != unit:
                    assert whole(source, members(source, member)) == source[member.start : member.end]


# --- The standard library, against ast ------------------------------------------------------------------------------

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def branches(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "handlers", "cases", "orelse", "finalbody"):
        for part in [getattr(statement, name, [])]:
            yield from [inner.body for inner in part] if name in ("handlers", "cases") else [part]


def blocks(body: list[ast.stmt]) -> Iterator[tuple[int, ast.stmt]]:
    """Yield each statement, those in branches too, after what tells its block from others; 0 is the body itself."""
    for statement in body:
        if isinstance(statement, ast.If | ast.Try | ast.With | ast.Match):
            for branch in branches(statement):
                yield from ((key or id(branch), inner) for key, inner in blocks(branch))
        else:
            yield 0, statement


def definitions(body: list[ast.stmt]) -> dict[str, Definition]:
    found: dict[str, tuple[int, Definition]] = {}
    for block, statement in blocks(body):
        if not isinstance(statement, DEFINITIONS) or ".setter" in "".join(map(ast.unparse, statement.decorator_list)):
            continue
        if statement.name in found and block not in (0, found[statement.name][0]):
            continue
        found.pop(statement.name, None)
        found[statement.name] = (block, statement)
    return {name: statement for name, (_, statement) in found.items()}


def exported(tree: ast.Module) -> set[str] | None:
    names: set[str] | None = None
    for _, statement in blocks(tree.body):
        text = ast.unparse(statement)
        if text.startswith("__all__") and not isinstance(statement, DEFINITIONS):
            value = statement.value  # type: ignore[attr-defined]
            try:
                given = ast.literal_eval(value.args[0] if isinstance(value, ast.Call) else value)
            except ValueError:
                return None
            names = (names or set()) | set([given] if isinstance(given, str) else given)
    return names


def parameters(function: Definition, bound: bool) -> tuple[list[tuple[str, bool, str, str]], bool]:
    assert not isinstance(function, ast.ClassDef)
    given = function.args
    plain: list[ast.arg] = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(plain) - len(given.defaults)) + given.defaults
    pairs = list(zip(plain, defaults, strict=True))[bound:] + list(
        zip(given.kwonlyargs, given.kw_defaults, strict=True)
    )
    return [(a.arg, d is None, dumped(a.annotation), dumped(d)) for a, d in pairs], bool(given.vararg or given.kwarg)


def dumped(node: ast.AST | str | None) -> str:
    node = ast.parse(f"({node}\n)", mode="eval").body if isinstance(node, str) and node else node
    return ast.dump(node) if isinstance(node, ast.AST) else ""


def squeezed(text: str | None) -> str:
    return "".join((text or "").split())


def expected(name: str, statement: Definition) -> Iterator[tuple[Any, ...]]:
    line = min([statement.lineno, *(decorator.lineno for decorator in statement.decorator_list)])
    doc = squeezed(ast.get_docstring(statement))
    if not isinstance(statement, ast.ClassDef):
        yield name, "function", line, doc, [], [], parameters(statement, False)
        return
    inner = definitions(statement.body)
    public = [(key, node) for key, node in inner.items() if not key.startswith("_")]
    methods = [(k, squeezed(ast.get_docstring(n))) for k, n in public if not isinstance(n, ast.ClassDef)]
    init = inner.get("__init__") or inner.get("__new__")
    bases = [ast.dump(base) for base in statement.bases]
    yield name, "class", line, doc, methods, bases, parameters(init, True) if init else None
    for key, node in public:
        if isinstance(node, ast.ClassDef):
            yield from expected(f"{name}.{key}", node)


def found(entry: Component, has_parameters: bool) -> tuple[Any, ...]:
    methods = [(m.name, squeezed(m.doc)) for m in entry.methods] if entry.kind == "class" else []
    props = [(p.name, p.required, dumped(p.type), dumped(p.default)) for p in entry.props], bool(entry.open)
    bases = [dumped(base) for base in entry.mixins]
    return entry.name, entry.kind, entry.span[0], squeezed(entry.doc), methods, bases, props if has_parameters else None


@pytest.mark.slow
def test_the_standard_library_reads_as_ast_does() -> None:
    read = 0
    for path in STDLIB:
        source = path.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
        names = exported(tree)
        public = {
            name: node
            for name, node in definitions(tree.body).items()
            if (name in names if names is not None else not name.startswith("_"))
        }
        wanted = [row for name, node in public.items() for row in expected(f"{path.stem}.{name}", node)]
        entries, errors = python_api(source, path.name)
        assert errors == [], path
        assert [e.name for e in entries] == [row[0] for row in wanted], path
        assert [found(e, row[-1] is not None) for e, row in zip(entries, wanted, strict=True)] == wanted, path
        read += 1
    assert read >= 60


@pytest.mark.slow
def test_the_standard_library_is_cut_between_statements() -> None:
    for path in STDLIB:
        source = path.read_bytes()
        units = python_units(source)
        assert whole(source, units) == source, path
        for unit in units:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                body = ast.parse(source[unit.start : unit.end]).body
            defined = [node.name for node in body if isinstance(node, DEFINITIONS)]
            assert defined == ([] if unit.kind == "statements" else [unit.name]), (path, unit)
            assert unit.kind == "statements" or len(body) == 1
            if unit.kind == "class":
                inside = members(source, unit)
                assert whole(source, inside) == source[unit.start : unit.end]
                wanted = [node.name for node in body[0].body if isinstance(node, DEFINITIONS)]  # type: ignore[attr-defined]
                assert [member.name for member in inside if member.kind != "statements"] == wanted, (path, unit)
