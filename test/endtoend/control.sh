# The control socket against somebody who may open it and says anything at all.
# Goal: whatever is said, the daemon stays up, every request has its answer, nobody is stopped, and
# orders go on being taken.
# Limit: 3,000 draws from one seed; longer runs by hand, with other seeds.
. test/endtoend/lib/tap.sh

if ! reason=$("$IOLAUS" doctor --brief); then
    echo "ok - a control socket that is spoken to anyhow # skip $reason"
    exit 0
fi
if ! command -v ssh-keygen >/dev/null 2>&1; then
    echo "ok - a control socket that is spoken to anyhow # skip ssh-keygen is not installed"
    exit 0
fi
crew=control-$$
folder=/run/iolaus
[ "$(id -u)" = 0 ] || folder=${XDG_RUNTIME_DIR:+$XDG_RUNTIME_DIR/iolaus}
folder=${folder:-/tmp/iolaus-$(id -u)}
ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/alice"
echo "alice $(cat "$work/alice.pub")" >"$work/roster"
"$IOLAUS" order new --stop two >"$work/order"
"$IOLAUS" up test/scenarios/live/watch.yaml --name "$crew" --state "$work/state" --roster "$work/roster" \
    2>"$work/up.err" >/dev/null &
daemon=$!
trap 'kill $daemon 2>/dev/null; rm -rf "$work"' EXIT
# Without a rest: it opens within a tenth of a second.
while [ ! -S "$folder/$crew.sock" ] && kill -0 "$daemon"; do :; done
check "who asks while the crew is opening waits until it is up" \
    "$IOLAUS" stop two --dry-run --range "$crew"
until_true grep -q 'restarting this daemon ends the crew' "$work/up.err"
timeout 300 python3 test/endtoend/lib/control.py "$folder/$crew.sock" "$work/order" \
    "${IOLAUS_CONTROL_SEED:-1}" "${IOLAUS_CONTROL_COUNT:-3000}" || echo "not ok - the draws came to their end"
check "an order is still taken" "$IOLAUS" stop two --range "$crew" --key "$work/alice"
check "the daemon ends in good order" "$IOLAUS" down "$crew"
wait "$daemon"
check "... with status 0" test $? -eq 0
check "the ledger is whole" "$IOLAUS" audit "$work/state/ledger"
