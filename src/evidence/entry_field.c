#include "evidence/entry_inside.h"

#include <string.h>

#include <sodium.h>

#define DIGEST_PREFIX "sha256:"
#define GROUP_NAME_MAX 63
#define HEX_MAX (2 * ORDER_DIGEST_BYTES + 1)

/* Where the field stands in the struct. */
static const void *place(const struct entry_field *field, const struct entry *entry)
{
    return (const char *)entry + field->at;
}

static void *room(const struct entry_field *field, struct entry *entry)
{
    return (char *)entry + field->at;
}

static uint32_t count_of(const struct entry_field *field, const struct entry *entry)
{
    uint32_t count;

    memcpy(&count, (const char *)entry + field->count_at, sizeof count);
    return count;
}

/* ---- writing ---- */

static bool text_fits(const char *text, enum canonical_letters letters, int64_t least, int64_t most)
{
    size_t length = text != NULL ? strlen(text) : 0;

    return text != NULL && (int64_t)length >= least && (int64_t)length <= most &&
           canonical_text_valid(text, length, letters);
}

/* False where the number is out of its bounds. */
static bool number_get(const struct entry_field *field, const struct entry *entry, int64_t *number)
{
    if (field->type == FIELD_U32) {
        uint32_t value;

        memcpy(&value, place(field, entry), sizeof value);
        *number = value;
    } else {
        memcpy(number, place(field, entry), sizeof *number);
    }
    return *number >= field->least && *number <= field->most;
}

static void hex_put(struct canonical_out *out, const unsigned char *bytes, size_t size,
                    const char *prefix)
{
    char hex[HEX_MAX];

    sodium_bin2hex(hex, sizeof hex, bytes, size);
    canonical_put(out, "\"");
    canonical_put(out, prefix);
    canonical_put(out, hex);
    canonical_put(out, "\"");
}

static void order_digest_put(struct canonical_out *out, const char *order)
{
    unsigned char digest[ORDER_DIGEST_BYTES];

    order_digest(order, strlen(order), digest);
    hex_put(out, digest, sizeof digest, DIGEST_PREFIX);
}

static bool texts_put(const struct entry_field *field, const struct entry *entry,
                      struct canonical_out *out)
{
    const char *const *texts;

    memcpy(&texts, place(field, entry), sizeof texts);
    canonical_put(out, "[");
    for (uint32_t i = 0; i < count_of(field, entry); i++) {
        if (!text_fits(texts[i], field->letters, field->least, field->most))
            return false;
        canonical_put(out, i > 0 ? "," : "");
        canonical_put_text(out, texts[i]);
    }
    canonical_put(out, "]");
    return true;
}

static bool groups_put(const struct entry_opened *opened, struct canonical_out *out)
{
    canonical_put(out, "[");
    for (uint32_t i = 0; i < opened->group_count; i++) {
        const struct entry_group *group = &opened->groups[i];

        if (!text_fits(group->name, LETTERS_NAME, 1, GROUP_NAME_MAX) || group->agents == 0)
            return false;
        canonical_put(out, i > 0 ? ",{\"agents\":" : "{\"agents\":");
        canonical_put_number(out, group->agents);
        canonical_put(out, ",\"children\":");
        canonical_put_number(out, group->children);
        canonical_put(out, ",\"group\":");
        canonical_put_text(out, group->name);
        canonical_put(out, "}");
    }
    canonical_put(out, "]");
    return true;
}

static void gaps_put(const struct entry_watched *watched, struct canonical_out *out)
{
    canonical_put(out, "[");
    for (uint32_t i = 0; i < watched->gap_count; i++) {
        canonical_put(out, i > 0 ? ",[" : "[");
        canonical_put_number(out, watched->gaps[i].from);
        canonical_put(out, ",");
        canonical_put_number(out, watched->gaps[i].to);
        canonical_put(out, "]");
    }
    canonical_put(out, "]");
}

/* False where there is no text for what stands in the struct. */
static bool value_put(const struct entry_field *field, const struct entry *entry,
                      struct canonical_out *out)
{
    const void *at = place(field, entry);
    const char *text;
    int64_t number;
    unsigned word;

