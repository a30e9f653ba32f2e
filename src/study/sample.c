#include "study/sample.h"

#include <gsl/gsl_qrng.h>
#include <stdlib.h>

#include "base/random.h"

int sample_latin(uint64_t seed, uint32_t count, uint32_t dimensions, double *points,
                 struct error *error)
{
    uint32_t *order = malloc(((size_t)count + 1) * sizeof *order);

    if (order == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for the design");
    for (uint32_t d = 0; d < dimensions; d++) {
        struct random random = random_make(seed, 0, d, 0, STREAM_DESIGN, 0);

        for (uint32_t i = 0; i < count; i++) {
            uint32_t other = (uint32_t)random_below(&random, i + 1);

            order[i] = order[other];
            order[other] = i;
        }
        for (uint32_t i = 0; i < count; i++) {
            double within = (double)random_below(&random, UINT64_C(1) << 53) * 0x1p-53;

            points[(size_t)i * dimensions + d] = ((double)order[i] + within) / count;
        }
    }
    free(order);
    return 0;
}

int sample_sobol(uint32_t count, uint32_t dimensions, double *points, struct error *error)
{
    gsl_qrng *sequence;

    if (dimensions > SAMPLE_SOBOL_DIMENSIONS_MAX)
        return error_set(error, ERROR_LIMIT, "a Sobol sequence has at most %d dimensions, not %u",
                         SAMPLE_SOBOL_DIMENSIONS_MAX, dimensions);
    sequence = gsl_qrng_alloc(gsl_qrng_sobol, dimensions);
    if (sequence == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for the design");
    for (uint32_t i = 0; i < count; i++)
        gsl_qrng_get(sequence, points + (size_t)i * dimensions);
    gsl_qrng_free(sequence);
    return 0;
}
