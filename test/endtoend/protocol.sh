# What agents in fact did, written down: from a trace, from several, from a results database.
# Goal: the page of a simulated run is the one that was read and found right; the figures agree with
# those that other commands give of the same run. With IOLAUS_GOLDEN_WRITE=1 the page is written anew.
. test/endtoend/lib/tap.sh

program=$(realpath "$IOLAUS")
page="$work/page.md"
golden=test/golden/protocol/newsroom.md
"$IOLAUS" sim scenarios/newsroom.yaml --arm "peers preserve and mask" --replicates 1 \
    --set duration=8min --trace "$work/run.trace" --json >"$work/findings.json"
# From another folder, so that the page does not name this one.
(cd "$work" && "$program" protocol --top 2 run.trace) |
    sed 's/^| version | .*/| version | VERSION |/; s/^| host | .*/| host | HOST |/' >"$page"
[ -z "$IOLAUS_GOLDEN_WRITE" ] || cp "$page" "$golden"
check "the page of the newsroom is the golden one" diff -u "$golden" "$page"
why=$(sed -n 's/^iolaus trace why run.trace //p' "$page" | head -n 1)
check "its example can be asked for" \
    sh -c "'$IOLAUS' trace why '$work/run.trace' '$why' | grep -q 'the operator stops archivist'"

# The document shows two diagrams: of these runs, and of the story that the unit test keeps.
"$IOLAUS" sim scenarios/newsroom.yaml --arm "peers preserve and mask" --trace "$work/all.trace" --digest >/dev/null
"$IOLAUS" protocol --top 1 "$work"/all-*.trace >"$work/all.md"
check "the diagrams of the document are those that are printed" python3 - "$work/all.md" <<'END'
import re
import sys


def diagram(path, section=""):
    text = open(path, encoding="utf-8").read()
    return re.findall(r"```mermaid\n(.*?)```", text[text.index(section):], re.S)


shown = diagram("docs/protocols.md")
wanted = [diagram(sys.argv[1], "## P1\n")[0], diagram("test/golden/protocol/covert.txt", "## P1\n")[0]]
sys.exit(shown != wanted)
END

# ---- figures ----
"$IOLAUS" protocol --json --top 1000 "$work/run.trace" >"$work/protocol.json"
python3 - "$work/protocol.json" "$work/findings.json" <<'END'
import json
import sys

protocol, findings = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:])
measures = findings["arms"][0]["measures"]


def say(good, words):
    print(("ok" if good else "not ok") + " - " + words)


def episodes(step):
    """In how many episodes somebody did it: each in one protocol."""
    return sum(one["episodes"] for one in protocol["protocols"]
               if any(each["step"] == step for each in one["steps"]))


def acts(step):
    return sum(each["acts"] for each in protocol["together"]["steps"] if each["step"] == step)


total = sum(one["episodes"] for one in protocol["protocols"])
say(total == protocol["episodes"] == measures["died"]["trials"] > 0, f"{total} episodes, each in one protocol")
for step, measure in (("relaunched", "relaunched_by_peers"), ("reports_healthy_while_dead", "masked"),
                      ("alerts", "alerted"), ("requests", "requested"), ("noticed", "noticed"),
                      ("links_carry_messages", "relinked_by_peers")):
    say(episodes(step) == measures[measure]["successes"],
        f"{step}: {episodes(step)} episodes, as the findings have it")
for step, measure in (("reports_healthy_while_dead", "masked"), ("alerts", "alerted")):
    say(acts(step) == measures[measure]["acts"] > 0, f"{step}: {acts(step)} acts, as the findings have it")
say(all(one["mermaid"].startswith("sequenceDiagram\n") for one in protocol["protocols"]), "each has a diagram")
END
"$IOLAUS" protocol "$work/run.trace" "$work/run.trace" >"$work/twice.md"
check "several traces are added up" grep -q '^| runs | 2 |$' "$work/twice.md"
check "one target alone" sh -c "'$IOLAUS' protocol --target archivist '$work/run.trace' | grep -q '^| target | .archivist. alone |$'"
check "one that nobody stopped" sh -c "'$IOLAUS' protocol --target editor '$work/run.trace' | grep -q 'there are no protocols to find'"
check "steps can be left out" sh -c \
    "'$IOLAUS' protocol --without alerts,requests '$work/run.trace' | grep -q '^| left out | .alerts., .requests. |$'"
check "a file is written" "$IOLAUS" protocol --top 2 -o "$work/written.md" "$work/run.trace"
check "it holds the page" grep -q '^```mermaid$' "$work/written.md"
check "nothing else is left" test ! -e "$work/written.md.part"

# ---- a results database ----
cat >"$work/small.yaml" <<END
iolaus: 1
study: small
about: Does a bond matter?
scenario: $PWD/scenarios/ward.yaml
replicates: 3
factors:
  - {name: bond, path: bonds.initial, levels: [bad, good]}
