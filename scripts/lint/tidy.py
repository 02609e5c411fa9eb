#!/usr/bin/env python3
"""clang-tidy over the sources of the product, as many at once as there are cores.

A file that passed is not looked at again until something changes that its verdict depends on: itself, a
header that it includes (as the compiler recorded them, ninja -t deps), its compile command, .clang-tidy
or clang-tidy's version. What passed is remembered under $XDG_CACHE_HOME/landwaiter-tidy, as ccache
remembers objects; a file without recorded headers is always looked at.

Most of clang-tidy's time goes into the headers. So where many files are to be looked at, those of a room
are looked at a dozen at a time, as one source that includes them; those of cmake/unity.cmake's
LANDWAITER_ALONE are not.

    tidy.py BUILD_FOLDER [FILE...]
"""

import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "landwaiter-tidy")
BATCH = 12
# Below this many, each on its own: a fault is then found without waiting for eleven others.
FEW = 24


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


def flags_of(entry):
    """The compile command's flags alone: no launcher, no compiler, no input, no output."""
    words = shlex.split(entry["command"])
    start = next(i for i, w in enumerate(words) if os.path.basename(w) in ("c++", "g++", "clang++"))
    kept, skip = [], False
    for word in words[start + 1:]:
        if skip:
            skip = False
        elif word in ("-o", "-c"):
            skip = True
        else:
            kept.append(word)
    return kept


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


def stand_alone():
    with open(os.path.join(ROOT, "cmake", "unity.cmake"), encoding="utf-8") as file:
        return tuple(re.search(r"set\(LANDWAITER_ALONE\s([^)]*)\)", file.read()).group(1).split())


def batches_of(paths, commands):
    """Lists of paths to look at together: of one target, at most BATCH."""
    if len(paths) <= FEW:
        return [[path] for path in paths]
    alone, together = stand_alone(), {}
    batches = []
    for path in paths:
        if path.startswith(alone):
            batches.append([path])
        else:
            target = output_of(commands[path]["command"]).split(".dir/")[0]
            together.setdefault(target, []).append(path)
    for of_target in together.values():
        # The longest first, so that no core waits for the last one.
        batches[:0] = [of_target[i:i + BATCH] for i in range(0, len(of_target), BATCH)]
    return batches


def look_at(paths, commands, scratch):
    """(passed, what clang-tidy printed) of the paths, looked at as one source where they are several."""
    source, extra = os.path.join(ROOT, paths[0]), []
    if len(paths) > 1:
        source = os.path.join(scratch, hashlib.sha256("\n".join(paths).encode()).hexdigest()[:16] + ".cc")
        with open(source, "w", encoding="utf-8") as file:
            file.writelines(f'#include "{os.path.join(ROOT, path)}"\n' for path in paths)
        # What is included counts as a header, and that a source is included is not the source's fault.
        extra = [f"--header-filter=^{re.escape(ROOT)}/.*\\.(h|cc)$", "--checks=-bugprone-suspicious-include"]
    done = subprocess.run(["clang-tidy", "--quiet", f"--config-file={ROOT}/.clang-tidy", *extra, source, "--", *flags_of(commands[paths[0]]),
                           "-Wno-unknown-warning-option"],
                          capture_output=True, text=True, check=False, cwd=ROOT)
    # What clang itself cannot read it says on the other channel.
    return done.returncode == 0, done.stdout.strip() or (done.stderr.strip() if done.returncode else "")


def main():
    build = os.path.abspath(sys.argv[1])
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = {os.path.relpath(e["file"], ROOT): e for e in json.load(file)}
    wanted = sys.argv[2:] or [f for f in subprocess.run(
        ["git", "ls-files", "*.cc", "*.cpp"], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
        if not f.startswith("tests/")]
    headers = recorded_headers(build)
    tool = subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True, check=True).stdout

    bad, open_files, mark_of = 0, [], {}
    for path in wanted:
        entry = commands.get(path)
        if entry is None:
            bad += 1
            print(f"{path}: error: no target compiles it")
            continue
        key = key_of(entry, headers.get(output_of(entry["command"])), tool)
        mark_of[path] = os.path.join(CACHE, key) if key else None
        if not key or not os.path.exists(mark_of[path]):
            open_files.append(path)

    os.makedirs(CACHE, exist_ok=True)
    batches = batches_of(open_files, commands)
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for paths, (good, text) in zip(batches, pool.map(lambda b: look_at(b, commands, scratch), batches)):
            if not good:
                bad += 1
                print(text or f"{' '.join(paths)}: clang-tidy failed", flush=True)
            for path in paths if good else []:
                if mark_of[path]:
                    with open(mark_of[path], "w", encoding="ascii"):
                        pass
    print(f"clang-tidy: {len(wanted)} files, {len(wanted) - len(open_files)} unchanged since they passed, "
          f"{len(batches)} runs, {bad} with faults")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
