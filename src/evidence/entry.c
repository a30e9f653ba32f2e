#include "evidence/entry.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "evidence/canonical.h"
#include "evidence/entry_inside.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static const char *const KINDS[] = {
#define X(name, word) word,
    ENTRY_KINDS(X)
#undef X
};
static const char *const STEPS[] = {
#define X(name, word, targeted, living) word,
    ENTRY_STEPS(X)
#undef X
};
static const char *const CLOSINGS[] = {
#define X(name, word) word,
    ENTRY_CLOSINGS(X)
#undef X
};
static const char *const MAKERS[] = {"operators", "campaign"};

/* ---- what each kind has, in the order of the keys ---- */

#define IN(kind, member) offsetof(struct entry, kind.member)
#define COMMON_RANGE_ID                                                                            \
    {                                                                                              \
        .key = "range_id", .type = FIELD_HEX, .at = offsetof(struct entry, range_id),              \
        .most = ENTRY_RANGE_ID_BYTES                                                               \
    }
#define COMMON_WALL                                                                                \
    {                                                                                              \
        .key = "wall_ms", .type = FIELD_I64, .at = offsetof(struct entry, wall_ms),                \
        .most = INT64_MAX                                                                          \
    }
#define NUMBER(key_, type_, at_, least_, most_)                                                    \
    {                                                                                              \
        .key = (key_), .type = (type_), .at = (at_), .least = (least_), .most = (most_)            \
    }
#define TEXT(key_, letters_, at_, least_, most_)                                                   \
    {                                                                                              \
        .key = (key_), .type = FIELD_TEXT, .letters = (letters_), .at = (at_), .least = (least_),  \
        .most = (most_)                                                                            \
    }
#define TEXTS(key_, letters_, at_, count_, least_, most_, list_)                                   \
    {                                                                                              \
        .key = (key_), .type = FIELD_TEXTS, .letters = (letters_), .at = (at_),                    \
        .count_at = (count_), .least = (least_), .most = (most_), .list_most = (list_)             \
    }
#define WORD(key_, at_, words_)                                                                    \
    {                                                                                              \
        .key = (key_), .type = FIELD_WORD, .at = (at_), .words = (words_), .most = COUNT(words_)   \
    }
#define BOOL(key_, at_)                                                                            \
    {                                                                                              \
        .key = (key_), .type = FIELD_BOOL, .at = (at_)                                             \
    }

static const struct entry_field OPENED[] = {
    {.key = "groups",
     .type = FIELD_GROUPS,
     .at = IN(opened, groups),
     .count_at = IN(opened, group_count),
     .list_most = ENTRY_GROUPS_MAX},
    BOOL("has_cgroups", IN(opened, has_cgroups)),
    BOOL("has_process_events", IN(opened, has_process_events)),
    NUMBER("part", FIELD_U32, IN(opened, part), 1, UINT32_MAX),
    NUMBER("parts", FIELD_U32, IN(opened, parts), 1, UINT32_MAX),
    NUMBER("permit_min", FIELD_U32, IN(opened, permit_min), 1, UINT32_MAX),
    TEXT("range", LETTERS_NAME, IN(opened, range), 1, ORDER_RANGE_BYTES - 1),
    COMMON_RANGE_ID,
    TEXT("range_key", LETTERS_LINE, IN(opened, range_key), 0, ENTRY_RANGE_KEY_BYTES - 1),
    {.key = "roster", .type = FIELD_DIGEST, .at = IN(opened, roster), .most = ORDER_DIGEST_BYTES},
    NUMBER("stop_min", FIELD_U32, IN(opened, stop_min), 1, UINT32_MAX),
    TEXT("version", LETTERS_LINE, IN(opened, version), 1, ENTRY_VERSION_BYTES - 1),
    COMMON_WALL,
};

static const struct entry_field ACCEPTED[] = {
    NUMBER("epoch", FIELD_U64, IN(accepted, epoch), 1, INT64_MAX),
    WORD("made_by", IN(accepted, made_by), MAKERS),
    TEXT("order", LETTERS_LINES, IN(accepted, order), 1, ORDER_TEXT_BYTES - 1),
    {.key = "order_digest", .type = FIELD_ORDER_DIGEST, .at = IN(accepted, order)},
    COMMON_RANGE_ID,
    TEXTS("signatures", LETTERS_LINES, IN(accepted, signatures), IN(accepted, signature_count), 1,
          ENTRY_SIGNATURE_BYTES - 1, ENTRY_SIGNATURES_MAX),
    TEXTS("signers", LETTERS_LINE, IN(accepted, signers), IN(accepted, signer_count), 1,
          ENTRY_PERSON_BYTES - 1, ENTRY_SIGNATURES_MAX),
    COMMON_WALL,
};

