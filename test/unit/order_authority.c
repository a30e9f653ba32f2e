/*
 * The goal: an order is accepted exactly where it is signed by one who may, in time, here, and
 * once; each reason for refusing is reached and told. Signatures are made in software; that OpenSSH
 * makes and takes the same is in order_openssh.c. How persons are counted is in order_persons.c.
 */
#include "order_scene.h"

TestSuite(order_authority, .init = scene_begin);

Test(order_authority, accepted)
{
    sign_with(1);
    says(AUTHORITY_ACCEPTED, "");
    cr_assert_eq(scene.decision.needed, 1);
    cr_assert_eq(scene.decision.counted, 1);
    cr_assert_str_eq(scene.decision.signers[0].entry->names[0], "alice");
    cr_assert_str_eq(scene.decision.order.target, "camera-3");
    scene.rules.stop_min = 3;
    sign_with(2);
    sign(forge_key(3, true));
    says(AUTHORITY_ACCEPTED, "");
    cr_assert_eq(scene.decision.counted, 3);
}

Test(order_authority, malformed)
{
    sign_with(1);
    scene.order_text[0] = 'I';
    says(REFUSED_MALFORMED, "o:1:1: this is no order");
    cr_assert_eq(scene.decision.signer_count, 0);
}

Test(order_authority, too_many)
{
    for (int i = 0; i < AUTHORITY_SIGNATURES_MAX; i++)
        sign_with(1);
    says(AUTHORITY_ACCEPTED, "");
    sign_with(2);
    says(REFUSED_TOO_MANY, "o: 17 signatures; at most 16");
}

Test(order_authority, undersigned)
{
    says(REFUSED_UNDERSIGNED, "o: 0 of 1 persons who are needed have signed");
    scene.rules.stop_min = 2;
    sign_with(1);
    says(REFUSED_UNDERSIGNED, "o: 1 of 2");
    sign_with(2);
    says(AUTHORITY_ACCEPTED, "");
}

Test(order_authority, signature_unreadable)
{
    sign_with(1);
    scene.texts[0][0] = '+';
    says(REFUSED_SIGNATURE, "1.sig:1:1: this is no signature");
    /* Who adds such a thing spoils nothing. */
    sign_with(2);
    says(AUTHORITY_ACCEPTED, "");
    cr_assert_eq(scene.decision.signers[0].reason, REFUSED_SIGNATURE);
    cr_assert_eq(scene.decision.signers[1].reason, AUTHORITY_ACCEPTED);
}

Test(order_authority, other_namespace)
{
    struct forge forge = forge_key(1, false);

    forge.namespace = "file";
    sign(forge);
    says(REFUSED_NAMESPACE, "1.sig: it is signed in the namespace `file`");
    scene_begin();
    roster_write("alice namespaces=\"file\" %1\nbob %2\n");
    sign_with(1);
    says(REFUSED_NAMESPACE, "line 1 of the roster) may not sign in the namespace `iolaus-order`");
    roster_write("alice namespaces=\"file,iolaus-*\" %1\nbob %2\n");
    says(AUTHORITY_ACCEPTED, "");
}

Test(order_authority, unknown_key)
{
    sign_with(4);
    says(REFUSED_UNKNOWN_KEY, "1.sig: the key SHA256:");
    /* The same 32 bytes as a key of another type, or of another application, are another key. */
    scene_begin();
    roster_write("carol %s3\n");
    struct forge forge = forge_key(3, true);
    forge.sk = false;
    forge.type = forge.signature_type = "ssh-ed25519";
    sign(forge);
    says(REFUSED_UNKNOWN_KEY, "is not on the roster");
    forge = forge_key(3, true);
    forge.application = "ssh:other";
    sign(forge);
    says(REFUSED_UNKNOWN_KEY, "is not on the roster");
}

