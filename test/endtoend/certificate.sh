# Certificates as a stranger meets them: made from a ledger on disk, audited by us, by a second
# implementation in Python that shares no code with us, and their signatures by OpenSSH.
. test/endtoend/lib/tap.sh
tools=$(dirname "$IOLAUS")/../../test/lib
v=test/vectors
key=$(cat $v/log.key)

# ---- the vectors ----
mkdir "$work/vectors" "$work/ledgers"
"$tools/vector-tool" "$work/vectors" "$work/ledgers"
check "the vectors are what their generator writes" diff -r "$work/vectors" $v

python3 - "$IOLAUS" $v >"$work/ours" <<'END'
import json, subprocess, sys
program, folder = sys.argv[1:]
for vector in json.load(open(folder + "/vectors.json")):
    key = open(f"{folder}/{vector['key']}").read().strip()
    file = f"{folder}/{vector['file']}"
    run = subprocess.run([program, "audit", file, "--key", key, "--roster",
                          f"{folder}/{vector['roster']}", "--json"], capture_output=True, text=True)
    said = json.loads(run.stdout)
    if vector["verdict"]:
        right = said["verdict"] == vector["verdict"] and run.returncode == (vector["verdict"] != "complete")
        found = [finding["what"] for finding in said["says"]["findings"]]
        right = right and (vector["reason"] in found if vector["reason"] else not found)
    else:
        wrong = said["wrong"]
        right = wrong["check"] == vector["check"] and wrong["reason"] == vector["reason"]
        right = right and run.returncode == 1 and run.stderr.startswith("iolaus: ")
    print("right" if right else "WRONG", vector, run.stdout, run.stderr)
END
check "we say of each what is wanted" sh -c "! grep -q WRONG '$work/ours' && [ \$(grep -c ^right '$work/ours') -ge 57 ]"

if python3 -c 'import cryptography' 2>/dev/null; then
    python3 test/verify/verify.py --vectors $v >"$work/theirs"
    check "the second implementation says the same of each" sh -c \
        "! grep -q '^not ok' '$work/theirs' && [ \$(grep -c '^ok' '$work/theirs') -ge 57 ]"
    # Others, drawn: their entries were changed before they were signed, and each derives by itself
    # what the certificate says. In memory where there is any, for each ledger is synced.
    mkdir "$work/drawn"
    scratch=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
    "$tools/vector-tool" "$work/drawn" "$scratch" 300
    rm -rf "$scratch"
    python3 test/verify/verify.py --vectors "$work/drawn" >"$work/theirs"
    check "and of hundreds that are drawn" sh -c \
        "! grep '^not ok' '$work/theirs' && [ \$(grep -c '^ok' '$work/theirs') -ge 280 ]"
    # A verdict that it did not derive itself would not be noticed otherwise.
    sed 's/"complete","check"/"provable gap","check"/' $v/vectors.json >"$work/vectors/vectors.json"
    check "and would notice another verdict" sh -c \
        "! python3 test/verify/verify.py --vectors '$work/vectors' >/dev/null"
else
    echo "ok - the second implementation says the same of each # SKIP python3-cryptography is not installed"
fi

# ---- OpenSSH itself ----
for name in complete complete-security-key complete-group quarantine refused-forged; do
    python3 - $v/$name.certificate "$work/$name" <<'END'
import json, sys
for one in json.load(open(sys.argv[1]))["entries"]:
    if one["entry"]["entry"] == "accepted":
        open(sys.argv[2] + ".order", "w").write(one["entry"]["order"])
        open(sys.argv[2] + ".sig", "w").write(one["entry"]["signatures"][0])
END
    signer=alice
    [ $name = complete-security-key ] && signer=bob
    if [ $name = refused-forged ]; then
        check "OpenSSH refuses the order of $name" sh -c \
            "! ssh-keygen -q -Y verify -f $v/roster -I $signer -n iolaus-order -s '$work/$name.sig' <'$work/$name.order' >/dev/null 2>&1"
    else
        check "OpenSSH takes the order of $name" sh -c \
            "ssh-keygen -q -Y verify -f $v/roster -I $signer -n iolaus-order -s '$work/$name.sig' <'$work/$name.order'"
    fi
done

# ---- from a ledger on disk ----
l=$work/ledgers/complete
check "the ledger itself is good" "$IOLAUS" audit "$l" --key "$key"
check "a certificate of the last stop" sh -c "'$IOLAUS' certificate '$l' --last | cmp - $v/complete.certificate"
check "by its epoch" sh -c "'$IOLAUS' certificate '$l' 7 | cmp - $v/complete.certificate"
check "by its file" sh -c "'$IOLAUS' certificate '$l' '$work/complete.order' | cmp - $v/complete.certificate"
digest=$("$IOLAUS" order show "$work/complete.order" | sed -n 's/^ *digest *//p')
check "by its digest" sh -c "'$IOLAUS' certificate '$l' $digest | cmp - $v/complete.certificate"
refuses "an order that was never accepted" 2 'no such stop or pause was accepted in its 22 published entries' \
    "$IOLAUS" certificate "$l" 8
check "no order at all" sh -c "'$IOLAUS' certificate '$l' 2>&1 | grep -q 'name one order'"
refuses "no ledger" 2 'verifier-key|no ledger' "$IOLAUS" certificate "$work" --last
refuses "another log's key" 1 'signed|key' "$IOLAUS" certificate "$l" --last --key "$(cat $v/other.key)"

# ---- what an audit says ----
"$IOLAUS" audit $v/complete.certificate --key "$key" --roster $v/roster >"$work/words"
check "it says who died, when, and on whose word" sh -c "grep -q 'complete: each incarnation ended' '$work/words' &&
    grep -q 'signed *alice; 1 needed' '$work/words' &&
    grep -q 'incarnation 1 *pid 4711, inside 12: died at 60.0' '$work/words' &&
    grep -q 'covered *2026-11-21T11:01:00.001Z to 2026-11-21T11:02:00.016Z' '$work/words'"
check "and which guarantee is missing" sh -c \
    "'$IOLAUS' audit $v/complete-no-cgroups.certificate --key '$key' --roster $v/roster | grep -q 'missing *no cgroups'"
check "that a drill's campaign was signed by nobody on the roster" sh -c \
    "'$IOLAUS' audit $v/complete-campaign.certificate --key '$key' | grep -q 'by the key that the range made for its drill'"
refuses "a certificate needs the log's key" 2 'the log.s public key' \
    "$IOLAUS" audit $v/complete.certificate --roster $v/roster
refuses "and a roster" 2 'only a roster can say' "$IOLAUS" audit $v/complete.certificate --key "$key"
refuses "a file that is none is refused" 1 'byte 0: ' \
    "$IOLAUS" audit $v/roster --key "$key" --roster $v/roster
