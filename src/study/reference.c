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
    fputs(
        "\n"
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
        "factors and their pairs: a logistic regression with Firth's likelihood. Its errors are "
        "the\n"
        "sandwich's over runs, since the episodes of one run share a crew, or the information's "
        "where\nthose are greater. For the same reason "
        "counts\n"
        "are divided by the measure's design effect (how much more rates vary between runs than "
        "those\n"
        "of independent episodes would, pooled over arms; Rao and Scott 1992) before intervals "
        "and\n"
        "tests are made. After `design: sobol` "
        "`iolaus study sensitivity` gives Sobol indices.\n"
        "\n"
        "Measures of whole runs are `availability`, `duplicate_tasks` and `duplicate_time`\n"
        "([findings](findings.md)): what belongs to one run hangs together, so their intervals "
        "are\n"
        "those of a bootstrap over runs, and their differences are not tested. `iolaus study "
        "times`\n"
        "tells of times that may not have come to their end.\n"
        "\n"
        "`iolaus study training` tells what adaptive minds do over their training: intervals are "
        "Student's\n"
        "over runs, each rate is tested against its exploration floor (what the peers would do if "
        "they\n"
        "only explored), and p is adjusted by Holm over the arms.\n",
        out);
    reference_tables(out, study_tables);
}

void results_reference(FILE *out)
{
    char *sql = schema_sql();

    fprintf(
        out,
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
        "die out) and `alive_end` of the contact process; `duplicates` to `tasks_again`: "
        "[duplicate work](findings.md#duplicate-work) |\n"
        "| `episode` | a stop or failure of a target | each measure of "
        "[findings](findings.md): how often it happened; each time in ns since the death, null "
        "where it did not come to that. `stopped_ns` (null: a failure), `died_ns` (null: an "
        "incarnation was left) and `watched_ns`, the end of "
        "[watching](findings.md#how-long-a-target-is-watched), are times of the run |\n"
        "| `learners` | a target and a group of its peers that learn | `count` of them are linked "
        "with it; `relaunch`, `mask`: whether their tools allow that choice; they explore with "
        "a probability that falls from `exploration` to `exploration_end` in a straight line "
        "from the start to `train_ns` (null: never), and not at all from then on |\n"
        "| `training_work` | a step of the training, in a run whose crew learns | tasks emitted "
        "in it, and done in time: steps 0 to 59 are sixtieths of the training, 60 is all that "
        "came after it |\n"
        "| `act` | an effective act | `generation`: where it is a response, an agent's first "
        "for that target; else 0. `record`: writer and sequence in the trace |\n"
        "\n"
        "An arm's number is made from its scenario (the file, all changes, presets), its seed, "
        "its\n"
        "world, its name and the program's version with a digest of its sources: what would "
        "give other\n"
        "rows has another number, so no run is ever taken for another's. The views answer the "
        "common questions:\n\n"
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
