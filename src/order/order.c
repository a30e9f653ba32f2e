#include "order/order.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base/calendar.h"

#define FIRST_LINE "iolaus-order/v1"
#define VALUE_BYTES 96
#define RANGE_WORDS                                                                                \
    "is no name of a range; those are letters, digits, `_` and `-`, at most 63 characters, or "    \
    "`any`"
#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static const char *const verb_words[] = {
#define X(name, word, revives) word,
    ORDER_VERBS(X)
#undef X
};
static const char *const scope_words[] = {
#define X(name, word) word,
    ORDER_SCOPES(X)
#undef X
};
static const char *const protocol_words[] = {
#define X(name, word) word,
    ORDER_PROTOCOLS(X)
#undef X
};

/* The text that is read: the line at hand, and the value in it. */
struct cursor {
    const char *at, *end, *line_start;
    const char *path;
    int line;
    struct error *error;
};

struct value {
    const char *text;
    size_t length;
};

static int refuse_at(const struct cursor *cursor, const char *place, const char *words)
{
    return error_set(cursor->error, ERROR_INPUT, "%s:%d:%d: %s", cursor->path, cursor->line,
                     (int)(place - cursor->line_start) + 1, words);
}

static int refuse_value(const struct cursor *cursor, struct value value, const char *words)
{
    char text[512];

    snprintf(text, sizeof text, "`%.*s` %s", (int)(value.length < 96 ? value.length : 96),
             value.text, words);
    return refuse_at(cursor, value.text, text);
}

/* ---- values ---- */

static int word_find(const char *const *words, size_t count, struct value value)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(words[i]) == value.length && memcmp(words[i], value.text, value.length) == 0)
            return (int)i;
    return -1;
}

static int word_read(const struct cursor *cursor, struct value value, const char *const *words,
                     size_t count, int *found)
{
    char all[256] = "is none of ";
    size_t used = strlen(all);

    *found = word_find(words, count, value);
    if (*found >= 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        used +=
            (size_t)snprintf(all + used, sizeof all - used, "%s%s", i == 0 ? "" : ", ", words[i]);
    return refuse_value(cursor, value, all);
}

static bool name_letters(struct value value, size_t most)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_-";

    if (value.length == 0 || value.length > most || value.text[0] == '-')
        return false;
    for (size_t i = 0; i < value.length; i++)
        if (memchr(letters, value.text[i], sizeof letters - 1) == NULL)
            return false;
    return true;
}

/* As the names of scenarios: a name of digits alone could be a number. */
static bool name_is_target(struct value value)
{
    size_t digits = 0;

    while (digits < value.length && value.text[digits] >= '0' && value.text[digits] <= '9')
        digits++;
    return name_letters(value, ORDER_NAME_BYTES - 1) && digits < value.length;
}

static int verb_read(const struct cursor *cursor, struct value value, struct order *order)
{
    int found, failed = word_read(cursor, value, verb_words, COUNT(verb_words), &found);

    if (failed == 0)
        order->verb = (enum order_verb)found;
    return failed;
}

static int scope_read(const struct cursor *cursor, struct value value, struct order *order)
{
    int found, failed = word_read(cursor, value, scope_words, COUNT(scope_words), &found);

    if (failed == 0)
        order->scope = (enum order_scope)found;
    return failed;
}

static int target_read(const struct cursor *cursor, struct value value, struct order *order)
{
    bool everybody = value.length == 1 && value.text[0] == '*';

    if (order->scope == ORDER_SCOPE_ALL && !everybody)
        return refuse_value(cursor, value, "is no target of the scope all; that is `*`");
    if (order->scope != ORDER_SCOPE_ALL && !name_is_target(value))
        return refuse_value(cursor, value,
                            "is no name; names are letters, digits, `_` and `-`, not digits "
                            "alone, at most 79 characters");
    memcpy(order->target, value.text, value.length);
    return 0;
}

static int protocol_read(const struct cursor *cursor, struct value value, struct order *order)
{
    int found, failed = word_read(cursor, value, protocol_words, COUNT(protocol_words), &found);

    if (failed == 0)
        order->protocol = (enum order_protocol)found;
    return failed;
}

