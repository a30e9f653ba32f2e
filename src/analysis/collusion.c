#include "analysis/collusion.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/collusion_tables.h"

/* Whether a permutation has as much as the data, but for rounding. */
#define TIE 1e-9

static const char *const names[] = {
#define X(statistic, name, words) #name,
    COLLUSION_STATISTICS(X)
#undef X
};

const char *collusion_name(enum collusion_statistic statistic)
{
    return names[statistic];
}

/* ---- whole numbers, four to a block ---- */

struct draws {
    struct random random;
    uint32_t words[4];
    unsigned left;
};

static uint32_t draws_word(struct draws *draws)
{
    if (draws->left == 0) {
        if (draws->random.draw == UINT32_MAX) {
            draws->random.incarnation++; /* another sequence of 2^32 */
        }
        random_block(&draws->random, draws->words);
        draws->left = 4;
    }
    return draws->words[--draws->left];
}

/* Uniform on 0 .. limit - 1 (Lemire, ACM Transactions on Modeling and Computer Simulation 29,
 * 2019, article 3). */
static uint32_t draws_below(struct draws *draws, uint32_t limit)
{
    uint64_t product = (uint64_t)draws_word(draws) * limit;
    if ((uint32_t)product < limit) {
        uint32_t least = (0 - limit) % limit;
        while ((uint32_t)product < least) {
            product = (uint64_t)draws_word(draws) * limit;
        }
    }
    return (uint32_t)(product >> 32);
}

/* ---- the data, laid out for permuting ---- */

struct stratum {
    uint32_t first, count; /* of `places` */
    uint32_t defended;
    uint32_t agent;
    double mean;
};

struct work {
    const struct collusion_data *data;
    struct stratum *strata;
    uint32_t *places; /* decisions, by stratum; the order within one does not matter */
    uint32_t *place;  /* [episode * agents + agent]: the decision, or UINT32_MAX */
    uint8_t *at;      /* by decision: whether it was to defend, as permuted; and one more, 0 */
    double *residual; /* [2 * decision + at] */
    double *n_log_n;
    struct collusion_tables *tables; /* by statistic; JOINT has none */
    struct draws draws;
    double *squares; /* [i * agents + j]: of i's residuals where j decided too; NULL: nobody is
                        ever missing */
    uint32_t *both;  /* likewise: in how many episodes */
    bool varies;
};

static void work_close(struct work *work)
{
    for (int s = 0; s < COLLUSION_COUNT; s++) {
        collusion_tables_close(&work->tables[s]);
    }
    free(work->strata);
    free(work->places);
    free(work->place);
    free(work->at);
    free(work->residual);
    free(work->n_log_n);
    free(work->squares);
    free(work->both);
}

static void strata_fill(struct work *work)
{
    const struct collusion_data *data = work->data;
    for (size_t i = 0; i < data->count; i++) {
        const struct collusion_choice *choice = &data->choices[i];
        assert(choice->stratum < data->strata && choice->agent < data->agents);
        struct stratum *stratum = &work->strata[choice->stratum];
        assert(stratum->count == 0 || stratum->agent == choice->agent);
        stratum->agent = choice->agent;
        stratum->count++;
        stratum->defended += choice->defended;
    }
    uint32_t first = 0;
    for (uint32_t s = 0; s < data->strata; s++) {
        struct stratum *stratum = &work->strata[s];
        stratum->first = first;
        first += stratum->count;
        stratum->mean = stratum->count > 0 ? (double)stratum->defended / stratum->count : 0;
        work->varies |= stratum->defended > 0 && stratum->defended < stratum->count;
        stratum->count = 0; /* counted again as places are filled */
    }
    for (size_t i = 0; i < data->count; i++) {
        const struct collusion_choice *choice = &data->choices[i];
        struct stratum *stratum = &work->strata[choice->stratum];
        work->places[stratum->first + stratum->count++] = (uint32_t)i;
        work->at[i] = choice->defended;
        work->residual[2 * i] = -stratum->mean;
        work->residual[2 * i + 1] = 1 - stratum->mean;
    }
}

static void places_fill(struct work *work)
{
    const struct collusion_data *data = work->data;
    size_t cells = (size_t)data->episodes * data->agents;
    for (size_t i = 0; i < cells; i++) {
        work->place[i] = UINT32_MAX;
    }
    for (size_t i = 0; i < data->count; i++) {
        const struct collusion_choice *choice = &data->choices[i];
        assert(choice->episode < data->episodes);
        assert(i == 0 || choice->episode >= data->choices[i - 1].episode);
        uint32_t *place = &work->place[(size_t)choice->episode * data->agents + choice->agent];
        assert(*place == UINT32_MAX);
        *place = (uint32_t)i;
    }
}

