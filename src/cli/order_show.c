/* iolaus order new, show: orders as text, as a sentence and as JSON. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "base/calendar.h"
#include "base/duration.h"
#include "cli/order_tool.h"

#define SECOND_NS INT64_C(1000000000)

const struct argp_option order_new_options[] = {
    {"stop", ORDER_KEY_STOP, "TARGET", 0, "end the target, and let it run no more", 1},
    {"pause", ORDER_KEY_PAUSE, "TARGET", 0, "freeze it, and keep it for examination", 1},
    {"resume", ORDER_KEY_RESUME, "TARGET", 0, "let what was paused go on", 1},
    {"permit", ORDER_KEY_PERMIT, "ORDER", 0,
     "let the target of this stop run again: ORDER is the file of the stop", 1},
    {"protocol", ORDER_KEY_PROTOCOL, "PROTOCOL", 0,
     "of a stop: terminate, recall, sweep, blackout, tombstone, lease or cauterize (the default)",
     2},
    {"expires", ORDER_KEY_EXPIRES, "TIME", 0, "valid for so long from now; 10min if not given", 2},
    {"range", ORDER_KEY_RANGE, "RANGE", 0, "for this range alone; `any` if not given", 2},
    {0}};

const struct argp_option order_show_options[] = {
    {"json", ORDER_KEY_JSON, NULL, 0, "write JSON instead of words", 0}, {0}};

/* ---- files ---- */

int order_file_read(const char *path, size_t most, char **bytes, size_t *size, struct error *error)
{
    FILE *file = fopen(path, "re");

    *bytes = NULL;
    if (file == NULL)
        return error_set(error, ERROR_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
    /* One byte more than there may be shows a file that is too long. */
    *bytes = malloc(most + 1);
    if (*bytes == NULL) {
        fclose(file);
        return error_set(error, ERROR_MEMORY, "%s: no memory to read it", path);
    }
    *size = fread(*bytes, 1, most + 1, file);
    if (ferror(file) != 0) {
        error_set(error, ERROR_INPUT, "%s: cannot be read: %s", path, strerror(errno));
        free(*bytes);
        *bytes = NULL;
        fclose(file);
        return ERROR_INPUT;
    }
    fclose(file);
    return 0;
}

int order_file_parse(const char *path, struct order *order, char **bytes, size_t *size,
                     struct error *error)
{
    int failed = order_file_read(path, ORDER_BYTES_MAX, bytes, size, error);

    if (failed == 0)
        failed = order_parse(order, *bytes, *size, path, error);
    return failed;
}

int order_file_lift(const char *path, struct order *order, struct error *error)
{
    struct order lifted;
    char *bytes = NULL;
    size_t size = 0;
    int failed = order_file_parse(path, &lifted, &bytes, &size, error);

    if (failed == 0 && lifted.verb != ORDER_STOP)
        failed = error_set(error, ERROR_INPUT,
                           "%.300s: a permit lifts an order to stop, and this is one to %s", path,
                           order_verb_word(lifted.verb));
    if (failed == 0) {
        order->scope = lifted.scope;
        memcpy(order->target, lifted.target, sizeof order->target);
        order_digest(bytes, size, order->lifts);
    }
    free(bytes);
    return failed;
}

/* ---- words and JSON ---- */

void order_sentence(const struct order *order, char text[ORDER_SENTENCE_BYTES])
{
    char target[ORDER_TARGET_BYTES];
    bool any = strcmp(order->range, "any") == 0;

    order_target_text(order, target);
    snprintf(text, ORDER_SENTENCE_BYTES, "%s %s%s%s, on %s%s", order_verb_word(order->verb), target,
             order->verb == ORDER_STOP ? " by " : "",
             order->verb == ORDER_STOP ? order_protocol_word(order->protocol) : "",
             any ? "any range" : "the range ", any ? "" : order->range);
}

json_t *order_json(const struct order *order, const unsigned char digest[ORDER_DIGEST_BYTES])
{
    char issued[CALENDAR_TEXT_BYTES], expires[CALENDAR_TEXT_BYTES], name[ORDER_DIGEST_TEXT_BYTES],
        nonce[2 * ORDER_NONCE_BYTES + 1];
    json_t *object;

    calendar_format(order->issued_s, issued);
    calendar_format(order->expires_s, expires);
    order_digest_text(digest, name);
    sodium_bin2hex(nonce, sizeof nonce, order->nonce, sizeof order->nonce);
    object = json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s, s:s, s:s, s:s}", "digest", name, "verb",
                       order_verb_word(order->verb), "scope", order_scope_word(order->scope),
                       "target", order->target, "protocol",
                       order->verb == ORDER_STOP ? order_protocol_word(order->protocol) : NULL,
                       "range", order->range, "issued", issued, "expires", expires, "nonce", nonce);
    if (object != NULL && order->verb == ORDER_PERMIT) {
        order_digest_text(order->lifts, name);
        json_object_set_new(object, "lifts", json_string(name));
    }
    return object;
}

