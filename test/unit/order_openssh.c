/*
 * The goal: OpenSSH and we say the same of the same files. What `ssh-keygen -Y sign` makes is
 * accepted here, what is made here is accepted by `ssh-keygen -Y verify`, and over a table of
 * rosters, times, namespaces, hashes and alterations both agree; where they do not, the difference
 * is one that roster.h and sshsig.h tell, and stands in a table of its own. Needs ssh-keygen, of
 * OpenSSH 8.9 or later. No hardware: a security key's signature is made in software, and OpenSSH
 * takes it as one.
 */
#include <criterion/criterion.h>

#include "lib/ssh_forge.h"
#include "order/authority.h"

#include <fcntl.h>
#include <sodium.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOON INT64_C(1795258800) /* 2026-11-21T11:00:00Z */

static char folder[64];

static const char *place(const char *name)
{
    static char paths[8][128];
    static int next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void file_write(const char *name, const char *bytes, size_t size)
{
    FILE *file = fopen(place(name), "we");

    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}

static size_t file_read(const char *name, char *bytes, size_t room)
{
    FILE *file = fopen(place(name), "re");
    size_t size;

    cr_assert_not_null(file, "%s", name);
    size = fread(bytes, 1, room - 1, file);
    fclose(file);
    bytes[size] = '\0';
    return size;
}

/* Runs ssh-keygen with `input` on its standard input and gives its exit status; 127: there is none.
 * What it prints goes to the files `out` and `err`. */
static int keygen(const char *input, const char *const *arguments)
{
    char *argv[24] = {(char *)"ssh-keygen"};
    posix_spawn_file_actions_t actions;
    int status = -1, failed;
    pid_t pid;

    for (int i = 0; arguments[i] != NULL; i++)
        argv[i + 1] = (char *)arguments[i];
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, input == NULL ? "/dev/null" : place(input),
                                     O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, place("out"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&actions, 2, place("err"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    failed = posix_spawnp(&pid, "ssh-keygen", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0)
        return 127;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

#define KEYGEN(input, ...) keygen(input, (const char *const[]){__VA_ARGS__, NULL})

static void begin(void)
{
    cr_assert(sodium_init() >= 0);
    /* Times without a zone mean what this machine says; ours carry one. */
    setenv("TZ", "Asia/Kathmandu", 1);
    snprintf(folder, sizeof folder, "/tmp/iolaus-openssh-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    if (KEYGEN(NULL, "-q", "-t", "ed25519", "-N", "", "-C", "a comment", "-f", place("alice")) ==
        127)
        cr_skip_test("no ssh-keygen");
    cr_assert_eq(KEYGEN(NULL, "-q", "-t", "ed25519", "-N", "", "-f", place("bob")), 0);
}

static void end(void)
{
    static const char *const names[] = {"alice", "alice.pub", "bob",       "bob.pub",  "order",
                                        "sig",   "roster",    "out",       "err",      "rsa",
                                        "ecdsa", "rsa.pub",   "ecdsa.pub", "order.sig"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(place(names[i]));
    rmdir(folder);
}

TestSuite(order_openssh, .init = begin, .fini = end, .timeout = 200);

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

static size_t order_write(char text[ORDER_TEXT_BYTES])
{
    const struct order order = {.verb = ORDER_STOP,
                                .protocol = ORDER_PROTOCOL_CAUTERIZE,
                                .target = "camera-3",
                                .range = "any",
                                .issued_s = NOON,
                                .expires_s = NOON + 3600,
                                .nonce = {1}};
    size_t size = order_print(&order, text);

    file_write("order", text, size);
    return size;
}

/* What we say of the files order, sig and roster at that time. */
static enum authority_reason ours(int64_t now, char message[640])
{
    static const struct authority_rules rules = AUTHORITY_DEFAULTS;
    static struct authority_decision decision;
    static char order[8192], sig[8192], text[65536];
    struct authority_signature signature = {sig, file_read("sig", sig, sizeof sig), "sig"};
    struct authority_request request = {.order = order,
                                        .size = file_read("order", order, sizeof order),
                                        .name = "order",
                                        .signatures = &signature,
                                        .signature_count = 1,
                                        .range = "any",
                                        .now_s = now,
                                        .seen = never_seen,
                                        .accepted = nothing_accepted};
    struct error error = {0};
    struct roster roster;

    if (roster_parse(&roster, text, file_read("roster", text, sizeof text), "roster", &error) !=
        0) {
        snprintf(message, 640, "%.600s", error.message);
        return REFUSED_UNKNOWN_KEY;
    }
    authority_decide(&rules, &roster, &request, &decision);
    roster_close(&roster);
    snprintf(message, 640, "%s", decision.message);
    return decision.reason;
}

/* Whether ssh-keygen accepts them as alice's. `time` is as it takes it. */
static bool theirs(const char *time)
{
    char option[64];

    snprintf(option, sizeof option, "verify-time=%s", time);
    return KEYGEN("order", "-Y", "verify", "-n", ORDER_NAMESPACE, "-I", "alice", "-f",
                  place("roster"), "-s", place("sig"), "-O", option) == 0;
}

/* `%a` and `%b` stand for the public keys of alice and bob, `%s` for the security key. */
static void roster_write(const char *lines)
{
    static char text[8192], key[FORGE_TEXT_BYTES];
    struct forge forge;
    size_t used = 0;

    for (const char *at = lines; *at != '\0'; at++) {
        if (*at != '%') {
            text[used++] = *at;
            continue;
        }
        at++;
        if (*at == 's') {
            forge = forge_key(9, true);
            forge_public(&forge, key);
        } else {
            file_read(*at == 'a' ? "alice.pub" : "bob.pub", key, sizeof key);
            key[strcspn(key, "\n")] = '\0';
        }
        used += (size_t)snprintf(text + used, sizeof text - used, "%s", key);
    }
    file_write("roster", text, used);
}

static void sign(const char *key, const char *namespace, const char *hash)
{
    char text[8192], option[64];

    snprintf(option, sizeof option, "hashalg=%s", hash);
    cr_assert_eq(KEYGEN("order", "-Y", "sign", "-n", namespace, "-O", option, "-f", place(key)), 0);
    file_write("sig", text, file_read("out", text, sizeof text));
}

struct agreement {
    const char *roster;
    const char *key, *namespace, *hash; /* NULL: alice, iolaus-order, sha512 */
    int64_t now;                        /* after NOON */
    bool altered;                       /* the order, behind the signature */
    enum authority_reason reason;
};

static void agree(const struct agreement *given)
{
    char time[32], text[ORDER_TEXT_BYTES], message[640];
    enum authority_reason reason;
    size_t size = order_write(text);
    time_t now = (time_t)(NOON + given->now);
    struct tm parts;

    roster_write(given->roster);
    sign(given->key == NULL ? "alice" : given->key,
         given->namespace == NULL ? ORDER_NAMESPACE : given->namespace,
         given->hash == NULL ? "sha512" : given->hash);
    if (given->altered) {
        text[size - 2] = text[size - 2] == '0' ? '1' : '0';
        file_write("order", text, size);
    }
    gmtime_r(&now, &parts);
    strftime(time, sizeof time, "%Y%m%d%H%M%SZ", &parts);
    reason = ours(now, message);
    cr_assert_str_eq(authority_reason_word(reason), authority_reason_word(given->reason), "%s\n%s",
                     given->roster, message);
    cr_assert_eq(theirs(time), reason == AUTHORITY_ACCEPTED, "%s\nwe say: %s", given->roster,
                 message);
}

Test(order_openssh, both_agree)
{
    static const struct agreement cases[] = {
        {.roster = "alice %a\n"},
        {.roster = "alice %a\n", .hash = "sha256"},
        {.roster = "# comment\n\n  alice\t%a\n"},
        {.roster = "bob %b\nalice %a"},
        {.roster = "bob,alice %a\n"},
        {.roster = "al?ce %a\n"},
        {.roster = "*ic* %a\n"},
        {.roster = "alice namespaces=\"iolaus-order\" %a\n"},
        {.roster = "alice namespaces=\"git,iolaus-*\" %a\n"},
        {.roster = "alice NAMESPACES=\"*,!git\",Valid-After=\"20200101Z\" %a\n"},
        {.roster = "alice namespaces=\"git\" %a\n", .reason = REFUSED_NAMESPACE},
        {.roster = "alice namespaces=\"*,!iolaus-order\" %a\n", .reason = REFUSED_NAMESPACE},
        {.roster = "alice namespaces=\"!git\" %a\n", .reason = REFUSED_NAMESPACE},
        {.roster = "alice namespaces=\"git\" %a\nalice %a\n"},
        {.roster = "alice %a\n", .namespace = "file", .reason = REFUSED_NAMESPACE},
        {.roster = "alice %a\n", .altered = true, .reason = REFUSED_ALTERED},
        {.roster = "alice %a\n", .key = "bob", .reason = REFUSED_UNKNOWN_KEY},
        {.roster = "alice %b\n", .reason = REFUSED_UNKNOWN_KEY},
        {.roster = "alice %s\n", .reason = REFUSED_UNKNOWN_KEY},
        {.roster = "alice %a\nalice %b\n", .key = "bob"},
        {.roster = "alice valid-after=\"20261121Z\" %a\n"},
        {.roster = "alice valid-after=\"20261122Z\" %a\n", .reason = REFUSED_KEY_NOT_YET},
        {.roster = "alice valid-before=\"20261122Z\" %a\n"},
        {.roster = "alice valid-before=\"20261121Z\" %a\n", .reason = REFUSED_KEY_EXPIRED},
        {.roster = "alice valid-after=\"20261121110100Z\" %a\n",
         .now = 59,
         .reason = REFUSED_KEY_NOT_YET},
        {.roster = "alice valid-after=\"20261121110100Z\" %a\n", .now = 60},
        {.roster = "alice valid-before=\"202611211101Z\" %a\n", .now = 60},
        {.roster = "alice valid-before=\"202611211101Z\" %a\n",
         .now = 61,
         .reason = REFUSED_KEY_EXPIRED},
        {.roster = "alice valid-before=\"20200101Z\" %a\nalice %a\n"},
        /* Rosters that neither reads. */
        {.roster = "alice no-touch-required %a\n", .reason = REFUSED_UNKNOWN_KEY},
        {.roster = "alice verify-required %a\n", .reason = REFUSED_UNKNOWN_KEY},
        {.roster = "alice scope=\"camera-*\" %a\n", .reason = REFUSED_UNKNOWN_KEY},
        {.roster = "alice namespaces=iolaus-order %a\n", .reason = REFUSED_UNKNOWN_KEY},
        {.roster = "alice namespaces=\"iolaus-order\",namespaces=\"a\" %a\n",
         .reason = REFUSED_UNKNOWN_KEY},
        {.roster = "alice valid-after=\"2026\" %a\n", .reason = REFUSED_UNKNOWN_KEY},
        {.roster = "alice valid-after=\"20261121Z\",valid-before=\"20261121Z\" %a\n",
         .reason = REFUSED_UNKNOWN_KEY},
        {.roster = "alice\n", .reason = REFUSED_UNKNOWN_KEY},
        {.roster = "alice cert-authority %a\n", .reason = REFUSED_UNKNOWN_KEY},
        {.roster = "# nobody\n", .reason = REFUSED_UNKNOWN_KEY},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        agree(&cases[i]);
}

/* What ssh-keygen takes and we refuse, each for the reason that the headers give. */
Test(order_openssh, we_are_stricter)
{
    static const struct {
        const char *roster, *message;
    } cases[] = {
        {"!bob,* %a\n", "says whose key this is not"},
        {"alice valid-after=\"20200101\" %a\n", "has no time zone"},
        {"alice cert-authority %b\nalice %a\n", "is not accepted"},
    };
    char text[ORDER_TEXT_BYTES], message[640];

    order_write(text);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        roster_write(cases[i].roster);
        sign("alice", ORDER_NAMESPACE, "sha512");
        cr_assert(theirs("20261121110000Z"), "%s", cases[i].roster);
        cr_assert_neq(ours(NOON, message), AUTHORITY_ACCEPTED);
        cr_assert(strstr(message, cases[i].message) != NULL, "%s", message);
    }
}

Test(order_openssh, other_types_of_keys)
{
    static const char *const types[] = {"rsa", "ecdsa"};
    char text[ORDER_TEXT_BYTES], message[640], line[4096], roster[8192];

    order_write(text);
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(KEYGEN(NULL, "-q", "-t", types[i], "-N", "", "-f", place(types[i])), 0);
        sign(types[i], ORDER_NAMESPACE, "sha512");
        snprintf(roster, sizeof roster, "%s.pub", types[i]);
        file_read(roster, line, sizeof line);
        file_write("roster", roster, (size_t)snprintf(roster, sizeof roster, "alice %s", line));
        cr_assert(theirs("20261121110000Z"));
        /* In the roster, and in the signature. */
        ours(NOON, message);
        cr_assert(strstr(message, "roster:1:") != NULL, "%s", message);
        cr_assert(strstr(message, "may sign no order") != NULL, "%s", message);
        roster_write("alice %a\n");
        cr_assert_eq(ours(NOON, message), REFUSED_SIGNATURE, "%s", message);
        cr_assert(strstr(message, "sig:2:1: keys of type `") != NULL, "%s", message);
    }
}

/* The other way: made here, and verified there; with each of the two hashes, and as OpenSSH or
 * PROTOCOL.sshsig breaks the lines. */
Test(order_openssh, made_here_and_verified_there)
{
    char text[ORDER_TEXT_BYTES], message[640], made[FORGE_TEXT_BYTES], line[FORGE_TEXT_BYTES],
        roster[FORGE_TEXT_BYTES + 16];
    size_t size = order_write(text);

    for (int i = 0; i < 8; i++) {
        struct forge forge = forge_key(9, i & 1);

        forge.hash = (i & 2) != 0 ? "sha256" : "sha512";
        forge.line = (i & 4) != 0 ? 76 : 70;
        forge_public(&forge, line);
        file_write("roster", roster, (size_t)snprintf(roster, sizeof roster, "alice %s\n", line));
        file_write("sig", made, forge_sign(&forge, text, size, made));
        cr_assert(theirs("20261121110000Z"), "case %d", i);
        cr_assert_eq(ours(NOON, message), AUTHORITY_ACCEPTED, "%s", message);
        /* The innermost signature altered: neither takes it. */
        forge.secret_key[0] ^= 1;
        file_write("sig", made, forge_sign(&forge, text, size, made));
        cr_assert_not(theirs("20261121110000Z"), "case %d", i);
        cr_assert_eq(ours(NOON, message), REFUSED_ALTERED, "%s", message);
    }
}

/* Security keys: any flags, counter and application that are signed verify there. Here a touch is
 * required, which ssh-keygen leaves to the reader. */
Test(order_openssh, security_keys)
{
    static const struct {
        uint8_t flags;
        uint32_t counter;
        enum authority_reason reason;
    } cases[] = {
        {SSHSIG_USER_PRESENT, 0, AUTHORITY_ACCEPTED},
        {SSHSIG_USER_PRESENT | SSHSIG_USER_VERIFIED, 0xffffffff, AUTHORITY_ACCEPTED},
        {SSHSIG_USER_VERIFIED, 1, REFUSED_PRESENCE},
        {0, 1, REFUSED_PRESENCE},
    };
    char text[ORDER_TEXT_BYTES], message[640], made[FORGE_TEXT_BYTES];
    size_t size = order_write(text);

    roster_write("alice %s\n");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct forge forge = forge_key(9, true);

        forge.flags = cases[i].flags;
        forge.counter = cases[i].counter;
        file_write("sig", made, forge_sign(&forge, text, size, made));
        cr_assert(theirs("20261121110000Z"), "case %zu", i);
        cr_assert_eq(ours(NOON, message), cases[i].reason, "case %zu: %s", i, message);
        forge.application = "ssh:other";
        file_write("sig", made, forge_sign(&forge, text, size, made));
        cr_assert_not(theirs("20261121110000Z"), "case %zu", i);
        cr_assert_eq(ours(NOON, message), REFUSED_UNKNOWN_KEY, "case %zu: %s", i, message);
    }
}

/* `ssh-keygen -l` and we call a key by the same name. */
Test(order_openssh, fingerprints)
{
    char text[4096], fingerprint[SSH_FINGERPRINT_BYTES];
    struct roster roster;

    roster_write("alice %a\nbob %b\ncarol %s\n");
    cr_assert_eq(roster_parse(&roster, text, file_read("roster", text, sizeof text), "r", NULL), 0);
    cr_assert_eq(KEYGEN(NULL, "-l", "-f", place("alice.pub")), 0);
    file_read("out", text, sizeof text);
    ssh_key_fingerprint(&roster.entries[0].key, fingerprint);
    cr_assert(strstr(text, fingerprint) != NULL, "%s is not in %s", fingerprint, text);
    roster_close(&roster);
}
