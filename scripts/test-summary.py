"""Adds up the TAP of Meson's logs (.json) and of plain files (.tap); prints what failed or was
skipped, by name, and at last the line `N passed, N failed, N skipped`."""
import json
import os
import re
import sys

passed = failed = skipped = 0


def take_tap(name, text):
    """Counts the result lines of one program; False if there are none."""
    global passed, failed, skipped
    seen = False
    for line in text.splitlines():
        match = re.match(r"\s*(not )?ok\b\s*(?:\d+)?\s*-?\s*(.*)", line)
        if not match:
            continue
        seen = True
        if re.search(r"#\s*skip", match.group(2), re.I):
            skipped += 1
            print(f"skipped: {name}: {match.group(2)}")
        elif match.group(1):
            failed += 1
            print(f"failed: {name}: {match.group(2)}")
        else:
            passed += 1
    return seen


for path in sys.argv[1:]:
    if path.endswith(".tap"):
        name = os.path.basename(path)[:-4]
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        before = failed
        if not take_tap(name, text):
            failed += 1
            print(f"failed: {name}: it printed no result")
        if failed > before:
            print(text)
            with open(path[:-4] + ".err", encoding="utf-8", errors="replace") as file:
                print(file.read())
        continue
    if not os.path.exists(path):
        failed += 1
        print(f"failed: no log {path}")
        continue
    build = path.split("/")[0]
    with open(path, encoding="utf-8") as file:
        for line in file:
            test = json.loads(line)
            before = failed
            seen = take_tap(f"{build}/{test['name']}", test.get("stdout", ""))
            if not seen and test["result"] == "OK":  # a plain program: its exit status counts
                passed += 1
            elif not seen or (test["result"] not in ("OK", "SKIP") and failed == before):
                failed += 1
                print(f"failed: {build}/{test['name']}: {test['result']}")
            if failed > before:
                print(test.get("stdout", ""))
                print(test.get("stderr", ""))

print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed or not passed else 0)
