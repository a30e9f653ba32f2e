#include "trace/filter.h"

#include <errno.h>
#include <string.h>

int filter_make(struct filter *filter, const struct trace_filter *wanted,
                const struct trace_header *header, struct error *error)
{
    static const struct trace_filter all = {0};
    int code = 0;

    if (wanted == NULL)
        wanted = &all;
    *filter = (struct filter){.agent = AGENT_NONE,
                              .verbs = UINT64_MAX,
                              .classes = ~0U,
                              .from = wanted->from,
                              .to = wanted->to == 0 ? TIME_NEVER : wanted->to,
                              .left = wanted->limit == 0 ? UINT64_MAX : wanted->limit};
    if (filter->from >= filter->to)
        return error_set(error, ERROR_INPUT,
                         "nothing lies between a beginning of %lld ns and an end of %lld ns",
                         (long long)filter->from, (long long)filter->to);
    if (wanted->agent != NULL)
        code = agent_find(header, wanted->agent, &filter->agent, error);
    if (code == 0 && wanted->verbs != NULL)
        code = record_verbs_parse(wanted->verbs, &filter->verbs, error);
    if (code == 0 && wanted->classes != NULL)
        code = record_classes_parse(wanted->classes, &filter->classes, error);
    return code;
}

bool filter_take(struct filter *filter, const struct record *record)
{
    agent_id agent = filter->agent;

    if (filter->left == 0 || record->time < filter->from || record->time >= filter->to ||
        (filter->verbs >> record->verb & 1) == 0 ||
        (filter->classes >> record_verb_class((enum record_verb)record->verb) & 1) == 0)
        return false;
    if (agent != AGENT_NONE && record->who != agent && record->whom != agent &&
        record->by != agent && record->via != agent)
        return false;
    filter->left--;
    return true;
}

int out_check(FILE *out, struct error *error)
{
    errno = 0;
    if (fflush(out) != 0 || ferror(out))
        return error_set(error, ERROR_IO, "the output cannot be written: %s",
                         errno != 0 ? strerror(errno) : "an earlier write failed");
    return 0;
}
