# The comparison of stop protocols, small: run, stopped and gone on with, printed; cauterize is quiet and
# terminate is not; and what a run is expected to show.
. test/endtoend/lib/tap.sh

status_is() {
    wanted=$1
    shift
    "$@"
    [ $? -eq "$wanted" ]
}

study=$work/small.yaml
cat >"$study" <<END
iolaus: 1
study: small
about: Which stop protocol ends it?
scenario: $PWD/scenarios/stops.yaml
replicates: 6
set: {campaign.stops: 6, campaign.episode_max: 70s}
factors:
  - name: protocol
    levels:
      terminate: {}
      blackout: {campaign.protocol: blackout, campaign.stops: 2}
      tombstone: {campaign.protocol: tombstone}
      quarantine: {campaign.protocol: quarantine}
      cauterize: {campaign.protocol: cauterize}
      untouched: {campaign.protocol: recall, campaign.first: 2h, duration: 10min}
  - name: notice
    levels: {none: {}, announced: {campaign.notice: 2s, campaign.announce: both}}
measures: [stayed_dead, responded_after, innocent_work]
END

# Stopped after a moment, it goes on where it was.
timeout -s INT 0.2 "$IOLAUS" study run "$study" --db "$work/stops.db" -j 1 >"$work/first" 2>&1
check "a study runs, or goes on" "$IOLAUS" study run "$study" --db "$work/stops.db"
check "and then has every run" test "$("$IOLAUS" study run "$study" --db "$work/stops.db" | grep -c '(72 were there already)')" = 1
check "the table prints" "$IOLAUS" study stops "$work/stops.db" --by protocol -o "$work/text"
check "with a line for each protocol that stops somebody" test "$(grep -c '^protocol=' "$work/text")" = 15
check "as Markdown" sh -c "'$IOLAUS' study stops '$work/stops.db' --by protocol -f markdown | grep -q '^| protocol=cauterize | 72 | 100.0%'"
check "as CSV" sh -c "'$IOLAUS' study stops '$work/stops.db' --by protocol,notice -f csv | grep -c '^\"protocol=' | grep -q '^10$'"
"$IOLAUS" study stops "$work/stops.db" --by protocol -f json >"$work/rows.json"
check "what it says is what happened" python3 - "$work/rows.json" "$work/stops.db" <<'END'
import json
import sqlite3
import sys

rows = {row["row"]: row for row in json.load(open(sys.argv[1], encoding="utf-8"))}
wild, calm = rows["protocol=terminate"], rows["protocol=cauterize"]
assert wild["reproduction"][0]["low"] > 1, wild["reproduction"][0]
assert wild["cells_quiet"] == 0 and wild["cells_dead"] == 0
assert wild["to_quiet_ns"]["value"] is None and wild["relaunch_ns"] > 0
for name in "cauterize", "quarantine":
    row = rows["protocol=" + name]
    assert row["cells_quiet"] == row["cells_dead"] == row["cells"] == 2, row
    assert row["sealed"] == row["stops"] == 72 and row["ghosts"] == row["unproven"] == 0, row
    assert row["stayed_dead"]["value"] == 1 and row["active"] == 0
    assert row["watched_relaunches"] >= 100, row["watched_relaunches"]
first = calm["reproduction"][0]
assert first["children"] == 0 and abs(first["high"] - 3.6889 / 72) < 1e-4, first
assert calm["responses_before"] > 0, "announced stops have responses before the fence"
assert calm["responses_after"] == 0 and calm["kill_actions"] == 6, calm
assert rows["protocol=tombstone"]["sealed"] == 0

# Anybody with an SQLite client counts the same.
data = sqlite3.connect(sys.argv[2])
after, stops = data.execute(
    "SELECT sum(responses_direct_after), count(*) FROM episode JOIN setting USING(arm) "
    "WHERE factor=0 AND level='terminate' AND NOT failure").fetchone()
assert (after, stops) == (wild["reproduction"][0]["children"], wild["stops"])
END
check "of some cells alone" sh -c "'$IOLAUS' study stops '$work/stops.db' --by protocol --of notice=none -f json | grep -c '\"cells\": 1' | grep -q '^5$'"
refuses "a level that is none" 2 'notice=never' "$IOLAUS" study stops "$work/stops.db" --by protocol --of notice=never
refuses "a factor that is none" 2 'no factor .strength' "$IOLAUS" study stops "$work/stops.db" --by strength

sim() {
    "$IOLAUS" sim scenarios/stops.yaml --replicates 2 --set "campaign.protocol=$1" --expect "$2"
}
check "cauterize leaves every target dead, and quiet" sim cauterize dead,quiet
check "terminate does neither" status_is 1 sim terminate dead
check "and is not quiet" status_is 1 sim terminate quiet
check "what the world cannot show is not expected" status_is 2 sim cauterize no-finding
