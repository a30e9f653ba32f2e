# The commands in README.md and docs/ print what stands below them, and their links lead somewhere.
. test/endtoend/lib/tap.sh
python3 scripts/docs-test.py --program "$IOLAUS" || echo "not ok - a document tells another story"

# The test itself: it finds a wrong figure, and --write puts it right and keeps what was left out.
mkdir -p "$work/repository/docs" "$work/repository/scripts"
cp scripts/docs-test.py "$work/repository/scripts/"
cat >"$work/repository/README.md" <<'PAGE'
```yaml file=five.txt
one
two 2
three
four
```
```console
$ cat five.txt
one
two 3
...
four
$ echo a\
  b
ab
```
PAGE
cp "$work/repository/README.md" "$work/before"
runner="$work/repository/scripts/docs-test.py"
check "docs-test: a wrong figure is found" sh -c \
    "! python3 '$runner' --program '$IOLAUS' 2>/dev/null | tee '$work/first' >/dev/null; \
     grep -q '^not ok - README.md:8' '$work/first' && grep -q '^ok - README.md:13' '$work/first'"
python3 "$runner" --program "$IOLAUS" --write >&2
check "docs-test: --write puts it right" python3 "$runner" --program "$IOLAUS"
sed 's/^two 3/two 2/' "$work/before" >"$work/wanted"
check "docs-test: --write changes nothing else" cmp "$work/wanted" "$work/repository/README.md"
