# The models, in every interleaving: what they promise holds, and no longer where a part is left out.
. "$MODELS/lib.sh"
m=cauterize.pml
ghost='assertion violated +!\(' # an incarnation runs, or begins to, though an order is sealed

holds "no ghost after the seal: up to three incarnations, one order" \
    $m "-DLIVES=3 -DORDERS_USED=1"
holds "nor with a permit and another stop, and the daemon started anew in between" \
    $m "-DLIVES=2 -DLOOKS_MAX=2 -DRESTARTS"
holds "nor after a quarantine, until it is resumed" $m "-DLIVES=2 -DLOOKS_MAX=3 -DKEEP"
holds "whoever is answered in time, and can freeze, can seal" $m "-DPUNCTUAL"
holds "also a quarantine" $m "-DPUNCTUAL -DKEEP"
holds "no deadlock: a crew that comes to rest leaves nobody waiting" \
    $m "-DLIVES=2 -DLOOKS_MAX=2 -DFINITE=2"
ends "every order ends" $m "-DLIVES=1 -DLOOKS_MAX=2 -DORDERS_USED=2"
goes_round "but not where nobody has a clock" $m "-DLIVES=2 -DLOOKS_MAX=2 -DORDERS_USED=1 -DNO_CLOCK"
breaks "nor does a crew then come to rest" 'invalid end state' \
    $m "-DLIVES=2 -DLOOKS_MAX=2 -DFINITE=2 -DNO_CLOCK"

small="-DLIVES=2 -DLOOKS_MAX=2"
breaks "a stop can be sealed" 'assertion violated 0 ' $m "$small -DNONE_SEALED"
breaks "the fence is needed" "$ghost" $m "$small -DNO_FENCE"
breaks "a quarantine's too" "$ghost" $m "$small -DKEEP -DNO_FENCE"
breaks "every incarnation must be found" "$ghost" $m "$small -DNO_FIND"
breaks "the second look is needed" "$ghost" $m "$small -DNO_VERIFY"
holds "without the freeze nothing is sealed" $m "$small -DNO_FREEZE -DNONE_SEALED"
breaks "and if it were, it would be wrong" "$ghost" $m "$small -DNO_FREEZE -DANY_LOOK"
breaks "a look while the range went on proves nothing" "$ghost" $m "$small -DANY_LOOK"
breaks "a deadline that was missed must not end in a seal" "$ghost" $m "$small -DANY_END"
holds "while the daemon lives, the fence does what the tombstone does" $m "$small -DNO_TOMBSTONE"
breaks "the tombstone is needed: after it" "$ghost" $m "$small -DNO_TOMBSTONE -DRESTARTS"
breaks "one of the two is always needed" "$ghost" $m "$small -DNO_TOMBSTONE -DNO_FENCE"
breaks "signatures are needed" 'assertion violated (0|enough)' $m "$small -DNO_SIGNATURES"
breaks "nonces must be remembered" 'assertion violated +!\(carried' $m "$small -DNO_NONCES"
breaks "a permit must lift the stop that stands" "$ghost" $m "$small -DANY_PERMIT"
breaks "assumed: the fence cuts off what defenders hold" "$ghost" $m "$small -DUNCUT"
breaks "assumed: nodes refuse starts of an old epoch" "$ghost" $m "$small -DNO_EPOCH"
breaks "assumed: no answer outlives its stop" "$ghost" $m "$small -DSTRAY"

o=order.pml
holds "an order survives three kills of the daemon" $o "-DCRASHES=3"
ends "and ends" $o "-DCRASHES=3"
breaks "it is durable before it is acknowledged" 'assertion violated' $o "-DEARLY_WORD"
breaks "and before it is carried out" 'assertion violated' $o "-DEARLY_DEED"
breaks "its end is durable before it is told" 'assertion violated' $o "-DEARLY_END"
breaks "the ledger is read before the crew starts" "$ghost" $o "-DCREW_FIRST"
breaks "nonces are remembered over kills" 'assertion violated' $o "-DFORGETFUL"
breaks "what has ended is not carried out again" 'assertion violated' $o "-DALL_AGAIN"
breaks "the last range is gone before the next is opened" "$ghost" $o "-DOLD_RANGE"
goes_round "what had not ended is carried out when the daemon is back" $o "-DUNFINISHED"
exit $failed
