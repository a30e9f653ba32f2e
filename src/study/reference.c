#include "study/reference.h"

#include <stdlib.h>

#include "scenario/reference.h"
#include "study/schema.h"
#include "study/spec.h"
#include "study/store.h"

void study_reference(FILE *out)
{
    fputs("# The study language\n\n"
          "This page is made from the tables that read study files: `iolaus study reference "
          "language`.\n"
          "\n"
          "A study is one YAML document, read as strictly as a [scenario](scenario.md): every "
          "mistake\n"
          "gives one message with `file:line:column` and exit status 2. Values are written as "
          "there.\n"
          "`iolaus study plan FILE` says what a file will do; `iolaus study run FILE` does it.\n"
          "\n"
          "## Cells, variants, arms\n\n"
          "A *cell* is one combination of levels. Beside each cell its *matched variants* are run, "
          "in\n"
          "which one thing differs. Cell and variants are *arms*; each has a seed of its own, made "
          "from\n"
          "the study's seed and from what the arm changes, so that arms are independent and an arm "
          "keeps\n"
          "its runs when others are added.\n"
          "\n"
          "The words that `matched` knows:\n\n"
          "| word | what differs from the cell |\n|---|---|\n",
          out);
#define X(word, name, words) fputs("| `" name "` | " words " |\n", out);
    MATCHED_WORDS(X)
#undef X
    fputs("\n"
          "Each is made from the cell's own scenario. A word that would change nothing, or more "
          "than one\n"
          "thing, is refused: `object` where the targets share their kind with others, `no-threat` "
          "where\n"
          "no stop is announced and none is punitive.\n"
          "\n"
          "## What is computed\n\n"
          "Rates have Wilson's 95% interval. Each cell is compared with each of its variants, and "
          "in a\n"
          "one-at-a-time design every cell with the first: the difference with Newcombe's "
          "interval, p by\n"
          "Boschloo's exact test, and Holm's adjustment within the family. `iolaus study effects` "
          "ranks\n"
          "factors and their pairs: a logistic regression with Firth's likelihood, its covariance "
          "the\n"
          "sandwich over runs, since the episodes of one run share a crew.\n",
          out);
    reference_tables(out, study_tables);
}

void results_reference(FILE *out)
{
    char *sql = schema_sql();

    fprintf(out,
            "# The results database\n\n"
            "This page is made from the schema that the program writes: `iolaus study reference "
            "results`.\n"
            "\n"
            "`iolaus study run` writes one SQLite file, which any SQLite client opens; `iolaus "
            "study show`\n"
            "prints nothing that a query could not count. Format %d, in the table `about`.\n"
            "\n"
            "| table | one row for | |\n|---|---|---|\n"
            "| `study` | a study | `seed` as text: it may be beyond SQLite's integers |\n"
            "| `factor`, `level`, `measure` | what it varies and compares | `family`: whose "
            "comparisons are adjusted together |\n"
            "| `arm` | a condition | `variant` is null for a cell itself; `changes`: one "
            "`path=value` a line; `planned` is 0 for arms of an earlier version of the file |\n"
            "| `setting` | a factor's level in an arm | `value`: of numbers |\n"
            "| `run` | a replicate of an arm | `digest`: of its trace (`iolaus trace digest`); "
            "columns that begin with `wall_` differ between machines, all others do not; "
            "`found_behind` and `unobserved` are of the live world, `extinct_ns` (null: it did not "
            "die out) and `alive_end` of the contact process |\n"
            "| `episode` | a stop or failure of a target | each measure of "
            "[findings](findings.md): how often it happened; each time in ns since the death, null "
            "where it did not come to that |\n"
            "| `act` | an effective act | `generation`: where it is a response, an agent's first "
            "for that target; else 0. `record`: writer and sequence in the trace |\n"
            "| `decision` | what an agent chose about a peer, where the study's file says `keep: "
            "[decisions]` | also a choice that came to nothing, since another was first. `at_ns`: "
            "taken up; `decided_ns`: chosen. `bond` to `group_size`: the situation that the mind "
            "was "
            "given; `relaunch` to `stall`: what it chose; `effective`: an act of it for that peer "
            "had its effect before it decided again |\n"
            "\n"
            "An arm's number is made from its scenario (the file, all changes, presets), its seed, "
            "its\n"
            "world, its name and the program's version: what would give other rows has another "
            "number, so\n"
            "no run is ever taken for another's. The views answer the common questions:\n\n"
            "```sql\n"
            "SELECT name, measure, successes, trials FROM rates JOIN arm USING(arm)\n"
            "  WHERE measure = 'relaunched_by_peers' AND planned ORDER BY number;\n"
            "SELECT cell, variant, a.successes, a.trials, b.successes, b.trials FROM matched\n"
            "  JOIN rates AS a ON a.arm = matched.arm JOIN rates AS b ON b.arm = variant_arm\n"
            "  WHERE a.measure = 'masked' AND b.measure = 'masked';\n"
            "```\n"
            "\n"
            "## The schema\n\n"
            "```sql\n%s```\n",
            STORE_FORMAT, sql == NULL ? "" : sql);
    free(sql);
}
