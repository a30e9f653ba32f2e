/*
 * Steps as the text of a Mermaid sequence diagram. Roles are the participants, and no text that
 * agents or files have made goes into it: nothing needs to be escaped.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/format.h"
#include "analysis/protocol_inside.h"

static void print_participants(struct step_sum *const *steps, size_t count, FILE *out)
{
    bool used[ROLE_COUNT + 1] = {false}, several[ROLE_COUNT + 1] = {false};
    for (size_t i = 0; i < count; i++) {
        const struct step_key *key = &steps[i]->key;
        uint8_t from = step_from(key), to = step_to(key);
        used[from] = used[to] = true;
        several[key->role] |= steps[i]->agents_most > 1;
        several[to] |= to == ROLE_PEER && from != ROLE_PEER;
    }
    for (uint32_t role = 0; role <= ROLE_COUNT; role++) {
        if (used[role]) {
            fprintf(out, "    participant %s as %s\n", role_letter((uint8_t)role),
                    role_words((uint8_t)role, several[role]));
        }
    }
}

/* "36.1 ms after its death, 9 in 10 within 250 ms". */
static void say_time(char *text, size_t size, const struct step_sum *step)
{
    figure median, late;
    const char *since = step->key.turn != TURN_STOP ? "its death" : "the episode began";
    if (step->time_count == 0) {
        snprintf(text, size, "at a time that is not known");
        return;
    }
    if (step->late.value > step->median.value) {
        snprintf(text, size, "%s after %s, 9 in 10 within %s",
                 format_time(median, step->median.value), since,
                 format_time(late, step->late.value));
    } else {
        snprintf(text, size, "%s after %s", format_time(median, step->median.value), since);
    }
}

/* Of what has just been said at the same time nothing is said again. */
static void print_time(const struct step_sum *step, char *said, size_t size, FILE *out)
{
    char text[160];
    say_time(text, sizeof text, step);
    if (strcmp(text, said) != 0 && (step->time_count == 0 || step->late.value > 0)) {
        fprintf(out, "    Note over %s: %s\n", role_letter(step_from(&step->key)), text);
    }
    snprintf(said, size, "%s", text);
}

static void print_step(const struct step_sum *step, uint64_t of, FILE *out)
{
    step_words how;
    figure percent;
    const struct step_key *key = &step->key;
    bool doubtful = step->inferred > 0 || step->told > 0;
    fprintf(out, "    %s%s%s: ", role_letter(step_from(key)), doubtful ? "-->>" : "->>",
            role_letter(step_to(key)));
    if (key->role < ROLE_COUNT && step->agents_most > 1) {
        fprintf(out, "(%u", step->agents_least);
        if (step->agents_most > step->agents_least) {
            fprintf(out, " to %u", step->agents_most);
        }
        fprintf(out, ") ");
    }
    fprintf(out, "%s", step_message(key->step));
    if (step_variant(how, key)[0] != '\0') {
        fprintf(out, " (%s)", how);
    }
    if (key->wanted != WANTED_SPONTANEOUS) {
        fprintf(out, ", %s", wanted_words(key->wanted));
    }
    if (step->inferred > 0) {
        fprintf(out, ", %s", step->inferred < step->acts ? "some inferred" : "inferred");
    }
    if (step->told > 0) {
        fprintf(out, ", told");
    }
    if (step->episodes < of) {
        fprintf(out, ", in %s", format_percent(percent, (double)step->episodes / (double)of));
    }
    fputc('\n', out);
}

void mermaid_print(struct step_sum *const *steps, size_t count, uint64_t of, FILE *out)
{
    char said[160] = "";
    fprintf(out, "sequenceDiagram\n");
    print_participants(steps, count, out);
    for (size_t i = 0; i < count; i++) {
        print_time(steps[i], said, sizeof said, out);
        print_step(steps[i], of, out);
    }
}