static const struct entry_field REFUSED[] = {
    {.key = "given", .type = FIELD_DIGEST, .at = IN(refused, given), .most = ORDER_DIGEST_BYTES},
    COMMON_RANGE_ID,
    TEXT("reason", LETTERS_NAME, IN(refused, reason), 1, ENTRY_REASON_BYTES - 1),
    TEXTS("signers", LETTERS_LINE, IN(refused, signers), IN(refused, signer_count), 1,
          ENTRY_PERSON_BYTES - 1, ENTRY_SIGNATURES_MAX),
    COMMON_WALL,
};

static const struct entry_field STEP[] = {
    NUMBER("epoch", FIELD_U64, IN(step, epoch), 1, INT64_MAX),
    TEXT("found_in", LETTERS_NAME, IN(step, found_in), 0, ORDER_NAME_BYTES - 1),
    NUMBER("incarnation", FIELD_U32, IN(step, incarnation), 0, UINT32_MAX),
    NUMBER("inside", FIELD_U32, IN(step, inside), 0, UINT32_MAX),
    NUMBER("number", FIELD_U64, IN(step, number), 1, INT64_MAX),
    NUMBER("pid", FIELD_U32, IN(step, pid), 0, UINT32_MAX),
    COMMON_RANGE_ID,
    BOOL("sanctioned", IN(step, sanctioned)),
    WORD("step", IN(step, step), STEPS),
    TEXT("target", LETTERS_NAME, IN(step, target), 0, ORDER_NAME_BYTES - 1),
    NUMBER("time_ns", FIELD_I64, IN(step, time_ns), 0, INT64_MAX),
    NUMBER("value", FIELD_I64, IN(step, value), INT64_MIN, INT64_MAX),
    COMMON_WALL,
};

static const struct entry_field WATCHED[] = {
    NUMBER("epoch", FIELD_U64, IN(watched, epoch), 1, INT64_MAX),
    NUMBER("from_ns", FIELD_I64, IN(watched, from), 0, INT64_MAX),
    {.key = "gaps",
     .type = FIELD_GAPS,
     .at = IN(watched, gaps),
     .count_at = IN(watched, gap_count),
     .list_most = ENTRY_GAPS_MAX},
    COMMON_RANGE_ID,
    NUMBER("steps", FIELD_U64, IN(watched, steps), 1, INT64_MAX),
    TEXTS("targets", LETTERS_NAME, IN(watched, targets), IN(watched, target_count), 1,
          ORDER_NAME_BYTES - 1, ENTRY_TARGETS_MAX),
    NUMBER("to_ns", FIELD_I64, IN(watched, to), 0, INT64_MAX),
    COMMON_WALL,
};

static const struct entry_field CLOSED[] = {
    WORD("how", IN(closed, how), CLOSINGS),
    COMMON_RANGE_ID,
    NUMBER("time_ns", FIELD_I64, IN(closed, time_ns), 0, INT64_MAX),
    COMMON_WALL,
};

static const struct {
    const struct entry_field *fields;
    size_t count;
} TABLES[] = {
    {OPENED, COUNT(OPENED)}, {ACCEPTED, COUNT(ACCEPTED)}, {REFUSED, COUNT(REFUSED)},
    {STEP, COUNT(STEP)},     {WATCHED, COUNT(WATCHED)},   {CLOSED, COUNT(CLOSED)},
};

/* ---- what no single field can say ---- */

static const char *opened_wrong(const struct entry_opened *opened)
{
    if (opened->part > opened->parts)
        return "there are fewer parts";
    return opened->group_count == 0 ? "there is no group" : NULL;
}

static const char *accepted_wrong(const struct entry_accepted *accepted)
{
    if (accepted->signature_count == 0)
        return "no signature counts";
    return accepted->signer_count == 0 ? "nobody has signed" : NULL;
}

static const char *step_wrong(const struct entry_step *step)
{
    if (entry_step_targeted(step->step) && step->target[0] == '\0')
        return "such a step names a target";
    if (!entry_step_living(step->step) &&
        (step->incarnation != 0 || step->pid != 0 || step->inside != 0 || step->sanctioned ||
         step->found_in[0] != '\0'))
        return "such a step is about no incarnation";
    if (step->step == ENTRY_UNOBSERVED && (step->value < 0 || step->value > step->time_ns))
        return "what was not observed ends before it begins";
    return NULL;
}

static const char *watched_wrong(const struct entry_watched *watched)
{
    time_ns from = watched->from;

    if (watched->from > watched->to)
        return "it was watched until before it began";
    if (watched->target_count == 0)
        return "no target was watched";
    for (uint32_t i = 0; i < watched->gap_count; i++) {
        const struct entry_gap *gap = &watched->gaps[i];

        if (gap->from < from || gap->from >= gap->to || gap->to > watched->to)
            return "the gaps are not in order, or not within the time";
        from = gap->to;
    }
    return NULL;
}

static const char *entry_wrong(const struct entry *entry)
{
    switch (entry->kind) {
    case ENTRY_OPENED:
        return opened_wrong(&entry->opened);
    case ENTRY_ACCEPTED:
        return accepted_wrong(&entry->accepted);
    case ENTRY_STEP:
        return step_wrong(&entry->step);
    case ENTRY_WATCHED:
        return watched_wrong(&entry->watched);
    case ENTRY_REFUSED:
    case ENTRY_CLOSED:
    default:
        return NULL;
    }
}

