/* A landscape in C: a chain of double wells, each component coupled to the next one.
 *
 *     f(x) = sum over i of (x_i^2 - 1)^2 + coupling/2 * sum over i of (x_i - x_(i+1))^2
 *
 * cc -O2 -Wall -Wextra -Werror -o examples/landscape examples/landscape.c
 * lossatlas run examples/landscape.toml --out results/chain
 *
 * Two data sets: "chain" is the function, "wells" is the first sum alone. The protocol is in
 * docs/protocol.md. This file assumes a little-endian processor. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES = 1, VALUES_AND_GRADIENTS = 2 };

static double value_and_gradient(const double *x, double *gradient, size_t n, double coupling)
{
    double value = 0.0;
    for (size_t i = 0; i < n; i++) {
        double well = x[i] * x[i] - 1.0;
        value += well * well;
        gradient[i] = 4.0 * x[i] * well;
    }
    for (size_t i = 0; i + 1 < n; i++) {
        double stretch = x[i] - x[i + 1];
        value += 0.5 * coupling * stretch * stretch;
        gradient[i] += coupling * stretch;
        gradient[i + 1] -= coupling * stretch;
    }
    return value;
}

/* Writes to lossatlas. If lossatlas has ended, the program ends as well. */
static void say(const void *bytes, size_t size)
{
    if (fwrite(bytes, 1, size, stdout) != size)
        exit(1);
}

static void say_error(const char *text)
{
    uint64_t head[2] = {1, strlen(text)};
    say(head, sizeof head);
    say(text, strlen(text));
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 4;
    double coupling = argc > 2 ? atof(argv[2]) : 0.1;
    printf("{\"lossatlas\": 1, \"dimension\": %zu, \"precision\": \"float64\", "
           "\"name\": \"chain of double wells\", \"datasets\": [\"chain\", \"wells\"], "
           "\"start_region\": [-2.0, 2.0]}\n", n);
    fflush(stdout);

    double *points = NULL, *values = NULL, *gradients = NULL;
    uint64_t request[3]; /* kind, data set, number of points */
    while (fread(request, sizeof request, 1, stdin) == 1) {
        size_t count = request[2];
        points = realloc(points, count * n * sizeof *points);
        gradients = realloc(gradients, count * n * sizeof *gradients);
        values = realloc(values, count * sizeof *values);
        if (!points || !gradients || !values) {
            fprintf(stderr, "no memory for %zu points\n", count);
            return 1;
        }
        if (fread(points, sizeof *points, count * n, stdin) != count * n)
            return 1;
        if (request[0] < VALUES || request[0] > VALUES_AND_GRADIENTS || request[1] > 1) {
            say_error("a request of an unknown kind or for an unknown data set");
        } else {
            for (size_t i = 0; i < count; i++)
                values[i] = value_and_gradient(points + i * n, gradients + i * n, n,
                                               request[1] == 0 ? coupling : 0.0);
            uint64_t status = 0;
            say(&status, sizeof status);
            say(values, count * sizeof *values);
            if (request[0] == VALUES_AND_GRADIENTS)
                say(gradients, count * n * sizeof *gradients);
        }
        fflush(stdout);
    }
    return 0;
}
