#!/usr/bin/env python3
"""Runs the commands of the documents and compares what they print with what stands there.

    docs-test.py --program PATH [--write] [FILE...]

FILE defaults to README.md and every Markdown file below docs/. In them

    ```console
    $ iolaus trace digest newsroom.trace
    5ba5...
    ```

is a command (lines that begin with `$ `; a line that ends in a backslash goes on in the next) and,
below it, what it prints on standard output and standard error. A command must end with status 0.
A line `...` stands for any number of lines, also none. And

    ```yaml file=garden.yaml

writes the block's text to that file before what follows it.

The commands of one document run one after the other in a scratch folder that looks like the root of
the repository: everything that git knows is there (by links), and `build/iolaus` is the program, which
`iolaus` names too. What a command writes is gone afterwards.

What may differ from machine to machine is not compared (VARIES): the host's name and the version.
Nothing else: figures and digests must be the same everywhere. Blanks at the end of a line are not
compared either.

It also checks that every link to a file of the repository leads to one.

With --write the expected output is replaced by what was printed; where lines were left out with `...`,
those that are most like the old ones are kept. Read the difference before committing it.

Results are TAP lines; details of what differs go to standard error.
"""
import argparse
import difflib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

TIMEOUT_S = 120
HOST = "debian"  # what is written in the documents
VARIES = [
    # what the program prints, and what stands in its place for the comparison
    (re.compile(r"\biolaus \d+\.\d+\.\d+ on [\w.-]+,"), "iolaus VERSION on HOST,"),
    (re.compile(r"\biolaus \d+\.\d+\.\d+$"), "iolaus VERSION"),
    (re.compile(r"\bversion \d+\.\d+\.\d+, host [\w.-]+"), "version VERSION, host HOST"),
    (re.compile(r'"host": "[^"]*"'), '"host": "HOST"'),
    (re.compile(r'"version": "\d+\.\d+\.\d+"'), '"version": "VERSION"'),
]


def settled(line):
    """A line without what may vary."""
    line = line.rstrip()
    for pattern, word in VARIES:
        line = pattern.sub(word, line)
    return line


def matches(expected, printed):
    """Whether the printed lines are the expected ones, `...` being any number of lines."""
    reach = {0}  # numbers of printed lines that the expected ones so far can have used up
    for line in expected:
        if line.strip() == "...":
            reach = set(range(min(reach), len(printed) + 1)) if reach else reach
        else:
            reach = {n + 1 for n in reach if n < len(printed) and printed[n] == line}
    return len(printed) in reach


def likeness(old, new):
    if old == new:
        return 1.0
    words = re.compile(r"[A-Za-z_-]{2,}|\S")
    return 0.9 * difflib.SequenceMatcher(None, words.findall(old), words.findall(new)).ratio()


def align(old, joined, printed):
    """Which printed line each old one corresponds to: in order, with the greatest likeness, and
    the next line with the next one where the two were `joined`; of equals the first."""
    rows, columns = len(old), len(printed)
    best = [[0.0] * (columns + 2) for _ in range(rows + 2)]  # of old[i:] with printed[n:]
    here = [[-1.0] * (columns + 2) for _ in range(rows + 2)]  # the same, old[i] being printed[n]
    for i in range(rows - 1, -1, -1):
        for n in range(columns - 1, -1, -1):
            here[i][n] = likeness(old[i], printed[n]) + best[i + 1][n + 1]
            if joined[i]:
                here[i][n] = max(here[i][n],
                                 here[i][n] - best[i + 1][n + 1] + here[i + 1][n + 1] + 0.5)
            best[i][n] = max(here[i][n], best[i][n + 1], best[i + 1][n])
    place, i, n = {}, 0, 0
    while i < rows and n < columns:
        if here[i][n] == best[i][n]:
            place[i] = n
            i, n = i + 1, n + 1
        elif best[i + 1][n] == best[i][n]:
            i += 1
        else:
            n += 1
    return place


def rewritten(expected, printed):
    """The printed lines, with `...` where the expected ones have it."""
    gap = [line.strip() == "..." for line in expected]
    old = [line for line in expected if line.strip() != "..."]
    if len(old) == len(expected) or not old:
        return expected if expected and not old else printed
    joined = [not following for here, following in zip(gap, gap[1:] + [True]) if not here]
    place = align(old, joined, printed)
    out, i, last, left_out = [], 0, -1, False
    for line in expected:
        if line.strip() == "...":
            left_out = True
            continue
        if i in place:
            if left_out and place[i] > last + 1:
                out.append("...")
            elif not left_out:
                out.extend(printed[last + 1:place[i]])
            out.append(printed[place[i]])
            last, left_out = place[i], False
        i += 1
    if left_out and last + 1 < len(printed):
        out.append("...")
    elif not left_out:
        out.extend(printed[last + 1:])
    return out


