# Prints every entry of a ledger that is published or stands in its journal, one a line.
import os
import sys

folder = sys.argv[1]
base = os.path.join(folder, "tile", "entries")
bundles = {}
for path, _, names in os.walk(base):
    for name in names:
        full = os.path.join(path, name)
        parts = os.path.relpath(full, base).split(os.sep)
        partial = parts[-2].endswith(".p") if len(parts) > 1 else False
        number = parts[:-1] if partial else parts
        index = int("".join(p.removesuffix(".p").removeprefix("x") for p in number))
        width = int(parts[-1]) if partial else 256
        if width > bundles.get(index, (0, ""))[0]:
            bundles[index] = (width, full)


def split(data, count):
    at = 0
    for _ in range(count):
        size = int.from_bytes(data[at : at + 2], "big")
        yield data[at + 2 : at + 2 + size]
        at += 2 + size


entries = []
for index in sorted(bundles):
    width, full = bundles[index]
    entries += split(open(full, "rb").read(), width)
journal = open(os.path.join(folder, "journal"), "rb").read()
at = 0
while at + 36 <= len(journal):
    first, count = int.from_bytes(journal[at + 8 : at + 16], "big"), int.from_bytes(journal[at + 16 : at + 20], "big")
    size, note = int.from_bytes(journal[at + 20 : at + 24], "big"), int.from_bytes(journal[at + 24 : at + 28], "big")
    if first == len(entries):
        entries += split(journal[at + 36 : at + 36 + size], count)
    at += 36 + size + note
for entry in entries:
    print(entry.decode())
