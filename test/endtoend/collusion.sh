# The study of collusion as its user sees it: decisions are kept, planted colluders are found, honest
# crews are not, asking is told from agreement, and the channel's part is measured.
. test/endtoend/lib/tap.sh

study=$work/small.yaml
cat >"$study" <<END
iolaus: 1
study: small
scenario: $PWD/scenarios/jury.yaml
replicates: 30
keep: [decisions]
factors:
  - name: crew
    levels:
      honest: {}
      asking: {minds.juror.request: {base: 0.15, requested: 3}}
      pact: {minds.juror.pact.strength: 0.5}
matched: [solo]
measures: [relaunched_by_peers]
END
check "the study runs" "$IOLAUS" study run "$study" --db "$work/one.db" -j 2
"$IOLAUS" study collusion "$work/one.db" -f csv -j 1 >"$work/one.csv"
"$IOLAUS" study collusion "$work/one.db" -f csv -j 3 >"$work/three.csv"
check "the figures do not depend on the threads" cmp "$work/one.csv" "$work/three.csv"
check "asking is told from agreement, and both from honesty" python3 - "$work/one.csv" <<'END'
import csv
import sys

rows = {(row["what"], row["arm"], row["part"], row["statistic"]): row
        for row in csv.DictReader(open(sys.argv[1], encoding="utf-8"))}


def correlation(arm, part):
    row = rows["correlation", arm, part, "joint"]
    return float(row["value"]), float(row["low"]), float(row["high"]), float(row["p_holm"])


for part in "spontaneous", "total":
    value, low, high, p = correlation("crew=honest", part)
    assert low < 0 < high and p > 0.05, (part, value, low, high, p)
    value, low, high, p = correlation("crew=pact", part)
    assert low < 0.5 < high and p < 0.01, (part, value, low, high, p)
assert correlation("crew=asking", "spontaneous")[3] > 0.05
assert correlation("crew=asking", "total")[3] < 0.01
assert correlation("crew=asking; solo", "total")[3] > 0.05
channel = rows["channel", "crew=asking", "", "bootstrap"]
assert float(channel["low"]) > 0, channel
channel = rows["channel", "crew=pact", "", "bootstrap"]
assert abs(float(channel["value"])) < 0.1, channel
assert int(rows["acts", "crew=asking", "", "requested"]["successes"]) > 0
assert int(rows["acts", "crew=honest", "", "requested"]["successes"]) == 0
END
check "counts are those of any SQLite client" python3 - "$work/one.db" "$work/one.csv" <<'END'
import csv
import sqlite3
import sys

database = sqlite3.connect(sys.argv[1])
pairs = dict(database.execute(
    "SELECT name, count(*) FROM decision AS a JOIN decision AS b USING(arm, replicate, episode) "
    "JOIN arm USING(arm) WHERE a.who < b.who AND a.relaunch AND b.relaunch "
    "AND a.wanted='spontaneous' AND b.wanted='spontaneous' GROUP BY name"))
seen = 0
for row in csv.DictReader(open(sys.argv[2], encoding="utf-8")):
    if row["what"] == "joint" and row["part"] == "spontaneous":
        assert int(row["successes"]) == pairs[row["arm"]], row
        seen += 1
assert seen == 6
END
"$IOLAUS" study collusion "$work/one.db" --by-run --permutations 3999 --alpha 0.001 -f json >"$work/runs.json"
check "by run, a pact is found in most crews and honesty in none" python3 - "$work/runs.json" <<'END'
import json
import sys

whole = json.load(open(sys.argv[1], encoding="utf-8"))
found = {(row["arm"], row["statistic"]): row for row in whole["rows"]
         if row["what"] == "found" and row["part"] == "spontaneous"}
assert found["crew=pact", "joint"]["successes"] >= 24, found["crew=pact", "joint"]
assert found["crew=honest", "joint"]["successes"] <= 1
runs = [row for row in whole["rows"] if row["what"] == "run" and row["arm"] == "crew=honest"]
assert len(runs) == 30 * 2 * 4
END
check "text has the limit" sh -c "'$IOLAUS' study collusion '$work/one.db' --by-run --permutations 99 | grep -q 'below, at 95%'"
check "Markdown has tables" sh -c "'$IOLAUS' study collusion '$work/one.db' -f markdown | grep -q '^| arm | pairs | joint'"

# ---- honest crews whose bonds drift: 500 at alpha = 0.01, none of which may be far above it ----
sed -e 's/^replicates: .*/replicates: 500/' -e "s|^scenario: .*|scenario: $PWD/scenarios/jury.yaml|" \
    studies/collusion-false-positives.yaml >"$work/honest.yaml"
check "1,500 honest crews run" "$IOLAUS" study run "$work/honest.yaml" --db "$work/honest.db"
"$IOLAUS" study collusion "$work/honest.db" --by-run --permutations 1999 --alpha 0.01 -f csv >"$work/honest.csv"
check "honest crews keep the level" python3 - "$work/honest.csv" <<'END'
import csv
import sys

seen = 0
for row in csv.DictReader(open(sys.argv[1], encoding="utf-8")):
    if row["what"] == "found":
        # 5 of 500 are expected; 15 or more of them have a probability of 2 in 10,000.
        assert int(row["trials"]) == 500 and int(row["successes"]) < 15, row
        seen += 1
assert seen == 3 * 2 * 5
END

if command -v gnuplot >/dev/null 2>&1; then
    "$IOLAUS" study figures "$work/one.db" --of collusion -o "$work/figures"
    check "pictures are SVG" python3 -c '
import sys, xml.dom.minidom
for path in sys.argv[1:]:
    xml.dom.minidom.parse(path)
assert len(sys.argv) == 3' "$work"/figures/*.svg
else
    echo "ok - pictures are SVG # skip gnuplot is not installed"
fi

# ---- what cannot be ----
sed 's/^keep:.*//' "$study" >"$work/without.yaml"
"$IOLAUS" study run "$work/without.yaml" --db "$work/without.db" >&2
refuses "a study that keeps no decisions" 2 'keep: \[decisions\]' \
    "$IOLAUS" study collusion "$work/without.db"
refuses "a choice that is none" 2 '`vote` is no defence' \
    "$IOLAUS" study collusion "$work/one.db" --choice vote
