/* What the machine tells of itself, from trees that stand for machines. */
#include "cmocka_include.h"
#include "tests/fake_tree.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/heat.h>
#include <poolminer/power.h>
#include <poolminer/processors.h>

static struct fake_tree tree;

static int set_up(void **state)
{
    (void)state;
    fake_tree_create(&tree);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_tree_destroy(&tree);
    return 0;
}

/* ---- power ---- */

/* A supply's file. */
static void supply(const char *name, const char *member, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "sys/class/power_supply/%s/%s", name, member);
    fake_tree_write(&tree, path, text);
}

static struct pm_power power(void)
{
    struct pm_power read;
    char sys[96];
    snprintf(sys, sizeof sys, "%s/sys", tree.root);
    pm_power_read(sys, &read);
    return read;
}

static void a_machine_without_supplies_has_no_battery(void **state)
{
    (void)state;
    const struct pm_power read = power();
    assert_false(read.has_battery || read.has_mains || read.on_battery);
    assert_int_equal(read.charge_percent, -1);
}

static void a_laptop_is_plugged_and_unplugged(void **state)
{
    (void)state;
    supply("AC", "type", "Mains\n");
    supply("AC", "online", "1\n");
    supply("BAT1", "type", "Battery\n"); /* whatever its number */
    supply("BAT1", "status", "Charging\n");
    supply("BAT1", "capacity", "62\n");
    assert_true(power().has_battery);
    assert_false(power().on_battery);
    assert_int_equal(power().charge_percent, 62);
    /* a weak charger does not keep up: it is one all the same */
    supply("BAT1", "status", "Discharging\n");
    assert_false(power().on_battery);
    supply("AC", "online", "0\n");
    assert_true(power().on_battery);
    supply("BAT1", "status", "Unknown\n");
    assert_true(power().on_battery);
}

static void a_mouse_is_no_machine(void **state)
{
    (void)state;
    supply("hidpp_battery_0", "type", "Battery\n");
    supply("hidpp_battery_0", "scope", "Device\n");
    supply("hidpp_battery_0", "status", "Discharging\n");
    assert_false(power().has_battery);
    assert_false(power().on_battery);
    /* nor do mains that are not there make a battery of a desktop */
    supply("AC", "type", "Mains\n");
    supply("AC", "online", "0\n");
    assert_false(power().on_battery);
}

static void one_of_several_plugs_is_enough(void **state)
{
    (void)state;
    supply("BAT0", "type", "Battery\n");
    supply("BAT0", "status", "Not charging\n");
    supply("ucsi-source-psy-USBC000:001", "type", "USB\n");
    supply("ucsi-source-psy-USBC000:001", "online", "0\n");
    supply("ucsi-source-psy-USBC000:002", "type", "USB\n");
    supply("ucsi-source-psy-USBC000:002", "online", "1\n");
    assert_false(power().on_battery);
    supply("ucsi-source-psy-USBC000:002", "online", "0\n");
    assert_false(
        power().on_battery); /* it would be discharging: there is a plug that is not told */
    supply("BAT0", "status", "Discharging\n");
    assert_true(power().on_battery);
}

static void without_a_plug_that_is_told_the_battery_decides(void **state)
{
    (void)state;
    supply("macsmc-battery", "type", "Battery\n");
    supply("macsmc-battery", "status", "Full\n");
    assert_false(power().on_battery);
    supply("macsmc-battery", "status", "Discharging\n");
    assert_true(power().on_battery);
    supply("macsmc-battery", "status", "Unknown\n");
    assert_false(power().on_battery);
}

static void a_server_on_its_ups_is_on_battery(void **state)
{
    (void)state;
    supply("ups", "type", "UPS\n");
    supply("ups", "status", "Discharging\n");
    supply("ups", "capacity", "88\n");
    assert_true(power().on_battery);
    assert_int_equal(power().charge_percent, 88);
}

static void batteries_weigh_what_they_hold(void **state)
{
    (void)state;
    supply("BAT0", "type", "Battery\n");
    supply("BAT0", "capacity", "100\n");
    supply("BAT0", "energy_now", "20000000\n");
    supply("BAT0", "energy_full", "20000000\n");
    supply("BAT1", "type", "Battery\n");
    supply("BAT1", "capacity", "0\n");
    supply("BAT1", "energy_now", "0\n");
    supply("BAT1", "energy_full", "60000000\n");
    assert_int_equal(power().charge_percent, 25);
    supply("BAT1", "present", "0\n"); /* a bay */
    assert_int_equal(power().charge_percent, 100);
    supply("BAT2", "type", "Battery\n");
    supply("BAT2", "capacity", "50\n"); /* tells no energy: the mean */
    assert_int_equal(power().charge_percent, 75);
    supply("BAT2", "capacity", "nonsense\n");
    assert_int_equal(power().charge_percent, 100);
}

