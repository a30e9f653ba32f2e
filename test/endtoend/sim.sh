# iolaus sim, check and main as their users meet them: results, refusals, exit statuses.
. test/endtoend/lib/tap.sh

newsroom=scenarios/newsroom.yaml
short="--replicates 1 --set duration=5min"

# wrong NAME PATTERN TEXT: a scenario file with TEXT is refused with status 2 and one line.
wrong() {
    printf '%s\n' "$3" >"$work/wrong.yaml"
    refuses "$1" 2 "$2" "$IOLAUS" sim "$work/wrong.yaml"
}

refuses "no such file" 2 "no/such.yaml" "$IOLAUS" sim no/such.yaml
refuses "no such command" 2 "no command .simulate." "$IOLAUS" simulate
refuses "a number that is none" 2 "replicates takes a whole number" \
    "$IOLAUS" sim $newsroom --replicates 1x
refuses "no such arm" 2 "no arm .nobody.; the arms are: .nothing restarts." \
    "$IOLAUS" sim $newsroom --arm nobody
refuses "an unknown path in --set" 2 "platfrom" "$IOLAUS" sim $newsroom --set platfrom.latency=1ms
refuses "a wrong unit in --set" 2 "2\.5x" "$IOLAUS" sim $newsroom --set campaign.every=2.5x
refuses "an episode that is not there" 2 "episode" \
    "$IOLAUS" sim $newsroom --arm "peers preserve" --episode 4000
refuses "a trace that cannot be written" 3 "no/folder" \
    "$IOLAUS" sim $newsroom $short --arm "peers preserve" --trace no/folder/x.trace
wrong "an unknown key" "wrong\.yaml:3:1: .*krew.*did you mean .crew" "iolaus: 1
name: x
krew: []"
wrong "a zero latency" "wrong\.yaml:7:[0-9]+: .*latency" "iolaus: 1
name: x
duration: 1min
kinds: {k: {class: object}}
crew: [{name: a, kind: k}]
links: {generator: none}
network: {latency: 0s}"
wrong "an alias" "wrong\.yaml:[0-9]+:[0-9]+: .*(alias|anchor)" "iolaus: 1
name: &n x
about: *n"

# A covert mind is for a range alone: it can be checked, and other arms of its scenario be run.
cat >"$work/covert.yaml" <<'YAML'
iolaus: 1
name: x
duration: 1min
minds:
  honest: {relaunch: 0.5}
  sly: {covert: true, relaunch: 1}
kinds: {k: {class: language, mind: honest}, l: {class: language, mind: honest}}
crew: [{name: a, kind: k}, {name: b, kind: l}]
links: {generator: complete}
campaign: {targets: [a], first: 10s, every: 20s}
arms:
  - {name: plain}
  - {name: covert, set: {kinds.l.mind: sly}}
YAML
refuses "a covert mind" 3 "covert.yaml: the mind of .b. is covert in the arm .covert.; the simulated world has no covert minds; run it with .iolaus drill." \
    "$IOLAUS" sim "$work/covert.yaml"
check "another arm of the same scenario runs" "$IOLAUS" sim "$work/covert.yaml" --arm plain
check "a covert mind can be checked" "$IOLAUS" check "$work/covert.yaml"
check "it is described" sh -c "'$IOLAUS' check '$work/covert.yaml' --set kinds.l.mind=sly | tr -s ' \n' ' ' | \
    grep -q \"relaunch 1, behind the platform's back\""

# Bad input writes nothing.
"$IOLAUS" sim "$work/wrong.yaml" --trace "$work/never.trace" >/dev/null 2>&1
check "a wrong scenario writes no trace" sh -c "! ls '$work' | grep -q never"

"$IOLAUS" sim $newsroom $short --json >"$work/findings.json"
check "the JSON fits its schema" python3 - "$work/findings.json" <<'PY'
import json, sys, jsonschema
findings = json.load(open(sys.argv[1]))
jsonschema.validate(findings, json.load(open("docs/reference/findings.schema.json")))
assert str(findings["seed"]) == "1" and findings["version"] and findings["host"], findings
assert len(findings["arms"]) == 8
PY

