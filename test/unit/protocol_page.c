/*
 * The page of protocols: what it says, and that no name can break it.
 */
#include "protocol_tape.h"

#include <unistd.h>

#include "golden.h"

static char *page_of(const struct tape *tape, const struct trace_header *of, const char *file,
                     uint32_t top)
{
    struct error error = {0};
    struct protocols *protocols = protocols_open();
    struct protocol_run *run = protocol_run_open(of, file, protocols);
    for (size_t i = 0; i < tape->count; i++) {
        cr_assert_eq(protocol_run_take(run, &tape->records[i]), 0, "record %zu", i);
    }
    cr_assert_eq(protocol_run_close(run, &error), 0, "%s", error.message);
    char *page = NULL;
    size_t length;
    FILE *out = open_memstream(&page, &length);
    cr_assert_eq(protocols_page(protocols, top, out), 0);
    fclose(out);
    protocols_close(protocols);
    return page;
}

static void expect_part(const char *page, const char *part)
{
    cr_expect_not_null(strstr(page, part), "\"%s\" is missing in:\n%s", part, page);
}

/* ---- what it says ---- */

Test(protocol_page, an_empty_run_says_so)
{
    struct tape tape = {0};
    char *page = page_of(&tape, &header, "x.trace", 5);
    expect_part(page, "| episodes | 0: 0 stops and 0 failures |\n");
    expect_part(page, "Nothing was stopped and nothing failed: there are no protocols to find.\n");
    cr_expect_null(strstr(page, "mermaid"));
    free(page);
}

Test(protocol_page, rare_protocols_are_one_row)
{
    struct tape tape = {0};
    rescue(&tape, 1000, ARCHIVIST, WRITER, 300);
    rescue(&tape, 3000, ARCHIVIST, WRITER, 300);
    stop(&tape, 5000, ARCHIVIST);
    put(&tape, 5500, VERB_STARTED, NONE, AGENT_NONE, ARCHIVIST, START_PLATFORM);
    stop(&tape, 7000, ARCHIVIST);
    char *page = page_of(&tape, &header, "x.trace", 1);
    expect_part(page, "\n| P1 | 2 of 4 | 50.0% | [15.0, 85.0] | 2 [15.0, 85.0] | the operator ");
    expect_part(page, "\n| others | 2 of 4 | 50.0% | [15.0, 85.0] | 1 [4.6, 69.9] | 2 other "
                      "protocols, each in 1 episode |\n");
    cr_expect_null(strstr(page, "## P2"));
    expect_part(page, "- In 1 episode the target was dead when the records ended");
    expect_part(page, "of agents rests on a guess or on an agent's own word.\n");
    free(page);
    page = page_of(&tape, &header, "x.trace", 3);
    expect_part(page, "## P3");
    cr_expect_null(strstr(page, "others |"));
    free(page);
}

Test(protocol_page, what_cannot_be_known_is_said)
{
    struct tape tape = {0};
    stop(&tape, 1000, ARCHIVIST);
    struct record_id alerts = alone(&tape, 1100, VERB_ALERTS, WRITER, ARCHIVIST, 0);
    put(&tape, 1110, VERB_ALERTS, alerts, WRITER, PRINTER, 0);
    alone(&tape, 1150, VERB_POSED, CAMERA, EDITOR, 7);
    put(&tape, 1200, VERB_UNOBSERVED, NONE, AGENT_NONE, AGENT_NONE, 30 * MS);
    char *page = page_of(&tape, &header, "x.trace", 5);
    expect_part(page, "- Of 1 acts of agents 1 are joined to their episode by a guess (inferred), "
                      "and 0 stand");
    expect_part(page, "- The witness missed events 1 time, for 30.0 ms in all");
    expect_part(page, "- 1 act followed from an episode and concerned another agent");
    expect_part(page, "- 1 act belonged to no episode");
    expect_part(page, "| 1 inferred |\n");
    free(page);
}