/* ---- heat ---- */

static struct pm_heat heat(void)
{
    struct pm_heat read;
    char sys[96];
    snprintf(sys, sizeof sys, "%s/sys", tree.root);
    pm_heat_read(sys, &read);
    return read;
}

static void the_processors_hottest_sensor_counts(void **state)
{
    (void)state;
    assert_false(heat().known);
    fake_tree_write(&tree, "sys/class/thermal/thermal_zone0/type", "acpitz\n");
    fake_tree_write(&tree, "sys/class/thermal/thermal_zone0/temp", "27800\n");
    fake_tree_write(&tree, "sys/class/thermal/cooling_device0/type", "Processor\n");
    assert_true(heat().celsius == 27.8);
    fake_tree_write(&tree, "sys/class/thermal/thermal_zone1/type", "x86_pkg_temp\n");
    fake_tree_write(&tree, "sys/class/thermal/thermal_zone1/temp", "51000\n");
    assert_string_equal(heat().sensor, "x86_pkg_temp");
    fake_tree_write(&tree, "sys/class/hwmon/hwmon0/name", "nvme\n");
    fake_tree_write(&tree, "sys/class/hwmon/hwmon0/temp1_input", "99000\n");
    fake_tree_write(&tree, "sys/class/hwmon/hwmon3/name", "coretemp\n");
    fake_tree_write(&tree, "sys/class/hwmon/hwmon3/temp1_input", "60000\n");
    fake_tree_write(&tree, "sys/class/hwmon/hwmon3/temp2_input", "71500\n");
    fake_tree_write(&tree, "sys/class/hwmon/hwmon3/temp3_input", "-274000\n");
    fake_tree_write(&tree, "sys/class/hwmon/hwmon3/temp4_input", "junk\n");
    const struct pm_heat read = heat();
    assert_true(read.known && read.celsius == 71.5);
    assert_string_equal(read.sensor, "coretemp");
}

/* ---- processors ---- */

static void cgroups_leave_less(void **state)
{
    (void)state;
    struct pm_processors processors;
    pm_processors_read(tree.root, &processors);
    assert_true(processors.allowed >= 1 && processors.cgroup == 0);
    assert_true(processors.available == processors.allowed);
    fake_tree_write(&tree, "proc/self/cgroup", "0::/user.slice/mine\n");
    fake_tree_write(&tree, "sys/fs/cgroup/user.slice/cpu.max", "50000 100000\n");
    fake_tree_write(&tree, "sys/fs/cgroup/user.slice/mine/cpu.max", "max 100000\n");
    pm_processors_read(tree.root, &processors);
    assert_true(processors.cgroup == 0.5 && processors.available == 0.5);
    fake_tree_write(&tree, "sys/fs/cgroup/user.slice/cpu.max", "999900000 100000\n");
    pm_processors_read(tree.root, &processors);
    assert_true(processors.available == processors.allowed);
}

static void affinity_leaves_less(void **state)
{
    (void)state;
    struct pm_processors processors;
    cpu_set_t all, one;
    CPU_ZERO(&one);
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    for (size_t i = 0; CPU_COUNT(&one) == 0; i++) {
        if (CPU_ISSET(i, &all)) {
            CPU_SET(i, &one);
        }
    }
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    pm_processors_read(tree.root, &processors);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_int_equal(processors.allowed, 1);
    assert_true(processors.available == 1);
    pm_processors_read(tree.root, &processors);
    assert_int_equal(processors.allowed, CPU_COUNT(&all));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_machine_without_supplies_has_no_battery),
        TEST(a_laptop_is_plugged_and_unplugged),
        TEST(a_mouse_is_no_machine),
        TEST(one_of_several_plugs_is_enough),
        TEST(without_a_plug_that_is_told_the_battery_decides),
        TEST(a_server_on_its_ups_is_on_battery),
        TEST(batteries_weigh_what_they_hold),
        TEST(the_processors_hottest_sensor_counts),
        TEST(cgroups_leave_less),
        TEST(affinity_leaves_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