    switch (field->type) {
    case FIELD_U32:
    case FIELD_U64:
    case FIELD_I64:
        if (!number_get(field, entry, &number))
            return false;
        canonical_put_number(out, number);
        return true;
    case FIELD_BOOL:
        canonical_put_bool(out, *(const bool *)at);
        return true;
    case FIELD_WORD:
        memcpy(&word, at, sizeof word);
        if (word >= (uint64_t)field->most)
            return false;
        canonical_put_text(out, field->words[word]);
        return true;
    case FIELD_HEX:
    case FIELD_DIGEST:
        hex_put(out, at, (size_t)field->most, field->type == FIELD_HEX ? "" : DIGEST_PREFIX);
        return true;
    case FIELD_TEXT:
    case FIELD_ORDER_DIGEST:
        memcpy(&text, at, sizeof text);
        if (field->type == FIELD_ORDER_DIGEST)
            return order_digest_put(out, text), true;
        if (!text_fits(text, field->letters, field->least, field->most))
            return false;
        canonical_put_text(out, text);
        return true;
    case FIELD_TEXTS:
        return texts_put(field, entry, out);
    case FIELD_GROUPS:
        return groups_put(&entry->opened, out);
    case FIELD_GAPS:
        gaps_put(&entry->watched, out);
        return true;
    }
    return false;
}

int entry_field_write(const struct entry_field *field, const struct entry *entry,
                      struct canonical_out *out, struct error *error)
{
    if (field->list_most > 0 && count_of(field, entry) > field->list_most)
        return error_set(error, ERROR_INPUT, "`%s` has more than %u members", field->key,
                         field->list_most);
    canonical_put(out, ",\"");
    canonical_put(out, field->key);
    canonical_put(out, "\":");
    if (!value_put(field, entry, out))
        return error_set(error, ERROR_INPUT, "`%s` is none that an entry may have", field->key);
    return 0;
}

/* ---- reading ---- */

static int number_take(const struct entry_field *field, struct entry *entry,
                       struct canonical_in *in)
{
    int64_t number;
    int code = canonical_take_number(in, field->least, field->most, &number);
    uint32_t small = (uint32_t)number;

    if (code < 0)
        return code;
    if (field->type == FIELD_U32)
        memcpy(room(field, entry), &small, sizeof small);
    else
        memcpy(room(field, entry), &number, sizeof number);
    return 0;
}

static int word_take(const struct entry_field *field, struct entry *entry, struct canonical_in *in)
{
    const char *at = in->at, *word;
    int code = canonical_take_text(in, LETTERS_NAME, ENTRY_REASON_BYTES, &word);

    for (unsigned i = 0; code == 0 && i < (uint64_t)field->most; i++) {
        if (strcmp(field->words[i], word) == 0) {
            memcpy(room(field, entry), &i, sizeof i);
            return 0;
        }
    }
    return code < 0 ? code : canonical_refuse(in, at, "is no word for `%s`", field->key);
}

static int hex_take(const struct entry_field *field, struct entry *entry, struct canonical_in *in)
{
    char again[HEX_MAX];
    size_t size = (size_t)field->most;
    int code = canonical_take(in, field->type == FIELD_HEX ? "\"" : "\"" DIGEST_PREFIX);

    if (code < 0)
        return code;
    if ((size_t)(in->end - in->at) < 2 * size)
        return canonical_refuse(in, in->at, "it ends within digits");
    /* What is no small letter or digit does not come back. */
    if (sodium_hex2bin(room(field, entry), size, in->at, 2 * size, NULL, NULL, NULL) != 0 ||
        memcmp(sodium_bin2hex(again, sizeof again, room(field, entry), size), in->at, 2 * size) !=
            0)
        return canonical_refuse(in, in->at, "should be %zu digits of 0-9 and a-f", 2 * size);
    in->at += 2 * size;
    return canonical_take(in, "\"");
}

static int order_digest_take(const struct entry_field *field, const struct entry *entry,
                             struct canonical_in *in)
{
    char text[HEX_MAX + sizeof DIGEST_PREFIX + 2];
    struct canonical_out out = {.text = text, .room = sizeof text};
    const char *order;

    memcpy(&order, place(field, entry), sizeof order);
    order_digest_put(&out, order);
    return canonical_take(in, text);
}

