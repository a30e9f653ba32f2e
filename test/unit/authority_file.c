/*
 * The daemon's configuration of who may give orders: what it says is what the rules become, and
 * what cannot be meant is refused with its place.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ssh_forge.h"
#include "order/sshsig.h"
#include "order/sshsig_make.h"
#include "scenario/authority.h"

static char folder[64];

static void write_file(const char *name, const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "we");
    cr_assert_not_null(file);
    fputs(text, file);
    cr_assert_eq(fclose(file), 0);
}

/* A folder with a roster of as many persons as that. */
static void scene(unsigned persons)
{
    static const char *const names[] = {"alice", "bob", "carol"};
    char text[3 * FORGE_TEXT_BYTES] = "";

    cr_assert_geq(sodium_init(), 0);
    strcpy(folder, "/tmp/iolaus-authority-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    for (unsigned i = 0; i < persons; i++) {
        struct forge forge = forge_key(i + 1, false);
        char key[FORGE_TEXT_BYTES];

        forge_public(&forge, key);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s %s\n", names[i], key);
    }
    write_file("roster", text);
}

static void clear(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -r '%s'", folder);
    cr_assert_eq(system(command), 0);
}

static int open_text(struct authority_file *file, const char *text, struct error *error)
{
    char path[128];

    write_file("authority.yaml", text);
    snprintf(path, sizeof path, "%s/authority.yaml", folder);
    return authority_file_open(file, path, NULL, error);
}

Test(authority_file, becomes_rules)
{
    struct authority_file file;
    struct error error = {0};

    scene(3);
    cr_assert_eq(open_text(&file,
                           "roster: roster\nstop_min: 2\npermit_min: 3\nlifetime: 1h\nahead: 5s\n"
                           "scope: {alice: any, bob: [camera-*, 'group:doors'], carol: hall}\n",
                           &error),
                 0, "%s", error.message);
    cr_expect_eq(file.roster.count, 3);
    cr_expect_eq(file.rules.stop_min, 2);
    cr_expect_eq(file.rules.permit_min, 3);
    cr_expect_eq(file.rules.lifetime_s_max, 3600);
    cr_expect_eq(file.rules.ahead_s_max, 5);
    cr_expect_not(file.rules.pin_required);
    cr_assert_eq(file.rules.scope_count, 3);
    cr_expect_str_eq(file.rules.scopes[0].name, "alice");
    cr_expect_str_eq(file.rules.scopes[0].targets[0], "any");
    cr_assert_eq(file.rules.scopes[1].target_count, 2);
    cr_expect_str_eq(file.rules.scopes[1].targets[1], "group:doors");
    cr_expect_str_eq(file.rules.scopes[2].targets[0], "hall");
    authority_file_close(&file);
    clear();
}

Test(authority_file, a_roster_alone_takes_the_defaults)
{
    struct authority_file file;
    struct error error = {0};
    char path[128];

    scene(1);
    snprintf(path, sizeof path, "%s/roster", folder);
    cr_assert_eq(authority_file_open(&file, NULL, path, &error), 0, "%s", error.message);
    cr_expect_eq(authority_needed(&file.rules, &file.roster, ORDER_STOP), 1);
    cr_expect_eq(authority_needed(&file.rules, &file.roster, ORDER_PERMIT), 1);
    authority_file_close(&file);
    clear();
    scene(2);
    snprintf(path, sizeof path, "%s/roster", folder);
    cr_assert_eq(authority_file_open(&file, NULL, path, &error), 0, "%s", error.message);
    cr_expect_eq(authority_needed(&file.rules, &file.roster, ORDER_PERMIT), 2);
    cr_expect_eq(file.rules.lifetime_s_max, AUTHORITY_LIFETIME_S);
    authority_file_close(&file);
    clear();
}

struct refusal {
    char text[160], words[80];
};