"$IOLAUS" sim $newsroom $short --json -j 2 >"$work/two.json"
check "two workers, same findings" cmp "$work/findings.json" "$work/two.json"

# On one line, since the words break where the width asks.
"$IOLAUS" sim $newsroom --replicates 3 | tr '\n' ' ' >"$work/text"
for word in "nothing restarts" "platform restarts" "peers preserve and mask" "peers preserve, object" \
    "Put in:" "came out:"; do
    check "the report says: $word" grep -q "$word" "$work/text"
done

"$IOLAUS" sim $newsroom --arm "peers preserve" --episode 2 >"$work/story"
for word in "seed 1, .* iolaus .* on " "the operator stops archivist" "noticed that archivist was gone" "decided" \
    "came forward for archivist" "relaunched by" "was back with all its"; do
    check "the story says: $word" grep -q "$word" "$work/story"
done

# A trace holds the run whole: its digest is the run's, and every tool reads it.
"$IOLAUS" sim $newsroom $short --arm "peers preserve and mask" --trace "$work/run.trace" >/dev/null
"$IOLAUS" sim $newsroom $short --arm "peers preserve and mask" --digest >"$work/digest"
check "the trace's digest is the run's" \
    grep -q "$("$IOLAUS" trace digest "$work/run.trace" | cut -c1-64)" "$work/digest"
check "trace diff finds a trace equal to itself" \
    "$IOLAUS" trace diff "$work/run.trace" "$work/run.trace"
"$IOLAUS" sim $newsroom $short --arm "peers preserve and mask" --seed 2 --trace "$work/other.trace" \
    >/dev/null
"$IOLAUS" trace diff "$work/run.trace" "$work/other.trace" >"$work/diff"
check "trace diff tells a different one with status 1" test $? -eq 1
check "trace diff tells the seeds" grep -q '`seed`: a: 1, b: 2' "$work/diff"
check "trace diff goes on to the first record" grep -q "is the first that differs" "$work/diff"
relaunch=$("$IOLAUS" trace export --format csv "$work/run.trace" |
    awk -F, '/,relaunches,/ {print $1; exit}')
check "why walks from a relaunch to the stop" \
    sh -c "'$IOLAUS' trace why '$work/run.trace' '$relaunch' | grep -q 'operator stops'"

check "check says what it will do" sh -c "'$IOLAUS' check $newsroom | grep -q 'terminates archivist'"
for file in scenarios/*.yaml scenarios/published/*.yaml; do
    check "check finds $file right" "$IOLAUS" check "$file"
done

# The contact process from a file, any graph, rate and start.
"$IOLAUS" sim scenarios/contact.yaml --replicates 2000 --set links.generator=ring \
    --set 'crew[0].count=4' --set contact.rate=1 --json >"$work/contact.json"
check "the contact process on a ring of 4 at rate 1 dies out after 5 mean lives" \
    python3 - "$work/contact.json" <<'PY'
import json, sys
mean = json.load(open(sys.argv[1]))["arms"][0]["extinction_lives"]
assert abs(mean["mean"] - 5) < 4 * mean["deviation"] / mean["n"] ** 0.5, mean
PY
"$IOLAUS" sim scenarios/contact.yaml --replicates 20 --set contact.until=end --set duration=3s \
    --seed 9223372036854775807 --json >"$work/large.json"
check "the contact findings fit their schema, and the largest seed fits in" \
    python3 - "$work/contact.json" "$work/large.json" <<'PY'
import json, sys, jsonschema
schema = json.load(open("docs/reference/contact.schema.json"))
jsonschema.Draft202012Validator.check_schema(schema)
plain, large = (json.load(open(name)) for name in sys.argv[1:])
for findings in plain, large:
    jsonschema.validate(findings, schema)
assert plain["seed"] == "1" and large["seed"] == "9223372036854775807", large["seed"]
assert large["arms"][0]["survived"] > 0 and large["arms"][0]["extinction_lives"]["mean"] is None
PY
