/*
 * The goal: a signature that OpenSSH made is verified, and nothing else is. What OpenSSH itself
 * says of the same files is in order_openssh.c; who signed is not asked here.
 */
#include <criterion/criterion.h>

#include "lib/ssh_forge.h"
#include "order/sshsig.h"

#include <sodium.h>
#include <string.h>

static void start(void)
{
    cr_assert(sodium_init() >= 0);
}

TestSuite(order_sshsig, .init = start);

static const char MESSAGE[] = "This is a test, this is only a test";

/* From OpenSSH's own tests, regress/unittests/sshsig/testdata: ed25519.sig and ed25519_sk.sig, made
 * over the file signed-data in the namespace `unittest`. The second comes from a real security key.
 */
static const char OPENSSH_ED25519[] =
    "-----BEGIN SSH SIGNATURE-----\n"
    "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgiWLNIg3cNBXvxU82NW+/COB/4/\n"
    "keps9gJi7cE4x2MAQAAAAIdW5pdHRlc3QAAAAAAAAABnNoYTUxMgAAAFMAAAALc3NoLWVk\n"
    "MjU1MTkAAABAihQsbUzuNEFflk5Tw1+H9aLS7tZQk0RG8KW1DtOmDYYnWe3D3UKiG3fcJa\n"
    "DNg4vBWp1j1gLRiBMOF+gwYNegDg==\n"
    "-----END SSH SIGNATURE-----\n";
static const char OPENSSH_ED25519_SK[] =
    "-----BEGIN SSH SIGNATURE-----\n"
    "U1NIU0lHAAAAAQAAAEoAAAAac2stc3NoLWVkMjU1MTlAb3BlbnNzaC5jb20AAAAgmxoNhd\n"
    "Biu5zpuKUJgMgrhhI54b7OatE7Yz23Tf//sscAAAAEc3NoOgAAAAh1bml0dGVzdAAAAAAA\n"
    "AAAGc2hhNTEyAAAAZwAAABpzay1zc2gtZWQyNTUxOUBvcGVuc3NoLmNvbQAAAEAi+7eTjW\n"
    "/+LQ2M+sCD+KFtH1n7VFFJon/SZFsxODyV8cWTlFKj617Ys1Ur5TV6uaEXQhck8rBA2oQI\n"
    "HTPANLIPARI0Vng=\n"
    "-----END SSH SIGNATURE-----\n";
/* And one of a type that is not accepted: ecdsa.sig. */
static const char OPENSSH_ECDSA[] =
    "-----BEGIN SSH SIGNATURE-----\n"
    "U1NIU0lHAAAAAQAAAGgAAAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAAhuaXN0cDI1NgAAAE\n"
    "EE3sud88FV0N8FPspZSV7LWqj6uPPLRZiSsenNuEYAteWPyDgrZsWbLzXBuUJucepaCNuW\n"
    "/QWgHBRbrjWj3ERm3AAAAAh1bml0dGVzdAAAAAAAAAAGc2hhNTEyAAAAZQAAABNlY2RzYS\n"
    "1zaGEyLW5pc3RwMjU2AAAASgAAACEAycVNsTlE+XEZYyYiDxWZlliruf/pPMhEEMR/XLdQ\n"
    "a4MAAAAhALQt+5gES7L3uKGptHB6UZQMuZ2WyI0C6FJs4v6AtMIU\n"
    "-----END SSH SIGNATURE-----\n";

static int parse(struct sshsig *signature, const char *text, struct error *error)
{
    return sshsig_parse(signature, text, strlen(text), "s", error);
}

static bool verifies(const char *text, const char *message)
{
    struct error error = {0};
    struct sshsig signature;

    return parse(&signature, text, &error) == 0 &&
           sshsig_verify(&signature, message, strlen(message));
}

