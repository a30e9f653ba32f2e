/*
 * The goal: no order is carried out and nothing is let run again without enough signatures, whoever
 * sends it. Orders are drawn with their signers, thresholds and times; then they are forged: bytes
 * of the order or of a signature changed, signatures taken from another order, from another
 * namespace, by unknown keys, in the name of others, doubled; the order sent again, to another
 * range, too early and too late. Whatever is accepted must have been signed, over these very bytes,
 * by as many persons as the daemon wants; and what nobody touched must be accepted.
 *
 * To replay one: IOLAUS_ORDER_SEED=N.
 */
#include "order_scene.h"

#include "base/random.h"

#include <stdlib.h>

#define SEEDS 20000
#define PERSONS 3

struct trial {
    struct random random;
    uint64_t seed;
    char signed_text[ORDER_TEXT_BYTES]; /* what the persons signed */
    size_t signed_size;
    bool signed_by[PERSONS]; /* honestly */
    bool touched;            /* anything at all was done to it */
    bool lapsed;             /* its time, its range, or its nonce is against it */
};

static uint64_t below(struct trial *trial, uint64_t limit)
{
    return random_below(&trial->random, limit);
}

static void draw_order(struct trial *trial)
{
    static const enum order_verb verbs[] = {ORDER_STOP, ORDER_STOP, ORDER_PAUSE, ORDER_PERMIT,
                                            ORDER_RESUME};
    struct order *order = &scene.order;

    order->verb = verbs[below(trial, 5)];
    order->protocol =
        order->verb == ORDER_STOP ? ORDER_PROTOCOL_CAUTERIZE : ORDER_PROTOCOL_TERMINATE;
    for (int i = 0; i < ORDER_NONCE_BYTES; i++)
        order->nonce[i] = (unsigned char)below(trial, 256);
    if (order->verb == ORDER_PERMIT) {
        memset(order->lifts, 7, sizeof order->lifts);
        scene.lifted = *order;
        scene.lifted.verb = ORDER_STOP;
        scene.lifted.protocol = ORDER_PROTOCOL_CAUTERIZE;
        scene.accepted = true;
    }
    scene.rules.stop_min = 1 + (uint32_t)below(trial, PERSONS);
    scene.rules.permit_min = 1 + (uint32_t)below(trial, PERSONS);
    order_write();
    memcpy(trial->signed_text, scene.order_text, scene.order_size);
    trial->signed_size = scene.order_size;
}

/* Each person signs or does not; some of the rest is signed by somebody else. */
static void draw_signatures(struct trial *trial)
{
    for (unsigned person = 0; person < PERSONS; person++) {
        struct forge forge = forge_key(person + 1, person == 2);

        if (below(trial, 3) > 0) {
            sign(forge);
            trial->signed_by[person] = true;
        } else if (below(trial, 2) == 0) {
            trial->touched = true;
            switch (below(trial, 4)) {
            case 0: /* a signature that was made for something else */
                forge.namespace = "file";
                sign(forge);
                break;
            case 1: /* by a key that nobody knows */
                sign(forge_key(4, false));
                break;
            case 2: /* in the name of the person, by another key */
                memcpy(forge.secret_key, forge_key(4, false).secret_key, sizeof forge.secret_key);
                sign(forge);
                break;
            default: { /* of another order */
                char last = scene.order_text[scene.order_size / 2];

                scene.order_text[scene.order_size / 2] ^= 1;
                sign(forge);
                scene.order_text[scene.order_size / 2] = last;
            }
            }
        }
        if (trial->signed_by[person] && below(trial, 4) == 0)
            sign(forge); /* once more */
    }
}

static void change_byte(struct trial *trial, char *text, size_t size)
{
    text[below(trial, size)] ^= (char)(1u << below(trial, 7));
    trial->touched = true;
}

