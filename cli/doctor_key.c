/* Whether the miner's key is there, private and whole. */
#include "cli/doctor.h"
#include "cli/paths.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/hotkey.h>
#include <poolminer/locked_memory.h>

static void look_at(struct doctor *doctor, const char *path, bool may_make)
{
    struct pm_hotkey *key = NULL;
    struct pm_error error = {0};
    bool sealed = false, there = pm_hotkey_file_is_sealed(path, &sealed, &error);
    if (!there && error.code == PM_ERROR_NOT_FOUND && may_make) {
        doctor_say(doctor, "key", DOCTOR_PASS, NULL, "%s: none yet, `poolminer mine` makes one",
                   path);
    } else if (there && sealed) {
        doctor_say(doctor, "key", DOCTOR_PASS, NULL,
                   "%s: yours alone, encrypted; not opened, for that takes its password", path);
    } else if (there && pm_hotkey_load(path, NULL, &key, &error)) {
        doctor_say(doctor, "key", DOCTOR_PASS, NULL, "%s: yours alone, address %s", path,
                   pm_hotkey_address(key));
    } else {
        doctor_say(doctor, "key", DOCTOR_FAIL,
                   error.code == PM_ERROR_REFUSED
                       ? NULL /* the message says it */
                       : "name the right file with --hotkey-file, or restore your copy of it",
                   "%s", error.message);
    }
    pm_hotkey_destroy(key);
}

static void check_memory(struct doctor *doctor)
{
    struct pm_error error = {0};
    if (pm_locked_memory_check(&error)) {
        doctor_say(doctor, "memory", DOCTOR_PASS, NULL, "the key can be kept out of the swap");
    } else {
        doctor_say(doctor, "memory", DOCTOR_WARN, NULL, "%s", error.message);
    }
}

void doctor_check_key(struct doctor *doctor)
{
    char *path = NULL;
    bool may_make = false;
    struct pm_error error = {0};
    if (path_hotkey_file(doctor->options, &path, &may_make, &error)) {
        look_at(doctor, path, may_make);
    } else {
        doctor_say(doctor, "key", DOCTOR_FAIL, "name it with --hotkey-file", "%s", error.message);
    }
    free(path);
    check_memory(doctor);
}
