#include "sidecar/lossy_link.h"

#include "sidecar/sidecar_test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FRAME_MAX = 65536, THOUSAND = 1000, TELL_FAILED = 'E', TELL_READY = 'R' };

/* Shared with the process that carries. */
struct link_state {
    atomic_int lost_per_mille;
    atomic_llong carried, dropped;
};

static struct link_state *shared;
static pid_t carrier;

/* ---- the carrier ---- */

static int open_tap(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int file = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (file >= 0 && ioctl(file, TUNSETIFF, &request) != 0) {
        close(file);
        return -1;
    }
    return file;
}

static bool enter_namespace_of(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/ns/net", (long)pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool entered = file >= 0 && setns(file, CLONE_NEWNET) == 0;
    if (file >= 0) {
        close(file);
    }
    return entered;
}

/* xorshift: the same frames are lost whenever they come in the same order. */
static uint32_t next_random(uint32_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 17;
    *random ^= *random << 5;
    return *random;
}

/* A frame that the other side cannot take (it is down) is lost, as on a real cable. */
static void carry(int from, int to, uint32_t *random)
{
    static char frame[FRAME_MAX];
    ssize_t size;
    while ((size = read(from, frame, sizeof frame)) > 0) {
        const int lost = atomic_load(&shared->lost_per_mille);
        if ((int)(next_random(random) % THOUSAND) < lost ||
            write(to, frame, (size_t)size) != size) {
            atomic_fetch_add(&shared->dropped, 1);
        } else {
            atomic_fetch_add(&shared->carried, 1);
        }
    }
}

static void carrier_main(const char *near, const char *far, pid_t far_pid, uint32_t random, int out)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct pollfd ends[2] = {{.events = POLLIN}, {.events = POLLIN}};
    ends[0].fd = open_tap(near);
    ends[1].fd = ends[0].fd >= 0 && enter_namespace_of(far_pid) ? open_tap(far) : -1;
    const char told = ends[1].fd >= 0 ? TELL_READY : TELL_FAILED;
    if (told == TELL_FAILED) {
        printf("no lossy link: /dev/net/tun: %s\n", strerror(errno));
        fflush(stdout);
    }
    if (write(out, &told, 1) != 1 || told == TELL_FAILED) {
        _exit(1);
    }
    for (;;) {
        poll(ends, 2, -1);
        carry(ends[0].fd, ends[1].fd, &random);
        carry(ends[1].fd, ends[0].fd, &random);
    }
}

/* ---- the test's side ---- */

bool lossy_link_start(const char *near, const char *far, pid_t far_pid, uint32_t seed)
{
    int told[2];
    char answer = TELL_FAILED;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    assert_int_equal(pipe(told), 0);
    carrier = fork();
    assert_true(carrier >= 0);
    if (carrier == 0) {
        close(told[0]);
        carrier_main(near, far, far_pid, seed, told[1]);
    }
    close(told[1]);
    bool ready = read(told[0], &answer, 1) == 1 && answer == TELL_READY;
    close(told[0]);
    if (!ready) {
        lossy_link_stop();
    }
    return ready;
}

void lossy_link_stop(void)
{
    kill(carrier, SIGKILL);
    waitpid(carrier, NULL, 0);
    munmap(shared, sizeof *shared);
}

void lossy_link_lose(int per_mille)
{
    atomic_store(&shared->lost_per_mille, per_mille);
}

int64_t lossy_link_carried(void)
{
    return atomic_load(&shared->carried);
}

int64_t lossy_link_dropped(void)
{
    return atomic_load(&shared->dropped);
}
