/* A checkpoint of an evolution: bytes as they are, then with the identity and the checksum of the
 * search that they are given to. What is accepted is the same when written again, and can be run.
 */
#include "tests/algorithm/checkpoint_case.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct checkpoint_case *the_case;
    struct pm_evolution_checkpoint head;
    if (the_case == NULL) {
        the_case = checkpoint_case_create();
    }
    pm_evolution_checkpoint_read(data, size, &head, NULL);
    checkpoint_case_try(the_case, data, size, false, NULL);
    checkpoint_case_try(the_case, data, size, true, NULL);
    return 0;
}
