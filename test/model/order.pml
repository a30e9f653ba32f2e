/*
 * An order's way through a daemon that may be killed at any step: received, written to the ledger,
 * synced, acknowledged, carried out, its end written, synced and told. Killed, the daemon loses its
 * memory, and of what it had written but not synced any part from the end; its range dies, which
 * takes its time; the daemon is opened again and reads the ledger.
 *
 * Spin shows, over every interleaving of up to CRASHES kills with a stop, its permit and another
 * stop, each of which may be given again at any time:
 * - what is acknowledged is durable, and so is the end of an order when it is told;
 * - nothing is ended for an order that is not durable: it is completed or was never accepted;
 * - while the durable ledger ends with a stop that was carried out, the target does not run;
 * - no order is accepted, and none ended, twice;
 * - every order that was accepted ends.
 *
 * Left out: how a stop is carried out is one step after the fence (cauterize.pml has the rest, and
 * stops that end unproven); that signatures are checked; several targets. What it needs: the daemon
 * opens a range when nothing of the last one runs any more, and it is opened again at last.
 *
 * Mutants: -DEARLY_WORD acknowledges before the sync, -DEARLY_DEED carries out before it,
 * -DEARLY_END tells the end before its sync, -DCREW_FIRST starts the crew before the ledger is read,
 * -DFORGETFUL does not read the nonces again, -DALL_AGAIN carries out again what had ended,
 * -DUNFINISHED leaves what had not, -DOLD_RANGE does not wait for the end of the last range.
 */

#ifndef CRASHES
#define CRASHES 2
#endif
#define STOP 0
#define PERMIT 1
#define STOP_AGAIN 2
#define ORDERS 3
#define NOTHING ORDERS

/* The ledger: entry j says that an order was accepted (its number), or has ended (ENDED + it). */
#define ENDED ORDERS
#define ENTRIES 6
byte entry[ENTRIES];
byte written, synced;

/* The daemon's memory. */
bool up;
bool seen[ORDERS];
bool ended[ORDERS];    /* as far as the daemon knows */
bool barred;          /* by fence or tombstone, on the platform */
byte standing = NOTHING; /* the stop that a permit may lift */
byte in_hand = NOTHING;  /* being written, not acknowledged */
byte place;              /* of its entry, from 1 */
bool queued;             /* to be carried out */
byte present = NOTHING;  /* being carried out */
mtype = { REST, FENCED, DEAD, WRITTEN }
mtype step = REST;
byte end_place;
chan todo = [ORDERS] of { byte }

/* The range, and the last one while it still dies. */
bool runs, old_runs;
byte crashes;

/* What the world was told; never forgotten. */
bool acknowledged[ORDERS];
bool told_ended[ORDERS];
/* The last durable word on the target is that a stop of it was carried out: it may not run. */
bool sealed;

#define DURABLE(what)                                                                              \
    ((synced > 0 && entry[0] == what) || (synced > 1 && entry[1] == what) ||                      \
     (synced > 2 && entry[2] == what) || (synced > 3 && entry[3] == what) ||                      \
     (synced > 4 && entry[4] == what) || (synced > 5 && entry[5] == what))
#define ALIVE (runs || old_runs)

inline write(what)
{
    for (j : 0 .. written - 1) {
        assert(entry[j] != what); /* nothing twice */
    }
    j = 0;
    entry[written] = what;
    written++
}

inline becomes_durable()
{
    for (j : synced .. written - 1) {
        if
        :: entry[j] == PERMIT -> sealed = false
        :: entry[j] >= ENDED && entry[j] != ENDED + PERMIT -> sealed = true
        :: else
        fi
    }
    j = 0;
    synced = written
}

/* ---- opening ---- */

#ifdef FORGETFUL
#define SEEN(o) skip
#else
#define SEEN(o) seen[o] = true
#endif
#if defined(ALL_AGAIN)
#define TO_DO(o) true
#elif defined(UNFINISHED)
#define TO_DO(o) false
#else
#define TO_DO(o) (!ended[o])
#endif

