/* An order that is written here and now, or that was signed elsewhere. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "cli/order_sign.h"
#include "cli/order_tool.h"
#include "cli/stop.h"

#define SECOND_NS INT64_C(1000000000)

static int signatures_read(const struct stop_arguments *arguments, struct stop_order *order,
                           struct error *error)
{
    for (uint32_t i = 0; i < arguments->signature_count; i++) {
        size_t size = 0;
        char *text = NULL, *ended;
        int failed =
            order_file_read(arguments->signatures[i], SSHSIG_BYTES_MAX, &text, &size, error);

        if (failed != 0)
            return failed;
        ended = strndup(text, size);
        free(text);
        if (ended == NULL)
            return error_set(error, ERROR_MEMORY, "out of memory");
        order->signatures[order->signature_count++] = ended;
    }
    return 0;
}

static int order_read(const struct stop_arguments *arguments, struct stop_order *order,
                      struct error *error)
{
    char *bytes = NULL;
    int failed = order_file_parse(arguments->order, &order->order, &bytes, &order->size, error);

    if (failed == 0 && order->order.verb != arguments->verb)
        failed = error_set(error, ERROR_INPUT,
                           "%.300s: this is an order to %s; give it by `iolaus %s --order`",
                           arguments->order, order_verb_word(order->order.verb),
                           order_verb_word(order->order.verb));
    if (failed == 0)
        memcpy(order->text, bytes, order->size);
    free(bytes);
    return failed != 0 ? failed : signatures_read(arguments, order, error);
}

int stop_order_sign(const struct stop_arguments *arguments, struct stop_order *order,
                    struct error *error)
{
    char key[4096], signature[SSHSIG_BYTES_MAX];
    size_t size = 0;
    uint32_t count = arguments->key_count > 0 ? arguments->key_count : 1;
    int failed = 0;

    for (uint32_t i = 0; i < count && failed == 0; i++) {
        if (arguments->key_count > 0)
            snprintf(key, sizeof key, "%s", arguments->keys[i]);
        else
            failed = order_key_find(key, sizeof key, error);
        if (failed == 0)
            failed = order_sign(key, order->text, order->size, signature, &size, error);
        if (failed != 0)
            break;
        order->signatures[order->signature_count] = strndup(signature, size);
        if (order->signatures[order->signature_count++] == NULL)
            failed = error_set(error, ERROR_MEMORY, "out of memory");
    }
    return failed;
}

/* Of a permit: which stop it lifts. A target that several stops hold needs as many permits; the
 * first of them is lifted, and what is left is said when that is done. */
static int lifts_find(const struct order *wanted, struct control *control, unsigned char *digest,
                      struct error *error)
{
    char target[ORDER_TARGET_BYTES];
    json_t *answer = NULL;
    const json_t *held;
    const char *text;
    int failed;

    order_target_text(wanted, target);
    failed =
        control_ask(control, "order/reach", json_pack("{s:s}", "target", target), &answer, error);
    if (failed != 0)
        return failed;
    held = json_object_get(answer, "held_by");
    text = json_string_value(json_object_get(json_array_get(held, 0), "text"));
    if (text != NULL)
        order_digest(text, strlen(text), digest);
    else
        failed = error_set(error, ERROR_INPUT,
                           "no stop of %s holds here; `iolaus permit --dry-run %s` says what does",
                           target, target);
    json_decref(answer);
    return failed;
}

/* The name of a file of an order, where no target could have it. */
static bool is_file(const char *target)
{
    return strchr(target, '/') != NULL || strchr(target, '.') != NULL;
}

static int target_take(const struct stop_arguments *arguments, struct control *control,
                       struct order *order, struct error *error)
{
    int failed;

    if (order->verb == ORDER_PERMIT && !arguments->all && is_file(arguments->target))
        return order_file_lift(arguments->target, order, error);
    failed = order_target_read(order, arguments->all ? "all" : arguments->target, error);
    if (failed == 0 && order->verb == ORDER_PERMIT && !arguments->dry_run)
        failed = lifts_find(order, control, order->lifts, error);
    return failed;
}

static int order_write(const struct stop_arguments *arguments, const char *range,
                       struct control *control, struct stop_order *made, struct error *error)
{
    struct order *order = &made->order;
    int failed;

    *order = (struct order){.verb = arguments->verb, .protocol = ORDER_PROTOCOL_TERMINATE};
    if (order->verb == ORDER_STOP)
        order->protocol = ORDER_PROTOCOL_CAUTERIZE;
    if (arguments->protocol != NULL && !order_protocol_find(arguments->protocol, &order->protocol))
        return error_set(error, ERROR_INPUT,
                         "there is no protocol `%.40s`: terminate, recall, sweep, blackout, "
                         "tombstone, lease, cauterize",
                         arguments->protocol);
    failed = target_take(arguments, control, order, error);
    if (failed == 0)
        failed = order_range_read(order, range, error);
    order->issued_s = (int64_t)time(NULL);
    order->expires_s = order->issued_s + arguments->valid_for / SECOND_NS;
    randombytes_buf(order->nonce, sizeof order->nonce);
    if (failed == 0 && !arguments->dry_run)
        failed = order_check(order, error);
    if (failed == 0 && !arguments->dry_run)
        made->size = order_print(order, made->text);
    return failed;
}

int stop_order_make(const struct stop_arguments *arguments, const char *range,
                    struct control *control, struct stop_order *order, struct error *error)
{
    int failed;

    if (arguments->order != NULL)
        return order_read(arguments, order, error);
    failed = order_write(arguments, range, control, order, error);
    if (failed == 0 && !arguments->dry_run)
        failed = stop_order_sign(arguments, order, error);
    return failed;
}

void stop_order_free(struct stop_order *order)
{
    for (uint32_t i = 0; i < order->signature_count; i++)
        free(order->signatures[i]);
}
