/*
 * The goal: a roster is read as ssh-keygen reads it, or refused with its place. Whether both then
 * accept the same signatures is in order_openssh.c.
 */
#include <criterion/criterion.h>

#include "lib/fault.h"
#include "order/roster.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void start(void)
{
    cr_assert(sodium_init() >= 0);
}

TestSuite(order_roster, .init = start);

/* The keys of OpenSSH's own tests: regress/unittests/sshsig/testdata. */
#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIlizSIN3DQV78VPNjVvvwjgf+P5HqbPYCYu3BOMdjAE"
#define SK_KEY                                                                                     \
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIJsaDYXQYruc6bilCYDI"  \
    "K4YSOeG+zmrRO2M9t03//7LHAAAABHNzaDo="
#define RSA_BEGINNING "AAAAB3NzaC1yc2EAAAADAQABAAABAQDJHl2uBmS0Yz3m4vZ3o1hX0y0c0y8E0kJr0Q"

static int parse(struct roster *roster, const char *text, struct error *error)
{
    return roster_parse(roster, text, strlen(text), "r", error);
}

Test(order_roster, lines)
{
    static const char text[] =
        "# who may stop what\n"
        "\n"
        "  \t# blanks in front\n"
        "alice " KEY " alice@laptop, with a comment\n"
        "bob,robert\tnamespaces=\"iolaus-*,!iolaus-old\",VALID-AFTER=\"20260101Z\","
        "valid-before=\"202612312359Z\"   " SK_KEY "\n"
        "*@example.com valid-before=\"20261231235959Z\" " KEY " \xc3\xa9t\xc3\xa9";
    struct error error = {0};
    struct roster roster;

    cr_assert_eq(parse(&roster, text, &error), 0, "%s", error.message);
    cr_assert_eq(roster.count, 3);
    cr_assert_eq(roster.entries[0].line, 4);
    cr_assert_eq(roster.entries[0].name_count, 1);
    cr_assert_str_eq(roster.entries[0].names[0], "alice");
    cr_assert_null(roster.entries[0].namespaces);
    cr_assert_eq(roster.entries[0].valid_after_s, 0);
    cr_assert_eq(roster.entries[0].valid_before_s, INT64_MAX);
    cr_assert_eq(roster.entries[0].key.type, SSH_ED25519);
    cr_assert_eq(roster.entries[1].name_count, 2);
    cr_assert_str_eq(roster.entries[1].names[1], "robert");
    cr_assert_str_eq(roster.entries[1].namespaces, "iolaus-*,!iolaus-old");
    cr_assert_eq(roster.entries[1].valid_after_s, 1767225600);
    cr_assert_eq(roster.entries[1].valid_before_s, 1798761540);
    cr_assert_str_eq(roster.entries[1].key.application, "ssh:");
    cr_assert_eq(roster.entries[2].valid_before_s, 1798761599);
    /* One key stands on two lines; the other may sign orders too, and no mail. */
    cr_assert_eq(roster_keys(&roster, "iolaus-order"), 2);
    cr_assert_eq(roster_keys(&roster, "file"), 1);
    cr_assert(roster_entry_allows(&roster.entries[1], "iolaus-order"));
    cr_assert_not(roster_entry_allows(&roster.entries[1], "iolaus-old"));
    cr_assert_not(roster_entry_allows(&roster.entries[1], "file"));
    roster_close(&roster);
}