int order_json_write(json_t *object, int status)
{
    if (object == NULL || json_dumpf(object, stdout, JSON_INDENT(2)) != 0)
        status = order_report(&(struct error){ERROR_IO, "the JSON could not be written"});
    putchar('\n');
    json_decref(object);
    return status;
}

/* ---- the tools ---- */

static int new_target(const struct order_arguments *arguments, struct order *order,
                      struct error *error)
{
    int failed;

    if (order->verb == ORDER_PERMIT)
        return order_file_lift(arguments->permit, order, error);
    failed = order_target_read(order, arguments->target, error);
    return failed == 0 ? 0 : error_context(error, "--%s", order_verb_word(order->verb));
}

static int new_fill(const struct order_arguments *arguments, struct order *order,
                    struct error *error)
{
    const char *range = arguments->range == NULL ? "any" : arguments->range;

    if (!arguments->verb_given)
        return error_set(error, ERROR_INPUT,
                         "which order? One of --stop TARGET, --pause TARGET, --resume TARGET and "
                         "--permit ORDER");
    if (arguments->file != NULL)
        return error_set(error, ERROR_INPUT, "`%s` is one argument too many", arguments->file);
    if (arguments->protocol != NULL && arguments->verb != ORDER_STOP)
        return error_set(error, ERROR_INPUT, "--protocol is of --stop alone");
    order->verb = arguments->verb;
    if (order->verb == ORDER_STOP)
        order->protocol = ORDER_PROTOCOL_CAUTERIZE;
    if (arguments->protocol != NULL && !order_protocol_find(arguments->protocol, &order->protocol))
        return error_set(error, ERROR_INPUT,
                         "--protocol: `%s` is none of terminate, recall, sweep, blackout, "
                         "tombstone, lease, cauterize",
                         arguments->protocol);
    if (order_range_read(order, range, error) != 0)
        return error_context(error, "--range");
    order->issued_s = (int64_t)time(NULL);
    order->expires_s = order->issued_s + arguments->valid_for / SECOND_NS;
    randombytes_buf(order->nonce, sizeof order->nonce);
    return new_target(arguments, order, error);
}

int order_tool_new(const struct order_arguments *arguments)
{
    struct order order = {0};
    struct error error = {0};
    char text[ORDER_TEXT_BYTES];

    if (new_fill(arguments, &order, &error) != 0 || order_check(&order, &error) != 0)
        return order_report(&error);
    order_print(&order, text);
    fputs(text, stdout);
    return 0;
}

int order_tool_show(const struct order_arguments *arguments)
{
    char sentence[ORDER_SENTENCE_BYTES], time[CALENDAR_TEXT_BYTES], name[ORDER_DIGEST_TEXT_BYTES],
        length[DURATION_TEXT_BYTES];
    unsigned char digest[ORDER_DIGEST_BYTES];
    struct error error = {0};
    struct order order;
    char *bytes = NULL;
    size_t size = 0;

    if (arguments->file == NULL)
        return order_report(&(struct error){ERROR_INPUT, "which order? Name its file"});
    if (order_file_parse(arguments->file, &order, &bytes, &size, &error) != 0) {
        free(bytes);
        return order_report(&error);
    }
    order_digest(bytes, size, digest);
    free(bytes);
    if (arguments->json)
        return order_json_write(order_json(&order, digest), 0);
    order_sentence(&order, sentence);
    printf("%s\n", sentence);
    calendar_format(order.issued_s, time);
    printf("  issued   %s\n", time);
    calendar_format(order.expires_s, time);
    if (order.expires_s - order.issued_s < INT64_MAX / SECOND_NS) {
        duration_format((order.expires_s - order.issued_s) * SECOND_NS, length);
        printf("  expires  %s, %s later\n", time, length);
    } else {
        printf("  expires  %s\n", time);
    }
    if (order.verb == ORDER_PERMIT) {
        order_digest_text(order.lifts, name);
        printf("  lifts    %s\n", name);
    }
    order_digest_text(digest, name);
    printf("  digest   %s\n", name);
    return 0;
}
