/* Has a data race, which the detector must find before its silence elsewhere means anything. */
#include <stdio.h>

int main(void)
{
    enum { ROUNDS = 100000 };
    int sum = 0;
#pragma omp parallel for num_threads(4)
    for (int i = 0; i < ROUNDS; i++) {
        sum ^= i;
    }
    printf("%d\n", sum);
    return 0;
}
