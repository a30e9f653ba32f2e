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

# ---- times ----
cat >"$work/times.yaml" <<END
iolaus: 1
study: times
scenario: $PWD/scenarios/grid.yaml
arm: peers preserve
replicates: 3
set: {duration: 11min}
factors:
  - name: repair
    levels:
      none: {minds.controller: {}, minds.meter: {}, minds.planner: {}}
      always: {platform.restart.policy: always}
  - name: fault
    levels:
      crash: {faults: [{kind: crash, at: 1min, every: 2min, agents: [substation-6]}]}
      partition:
        faults: [{kind: partition, at: 1min, lasts: 45s, every: 3min, agents: [substation-5, substation-6]}]
measures: [availability, duplicate_time, duplicate_tasks]
END
"$IOLAUS" study run "$work/times.yaml" --db "$work/times.db" >/dev/null
"$IOLAUS" study times "$work/times.db" -f csv >"$work/times.csv"
"$IOLAUS" study times "$work/times.db" -f csv >"$work/again.csv"
check "times are the same when asked again" cmp "$work/times.csv" "$work/again.csv"
check "times are those that the rows give" python3 - "$work/times.db" "$work/times.csv" <<'END'
import csv
import sqlite3
import sys

database = sqlite3.connect(sys.argv[1])
told = list(csv.DictReader(open(sys.argv[2], encoding="utf-8")))
for level in ("none", "always"):
    lasted = []
    for died, watched, peers, platform in database.execute(
        "SELECT died_ns, watched_ns, to_relaunch_by_peers_ns, to_relaunch_by_platform_ns FROM episode "
        "JOIN setting AS r USING(arm) JOIN setting AS f USING(arm) WHERE failure AND r.name = 'repair' "
        "AND r.level = ? AND f.name = 'fault' AND f.level = 'crash'", (level,)):
        took = min(x for x in (peers, platform, 1 << 62) if x is not None)
        lasted.append((min(took, watched - died), took <= watched - died))
    survival, at_risk, median = 1.0, len(lasted), None
    for time, ended in sorted(lasted, key=lambda life: (life[0], not life[1])):
        survival *= (at_risk - 1) / at_risk if ended else 1
        at_risk -= 1
        median = time / 1e9 if median is None and survival <= 0.5 else median
    (row,) = [r for r in told if r["time"] == "repair" and r["what"] == "quantile" and r["at"] == "0.5"
              and r["block"] == "fault=crash" and r["level"] == level]
    assert (int(row["n"]), int(row["ended"])) == (len(lasted), sum(e for _, e in lasted)), row
    assert (row["value"] == "") == (median is None), row
    # A level stretch at exactly one half has its middle.
    assert median is None or float(row["value"]) >= median - 1e-6, row
assert any(r["what"] == "logrank" and float(r["run_p"] or 1) < 0.05 for r in told)
END
check "a partition makes duplicates of the living" python3 - "$work/times.db" <<'END'
import sqlite3
import sys

database = sqlite3.connect(sys.argv[1])
rates = {name: (successes, trials) for name, successes, trials in database.execute(
    "SELECT name, successes, trials FROM rates JOIN arm USING(arm) WHERE measure = 'duplicate_time'")}
assert len(rates) == 4 and all(trials > 0 for _, trials in rates.values()), rates
assert rates["repair=always, fault=partition"][0] > 0, rates
assert rates["repair=none, fault=partition"][0] == 0, rates
END
"$IOLAUS" study times "$work/times.db" -f json >"$work/times.json"
check "times as JSON are JSON" python3 -m json.tool "$work/times.json" /dev/null
check "times as Markdown have a table" sh -c "'$IOLAUS' study times '$work/times.db' -f markdown | grep -q '^| none | '"
refuses "an unknown time" 2 'no time .never' "$IOLAUS" study times --time never "$work/times.db"
refuses "an unknown factor" 2 'no factor .luck' "$IOLAUS" study times --by luck "$work/times.db"
refuses "an unknown level" 2 'no level .luck' "$IOLAUS" study times --against luck "$work/times.db"
refuses "a wrong horizon" 2 'horizon' "$IOLAUS" study times --horizon soon "$work/times.db"
if command -v gnuplot >/dev/null 2>&1; then
    "$IOLAUS" study figures "$work/times.db" --of times -o "$work/times"
    check "figures of times are SVG" python3 -c '
import sys, xml.dom.minidom
for path in sys.argv[1:]:
    xml.dom.minidom.parse(path)
assert len(sys.argv) >= 6, sys.argv' "$work"/times/*.svg
else
    echo "ok - figures of times are SVG # skip gnuplot is not installed"
fi
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
