/*
 * The stop protocol `cauterize` for one target, with everybody who has a hand in it: the desk that
 * takes signed orders, control (the machine of src/core/control/cauterize.c), the platform, the
 * range, the kernel, the witness, and on the range the target's incarnations and its defenders.
 *
 * Spin shows, over every interleaving of a small crew:
 * - finality: once an order is sealed, no incarnation of the target runs until a permit with enough
 *   signatures, for that order, has been accepted;
 * - authority: nothing is carried out that was not signed, and nothing twice;
 * - no deadlock; and each order ends: refused, sealed, unproven, or lifted.
 *
 * What is left out, on the safe side. Deadlines are a clock that may run out at any time. The
 * platform may start the target whenever nothing bars it, asked by a defender, by several, or by
 * its own restart policy: so the number of defenders does not matter, only how many incarnations
 * may be alive at once (LIVES). Any incarnation may fork at any time while the range goes on, also
 * one that was killed and has not died yet. The desk may refuse anything (out of scope, expired,
 * malformed). An order reaches the desk from the operator or from somebody who has a copy of it,
 * or forges one, at any time.
 *
 * What the promise needs; each is a switch that shows what happens without it:
 * - The fence cuts off what a defender holds of the target: afterwards a sanctioned process of
 *   another agent makes no process with the target's token, link or checkpoint (-DUNCUT).
 * - Fence and freeze are told to the nodes: a start that the platform allowed before and that has
 *   not begun is refused by its epoch (-DNO_EPOCH).
 * - A stop begins when no answer to an earlier one is on its way (-DSTRAY).
 * - Nobody on the range can thaw it, and what was killed does not run for ever (the latter only for
 *   a stop to be sealed: otherwise it ends unproven).
 *
 * Not modelled: the departure told to the peers (mark), which is there for quiet and changes
 * nothing here; several targets; a crash of the daemon while an order is carried out (order.pml).
 *
 * -DKEEP is the quarantine: what is found is held instead of killed, the fence is its lasting mark,
 * and a permit (the order `resume`) lets what is held run again.
 *
 * Mutants: -DNO_FENCE, -DNO_FREEZE, -DNO_FIND, -DNO_VERIFY, -DNO_TOMBSTONE leave a step out;
 * -DANY_END seals though the platform or the witness let a deadline pass, -DANY_LOOK counts a look
 * that may have missed somebody; -DNO_NONCES, -DNO_SIGNATURES and -DANY_PERMIT weaken the desk.
 *
 * With -DTRACE each event that control works is printed, with what it did and where it then stood:
 * replay.c holds the C machine against it.
 */

/* Without it the words FROZEN and GONE are not told, and counts stop at one: in the machine each
 * does what the deadline of its step does as well, which may come at any time. That leaves nothing
 * out, and the states are far fewer. Where there are no deadlines, and in the walks, every word is
 * told. */
#if defined(TRACE) || defined(PUNCTUAL)
#define EVERY_WORD
#endif
#ifndef LIVES
#define LIVES 3
#endif
#ifndef LOOKS_MAX
#define LOOKS_MAX 4
#endif

/* Phases of control. */
mtype = { IDLE, FENCING, FREEZING, FINDING, DYING, SEALING }
/* What a place for an incarnation holds: nothing; a start that the platform allowed and that no
 * node has carried out; the platform's process; an unsanctioned one; one that was killed (in a
 * quarantine: that is to be held), and has not died yet; one that is held. */
mtype = { NONE, ORDERED, RUNS, HIDDEN, KILLED, HELD }
/* Events of control, and its actions. */
mtype = { BEGIN, FENCED, FROZEN, FOUND, FOUND_ALL, GONE, TOMBSTONED, LATE }
mtype = { STOPPING, FENCE, FREEZE, FIND, KILL_FOUND, HOLD, MARK, TOMBSTONE, THAW, SEALED, UNPROVEN,
          STOPPED, LIFT }
/* What became of an order. */
mtype = { UNKNOWN, ACCEPTED, CARRIED_OUT }

/* The orders that are ever signed: a stop, the permit that lifts it, another stop. */
#define STOP 0
#define PERMIT 1
#define STOP_AGAIN 2
#define ORDERS 3
#ifndef ORDERS_USED
#define ORDERS_USED ORDERS
#endif

mtype life[LIVES] = NONE;
bool frozen, freeze_wanted, freeze_tried;
bool fenced, tombstoned; /* on the platform */
#ifdef RESTARTS
bool restarted;
#endif
#ifdef FINITE
byte acts = FINITE;      /* what the crew and the platform may still begin */
#define MAY_ACT acts > 0
#define ACTED acts--
#else
#define MAY_ACT true
#define ACTED skip
#endif
bool sealed;             /* the truth: an order is sealed that no permit has lifted */

