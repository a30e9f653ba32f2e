# A study as its user sees it: planned, run, stopped, gone on with, shown.
. test/endtoend/lib/tap.sh

study=$work/small.yaml
cat >"$study" <<END
iolaus: 1
study: small
about: Does a bond matter?
scenario: $PWD/scenarios/ward.yaml
replicates: 6
factors:
  - {name: bond, path: bonds.initial, levels: [bad, good]}
matched: [object]
measures: [relaunched_by_peers, masked, availability]
END
"$IOLAUS" study plan "$study" >"$work/plan"
check "the plan counts the runs" grep -q '^2 cells, 4 arms with their matched variants, 6 replicates: 24 runs' "$work/plan"
check "the plan names the power" grep -q 'power' "$work/plan"
check "a study runs" "$IOLAUS" study run "$study" --db "$work/one.db" -j 1
check "with other workers too" "$IOLAUS" study run "$study" --db "$work/two.db" -j 5
"$IOLAUS" study export -f csv "$work/one.db" >"$work/one.csv"
"$IOLAUS" study export -f csv "$work/two.db" >"$work/two.csv"
check "the figures are the same" cmp "$work/one.csv" "$work/two.csv"
check "a good bond has more relaunches" python3 - "$work/one.csv" <<'END'
import csv
import sys

rates = {row["arm"]: float(row["value"]) for row in csv.DictReader(open(sys.argv[1], encoding="utf-8"))
         if row["what"] == "rate" and row["measure"] == "relaunched_by_peers"}
sys.exit(not rates["bond=good"] > rates["bond=bad"])
END
again=$("$IOLAUS" study run "$study" --db "$work/one.db")
check "what is there is not run again" sh -c "echo '$again' | grep -q '(24 were there already)'"
"$IOLAUS" study export -f json "$work/one.db" >"$work/one.json"
check "JSON is JSON" python3 -m json.tool "$work/one.json" /dev/null
check "Markdown has a table" sh -c "'$IOLAUS' study export -f markdown '$work/one.db' | grep -q '^| arm | successes'"
check "effects are ranked" sh -c "'$IOLAUS' study effects '$work/one.db' | grep -q 'bond: chi squared'"
if command -v gnuplot >/dev/null 2>&1; then
    "$IOLAUS" study figures "$work/one.db" -o "$work/figures"
    check "figures are SVG" python3 -c '
import sys, xml.dom.minidom
for path in sys.argv[1:]:
    xml.dom.minidom.parse(path)
assert len(sys.argv) == 7' "$work"/figures/*.svg
else
    echo "ok - figures are SVG # skip gnuplot is not installed"
fi

# ---- the database alone is enough ----
check "any SQLite client counts the same" python3 - "$work/one.db" "$work/one.csv" <<'END'
import csv
import sqlite3
import sys

database = sqlite3.connect(sys.argv[1])
counted = {
    (name, measure): (successes, trials)
    for name, measure, successes, trials in database.execute(
        "SELECT name, measure, successes, trials FROM rates JOIN arm USING(arm) WHERE planned")
}
rows = [row for row in csv.DictReader(open(sys.argv[2], encoding="utf-8")) if row["what"] == "rate"]
assert len(rows) == 12
for row in rows:
    assert counted[row["arm"], row["measure"]] == (int(row["successes"]), int(row["trials"])), row
END

# ---- killed, and gone on with ----
sed 's/replicates: 6/replicates: 3000/' "$study" >"$work/long.yaml"
"$IOLAUS" study run "$work/long.yaml" --db "$work/long.db" &
running=$!
sleep 2
kill -9 $running
wait $running
kept=$(python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("SELECT count(*) FROM run").fetchone()[0])' "$work/long.db")
check "what was finished before a kill is kept" test "$kept" -gt 0
"$IOLAUS" study run "$work/long.yaml" --db "$work/long.db" >"$work/out" 2>"$work/err" &
running=$!
sleep 2
kill -INT $running
wait $running
check "ctrl-C ends with status 3" test $? -eq 3
check "it says that the same command goes on" grep -q 'and the same command goes on with the others' "$work/err"

# ---- wrong input ----
sed 's/good\]/better]/' "$study" >"$work/wrong.yaml"
refuses "a wrong level is told by its place" 2 'wrong.yaml:7:[0-9]+: ' "$IOLAUS" study plan "$work/wrong.yaml"
refuses "a missing file" 2 'none.yaml' "$IOLAUS" study run "$work/none.yaml"
refuses "a database of something else" 2 'is no results database' "$IOLAUS" study show "$study"
refuses "no database" 3 'none.db' "$IOLAUS" study show "$work/none.db"
refuses "an unknown measure" 2 'none of the study' "$IOLAUS" study effects --measure stalled "$work/one.db"
