#include "order/roster.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/calendar.h"

/* ---- patterns ---- */

static bool span_matches(const char *pattern, size_t pattern_length, const char *text)
{
    const char *end = pattern + pattern_length, *star = NULL, *retry = NULL;

    while (*text != '\0') {
        if (pattern < end && *pattern == '*') {
            star = ++pattern;
            retry = text;
        } else if (pattern < end && (*pattern == '?' || *pattern == *text)) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (pattern < end && *pattern == '*')
        pattern++;
    return pattern == end;
}

bool roster_pattern_matches(const char *pattern, const char *text)
{
    return span_matches(pattern, strlen(pattern), text);
}

bool roster_entry_allows(const struct roster_entry *entry, const char *namespace)
{
    const char *at = entry->namespaces;
    bool allowed = false;

    if (at == NULL)
        return true;
    for (;;) {
        size_t length = strcspn(at, ",");
        bool negated = at[0] == '!';

        if (span_matches(at + negated, length - negated, namespace)) {
            /* ssh_config(5): a negated match never gives a positive result, whatever else does. */
            if (negated)
                return false;
            allowed = true;
        }
        if (at[length] == '\0')
            return allowed;
        at += length + 1;
    }
}

bool roster_names_meet(const char *a, const char *b)
{
    /* meet[j]: what is left of `a` and b + j have a name in common; from the ends forwards. */
    bool below[ROSTER_PATTERN_MAX + 2] = {false}, meet[ROSTER_PATTERN_MAX + 2] = {false};
    size_t a_length = strlen(a), b_length = strlen(b);

    if (strpbrk(a, "*?") == NULL && strpbrk(b, "*?") == NULL)
        return strcmp(a, b) == 0;
    assert(a_length <= ROSTER_PATTERN_MAX && b_length <= ROSTER_PATTERN_MAX);
    for (size_t i = a_length + 1; i-- > 0;) {
        for (size_t j = b_length + 1; j-- > 0;) {
            bool a_more = i < a_length, b_more = j < b_length;

            meet[j] = !a_more && !b_more;
            if (a_more && a[i] == '*')
                meet[j] = below[j] || (b_more && meet[j + 1]);
            if (b_more && b[j] == '*')
                meet[j] = meet[j] || meet[j + 1] || (a_more && below[j]);
            if (a_more && b_more && (a[i] == b[j] || a[i] == '?' || b[j] == '?'))
                meet[j] = meet[j] || below[j + 1];
        }
        memcpy(below, meet, sizeof below);
    }
    return meet[0];
}

uint32_t roster_keys(const struct roster *roster, const char *namespace)
{
    uint32_t keys = 0;

    for (uint32_t i = 0; i < roster->count; i++) {
        bool fresh = roster_entry_allows(&roster->entries[i], namespace);

        for (uint32_t j = 0; fresh && j < i; j++)
            fresh = !(roster_entry_allows(&roster->entries[j], namespace) &&
                      ssh_key_same(&roster->entries[i].key, &roster->entries[j].key));
        keys += fresh;
    }
    return keys;
}

/* ---- lines ---- */

struct line {
    const char *start, *at, *end;
    const char *path;
    int number;
    struct arena *arena;
    struct error *error;
};

static int refuse(const struct line *line, const char *place, const char *words)
{
    return error_set(line->error, ERROR_INPUT, "%s:%d:%td: %s", line->path, line->number,
                     place - line->start + 1, words);
}

/* `text` and then the words. */
static int refuse_word(const struct line *line, const char *place, size_t length, const char *words)
{
    char text[512];

    snprintf(text, sizeof text, "`%.*s` %s", (int)(length < 80 ? length : 80), place, words);
    return refuse(line, place, text);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void blanks_skip(struct line *line)
{
    while (line->at < line->end && is_blank(*line->at))
        line->at++;
}

/* The length of the word at `at`: up to a blank or the end of the line. */
static size_t word_length(const struct line *line, const char *at)
{
    size_t length = 0;

    while (at + length < line->end && !is_blank(at[length]))
        length++;
    return length;
}

static int no_memory(const struct line *line)
{
    return error_set(line->error, ERROR_MEMORY, "%s: no memory to read it", line->path);
}

static int name_read(const struct line *line, const char *at, size_t length, const char **name)
{
    if (length == 0)
        return refuse(line, at, "a principal is missing here");
    if (length > ROSTER_PATTERN_MAX)
        return refuse(line, at, "a principal has at most 255 characters");
    if (*at == '!')
        return refuse_word(line, at, length,
                           "says whose key this is not; name who holds it instead");
    for (size_t i = 0; i < length; i++)
        if (at[i] < '!' || at[i] > '~' || at[i] == '"')
            return refuse(line, at + i, "a principal is of plain letters, without quotation marks");
    *name = arena_text(line->arena, at, length);
    return *name == NULL ? no_memory(line) : 0;
}

static int names_read(struct line *line, struct roster_entry *entry)
{
    const char *end = line->at + word_length(line, line->at);
    const char **names;
    uint32_t count = 1;
    int failed = 0;

    for (const char *at = line->at; at < end; at++)
        count += *at == ',';
    if (count > ROSTER_NAMES_MAX)
        return refuse(line, line->at, "a key has at most 16 principals");
    names = arena_take_array(line->arena, count, sizeof *names);
    if (names == NULL)
        return no_memory(line);
    for (uint32_t i = 0; failed == 0 && i < count; i++) {
        const char *comma = memchr(line->at, ',', (size_t)(end - line->at));
        size_t length = (size_t)((comma == NULL ? end : comma) - line->at);

        failed = name_read(line, line->at, length, &names[i]);
        line->at += length + (comma != NULL);
    }
    entry->names = names;
    entry->name_count = count;
    return failed;
}

/* `="..."`, behind an option's name; moves behind it. */
static int quoted_take(struct line *line, const char **text, size_t *length)
{
    const char *at = line->at;

    if (at + 1 >= line->end || at[0] != '=' || at[1] != '"')
        return refuse(line, at, "the option's value should stand here, as in `=\"...\"`");
    at += 2;
    *text = at;
    while (at < line->end && *at != '"') {
        if (*at == '\\')
            return refuse(line, at, "a value cannot hold a backslash");
        at++;
    }
    if (at == line->end)
        return refuse(line, *text - 1, "this quotation mark has no second one");
    *length = (size_t)(at - *text);
    line->at = at + 1;
    return 0;
}

static int namespaces_read(struct line *line, struct roster_entry *entry)
{
    const char *text = NULL;
    size_t length = 0;
    int failed = quoted_take(line, &text, &length);

    if (failed != 0)
        return failed;
    if (length == 0 || length > ROSTER_PATTERN_MAX)
        return refuse(line, text, "a list of namespaces has from 1 to 255 characters");
    for (size_t i = 0; i < length; i++) {
        bool first = i == 0 || text[i - 1] == ',', last = i + 1 == length || text[i + 1] == ',';

        if (text[i] < '!' || text[i] > '~')
            return refuse(line, text + i, "a namespace is of plain letters, without blanks");
        if ((first && text[i] == ',') || (last && text[i] == ',') ||
            (first && last && text[i] == '!'))
            return refuse(line, text + i, "a namespace is missing here");
    }
    entry->namespaces = arena_text(line->arena, text, length);
    return entry->namespaces == NULL ? no_memory(line) : 0;
}

/* YYYYMMDDZ, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ. */
static int time_read(struct line *line, int64_t *seconds)
{
    static const int digits[6] = {4, 2, 2, 2, 2, 2};
    int parts[6] = {0, 0, 0, 0, 0, 0}, part = 0, in_part = 0;
    const char *text = NULL;
    size_t length = 0;
    int failed = quoted_take(line, &text, &length);
    bool form;

    if (failed != 0)
        return failed;
    form = length == 9 || length == 13 || length == 15;
    for (size_t i = 0; form && i + 1 < length; i++) {
        form = text[i] >= '0' && text[i] <= '9';
        parts[part] = parts[part] * 10 + (text[i] - '0');
        if (++in_part == digits[part]) {
            part++;
            in_part = 0;
        }
    }
    if (length > 0 && text[length - 1] >= '0' && text[length - 1] <= '9')
        return refuse_word(line, text, length,
                           "has no time zone and would mean another instant on another machine; "
                           "write UTC, with a Z behind it");
    if (!form || text[length - 1] != 'Z' || !calendar_compose(parts, seconds))
        return refuse_word(line, text, length,
                           "is no time; write YYYYMMDDZ, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ");
    return 0;
}

static int after_read(struct line *line, struct roster_entry *entry)
{
    return time_read(line, &entry->valid_after_s);
}

static int before_read(struct line *line, struct roster_entry *entry)
{
    return time_read(line, &entry->valid_before_s);
}

static const struct option {
    const char *name;
    int (*read)(struct line *line, struct roster_entry *entry); /* NULL: refused by name */
    const char *refusal;
} OPTIONS[] = {
    {"namespaces", namespaces_read, NULL},
    {"valid-after", after_read, NULL},
    {"valid-before", before_read, NULL},
    {"cert-authority", NULL,
     "is not accepted: who holds a certificate does not stand in the roster; list their keys"},
    {"no-touch-required", NULL,
     "is an option of authorized_keys, and of no roster; a touch is always required"},
    {"verify-required", NULL,
     "is an option of authorized_keys, and of no roster; the daemon's configuration can require "
     "it of all"},
};
#define OPTION_COUNT (sizeof OPTIONS / sizeof OPTIONS[0])

/* Option names are not told apart by case (ssh-keygen(1)). */
static const struct option *option_find(const char *at, size_t length)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (strlen(OPTIONS[i].name) == length && strncasecmp(OPTIONS[i].name, at, length) == 0)
            return &OPTIONS[i];
    return NULL;
}

static size_t option_length(const struct line *line)
{
    size_t length = 0;

    while (line->at + length < line->end && !is_blank(line->at[length]) &&
           line->at[length] != '=' && line->at[length] != ',')
        length++;
    return length;
}

static int options_read(struct line *line, struct roster_entry *entry)
{
    const char *start = line->at;
    unsigned seen = 0;

    for (;;) {
        size_t length = option_length(line);
        const struct option *option = option_find(line->at, length);
        const char *place = line->at;
        int failed;

        if (option == NULL)
            return refuse_word(line, place, length,
                               "is no option; those are namespaces, valid-after and valid-before");
        if (option->read == NULL)
            return refuse_word(line, place, length, option->refusal);
        if ((seen & 1U << (option - OPTIONS)) != 0)
            return refuse_word(line, place, length, "stands twice");
        seen |= 1U << (option - OPTIONS);
        line->at += length;
        failed = option->read(line, entry);
        if (failed != 0)
            return failed;
        if (line->at == line->end || is_blank(*line->at))
            break;
        if (*line->at != ',')
            return refuse(line, line->at, "a comma or a blank should stand behind an option");
        line->at++;
    }
    if (entry->valid_before_s <= entry->valid_after_s)
        return refuse(line, start, "the key would be valid before it becomes valid");
    return 0;
}

static bool type_known(const char *type, size_t length)
{
    for (int known = SSH_ED25519; known <= SSH_SK_ED25519; known++) {
        const char *name = ssh_key_type_name((enum ssh_key_type)known);

        if (strlen(name) == length && memcmp(name, type, length) == 0)
            return true;
    }
    return false;
}

/* The type's name, the key, and whatever comment follows. */
static int key_read(struct line *line, struct roster_entry *entry)
{
    const char *type = line->at;
    size_t type_length = word_length(line, type), length, size = 0;
    unsigned char blob[SSH_KEY_BLOB_BYTES];
    const char *name;
    bool whole;

    line->at += type_length;
    blanks_skip(line);
    length = word_length(line, line->at);
    if (length == 0)
        return refuse(line, line->at, "the key is missing");
    whole = ssh_base64_read(line->at, length, blob, sizeof blob, &size);
    /* One that is too long is of another type, which its beginning says. */
    if (!whole && (length < 64 || !ssh_base64_read(line->at, 64, blob, sizeof blob, &size))) {
        if (!type_known(type, type_length))
            return refuse_word(line, type, type_length,
                               "is no option, and no type of key that may sign orders");
        return refuse(line, line->at, "the key is no canonical base64");
    }
    if (ssh_key_read(&entry->key, blob, size, line->error) != 0)
        return error_context(line->error, "%s:%d:%td", line->path, line->number,
                             line->at - line->start + 1);
    if (!whole)
        return refuse(line, line->at, "the key is no canonical base64");
    name = ssh_key_type_name(entry->key.type);
    if (strlen(name) != type_length || memcmp(name, type, type_length) != 0)
        return refuse_word(line, type, type_length, "is not the type of the key behind it");
    return 0;
}

static int entry_read(struct line *line, struct roster_entry *entry)
{
    const char *word;
    size_t length;
    int failed;

    *entry = (struct roster_entry){.valid_before_s = INT64_MAX, .line = (uint32_t)line->number};
    failed = names_read(line, entry);
    if (failed != 0)
        return failed;
    blanks_skip(line);
    word = line->at;
    length = word_length(line, word);
    if (length == 0)
        return refuse(line, word, "the key is missing");
    /* Types of keys have neither `=` nor `,`, and no option is called as one. */
    if (memchr(word, '=', length) != NULL || memchr(word, ',', length) != NULL ||
        option_find(word, length) != NULL) {
        failed = options_read(line, entry);
        if (failed != 0)
            return failed;
        blanks_skip(line);
        if (line->at == line->end)
            return refuse(line, line->at, "the key is missing");
    }
    return key_read(line, entry);
}

static int line_read(struct roster *roster, struct line *line)
{
    for (const char *at = line->start; at < line->end; at++)
        if (((unsigned char)*at < ' ' && *at != '\t') || *at == 0x7f) {
            char words[64];

            snprintf(words, sizeof words, "a roster has no byte 0x%02x", (unsigned char)*at);
            return refuse(line, at, words);
        }
    blanks_skip(line);
    if (line->at == line->end || *line->at == '#')
        return 0;
    if (roster->count == ROSTER_ENTRIES_MAX)
        return refuse(line, line->at, "a roster has at most 1024 keys");
    return entry_read(line, &roster->entries[roster->count++]);
}

int roster_parse(struct roster *roster, const char *text, size_t size, const char *path,
                 struct error *error)
{
    struct line line = {.path = path, .arena = &roster->arena, .error = error};
    const char *end = text + size;
    int failed = 0;

    *roster = (struct roster){0};
    if (size > ROSTER_BYTES_MAX)
        return error_set(error, ERROR_INPUT, "%s: %zu bytes are no roster; one has at most %d",
                         path, size, ROSTER_BYTES_MAX);
    roster->entries = arena_take_array(&roster->arena, ROSTER_ENTRIES_MAX, sizeof *roster->entries);
    if (roster->entries == NULL)
        failed = no_memory(&line);
    for (const char *at = text; failed == 0 && at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        line.number++;
        line.start = line.at = at;
        line.end = newline == NULL ? end : newline;
        failed = line_read(roster, &line);
        at = newline == NULL ? end : newline + 1;
    }
    if (failed == 0 && roster->count == 0)
        failed = error_set(error, ERROR_INPUT, "%s: the roster holds no key", path);
    if (failed != 0)
        roster_close(roster);
    return failed;
}

void roster_close(struct roster *roster)
{
    arena_close(&roster->arena);
    *roster = (struct roster){0};
}
