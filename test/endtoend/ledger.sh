# A ledger as others read it: with Go's reference implementations of signed notes and tiles, which
# know nothing of Iolaus; and `iolaus audit` as its user sees it.
. test/endtoend/lib/tap.sh
tool=$(dirname "$IOLAUS")/../../test/lib/ledger-tool
l=$work/ledger

seq 1 70000 | sed 's/^/entry number /' >"$work/all"
check "a ledger is made" "$tool" create "$l" example.org/ledger "$work/key"
check "its secret key is nobody else's" sh -c "[ \"\$(stat -c %a '$work/key')\" = 600 ]"
head -n 600 "$work/all" >"$work/first"
check "entries are appended" sh -c "'$tool' append '$l' '$work/key' 64 <'$work/first'"
cp "$l/checkpoint" "$work/held"
check "and more of them" sh -c "tail -n +601 '$work/all' | '$tool' append '$l' '$work/key' 1000"

# ---- the audit ----
check "the audit is good" "$IOLAUS" audit "$l"
vkey=$(cat "$l/verifier-key")
check "also with the key that one knows" "$IOLAUS" audit "$l" --key "$vkey"
check "it goes on from what was held" sh -c \
    "'$IOLAUS' audit '$l' --checkpoint '$work/held' | grep -q 'goes on from the 600 entries of'"
"$IOLAUS" audit "$l" --key "$vkey" --checkpoint "$work/held" --json >"$work/json"
check "JSON says the same" python3 -c '
import json, sys
found = json.load(open(sys.argv[1]))
assert found["good"] and found["verdict"] == "good" and found["key_given"], found
assert found["entries"] == found["published"] == 70000, found
assert found["held"]["entries"] == 600 and found["held"]["consistency"], found' "$work/json"
cp -R "$l" "$work/damaged"
printf x | dd of="$work/damaged/tile/entries/100" bs=1 seek=5010 conv=notrunc 2>/dev/null
refuses "a changed byte is found, with its place" 1 \
    'damaged/tile/0/100: byte [0-9]*: is not the hash of entry 258[0-9]*, which is in tile/entries/100' \
    "$IOLAUS" audit "$work/damaged"
"$IOLAUS" audit "$work/damaged" --json >"$work/json" 2>/dev/null
check "also as JSON" python3 -c '
import json, sys
found = json.load(open(sys.argv[1]))
assert not found["good"] and found["verdict"] == "damaged", found
assert found["wrong"]["file"] == "tile/0/100", found' "$work/json"
"$tool" create "$work/short" example.org/ledger "$work/key"
head -n 500 "$work/all" | "$tool" append "$work/short" "$work/key" 100
check "a shorter ledger is good by itself" "$IOLAUS" audit "$work/short"
refuses "a held checkpoint proves the rollback" 1 'rolled back: it has 500 entries.* of 600' \
    "$IOLAUS" audit "$work/short" --checkpoint "$work/held"
{ head -n 500 "$work/all" | sed 's/entry number 7$/entry number 8/' && seq 1 200; } >"$work/other"
"$tool" create "$work/view" example.org/ledger "$work/key"
"$tool" append "$work/view" "$work/key" 100 <"$work/other"
refuses "or the two views" 1 'two views: .* another root for the first 600 entries' \
    "$IOLAUS" audit "$work/view" --checkpoint "$work/held"
cp -R "$work/short" "$work/sly"
: >"$work/sly/tile/$(printf 'a\033[2J\377')"
refuses "a file too many cannot speak to the terminal" 1 'sly/tile/a\?\[2J\?: byte 0: is no file of a ledger' \
    "$IOLAUS" audit "$work/sly"
check "nor leave the JSON" sh -c "'$IOLAUS' audit '$work/sly' --json 2>'$work/err' | grep -q '\"file\": \"tile/a?.2J?\"'"
refuses "no ledger is wrong input" 2 'there is no ledger here' "$IOLAUS" audit "$work"
refuses "a checkpoint that is none proves nothing" 2 'proves nothing here' \
    "$IOLAUS" audit "$l" --checkpoint "$work/first"
refuses "nor does one that is not there" 2 'no such file' \
    "$IOLAUS" audit "$l" --checkpoint "$work/nothing"

# ---- implementations that are not ours ----
sources=/usr/share/gocode/src
if ! command -v go >/dev/null 2>&1 || ! [ -d $sources/golang.org/x/mod/sumdb/tlog ]; then
    echo "ok - Go's sumdb/note and sumdb/tlog read the ledger # SKIP golang-go and golang-golang-x-mod-dev are not installed"
    exit 0
fi
check "the reader in Go is built from Debian's sources" env GO111MODULE=off GOPATH=/usr/share/gocode \
    GOCACHE="$work/gocache" GOFLAGS= go build -o "$work/go" ./test/endtoend/lib/ledger
go=$work/go
check "Go's sumdb/note and sumdb/tlog read the ledger" sh -c \
    "'$go' read '$l' '$work/all' >'$work/root'"
check "and a shorter one" sh -c "head -n 500 '$work/all' >'$work/500' && '$go' read '$work/short' '$work/500'"
check "they find the changed byte" sh -c "! '$go' read '$work/damaged' '$work/all'"
for pair in "0 70000" "69999 70000" "12345 70000" "599 600" "0 1" "255 257" "65536 65537" "300 4097"; do
    # shellcheck disable=SC2086
    set -- $pair
    check "they verify the inclusion of $1 in $2, and none altered" sh -c \
        "'$tool' inclusion '$l' $1 $2 | '$go' inclusion '$l' $1 $2"
done
for pair in "1 70000" "600 70000" "65536 70000" "69999 70000" "255 256" "256 257" "3 7"; do
    # shellcheck disable=SC2086
    set -- $pair
    check "they verify that $2 entries begin with $1, and none altered" sh -c \
        "'$tool' consistency '$l' $1 $2 | '$go' consistency '$l' $1 $2"
done
# The secret key is in the form that Go's notes have: the signatures of both are the same bytes.
sed '/^$/,$d' "$l/checkpoint" >"$work/text"
check "Go signs the same bytes with the same key" sh -c \
    "'$go' sign \"\$(cat '$work/key')\" <'$work/text' | cmp - '$l/checkpoint'"

# A cosigner's line, made by Go: passed over in what one holds, refused in our own ledger unless the
# cosigner is named.
"$tool" create "$work/cosigner" example.com/cosigner "$work/cosigner.key"
"$go" cosign "$(cat "$work/cosigner.key")" <"$l/checkpoint" >"$work/cosigned" 2>"$work/cosigner.vkey"
check "a held checkpoint may have strange cosigners" "$IOLAUS" audit "$l" --checkpoint "$work/cosigned"
cp -R "$l" "$work/co"
cp "$work/cosigned" "$work/co/checkpoint"
refuses "our own may not" 1 'co/checkpoint: byte [0-9]*: signed by example.com/cosigner.*unknown' \
    "$IOLAUS" audit "$work/co"
check "unless they are named, and their cosignature is right" \
    "$IOLAUS" audit "$work/co" --key "$vkey" --key "$(cat "$work/cosigner.vkey")"
sed 's/\(cosigner .*\)A\(.*\)$/\1B\2/' "$work/cosigned" >"$work/co/checkpoint"
refuses "a wrong cosignature is refused" 1 'the signature by example.com/cosigner is wrong|canonical|unknown' \
    "$IOLAUS" audit "$work/co" --key "$vkey" --key "$(cat "$work/cosigner.vkey")"
