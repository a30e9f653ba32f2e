#include "crash_course.h"

#include <stdlib.h>
#include <string.h>

#include "evidence/audit.h"
#include "evidence/entry.h"
#include "evidence/ledger.h"

/* Whether that agent must run after those orders. */
static bool must_run(const struct course *course, const bool there[ORDERS_MAX], const char *agent)
{
    bool runs = true;

    for (unsigned i = 0; i < course->of->count; i++)
        if (there[i] && course->holds && (course->of->all || strcmp(agent, TARGET) == 0))
            runs = course->of->verbs[i] == ORDER_PERMIT || course->of->verbs[i] == ORDER_RESUME;
    return runs;
}

void course_check_orders(struct course *course, bool there[ORDERS_MAX])
{
    json_t *answer = course_ask(course, "order/status", json_object());
    const json_t *list = json_object_get(answer, "orders");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *order = json_array_get(list, i);
        const char *digest = json_string_value(json_object_get(order, "digest"));
        const char *state = json_string_value(json_object_get(order, "state"));
        bool known = false;

        for (unsigned k = 0; k < course->of->count; k++) {
            unsigned char bytes[ORDER_DIGEST_BYTES];
            char text[ORDER_DIGEST_TEXT_BYTES];

            order_digest(course->orders[k], strlen(course->orders[k]), bytes);
            order_digest_text(bytes, text);
            if (strcmp(text, digest) != 0)
                continue;
            if (there[k])
                course_wrong(course, "order %u is there twice", k);
            there[k] = known = true;
        }
        if (!known)
            course_wrong(course, "an order is there that nobody gave");
        if (strcmp(state, "sealed") != 0 && (course->of->proves || strcmp(state, "unproven") != 0))
            course_wrong(course, "an order is %s", state);
        if (course->of->marks || strcmp(state, "sealed") == 0)
            course->holds = true;
    }
    for (unsigned k = 0; k < course->of->count; k++) {
        if (course->acknowledged[k] && !there[k])
            course_wrong(course, "order %u was acknowledged, and is not there", k);
        if (there[k] && !course->given[k])
            course_wrong(course, "order %u is there, and was not given", k);
    }
    json_decref(answer);
}

void course_check_crew(struct course *course, const bool there[ORDERS_MAX])
{
    json_t *answer = course_ask(course, "agents/ps", json_object());
    const json_t *agents = json_object_get(answer, "agents");

    if (json_array_size(agents) != AGENTS ||
        json_array_size(json_object_get(answer, "unsanctioned")) != 0)
        course_wrong(course, "the crew is not as it should be");
    for (size_t i = 0; i < json_array_size(agents); i++) {
        const json_t *agent = json_array_get(agents, i);
        const char *name = json_string_value(json_object_get(agent, "agent"));
        const char *state = json_string_value(json_object_get(agent, "state"));
        bool runs = strcmp(state, "running") == 0;

        if (runs != must_run(course, there, name))
            course_wrong(course, "%s is %s", name, state);
        if (json_is_string(json_object_get(agent, "barred")) == must_run(course, there, name))
            course_wrong(course, "%s is barred or not, and should be otherwise", name);
    }
    json_decref(answer);
}

struct counts {
    uint64_t epoch, opened, closed;
    uint64_t steps[ORDERS_MAX + 1], ended[ORDERS_MAX + 1];
};

static void check_entry(struct course *course, const struct entry *entry, struct counts *counts)
{
    switch (entry->kind) {
    case ENTRY_OPENED:
        if (counts->opened++ != counts->closed)
            course_wrong(course, "a range was opened before the one before was closed");
        break;
    case ENTRY_CLOSED:
        counts->closed++;
        break;
    case ENTRY_ACCEPTED:
        if (++counts->epoch != entry->accepted.epoch || counts->epoch > ORDERS_MAX)
            course_wrong(course, "an epoch was given twice, or left out");
        break;
    case ENTRY_STEP:
        if (entry->step.epoch > counts->epoch ||
            ++counts->steps[entry->step.epoch] != entry->step.number)
            course_wrong(course, "a step is missing, or there twice");
        counts->ended[entry->step.epoch] +=
            entry->step.step == ENTRY_SEALED ||
            (entry->step.step == ENTRY_UNPROVEN && !course->of->proves);
        break;
    case ENTRY_REFUSED:
        course_wrong(course, "an order was refused");
        break;
    case ENTRY_WATCHED:
        break;
    }
}

void course_check_ledger(struct course *course)
{
    struct audit_request request = {.path = course->ledger};
    static struct audit_report report;
    static struct ledger_view view;
    struct counts counts = {0};
    struct note_key key;
    struct error error = {0};

    if (ledger_audit(&request, &report, &error) != 0 ||
        ledger_view_key(course->ledger, &key, &error) != 0 ||
        ledger_view_open(&view, course->ledger, &key, &error) != 0) {
        course_wrong(course, "the ledger: %s", error.message);
        return;
    }
    if (report.entries != report.published)
        course_wrong(course, "a closed ledger is not published");
    for (uint64_t i = 0; i < view.checkpoint.size && !course->bad; i++) {
        struct arena arena = {0};
        struct entry entry;
        unsigned char *bytes = NULL;
        size_t size;

        if (ledger_view_entry(&view, i, &bytes, &size, &error) != 0 ||
            entry_read(&entry, &arena, bytes, size, &error) != 0)
            course_wrong(course, "entry %llu: %s", (unsigned long long)i, error.message);
        else
            check_entry(course, &entry, &counts);
        arena_close(&arena);
        free(bytes);
    }
    if (counts.opened != counts.closed)
        course_wrong(course, "a range was not closed");
    for (uint64_t e = 1; e <= counts.epoch && !course->bad; e++)
        if (counts.ended[e] != (course->of->all ? AGENTS : 1))
            course_wrong(course, "order %llu ended %llu times", (unsigned long long)e,
                         (unsigned long long)counts.ended[e]);
}