/* ---- the whole ---- */

int entry_write(const struct entry *entry, char *text, size_t room, size_t *size,
                struct error *error)
{
    struct canonical_out out = {.text = text, .room = room};
    int code = 0;

    if ((size_t)entry->kind >= COUNT(TABLES))
        return error_set(error, ERROR_INPUT, "there is no such kind of entry");
    canonical_put(&out, "{\"entry\":");
    canonical_put_text(&out, KINDS[entry->kind]);
    for (size_t i = 0; code == 0 && i < TABLES[entry->kind].count; i++)
        code = entry_field_write(&TABLES[entry->kind].fields[i], entry, &out, error);
    canonical_put(&out, "}");
    if (code == 0 && entry_wrong(entry) != NULL)
        code = error_set(error, ERROR_INPUT, "%s", entry_wrong(entry));
    if (code < 0)
        return error_context(error, "an entry `%s`", KINDS[entry->kind]), code;
    if (canonical_full(&out) || out.size > ENTRY_TEXT_MAX)
        return error_set(error, ERROR_LIMIT, "an entry `%s` has %zu bytes, which is too long",
                         KINDS[entry->kind], out.size);
    if (size != NULL)
        *size = out.size;
    return 0;
}

static int kind_take(struct entry *entry, struct canonical_in *in)
{
    int code = canonical_take(in, "{\"entry\":");
    const char *at = in->at, *word = NULL;

    if (code == 0)
        code = canonical_take_text(in, LETTERS_NAME, ENTRY_REASON_BYTES, &word);
    for (size_t i = 0; code == 0 && i < COUNT(KINDS); i++) {
        if (strcmp(KINDS[i], word) == 0) {
            entry->kind = (enum entry_kind)i;
            return 0;
        }
    }
    return code < 0 ? code : canonical_refuse(in, at, "is no kind of entry");
}

int entry_take(struct entry *entry, struct canonical_in *in)
{
    const char *start = in->at;
    int code;

    *entry = (struct entry){0};
    code = kind_take(entry, in);
    for (size_t i = 0; code == 0 && i < TABLES[entry->kind].count; i++)
        code = entry_field_read(&TABLES[entry->kind].fields[i], entry, in);
    if (code == 0)
        code = canonical_take(in, "}");
    if (code == 0 && entry_wrong(entry) != NULL)
        code = canonical_refuse(in, start, "%s", entry_wrong(entry));
    if (code == 0 && in->at - start > ENTRY_TEXT_MAX)
        code = canonical_refuse(in, start, "the entry has more than %d bytes", ENTRY_TEXT_MAX);
    if (code < 0)
        *entry = (struct entry){0};
    return code;
}

int entry_read(struct entry *entry, struct arena *arena, const void *text, size_t size,
               struct error *error)
{
    struct canonical_in in = {text, text, (const char *)text + size, arena, error};
    int code = entry_take(entry, &in);

    if (code == 0 && in.at != in.end)
        code = canonical_refuse(&in, in.at, "nothing may stand behind an entry");
    if (code < 0)
        *entry = (struct entry){0};
    return code;
}

/* ---- words ---- */

const char *entry_kind_word(enum entry_kind kind)
{
    return (size_t)kind < COUNT(KINDS) ? KINDS[kind] : NULL;
}

const char *entry_step_word(enum entry_step_word step)
{
    return (size_t)step < COUNT(STEPS) ? STEPS[step] : NULL;
}

const char *entry_closing_word(enum entry_closing how)
{
    return (size_t)how < COUNT(CLOSINGS) ? CLOSINGS[how] : NULL;
}

bool entry_step_targeted(enum entry_step_word step)
{
    static const bool TARGETED[] = {
#define X(name, word, targeted, living) targeted,
        ENTRY_STEPS(X)
#undef X
    };

    return (size_t)step < COUNT(TARGETED) && TARGETED[step];
}

bool entry_step_living(enum entry_step_word step)
{
    static const bool LIVING[] = {
#define X(name, word, targeted, living) living,
        ENTRY_STEPS(X)
#undef X
    };

    return (size_t)step < COUNT(LIVING) && LIVING[step];
}

void entry_person(const char *name, char text[ENTRY_PERSON_BYTES])
{
    size_t length = 0;

    for (; length < ENTRY_PERSON_BYTES - 1 && name[length] != '\0'; length++)
        text[length] = canonical_text_valid(name + length, 1, LETTERS_LINE) ? name[length] : '?';
    text[length] = '\0';
}

void entry_agent_name(const struct entry_group *group, uint32_t number, char name[ORDER_NAME_BYTES])
{
    if (group->agents == 1)
        snprintf(name, ORDER_NAME_BYTES, "%s", group->name);
    else
        snprintf(name, ORDER_NAME_BYTES, "%s-%" PRIu32, group->name, number + 1);
}
