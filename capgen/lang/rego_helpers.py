"""What rules in Rego call: functions that are written beside them where they are asked for.

A built-in function that errs is undefined, and so is all that rests on it. So each of these says
what it does with data of another shape: what is judged is then not proven to be fine, and what is
said in a message is said all the same.
"""

from __future__ import annotations

import re
from typing import Final

_HELPERS: Final = {
    "inherited": """\
# A container's own value, or its pod's.
inherited(c, path) := own if {
  own := at(c, path)
  own != null
}
inherited(c, path) := at(spec, path) if at(c, path) == null""",
    "joined": """\
# A kernel profile, with the name of the file where there is one: `Localhost:web.json`.
joined(struct, type, name) := required(struct, type) if at(struct, [name]) == null
joined(struct, type, name) := text if {
  at(struct, [name]) != null
  text := concat(":", [required(struct, type), at(struct, [name])])
}""",
    "required": """\
# A field that its struct must have: "" where it lacks it, null where there is no struct.
required(null, _) := null
required(struct, field) := value if {
  value := at(struct, [field])
  value != null
}
required(struct, field) := "" if {
  is_object(struct)
  at(struct, [field]) == null
}""",
    "listed": """\
# The items of a list; of what is no list one, which nothing allows.
listed(struct, path) := list if {
  list := at(struct, path)
  is_array(list)
}
else := [] if at(struct, path) == null
else := [false]""",
    "items": """\
# The items of a list that may not be there.
items(null) := []
items(list) := list if is_array(list)""",
    "at": """\
# What stands at a path, null where nothing does; undefined where the way leads through no struct.
at(null, _) := null
at(struct, path) := object.get(struct, path, null) if {
  every n, _ in path { opens(object.get(struct, array.slice(path, 0, n), null)) }
}
opens(null)
opens(struct) if is_object(struct)""",
    "inside": """\
# A number in one of the ranges. Rego compares what is of different types, so that it is asked.
inside(number, ranges) if {
  is_number(number)
  some range in ranges
  is_number(range.min)
  number >= range.min
  reaches(range, number)
}
reaches(range, _) if not range.max
reaches(range, number) if {
  is_number(range.max)
  number <= range.max
}""",
    "like": """\
# A text that matches a glob: a `*` is any text without a `/`, all else stands for itself.
like(text, globs) if {
  some glob in globs
  quoted := replace(glob, `\\E`, `\\E\\\\E\\Q`)
  regex.match(concat("", [`^\\Q`, replace(quoted, "*", `\\E[^/]*\\Q`), `\\E$`]), text)
}""",
    "below": """\
# A path that is one of these or lies below one. On Windows a backslash is a slash.
below(path, tops) if {
  not contains(path, "\\\\")
  some top in tops
  leads(top, path)
}
leads(top, path) if path == top
leads(top, path) if startswith(path, concat("", [trim_suffix(top, "/"), "/"]))""",
    "called": """\
called(thing) := thing.name if is_string(thing.name)
else := \"\"""",
    "show": """\
# What was found, for a message.
show(found) := "unreadable" if found == []
else := "unset" if found == [null]
else := found[0] if is_string(found[0])
else := format_int(found[0], 10) if is_number(found[0])
else := sprintf("[%s]", [concat(", ", found[0])]) if is_array(found[0])
else := sprintf("%v", found)""",
}


def helpers(text: str) -> list[str]:
    """Return the functions that a text calls, and those that they call, each once."""
    kept: list[str] = []
    for name, helper in _HELPERS.items():
        # Each calls only such as come after it.
        if re.search(rf"\b{name}\(", "\n".join((text, *kept))):
            kept.append(helper)
    return kept
