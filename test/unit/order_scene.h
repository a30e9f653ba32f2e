/*
 * One decision about one order, put together step by step: roster, rules, order, signatures made in
 * software, the time. For the tests of the authority.
 */
#ifndef IOLAUS_TEST_ORDER_SCENE_H
#define IOLAUS_TEST_ORDER_SCENE_H

#include <criterion/criterion.h>

#include "lib/ssh_forge.h"
#include "order/authority.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define NOON INT64_C(1795258800) /* 2026-11-21T11:00:00Z, when orders here are issued */
#define MINUTE 60
#define DAY 86400

/* What one decision is made of. Keys are numbers; the roster's lines are text with %N for the N-th
 * key (%sN: a security key). */
struct scene {
    struct authority_rules rules;
    struct roster roster;
    struct order order;
    char order_text[ORDER_TEXT_BYTES];
    size_t order_size;
    char texts[24][FORGE_TEXT_BYTES];
    char names[24][16];
    struct authority_signature signatures[24];
    uint32_t count;
    int64_t now;
    const char *range;
    bool seen;
    bool accepted;
    struct order lifted;
    struct authority_decision decision;
};

static struct scene scene;

static inline void roster_write(const char *lines)
{
    static char text[64 * 1024];
    struct error error = {0};
    size_t used = 0;

    for (const char *at = lines; *at != '\0'; at++) {
        char key[FORGE_TEXT_BYTES];
        struct forge forge;
        bool sk;

        if (*at != '%') {
            text[used++] = *at;
            continue;
        }
        sk = at[1] == 's';
        at += 1 + sk;
        forge = forge_key((unsigned)(*at - '0'), sk);
        forge_public(&forge, key);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s", key);
    }
    roster_close(&scene.roster);
    cr_assert_eq(roster_parse(&scene.roster, text, used, "roster", &error), 0, "%s", error.message);
}

static inline void order_write(void)
{
    struct error error = {0};

    cr_assert_eq(order_check(&scene.order, &error), 0, "%s", error.message);
    scene.order_size = order_print(&scene.order, scene.order_text);
}

/* Two persons, one order to stop, nobody has signed. */
static inline void scene_begin(void)
{
    static const struct authority_rules defaults = AUTHORITY_DEFAULTS;

    cr_assert(sodium_init() >= 0);
    roster_close(&scene.roster);
    memset(&scene, 0, sizeof scene);
    scene.rules = defaults;
    scene.order = (struct order){.verb = ORDER_STOP,
                                 .protocol = ORDER_PROTOCOL_CAUTERIZE,
                                 .target = "camera-3",
                                 .range = "any",
                                 .issued_s = NOON,
                                 .expires_s = NOON + 10 * MINUTE,
                                 .nonce = {1, 2, 3}};
    scene.now = NOON + MINUTE;
    scene.range = "hall";
    roster_write("alice %1\nbob %2\ncarol %s3\n");
    order_write();
}

static inline void sign(struct forge forge)
{
    uint32_t i = scene.count++;

    snprintf(scene.names[i], sizeof scene.names[i], "%u.sig", i + 1);
    scene.signatures[i] = (struct authority_signature){
        scene.texts[i], forge_sign(&forge, scene.order_text, scene.order_size, scene.texts[i]),
        scene.names[i]};
}

static inline void sign_with(unsigned key)
{
    sign(forge_key(key, false));
}

static inline bool seen(void *context, const unsigned char *nonce, const unsigned char *digest)
{
    cr_assert_eq(context, &scene);
    cr_assert_eq(memcmp(nonce, scene.order.nonce, ORDER_NONCE_BYTES), 0);
    cr_assert_eq(memcmp(digest, scene.decision.digest, ORDER_DIGEST_BYTES), 0);
    return scene.seen;
}

static inline bool accepted(void *context, const unsigned char *digest, struct order *order)
{
    cr_assert_eq(context, &scene);
    cr_assert_eq(memcmp(digest, scene.order.lifts, ORDER_DIGEST_BYTES), 0);
    *order = scene.lifted;
    return scene.accepted;
}

static inline enum authority_reason decide(void)
{
    const struct authority_request request = {.order = scene.order_text,
                                              .size = scene.order_size,
                                              .name = "o",
                                              .signatures = scene.signatures,
                                              .signature_count = scene.count,
                                              .range = scene.range,
                                              .now_s = scene.now,
                                              .seen = seen,
                                              .accepted = accepted,
                                              .context = &scene};

    authority_decide(&scene.rules, &scene.roster, &request, &scene.decision);
    cr_assert_eq(scene.decision.reason == AUTHORITY_ACCEPTED, scene.decision.message[0] == '\0');
    return scene.decision.reason;
}

#define says(reason, words)                                                                        \
    do {                                                                                           \
        enum authority_reason got = decide();                                                      \
        cr_assert_str_eq(authority_reason_word(got), authority_reason_word(reason), "%s",          \
                         scene.decision.message);                                                  \
        cr_assert(strstr(scene.decision.message, words) != NULL, "%s", scene.decision.message);    \
    } while (0)

#endif