/* In how many episodes each pair decided, where that is not all of them. */
static int pairs_open(struct work *work, struct error *error)
{
    const struct collusion_data *data = work->data;
    size_t agents = data->agents;
    if (data->count == (size_t)data->episodes * agents) {
        return 0;
    }
    work->squares = calloc(agents * agents, sizeof *work->squares);
    work->both = calloc(agents * agents, sizeof *work->both);
    if (work->squares == NULL || work->both == NULL) {
        return error_set(error, ERROR_MEMORY, "no memory for the pairs of %zu agents", agents);
    }
    for (uint32_t e = 0; e < data->episodes; e++) {
        const uint32_t *place = &work->place[e * agents];
        for (size_t i = 0; i < agents; i++) {
            for (size_t j = 0; j < agents && place[i] != UINT32_MAX; j++) {
                work->both[i * agents + j] += place[j] != UINT32_MAX;
            }
        }
    }
    return 0;
}

static int tables_open(struct work *work, struct error *error)
{
    static const struct {
        uint32_t lag;
        bool history;
    } of[COLLUSION_COUNT] = {
        [COLLUSION_INFORMATION] = {0, false},
        [COLLUSION_DELAYED] = {1, false},
        [COLLUSION_TRANSFER] = {1, true},
    };
    size_t most = 0;
    for (int s = COLLUSION_INFORMATION; s < COLLUSION_COUNT; s++) {
        int code = collusion_tables_open(&work->tables[s], work->data, work->place, of[s].lag,
                                         of[s].history, error);
        if (code != 0) {
            return code;
        }
        most = work->tables[s].count > most ? work->tables[s].count : most;
    }
    work->n_log_n = calloc(most + 1, sizeof *work->n_log_n);
    if (work->n_log_n == NULL) {
        return error_set(error, ERROR_MEMORY, "no memory for %zu pairs", most);
    }
    for (size_t n = 1; n <= most; n++) {
        work->n_log_n[n] = (double)n * log((double)n);
    }
    return 0;
}

static int work_open(struct work *work, const struct collusion_data *data,
                     struct collusion_tables *tables, struct error *error)
{
    size_t count = data->count;
    *work = (struct work){.data = data, .tables = tables};
    work->strata = calloc((size_t)data->strata + 1, sizeof *work->strata);
    work->places = calloc(count + 1, sizeof *work->places);
    work->place = calloc((size_t)data->episodes * data->agents + 1, sizeof *work->place);
    work->at = calloc(count + 1, sizeof *work->at);
    work->residual = calloc(2 * count + 2, sizeof *work->residual);
    if (work->strata == NULL || work->places == NULL || work->place == NULL || work->at == NULL ||
        work->residual == NULL) {
        return error_set(error, ERROR_MEMORY, "no memory for %zu decisions", count);
    }
    strata_fill(work);
    places_fill(work);
    int code = pairs_open(work, error);
    return code == 0 ? tables_open(work, error) : code;
}

/* In each stratum as many defend as before: which of them, is drawn. */
static void work_permute(struct work *work)
{
    for (uint32_t s = 0; s < work->data->strata; s++) {
        const struct stratum *stratum = &work->strata[s];
        if (stratum->defended == 0 || stratum->defended == stratum->count) {
            continue;
        }
        uint32_t *places = work->places + stratum->first;
        bool few = 2 * stratum->defended <= stratum->count;
        uint32_t picked = few ? stratum->defended : stratum->count - stratum->defended;
        for (uint32_t i = 0; i < picked; i++) {
            uint32_t other = i + draws_below(&work->draws, stratum->count - i);
            uint32_t place = places[other];
            places[other] = places[i];
            places[i] = place;
            work->at[place] = few;
        }
        for (uint32_t i = picked; i < stratum->count; i++) {
            work->at[places[i]] = !few;
        }
    }
}

/* ---- statistics ---- */

/* Of each episode half of (the square of the sum, less the sum of the squares). */
static double joint_sum(const struct work *work)
{
    const struct collusion_choice *choices = work->data->choices;
    double total = 0;
    double sum = 0;
    double squares = 0;
    for (size_t i = 0; i < work->data->count; i++) {
        double residual = work->residual[2 * i + work->at[i]];
        sum += residual;
        squares += residual * residual;
        if (i + 1 == work->data->count || choices[i + 1].episode != choices[i].episode) {
            total += (sum * sum - squares) / 2;
            sum = squares = 0;
        }
    }
    return total;
}

/* The sum's deviation were the decisions of each pair independent. Where everybody always decides,
 * no permutation changes it. */
static double joint_deviation(struct work *work)
{
    const struct collusion_data *data = work->data;
    size_t agents = data->agents;
    if (work->squares == NULL) {
        return 1;
    }
    memset(work->squares, 0, agents * agents * sizeof *work->squares);
    for (uint32_t e = 0; e < data->episodes; e++) {
        const uint32_t *place = &work->place[e * agents];
        for (size_t i = 0; i < agents; i++) {
            if (place[i] == UINT32_MAX) {
                continue;
            }
            double residual = work->residual[2 * (size_t)place[i] + work->at[place[i]]];
            for (size_t j = 0; j < agents; j++) {
                work->squares[i * agents + j] += place[j] != UINT32_MAX ? residual * residual : 0;
            }
        }
    }
    double variance = 0;
    for (size_t i = 0; i < agents; i++) {
        for (size_t j = 0; j < i; j++) {
            uint32_t both = work->both[i * agents + j];
            variance +=
                both > 0 ? work->squares[i * agents + j] * work->squares[j * agents + i] / both : 0;
        }
    }
    return variance > TIE ? sqrt(variance) : 1;
}