Test(order_roster, refusals)
{
    static char many_names[240], long_name[400], rsa[400];
    const struct {
        const char *text, *message;
    } cases[] = {
        {"", "r: the roster holds no key"},
        {"# nobody\n\n", "r: the roster holds no key"},
        {"alice\n", "r:1:6: the key is missing"},
        {"alice \n", "r:1:7: the key is missing"},
        {"alice ssh-ed25519\n", "r:1:18: the key is missing"},
        {"alice namespaces=\"a\"\n", "r:1:21: the key is missing"},
        {"alice " KEY "\r\n", "r:1:87: a roster has no byte 0x0d"},
        {"\xef\xbb\xbf"
         "alice " KEY "\n",
         "r:1:1: a principal is of plain letters"},
        {"\n\"alice\" " KEY "\n", "r:2:1: a principal is of plain letters"},
        {"alice,,bob " KEY "\n", "r:1:7: a principal is missing here"},
        {"alice, " KEY "\n", "r:1:7: a principal is missing here"},
        {",alice " KEY "\n", "r:1:1: a principal is missing here"},
        {"*,!bob " KEY "\n", "r:1:3: `!bob` says whose key this is not"},
        {many_names, "a key has at most 16 principals"},
        {long_name, "r:1:1: a principal has at most 255 characters"},
        {"alice cert-authority " KEY "\n", "r:1:7: `cert-authority` is not accepted"},
        {"alice Cert-Authority,namespaces=\"a\" " KEY "\n", "`Cert-Authority` is not accepted"},
        {"alice no-touch-required " KEY "\n", "is an option of authorized_keys"},
        {"alice verify-required " KEY "\n", "the daemon's configuration can require it"},
        {"alice no-pty " KEY "\n", "r:1:7: `no-pty` is no option, and no type of key"},
        {"alice from=\"10.0.0.1\" " KEY "\n", "r:1:7: `from` is no option"},
        {"alice namespaces=\"a\",no-pty " KEY "\n", "r:1:22: `no-pty` is no option"},
        {"alice namespaces=\"a\", " KEY "\n", "r:1:22: `` is no option"},
        {"alice namespaces " KEY "\n", "r:1:17: the option's value should stand here"},
        {"alice namespaces=a " KEY "\n", "r:1:17: the option's value should stand here"},
        {"alice namespaces=\"a " KEY "\n", "r:1:18: this quotation mark has no second one"},
        {"alice namespaces=\"a\\\"b\" " KEY "\n", "r:1:20: a value cannot hold a backslash"},
        {"alice namespaces=\"a\"x " KEY "\n", "r:1:21: a comma or a blank should stand"},
        {"alice namespaces=\"\" " KEY "\n", "r:1:19: a list of namespaces has"},
        {"alice namespaces=\"a,,b\" " KEY "\n", "a namespace is missing here"},
        {"alice namespaces=\"a,\" " KEY "\n", "a namespace is missing here"},
        {"alice namespaces=\"!\" " KEY "\n", "a namespace is missing here"},
        {"alice namespaces=\"a b\" " KEY "\n", "a namespace is of plain letters"},
        {"alice namespaces=\"a\",namespaces=\"b\" " KEY "\n", "r:1:22: `namespaces` stands twice"},
        {"alice valid-after=\"20260101\" " KEY "\n", "r:1:20: `20260101` has no time zone"},
        {"alice valid-after=\"20260230Z\" " KEY "\n", "r:1:20: `20260230Z` is no time"},
        {"alice valid-after=\"2026010112Z\" " KEY "\n", "is no time"},
        {"alice valid-after=\"2026-01-01Z\" " KEY "\n", "is no time"},
        {"alice valid-after=\"\" " KEY "\n", "is no time"},
        {"alice valid-after=\"Z\" " KEY "\n", "is no time"},
        {"alice valid-after=\"20260102Z\",valid-before=\"20260102Z\" " KEY "\n",
         "r:1:7: the key would be valid before"},
        {"alice ssh-ed25519 AAAA\n", "r:1:19: the key is cut short"},
        {"alice ssh-ed25519 AAA\n", "r:1:19: the key is no canonical base64"},
        {"alice ssh-rsa " KEY "\n", "r:1:7: `ssh-rsa` is no option, and no type of key"},
        {rsa, "r:1:15: keys of type `ssh-rsa` may sign no order; ssh-ed25519"},
        {"alice sk-" KEY "\n", "r:1:7: `sk-ssh-ed25519` is not the type of the key behind it"},
        {"alice " KEY "AAAA\n", "r:1:19: 3 bytes stand behind the key"},
        {"alice " KEY "\nbob x\n", "r:2:6: the key is missing"},
    };

    for (int i = 0; i < 17; i++)
        snprintf(many_names + 2 * i, sizeof many_names - 34, "%s" KEY, i == 16 ? "a " : "a,");
    snprintf(long_name, sizeof long_name, "%0256d %s", 0, KEY);
    snprintf(rsa, sizeof rsa, "alice ssh-rsa %s%0300d\n", RSA_BEGINNING, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error error = {0};
        struct roster roster;

        cr_assert_eq(parse(&roster, cases[i].text, &error), ERROR_INPUT, "%s", cases[i].text);
        cr_assert(strstr(error.message, cases[i].message) != NULL, "%s\nsaid: %s\nwanted: %s",
                  cases[i].text, error.message, cases[i].message);
        cr_assert_null(roster.entries);
    }
}

Test(order_roster, limits)
{
    static char text[ROSTER_BYTES_MAX + 1];
    struct error error = {0};
    struct roster roster;
    size_t used = 0;

    memset(text, '\n', sizeof text);
    cr_assert_eq(roster_parse(&roster, text, sizeof text, "r", &error), ERROR_INPUT);
    cr_assert(strstr(error.message, "at most 262144") != NULL, "%s", error.message);
    for (int i = 0; i < ROSTER_ENTRIES_MAX; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "a%d %s\n", i, KEY);
    cr_assert_eq(roster_parse(&roster, text, used, "r", &error), 0, "%s", error.message);
    cr_assert_eq(roster.count, ROSTER_ENTRIES_MAX);
    cr_assert_eq(roster_keys(&roster, "iolaus-order"), 1);
    roster_close(&roster);
    used += (size_t)snprintf(text + used, sizeof text - used, "one-more %s\n", KEY);
    cr_assert_eq(roster_parse(&roster, text, used, "r", &error), ERROR_INPUT);
    cr_assert(strstr(error.message, "r:1025:1: a roster has at most 1024 keys"), "%s",
              error.message);
}

