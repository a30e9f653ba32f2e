/* What `iolaus stop`, `permit`, `pause` and `resume` have in common. */
#ifndef IOLAUS_CLI_STOP_H
#define IOLAUS_CLI_STOP_H

#include <stdbool.h>

#include "base/types.h"
#include "cli/control.h"
#include "order/authority.h"

struct stop_arguments {
    enum order_verb verb;
    const char *target, *range, *protocol, *order;
    const char *keys[AUTHORITY_SIGNATURES_MAX], *signatures[AUTHORITY_SIGNATURES_MAX];
    uint32_t key_count, signature_count;
    time_ns valid_for;
    bool all, dry_run, json;
};

/* An order, ready to be given. */
struct stop_order {
    struct order order;
    char text[ORDER_BYTES_MAX + 1];
    size_t size;
    char *signatures[AUTHORITY_SIGNATURES_MAX];
    uint32_t signature_count;
};

/* stop_order.c: writes and signs it, or reads --order and --sig. */
int stop_order_make(const struct stop_arguments *arguments, const char *range,
                    struct control *control, struct stop_order *order, struct error *error);
/* Signs what stands in `text`. */
int stop_order_sign(const struct stop_arguments *arguments, struct stop_order *order,
                    struct error *error);
void stop_order_free(struct stop_order *order);

/* stop_give.c: gives it and follows it to its end; the exit status. */
int stop_give(const struct stop_arguments *arguments, const char *range, struct control *control,
              const struct stop_order *order);
/* Says whom it would reach. */
int stop_reach(const struct stop_arguments *arguments, const char *range, struct control *control,
               const struct order *order);

/* Prints the error and gives the exit status for it. */
int stop_report(const struct error *error);

#endif