Test(order_sshsig, of_openssh)
{
    struct error error = {0};
    struct sshsig signature;
    char fingerprint[SSH_FINGERPRINT_BYTES];

    cr_assert_eq(parse(&signature, OPENSSH_ED25519, &error), 0, "%s", error.message);
    cr_assert_eq(signature.key.type, SSH_ED25519);
    cr_assert_str_eq(signature.namespace, "unittest");
    cr_assert_eq(signature.hash, SSHSIG_SHA512);
    cr_assert(sshsig_verify(&signature, MESSAGE, strlen(MESSAGE)));
    cr_assert_not(sshsig_verify(&signature, MESSAGE, strlen(MESSAGE) - 1));

    cr_assert_eq(parse(&signature, OPENSSH_ED25519_SK, &error), 0, "%s", error.message);
    cr_assert_eq(signature.key.type, SSH_SK_ED25519);
    cr_assert_str_eq(signature.key.application, "ssh:");
    cr_assert_eq(signature.flags, SSHSIG_USER_PRESENT);
    cr_assert_eq(signature.counter, 0x12345678);
    cr_assert(sshsig_verify(&signature, MESSAGE, strlen(MESSAGE)));
    /* As ssh-keygen prints it. */
    ssh_key_fingerprint(&signature.key, fingerprint);
    cr_assert_str_eq(fingerprint, "SHA256:pbI9wlyrFSsUbp+GTiIAOqNMvoajbF2tHsPMECyrMYU");
    /* What a security key says of itself is signed with the rest. */
    signature.flags |= SSHSIG_USER_VERIFIED;
    cr_assert_not(sshsig_verify(&signature, MESSAGE, strlen(MESSAGE)));
    signature.flags = SSHSIG_USER_PRESENT;
    signature.counter++;
    cr_assert_not(sshsig_verify(&signature, MESSAGE, strlen(MESSAGE)));
    signature.counter--;
    signature.key.application[0] = 'x';
    cr_assert_not(sshsig_verify(&signature, MESSAGE, strlen(MESSAGE)));

    cr_assert_eq(parse(&signature, OPENSSH_ECDSA, &error), ERROR_INPUT);
    cr_assert(strstr(error.message, "s:2:1: keys of type `ecdsa-sha2-nistp256` may sign no order"),
              "%s", error.message);
}

Test(order_sshsig, both_hashes_both_types)
{
    for (int i = 0; i < 4; i++) {
        struct forge forge = forge_key(1, i / 2);
        char text[FORGE_TEXT_BYTES];

        forge.hash = i % 2 ? "sha256" : "sha512";
        forge_sign(&forge, MESSAGE, strlen(MESSAGE), text);
        cr_assert(verifies(text, MESSAGE), "%s", text);
        cr_assert_not(verifies(text, "This is a test, this is only a tes!"));
        /* 76 characters, as PROTOCOL.sshsig says, and few. */
        forge.line = 76;
        forge_sign(&forge, MESSAGE, strlen(MESSAGE), text);
        cr_assert(verifies(text, MESSAGE));
        forge.line = 7;
        forge_sign(&forge, MESSAGE, strlen(MESSAGE), text);
        cr_assert(verifies(text, MESSAGE));
    }
}

/* Each part made wrong, and what is said of it. */
Test(order_sshsig, refusals_of_what_is_encoded)
{
    static char long_name[200];
    const struct {
        struct forge change;
        const char *message;
    } cases[] = {
        {{.magic = "SSHSIH"}, "s:2:1: what it encodes is no SSH signature"},
        {{.version = 2}, "s:2:1: signatures of version 2 are not known"},
        {{.type = "ssh-rsa"}, "keys of type `ssh-rsa` may sign no order"},
        {{.type = "ssh-ed25519-cert-v01@openssh.com"},
         "keys of type `ssh-ed25519-cert-v01@openssh.com` may"},
        {{.type = "a\nb"}, "the key has no type that can be read"},
        {{.type = "sk-ssh-ed25519@openssh.com"}, "the key is cut short"},
        {{.signature_type = "sk-ssh-ed25519@openssh.com"},
         "a key of type ssh-ed25519 has a signature of another type"},
        {{.namespace = ""}, "its namespace should have"},
        {{.namespace = "a\tb"}, "its namespace should have"},
        {{.namespace = long_name}, "its namespace should have"},
        {{.reserved = "x"}, "its reserved field should be empty"},
        {{.hash = "sha1"}, "the hash `sha1` is not accepted; sha256 and sha512 are"},
        {{.sk = true, .application = long_name}, "a security key's application has"},
        {{.sk = true, .application = ""}, "a security key's application has"},
        {{.sk = true, .type = "ssh-ed25519"}, "8 bytes stand behind the key"},
        {{.sk = true, .signature_type = "ssh-ed25519"}, "has a signature of another type"},
        {{.line = 77}, "s:2:77: a signature's lines have at most 76 characters"},
    };

    memset(long_name, 'n', sizeof long_name - 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct forge *change = &cases[i].change;
        struct forge forge = forge_key(1, change->sk);
        struct error error = {0};
        struct sshsig signature;
        char text[FORGE_TEXT_BYTES];

#define CHANGE(field) forge.field = change->field ? change->field : forge.field
        CHANGE(magic);
        CHANGE(version);
        CHANGE(type);
        CHANGE(signature_type);
        CHANGE(namespace);
        CHANGE(reserved);
        CHANGE(hash);
        CHANGE(application);
        CHANGE(line);
        forge_sign(&forge, MESSAGE, strlen(MESSAGE), text);
        cr_assert_eq(parse(&signature, text, &error), ERROR_INPUT, "case %zu", i);
        cr_assert(strstr(error.message, cases[i].message) != NULL, "case %zu: %s", i,
                  error.message);
    }
}

#define BEGIN "-----BEGIN SSH SIGNATURE-----\n"
#define END "-----END SSH SIGNATURE-----"

