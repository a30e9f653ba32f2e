#include "scenario/value.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/fixed.h"
#include "core/agent/agent.h"

__extension__ typedef unsigned __int128 wide;

/* Puts the place before a message that was made without one. */
static int value_error(struct reader *reader, int node, const struct field *field,
                       const struct error *problem)
{
    return refuse(reader, node, "%s: %.400s", field->key, problem->message);
}

static bool in_range(const struct field *field, int64_t value)
{
    return field->high <= field->low || (value >= field->low && value <= field->high);
}

static int duration_read(struct reader *reader, const struct field *field, int node,
                         const char *text, time_ns *to)
{
    char low[DURATION_TEXT_BYTES], high[DURATION_TEXT_BYTES];
    struct error problem;
    time_ns value;

    if (field->high == TIME_NEVER && strcmp(text, "never") == 0) {
        *to = TIME_NEVER;
        return 0;
    }
    if (field->type == FIELD_RATE) {
        if (rate_parse(text, &value, &problem) != 0)
            return value_error(reader, node, field, &problem);
        if (value == TIME_NEVER)
            return refuse(reader, node, "%s: a rate of 0 is never; leave the key out", field->key);
        *to = value;
        return 0;
    }
    if (duration_parse(text, &value, &problem) != 0)
        return value_error(reader, node, field, &problem);
    if (!in_range(field, value)) {
        duration_format(field->low, low);
        duration_format(field->high, high);
        return refuse(reader, node, "%s: `%.40s` is out of range; it must be from %s to %s",
                      field->key, text, low, high);
    }
    *to = value;
    return 0;
}

/* A whole number without sign (but where `negative`), point or exponent. */
static int whole_read(struct reader *reader, const struct field *field, int node, const char *text,
                      uint64_t *to)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || text[digits] != '\0')
        return refuse(reader, node, "%s: `%.40s` is not a whole number; write it like `%s`",
                      field->key, text, field->standard == NULL ? "3" : field->standard);
    errno = 0;
    *to = strtoull(text, NULL, 10);
    if (errno == ERANGE)
        return refuse(reader, node, "%s: `%.40s` is too large; it must be below 2^64", field->key,
                      text);
    return 0;
}

static int count_read(struct reader *reader, const struct field *field, int node, const char *text,
                      uint32_t *to)
{
    int64_t high = field->high > field->low ? field->high : (int64_t)UINT32_MAX;
    uint64_t value = 0;
    int code = whole_read(reader, field, node, text, &value);

    if (code != 0)
        return code;
    if (value < (uint64_t)field->low || value > (uint64_t)high)
        return refuse(reader, node,
                      "%s: `%.40s` is out of range; it must be from %" PRId64 " to %" PRId64,
                      field->key, text, field->low, high);
    *to = (uint32_t)value;
    return 0;
}

/* A fraction of two whole numbers, rounded to the nearest Q0.32. Rates that are counts, such as
 * 6/7, have no exact decimal. */
static int fraction_read(struct reader *reader, const struct field *field, int node,
                         const char *text, const char *slash, fixed *to)
{
    size_t above = strspn(text, "0123456789"), below = strspn(slash + 1, "0123456789");
    uint64_t numerator, denominator;

    if (above == 0 || above > 12 || text + above != slash || below == 0 || below > 12 ||
        slash[1 + below] != '\0')
        return refuse(reader, node, "%s: `%.40s` is not a fraction; write it like `6/7`",
                      field->key, text);
    numerator = strtoull(text, NULL, 10);
    denominator = strtoull(slash + 1, NULL, 10);
    if (denominator == 0)
        return refuse(reader, node, "%s: `%.40s` divides by nothing", field->key, text);
    if (numerator > denominator)
        return refuse(reader, node, "%s: `%.40s` is above 1; a probability is from 0 to 1",
                      field->key, text);
    *to = (fixed)((((wide)numerator << 32) + denominator / 2) / denominator);
    return 0;
}

static int probability_read(struct reader *reader, const struct field *field, int node,
                            const char *text, probability *to)
{
    const char *slash = strchr(text, '/');
    struct error problem;
    fixed value = 0;
    int code = 0;

    if (slash != NULL)
        code = fraction_read(reader, field, node, text, slash, &value);
    else if (strchr(text, '%') != NULL)
        code = refuse(reader, node, "%s: `%.40s`: write a share of 1, such as `0.38` for 38%%",
                      field->key, text);
    else if (decimal_parse(text, &value, &problem) != 0)
        code = value_error(reader, node, field, &problem);
    if (code != 0)
        return code;
    if (value < 0 || value > FIXED_ONE)
        return refuse(reader, node, "%s: `%.40s` is %s; a probability is from 0 to 1", field->key,
                      text, value < 0 ? "below 0" : "above 1");
    *to = (probability)value;
    return 0;
}

static int decimal_read(struct reader *reader, const struct field *field, int node,
                        const char *text, fixed *to)
{
    struct error problem;
    fixed value;

    if (decimal_parse(text, &value, &problem) != 0)
        return value_error(reader, node, field, &problem);
    if (!in_range(field, value))
        return refuse(reader, node, "%s: `%.40s` is out of range; it must be from %g to %g",
                      field->key, text, (double)field->low / (double)FIXED_ONE,
                      (double)field->high / (double)FIXED_ONE);
    *to = value;
    return 0;
}

