/*
 * The goal: each order has one text, and only that text is read; whatever is wrong is told with its
 * place. Not covered: who may give orders, which order_authority.c shows.
 */
#include <criterion/criterion.h>

#include "golden.h"
#include "order/order.h"

#include <sodium.h>

static void start(void)
{
    cr_assert(sodium_init() >= 0);
}

TestSuite(order_text, .init = start);

static struct order stop_order(void)
{
    return (struct order){.verb = ORDER_STOP,
                          .scope = ORDER_SCOPE_AGENT,
                          .protocol = ORDER_PROTOCOL_CAUTERIZE,
                          .target = "camera-3",
                          .range = "any",
                          .issued_s = 1795258800,
                          .expires_s = 1795259400,
                          .nonce = {0x2f, 0x7d, 0x1c, 0x0a, 0x9b, 0xe6, 0x4a, 0x53, 0xb1, 0xde,
                                    0x0c, 0x7f, 0x5a, 0x86, 0xe4, 0x90}};
}

static struct order permit_order(void)
{
    struct order order = stop_order();
    char text[ORDER_TEXT_BYTES];

    order_digest(text, order_print(&order, text), order.lifts);
    order.verb = ORDER_PERMIT;
    order.protocol = 0;
    order.nonce[0]++;
    return order;
}

/* Prints, compares with the golden file, and reads back. */
static void golden_order(const struct order *order, const char *name)
{
    static struct golden golden;
    char text[ORDER_TEXT_BYTES], again[ORDER_TEXT_BYTES];
    struct error error = {0};
    struct order read;
    size_t length;

    cr_assert_eq(order_check(order, &error), 0, "%s", error.message);
    length = order_print(order, text);
    golden = (struct golden){0};
    golden_add(&golden, "%s", text);
    golden_compare(&golden, __FILE__, name);
    cr_assert_eq(order_parse(&read, text, length, name, &error), 0, "%s", error.message);
    cr_assert_eq(order_print(&read, again), length);
    cr_assert_str_eq(text, again);
}

Test(order_text, golden)
{
    struct order order = stop_order();
    unsigned char digest[ORDER_DIGEST_BYTES];
    char text[ORDER_TEXT_BYTES], name[ORDER_DIGEST_TEXT_BYTES];

    golden_order(&order, "order/stop");
    order_digest(text, order_print(&order, text), digest);
    order_digest_text(digest, name);
    /* What sha256sum says of the file. */
    cr_assert_str_eq(name,
                     "sha256:f72ba455a2daf0e976207f4fc7479a162c90252a6c2a53a16603f964dedb4ff7");
    order = permit_order();
    golden_order(&order, "order/permit");
    order = stop_order();
    order.verb = ORDER_PAUSE;
    order.protocol = 0;
    order.scope = ORDER_SCOPE_GROUP;
    strcpy(order.target, "cameras");
    strcpy(order.range, "hall-2");
    golden_order(&order, "order/pause");
    order.verb = ORDER_RESUME;
    order.scope = ORDER_SCOPE_ALL;
    strcpy(order.target, "*");
    golden_order(&order, "order/resume");
}

/* The longest values fit. */
Test(order_text, longest)
{
    struct order order = permit_order();
    char text[ORDER_TEXT_BYTES];

    memset(order.target, 'a', sizeof order.target - 1);
    memset(order.range, 'b', sizeof order.range - 1);
    order.issued_s = INT64_C(253402300798);
    order.expires_s = INT64_C(253402300799);
    cr_assert_eq(order_check(&order, NULL), 0);
    cr_assert_lt(order_print(&order, text), sizeof text);
}

Test(order_text, what_is_put_together_wrongly)
{
    static const struct order base = {
        .verb = ORDER_STOP, .target = "a", .range = "any", .issued_s = 1, .expires_s = 2};
    struct order order = base;

    cr_assert_eq(order_check(&order, NULL), 0);
    order.expires_s = 1;
    cr_assert_eq(order_check(&order, NULL), ERROR_INPUT);
    order = base;
    order.issued_s = -1;
    cr_assert_eq(order_check(&order, NULL), ERROR_INPUT);
    order = base;
    order.scope = ORDER_SCOPE_ALL;
    cr_assert_eq(order_check(&order, NULL), ERROR_INPUT);
    order = base;
    order.verb = (enum order_verb)9;
    cr_assert_eq(order_check(&order, NULL), ERROR_INPUT);
    order = base;
    memset(order.target, 'a', sizeof order.target);
    cr_assert_eq(order_check(&order, NULL), ERROR_INPUT);
    order = base;
    order.target[0] = '\n';
    cr_assert_eq(order_check(&order, NULL), ERROR_INPUT);
}

