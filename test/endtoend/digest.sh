# Same scenario and seed, same digest: on gcc and clang, at -O0 and -O3, with the sanitizers on,
# however the table is divided into blocks, and on any number of workers.
. test/endtoend/lib/tap.sh

for scenario in newsroom pipeline grid fleet orchestra; do
    file=scenarios/$scenario.yaml
    "$IOLAUS" sim "$file" --digest --replicates 1 >"$work/digests" || exit 1
    for other in $IOLAUS_OTHERS; do
        "$other" sim "$file" --digest --replicates 1 >"$work/other"
        check "$scenario: same digests by $other" cmp "$work/digests" "$work/other"
    done
    for block in 1 2 3 7 64 100000; do
        "$IOLAUS" sim "$file" --digest --replicates 1 --block $block -j 1 \
            >"$work/other"
        check "$scenario: same digests in blocks of $block" cmp "$work/digests" "$work/other"
    done
    "$IOLAUS" sim "$file" --digest --replicates 1 --seed 4711 >"$work/other"
    check "$scenario: another seed, another digest" \
        sh -c "! cmp -s '$work/digests' '$work/other'"
done