static void forge_something(struct trial *trial)
{
    uint32_t i;

    switch (below(trial, 8)) {
    case 0:
        change_byte(trial, scene.order_text, scene.order_size);
        break;
    case 1:
        if (scene.count == 0)
            break;
        i = (uint32_t)below(trial, scene.count);
        change_byte(trial, scene.texts[i], scene.signatures[i].size);
        break;
    case 2: /* cut off, or with something behind */
        trial->touched = true;
        scene.order_size -= below(trial, scene.order_size);
        break;
    case 3:
        scene.range = "cellar";
        trial->lapsed = strcmp(scene.order.range, "any") != 0;
        break;
    case 4:
        scene.now = NOON + (int64_t)below(trial, 40 * MINUTE) - 20 * MINUTE;
        trial->lapsed = scene.now < NOON - AUTHORITY_AHEAD_S || scene.now >= scene.order.expires_s;
        break;
    case 5:
        scene.seen = true;
        trial->lapsed = true;
        break;
    case 6:
        if (scene.order.verb == ORDER_PERMIT) {
            scene.accepted = false;
            trial->lapsed = true;
        }
        break;
    default:
        break;
    }
}

static bool seen_loosely(void *context, const unsigned char *nonce, const unsigned char *digest)
{
    (void)context;
    (void)nonce;
    (void)digest;
    return scene.seen;
}

static bool accepted_loosely(void *context, const unsigned char *digest, struct order *order)
{
    (void)context;
    (void)digest;
    *order = scene.lifted;
    return scene.accepted;
}

static uint64_t accepted_count, refused_count;

static void trial_run(uint64_t seed)
{
    struct trial trial = {.random = random_make(seed, 0, 0, 0, STREAM_TEST, 0), .seed = seed};
    struct authority_request request;
    uint32_t persons = 0, needed;
    bool whole;

    scene.count = 0;
    scene.seen = scene.accepted = false;
    scene.now = NOON + MINUTE;
    scene.range = "hall";
    memset(scene.order.lifts, 0, sizeof scene.order.lifts);
    snprintf(scene.order.range, sizeof scene.order.range, "%s", below(&trial, 2) ? "any" : "hall");
    draw_order(&trial);
    draw_signatures(&trial);
    if (below(&trial, 4) > 0)
        forge_something(&trial);
    request = (struct authority_request){.order = scene.order_text,
                                         .size = scene.order_size,
                                         .name = "o",
                                         .signatures = scene.signatures,
                                         .signature_count = scene.count,
                                         .range = scene.range,
                                         .now_s = scene.now,
                                         .seen = seen_loosely,
                                         .accepted = accepted_loosely};
    authority_decide(&scene.rules, &scene.roster, &request, &scene.decision);
    for (int i = 0; i < PERSONS; i++)
        persons += trial.signed_by[i];
    needed = scene.order.verb == ORDER_STOP || scene.order.verb == ORDER_PAUSE
                 ? scene.rules.stop_min
                 : scene.rules.permit_min;
    whole = scene.order_size == trial.signed_size &&
            memcmp(scene.order_text, trial.signed_text, trial.signed_size) == 0;
    if (scene.decision.reason == AUTHORITY_ACCEPTED) {
        accepted_count++;
        cr_assert(whole, "IOLAUS_ORDER_SEED=%llu: an altered order is accepted",
                  (unsigned long long)seed);
        cr_assert(persons >= needed, "IOLAUS_ORDER_SEED=%llu: %u of %u persons are enough",
                  (unsigned long long)seed, persons, needed);
        cr_assert_not(trial.lapsed,
                      "IOLAUS_ORDER_SEED=%llu: accepted out of its time, its range, or again",
                      (unsigned long long)seed);
    } else {
        refused_count++;
        cr_assert(trial.touched || trial.lapsed || persons < needed,
                  "IOLAUS_ORDER_SEED=%llu: refused, though nobody touched it: %s",
                  (unsigned long long)seed, scene.decision.message);
    }
}

Test(order_mutations, nothing_that_is_forged_is_obeyed, .timeout = 280)
{
    const char *one = getenv("IOLAUS_ORDER_SEED");

    scene_begin();
    for (uint64_t seed = 0; one == NULL && seed < SEEDS; seed++)
        trial_run(seed);
    if (one != NULL) {
        trial_run(strtoull(one, NULL, 10));
        return;
    }
    cr_assert_gt(accepted_count, SEEDS / 10);
    cr_assert_gt(refused_count, SEEDS / 10);
}
