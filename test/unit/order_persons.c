/*
 * The goal: persons are counted and not signatures, whatever keys and names they have; and what
 * lets something run again needs more of them. Reasons of other kinds are in order_authority.c.
 */
#include "order_scene.h"

#include "base/random.h"

TestSuite(order_persons, .init = scene_begin);

/* ---- persons ---- */

Test(order_persons, twice_the_same_key)
{
    scene.rules.stop_min = 2;
    sign_with(1);
    sign_with(1);
    says(REFUSED_SAME_SIGNER, "2.sig: alice signed already, in 1.sig, with the same key");
    sign_with(2);
    says(AUTHORITY_ACCEPTED, "");
    cr_assert_eq(scene.decision.counted, 2);
    cr_assert_eq(scene.decision.signers[1].reason, REFUSED_SAME_SIGNER);
}

/* Two hashes make two different signatures of one key. */
Test(order_persons, twice_the_same_key_by_other_bytes)
{
    struct forge forge = forge_key(1, false);

    scene.rules.stop_min = 2;
    sign(forge);
    forge.hash = "sha256";
    sign(forge);
    cr_assert_str_neq(scene.texts[0], scene.texts[1]);
    says(REFUSED_SAME_SIGNER, "with the same key");
}

Test(order_persons, two_keys_of_one_person)
{
    scene.rules.stop_min = 2;
    roster_write("alice %1\nalice %2\nbob %s3\n");
    sign_with(1);
    sign_with(2);
    says(REFUSED_SAME_SIGNER, "alice signed already, in 1.sig, with another key");
    /* One of several names, or a pattern, is enough to be the same; also on a line that is over. */
    roster_write("alice,ann %1\nbob,ann %2\n");
    says(REFUSED_SAME_SIGNER, "");
    roster_write("alice@hall %1\n*@hall %2\n");
    says(REFUSED_SAME_SIGNER, "");
    roster_write("alice %1\nalice valid-before=\"20200101Z\" %2\nbob %2\n");
    says(REFUSED_SAME_SIGNER, "");
    roster_write("alice@hall %1\n*@yard %2\n");
    says(AUTHORITY_ACCEPTED, "");
}

/* One key under two names is one person, on one line or on two. */
Test(order_persons, one_key_of_two_names)
{
    scene.rules.stop_min = 2;
    roster_write("alice %1\nbob %1\n");
    sign_with(1);
    sign_with(1);
    says(REFUSED_SAME_SIGNER, "with the same key");
    roster_write("alice,bob %1\ncarol %2\n");
    says(REFUSED_SAME_SIGNER, "with the same key");
}

/* A key that two share meets both of them; without it there are two. The order of the signatures
 * does not matter. */
Test(order_persons, the_greatest_number_holds)
{
    static const unsigned orders[][3] = {{1, 2, 3}, {2, 1, 3}, {3, 2, 1}, {2, 3, 1}};

    scene.rules.stop_min = 2;
    roster_write("alice,bob %1\nalice %2\nbob %3\n");
    for (size_t i = 0; i < 4; i++) {
        scene.count = 0;
        for (int j = 0; j < 3; j++)
            sign_with(orders[i][j]);
        says(AUTHORITY_ACCEPTED, "");
        cr_assert_eq(scene.decision.counted, 2);
    }
    scene.rules.stop_min = 3;
    says(REFUSED_SAME_SIGNER, "2 of 3");
}

/* Of names that are drawn: the number counted is that of the greatest set found by trying all, and
 * one more signature never makes less. */