/* Both ends of the time count, as with ssh-keygen. */
Test(order_authority, key_times)
{
    roster_write("alice valid-after=\"20261121110100Z\",valid-before=\"20261121110200Z\" %1\n");
    sign_with(1);
    scene.now = NOON + 59;
    says(REFUSED_KEY_NOT_YET, "the key of alice (line 1 of the roster) is not valid before "
                              "2026-11-21T11:01:00Z");
    scene.now = NOON + 60;
    says(AUTHORITY_ACCEPTED, "");
    scene.now = NOON + 120;
    says(AUTHORITY_ACCEPTED, "");
    scene.now = NOON + 121;
    says(REFUSED_KEY_EXPIRED, "was valid up to 2026-11-21T11:02:00Z");
}

/* A key may stand on several lines; one that lets it is enough, else the nearest speaks. */
Test(order_authority, several_lines)
{
    sign_with(1);
    roster_write("alice valid-before=\"20250101Z\" %1\nalice %1\n");
    says(AUTHORITY_ACCEPTED, "");
    cr_assert_eq(scene.decision.signers[0].entry->line, 2);
    roster_write("alice namespaces=\"git\" %1\nalice valid-before=\"20250101Z\" %1\n"
                 "alice namespaces=\"git\" %1\n");
    says(REFUSED_KEY_EXPIRED, "line 2 of the roster");
}

Test(order_authority, altered)
{
    sign_with(1);
    scene.order.target[7] = '4';
    order_write();
    says(REFUSED_ALTERED, "1.sig: alice did not sign these bytes");
    /* A signature by one key in the name of another. */
    scene_begin();
    struct forge forge = forge_key(1, false);
    memcpy(forge.public_key, forge_key(2, false).public_key, 32);
    sign(forge);
    says(REFUSED_ALTERED, "1.sig: bob did not sign these bytes");
}

Test(order_authority, security_keys)
{
    struct forge forge = forge_key(3, true);

    sign(forge);
    says(AUTHORITY_ACCEPTED, "");
    scene.count = 0;
    forge.flags = 0;
    sign(forge);
    says(REFUSED_PRESENCE, "1.sig: the security key of carol signed without being touched");
    scene.count = 0;
    forge.flags = SSHSIG_USER_VERIFIED;
    sign(forge);
    says(REFUSED_PRESENCE, "without being touched");
    /* Where a PIN is required, a touch is not enough, and other keys are none. */
    scene.count = 0;
    scene.rules.pin_required = true;
    forge.flags = SSHSIG_USER_PRESENT;
    sign(forge);
    says(REFUSED_PRESENCE, "signed without a PIN or fingerprint");
    scene.count = 0;
    forge.flags = SSHSIG_USER_PRESENT | SSHSIG_USER_VERIFIED;
    sign(forge);
    says(AUTHORITY_ACCEPTED, "");
    scene.count = 0;
    sign_with(1);
    says(REFUSED_PRESENCE, "the key of alice is no security key, and a PIN is required");
}

/* ---- scope ---- */

static bool may(const char *name, enum order_scope scope, const char *target)
{
    scene.count = 0;
    scene.order.scope = scope;
    strcpy(scene.order.target, target); /* NOLINT: short names of this file */
    order_write();
    sign_with(name[0] == 'a' ? 1 : 2);
    if (decide() != AUTHORITY_ACCEPTED)
        cr_assert_eq(scene.decision.reason, REFUSED_SCOPE, "%s", scene.decision.message);
    return scene.decision.reason == AUTHORITY_ACCEPTED;
}