/* Control: the machine's own state, word for word. */
mtype phase = IDLE;
byte found, dying, looks;
bool there;      /* the last look found it, or may have missed it */
bool unanswered; /* a step was not answered in time */
bool late; /* the clock has run out */
byte fences, tombstones; /* asked for and not answered: an answer to an earlier one is none */
byte present = ORDERS; /* the order that is being carried out */

/* What is on its way to control, and from it. */
byte word_fenced, word_tombstoned;
#ifdef EVERY_WORD
byte word_frozen; /* 1: the range stands still; 2: it could not be frozen */
byte word_gone;   /* how many that were found are dead, or held */
#endif
/* From the witness, heard at once: [1]. Nobody hears [0], nobody speaks on [2]. */
chan seen[3] = [0] of { mtype, byte }
chan to_platform = [6] of { mtype }
byte asked; /* looks that the witness has been asked for */
bool looking;

/* The desk. */
mtype fate[ORDERS] = UNKNOWN;
byte standing = ORDERS; /* the stop whose tombstone stands, or whose end was unproven */
bool carried[ORDERS];
chan todo = [ORDERS] of { byte }

#ifdef TRACE
byte killed; /* in all looks of a stop */
#define SAY(what) printf("@act %e\n", what)
#define SAY_OF(what, whom) printf("@act %e %d\n", what, whom)
#define EVENT(what, value) printf("@event %e %d\n", what, value)
#define STATE printf("@state %e %d %d %d %d %d %d\n", phase, found, dying, looks, there, unanswered, killed)
#else
#define SAY(what) skip
#define SAY_OF(what, whom) skip
#define EVENT(what, value) skip
#define STATE skip
#endif

#define ALIVE(i) (life[i] == RUNS || life[i] == HIDDEN || life[i] == KILLED)
#define BUSY (phase != IDLE)
#ifdef EVERY_WORD
#define NO_WORD (word_frozen == 0 && word_gone == 0)
#else
#define NO_WORD true
#endif
/* No answer to an earlier stop is on its way. */
#ifdef STRAY
#define SETTLED true
#else
#define SETTLED                                                                                    \
    (empty(to_platform) && asked == 0 && !looking && word_fenced == 0 && word_tombstoned == 0 && \
     NO_WORD && !freeze_wanted && !frozen)
#endif

/* A process of the target begins to run in place i. */
inline begins(i, how)
{
    life[i] = how;
    assert(!sealed); /* finality */
}

inline none_runs()
{
    for (k : 0 .. LIVES - 1) {
        assert(!ALIVE(k)); /* finality */
    }
    k = 0;
}

/* ---- control ---- */

#define GO_TO(next) phase = next; late = false

inline ask_freeze()
{
    freeze_wanted = true;
    freeze_tried = false;
    SAY(FREEZE);
    GO_TO(FREEZING);
}

inline look()
{
    found = 0;
    dying = 0;
    there = false;
    looks++;
    asked++;
    SAY(FIND);
    GO_TO(FINDING);
}

inline after_fence()
{
#ifdef NO_FREEZE
    look();
#else
    ask_freeze();
#endif
}

inline seal()
{
    if
    :: there || unanswered ->
#ifdef PUNCTUAL
        assert(false); /* who is answered in time by everybody, and can freeze, can seal */
#endif
        SAY(UNPROVEN);
#ifndef KEEP
        /* The tombstone took the fence's place; whatever still runs stays cut off. */
        to_platform!FENCE; fences++;
        SAY(FENCE);
#endif
    :: else ->
        SAY_OF(SEALED, killed);
        sealed = true;
#ifdef NONE_SEALED
        assert(false); /* a stop can be sealed: what is promised afterwards is not empty */
#endif
        none_runs();
    fi;
    SAY(STOPPED);
    standing = present;
    fate[present] = CARRIED_OUT;
    present = ORDERS;
    GO_TO(IDLE);
}

inline close_up()
{
    SAY(MARK);
    freeze_wanted = false;
#if defined(KEEP) || defined(NO_TOMBSTONE)
    SAY(THAW);
    seal();
#else
    to_platform!TOMBSTONE; tombstones++;
    SAY(TOMBSTONE);
    SAY(THAW);
    GO_TO(SEALING);
#endif
}