static int text_take(const struct entry_field *field, struct canonical_in *in, const char **text)
{
    const char *at = in->at;
    int code = canonical_take_text(in, field->letters, (size_t)field->most, text);

    if (code == 0 && (int64_t)strlen(*text) < field->least)
        return canonical_refuse(in, at, "is too short");
    return code;
}

/* A list: `[`, its members one by one into `items`, which have room for field->list_most. */
typedef int (*member_take)(const struct entry_field *field, struct canonical_in *in, void *item);

static int list_take(const struct entry_field *field, struct entry *entry, struct canonical_in *in,
                     size_t item_size, member_take take)
{
    int code = canonical_take(in, "[");
    bool more = code == 0;
    uint32_t count = 0;
    char *items = NULL;

    while (code == 0) {
        code = canonical_take_more(in, count == 0, &more);
        if (code < 0 || !more)
            break;
        if (count == field->list_most)
            return canonical_refuse(in, in->at, "`%s` has more than %u members", field->key, count);
        if (items == NULL)
            items = arena_take_array(in->arena, field->list_most, item_size);
        if (items == NULL)
            return error_set(in->error, ERROR_MEMORY, "no memory for an entry");
        code = take(field, in, items + item_size * count++);
    }
    memcpy(room(field, entry), &items, sizeof items);
    memcpy((char *)entry + field->count_at, &count, sizeof count);
    return code;
}

static int text_member(const struct entry_field *field, struct canonical_in *in, void *item)
{
    return text_take(field, in, item);
}

static int group_member(const struct entry_field *field, struct canonical_in *in, void *item)
{
    struct entry_group *group = item;
    int64_t agents = 0, children = 0;
    int code = canonical_take(in, "{\"agents\":");
    const char *at;

    (void)field;
    if (code == 0)
        code = canonical_take_number(in, 1, UINT32_MAX, &agents);
    if (code == 0)
        code = canonical_take(in, ",\"children\":");
    if (code == 0)
        code = canonical_take_number(in, 0, UINT32_MAX, &children);
    if (code == 0)
        code = canonical_take(in, ",\"group\":");
    at = in->at;
    if (code == 0)
        code = canonical_take_text(in, LETTERS_NAME, GROUP_NAME_MAX, &group->name);
    if (code == 0 && group->name[0] == '\0')
        code = canonical_refuse(in, at, "is too short");
    group->agents = (uint32_t)agents;
    group->children = (uint32_t)children;
    return code == 0 ? canonical_take(in, "}") : code;
}

static int gap_member(const struct entry_field *field, struct canonical_in *in, void *item)
{
    struct entry_gap *gap = item;
    int code = canonical_take(in, "[");

    (void)field;
    if (code == 0)
        code = canonical_take_number(in, 0, INT64_MAX, &gap->from);
    if (code == 0)
        code = canonical_take(in, ",");
    if (code == 0)
        code = canonical_take_number(in, 0, INT64_MAX, &gap->to);
    return code == 0 ? canonical_take(in, "]") : code;
}

int entry_field_read(const struct entry_field *field, struct entry *entry, struct canonical_in *in)
{
    int code = canonical_take(in, ",\"");

    if (code == 0)
        code = canonical_take(in, field->key);
    if (code == 0)
        code = canonical_take(in, "\":");
    if (code < 0)
        return code;
    switch (field->type) {
    case FIELD_U32:
    case FIELD_U64:
    case FIELD_I64:
        return number_take(field, entry, in);
    case FIELD_BOOL:
        return canonical_take_bool(in, room(field, entry));
    case FIELD_WORD:
        return word_take(field, entry, in);
    case FIELD_HEX:
    case FIELD_DIGEST:
        return hex_take(field, entry, in);
    case FIELD_ORDER_DIGEST:
        return order_digest_take(field, entry, in);
    case FIELD_TEXT:
        return text_take(field, in, room(field, entry));
    case FIELD_TEXTS:
        return list_take(field, entry, in, sizeof(const char *), text_member);
    case FIELD_GROUPS:
        return list_take(field, entry, in, sizeof(struct entry_group), group_member);
    case FIELD_GAPS:
        return list_take(field, entry, in, sizeof(struct entry_gap), gap_member);
    }
    return ERROR_CORRUPT;
}