#define HEAD "iolaus-order/v1\nverb: stop\nscope: agent\n"
#define MIDDLE "protocol: cauterize\nrange: any\n"
#define TIMES "issued: 2026-11-21T11:00:00Z\nexpires: 2026-11-21T11:10:00Z\n"
#define NONCE "nonce: 2f7d1c0a9be64a53b1de0c7f5a86e490\n"

/* Everything that could be written otherwise is refused, with its place. */
Test(order_text, refusals)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "o:1:1: the order ends where `iolaus-order/v1` should stand"},
        {"iolaus-order/v2\n", "o:1:1: this is no order"},
        {"iolaus-order/v1\r\nverb: stop\r\n", "o:1:16: an order has no byte 0x0d"},
        {"\xef\xbb\xbfiolaus-order/v1\n", "o:1:1: an order has no byte 0xef"},
        {"iolaus-order/v1", "o:1:16: this line is not ended by a newline"},
        {"iolaus-order/v1\nverb: Stop\n", "o:2:7: `Stop` is none of stop, pause, resume, permit"},
        {"iolaus-order/v1\nverb:stop\n", "o:2:1: `verb:stop` stands where `verb: ...` should"},
        {"iolaus-order/v1\nverb: \n", "o:2:1:"},
        {"iolaus-order/v1\n\nverb: stop\n", "o:2:1: `` stands"},
        {"iolaus-order/v1\nverb: stop\ntarget: camera-3\n", "o:3:1: `target: camera-3` stands"},
        {"iolaus-order/v1\nverb: stop\nscope: world\n", "o:3:8: `world` is none of agent"},
        {HEAD "target: *\n", "o:4:9: `*` is no name"},
        {HEAD "target:  camera\n", "o:4:9: ` camera` is no name"},
        {HEAD "target: camera \n", "is no name"},
        {HEAD "target: 17\n", "is no name"},
        {HEAD "target: -a\n", "is no name"},
        {HEAD "target: a\tb\n", "o:4:10: an order has no byte 0x09"},
        {"iolaus-order/v1\nverb: stop\nscope: all\ntarget: camera\n", "that is `*`"},
        {HEAD "target: a\nrange: any\n", "o:5:1: `range: any` stands where `protocol: ...`"},
        {HEAD "target: a\nprotocol: shoot\n", "o:5:11: `shoot` is none of terminate"},
        {"iolaus-order/v1\nverb: pause\nscope: agent\ntarget: a\nprotocol: cauterize\n",
         "o:5:1: `protocol: cauterize` stands where `range: ...`"},
        {HEAD "target: a\nprotocol: sweep\nrange: a.b\n", "o:6:8: `a.b` is no name of a range"},
        {HEAD "target: a\n" MIDDLE "issued: 2026-11-21 11:00:00Z\n", "o:7:9:"},
        {HEAD "target: a\n" MIDDLE "issued: 2026-02-29T11:00:00Z\n", "is no time"},
        {HEAD "target: a\n" MIDDLE "issued: 2026-11-21T24:00:00Z\n", "is no time"},
        {HEAD "target: a\n" MIDDLE "issued: 2026-11-21T11:00:60Z\n", "is no time"},
        {HEAD "target: a\n" MIDDLE "issued: 2026-11-21T11:00:00+00:00\n", "is no time"},
        {HEAD "target: a\n" MIDDLE "issued: 2026-11-21T11:00:00Z\n"
              "expires: 2026-11-21T11:00:00Z\n",
         "o:8:10: `2026-11-21T11:00:00Z` is not after the order was issued"},
        {HEAD "target: a\n" MIDDLE TIMES "nonce: 2F7D1C0A9BE64A53B1DE0C7F5A86E490\n",
         "o:9:8: `2F7D1C0A9BE64A53B1DE0C7F5A86E490` is no nonce"},
        {HEAD "target: a\n" MIDDLE TIMES "nonce: 2f7d\n", "is no nonce"},
        {HEAD "target: a\n" MIDDLE TIMES NONCE NONCE, "o:10:1: the order should have ended"},
        {HEAD "target: a\n" MIDDLE TIMES NONCE "\n", "o:10:1: the order should have ended"},
        {"iolaus-order/v1\nverb: permit\nscope: agent\ntarget: a\nrange: any\n" TIMES NONCE,
         "o:9:1: the order ends where `lifts: ` should stand"},
        {"iolaus-order/v1\nverb: permit\nscope: agent\ntarget: a\nrange: any\n" TIMES NONCE
         "lifts: md5:00\n",
         "o:9:8: `md5:00` is no order's digest"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error error = {0};
        struct order order;

        cr_assert_eq(order_parse(&order, cases[i].text, strlen(cases[i].text), "o", &error),
                     ERROR_INPUT, "%s", cases[i].text);
        cr_assert(strstr(error.message, cases[i].message) != NULL, "%s\nsaid: %s\nwanted: %s",
                  cases[i].text, error.message, cases[i].message);
    }
}

