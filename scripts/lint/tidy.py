#!/usr/bin/env python3
"""clang-tidy over the sources of the product, as many at once as there are cores.

A file that passed is not looked at again until something changes that its verdict depends on: itself, a
header that it includes (as the compiler recorded them, ninja -t deps), its compile command, .clang-tidy
or clang-tidy's version. What passed is remembered under $XDG_CACHE_HOME/landwaiter-tidy, as ccache
remembers objects; a file without recorded headers is always looked at.

    tidy.py BUILD_FOLDER [FILE...]
"""

import concurrent.futures
import hashlib
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "landwaiter-tidy")


def recorded_headers(build):
    """Object → the files that it was compiled from, as ninja has them."""
    out = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=False).stdout
    found, current = {}, None
    for line in out.splitlines():
        if line and not line[0].isspace():
            name, _, rest = line.partition(":")
            current = found.setdefault(name, []) if "(VALID)" in rest else None
        elif current is not None and line.strip():
            current.append(os.path.normpath(os.path.join(build, line.strip())))
    return found


def output_of(command):
    words = command.split()
    return words[words.index("-o") + 1] if "-o" in words else ""


def hash_of(path, known={}):  # noqa: B006  one memory for the whole run
    if path not in known:
        with open(path, "rb") as file:
            known[path] = hashlib.sha256(file.read()).hexdigest()
    return known[path]


def key_of(entry, headers, tool):
    """None where it is not known what the verdict depends on."""
    if not headers:
        return None
    try:
        parts = [tool, hash_of(os.path.join(ROOT, ".clang-tidy")), entry["command"].replace(ROOT, "")]
        parts += [f"{h.replace(ROOT, '')}={hash_of(h)}" for h in sorted({*headers, entry["file"]})]
    except OSError:
        return None
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def look_at(path, build, key):
    mark = os.path.join(CACHE, key) if key else None
    if mark and os.path.exists(mark):
        return path, True, "", True
    done = subprocess.run(["clang-tidy", "--quiet", "-p", build, "--extra-arg=-Wno-unknown-warning-option", path],
                          capture_output=True, text=True, check=False, cwd=ROOT)
    good = done.returncode == 0
    if good and mark:
        os.makedirs(CACHE, exist_ok=True)
        with open(mark, "w", encoding="ascii"):
            pass
    return path, good, done.stdout, False


def main():
    build = os.path.abspath(sys.argv[1])
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = {os.path.relpath(e["file"], ROOT): e for e in json.load(file)}
    wanted = sys.argv[2:] or [f for f in subprocess.run(
        ["git", "ls-files", "*.cc", "*.cpp"], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
        if not f.startswith("tests/")]
    headers = recorded_headers(build)
    tool = subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True, check=True).stdout

    def one(path):
        entry = commands.get(path)
        if entry is None:
            return path, False, f"{path}: error: no target compiles it\n", False
        return look_at(path, build, key_of(entry, headers.get(output_of(entry["command"])), tool))

    bad = remembered = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, good, text, known in pool.map(one, wanted):
            remembered += known
            bad += not good
            if not good:
                print(text.strip() or f"{path}: clang-tidy failed", flush=True)
    print(f"clang-tidy: {len(wanted)} files, {remembered} unchanged since they passed, {bad} with faults")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
