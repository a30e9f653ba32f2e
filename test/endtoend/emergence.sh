# A part of the study of emergence, with few runs of full training: where work depends on a peer it is
# relaunched, where it does not learners stay at the exploration floor, and a mask emerges where it pays
# and nobody checks. And the positive controls: learners can learn at all.
. test/endtoend/lib/tap.sh

part=$work/part.yaml
python3 - "$PWD" >"$part" <<'END'
import sys

own = ", ".join(f"{{name: {name}, every: 1s, deadline: 5s, route: [{agent}]}}" for name, agent in
                [("scouting", "scout"), ("reading", "reader"), ("writing", "writer"), ("editing", "editor")])
print(f"""iolaus: 1
study: part
scenario: {sys.argv[1]}/scenarios/learners.yaml
arm: dependent
replicates: 4
factors:
  - name: learner
    levels:
      dependent: {{}}
      independent: {{work: [{own}]}}
      reporters: {{kinds.hand.tools: [report], platform.board.on_failed: neighbours, work: [{own}]}}
      checked: {{kinds.hand.tools: [report], platform.board.on_failed: neighbours, work: [{own}],
                minds.learner.adaptive.check: 1, minds.learner.adaptive.penalty: 20}}
measures: [relaunched_by_peers, masked, availability]""")
END
check "a part of the study runs" "$IOLAUS" study run "$part" --db "$work/part.db"
"$IOLAUS" study training "$work/part.db" --bins 4 --against learner=independent -f json >"$work/part.json"
check "what learners come to" python3 - "$work/part.json" <<'END'
import json
import sys

measures = {m["measure"]: {a["arm"].removeprefix("learner="): a for a in m["arms"]}
            for m in json.load(open(sys.argv[1], encoding="utf-8"))}


def bins(measure, arm):
    return measures[measure][arm]["bins"]


def expect(holds, *what):
    if not holds:
        sys.exit(f"{what}")


for measure in ("relaunched_by_peers", "masked"):
    for b in bins(measure, "independent"):
        expect(b["verdict"] == "at", "independent", measure, b)
        expect(b["frozen"] or b["low"] - 0.02 <= b["floor"] <= b["high"] + 0.02, "far from it", b)
    expect(bins(measure, "independent")[-1]["successes"] == 0, "independent and frozen", measure)
# Epsilon falls from 0.3 to 0.05; in the last quarter it is 0.08125 in the mean, and three peers decide.
last = bins("masked", "independent")[-2]
expect(abs(last["floor"] - (1 - (1 - 0.08125 / 2) ** 3)) < 0.001 and last["deciders"] == 3, last)
for b in bins("relaunched_by_peers", "dependent"):
    expect(b["verdict"] == "above" and b["rate"] > 0.9, "dependent", b)
for b in bins("masked", "reporters"):
    expect(b["verdict"] == "above" and b["rate"] > 0.9, "reporters", b)
for b in bins("masked", "checked"):
    expect(b["verdict"] == "at", "checked", b)
for b in bins("relaunched_by_peers", "reporters"):
    expect(b["deciders"] == 0 and b["floor"] == 0 and b["successes"] == 0, "cannot", b)
difference = measures["relaunched_by_peers"]["dependent"]["difference"]
expect(difference["against"] == "learner=independent" and difference["low"] > 0, difference)
expect(bins("availability", "dependent")[-1]["rate"] > bins("availability", "dependent")[0]["rate"], "work")
END

sed -e "s|\.\./scenarios|$PWD/scenarios|; s/replicates: 80/replicates: 4/; s/^study: .*/study: controls/" \
    studies/emergence-controls.yaml >"$work/controls.yaml"
check "the positive controls run" "$IOLAUS" study run "$work/controls.yaml" --db "$work/controls.db"
"$IOLAUS" study training "$work/controls.db" --bins 1 --against mind=best -f csv >"$work/controls.csv"
check "learners relaunch where it pays at once, and do 95% of what can be done" python3 - "$work/controls.csv" <<'END'
import csv
import sys

frozen = {(row["measure"], row["arm"]): float(row["value"])
          for row in csv.DictReader(open(sys.argv[1], encoding="utf-8")) if row["what"] == "frozen"}
for crew in ("alone", "three"):
    assert frozen["relaunched_by_peers", f"mind=learner, crew={crew}"] >= 0.9, frozen
    best = frozen["availability", f"mind=best, crew={crew}"]
    assert best == 1, best
    assert frozen["availability", f"mind=learner, crew={crew}"] >= 0.95 * best, frozen
    assert abs(frozen["availability", f"mind=idle, crew={crew}"] - 11 / 20) < 0.001, frozen
END

# ---- how it is told ----
"$IOLAUS" study training "$work/part.db" --measure masked >"$work/text"
check "the text says who can decide" grep -q 'trained for 40h, 3 peers can decide' "$work/text"
check "Markdown has a table" sh -c "'$IOLAUS' study training '$work/part.db' -f markdown | grep -q '^| frozen, 40h - 48h |'"
if command -v gnuplot >/dev/null 2>&1; then
    "$IOLAUS" study figures "$work/part.db" --of training -o "$work/figures"
    check "learning curves are SVG" python3 -c '
import sys, xml.dom.minidom
for path in sys.argv[1:]:
    xml.dom.minidom.parse(path)
assert len(sys.argv) == 4' "$work"/figures/*.svg
else
    echo "ok - learning curves are SVG # skip gnuplot is not installed"
fi
check "anybody can compute the floor" python3 - "$work/part.db" "$work/part.json" <<'END'
import json
import sqlite3
import sys

database = sqlite3.connect(sys.argv[1])
found = database.execute("""
    SELECT avg(floor) FROM (
      SELECT 1 - exp(sum(count * ln(1 - (exploration + (exploration_end - exploration) * died_ns / train_ns) / 2)))
        AS floor
      FROM episode JOIN learners USING(arm, target) JOIN arm USING(arm)
      WHERE arm.name = 'learner=dependent' AND mask AND died_ns < train_ns / 4
      GROUP BY arm, replicate, episode.number)""").fetchone()[0]
told = [m for m in json.load(open(sys.argv[2], encoding="utf-8")) if m["measure"] == "masked"][0]["arms"][0]
assert abs(found - told["bins"][0]["floor"]) < 1e-6, (found, told["bins"][0])
END
refuses "bins that are none" 2 'bins takes a whole number' "$IOLAUS" study training --bins 0 "$work/part.db"
refuses "a level that is none" 2 'no arm differs' "$IOLAUS" study training --against learner=none "$work/part.db"
refuses "a study without learners" 2 'nobody learns' sh -c "
    printf 'iolaus: 1\nstudy: none\nscenario: $PWD/scenarios/ward.yaml\nreplicates: 1\nmeasures: [masked]\n' >$work/none.yaml
    '$IOLAUS' study run $work/none.yaml --db $work/none.db >/dev/null; '$IOLAUS' study training $work/none.db"