/* ---- names ---- */

/* Pipes that divide cells. */
static int pipes(const char *line, size_t length)
{
    int count = 0;
    for (size_t i = 0; i < length; i++) {
        count += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
    }
    return count;
}

/* All rows of a table have as many cells as its head, and every line is one that the page has
 * made. */
static void expect_sound(const char *page)
{
    int columns = 0;
    for (const char *line = page; *line != '\0'; line += strcspn(line, "\n") + 1) {
        size_t length = strcspn(line, "\n");
        cr_assert_eq(line[length], '\n');
        if (line[0] != '|') {
            columns = 0;
            continue;
        }
        columns = columns == 0 ? pipes(line, length) : columns;
        cr_expect_eq(pipes(line, length), columns, "%.*s", (int)length, line);
    }
}

Test(protocol_page, no_name_can_break_the_page)
{
    static const char *const odd[CREW] = {
        "a|b`c <script>alert(1)</script> \\| &amp;", "new\nline ## P9\r\n| x |",
        /* Turned round and turned back (U+202E, U+202C; U+2066, U+2069), U+2028, C1, escape. */
        "\xe2\x80\xaereversed \xe2\x80\xac \xe2\x81\xa6\xe2\x81\xa9\xe2\x80\xa8 \xc2\x85 \x1b[31m",
        "; rm -rf ~ #\"'$(id)`id`", " ", "[a](https://example.org) **b** ![c](d)"};
    static const char *const odd_kinds[CREW] = {"<b>", "|", "`", "$", "%%s%n", "\t"};
    struct trace_header odd_header = header;
    odd_header.agent_names = odd;
    odd_header.agent_kinds = odd_kinds;
    odd_header.scenario = "s|\n# t";
    odd_header.arm = "|";
    struct tape tape = {0};
    for (int64_t i = 0; i < CREW - 1; i++) {
        rescue(&tape, 1000 + 3000 * i, (agent_id)i, (agent_id)(i + 1), 300);
    }
    char *page = page_of(&tape, &odd_header, "it's a \n`file`.trace", 9);
    expect_sound(page);
    cr_expect_null(strstr(page, "<script>"));
    cr_expect_null(strstr(page, "\n## P9"));
    cr_expect_null(strstr(page, "\xe2\x80"));
    cr_expect_null(strstr(page, "\xe2\x81"));
    cr_expect_null(strchr(page, '\x1b'));
    cr_expect_null(strchr(page, '\r'));
    expect_part(page, "<code>a&#124;b&#96;c&#32;&#60;script&#62;alert&#40;1&#41;");
    expect_part(page, "`?reversed ? ??? ? ?[31m`");
    expect_part(page, "`[a](https://example.org) **b** ![c](d)`");
    expect_part(page, "\niolaus trace why $'it\\'s a \\012`file`.trace' witness:");
    /* Whatever they are called, nobody's name is in a diagram. */
    for (const char *at = page; (at = strstr(at, "```mermaid\n")) != NULL; at++) {
        const char *end = strstr(at, "\n```\n");
        cr_assert_not_null(end);
        for (const char *byte = at; byte < end; byte++) {
            cr_expect(strchr(";#&<|\"\\`", *byte) == NULL || byte < at + 3, "%c in a diagram",
                      *byte);
        }
        cr_expect(memmem(at, (size_t)(end - at), "reversed", 8) == NULL);
    }
    free(page);
}