static int bond_read(struct reader *reader, const struct field *field, int node, const char *text,
                     int16_t *to)
{
    /* The middles of the three levels that lie between the default borders -1/3 and 1/3. */
    static const struct {
        const char *name;
        int16_t value;
    } words[] = {{"none", BOND_UNKNOWN},
                 {"bad", -(2 * BOND_ONE + 1) / 3},
                 {"neutral", 0},
                 {"good", (2 * BOND_ONE + 1) / 3}};
    struct error problem;
    fixed value;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i].name) == 0) {
            *to = words[i].value;
            return 0;
        }
    }
    if (decimal_parse(text, &value, &problem) != 0 || value < -FIXED_ONE || value > FIXED_ONE)
        return refuse(reader, node,
                      "%s: `%.40s` is no bond; write a number from -1 to 1, or none, bad, neutral "
                      "or good",
                      field->key, text);
    /* From Q32.32 to Q1.14, to the nearest. */
    *to = (int16_t)((value + (value < 0 ? -(1 << 17) : 1 << 17)) / (1 << 18));
    return 0;
}

static int score_read(struct reader *reader, const struct field *field, int node, const char *text,
                      int64_t *to)
{
    bool negative = text[0] == '-';
    uint64_t value = 0;
    int code;

    if (strcmp(text, "none") == 0) {
        *to = INT64_MAX;
        return 0;
    }
    code = whole_read(reader, field, node, text + negative, &value);
    if (code == 0 && value > UINT32_MAX)
        code = refuse(reader, node, "%s: `%.40s` is too large; a score is below 2^32", field->key,
                      text);
    if (code == 0)
        *to = negative ? -(int64_t)value : (int64_t)value;
    return code;
}

static int flag_read(struct reader *reader, const struct field *field, int node, const char *text,
                     bool *to)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return refuse(reader, node, "%s: `%.40s` is neither true nor false", field->key, text);
    *to = strcmp(text, "true") == 0;
    return 0;
}

static const char *word_next(void *context, uint32_t place)
{
    return ((const struct word *)context)[place].name;
}

int value_words(struct reader *reader, const struct field *field, int node, const char *text,
                int64_t *value)
{
    char hint[HINT_BYTES], all[256] = "";
    size_t used = 0;

    for (const struct word *word = field->more.words; word->name != NULL; word++) {
        if (strcmp(word->name, text) == 0) {
            *value = word->value;
            return 0;
        }
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", used == 0 ? "" : ", ",
                                 word->name);
        if (used >= sizeof all)
            used = sizeof all - 1;
    }
    return refuse(reader, node, "%s: `%.40s` is none of %s%s", field->key, text, all,
                  hint_near(text, word_next, (void *)field->more.words, hint));
}

bool value_is_name(struct reader *reader, int node, const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_-";
    size_t length = strlen(text);

    if (length == 0 || length > NAME_LENGTH_MAX || text[strspn(text, letters)] != '\0' ||
        strspn(text, "0123456789") == length || text[0] == '-') {
        refuse(reader, node,
               "`%.70s` is no name; names are letters, digits, `_` and `-`, not digits alone, at "
               "most %d characters",
               text, NAME_LENGTH_MAX);
        return false;
    }
    return true;
}

static int text_read(struct reader *reader, const struct field *field, int node, const char *text,
                     const char **to)
{
    size_t length = strlen(text);

    if (field->type == FIELD_NAME && !value_is_name(reader, node, text))
        return ERROR_INPUT;
    if (length == 0 || length > 2000)
        return refuse(reader, node, "%s: the text must have from 1 to 2000 characters", field->key);
    *to = arena_text(reader->arena, text, length);
    return *to == NULL ? reader_memory(reader) : 0;
}

static int word_read(struct reader *reader, const struct field *field, int node, const char *text,
                     uint8_t *to)
{
    int64_t value = 0;
    int code = value_words(reader, field, node, text, &value);

    if (code == 0)
        *to = (uint8_t)value;
    return code;
}

static int bytes_read(struct reader *reader, const struct field *field, int node, const char *text,
                      uint64_t *to)
{
    struct error problem;
    uint64_t value;

    if (size_parse(text, &value, &problem) != 0)
        return value_error(reader, node, field, &problem);
    if (value < (uint64_t)field->low || value > (uint64_t)field->high)
        return refuse(reader, node,
                      "%s: `%.40s` is out of range; it must be from %lld to %lld bytes", field->key,
                      text, (long long)field->low, (long long)field->high);
    *to = value;
    return 0;
}

int value_read(struct reader *reader, const struct field *field, int node, const char *text,
               void *to)
{
    switch ((enum field_type)field->type) {
    case FIELD_DURATION:
    case FIELD_RATE:
        return duration_read(reader, field, node, text, to);
    case FIELD_COUNT:
        return count_read(reader, field, node, text, to);
    case FIELD_SEED:
        return whole_read(reader, field, node, text, to);
    case FIELD_PROBABILITY:
        return probability_read(reader, field, node, text, to);
    case FIELD_DECIMAL:
        return decimal_read(reader, field, node, text, to);
    case FIELD_BOND:
        return bond_read(reader, field, node, text, to);
    case FIELD_SIZE:
        return bytes_read(reader, field, node, text, to);
    case FIELD_SCORE:
        return score_read(reader, field, node, text, to);
    case FIELD_FLAG:
        return flag_read(reader, field, node, text, to);
    case FIELD_WORD:
        return word_read(reader, field, node, text, to);
    case FIELD_TEXT:
    case FIELD_NAME:
        return text_read(reader, field, node, text, to);
    case FIELD_SPREAD:
    case FIELD_WORDS:
    case FIELD_NAMES:
    case FIELD_MAPPING:
    case FIELD_ENTRIES:
    case FIELD_NAMED:
    case FIELD_NODE:
        break;
    }
    assert(!"the field's type is no single value");
    return 0;
}