ParameterizedTestParameters(authority_file, refuses)
{
    static struct refusal list[] = {
        {"stop_min: 1\n", "`roster`, the file of those who may sign, is missing"},
        {"roster: nowhere\n", "/nowhere: cannot be opened"},
        {"roster: roster\nstop_max: 1\n", "authority.yaml:2:1: unknown key `stop_max`"},
        {"roster: roster\nstop_min: 0\n", "authority.yaml:2:11: stop_min"},
        {"roster: roster\nstop_min: 3\n", "authority.yaml: "},
        {"roster: roster\nscope: any\n", "authority.yaml:2:8: scope: a mapping"},
        {"roster: roster\nscope: {}\n", "authority.yaml:2:8: scope: 1 to"},
        {"roster: roster\nscope: {alice: []}\n", "authority.yaml:2:16: scope: `any`, or a list"},
        {"roster: roster\nscope: {alice: [[x]]}\n", "authority.yaml:2:17: scope: a target"},
        {"roster: roster\nscope: {alice: any, alice: hall}\n", "authority.yaml:2:"},
        {"roster: roster\nscope: {mallory: any}\n", "mallory"},
        {"roster: roster\nlifetime: never\n", "authority.yaml:2:11: lifetime"},
    };

    return cr_make_param_array(struct refusal, list, sizeof list / sizeof list[0]);
}

ParameterizedTest(struct refusal *refusal, authority_file, refuses)
{
    struct authority_file file;
    struct error error = {0};

    scene(2);
    cr_expect_eq(open_text(&file, refusal->text, &error), ERROR_INPUT);
    cr_expect_not_null(strstr(error.message, refusal->words), "%s", error.message);
    clear();
}

/* The signatures of a drill's own key: the reader takes them, and OpenSSH's rules hold for them. */
Test(sshsig_make, is_read_and_verified)
{
    struct sshsig_secret secret, other;
    struct sshsig signature;
    struct roster roster;
    struct error error = {0};
    char text[SSHSIG_MADE_TEXT], line[SSHSIG_KEY_TEXT + 16], key[SSHSIG_KEY_TEXT];
    const char words[] = "iolaus-order/v1\n";

    cr_assert_geq(sodium_init(), 0);
    sshsig_key_make(&secret);
    sshsig_key_make(&other);
    for (size_t size = 0; size < sizeof words; size++) {
        size_t length = sshsig_make(&secret, "iolaus-order", words, size, text);

        cr_assert_eq(sshsig_parse(&signature, text, length, "made", &error), 0, "%s",
                     error.message);
        cr_expect_str_eq(signature.namespace, "iolaus-order");
        cr_expect(ssh_key_same(&signature.key, &secret.key));
        cr_expect_not(ssh_key_same(&signature.key, &other.key));
        cr_expect(sshsig_verify(&signature, words, size));
        cr_expect_not(sshsig_verify(&signature, words, size + 1));
    }
    sshsig_key_text(&secret, key);
    snprintf(line, sizeof line, "range %s\n", key);
    cr_assert_eq(roster_parse(&roster, line, strlen(line), "roster", &error), 0, "%s",
                 error.message);
    cr_expect(ssh_key_same(&roster.entries[0].key, &secret.key));
    roster_close(&roster);
    sshsig_key_wipe(&secret);
    cr_expect_eq(secret.secret[0] | secret.secret[63] | secret.key.bytes[0], 0);
}

/* The forger of the tests is written apart from what makes a drill's signatures: both must agree.
 */
Test(sshsig_make, agrees_with_the_forger)
{
    struct forge forge = forge_key(7, false);
    struct sshsig_secret secret = {.key = {.type = SSH_ED25519}};
    char made[SSHSIG_MADE_TEXT], forged[FORGE_TEXT_BYTES];

    memcpy(secret.secret, forge.secret_key, sizeof secret.secret);
    memcpy(secret.key.bytes, forge.public_key, sizeof secret.key.bytes);
    sshsig_make(&secret, "iolaus-order", "stop", 4, made);
    forge_sign(&forge, "stop", 4, forged);
    cr_expect_str_eq(made, forged);
}