Test(order_sshsig, refusals_of_the_armour)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "s:1:1: this is no signature"},
        {" " BEGIN, "s:1:1: this is no signature"},
        {"-----BEGIN SSH SIGNATURE-----\r\n", "s:1:1: this is no signature"},
        {BEGIN, "s:2:1: the signature ends without"},
        {BEGIN "U1NI", "s:2:5: the signature ends without"},
        {BEGIN END "\n", "s:2:1: this is no canonical base64"},
        {BEGIN "U1NI U0lH\n" END "\n", "s:2:5: this is no base64"},
        {BEGIN "U1NI\n\nU0lH\n" END "\n", "s:3:1: an empty line"},
        {BEGIN "U1NI\r\n" END "\n", "s:2:5: this is no base64"},
        {BEGIN "U1NIU0l\n" END "\n", "s:2:1: this is no canonical base64"},
        {BEGIN "U1NIU0lHAB==\n" END "\n", "s:2:1: this is no canonical base64"},
        {BEGIN "U1NIU0lHAA\n" END "\n", "s:2:1: this is no canonical base64"},
        {BEGIN "U1NIU0lHAA===\n" END "\n", "s:2:1: this is no canonical base64"},
        {BEGIN "U1NI=U0l\n" END "\n", "s:2:1: this is no canonical base64"},
        {BEGIN "U1NI\n-----END\n", "s:3:1: `-----END SSH SIGNATURE-----` should stand"},
        {BEGIN "U1NI" END "\n", "s:2:5: this is no base64"},
        {BEGIN "U1NI\n" END "\nx", "s:3:28: something stands behind"},
        {BEGIN "U1NI\n" END "\n\n", "s:3:28: something stands behind"},
        {BEGIN "U1NIU0lH\n" END "\n", "s:2:1: what it encodes is no SSH signature"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error error = {0};
        struct sshsig signature;

        cr_assert_eq(parse(&signature, cases[i].text, &error), ERROR_INPUT, "%s", cases[i].text);
        cr_assert(strstr(error.message, cases[i].message) != NULL, "%s\nsaid: %s\nwanted: %s",
                  cases[i].text, error.message, cases[i].message);
    }
}

/* The last newline may be missing, and nothing else. */
Test(order_sshsig, no_last_newline)
{
    size_t length = strlen(OPENSSH_ED25519);
    struct sshsig signature;

    cr_assert_eq(sshsig_parse(&signature, OPENSSH_ED25519, length - 1, "s", NULL), 0);
    for (size_t size = 0; size < length - 1; size++)
        cr_assert_eq(sshsig_parse(&signature, OPENSSH_ED25519, size, "s", NULL), ERROR_INPUT);
}

Test(order_sshsig, too_long)
{
    static char text[SSHSIG_BYTES_MAX + 1];
    struct error error = {0};
    struct sshsig signature;

    memset(text, 'A', sizeof text);
    cr_assert_eq(sshsig_parse(&signature, text, sizeof text, "s", &error), ERROR_INPUT);
    cr_assert(strstr(error.message, "at most 8192") != NULL, "%s", error.message);
}

/* What is encoded, cut short at each byte: the armour's own checks do not help here. */
Test(order_sshsig, cut_short)
{
    struct forge forge = forge_key(2, true);
    unsigned char blob[1024];
    char text[FORGE_TEXT_BYTES], letters[FORGE_TEXT_BYTES];
    size_t size, length = 0;
    struct sshsig signature;

    forge_sign(&forge, MESSAGE, strlen(MESSAGE), text);
    for (const char *at = strchr(text, '\n') + 1; *at != '-'; at++)
        if (*at != '\n')
            letters[length++] = *at;
    cr_assert(ssh_base64_read(letters, length, blob, sizeof blob, &size));
    for (size_t cut = 0; cut < size; cut++) {
        forge_armour(blob, cut, 70, text);
        cr_assert_eq(parse(&signature, text, NULL), ERROR_INPUT, "%zu bytes", cut);
    }
    blob[size] = 0;
    forge_armour(blob, size + 1, 70, text);
    cr_assert_eq(parse(&signature, text, NULL), ERROR_INPUT);
}

/* Every other byte at every place of the text is refused, for both types: a signature has one
 * content, and that holds for one message. A line's end alone may stand elsewhere, where moving it
 * leaves the letters as they are; that needs two changes. */
Test(order_sshsig, every_change_is_found)
{
    for (int sk = 0; sk < 2; sk++) {
        struct forge forge = forge_key(3, sk);
        char text[FORGE_TEXT_BYTES];
        size_t length = forge_sign(&forge, MESSAGE, strlen(MESSAGE), text);

        cr_assert(verifies(text, MESSAGE));
        for (size_t at = 0; at < length; at++) {
            char kept = text[at];

            for (int byte = 1; byte < 256; byte++) {
                text[at] = (char)byte;
                cr_assert(text[at] == kept || !verifies(text, MESSAGE), "byte %zu as 0x%02x", at,
                          byte);
            }
            text[at] = kept;
        }
    }
}
