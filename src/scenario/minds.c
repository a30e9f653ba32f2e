#include "scenario/minds.h"

#include <string.h>

void mind_clear(struct mind_rules *mind)
{
    memset(mind, 0, sizeof *mind);
    for (int choice = 0; choice < CHOICE_COUNT; choice++)
        mind->coefficient[choice][FACTOR_INTERCEPT] = -FIXED_LOGIT_MAX;
}

static enum mind_factor factor_of(const struct field *field)
{
    /* The fields of `when` lie in spec_choice.when, in the order of enum mind_factor. */
    return (enum mind_factor)((field->offset - offsetof(struct spec_choice, when)) /
                              sizeof(probability));
}

static int choice_read(struct reader *reader, int node, fixed row[FACTOR_COUNT])
{
    struct spec_choice choice = {.node = node};
    int code = reader_table(reader, &table_choice, node, &choice, true);
    int when = document_child(reader->document, node, "when");

    if (code != 0)
        return code;
    for (int factor = 0; factor < FACTOR_COUNT; factor++)
        row[factor] = choice.change[factor];
    row[FACTOR_INTERCEPT] = fixed_logit(choice.base);
    for (const struct field *field = table_when.fields; when != 0 && field->key != NULL; field++) {
        enum mind_factor factor = factor_of(field);
        int at = document_child(reader->document, when, field->key);

        if (at == 0)
            continue;
        if (document_child(reader->document, node, field->key) != 0)
            return refuse(reader, at, "`%s` stands beside `when` and in it; keep one of them",
                          field->key);
        row[factor] = fixed_logit(choice.when[factor]) - row[FACTOR_INTERCEPT];
    }
    return 0;
}

int mind_read(struct reader *reader, const int choices[CHOICE_COUNT], struct mind_rules *mind)
{
    for (int choice = 0; choice < CHOICE_COUNT; choice++) {
        int code = choices[choice] == 0
                       ? 0
                       : choice_read(reader, choices[choice], mind->coefficient[choice]);

        if (code != 0)
            return code;
    }
    return 0;
}
