"""The kinds of values that `values.py` and `typescript_types.py` describe: the first item of each."""

STRING = "s"
JOINED = "+"  # strings, concatenated
NAME = "i"  # an identifier
MEMBER = "m"
ITEM = "["  # value[key]
OBJECT = "o"
ARRAY = "a"
CALL = "c"
FUNCTION = "f"
TYPE = "t"  # an interface or an object type
OPTIONS = "C"  # of a component or a mixin
CHOICE = "?"
OPERATION = "op"
EFFECTS = "do"
DEFAULT = "d"  # of a prop
TYPED = "as"
SOURCE = "x"  # anything else, as source text
APP = "app"  # ["app"]: Vue or an app, as `install` receives it; only made while linking
EARLIER = "<"  # ["<", value]: a member before the statements that change it
IN = "@"  # ["@", value, place]: a value that stands elsewhere; only made while linking