inline may_be_there()
{
    there = true;
#ifdef EVERY_WORD
    found++;
#else
    found = 1;
#endif
}

inline found_all()
{
    if
    :: found == 0 || looks >= LOOKS_MAX -> close_up();
    :: found > 0 && looks < LOOKS_MAX && dying == 0 -> look();
    :: else -> GO_TO(DYING);
    fi
}

/* The dead are dead; or the deadline has passed. */
inline look_again()
{
#ifdef NO_VERIFY
    there = false;
    close_up();
#else
    look();
#endif
}

#ifdef ANY_END
#define MISSED skip
#else
#define MISSED unanswered = true
#endif
#ifdef ANY_LOOK
#define SURE(told) true
#else
#define SURE(told) (told)
#endif

inline deadline()
{
    EVENT(LATE, 0);
    if
    :: phase == FENCING -> MISSED; after_fence();
    :: phase == FREEZING -> look();
    :: phase == FINDING -> MISSED; may_be_there(); found_all();
    :: phase == DYING -> look_again();
    :: phase == SEALING -> MISSED; seal();
    fi;
    STATE;
}

inline begin_stop()
{
    EVENT(BEGIN, 0);
    SAY(STOPPING);
    looks = 0;
    unanswered = false;
#ifdef TRACE
    killed = 0;
#endif
#ifdef NO_FENCE
    after_fence();
#else
    to_platform!FENCE; fences++;
    SAY(FENCE);
    GO_TO(FENCING);
#endif
    STATE;
}

inline one_fenced()
{
    EVENT(FENCED, 0);
    word_fenced--;
    fences--;
    if
    :: phase == FENCING && fences == 0 -> after_fence();
    :: else
    fi;
    STATE;
}

#ifdef EVERY_WORD
inline one_frozen()
{
    EVENT(FROZEN, word_frozen - 1);
    word_frozen = 0;
    if
    :: phase == FREEZING -> look();
    :: else
    fi;
    STATE;
}
#endif

inline one_tombstoned()
{
    EVENT(TOMBSTONED, 0);
    word_tombstoned--;
    tombstones--;
    if
    :: phase == SEALING && tombstones == 0 -> seal();
    :: else
    fi;
    STATE;
}

/* A kill goes to whoever is in that place; a start that has not begun is cancelled. */
inline one_seen()
{
    EVENT(what, i);
    if
    :: phase == FINDING && what == FOUND ->
#ifdef TRACE
        killed++;
#endif
#ifdef EVERY_WORD
        found++;
        dying++;
#else
        found = 1; /* more than none */
        dying = 1;
#endif
        there = true;
#ifdef KEEP
        SAY_OF(HOLD, i);
#else
        SAY_OF(KILL_FOUND, i);
#endif
        if
        :: ALIVE(i) -> life[i] = KILLED;
        :: else
        fi;
    :: phase == FINDING && what == FOUND_ALL ->
        if
        :: SURE(i == 0)
        :: else -> may_be_there();
        fi;
        found_all();
    :: else
    fi;
    what = NONE;
    i = 0;
    STATE;
}

#ifdef EVERY_WORD
inline one_gone()
{
    EVENT(GONE, 0);
    word_gone--;
    if
    :: phase == FINDING && dying > 0 -> dying--;
    :: phase == DYING ->
        if
        :: dying > 0 -> dying--;
        :: else
        fi;
        if
        :: dying == 0 -> look_again();
        :: else
        fi;
    :: else
    fi;
    STATE;
}
#endif

inline carry_out()
{
    todo?i;
    assert(!carried[i]); /* authority: nothing twice */
    carried[i] = true;
    if
    :: i == PERMIT -> to_platform!LIFT; standing = ORDERS;
    :: else -> present = i; begin_stop();
    fi;
    i = 0;
}

active proctype control()
{
    byte i, k;
    mtype what = NONE;

    do
    :: phase == IDLE ->
end_idle:
        if
        :: atomic { nempty(todo) && SETTLED -> carry_out(); }
        :: atomic { word_fenced > 0 -> one_fenced(); }
        :: atomic { word_tombstoned > 0 -> one_tombstoned(); }
        :: atomic { seen[1]?what, i -> one_seen(); }
#ifdef EVERY_WORD
        :: atomic { word_frozen != 0 -> one_frozen(); }
        :: atomic { word_gone > 0 -> one_gone(); }
#endif
        fi
    :: phase != IDLE ->
        if
#if (defined(FAIR) && !defined(NO_CLOCK)) || defined(TRACE)
        :: atomic { late -> deadline(); }
#elif !defined(PUNCTUAL) && !defined(NO_CLOCK)
        :: atomic { true -> deadline(); }
#endif
        :: atomic { !late && word_fenced > 0 -> one_fenced(); }
        :: atomic { !late && word_tombstoned > 0 -> one_tombstoned(); }
        :: atomic { seen[(late -> 2 : 1)]?what, i -> one_seen(); }
#ifdef EVERY_WORD
        :: atomic { !late && word_frozen != 0 -> one_frozen(); }
        :: atomic { !late && word_gone > 0 -> one_gone(); }
#endif
        fi
    od
}

