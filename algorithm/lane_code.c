#include "lane_code.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)

static void *map(int file, size_t size, int protection)
{
    void *view = mmap(NULL, size, protection, MAP_SHARED, file, 0);
    return view == MAP_FAILED ? NULL : view;
}

struct pm_lane_code *pm_lane_code_create(size_t size)
{
    struct pm_lane_code *code = calloc(1, sizeof *code);
    const int file = code == NULL ? -1 : memfd_create("poolminer-lanes", MFD_CLOEXEC);
    if (file < 0) {
        free(code);
        return NULL;
    }
    code->size = size;
    if (ftruncate(file, (off_t)size) == 0) {
        code->writable = map(file, size, PROT_READ | PROT_WRITE);
        code->executable = map(file, size, PROT_READ | PROT_EXEC);
    }
    close(file);
    if (code->writable == NULL || code->executable == NULL) {
        pm_lane_code_destroy(code);
        return NULL;
    }
    return code;
}

#else

struct pm_lane_code *pm_lane_code_create(size_t size)
{
    (void)size;
    return NULL;
}

#endif

void pm_lane_code_destroy(struct pm_lane_code *code)
{
    if (code == NULL) {
        return;
    }
    if (code->writable != NULL) {
        munmap(code->writable, code->size);
    }
    if (code->executable != NULL) {
        munmap(code->executable, code->size);
    }
    free(code);
}

void pm_lane_code_reset(struct pm_lane_code *code)
{
    atomic_store(&code->used, 0);
}
