/* Whether somebody uses the machine: terminals, keyboards, and what cannot be seen. */
#include "tests/cmocka_include.h"
#include "tests/fake_tree.h"
#include "worker/use.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static const int64_t NOW_S = 1790000000;

static struct fake_tree tree;
static struct pm_use use;

static int set_up(void **state)
{
    (void)state;
    fake_tree_create(&tree);
    pm_use_init(&use, tree.root);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_tree_destroy(&tree);
    return 0;
}

/* The monotonic clock began in 2026, too: BOOT_S before what the other shows. */
static const int64_t BOOT_S = 1789990000;

/* With a clock that was set forward by so many seconds since the start. */
static struct pm_use_seen look_with_clock(int64_t now_s, int64_t set_by_s)
{
    struct pm_use_seen seen;
    pm_use_look(&use, now_s + set_by_s, now_s - BOOT_S, &seen);
    return seen;
}

static struct pm_use_seen look(int64_t now_s)
{
    return look_with_clock(now_s, 0);
}

/* A terminal at which a key was read then. */
static void terminal(const char *name, int64_t read_s)
{
    char path[128];
    const struct timespec times[2] = {{.tv_sec = read_s}, {.tv_sec = NOW_S}};
    fake_tree_write(&tree, name, "");
    snprintf(path, sizeof path, "%s/%s", tree.root, name);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void keys_at_terminals_are_seen(void **state)
{
    (void)state;
    assert_false(look(NOW_S).known);
    terminal("dev/tty1", NOW_S - 500);
    terminal("dev/ttyS0", NOW_S); /* a serial line is no person's */
    terminal("dev/tty", NOW_S);
    assert_true(look(NOW_S).known);
    assert_int_equal(look(NOW_S).idle_s, 500);
    terminal("dev/pts/ptmx", NOW_S);
    terminal("dev/pts/3", NOW_S - 40);
    assert_int_equal(look(NOW_S).idle_s, 40);
    assert_false(look(NOW_S).blind);
}

static void interrupts(int keyboard, int touchpad, int disk)
{
    char text[512];
    snprintf(text, sizeof text,
             "            CPU0       CPU1\n"
             "   1:          0      %5d  IR-IO-APIC    1-edge      i8042\n"
             "  16:       %5d          7  IR-IO-APIC   16-fasteoi   nvme0, i801_smbus\n"
             "  51:          3      %5d  IR-IO-APIC   51-fasteoi   ELAN0676:00\n"
             " NMI:         12         13   Non-maskable interrupts\n",
             keyboard, disk, touchpad);
    fake_tree_write(&tree, "proc/interrupts", text);
}

/* Neither busy until the clock is where it was, nor idle for as long as it was set forward. */
static void a_clock_that_is_set_makes_nobody_busy_or_idle(void **state)
{
    (void)state;
    terminal("dev/pts/3", NOW_S - 40);
    assert_int_equal(look(NOW_S).idle_s, 40);
    assert_int_equal(look_with_clock(NOW_S + 10, -3600).idle_s, 50);
    assert_int_equal(look_with_clock(NOW_S + 20, 86400).idle_s, 60);
    /* A key that is pressed then has the new clock's time. */
    terminal("dev/pts/3", NOW_S + 29 - 3600);
    assert_int_equal(look_with_clock(NOW_S + 30, -3600).idle_s, 1);

    /* A time still to come, of before the clock was set back, is now. */
    pm_use_init(&use, tree.root);
    terminal("dev/pts/3", NOW_S + 500);
    assert_int_equal(look(NOW_S).idle_s, 0);
    assert_int_equal(look(NOW_S + 7).idle_s, 7);

    interrupts(100, 50, 1000);
    look(NOW_S + 8);
    interrupts(101, 50, 1000);
    look_with_clock(NOW_S + 9, -3600);
    assert_int_equal(look_with_clock(NOW_S + 12, -3600).idle_s, 3);
}

static void keyboards_are_seen_once_they_move(void **state)
{
    (void)state;
    interrupts(100, 50, 1000);
    assert_false(look(NOW_S).known); /* when those came nobody knows */
    interrupts(100, 50, 2000);
    assert_false(look(NOW_S + 1).known);
    interrupts(101, 50, 3000);
    assert_true(look(NOW_S + 2).known);
    assert_int_equal(look(NOW_S + 12).idle_s, 10);
    interrupts(101, 51, 3000);
    assert_int_equal(look(NOW_S + 20).idle_s, 0);
    terminal("dev/pts/0", NOW_S - 1000); /* the later of the two counts */
    assert_int_equal(look(NOW_S + 25).idle_s, 5);
}

static void a_desktop_whose_keyboard_is_not_seen_is_owned_up_to(void **state)
{
    (void)state;
    terminal("dev/pts/0", NOW_S - 10);
    interrupts(100, 50, 1000);
    assert_false(look(NOW_S).blind); /* all there is are terminals */
    fake_tree_write(&tree, "run/user/1000/wayland-0", "");
    assert_true(look(NOW_S).blind);
    assert_true(look(NOW_S).known); /* what is typed into its terminals */
    interrupts(102, 50, 1000);
    assert_false(look(NOW_S).blind);
    fake_tree_remove(&tree, "run");
    pm_use_init(&use, tree.root);
    fake_tree_write(&tree, "tmp/.X11-unix/X0", "");
    assert_true(look(NOW_S).blind);
}

static void strange_files_are_no_input(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "no colon\n",
                                        "1:\n",
                                        "1: 5 i8042\n",
                                        ":::::\n",
                                        "1: 99999999999999999999999 x\n",
                                        "1: 5 ELAN0676:0\n",
                                        "1: 5 elan0676:00\n",
                                        "1: 5\ti8042\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        fake_tree_write(&tree, "proc/interrupts", texts[i]);
        look(NOW_S);
    }
    fake_tree_remove(&tree, "proc");
    look(NOW_S);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keys_at_terminals_are_seen),
        TEST(a_clock_that_is_set_makes_nobody_busy_or_idle),
        TEST(keyboards_are_seen_once_they_move),
        TEST(a_desktop_whose_keyboard_is_not_seen_is_owned_up_to),
        TEST(strange_files_are_no_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
