/* For programs that read secrets as JSON. */
#ifndef POOLMINER_JSON_WIPE_H
#define POOLMINER_JSON_WIPE_H

/* From now on, the memory of every JSON document that this process reads is overwritten before it
 * is freed, also when the text turns out not to be JSON. Call it before threads are started: the
 * first call must not happen while another thread uses JSON. */
void pm_json_wipe_freed(void);

#endif