Test(order_authority, scope)
{
    static const char *const of_alice[] = {"camera-*", "agent:door", "group:hall-?"};
    static const char *const of_bob[] = {"any"};
    const struct authority_scope scopes[] = {{"alice", of_alice, 3}, {"bob", of_bob, 1}};

    scene.rules.scopes = scopes;
    scene.rules.scope_count = 2;
    cr_assert(may("alice", ORDER_SCOPE_AGENT, "camera-3"));
    cr_assert(may("alice", ORDER_SCOPE_AGENT, "door"));
    cr_assert(may("alice", ORDER_SCOPE_GROUP, "hall-2"));
    cr_assert_not(may("alice", ORDER_SCOPE_AGENT, "robot"));
    cr_assert_not(may("alice", ORDER_SCOPE_AGENT, "hall-2"));
    cr_assert_not(may("alice", ORDER_SCOPE_GROUP, "camera-3"));
    cr_assert_not(may("alice", ORDER_SCOPE_GROUP, "hall-22"));
    cr_assert_not(may("alice", ORDER_SCOPE_ALL, "*"));
    cr_assert(may("bob", ORDER_SCOPE_AGENT, "robot"));
    cr_assert(may("bob", ORDER_SCOPE_GROUP, "robots"));
    cr_assert(may("bob", ORDER_SCOPE_ALL, "*"));
    cr_assert_not(may("alice", ORDER_SCOPE_AGENT, "robot"));
    cr_assert(strstr(scene.decision.message, "robot is not in the scope of alice") != NULL, "%s",
              scene.decision.message);
    /* Who is not named may nothing; and of two names on a line both must. */
    scene.rules.scope_count = 1;
    cr_assert_not(may("bob", ORDER_SCOPE_AGENT, "camera-3"));
    scene.rules.scope_count = 2;
    roster_write("alice,bob %1\n");
    cr_assert(may("alice", ORDER_SCOPE_AGENT, "camera-3"));
    cr_assert_not(may("alice", ORDER_SCOPE_AGENT, "robot"));
}

/* A star reaches agents, and never everybody at once. */
Test(order_authority, a_star_is_not_any)
{
    static const char *const stars[] = {"*"};
    const struct authority_scope scope = {"alice", stars, 1};

    scene.rules.scopes = &scope;
    scene.rules.scope_count = 1;
    cr_assert(may("alice", ORDER_SCOPE_AGENT, "robot"));
    cr_assert_not(may("alice", ORDER_SCOPE_GROUP, "robots"));
    cr_assert_not(may("alice", ORDER_SCOPE_ALL, "*"));
}

/* Two are needed, and one may not: that one does not count. */
Test(order_authority, out_of_scope_does_not_count)
{
    static const char *const cameras[] = {"camera-*"}, *const doors[] = {"door"};
    const struct authority_scope scopes[] = {{"alice", cameras, 1}, {"bob", doors, 1}};

    scene.rules.stop_min = 2;
    scene.rules.scopes = scopes;
    scene.rules.scope_count = 2;
    sign_with(1);
    sign_with(2);
    says(REFUSED_SCOPE, "2.sig: camera-3 is not in the scope of bob (1 of 2");
}

/* ---- where, when, once ---- */

Test(order_authority, ranges)
{
    strcpy(scene.order.range, "yard"); /* NOLINT: fits */
    order_write();
    sign_with(1);
    says(REFUSED_RANGE, "o: it is for the range yard, and this is hall");
    scene.range = "yard";
    says(AUTHORITY_ACCEPTED, "");
    scene.range = "yard-2";
    says(REFUSED_RANGE, "this is yard-2");
}

Test(order_authority, times)
{
    sign_with(1);
    scene.now = NOON - 61;
    says(REFUSED_NOT_YET, "o: issued at 2026-11-21T11:00:00Z, and it is 2026-11-21T10:58:59Z; is a "
                          "clock wrong?");
    scene.now = NOON - 60;
    says(AUTHORITY_ACCEPTED, "");
    scene.rules.ahead_s_max = 0;
    says(REFUSED_NOT_YET, "");
    scene.now = NOON + 10 * MINUTE - 1;
    says(AUTHORITY_ACCEPTED, "");
    scene.now = NOON + 10 * MINUTE;
    says(REFUSED_EXPIRED, "o: expired at 2026-11-21T11:10:00Z, and it is 2026-11-21T11:10:00Z");
}

