/* For programs that read secrets as JSON. */
#ifndef POOLMINER_JSON_WIPE_H
#define POOLMINER_JSON_WIPE_H

/* From here on, in this process, memory that JSON was read into is wiped when it is freed, also
 * that of a text which turns out to be none. The first call must not run beside others that use
 * JSON: call it before there are threads. */
void pm_json_wipe_freed(void);

#endif