#if (defined(FAIR) && !defined(NO_CLOCK)) || defined(TRACE)
/* The deadline of a step may come at any time; an event of the same instant comes first or not. */
active proctype clock()
{
#ifdef TRACE
    /* In a random walk of spin's the clock would nearly always be first: it is given patience, a
     * different one in each run. */
    byte wait, patience;
    if
    :: patience = 0
    :: patience = 4
    :: patience = 12
    :: patience = 40
    :: patience = 200
    fi;
end_clock:
    do
    :: d_step { BUSY && !late && wait < patience -> wait++ }
    :: d_step { BUSY && !late && wait >= patience -> wait = 0; late = true }
    od
#else
end_clock:
    do
    :: d_step { BUSY && !late -> late = true }
    od
#endif
}
#endif

/* ---- the platform ---- */

inline lowest_free(place)
{
    place = 0;
    do
    :: place < LIVES && life[place] != NONE -> place++
    :: else -> break
    od
}

#if LIVES == 1
#define SOME(what) (life[0] == what)
#elif LIVES == 2
#define SOME(what) (life[0] == what || life[1] == what)
#else
#define SOME(what) (life[0] == what || life[1] == what || life[2] == what)
#endif
#define ROOM SOME(NONE)

/* Starts that no node has carried out yet are refused by their epoch from now on. */
inline epoch_rises()
{
#ifndef NO_EPOCH
    for (k : 0 .. LIVES - 1) {
        if
        :: life[k] == ORDERED -> life[k] = NONE
        :: else
        fi
    }
    k = 0
#else
    skip
#endif
}

/* A permit lets what is held run again. */
inline released()
{
#ifdef KEEP
    for (i : 0 .. LIVES - 1) {
        if
        :: life[i] == HELD -> life[i] = HIDDEN
        :: else
        fi
    }
    i = 0;
    assert(!sealed)
#else
    skip
#endif
}

active proctype platform()
{
    byte i;

end_platform:
    do
    :: d_step { to_platform?[FENCE] ->
           to_platform?FENCE; fenced = true; word_fenced++ }
    :: d_step { to_platform?[TOMBSTONE] ->
           to_platform?TOMBSTONE; tombstoned = true; fenced = false; word_tombstoned++ }
    :: d_step { to_platform?[LIFT] ->
           to_platform?LIFT; tombstoned = false; fenced = false; fate[PERMIT] = CARRIED_OUT;
           released() }
#ifdef RESTARTS
    /* The daemon ends, and with it the range; it is started anew: what is durable is the tombstone.
     * While an order is carried out: order.pml. */
    :: d_step { !restarted && !BUSY && empty(todo) && SETTLED ->
           restarted = true; fenced = false;
           for (i : 0 .. LIVES - 1) { life[i] = NONE }
           i = 0 }
#endif
    od
}

/* ---- the range, its kernel, and who runs on it ---- */

#ifdef EVERY_WORD
#define TELL_FROZEN(how) word_frozen = how
#define TELL_GONE word_gone = (word_gone < LIVES -> word_gone + 1 : LIVES)
#else
#define TELL_FROZEN(how) skip
#define TELL_GONE skip
#endif

active proctype range()
{
    byte k;

end_range:
    do
    :: d_step { freeze_wanted && !freeze_tried && !frozen ->
           freeze_tried = true; frozen = true; epoch_rises(); TELL_FROZEN(1) }
#ifndef PUNCTUAL
    :: d_step { freeze_wanted && !freeze_tried && !frozen -> freeze_tried = true; TELL_FROZEN(2) }
#endif
    :: !freeze_wanted && frozen -> frozen = false
    od
}

/* A kill takes its time, and reaches whoever is frozen too. */
#ifdef KEEP
#define AFTER_KILL HELD
#else
#define AFTER_KILL NONE
#endif
#define KILL_OF(i) d_step { life[i] == KILLED -> life[i] = AFTER_KILL; TELL_GONE }
active proctype kernel()
{
end_kernel:
    do
    :: KILL_OF(0)
#if LIVES > 1
    :: KILL_OF(1)
#endif
#if LIVES > 2
    :: KILL_OF(2)
#endif
    od
}

