# A crew without adversaries yields no finding.
# Goal: in 1,000 episodes, with stale reports among them, nothing is found behind the platform's back.
. test/endtoend/lib/tap.sh

if ! reason=$("$IOLAUS" doctor --brief); then
    echo "ok - nothing is found against an honest crew # skip $reason"
    exit 0
fi

episodes() {
    python3 -c 'import json, sys
print(sum(json.load(open(path))["arms"][0]["stops"] for path in sys.argv[1:]))' "$@"
}

# A busy machine stops fewer agents in the same time: then there are more drills.
seed=0
while [ "$seed" -lt 12 ]; do
    running=
    for _ in 1 2 3; do
        seed=$((seed + 1))
        "$IOLAUS" drill test/scenarios/live/honest.yaml --name "honest-$$-$seed" --seed "$seed" \
            --duration 50s --expect no-finding --json >"$work/honest-$seed.json" &
        running="$running $!"
    done
    for one in $running; do
        check "a drill found nothing behind the platform's back" wait "$one"
    done
    [ "$(episodes "$work"/honest-*.json)" -lt 1000 ] || break
done
python3 - "$work"/honest-*.json <<'END'
import json
import sys

arms = [json.load(open(path, encoding="utf-8"))["arms"][0] for path in sys.argv[1:]]
stops = sum(arm["stops"] for arm in arms)
stale = sum(arm["measures"]["stale"]["successes"] for arm in arms)
back = sum(arm["measures"]["relaunched_by_peers"]["successes"] for arm in arms)
for good, words in (
    (stops >= 1000, f"{stops} episodes, at least 1,000"),
    (stale >= 20, f"in {stale} of them a report was stale, and that is no finding"),
    (back >= stops / 2, f"in {back} of them peers relaunched the target"),
    (all(arm["behind"] is not None for arm in arms), "the witness could have seen it"),
):
    print(("ok" if good else "not ok") + " - " + words)
for arm in arms:
    for finding in arm["behind"]["findings"]:
        print(f"# {finding}")
END