Test(order_persons, persons_by_trying_all)
{
    for (uint32_t round = 0; round < 60; round++) {
        struct random random = random_make(7, round, 0, 0, STREAM_TEST, 0);
        char lines[1024];
        size_t used = 0;
        uint32_t names[6] = {0}, before = 0;

        for (int key = 0; key < 6; key++) {
            for (int name = 0; name < 5; name++)
                names[key] |= (uint32_t)(random_below(&random, 3) == 0) << name;
            names[key] |= 1U << random_below(&random, 5);
            for (int name = 0, first = 1; name < 5; name++)
                if ((names[key] >> name & 1) != 0) {
                    used += (size_t)snprintf(lines + used, sizeof lines - used, "%s%c",
                                             first ? "" : ",", 'a' + name);
                    first = 0;
                }
            used += (size_t)snprintf(lines + used, sizeof lines - used, " %%%d\n", key + 1);
        }
        scene_begin();
        roster_write(lines);
        for (uint32_t keys = 1; keys <= 6; keys++) {
            uint32_t greatest = 0;

            for (uint32_t set = 0; set < 1U << keys; set++) {
                uint32_t taken = 0, size = 0;

                for (uint32_t key = 0; key < keys; key++)
                    if ((set >> key & 1) != 0) {
                        size = (taken & names[key]) != 0 ? 100 : size + 1;
                        taken |= names[key];
                    }
                if (size < 100 && size > greatest)
                    greatest = size;
            }
            sign_with(keys);
            says(AUTHORITY_ACCEPTED, "");
            cr_assert_eq(scene.decision.counted, greatest, "seed 7, round %u: %s", round, lines);
            cr_assert_geq(greatest, before);
            before = greatest;
        }
    }
}

/* ---- what lets something run again ---- */

static void permit_begin(void)
{
    scene.lifted = scene.order;
    scene.accepted = true;
    order_digest(scene.order_text, scene.order_size, scene.order.lifts);
    scene.order.verb = ORDER_PERMIT;
    scene.order.protocol = 0;
    scene.order.nonce[0]++;
    order_write();
}

Test(order_persons, permits_need_two)
{
    permit_begin();
    sign_with(1);
    says(REFUSED_UNDERSIGNED, "1 of 2");
    sign_with(2);
    says(AUTHORITY_ACCEPTED, "");
    /* The stop's threshold says nothing of permits. */
    scene.rules.stop_min = 3;
    says(AUTHORITY_ACCEPTED, "");
    scene.rules.permit_min = 3;
    says(REFUSED_UNDERSIGNED, "2 of 3");
}

Test(order_persons, permits_need_one_of_one)
{
    permit_begin();
    sign_with(1);
    roster_write("alice %1\n");
    says(AUTHORITY_ACCEPTED, "");
    /* The same key on two lines is one; one that may not sign orders is none. */
    roster_write("alice %1\nann %1\nbob namespaces=\"git\" %2\n");
    says(AUTHORITY_ACCEPTED, "");
    /* A key whose time is over still is one: no threshold falls with time. */
    roster_write("alice %1\nbob valid-before=\"20200101Z\" %2\n");
    says(REFUSED_UNDERSIGNED, "1 of 2");
}

Test(order_persons, resuming_needs_as_many_as_a_permit)
{
    scene.order.verb = ORDER_RESUME;
    scene.order.protocol = 0;
    order_write();
    sign_with(1);
    says(REFUSED_UNDERSIGNED, "1 of 2");
    scene.order.verb = ORDER_PAUSE;
    order_write();
    scene.count = 0;
    sign_with(1);
    says(AUTHORITY_ACCEPTED, "");
}

Test(order_persons, what_a_permit_lifts)
{
    permit_begin();
    sign_with(1);
    sign_with(2);
    scene.accepted = false;
    says(REFUSED_LIFTS, "o: no order sha256:");
    scene.accepted = true;
    says(AUTHORITY_ACCEPTED, "");
    scene.lifted.verb = ORDER_PAUSE;
    says(REFUSED_LIFTS, "is no stop of the permit's target");
    scene.lifted.verb = ORDER_STOP;
    scene.lifted.target[0] = 'd';
    says(REFUSED_LIFTS, "is no stop of the permit's target");
    scene.lifted.target[0] = 'c';
    scene.lifted.scope = ORDER_SCOPE_GROUP;
    says(REFUSED_LIFTS, "is no stop of the permit's target");
}
