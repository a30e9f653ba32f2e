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

int mind_read_pact(struct reader *reader, struct spec_mind *mind)
{
    int code = reader_table(reader, &table_pact, mind->pact, &mind->agreed, true);

    if (code == 0 && mind->agreed.name == NULL)
        mind->agreed.name = mind->item.name;
    return code;
}

/* What else stands in a mind says how likely a choice is, which is for this one to find out. */
static int adaptive_alone(struct reader *reader, const struct spec_mind *mind)
{
    for (const struct field *field = table_mind.fields; field->key != NULL; field++) {
        int at = document_child(reader->document, mind->item.node, field->key);

        if (at != 0 && at != mind->adaptive)
            return refuse(reader, at,
                          "`%s` stands beside `adaptive`, which decides by itself; "
                          "keep one of them",
                          field->key);
    }
    return 0;
}

int mind_read_adaptive(struct reader *reader, struct spec_mind *mind)
{
    struct adaptive_rules *rules = &mind->learning;
    int code = adaptive_alone(reader, mind), at = mind->adaptive;

    if (code == 0)
        code = reader_table(reader, &table_adaptive, at, rules, true);
    if (code != 0)
        return code;
    if (document_child(reader->document, at, "exploration_end") == 0)
        rules->exploration_end = rules->exploration;
    else if (rules->train == TIME_NEVER)
        return refuse_at(reader, at, "exploration_end",
                         "exploration_end: the training never ends; say `train`");
    if (rules->learning_rate > 0 && document_child(reader->document, at, "learning_power") != 0)
        return refuse_at(reader, at, "learning_power",
                         "learning_power: the learning_rate does not change; keep one of them");
    return 0;
}
