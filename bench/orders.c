/*
 * Verification of an order with two signatures, on one core: what the daemon does with the bytes
 * that come in, from the order's text to the decision. Beside it, in the same run, the floor: two
 * bare crypto_sign_verify_detached over the very bytes that the two keys signed. Also with security
 * keys, whose signature is over a digest of those bytes, and with a roster of 1,024 lines. Medians
 * of repetitions that take turns. Target: 5,000 a second.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "lib/ssh_forge.h"
#include "order/authority.h"

#define ORDERS 64
#define REPEATS 9
#define NOW INT64_C(1795258860)

struct signed_order {
    char text[ORDER_TEXT_BYTES];
    size_t size;
    char signature_texts[2][FORGE_TEXT_BYTES];
    struct authority_signature signatures[2];
    struct sshsig parsed[2];
    unsigned char bytes[2][256]; /* what the key signed, for the floor */
    size_t bytes_size[2];
};

static struct signed_order orders[ORDERS];
static struct roster roster;
static struct authority_rules rules = AUTHORITY_DEFAULTS;

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool never_seen(void *context, const unsigned char *nonce, const unsigned char *digest)
{
    (void)context, (void)nonce, (void)digest;
    return false;
}

static bool nothing_accepted(void *context, const unsigned char *digest, struct order *order)
{
    (void)context, (void)digest, (void)order;
    return false;
}

static void die(const char *what)
{
    fprintf(stderr, "orders: %s\n", what);
    exit(1);
}

/* Alice and bob, among `lines` lines in all. */
static void roster_make(unsigned lines, bool sk)
{
    static char text[ROSTER_BYTES_MAX];
    struct error error = {0};
    size_t used = 0;

    roster_close(&roster);
    for (unsigned i = 0; i < lines; i++) {
        char key[FORGE_TEXT_BYTES];
        struct forge forge = forge_key(lines - i, sk);

        forge_public(&forge, key);
        used += (size_t)snprintf(text + used, sizeof text - used, "person-%u %s\n", lines - i, key);
    }
    if (roster_parse(&roster, text, used, "roster", &error) != 0)
        die(error.message);
}

/* PROTOCOL.sshsig, section 3, for sha512; and PROTOCOL.u2f of it for a security key. */
static void signed_bytes(struct signed_order *order, int i, const struct forge *forge)
{
    static const unsigned char head[] =
        "SSHSIG\0\0\0\014iolaus-order\0\0\0\0\0\0\0\006sha512\0\0\0\100";
    unsigned char *bytes = order->bytes[i], inner[256];
    size_t size = sizeof head - 1;

    memcpy(bytes, head, size);
    crypto_hash_sha512(bytes + size, (const unsigned char *)order->text, order->size);
    size += crypto_hash_sha512_BYTES;
    if (forge->sk) {
        memcpy(inner, bytes, size);
        crypto_hash_sha256(bytes, (const unsigned char *)"ssh:", 4);
        memcpy(bytes + 32, "\001\0\0\0\007", 5);
        crypto_hash_sha256(bytes + 37, inner, size);
        size = 69;
    }
    order->bytes_size[i] = size;
    if (crypto_sign_verify_detached(order->parsed[i].signature, bytes, size, forge->public_key) !=
        0)
        die("the floor's bytes are not those that were signed");
}

static void orders_make(bool sk)
{
    for (unsigned n = 0; n < ORDERS; n++) {
        struct signed_order *order = &orders[n];
        struct order content = {.verb = ORDER_STOP,
                                .protocol = ORDER_PROTOCOL_CAUTERIZE,
                                .range = "any",
                                .issued_s = 1795258800,
                                .expires_s = 1795259400,
                                .nonce = {(unsigned char)n}};

        snprintf(content.target, sizeof content.target, "camera-%u", n);
        order->size = order_print(&content, order->text);
        for (int i = 0; i < 2; i++) {
            struct forge forge = forge_key((unsigned)i + 1, sk);
            char *text = order->signature_texts[i];
            size_t size = forge_sign(&forge, order->text, order->size, text);

            order->signatures[i] = (struct authority_signature){text, size, "sig"};
            if (sshsig_parse(&order->parsed[i], text, size, "sig", NULL) != 0)
                die("a signature cannot be read");
            signed_bytes(order, i, &forge);
        }
    }
}

/* Orders a second. */
static double decide_all(int rounds)
{
    static struct authority_decision decision;
    double start = seconds_now();

    for (int round = 0; round < rounds; round++)
        for (int n = 0; n < ORDERS; n++) {
            const struct authority_request request = {.order = orders[n].text,
                                                      .size = orders[n].size,
                                                      .name = "order",
                                                      .signatures = orders[n].signatures,
                                                      .signature_count = 2,
                                                      .range = "any",
                                                      .now_s = NOW,
                                                      .seen = never_seen,
                                                      .accepted = nothing_accepted};

            authority_decide(&rules, &roster, &request, &decision);
            if (decision.reason != AUTHORITY_ACCEPTED)
                die(decision.message);
        }
    return rounds * ORDERS / (seconds_now() - start);
}

static double floor_all(int rounds)
{
    double start = seconds_now();

    for (int round = 0; round < rounds; round++)
        for (int n = 0; n < ORDERS; n++)
            for (int i = 0; i < 2; i++)
                if (crypto_sign_verify_detached(orders[n].parsed[i].signature, orders[n].bytes[i],
                                                orders[n].bytes_size[i],
                                                orders[n].parsed[i].key.bytes) != 0)
                    die("a signature does not verify");
    return rounds * ORDERS / (seconds_now() - start);
}

static int compare(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static void measure(const char *words, unsigned lines, bool sk, int rounds)
{
    double ours[REPEATS], floor[REPEATS];

    roster_make(lines, sk);
    orders_make(sk);
    for (int i = 0; i < REPEATS; i++) {
        ours[i] = decide_all(rounds);
        floor[i] = floor_all(rounds);
    }
    qsort(ours, REPEATS, sizeof ours[0], compare);
    qsort(floor, REPEATS, sizeof floor[0], compare);
    printf("  %-34s %8.0f  %8.0f  %5.2f\n", words, ours[REPEATS / 2], floor[REPEATS / 2],
           floor[REPEATS / 2] / ours[REPEATS / 2]);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 && strcmp(argv[1], "--quick") == 0 ? 2 : 20;

    if (sodium_init() < 0)
        die("libsodium cannot be used");
    rules.stop_min = 2;
    printf("orders with two signatures, one core (target: 5,000 a second)\n");
    printf("  %-34s %8s  %8s  %s\n", "a second", "decided", "floor", "floor / decided");
    measure("two keys, roster of 2", 2, false, rounds);
    measure("two security keys, roster of 2", 2, true, rounds);
    measure("two keys, roster of 1,024", 1024, false, rounds);
    roster_close(&roster);
    return 0;
}