class Scratch:
    """A folder that looks like the root of the repository, with the program in PATH."""

    def __init__(self, root, program):
        self.folder = tempfile.mkdtemp(prefix="iolaus-docs-")
        listed = subprocess.run(["git", "-C", root, "ls-files"], capture_output=True, text=True)
        names = {line.split("/")[0] for line in listed.stdout.splitlines()} or set(os.listdir(root))
        for name in sorted(names - {"build", ".git"}):
            if os.path.exists(os.path.join(root, name)):
                os.symlink(os.path.join(root, name), os.path.join(self.folder, name))
        os.mkdir(os.path.join(self.folder, "build"))
        os.symlink(program, os.path.join(self.folder, "build", "iolaus"))
        self.environment = dict(os.environ, LC_ALL="C.UTF-8", COLUMNS="100",
                                PATH=os.path.join(self.folder, "build") + ":" + os.environ["PATH"])

    def run(self, command):
        """The status and the lines that the command prints."""
        try:
            done = subprocess.run(["sh", "-c", command], cwd=self.folder, env=self.environment,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return -1, [f"(not done after {TIMEOUT_S} s)"]
        text = done.stdout.decode("utf-8", "replace")
        text = text.replace(self.folder + "/", "")
        return done.returncode, [line.rstrip() for line in text.splitlines()]

    def close(self):
        shutil.rmtree(self.folder)


def as_written(line):
    """A printed line as it is to stand in a document."""
    host = re.escape(socket.gethostname())
    line = re.sub(rf"(\biolaus \d+\.\d+\.\d+ on ){host}(?=,)", rf"\g<1>{HOST}", line)
    line = re.sub(rf"(, host ){host}\b", rf"\g<1>{HOST}", line)
    return re.sub(rf'("host": "){host}"', rf'\g<1>{HOST}"', line)


class Document:
    def __init__(self, root, name, program, write):
        self.root, self.name, self.write = root, name, write
        with open(os.path.join(root, name), encoding="utf-8") as file:
            self.lines = file.read().split("\n")
        self.scratch = Scratch(root, program)
        self.failed = 0

    def result(self, good, words):
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} - {self.name}:{words.replace('#', 'no. ')}")

    def work(self):
        out, at, block = [], 0, None
        while at < len(self.lines):
            line = self.lines[at]
            fence = re.match(r"```(\w*)(?:\s+file=([\w./-]+))?\s*$", line)
            out.append(line)
            at += 1
            if fence is None:
                self.check_links(line, at)
                continue
            block = []
            begin = at
            while at < len(self.lines) and not self.lines[at].startswith("```"):
                block.append(self.lines[at])
                at += 1
            if fence.group(1) == "console":
                block = self.console(block, begin)
            elif fence.group(2):
                with open(os.path.join(self.scratch.folder, fence.group(2)), "w",
                          encoding="utf-8") as file:
                    file.write("\n".join(block) + "\n")
            out.extend(block)
            if at < len(self.lines):
                out.append(self.lines[at])
                at += 1
        self.scratch.close()
        if self.write and out != self.lines:
            with open(os.path.join(self.root, self.name), "w", encoding="utf-8") as file:
                file.write("\n".join(out))
            print(f"# {self.name} rewritten")
        return self.failed

    def console(self, block, begin):
        """Runs the commands of one block; returns the block as it is to stand there."""
        out, at = [], 0
        while at < len(block):
            start = at
            if not block[at].startswith("$ "):
                self.result(False, f"{begin + at + 1}: output without a command")
                return block
            command = block[at][2:]
            at += 1
            while command.endswith("\\") and at < len(block):
                command = command[:-1] + block[at].lstrip()
                at += 1
            out.extend(block[start:at])
            first = at
            while at < len(block) and not block[at].startswith("$ "):
                at += 1
            expected = block[first:at]
            status, printed = self.scratch.run(command)
            same = matches([settled(line) for line in expected], [settled(line) for line in printed])
            self.result(status == 0 and (same or self.write), f"{begin + start + 1}: {command}")
            if status != 0:
                print(f"{self.name}: `{command}` ended with status {status}", file=sys.stderr)
            if not same and not self.write:
                sys.stderr.writelines(f"{line}\n" for line in difflib.unified_diff(
                    expected, printed, "in the document", "printed", lineterm="", n=1))
            if not same and self.write:
                expected = rewritten(expected, [as_written(line) for line in printed])
            out.extend(expected)
        return out

    def check_links(self, line, number):
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line)):
            if re.match(r"[a-z]+:", target) or target.startswith("#"):
                continue
            path = os.path.join(self.root, os.path.dirname(self.name), target.split("#")[0])
            self.result(os.path.exists(path), f"{number}: link to {target}")


def main():
    parser = argparse.ArgumentParser(description="Runs the commands of the documents.")
    parser.add_argument("--program", required=True, help="the program that `iolaus` names")
    parser.add_argument("--write", action="store_true", help="replace the expected output")
    parser.add_argument("files", nargs="*", metavar="FILE")
    arguments = parser.parse_args()
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    program = os.path.abspath(arguments.program)
    names = [os.path.relpath(name, root) for name in arguments.files]
    if not names:
        names = ["README.md"]
        for folder, _, files in os.walk(os.path.join(root, "docs")):
            names += [os.path.relpath(os.path.join(folder, name), root)
                      for name in files if name.endswith(".md")]
    failed = 0
    for name in sorted(names):
        failed += Document(root, name, program, arguments.write).work()
    return 1 if failed else 0


sys.exit(main())