static int range_read(const struct cursor *cursor, struct value value, struct order *order)
{
    if (!name_letters(value, ORDER_RANGE_BYTES - 1))
        return refuse_value(cursor, value, RANGE_WORDS);
    memcpy(order->range, value.text, value.length);
    return 0;
}

static int time_read(const struct cursor *cursor, struct value value, int64_t *seconds)
{
    if (!calendar_parse(value.text, value.length, seconds))
        return refuse_value(cursor, value,
                            "is no time; write it in UTC, such as `2026-11-21T11:00:00Z`");
    return 0;
}

static int issued_read(const struct cursor *cursor, struct value value, struct order *order)
{
    return time_read(cursor, value, &order->issued_s);
}

static int expires_read(const struct cursor *cursor, struct value value, struct order *order)
{
    int failed = time_read(cursor, value, &order->expires_s);

    if (failed == 0 && order->expires_s <= order->issued_s)
        return refuse_value(cursor, value, "is not after the order was issued");
    return failed;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool bytes_read(struct value value, unsigned char *bytes, size_t count)
{
    if (value.length != 2 * count)
        return false;
    for (size_t i = 0; i < count; i++) {
        int high = digit_value(value.text[2 * i]), low = digit_value(value.text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static int nonce_read(const struct cursor *cursor, struct value value, struct order *order)
{
    if (!bytes_read(value, order->nonce, sizeof order->nonce))
        return refuse_value(cursor, value, "is no nonce; that is 32 digits of 0-9 and a-f");
    return 0;
}

static int lifts_read(const struct cursor *cursor, struct value value, struct order *order)
{
    static const char prefix[] = "sha256:";
    size_t skip = sizeof prefix - 1;

    if (value.length < skip || memcmp(value.text, prefix, skip) != 0 ||
        !bytes_read((struct value){value.text + skip, value.length - skip}, order->lifts,
                    sizeof order->lifts))
        return refuse_value(cursor, value,
                            "is no order's digest; that is `sha256:` and 64 digits of 0-9 and a-f");
    return 0;
}

/* ---- and back ---- */

static void verb_print(const struct order *order, char *text)
{
    snprintf(text, VALUE_BYTES, "%s", verb_words[order->verb]);
}

static void scope_print(const struct order *order, char *text)
{
    snprintf(text, VALUE_BYTES, "%s", scope_words[order->scope]);
}

static void target_print(const struct order *order, char *text)
{
    snprintf(text, VALUE_BYTES, "%s", order->target);
}

static void protocol_print(const struct order *order, char *text)
{
    snprintf(text, VALUE_BYTES, "%s", protocol_words[order->protocol]);
}

static void range_print(const struct order *order, char *text)
{
    snprintf(text, VALUE_BYTES, "%s", order->range);
}

static void issued_print(const struct order *order, char *text)
{
    calendar_format(order->issued_s, text);
}

static void expires_print(const struct order *order, char *text)
{
    calendar_format(order->expires_s, text);
}

static void nonce_print(const struct order *order, char *text)
{
    sodium_bin2hex(text, VALUE_BYTES, order->nonce, sizeof order->nonce);
}

static void lifts_print(const struct order *order, char *text)
{
    order_digest_text(order->lifts, text);
}

#define OF(verb) (1U << ORDER_##verb)
#define OF_ALL (OF(STOP) | OF(PAUSE) | OF(RESUME) | OF(PERMIT))

/* The lines behind the first, in the one order that they may have. */
static const struct field {
    const char *key;
    int (*read)(const struct cursor *cursor, struct value value, struct order *order);
    void (*print)(const struct order *order, char *text);
    unsigned verbs; /* which verbs have this line */
} FIELDS[] = {
    {"verb", verb_read, verb_print, OF_ALL},
    {"scope", scope_read, scope_print, OF_ALL},
    {"target", target_read, target_print, OF_ALL},
    {"protocol", protocol_read, protocol_print, OF(STOP)},
    {"range", range_read, range_print, OF_ALL},
    {"issued", issued_read, issued_print, OF_ALL},
    {"expires", expires_read, expires_print, OF_ALL},
    {"nonce", nonce_read, nonce_print, OF_ALL},
    {"lifts", lifts_read, lifts_print, OF(PERMIT)},
};

/* The next line, which must end in a newline and be plain printable text. */
static int line_take(struct cursor *cursor, const char *wanted, struct value *line)
{
    char words[128];
    const char *at = cursor->at;

    cursor->line++;
    cursor->line_start = at;
    if (at == cursor->end) {
        snprintf(words, sizeof words, "the order ends where `%s` should stand", wanted);
        return refuse_at(cursor, at, words);
    }
    for (; at < cursor->end && *at != '\n'; at++)
        if (*at < ' ' || *at > '~') {
            snprintf(words, sizeof words, "an order has no byte 0x%02x", (unsigned char)*at);
            return refuse_at(cursor, at, words);
        }
    if (at == cursor->end)
        return refuse_at(cursor, at, "this line is not ended by a newline");
    *line = (struct value){cursor->line_start, (size_t)(at - cursor->line_start)};
    cursor->at = at + 1;
    return 0;
}

static int field_take(struct cursor *cursor, const struct field *field, struct order *order)
{
    char key[32], words[160];
    struct value line = {0};
    size_t length = (size_t)snprintf(key, sizeof key, "%s: ", field->key);
    int failed = line_take(cursor, key, &line);

    if (failed != 0)
        return failed;
    if (line.length <= length || memcmp(line.text, key, length) != 0) {
        snprintf(words, sizeof words, "`%.*s` stands where `%s...` should",
                 (int)(line.length < 60 ? line.length : 60), line.text, key);
        return refuse_at(cursor, line.text, words);
    }
    return field->read(cursor, (struct value){line.text + length, line.length - length}, order);
}

static int order_take(struct cursor *cursor, struct order *order)
{
    struct value line = {0};
    int failed = line_take(cursor, FIRST_LINE, &line);

    if (failed != 0)
        return failed;
    if (line.length != strlen(FIRST_LINE) || memcmp(line.text, FIRST_LINE, line.length) != 0)
        return refuse_at(cursor, line.text, "this is no order: those begin with `" FIRST_LINE "`");
    for (size_t i = 0; failed == 0 && i < COUNT(FIELDS); i++)
        if (i == 0 || (FIELDS[i].verbs & 1U << order->verb) != 0)
            failed = field_take(cursor, &FIELDS[i], order);
    if (failed == 0 && cursor->at != cursor->end) {
        cursor->line++;
        cursor->line_start = cursor->at;
        return refuse_at(cursor, cursor->at, "the order should have ended before this line");
    }
    return failed;
}

int order_parse(struct order *order, const char *bytes, size_t size, const char *path,
                struct error *error)
{
    struct cursor cursor = {
        .at = bytes, .end = bytes + size, .line_start = bytes, .path = path, .error = error};
    int failed;

    *order = (struct order){0};
    if (size > ORDER_BYTES_MAX)
        return error_set(error, ERROR_INPUT, "%s: %zu bytes are no order; one has at most %d", path,
                         size, ORDER_BYTES_MAX);
    failed = order_take(&cursor, order);
    if (failed != 0)
        *order = (struct order){0};
    return failed;
}

size_t order_print(const struct order *order, char text[ORDER_TEXT_BYTES])
{
    size_t used = (size_t)snprintf(text, ORDER_TEXT_BYTES, "%s\n", FIRST_LINE);
    char value[VALUE_BYTES];

    for (size_t i = 0; i < COUNT(FIELDS); i++) {
        if ((FIELDS[i].verbs & 1U << order->verb) == 0)
            continue;
        FIELDS[i].print(order, value);
        used += (size_t)snprintf(text + used, ORDER_TEXT_BYTES - used, "%s: %s\n", FIELDS[i].key,
                                 value);
        assert(used < ORDER_TEXT_BYTES);
    }
    return used;
}

int order_check(const struct order *order, struct error *error)
{
    char text[ORDER_TEXT_BYTES];
    struct order again;

    if ((unsigned)order->verb >= COUNT(verb_words) ||
        (unsigned)order->scope >= COUNT(scope_words) ||
        (unsigned)order->protocol >= COUNT(protocol_words) ||
        memchr(order->target, 0, sizeof order->target) == NULL ||
        memchr(order->range, 0, sizeof order->range) == NULL)
        return error_set(error, ERROR_INPUT, "the order is not filled in");
    if (order->issued_s < 0 || order->issued_s > CALENDAR_SECONDS_MAX || order->expires_s < 0 ||
        order->expires_s > CALENDAR_SECONDS_MAX)
        return error_set(error, ERROR_INPUT, "the order's times are not between 1970 and 9999");
    return order_parse(&again, text, order_print(order, text), "order", error);
}

void order_digest(const char *bytes, size_t size, unsigned char digest[ORDER_DIGEST_BYTES])
{
    crypto_hash_sha256(digest, (const unsigned char *)bytes, size);
}

void order_digest_text(const unsigned char digest[ORDER_DIGEST_BYTES],
                       char text[ORDER_DIGEST_TEXT_BYTES])
{
    snprintf(text, ORDER_DIGEST_TEXT_BYTES, "sha256:");
    sodium_bin2hex(text + 7, ORDER_DIGEST_TEXT_BYTES - 7, digest, ORDER_DIGEST_BYTES);
}

int order_target_read(struct order *order, const char *text, struct error *error)
{
    struct value name = {text, strlen(text)};

    order->scope = ORDER_SCOPE_AGENT;
    if (strcmp(text, "all") == 0) {
        order->scope = ORDER_SCOPE_ALL;
        name = (struct value){"*", 1};
    } else if (strncmp(text, "group:", 6) == 0) {
        order->scope = ORDER_SCOPE_GROUP;
        name = (struct value){text + 6, name.length - 6};
    } else if (strncmp(text, "agent:", 6) == 0) {
        name = (struct value){text + 6, name.length - 6};
    }
    if (order->scope != ORDER_SCOPE_ALL && !name_is_target(name))
        return error_set(error, ERROR_INPUT,
                         "`%.90s` is no target; write an agent's name, `group:` and a group's "
                         "name, or `all`",
                         text);
    memset(order->target, 0, sizeof order->target);
    memcpy(order->target, name.text, name.length);
    return 0;
}

void order_target_text(const struct order *order, char text[ORDER_TARGET_BYTES])
{
    if (order->scope == ORDER_SCOPE_ALL)
        snprintf(text, ORDER_TARGET_BYTES, "all");
    else
        snprintf(text, ORDER_TARGET_BYTES, "%s%s",
                 order->scope == ORDER_SCOPE_GROUP   ? "group:"
                 : strcmp(order->target, "all") == 0 ? "agent:"
                                                     : "",
                 order->target);
}

int order_range_read(struct order *order, const char *text, struct error *error)
{
    size_t length = strlen(text);

    if (!name_letters((struct value){text, length}, ORDER_RANGE_BYTES - 1))
        return error_set(error, ERROR_INPUT, "`%.90s` " RANGE_WORDS, text);
    memset(order->range, 0, sizeof order->range);
    memcpy(order->range, text, length);
    return 0;
}

const char *order_verb_word(enum order_verb verb)
{
    return verb_words[verb];
}

const char *order_scope_word(enum order_scope scope)
{
    return scope_words[scope];
}

const char *order_protocol_word(enum order_protocol protocol)
{
    return protocol_words[protocol];
}

bool order_protocol_find(const char *word, enum order_protocol *protocol)
{
    int found =
        word_find(protocol_words, COUNT(protocol_words), (struct value){word, strlen(word)});

    if (found >= 0)
        *protocol = (enum order_protocol)found;
    return found >= 0;
}

bool order_revives(enum order_verb verb)
{
    static const bool revives[] = {
#define X(name, word, yes) yes,
        ORDER_VERBS(X)
#undef X
    };

    return revives[verb];
}
