#include "scenario/reference.h"

#include <inttypes.h>

#include "base/duration.h"
#include "scenario/spec.h"

static void write_words(FILE *out, const struct word *words)
{
    for (const struct word *word = words; word->name != NULL; word++)
        fprintf(out, "%s`%s`", word == words ? "" : ", ", word->name);
}

/* A link to the heading of a table, in the way that Markdown on the web makes anchors. */
static void write_table_link(FILE *out, const struct table *table)
{
    fprintf(out, "[%s](#", table->name);
    for (const char *at = table->name; *at != '\0'; at++) {
        if (*at == ' ')
            putc('-', out);
        else if (*at != '`' && *at != '.')
            putc(*at, out);
    }
    putc(')', out);
}

static void write_range(FILE *out, const struct field *field)
{
    char low[DURATION_TEXT_BYTES], high[DURATION_TEXT_BYTES];

    if (field->high <= field->low)
        return;
    duration_format(field->low, low);
    duration_format(field->high, high);
    if (field->high == TIME_NEVER)
        fprintf(out, " from %s, or `never`", low);
    else
        fprintf(out, " from %s to %s", low, high);
}

static void write_number(FILE *out, const struct field *field)
{
    fprintf(out, "a whole number");
    if (field->high > field->low)
        fprintf(out, " from %" PRId64 " to %" PRId64, field->low, field->high);
}

static void write_decimal(FILE *out, const struct field *field)
{
    fprintf(out, "a number from %g to %g", (double)field->low / (double)FIXED_ONE,
            (double)field->high / (double)FIXED_ONE);
}

static void write_type(FILE *out, const struct field *field)
{
    static const char *const plain[] = {
        [FIELD_RATE] = "a rate, such as `2/s`",
        [FIELD_SEED] = "a whole number below 2^64",
        [FIELD_PROBABILITY] = "a probability, such as `0.38` or `6/7`",
        [FIELD_BOND] = "a number from -1 to 1, or `none`, `bad`, `neutral`, `good`",
        [FIELD_SIZE] = "a size, such as `64MiB`",
        [FIELD_SCORE] = "a whole number, or `none`",
        [FIELD_FLAG] = "`true` or `false`",
        [FIELD_TEXT] = "a text",
        [FIELD_NAME] = "a name",
        [FIELD_NAMES] = "a list of names, or one",
        [FIELD_NODE] = "see there",
    };

    switch ((enum field_type)field->type) {
    case FIELD_DURATION:
        fprintf(out, "a duration");
        write_range(out, field);
        break;
    case FIELD_SPREAD:
        fprintf(out, "a [spread](#spreads)");
        write_range(out, field);
        break;
    case FIELD_COUNT:
        write_number(out, field);
        break;
    case FIELD_DECIMAL:
        write_decimal(out, field);
        break;
    case FIELD_WORD:
        write_words(out, field->more.words);
        break;
    case FIELD_WORDS:
        fprintf(out, "a list of ");
        write_words(out, field->more.words);
        break;
    case FIELD_MAPPING:
        write_table_link(out, field->more.table);
        break;
    case FIELD_ENTRIES:
        fprintf(out, "a list, each ");
        write_table_link(out, field->more.table);
        break;
    case FIELD_NAMED:
        fprintf(out, "a mapping of names, each ");
        write_table_link(out, field->more.table);
        break;
    case FIELD_RATE:
    case FIELD_SEED:
    case FIELD_PROBABILITY:
    case FIELD_BOND:
    case FIELD_SIZE:
    case FIELD_SCORE:
    case FIELD_FLAG:
    case FIELD_TEXT:
    case FIELD_NAME:
    case FIELD_NAMES:
    case FIELD_NODE:
        if (field->type == FIELD_NODE && field->more.table != NULL)
            write_table_link(out, field->more.table);
        else
            fputs(plain[field->type], out);
        break;
    }
}

static void write_table(FILE *out, const struct table *table)
{
    fprintf(out, "\n## %s\n\n%s\n\n", table->name, table->doc);
    if (table->also != NULL) {
        fprintf(out, "Beside these keys, those of ");
        write_table_link(out, table->also);
        fprintf(out, ".\n\n");
    }
    if (table->shorthand != NULL)
        fprintf(out, "A single value stands for `%s` alone.\n\n", table->shorthand);
    fputs("| key | takes | default | what for |\n|---|---|---|---|\n", out);
    for (const struct field *field = table->fields; field->key != NULL; field++) {
        fprintf(out, "| `%s` | ", field->key);
        write_type(out, field);
        if (field->required)
            fprintf(out, " | needed");
        else if (field->standard != NULL)
            fprintf(out, " | `%s`", field->standard);
        else
            fprintf(out, " | ");
        fprintf(out, " | %s |\n", field->doc);
    }
}

void reference_tables(FILE *out, const struct table *const *tables)
{
    for (; *tables != NULL; tables++)
        write_table(out, *tables);
}

void scenario_reference(FILE *out)
{
    fputs(
        "# The scenario language\n\n"
        "This page is made from the tables that read scenario files: `iolaus check --reference`.\n"
        "\n"
        "A scenario is one YAML document in UTF-8, of at most 8 MiB and nested at most 32 deep.\n"
        "Unknown keys, keys that are there twice, anchors, aliases, tags and control characters\n"
        "in texts are refused. Every mistake gives one message,\n"
        "`file:line:column: what is wrong and what would be right`, and exit status 2.\n"
        "`iolaus check FILE` says in plain words what a file will do.\n"
        "\n"
        "## Values\n\n"
        "- **Durations** have a unit: `500ms`, `1.5s`, `10min`; ns, us, ms, s, min, h, d.\n"
        "- **Rates** are a number, `/` and a unit of time: `2/s`.\n"
        "- **Probabilities** are decimals from 0 to 1, or fractions of whole numbers: `6/7`.\n"
        "  They and all other numbers are taken exactly, to 2^-32.\n"
        "- **Names** are letters, digits, `_` and `-`, not digits alone. A group of one is an\n"
        "  agent of that name; the agents of other groups are `NAME-1`, `NAME-2` and so on.\n"
        "  Where agents are named, a group stands for all its agents.\n"
        "\n"
        "## Spreads\n\n"
        "A duration that is drawn anew each time: `5ms` is always that; `{low: 5ms, high: 9ms}`\n"
        "is uniform; `{low: 5ms, mean: 9ms}` is 5 ms and, on top, exponential, with 9 ms as the\n"
        "mean of the whole.\n"
        "\n"
        "## Changes\n\n"
        "`--set path.to.key=value`, and `set` of an arm, change the document before it is read,\n"
        "so that every check applies: `--set platform.restart.policy=none`,\n"
        "`--set crew.writer.count=5`, `--set crew[0].count=5`, `--set links.list=[]`. Keys that\n"
        "are absent are added. The caller's changes hold in every arm.\n",
        out);
    reference_tables(out, tables_all);
}
