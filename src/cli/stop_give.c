/* An order is given, and followed to its end; or only looked at. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/duration.h"
#include "cli/order_tool.h"
#include "cli/stop.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static long long number_of(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

/* Text from a range is printed without what a terminal would obey. */
static void print_text(FILE *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        putc((unsigned char)*at < 0x20 || *at == 0x7f ? '?' : *at, out);
}

int stop_report(const struct error *error)
{
    fprintf(stderr, "iolaus: %s\n", error->message);
    return error_exit_status(error->code);
}

static int json_print(json_t *object, int status)
{
    if (object == NULL || json_dumpf(object, stdout, JSON_INDENT(2)) != 0)
        status = stop_report(&(struct error){ERROR_IO, "the JSON could not be written"});
    putchar('\n');
    json_decref(object);
    return status;
}

/* ---- following ---- */

struct course {
    long long targets, found, killed, died, held, sealed, unproven, lifted;
    bool shown;
};

static void course_show(struct course *course)
{
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r%lld found, %lld killed, %lld dead, %lld of %lld sealed ", course->found,
            course->killed, course->died, course->sealed, course->targets);
    course->shown = true;
}

static void course_wipe(struct course *course)
{
    if (course->shown)
        fputs("\r\033[K", stderr);
    course->shown = false;
}

static void course_take(struct course *course, const json_t *step)
{
    static const struct {
        const char *word;
        size_t place;
    } counts[] = {
        {"found", offsetof(struct course, found)},      {"killed", offsetof(struct course, killed)},
        {"died", offsetof(struct course, died)},        {"held", offsetof(struct course, held)},
        {"lifted", offsetof(struct course, lifted)},    {"sealed", offsetof(struct course, sealed)},
        {"unproven", offsetof(struct course, unproven)}};
    const char *word = text_of(step, "step");

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (strcmp(counts[i].word, word) == 0)
            (*(long long *)((char *)course + counts[i].place))++;
}

/* To the end of the order. The daemon may take as long as it likes, but it must be there. */
static int course_follow(struct course *course, struct control *control, json_t **ended,
                         struct error *error)
{
    json_t *line = NULL;

    *ended = NULL;
    while (*ended == NULL && control_next(control, &line, error) >= 0) {
        const char *method = text_of(line, "method");
        const json_t *params = json_object_get(line, "params");

        if (strcmp(method, "ended") == 0)
            *ended = json_deep_copy(params);
        else if (strcmp(method, "step") == 0)
            course_take(course, params);
        course_show(course);
        json_decref(line);
        line = NULL;
    }
    course_wipe(course);
    return *ended != NULL ? 0 : error->code;
}

/* ---- giving ---- */

static int refused_print(const struct stop_arguments *arguments, json_t *answer)
{
    if (arguments->json)
        return json_print(json_incref(answer), 1);
    fprintf(stderr, "iolaus: refused (%s): ", text_of(answer, "reason"));
    print_text(stderr, text_of(answer, "message"));
    putc('\n', stderr);
    return 1;
}

static void course_print(const struct course *course, const struct stop_order *given,
                         const json_t *answer, const json_t *ended)
{
    const struct order *order = &given->order;
    char sentence[ORDER_SENTENCE_BYTES];
    long long epoch = number_of(answer, "epoch");

    order_sentence(order, sentence);
    printf("%s\n", sentence);
    printf("  accepted  order %lld, entry %lld of ", epoch, number_of(answer, "index"));
    print_text(stdout, text_of(answer, "ledger"));
    printf("\n            %s\n", text_of(answer, "digest"));
    if (order_revives(order->verb)) {
        printf("  lifted    %lld of %lld\n", course->lifted, course->targets);
    } else {
        printf("  found     %lld\n", number_of(ended, "found"));
        if (order->verb == ORDER_STOP)
            printf("  killed    %lld, of which %lld were seen to end\n", number_of(ended, "killed"),
                   number_of(ended, "died"));
        else
            printf("  held      %lld\n", course->held);
    }
    printf("  sealed    %lld of %lld", course->sealed, course->targets);
    printf("%s\n", order->verb == ORDER_STOP && course->sealed == course->targets
                       ? "; none of them may run without a permit"
                       : "");
    if (course->unproven > 0)
        printf("  unproven  %lld: nothing shows that they are dead, or that they stay so\n",
               course->unproven);
    if (!order_revives(order->verb)) {
        printf("the certificate: iolaus certificate ");
        print_text(stdout, text_of(answer, "ledger"));
        printf(" %lld\n", epoch);
    }
}