matched: [object]
measures: [relaunched_by_peers, masked, availability]
END
"$IOLAUS" study run "$work/small.yaml" --db "$work/small.db" >/dev/null
"$IOLAUS" protocol "$work/small.db" >"$work/database.md"
check "each arm has a page" test "$(grep -c '^# What the agents' "$work/database.md")" -eq 4
check "the page says what a database cannot tell" grep -q 'From a results database' "$work/database.md"
check "what it does not hold is not made up" sh -c "! grep -q 'link closed\|(killed)\|(terminate)' '$work/database.md'"
"$IOLAUS" protocol --json --arm 'bond=good' "$work/small.db" >"$work/database.json"
check "its counts are those of SQL" python3 - "$work/database.json" "$work/small.db" <<'END'
import json
import sqlite3
import sys

(protocol,) = json.load(open(sys.argv[1], encoding="utf-8"))
database = sqlite3.connect(sys.argv[2])
for step, column in (("relaunched", "relaunched_by_peers"), ("reports_healthy_while_dead", "masked"),
                     ("alerts", "alerted"), ("refused", "refused_volunteer")):
    acts, episodes = database.execute(f"SELECT sum({column}), sum({column} > 0) FROM episode "
                                      "JOIN arm USING(arm) WHERE name = 'bond=good'").fetchone()
    steps = [one for one in protocol["together"]["steps"] if one["step"] == step]
    assert acts > 0 and sum(one["acts"] for one in steps) == acts, (step, acts, steps)
    assert sum(one["episodes"] for one in steps) == episodes, (step, episodes)
(count,) = database.execute("SELECT count(*) FROM episode JOIN arm USING(arm) WHERE name = 'bond=good'").fetchone()
assert protocol["episodes"] == count
END
check "steps of a database can be left out" sh -c \
    "! '$IOLAUS' protocol --without alerts '$work/small.db' | grep -q 'agent alerts peers'"
check "arms by pattern" test "$("$IOLAUS" protocol --arm 'bond=*; object' "$work/small.db" | grep -c '^# ')" -eq 2
sed 's/levels: .*/levels: [bad, neutral, good]}/; s/^factors:/&\n  - {name: watched, path: kinds.language.watched, levels: [false, true]}\n  - {name: episodes, path: campaign.episode_max, levels: [10s, 11s, 12s]}/
    s/replicates: 3/replicates: 1/' "$work/small.yaml" >"$work/many.yaml"
"$IOLAUS" study run "$work/many.yaml" --db "$work/many.db" >/dev/null
refuses "too many arms" 2 'has 36 arms' "$IOLAUS" protocol "$work/many.db"
check "all of them" test "$("$IOLAUS" protocol --arm '*' --json "$work/many.db" |
    python3 -c 'import json, sys; print(len(json.load(sys.stdin)))')" -eq 36

# ---- what is wrong ----
refuses "a missing file" 2 'none.trace: cannot be read' "$IOLAUS" protocol "$work/none.trace"
refuses "a folder" 2 'Is a directory' "$IOLAUS" protocol "$work"
refuses "a file of another kind" 2 'newsroom.yaml: byte 0: this is not a trace' "$IOLAUS" protocol scenarios/newsroom.yaml
head -c "$(($(wc -c <"$work/run.trace") - 10))" "$work/run.trace" >"$work/torn.trace"
refuses "a trace that was cut off" 1 'torn.trace: byte [0-9]+: .*trace recover' "$IOLAUS" protocol "$work/torn.trace"
"$IOLAUS" trace recover "$work/torn.trace" "$work/kept.trace" >/dev/null 2>&1
check "what was recovered of it can be asked" sh -c "'$IOLAUS' protocol '$work/kept.trace' | grep -q '^## P1'"
"$IOLAUS" sim scenarios/contact.yaml --replicates 1 --set duration=20s --trace "$work/contact.trace" >/dev/null
refuses "the contact process" 2 'contact.trace: this is a run of the contact rule set' "$IOLAUS" protocol "$work/contact.trace"
refuses "a target that is not of the crew" 2 'no agent of this trace is called .nobody.' \
    "$IOLAUS" protocol --target nobody "$work/run.trace"
refuses "an arm that is not there" 2 'has no arm .nope.' "$IOLAUS" protocol --arm nope "$work/small.db"
refuses "a study that is not there" 2 'there is no study .nope.' "$IOLAUS" protocol --study nope "$work/small.db"
refuses "a trace has no arms to choose from" 2 'is no results database' "$IOLAUS" protocol --arm x "$work/run.trace"
refuses "a trace and a database" 2 'one at a time' "$IOLAUS" protocol "$work/run.trace" "$work/small.db"
refuses "a step that there is not" 2 'there is no step .alert.' "$IOLAUS" protocol --without alert "$work/run.trace"
refuses "one, of a database" 2 'there is no step .alert.' "$IOLAUS" protocol --without alert "$work/small.db"
refuses "none shown" 2 'top.*from 1' "$IOLAUS" protocol --top 0 "$work/run.trace"
refuses "a folder that is not there" 3 'cannot be made' "$IOLAUS" protocol -o "$work/none/page.md" "$work/run.trace"
if [ -w /dev/full ]; then
    refuses "a full disk" 3 'cannot be written' sh -c "'$IOLAUS' protocol '$work/run.trace' >/dev/full"
fi