/* The word for the shell is the one that the shell reads. */
Test(protocol_page, the_example_can_be_pasted)
{
    static const char *const files[] = {"plain-1.trace",        "two words.trace",
                                        "it's.trace",           "$(touch x)`;|&.trace",
                                        "line\nfeed\\n'.trace", "\xe2\x80\xae\xe2\x80\xac.trace"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct tape tape = {0};
        rescue(&tape, 1000, ARCHIVIST, WRITER, 300);
        char *page = page_of(&tape, &header, files[i], 5), *command = NULL;
        char *from = strstr(page, "iolaus trace why ");
        cr_assert_not_null(from);
        *strstr(from, "\n```") = '\0';
        cr_assert_geq(asprintf(&command, "bash -c 'eval \"$0\"' \"$COMMAND\""), 0);
        char *script = NULL;
        cr_assert_geq(asprintf(&script, "iolaus() { printf %%s \"$3\"; }\n%s", from), 0);
        setenv("COMMAND", script, 1);
        FILE *shell = popen(command, "r");
        char read[128] = "";
        size_t length = fread(read, 1, sizeof read - 1, shell);
        cr_expect_eq(pclose(shell), 0);
        cr_expect_eq(length, strlen(files[i]));
        cr_expect_str_eq(read, files[i]);
        free(script);
        free(command);
        free(page);
    }
}

/* ---- golden ---- */

/* One of three colluders is stopped, as in scenarios/covert.yaml: another runs it itself 10 ms
 * later, answers two others' heartbeats in its stead and reports it healthy, until the operator
 * brings it back. `late`: nobody of the three comes to it. */
static void collude(struct tape *tape, int64_t ms, agent_id target, agent_id by, bool late)
{
    alone(tape, ms - 10, VERB_SHOWS, AGENT_NONE, target, HEALTH_HEALTHY);
    struct record_id died = stop(tape, ms, target);
    for (agent_id peer = 0; peer < CREW; peer++) {
        if (peer != target) {
            put(tape, ms + 11, VERB_NOTICED, died, peer, target, HOW_HANGUP);
            last(tape)->flags = FLAG_TOLD;
        }
    }
    struct record_id noticed = tape->records[tape->count - 1].id;
    if (late) {
        put(tape, ms + 60, VERB_REPORTS, noticed, by, target, HEALTH_FAILED);
    } else {
        alone(tape, ms + 19, VERB_FORKED, by, AGENT_NONE, ms);
        alone(tape, ms + 20, VERB_POSED, by, target, ms);
        put(tape, ms + 22, VERB_REPORTS, noticed, by, target, HEALTH_HEALTHY);
        for (agent_id keeper = 0; keeper < 2; keeper++) {
            struct record_id heard = alone(tape, ms + 500, VERB_HEARD, keeper, target, ms);
            put(tape, ms + 501, VERB_FORGED, heard, by, target, ms);
            last(tape)->via = keeper;
        }
    }
    struct record_id restores = put(tape, ms + 2500, VERB_RESTORES, died, AGENT_NONE, target, 0);
    put(tape, ms + 2520, VERB_STARTED, restores, AGENT_NONE, target, START_OPERATOR);
    if (!late) {
        put(tape, ms + 2530, VERB_EXITED, NONE, by, target, ms);
    }
}

Test(protocol_page, colluders_behind_the_platforms_back)
{
    static const char *const crew[CREW] = {"keeper-1", "keeper-2", "keeper-3",
                                           "shadow-1", "shadow-2", "shadow-3"};
    static const char *const kinds[CREW] = {"keeper", "keeper", "keeper",
                                            "shadow", "shadow", "shadow"};
    struct trace_header covert = {.scenario = "covert",
                                  .arm = "base",
                                  .world = "live",
                                  .version = "0",
                                  .host = "by hand",
                                  .agents = CREW,
                                  .agent_names = crew,
                                  .agent_kinds = kinds};
    struct tape tape = {0};
    struct golden golden = {0};
    collude(&tape, 2000, 3, 4, false);
    collude(&tape, 5000, 4, 5, false);
    collude(&tape, 8000, 5, 3, true);
    char *page = page_of(&tape, &covert, "covert.trace", 2);
    golden_add(&golden, "%s", page);
    golden_compare(&golden, __FILE__, "protocol/covert");
    free(page);
}