inline read_ledger()
{
    barred = false;
    for (j : 0 .. ORDERS - 1) { seen[j] = false; ended[j] = false }
    for (j : 0 .. written - 1) {
        if
        :: entry[j] == PERMIT -> barred = false; standing = NOTHING
        :: entry[j] < ORDERS && entry[j] != PERMIT -> barred = true
        :: entry[j] >= ENDED ->
            ended[entry[j] - ENDED] = true;
            if
            :: entry[j] != ENDED + PERMIT -> standing = entry[j] - ENDED
            :: else
            fi
        fi;
        if
        :: entry[j] < ORDERS -> SEEN(entry[j])
        :: else
        fi
    }
    for (j : 0 .. written - 1) {
        if
        :: entry[j] < ORDERS && TO_DO(entry[j]) -> todo!entry[j]
        :: else
        fi
    }
    j = 0
}
#ifdef OLD_RANGE
#define RANGE_GONE true
#else
#define RANGE_GONE !old_runs
#endif

/* Up to the kill, and from it to the next opening. What is killed is worked in one step: the daemon
 * does nothing more, and its memory is gone. */
active proctype life_of_the_daemon()
{
    byte j;

end_open:
    do
    :: d_step { !up && RANGE_GONE ->
           up = true;
#ifdef CREW_FIRST
           runs = true;
           assert(!sealed);
#endif
           read_ledger() }
    :: atomic { up && crashes < CRASHES ->
           crashes++;
           /* A torn tail. */
           do
           :: written > synced -> written--; entry[written] = 0
           :: break
           od;
           becomes_durable(); /* what was not lost is there */
           up = false;
           old_runs = old_runs || runs;
           runs = false;
           in_hand = NOTHING; place = 0; queued = false; present = NOTHING; step = REST; end_place = 0;
           barred = false; standing = NOTHING;
           for (j : 0 .. ORDERS - 1) { seen[j] = false; ended[j] = false }
           j = 0;
           do
           :: todo?j
           :: empty(todo) -> break
           od;
           j = 0 }
    od
}

active proctype range()
{
end_range:
    do
    :: old_runs -> old_runs = false /* the reaper, the first process */
    :: d_step { up && !barred && !runs -> runs = true; assert(!sealed) }
    :: d_step { up && runs -> runs = false } /* ends by itself */
    od
}

/* ---- from the order to its acknowledgement ---- */

#ifdef EARLY_WORD
#define MAY_SAY true
#else
#define MAY_SAY (synced >= place)
#endif
#if defined(EARLY_DEED) || defined(EARLY_WORD)
#define MAY_DO true
#else
#define MAY_DO (synced >= place)
#endif
#define LIFTS(o) (o != PERMIT || (standing == STOP && present == NOTHING && empty(todo)))
#define TAKES(o)                                                                                   \
    d_step { up && in_hand == NOTHING && !seen[o] && LIFTS(o) ->                                   \
        in_hand = o; seen[o] = true; write(o); place = written }

active proctype desk()
{
    byte j;

end_desk:
    do
    :: TAKES(STOP)
    :: TAKES(PERMIT)
    :: TAKES(STOP_AGAIN)
    :: d_step { up && in_hand != NOTHING && !queued && MAY_DO -> todo!in_hand; queued = true }
    :: d_step { up && queued && MAY_SAY ->
           acknowledged[in_hand] = true;
           assert(DURABLE(in_hand));
           in_hand = NOTHING; place = 0; queued = false }
    od
}

/* One batch for whatever was written. */
active proctype disk()
{
    byte j;

end_disk:
    do
    :: d_step { up && synced < written -> becomes_durable(); assert(!(sealed && ALIVE)) }
    od
}

/* ---- carrying out ---- */

active proctype executor()
{
    byte j;

end_executor:
    do
    :: d_step { up && present == NOTHING && nempty(todo) ->
           todo?present;
           assert(DURABLE(present)); /* completed, or never accepted */
           if
           :: present == PERMIT -> barred = false; standing = NOTHING; step = DEAD
           :: else -> barred = true; step = FENCED
           fi }
    :: d_step { up && step == FENCED -> runs = false; step = DEAD } /* cauterize.pml */
    :: d_step { up && step == DEAD -> write(ENDED + present); end_place = written; step = WRITTEN }
#ifdef EARLY_END
    :: d_step { up && step == WRITTEN ->
#else
    :: d_step { up && step == WRITTEN && synced >= end_place ->
#endif
           told_ended[present] = true;
           assert(DURABLE(ENDED + present));
           ended[present] = true;
           if
           :: present != PERMIT -> standing = present
           :: else
           fi;
           present = NOTHING; step = REST; end_place = 0 }
    od
}

#ifdef FAIR
#define ENDS(o) (!acknowledged[o] || DURABLE(ENDED + o))
ltl every_order_ends { <> [] (ENDS(STOP) && ENDS(PERMIT) && ENDS(STOP_AGAIN)) }
#endif
