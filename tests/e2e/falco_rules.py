"""Falco's rules files, read as Falco reads them: YAML as userspace/engine/rule_loader_reader.cpp of falcosecurity/falco
wants it, lists put into conditions as text (rule_loader_compiler.cpp), conditions by the grammar in
userspace/libsinsp/filter/parser.h of falcosecurity/libs, macros by name; fields and event types are those that their
documentation lists, as far as rules here may need them. And an evaluator, so that a test can ask what fires."""

import re

import yaml

FIELDS = {  # of syscall events; text unless it is a number
    "evt.type", "evt.num", "evt.rawres", "evt.res", "proc.vpid", "proc.name", "container.id", "container.name", "container.image",
    "container.image.id", "container.image.digest", "container.image.repository", "container.image.tag", "k8s.ns.name", "k8s.pod.name",
    "k8s.pod.uid"}
NUMBERS = {"evt.num", "evt.rawres", "proc.vpid"}
EVENTS = {"execve", "execveat", "container", "open", "openat", "clone"}
PRIORITIES = {"EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFORMATIONAL", "DEBUG"}
KEYS = {"list": {"list", "items"}, "macro": {"macro", "condition"},
        "rule": {"rule", "desc", "condition", "output", "priority", "source", "tags", "enabled"}}
MAX_VALUE = 256  # bytes of one value of a filter (sinsp_filtercheck.h)
MAX_DEPTH = 1000  # of a condition, as the rule loader sets it
IDENTIFIER = re.compile(r"[a-zA-Z]+[a-zA-Z0-9_]*")
FIELD = re.compile(r"[a-zA-Z]+[a-zA-Z0-9_]*(\.[a-zA-Z]+[a-zA-Z0-9_]*)+")
BARE = re.compile(r"[^()\"'\s=,]+")
NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|[+-]?[0-9]+\.?[0-9]*([eE][+-][0-9]+)?")
QUOTED = re.compile(r'"(?:\\"|[^"])*"|\'(?:\\\'|[^\'])*\'')
TEXT_OPERATORS = ("==", "=", "!=", "contains ", "icontains ", "startswith ", "endswith ", "glob ")
NUMBER_OPERATORS = ("<=", "<", ">=", ">")
LIST_OPERATORS = ("intersects", "in", "pmatch")


class Refused(Exception):
    """What Falco would not load, and why."""


def _need(holds, why):
    if not holds:
        raise Refused(why)


class _Parser:
    """A condition to nested tuples: (and|or, […]), (not, x), (macro, name), (check, field, operator, value)."""

    def __init__(self, text):
        self.text, self.at, self.depth = text, 0, 0

    def parse(self):
        _need(self.text, "the condition is empty")
        parsed = self._or()
        _need(self.at == len(self.text), f"unexpected {self.text[self.at:self.at + 30]!r}")
        return parsed

    def _blank(self):
        before = self.at
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at > before

    def _word(self, word):
        if not self.text.startswith(word, self.at):
            return False
        self.at += len(word)
        return True

    def _match(self, pattern):
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found and found.group(0)

    def _joined(self, word, inner):
        self.depth += 1
        _need(self.depth < MAX_DEPTH, "nested too deep")
        self._blank()
        parts = [inner()]
        self._blank()
        while self._word(word):
            if self._blank():
                parts.append(inner())
            else:
                _need(self._word("("), f"a blank or '(' after {word!r}")
                parts.append(self._rest())
            self._blank()
        self.depth -= 1
        return parts[0] if len(parts) == 1 else (word, parts)

    def _or(self):
        return self._joined("or", self._and)

    def _and(self):
        return self._joined("and", self._not)

    def _not(self):
        self._blank()
        negated = False
        while self._match(re.compile(r"not\s+")):
            negated = not negated
        if self._word("not("):
            negated, inner = not negated, self._rest()
        else:
            inner = self._check()
        return ("not", inner) if negated else inner

    def _rest(self):
        inner = self._or()
        self._blank()
        _need(self._word(")"), "a ')' is missing")
        return inner

    def _check(self):
        self._blank()
        if self._word("("):
            return self._rest()
        if field := self._match(FIELD):
            _need(field in FIELDS, f"no such field: {field}")
            return self._condition(field)
        name = self._match(IDENTIFIER)
        _need(name, f"a field, a macro or '(' is missing at {self.text[self.at:self.at + 30]!r}")
        return ("macro", name)

    def _condition(self, field):
        self._blank()
        if self._word("exists"):
            return ("check", field, "exists", None)
        for operator in NUMBER_OPERATORS:
            if self._word(operator):
                self._blank()
                value = self._match(NUMBER)
                _need(value, f"a number after {operator!r}")
                _need(field in NUMBERS, f"{field} is no number")
                return ("check", field, operator, value)
        for operator in TEXT_OPERATORS:
            if self._word(operator):
                self._blank()
                return ("check", field, operator.strip(), self._value(field))
        for operator in LIST_OPERATORS:
            if self._word(operator):
                self._blank()
                _need(self._word("("), f"a list after {operator!r}")
                return ("check", field, operator, self._values(field))
        raise Refused(f"no operator after {field}")

    def _values(self, field):
        values = []
        self._blank()
        if self._word(")"):
            return values
        while True:
            self._blank()
            values.append(self._value(field))
            self._blank()
            if not self._word(","):
                break
        _need(self._word(")"), "a ')' is missing after a list")
        return values

    def _value(self, field):
        value = self._match(QUOTED)
        value = value[1:-1] if value else self._match(BARE)
        _need(value is not None and value is not False, f"a value is missing at {self.text[self.at:self.at + 30]!r}")
        _need(len(value.encode()) < MAX_VALUE, f"a value of {len(value)} bytes")
        if field in NUMBERS:
            _need(NUMBER.fullmatch(value), f"{field} is a number, {value!r} is none")
        if field == "evt.type":
            _need(value in EVENTS, f"no such event: {value}")
        return value