/* Without memory it says so at whichever allocation, and leaves nothing to close. */
Test(order_roster, no_memory)
{
    static char text[ROSTER_BYTES_MAX];
    size_t used = 0;
    uint64_t faults = 0;

    for (int i = 0; i < 500; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "a%0200d %s\n", i, KEY);
    for (uint64_t nth = 1;; nth++) {
        struct error error = {0};
        struct roster roster;
        int failed;

        fault_arm(FAULT_ALLOCATE, nth, ENOMEM);
        failed = roster_parse(&roster, text, used, "r", &error);
        fault_disarm();
        if (!fault_came()) {
            cr_assert_eq(failed, 0);
            roster_close(&roster);
            break;
        }
        faults++;
        cr_assert_eq(failed, ERROR_MEMORY, "allocation %llu", (unsigned long long)nth);
        cr_assert_null(roster.entries);
    }
    cr_assert_geq(faults, 3);
}

Test(order_roster, patterns)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"alice", "alice", true},
        {"alice", "alicf", false},
        {"alice", "alic", false},
        {"alic", "alice", false},
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "anything", true},
        {"**", "a", true},
        {"?", "", false},
        {"?", "a", true},
        {"a?c", "abc", true},
        {"a*c", "ac", true},
        {"a*c", "abbbc", true},
        {"a*c", "abbb", false},
        {"*@example.com", "a@example.com", true},
        {"*@example.com", "a@example.org", false},
        {"*aab", "aaaab", true},
        {"*a*b*c*", "xaybzc", true},
        {"*a*b*c*", "xaycz", false},
        {"[ab]", "a", false},
        {"A", "a", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(roster_pattern_matches(cases[i].pattern, cases[i].text), cases[i].matches,
                     "%s %s", cases[i].pattern, cases[i].text);
}

Test(order_roster, namespaces)
{
    static const struct {
        const char *list, *namespace;
        bool allowed;
    } cases[] = {
        {NULL, "iolaus-order", true},
        {"iolaus-order", "iolaus-order", true},
        {"git,iolaus-order", "iolaus-order", true},
        {"git", "iolaus-order", false},
        {"iolaus-*", "iolaus-order", true},
        {"*,!iolaus-order", "iolaus-order", false},
        {"!iolaus-order,*", "iolaus-order", false},
        {"!git", "iolaus-order", false},
        {"!git,*", "iolaus-order", true},
        {"iolaus-orders", "iolaus-order", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(roster_entry_allows(&(struct roster_entry){.namespaces = cases[i].list},
                                         cases[i].namespace),
                     cases[i].allowed, "%s", cases[i].list);
}

/* All patterns of up to four of `a`, `b`, `?`, `*`, by trying every text of up to six letters. */
Test(order_roster, names_meet)
{
    static char patterns[341][5], texts[127][7];
    static bool matches[341][127];
    size_t pattern_count = 0, text_count = 0;
    uint32_t together = 0;

    for (int length = 0; length <= 4; length++)
        for (int number = 0; number < 1 << 2 * length; number++, pattern_count++)
            for (int at = 0; at < length; at++)
                patterns[pattern_count][at] = "ab?*"[number >> 2 * at & 3];
    for (int length = 0; length <= 6; length++)
        for (int number = 0; number < 1 << length; number++, text_count++)
            for (int at = 0; at < length; at++)
                texts[text_count][at] = "ab"[number >> at & 1];
    cr_assert_eq(pattern_count, 341);
    cr_assert_eq(text_count, 127);
    for (size_t i = 0; i < pattern_count; i++)
        for (size_t j = 0; j < text_count; j++)
            matches[i][j] = roster_pattern_matches(patterns[i], texts[j]);
    for (size_t i = 0; i < pattern_count; i++)
        for (size_t j = 0; j < pattern_count; j++) {
            bool meet = false;

            for (size_t k = 0; !meet && k < text_count; k++)
                meet = matches[i][k] && matches[j][k];
            together += meet;
            cr_assert_eq(roster_names_meet(patterns[i], patterns[j]), meet, "%s and %s",
                         patterns[i], patterns[j]);
        }
    cr_assert_gt(together, 1000);
}