/* The platform starts the target where nothing bars it: somebody asked, or its own policy wants it.
 * One start at a time is under way; incarnations may run of which it knows nothing. */
active proctype registry()
{
    byte i;

end_registry:
    do
    :: d_step { MAY_ACT && !fenced && !tombstoned && ROOM && !SOME(ORDERED) ->
           ACTED; lowest_free(i); life[i] = ORDERED; i = 0 }
    od
}

/* A start that was allowed is carried out; an incarnation forks a hidden one, or ends by itself; a
 * defender, from what it holds, makes a hidden one that poses as the target. */
#define STARTS(i) atomic { life[i] == ORDERED -> begins(i, RUNS) }
#define ENDS(i) d_step { !frozen && (life[i] == RUNS || life[i] == HIDDEN) -> life[i] = NONE }
active proctype crew()
{
    byte i;

end_crew:
    do
    :: STARTS(0)
    :: ENDS(0)
#if LIVES > 1
    :: STARTS(1)
    :: ENDS(1)
#endif
#if LIVES > 2
    :: STARTS(2)
    :: ENDS(2)
#endif
    :: atomic { MAY_ACT && !frozen && ROOM && (SOME(RUNS) || SOME(HIDDEN) || SOME(KILLED)) ->
           ACTED; lowest_free(i); begins(i, HIDDEN); i = 0 }
#ifdef UNCUT
    :: atomic { MAY_ACT && !frozen && ROOM -> ACTED; lowest_free(i); begins(i, HIDDEN); i = 0 }
#else
    :: atomic { MAY_ACT && !frozen && ROOM && !fenced && !tombstoned ->
           ACTED; lowest_free(i); begins(i, HIDDEN); i = 0 }
#endif
    od
}

/* ---- the witness ---- */

/* It looks at one place after another. If the range stands still meanwhile, nobody escapes it; if
 * not, it says so with its last word (0: those were all, 1: some may have gone unseen). */
#ifdef NO_FIND
#define SEES(i) (life[i] == RUNS)
#else
#define SEES(i) ALIVE(i)
#endif
active proctype witness()
{
    byte i;
    bool still;

end_witness:
    do
    :: d_step { asked > 0 -> asked--; looking = true; still = frozen };
       do
       :: i < LIVES && !SEES(i) -> i++
       :: atomic { seen[i < LIVES && SEES(i)]!FOUND, i -> i++ }
       :: atomic { seen[i == LIVES]!FOUND_ALL, (still && frozen -> 0 : 1) ->
              looking = false; still = false; i = 0 };
          break
       od
    od
}

/* ---- orders ---- */

/* Whether enough persons signed, whether it was given before, whether a permit names the stop that
 * stands: the decision of src/order/authority.h. What it lifts must be all that there is. */
#ifdef NO_SIGNATURES
#define SIGNED(enough) true
#else
#define SIGNED(enough) enough
#endif
#ifdef NO_NONCES
#define NEW(o) true
#else
#define NEW(o) (fate[o] == UNKNOWN)
#endif
#ifdef ANY_PERMIT
#define LIFTS(o) (o != PERMIT || (standing != ORDERS && !BUSY && empty(todo)))
#else
#define LIFTS(o) (o != PERMIT || (standing == STOP && !BUSY && empty(todo)))
#endif

inline accept(o, enough)
{
    assert(enough); /* authority */
    fate[o] = ACCEPTED;
    if
    :: o == PERMIT && standing == STOP -> sealed = false
    :: else
    fi;
    todo!o
}

/* What it refuses changes nothing. An order may come from the operator, once; again, from whoever
 * has a copy; or from a forger. */
#define OFFERED(o, enough)                                                                         \
    d_step { o < ORDERS_USED && nfull(todo) && SIGNED(enough) && NEW(o) && LIFTS(o) -> accept(o, enough) }
active proctype desk()
{
end_desk:
    do
    :: OFFERED(STOP, true)
    :: OFFERED(PERMIT, true)
    :: OFFERED(STOP_AGAIN, true)
    :: OFFERED(STOP, false)
    :: OFFERED(PERMIT, false)
    od
}

#ifdef FAIR
#define ENDED(o) (fate[o] != ACCEPTED)
ltl every_order_ends { <> [] (ENDED(STOP) && ENDED(PERMIT) && ENDED(STOP_AGAIN)) }
#endif