Test(order_text, a_nul_and_too_long)
{
    static char text[ORDER_BYTES_MAX + 1];
    struct error error = {0};
    struct order order;

    memcpy(text, HEAD, sizeof HEAD); /* with its end */
    cr_assert_eq(order_parse(&order, text, sizeof HEAD, "o", &error), ERROR_INPUT);
    cr_assert(strstr(error.message, "byte 0x00") != NULL, "%s", error.message);
    cr_assert_eq(order_parse(&order, text, sizeof text, "o", &error), ERROR_INPUT);
    cr_assert(strstr(error.message, "at most 8192") != NULL, "%s", error.message);
}

/* Whatever is read prints as the very bytes that were read. All single bytes are tried. */
Test(order_text, one_text_for_each_order)
{
    struct order whole = permit_order();
    char text[ORDER_TEXT_BYTES], again[ORDER_TEXT_BYTES];
    size_t length = order_print(&whole, text), others = 0;

    for (size_t at = 0; at < length; at++) {
        char kept = text[at];

        for (int byte = 0; byte < 256; byte++) {
            struct order order;

            text[at] = (char)byte;
            if (text[at] == kept || order_parse(&order, text, length, "o", NULL) != 0)
                continue;
            others++;
            cr_assert_eq(order_print(&order, again), length);
            cr_assert_eq(memcmp(text, again, length), 0, "byte %zu as 0x%02x", at, byte);
        }
        text[at] = kept;
    }
    /* Names, times, nonce and digest can be changed into other orders. */
    cr_assert_gt(others, 1000);
}

Test(order_text, targets_on_a_command_line)
{
    static const struct {
        const char *text, *again;
        enum order_scope scope;
        const char *target;
    } cases[] = {
        {"camera-3", "camera-3", ORDER_SCOPE_AGENT, "camera-3"},
        {"agent:camera-3", "camera-3", ORDER_SCOPE_AGENT, "camera-3"},
        {"agent:all", "agent:all", ORDER_SCOPE_AGENT, "all"},
        {"group:all", "group:all", ORDER_SCOPE_GROUP, "all"},
        {"all", "all", ORDER_SCOPE_ALL, "*"},
    };
    static const char *const wrong[] = {"", "*", "group:", "agent:*", "a b", "group:a:b", "42"};
    char text[ORDER_TARGET_BYTES];
    struct order order = {0};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(order_target_read(&order, cases[i].text, NULL), 0);
        cr_assert_eq(order.scope, cases[i].scope);
        cr_assert_str_eq(order.target, cases[i].target);
        order_target_text(&order, text);
        cr_assert_str_eq(text, cases[i].again);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_assert_eq(order_target_read(&order, wrong[i], NULL), ERROR_INPUT, "%s", wrong[i]);
    cr_assert_eq(order_range_read(&order, "hall-2", NULL), 0);
    cr_assert_eq(order_range_read(&order, "any", NULL), 0);
    cr_assert_str_eq(order.range, "any");
    cr_assert_eq(order_range_read(&order, "", NULL), ERROR_INPUT);
    cr_assert_eq(order_range_read(&order, "-a", NULL), ERROR_INPUT);
    cr_assert_eq(order_range_read(&order, "a.b", NULL), ERROR_INPUT);
}
