/* Whether this machine runs on a battery. */
#include "cli/doctor.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 4096, WORD_SIZE = 64 };

/* What is known of all supplies together. */
struct supplies {
    bool battery, discharging, mains, plugged;
    char status[WORD_SIZE], charge[WORD_SIZE]; /* of the last battery */
};

static void look_at(const char *directory, struct supplies *supplies)
{
    char type[WORD_SIZE] = "", scope[WORD_SIZE] = "", online[WORD_SIZE] = "";
    doctor_read_line(directory, "type", type, sizeof type);
    doctor_read_line(directory, "scope", scope, sizeof scope);
    if (strcmp(scope, "Device") == 0) {
        return; /* a mouse's or a keyboard's */
    }
    if (strcmp(type, "Battery") == 0) {
        supplies->battery = true;
        strcpy(supplies->charge, "?");
        strcpy(supplies->status, "Unknown");
        doctor_read_line(directory, "capacity", supplies->charge, sizeof supplies->charge);
        doctor_read_line(directory, "status", supplies->status, sizeof supplies->status);
        supplies->discharging =
            supplies->discharging || strcmp(supplies->status, "Discharging") == 0;
    } else if (doctor_read_line(directory, "online", online, sizeof online)) {
        supplies->mains = true;
        supplies->plugged = supplies->plugged || strcmp(online, "0") != 0;
    }
}

static void tell(struct doctor *doctor, const struct supplies *supplies, const char *place)
{
    if (!supplies->battery && !supplies->mains) {
        doctor_say(doctor, "power", DOCTOR_UNKNOWN, NULL,
                   "%s names no battery and no mains, as on most desktops and servers", place);
    } else if (!supplies->battery) {
        doctor_say(doctor, "power", DOCTOR_PASS, NULL, "mains, no battery");
    } else if (supplies->discharging || (supplies->mains && !supplies->plugged)) {
        doctor_say(doctor, "power", DOCTOR_WARN, "plug it in: mining empties a battery fast",
                   "on battery, %s %% left", supplies->charge);
    } else {
        doctor_say(doctor, "power", DOCTOR_PASS, NULL, "mains; battery at %s %% (%s)",
                   supplies->charge, supplies->status);
    }
}

void doctor_check_power(struct doctor *doctor)
{
    struct supplies supplies = {0};
    char place[PATH_SIZE], directory[PATH_SIZE + 256];
    snprintf(place, sizeof place, "%s/class/power_supply",
             pm_options_text(doctor->options, "sys-dir"));
    DIR *entries = opendir(place);
    if (entries != NULL) {
        for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
            if (entry->d_name[0] != '.') {
                snprintf(directory, sizeof directory, "%s/%s", place, entry->d_name);
                look_at(directory, &supplies);
            }
        }
        closedir(entries);
    }
    tell(doctor, &supplies, place);
}