Test(order_authority, lifetime)
{
    scene.order.expires_s = NOON + DAY;
    order_write();
    sign_with(1);
    says(AUTHORITY_ACCEPTED, "");
    scene.count = 0;
    scene.order.expires_s++;
    order_write();
    sign_with(1);
    says(REFUSED_LIFETIME, "o: valid until 2026-11-22T11:00:01Z; an order is valid for 1d at most");
}

Test(order_authority, replayed)
{
    sign_with(1);
    scene.seen = true;
    says(REFUSED_REPLAYED, "o: an order with its nonce was accepted before");
}

/* ---- alterations ---- */

/* With two needed and two given, every bit of the order and of both signatures matters. */
Test(order_authority, every_bit_matters, .timeout = 250)
{
    uint32_t reasons[32] = {0};

    scene.rules.stop_min = 2;
    sign_with(1);
    sign(forge_key(3, true));
    says(AUTHORITY_ACCEPTED, "");
    for (size_t part = 0; part < 3; part++) {
        char *text = part == 0 ? scene.order_text : scene.texts[part - 1];
        size_t size = part == 0 ? scene.order_size : scene.signatures[part - 1].size;

        for (size_t bit = 0; bit < size * 8; bit++) {
            text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
            scene.order.nonce[0] = 1;
            cr_assert_neq(decide(), AUTHORITY_ACCEPTED, "part %zu, bit %zu", part, bit);
            reasons[scene.decision.reason]++;
            text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        }
    }
    says(AUTHORITY_ACCEPTED, "");
    /* By all the ways that there are. */
    cr_assert_gt(reasons[REFUSED_MALFORMED], 0);
    cr_assert_gt(reasons[REFUSED_ALTERED], 0);
    cr_assert_gt(reasons[REFUSED_SIGNATURE], 0);
    cr_assert_gt(reasons[REFUSED_NAMESPACE], 0);
    cr_assert_gt(reasons[REFUSED_UNKNOWN_KEY], 0);
}

/* ---- the rules ---- */

Test(order_authority, rules)
{
    static const char *const wrong[] = {"camera 3"};
    static const char *const good[] = {"any", "group:h*", "agent:x?", "camera-*"};
    struct authority_scope scope = {"alice", good, 4};
    struct authority_rules with = scene.rules;
    struct error error = {0};

#define REFUSES(field, value, words)                                                               \
    do {                                                                                           \
        struct authority_rules rules = with;                                                       \
        rules.field = value;                                                                       \
        cr_assert_eq(authority_check(&rules, &scene.roster, &error), ERROR_INPUT);                 \
        cr_assert(strstr(error.message, words) != NULL, "%s", error.message);                      \
    } while (0)
    cr_assert_eq(authority_check(&with, &scene.roster, &error), 0);
    REFUSES(stop_min, 0, "stop_min is at least 1");
    REFUSES(stop_min, 4, "stop_min is 4, and the roster has 3 keys that may sign orders");
    REFUSES(stop_min, 17, "stop_min is at most 16");
    REFUSES(permit_min, 4, "permit_min is 4");
    REFUSES(lifetime_s_max, 0, "1s to 3650d");
    REFUSES(lifetime_s_max, INT64_MAX, "1s to 3650d");
    REFUSES(ahead_s_max, -1, "0s to 3650d");
    with.scopes = &scope;
    with.scope_count = 1;
    cr_assert_eq(authority_check(&with, &scene.roster, &error), 0, "%s", error.message);
    scope.targets = wrong;
    scope.target_count = 1;
    REFUSES(stop_min, 1, "scope: `camera 3` of `alice` is no target");
    scope.name = "alicia";
    REFUSES(stop_min, 1, "scope: `alicia` is no principal of the roster");
}

Test(order_authority, words)
{
    cr_assert_str_eq(authority_reason_word(AUTHORITY_ACCEPTED), "accepted");
    cr_assert_str_eq(authority_reason_word(REFUSED_REPLAYED), "replayed");
    cr_assert_str_eq(authority_reason_words(REFUSED_LIFTS),
                     "what it lifts is no stop of this target that was carried out here");
}