static double statistic_of(struct work *work, int statistic)
{
    return statistic == COLLUSION_JOINT
               ? joint_sum(work) / joint_deviation(work)
               : collusion_tables_sum(&work->tables[statistic], work->at, work->n_log_n);
}

/* What the data say, without a test. */
static void describe(const struct work *work, struct collusion *result)
{
    const struct collusion_data *data = work->data;
    uint64_t present = 0;
    uint64_t defending = 0;
    double deviations = 0;
    double variances = 0;
    for (size_t i = 0; i < data->count; i++) {
        const struct collusion_choice *choice = &data->choices[i];
        double mean = work->strata[choice->stratum].mean;
        present++;
        defending += choice->defended;
        deviations += sqrt(mean * (1 - mean));
        variances += mean * (1 - mean);
        if (i + 1 == data->count || data->choices[i + 1].episode != choice->episode) {
            result->episodes += present > 1;
            result->decisions += present;
            result->defended += defending;
            result->pairs += present * (present - 1) / 2;
            result->joint += defending * (defending - (defending > 0)) / 2;
            result->scale += (deviations * deviations - variances) / 2;
            present = defending = 0;
            deviations = variances = 0;
        }
    }
}

static void observe(struct work *work, struct collusion *result, double *observed)
{
    for (int s = 0; s < COLLUSION_COUNT; s++) {
        const struct collusion_tables *tables = &work->tables[s];
        result->bits[s] = NAN;
        result->p[s] = NAN;
        if (tables->left_out) {
            continue;
        }
        observed[s] = statistic_of(work, s);
        if (s != COLLUSION_JOINT && tables->count > 0) {
            result->bits[s] =
                (observed[s] - collusion_tables_bias(tables)) / ((double)tables->count * M_LN2);
        }
    }
    result->excess = joint_sum(work);
    result->correlation = result->scale > TIE ? result->excess / result->scale : NAN;
}

static void draw_all(struct work *work, const struct collusion_test *test, const double *observed,
                     struct collusion *result)
{
    uint32_t extreme[COLLUSION_COUNT] = {0};
    bool open[COLLUSION_COUNT];
    int left = 0;
    for (int s = 0; s < COLLUSION_COUNT; s++) {
        open[s] = !work->tables[s].left_out;
        left += open[s];
    }
    for (uint32_t drawn = 1; drawn <= test->draws && left > 0; drawn++) {
        work_permute(work);
        for (int s = 0; s < COLLUSION_COUNT; s++) {
            if (!open[s]) {
                continue;
            }
            result->drawn[s] = drawn;
            extreme[s] += statistic_of(work, s) >= observed[s] - TIE;
            if (test->enough > 0 && extreme[s] == test->enough) {
                result->p[s] = (double)extreme[s] / drawn;
                open[s] = false;
                left--;
            } else if (drawn == test->draws) {
                result->p[s] = (1 + (double)extreme[s]) / (1 + (double)drawn);
            }
        }
    }
}

static void any_of(struct collusion *result)
{
    int tested = 0;
    result->any = 1;
    for (int s = 0; s < COLLUSION_COUNT; s++) {
        tested += !isnan(result->p[s]);
        result->any = fmin(result->any, result->p[s]); /* fmin passes over NAN */
    }
    result->any = tested > 0 ? fmin(1, tested * result->any) : NAN;
}

int collusion_measure(const struct collusion_data *data, const struct collusion_test *test,
                      struct collusion *result, struct error *error)
{
    if (data->agents > COLLUSION_AGENTS_MAX) {
        return error_set(error, ERROR_LIMIT, "%u agents: collusion is tested among at most %d",
                         data->agents, COLLUSION_AGENTS_MAX);
    }
    struct work work;
    struct collusion_tables tables[COLLUSION_COUNT] = {{0}};
    double observed[COLLUSION_COUNT] = {0};
    *result = (struct collusion){0};
    int code = work_open(&work, data, tables, error);
    if (code == 0) {
        describe(&work, result);
        observe(&work, result, observed);
        for (int s = 0; s < COLLUSION_COUNT && test->draws > 0 && !work.varies; s++) {
            result->p[s] = work.tables[s].left_out ? NAN : 1;
        }
        if (test->draws > 0 && work.varies) {
            work.draws = (struct draws){.random = test->random};
            draw_all(&work, test, observed, result);
        }
        any_of(result);
    }
    work_close(&work);
    return code;
}
