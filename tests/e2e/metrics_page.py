"""docs/metrics.md and what a role serves, in one form to compare: {name: (type, {label: values})}."""

import os
import re

from cluster import ROOT

PAGE = os.path.join(ROOT, "docs", "metrics.md")
ROLES = ("webhook", "controller", "scanner")
_SERIES = re.compile(r'(\w+)(?:\{(.*)\})? (\S+)$')
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def documented():
    """{role: metrics}. Each role has a heading of its name and tables of: metric, type, labels, meaning, when to
    look. A label is `name`: `value`, `value`; further labels stand behind a semicolon."""
    found, role = {}, None
    with open(PAGE, encoding="utf-8") as f:
        for line in f:
            if line.startswith("## "):
                words = line[3:].strip().lower().split()
                role = next((r for r in ROLES if r in words), None)
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if role and line.startswith("| `landwaiter_"):
                name, kind, labels, meaning, _ = cells
                assert meaning, f"{name} is not explained"
                assert name.strip("`") not in found.get(role, {}), f"{name} stands twice under {role}"
                found.setdefault(role, {})[name.strip("`")] = (kind, _labels(labels))
    return found


def _labels(text):
    labels = {}
    for part in filter(None, (p.strip() for p in text.split(";"))):
        name, *values = re.findall(r"`([^`]+)`", part)
        labels[name] = set(values)
    return labels


def served(text):
    """The metrics of a /metrics page: Prometheus' text format, 0.0.4."""
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
    found = {name: (kind, {}) for name, kind in kinds.items()}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        name, labels, _ = _SERIES.match(line).groups()
        family = name if name in kinds else re.sub(r"_(bucket|sum|count)$", "", name)
        for label, value in _LABEL.findall(labels or ""):
            if label != "le":
                found[family][1].setdefault(label, set()).add(value)
    return found


def asked_for(path):
    """The metrics that rules or a dashboard ask for, by the names that are documented."""
    with open(path, encoding="utf-8") as f:
        return {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\blandwaiter_\w+", f.read())}
