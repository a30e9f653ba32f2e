#include "orders.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "crew.h"
#include "measure.h"

static int roster_write(const struct live_orders *orders, char *path, size_t size,
                        struct error *error)
{
    char text[SSHSIG_KEY_TEXT];
    FILE *file;

    snprintf(path, size, "%s/roster", orders->folder);
    file = fopen(path, "we");
    if (file == NULL)
        return error_set(error, ERROR_IO, "%s: %s", path, strerror(errno));
    sshsig_key_text(&orders->secret, text);
    fprintf(file, "bench %s\n", text);
    return fclose(file) == 0 ? 0 : error_set(error, ERROR_IO, "%s: %s", path, strerror(errno));
}

int live_orders_open(struct live_orders *orders, struct error *error)
{
    char roster[96];
    int failed;

    *orders = (struct live_orders){.control = -1};
    if (sodium_init() < 0)
        return error_set(error, ERROR_MACHINE, "libsodium does not start");
    snprintf(orders->folder, sizeof orders->folder, "/var/tmp/iolaus-bench-XXXXXX");
    if (mkdtemp(orders->folder) == NULL)
        return error_set(error, ERROR_IO, "no folder for a ledger: %s", strerror(errno));
    snprintf(orders->ledger, sizeof orders->ledger, "%s/ledger", orders->folder);
    snprintf(orders->key, sizeof orders->key, "%s/key", orders->folder);
    sshsig_key_make(&orders->secret);
    failed = roster_write(orders, roster, sizeof roster, error);
    return failed != 0 ? failed : authority_file_open(&orders->authority, NULL, roster, error);
}

static int one_remove(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
    (void)facts;
    (void)kind;
    (void)where;
    return remove(path);
}

void live_orders_close(struct live_orders *orders)
{
    if (orders->control >= 0)
        close(orders->control);
    authority_file_close(&orders->authority);
    if (orders->folder[0] != '\0')
        nftw(orders->folder, one_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static int connect_to(struct live_orders *orders, const struct live_crew *crew, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (orders->control >= 0)
        return 0;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", crew->control_path);
    orders->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (orders->control < 0 ||
        connect(orders->control, (struct sockaddr *)&address, sizeof address) != 0)
        return error_set(error, ERROR_IO, "the control socket: %s", strerror(errno));
    return 0;
}

static char *request_make(const struct live_orders *orders, enum order_verb verb,
                          const char *target)
{
    struct order order = {.verb = verb,
                          .protocol = ORDER_PROTOCOL_CAUTERIZE,
                          .scope = target == NULL ? ORDER_SCOPE_ALL : ORDER_SCOPE_AGENT,
                          .range = "any",
                          .issued_s = time(NULL),
                          .expires_s = time(NULL) + 600};
    char text[ORDER_TEXT_BYTES], made[SSHSIG_MADE_TEXT];
    json_t *request;
    char *line;

    snprintf(order.target, sizeof order.target, "%s", target == NULL ? "*" : target);
    if (getrandom(order.nonce, sizeof order.nonce, 0) != (ssize_t)sizeof order.nonce)
        return NULL;
    sshsig_make(&orders->secret, ORDER_NAMESPACE, text, order_print(&order, text), made);
    request = json_pack("{s:s, s:i, s:s, s:{s:s, s:[s]}}", "jsonrpc", "2.0", "id", 7, "method",
                        "order/submit", "params", "order", text, "signatures", made);
    line = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    return line;
}

int live_orders_give(struct live_orders *orders, const struct live_crew *crew, enum order_verb verb,
                     const char *target, int64_t *took, int64_t *answered, struct error *error)
{
    static char answer[1 << 16];
    char *line = request_make(orders, verb, target);
    int failed =
        line == NULL ? error_set(error, ERROR_MEMORY, "no order") : connect_to(orders, crew, error);
    size_t used = 0, size = line == NULL ? 0 : strlen(line);
    int64_t began;
    json_t *said;

    if (failed != 0) {
        free(line);
        return failed;
    }
    line[size++] = '\n';
    began = now_ns();
    if (send(orders->control, line, size, MSG_NOSIGNAL) != (ssize_t)size)
        failed = error_set(error, ERROR_IO, "giving an order: %s", strerror(errno));
    free(line);
    while (failed == 0 && memchr(answer, '\n', used) == NULL) {
        ssize_t got = recv(orders->control, answer + used, sizeof answer - used, 0);

        if (got <= 0)
            return error_set(error, ERROR_IO, "no answer to an order");
        used += (size_t)got;
    }
    *answered = now_ns();
    *took = *answered - began;
    said = json_loadb(answer, (size_t)((char *)memchr(answer, '\n', used) - answer), 0, NULL);
    if (failed == 0 && !json_is_true(json_object_get(json_object_get(said, "result"), "accepted")))
        failed = error_set(error, ERROR_INPUT, "an order was refused: %.*s",
                           (int)(used < 300 ? used : 300), answer);
    json_decref(said);
    return failed;
}