def _with_lists(condition, lists):
    """Each list in turn, wherever its name stands between blanks, parentheses, commas and '='."""
    for name, items in lists.items():
        def put(_, items=items):
            return ", ".join(f'"{i}"' if " " in i and i[0] not in "\"'" else i for i in items)
        condition = re.sub(rf"(?:(?<=[\s(),=])|^){re.escape(name)}(?=[\s(),=]|$)", put, condition)
    return condition


class Rules:
    """Rules files, read in order. Refused where Falco would not load them."""

    def __init__(self, *texts):
        self.lists, self.macros, self.rules, self.unused = {}, {}, {}, set()
        items = [item for text in texts for item in self._document(text)]
        for item in items:
            self._read(item)
        self.parsed = {}
        for name, condition in self.macros.items():
            self.parsed[name] = self._parse(condition, f"macro {name}", list(self.parsed))
        for name, rule in self.rules.items():
            rule["parsed"] = self._parse(rule["condition"], f"rule {name}", list(self.parsed))

    @staticmethod
    def _document(text):
        read = yaml.safe_load(text)
        _need(isinstance(read, list), "the file is no YAML list")
        return read

    def _read(self, item):
        _need(isinstance(item, dict), "an item is no mapping")
        if "required_engine_version" in item:
            _need(isinstance(item["required_engine_version"], int) and len(item) == 1, "required_engine_version")
            return
        kind = next((k for k in KEYS if k in item), None)
        _need(kind, f"an item of no kind: {sorted(item)}")
        _need(set(item) <= KEYS[kind], f"unknown keys {sorted(set(item) - KEYS[kind])}")
        name = item[kind]
        _need(isinstance(name, str) and name, f"a {kind} without a name")
        if kind == "list":
            _need(BARE.fullmatch(name), f"list {name!r}: no name of a list")
            _need(isinstance(item.get("items"), list), f"list {name}: no items")
            _need(all(isinstance(i, (str, int, float)) for i in item["items"]), f"list {name}: an item is no scalar")
            self.lists[name] = [str(i) for i in item["items"]]
            return
        _need(isinstance(item.get("condition"), str) and item["condition"], f"{kind} {name}: no condition")
        if kind == "macro":
            _need(IDENTIFIER.fullmatch(name), f"macro {name!r}: no name of a macro")
            self.macros[name] = item["condition"]
            return
        for key in ("desc", "output", "priority"):
            _need(isinstance(item.get(key), str) and item[key], f"rule {name}: no {key}")
        _need(item["priority"].upper() in PRIORITIES, f"rule {name}: priority {item['priority']}")
        for field in re.findall(r"%([a-z0-9_.]+[a-z0-9])", item["output"]):
            _need(field in FIELDS, f"rule {name}: no such field in its output: {field}")
        _need(all(isinstance(tag, str) for tag in item.get("tags", [])), f"rule {name}: tags")
        self.rules[name] = dict(item)

    def _parse(self, condition, what, macros):
        try:
            parsed = _Parser(_with_lists(condition, self.lists)).parse()
        except Refused as error:
            raise Refused(f"{what}: {error}") from None
        for name in _macros_of(parsed):
            _need(name in macros, f"{what}: macro {name} is not defined before it")
        return parsed

    def fired(self, **event):
        """The rules that fire for an event; fields with '_' for '.', those without a value left out."""
        fields = {}
        for key, value in event.items():
            field = key.replace("_", ".")
            assert field in FIELDS, f"no such field: {field}"
            fields[field] = str(value)
        return sorted(name for name, rule in self.rules.items() if rule.get("enabled", True) and self._holds(rule["parsed"], fields))

    def _holds(self, node, fields):
        kind = node[0]
        if kind in ("and", "or"):
            return (all if kind == "and" else any)(self._holds(n, fields) for n in node[1])
        if kind == "not":
            return not self._holds(node[1], fields)
        if kind == "macro":
            return self._holds(self.parsed[node[1]], fields)
        _, field, operator, value = node
        has = fields.get(field)
        if operator == "exists" or has is None:
            return has is not None
        return _compare(field, operator, has, value)


def _macros_of(node):
    if node[0] == "macro":
        yield node[1]
    elif node[0] in ("and", "or"):
        for inner in node[1]:
            yield from _macros_of(inner)
    elif node[0] == "not":
        yield from _macros_of(node[1])


def _compare(field, operator, has, value):
    if field in NUMBERS and operator not in ("in",):
        a, b = float(has), float(value)
        return {"=": a == b, "==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]
    return {"in": lambda: has in value, "=": lambda: has == value, "==": lambda: has == value, "!=": lambda: has != value,
            "startswith": lambda: has.startswith(value), "endswith": lambda: has.endswith(value),
            "contains": lambda: value in has}[operator]()
