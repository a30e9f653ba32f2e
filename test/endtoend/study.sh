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
check "indices of another design are refused" sh -c \
    "'$IOLAUS' study sensitivity '$work/one.db' 2>&1 | grep -q 'indices need .design: sobol'"
cat >"$work/sobol.yaml" <<END
iolaus: 1
study: sobol
scenario: $PWD/scenarios/ward.yaml
replicates: 2
design: sobol
samples: 8
set: {duration: 200s, crew.one.count: 1, crew.two.count: 1, crew.three.count: 1, bonds.initial: bad}
factors:
  - {name: base, path: minds.peer.relaunch.base, from: 0.001, to: 0.3}
  - {name: loss, path: network.loss, from: 0, to: 0.1}
measures: [relaunched_by_peers]
END
"$IOLAUS" study run "$work/sobol.yaml" --db "$work/sobol.db" >/dev/null
"$IOLAUS" study sensitivity -f json "$work/sobol.db" >"$work/sobol.json"
check "a Sobol design has indices" python3 -c '
import json, sys
found = json.load(open(sys.argv[1]))
assert found["points"] == 8 and found["runs"] == 64, found
base, loss = (factor["total"] for factor in found["factors"])
assert base > loss, (base, loss)' "$work/sobol.json"
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

# ---- thresholds ----
refuses "a study without a threshold" 2 'asks for no threshold' "$IOLAUS" study thresholds --study small "$work/one.db"
refuses "a database without one" 2 'no study here asks for a threshold' "$IOLAUS" study thresholds "$work/one.db"
refuses "no descents" 2 'began with a few alive' "$IOLAUS" study descent "$work/one.db"
cat >"$work/tip.yaml" <<END
iolaus: 1
study: tip
scenario: $PWD/scenarios/contact.yaml
replicates: 100
set: {links.generator: ring}
factors:
  - name: size
    levels: {"4": {crew.cell.count: 4, duration: 9s}, "8": {crew.cell.count: 8, duration: 27s}}
  - {name: rate, path: contact.rate, levels: [1, 1.5, 2, 3]}
measures: [survived]
threshold: {rate: rate, size: size, known: 1.6489, source: the line}
END
sed -e 's/study: tip/study: siege/' -e 's/contact.yaml/siege.yaml/' -e '/duration: 9s/,$d' "$work/tip.yaml" >"$work/siege.yaml"
cat >>"$work/siege.yaml" <<END
    levels: {"4": {crew.cell.count: 4}, "8": {crew.cell.count: 8}}
  - {name: gap, path: campaign.sweep_gap, levels: [0.1s, 0.3s, 1s]}
measures: [survived]
END
sed -e 's/study: tip/study: few/' -e 's/links.generator: ring/contact.start: seed/' -e '/^threshold/d' \
    "$work/tip.yaml" >"$work/few.yaml"
for one in tip siege few; do
    check "$one: it runs" "$IOLAUS" study run "$work/$one.yaml" --db "$work/tip.db"
done
"$IOLAUS" study thresholds "$work/tip.db" -f csv >"$work/tip.csv"
"$IOLAUS" study thresholds "$work/tip.db" -f json >"$work/tip.json"
"$IOLAUS" study descent "$work/tip.db" --study few -f csv >"$work/few.csv"
check "thresholds and descents are what the rows say" python3 - "$work" <<'END'
import csv
import json
import sqlite3
import sys

database = sqlite3.connect(sys.argv[1] + "/tip.db")
rows = list(csv.DictReader(open(sys.argv[1] + "/tip.csv", encoding="utf-8")))
cells = [row for row in rows if row["what"] == "survival"]
assert len(cells) == 8 and [row["what"] for row in rows].count("crossing") == 1, rows
for row in cells:
    name = "size=%s, rate=%s" % (row["size"], row["rate"])
    counted = database.execute("SELECT sum(extinct_ns IS NULL), count(*) FROM run JOIN arm USING(arm) "
                               "WHERE name=? AND study='tip'", (name,)).fetchone()
    assert counted == (int(row["survived"]), int(row["runs"])) and counted[1] == 100, (name, counted)
whole = json.load(open(sys.argv[1] + "/tip.json", encoding="utf-8"))
assert [study["study"] for study in whole] == ["tip"] and whole[0]["cases"][0]["known"] == 1.6489
few = list(csv.DictReader(open(sys.argv[1] + "/few.csv", encoding="utf-8")))
assert len(few) == 8 * 11 and all(row["lives"] == "100" for row in few if row["generation"] == "0")
END
check "the words name what is known" sh -c "'$IOLAUS' study thresholds '$work/tip.db' | grep -q 'known 1.6489'"
check "Markdown has the crossing" sh -c "'$IOLAUS' study thresholds '$work/tip.db' -f markdown | grep -q '^| 4 and 8 |'"
if command -v gnuplot >/dev/null 2>&1; then
    "$IOLAUS" study figures "$work/tip.db" --of thresholds -o "$work/tipping"
    "$IOLAUS" study figures "$work/tip.db" --of siege --study siege -o "$work/tipping"
    "$IOLAUS" study figures "$work/tip.db" --of descent --study few -o "$work/tipping"
    check "their figures are SVG" python3 -c '
import sys, xml.dom.minidom
for path in sys.argv[1:]:
    xml.dom.minidom.parse(path)
assert len(sys.argv) == 4' "$work"/tipping/*.svg
else
    echo "ok - their figures are SVG # skip gnuplot is not installed"
fi
refuses "a siege of nobody" 2 'no runs of a sweep' "$IOLAUS" study figures "$work/tip.db" --of siege --study few -o "$work/no"
refuses "another word" 2 'no figures of .shapes' "$IOLAUS" study figures "$work/one.db" --of shapes -o "$work/no"

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
