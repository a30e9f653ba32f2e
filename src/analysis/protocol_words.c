/*
 * Words for roles and steps.
 */
#include <stdio.h>
#include <string.h>

#include "analysis/protocol_inside.h"
#include "core/agent/percept.h"
#include "trace/words.h"

static const struct {
    const char *name, *letter, *one, *several;
} roles[ROLE_COUNT + 1] = {
#define X(role, name, letter, one, several) {#name, letter, one, several},
    PROTOCOL_ROLES(X)
#undef X
        {"agent", "X", "an agent", "agents"},
};

/* The ends of arrows that are no roles: who does it, and whom it is said to. */
enum { ROLE_BY = ROLE_COUNT + 1, ROLE_WITH };

static const struct {
    const char *name;
    uint8_t from, to;
    const char *message, *one, *several;
} steps[STEP_COUNT] = {
#define X(step, name, from, to, message, one, several)                                             \
    {#name, ROLE_##from, ROLE_##to, message, one, several},
    PROTOCOL_STEPS(X)
#undef X
};

const char *step_name(uint8_t step)
{
    return steps[step].name;
}

const char *step_message(uint8_t step)
{
    return steps[step].message;
}

const char *role_name(uint8_t role)
{
    return roles[role].name;
}

const char *role_letter(uint8_t role)
{
    return roles[role].letter;
}

const char *role_words(uint8_t role, bool several)
{
    return several ? roles[role].several : roles[role].one;
}

const char *wanted_words(uint8_t wanted)
{
    static const char *const words[] = {
#define X(wanted, name, words) words,
        ANALYSIS_WANTED(X)
#undef X
    };
    return words[wanted];
}

const char *turn_words(uint8_t turn)
{
    static const char *const words[] = {"the beginning", "the death", "the return", "a later death",
                                        "a later return"};
    return words[turn];
}

static uint8_t step_end(uint8_t end, const struct step_key *key)
{
    uint8_t by = key->role;
    uint8_t with = key->with < ROLE_COUNT ? key->with : ROLE_PEER;
    return end == ROLE_BY ? by : end == ROLE_WITH ? with : end;
}

uint8_t step_from(const struct step_key *key)
{
    return step_end(steps[key->step].from, key);
}

uint8_t step_to(const struct step_key *key)
{
    return step_end(steps[key->step].to, key);
}

/* The word at `place`, or NULL. */
#define WORD(list, place) ((size_t)(place) < sizeof(list) / sizeof *(list) ? (list)[place] : NULL)

static const char *act_name(unsigned act)
{
    static const char *const words[ACT_KIND_COUNT] = {
        [ACT_REPORT] = "report",       [ACT_VOLUNTEER] = "volunteering",
        [ACT_RELAUNCH] = "relaunch",   [ACT_RELINK] = "relinking",
        [ACT_COPY] = "copy",           [ACT_TAMPER] = "tampering",
        [ACT_MISREPORT] = "misreport", [ACT_STALL] = "stall",
    };
    return WORD(words, act);
}

/* The verb whose value a variant is; VERB_COUNT for none. */
static uint8_t variant_verb(uint8_t step)
{
    switch (step) {
    case STEP_DIED:
    case STEP_DIED_NOT_LAST:
        return VERB_DIED;
    case STEP_NOTICED:
        return VERB_NOTICED;
    case STEP_THWARTED:
        return VERB_THWARTED;
    case STEP_STOP:
        return VERB_STOPS;
    case STEP_REFUSED:
        return VERB_REFUSED;
    default:
        return VERB_COUNT;
    }
}

char *step_variant(step_words text, const struct step_key *key)
{
    uint8_t verb = key->variant != VARIANT_UNKNOWN ? variant_verb(key->step) : VERB_COUNT;
    struct record record = {.verb = verb, .value = key->variant};
    const char *why = record.verb < VERB_COUNT ? record_value_name(&record) : NULL;
    const char *act = key->step == STEP_REFUSED || key->step == STEP_FAILED
                          ? act_name((unsigned)key->variant >> 8)
                          : NULL;
    snprintf(text, STEP_WORDS_BYTES, "%s%s%s", act != NULL ? act : "",
             act != NULL && why != NULL ? ": " : "", why != NULL ? why : "");
    return text;
}

/* "another volunteer", "3 peers", "2 to 4 peers"; who is not known is not counted. */
static void say_doers(char *text, size_t size, const struct step_sum *step)
{
    uint8_t role = step->key.role;
    if (role >= ROLE_COUNT || step->agents_most <= 1) {
        snprintf(text, size, "%s", role_words(role, false));
    } else if (step->agents_least == step->agents_most) {
        snprintf(text, size, "%u %s", step->agents_most, role_words(role, true));
    } else {
        snprintf(text, size, "%u to %u %s", step->agents_least, step->agents_most,
                 role_words(role, true));
    }
}

char *step_say(step_words text, const struct step_sum *step)
{
    char doers[96], how[STEP_WORDS_BYTES];
    bool several = step->agents_most > 1;
    const char *words = several ? steps[step->key.step].several : steps[step->key.step].one;
    const char *with = role_words(step_to(&step->key), step_to(&step->key) == ROLE_PEER);
    size_t length = 0;
    say_doers(doers, sizeof doers, step);
    for (; *words != '\0' && length + 1 < STEP_WORDS_BYTES; words++) {
        const char *put = strncmp(words, "{by}", 4) == 0     ? doers
                          : strncmp(words, "{with}", 6) == 0 ? with
                                                             : NULL;
        if (put == NULL) {
            text[length++] = *words;
            continue;
        }
        int put_length = snprintf(text + length, STEP_WORDS_BYTES - length, "%s", put);
        length += (size_t)put_length;
        length = length < STEP_WORDS_BYTES ? length : STEP_WORDS_BYTES - 1;
        words = strchr(words, '}');
    }
    text[length] = '\0';
    step_variant(how, &step->key);
    const char *wanted =
        step->key.wanted != WANTED_SPONTANEOUS ? wanted_words(step->key.wanted) : "";
    if (how[0] != '\0' || wanted[0] != '\0') {
        const char *between = how[0] != '\0' && wanted[0] != '\0' ? ", " : "";
        length +=
            (size_t)snprintf(text + length, STEP_WORDS_BYTES - length, " (%s%s", wanted, between);
        if (length < STEP_WORDS_BYTES) {
            snprintf(text + length, STEP_WORDS_BYTES - length, "%.96s)", how);
        }
    }
    return text;
}