static json_t *params_make(const struct stop_order *order)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < order->signature_count; i++)
        json_array_append_new(list, json_string(order->signatures[i]));
    return json_pack("{s:s%, s:o, s:b}", "order", order->text, order->size, "signatures", list,
                     "follow", 1);
}

int stop_give(const struct stop_arguments *arguments, const char *range, struct control *control,
              const struct stop_order *order)
{
    struct course course = {0};
    struct error error = {0};
    json_t *answer = NULL, *ended = NULL;
    int status, failed = control_ask(control, "order/submit", params_make(order), &answer, &error);

    if (failed != 0)
        return stop_report(&error);
    if (!json_is_true(json_object_get(answer, "accepted"))) {
        status = refused_print(arguments, answer);
        json_decref(answer);
        return status;
    }
    course.targets = number_of(answer, "targets");
    if (course_follow(&course, control, &ended, &error) != 0) {
        fprintf(stderr,
                "iolaus: order %lld was accepted, and the daemon of %s went away before it had "
                "ended: %s\n"
                "iolaus: `iolaus up` with the same --state completes it\n",
                number_of(answer, "epoch"), range, error.message);
        json_decref(answer);
        return 3;
    }
    status = strcmp(text_of(ended, "state"), "sealed") == 0 ? 0 : 1;
    if (arguments->json) {
        json_object_update(answer, ended);
        status = json_print(json_incref(answer), status);
    } else {
        course_print(&course, order, answer, ended);
    }
    json_decref(answer);
    json_decref(ended);
    return status;
}

/* ---- only looking ---- */

static void target_print(const json_t *target)
{
    const json_t *lives = json_object_get(target, "incarnations");
    const json_t *peers = json_object_get(target, "neighbours");

    fputs("  ", stdout);
    print_text(stdout, text_of(target, "agent"));
    if (json_is_string(json_object_get(target, "barred")))
        printf(" (kept from running by order %lld, %s)", number_of(target, "by"),
               text_of(target, "barred"));
    putchar('\n');
    for (size_t i = 0; i < json_array_size(lives); i++) {
        const json_t *life = json_array_get(lives, i);

        if (json_is_true(json_object_get(life, "sanctioned")))
            printf("    runs: #%lld, pid %lld\n", number_of(life, "incarnation"),
                   number_of(life, "pid"));
        else
            printf("    runs: an unsanctioned process, pid %lld, started by %s\n",
                   number_of(life, "pid"), text_of(life, "found_in"));
    }
    if (json_array_size(lives) == 0)
        puts("    does not run");
    printf("    neighbours:");
    for (size_t i = 0; i < json_array_size(peers); i++) {
        printf("%s ", i == 0 ? "" : ",");
        print_text(stdout, json_string_value(json_array_get(peers, i)));
    }
    puts(json_array_size(peers) == 0 ? " none" : "");
}

int stop_reach(const struct stop_arguments *arguments, const char *range, struct control *control,
               const struct order *order)
{
    char target[ORDER_TARGET_BYTES], sentence[ORDER_SENTENCE_BYTES];
    struct error error = {0};
    json_t *answer = NULL;
    const json_t *targets, *held;
    int failed;

    order_target_text(order, target);
    order_sentence(order, sentence);
    failed =
        control_ask(control, "order/reach", json_pack("{s:s}", "target", target), &answer, &error);
    if (failed != 0)
        return stop_report(&error);
    targets = json_object_get(answer, "targets");
    held = json_object_get(answer, "held_by");
    if (arguments->json) {
        json_object_set_new(answer, "range", json_string(range));
        json_object_set_new(answer, "would", json_string(sentence));
        return json_print(answer, 0);
    }
    printf("%s: it would reach %zu; nothing is done\n", sentence, json_array_size(targets));
    for (size_t i = 0; i < json_array_size(targets); i++)
        target_print(json_array_get(targets, i));
    if (order->verb == ORDER_PERMIT) {
        printf("  stops of this target that hold:");
        for (size_t i = 0; i < json_array_size(held); i++)
            printf(" %lld", number_of(json_array_get(held, i), "epoch"));
        puts(json_array_size(held) == 0 ? " none" : "");
    }
    if (json_is_true(json_object_get(answer, "obeys")))
        printf("  persons who must sign: %lld\n",
               number_of(answer, order_revives(order->verb) ? "permit_min" : "stop_min"));
    else
        puts("  this daemon takes no orders: it was started without --roster, or without --state");
    if (json_array_size(targets) == 0)
        fprintf(stderr, "iolaus: %s has no such agent or group\n", range);
    json_decref(answer);
    return 0;
}
