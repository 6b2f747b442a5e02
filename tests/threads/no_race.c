/* Shares memory between threads only across OpenMP's own barriers and critical sections: whoever
 * reports a race here does not know OpenMP. */
#include <stdio.h>

int main(void)
{
    enum { COUNT = 1000, ROUNDS = 20 };
    static int numbers[COUNT];
    long sum = 0;
    for (int round = 0; round < ROUNDS; round++) {
#pragma omp parallel for num_threads(4) schedule(dynamic)
        for (int i = 0; i < COUNT; i++) {
            numbers[i] += i;
        }
#pragma omp parallel for num_threads(4) schedule(dynamic)
        for (int i = 0; i < COUNT; i++) {
            numbers[COUNT - 1 - i] += i;
        }
#pragma omp parallel num_threads(4)
        {
#pragma omp critical(sum)
            sum += numbers[round];
        }
    }
    printf("%ld\n", sum);
    return 0;
}
