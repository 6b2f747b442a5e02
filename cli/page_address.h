/* Where the page is, and how a browser gets there with the session's token: by files in the data
 * directory that only their owner reads. The token stands in no command line. */
#ifndef CLI_PAGE_ADDRESS_H
#define CLI_PAGE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>

/* A new token, in a file of mode 0600. */
bool page_token_create(const char *path, struct pm_error *error);

/* The page's address with its token, from what the sidecar and page_token_create wrote; "" when the
 * sidecar serves none. Also leaves it in the directory, for page_address_read and for a browser. */
bool page_address_find(const char *directory, const char *ready_file, const char *token_file,
                       char *out, size_t size, struct pm_error *error);

/* The address that the miner of this directory left. PM_ERROR_NOT_FOUND: none. */
bool page_address_read(const char *directory, char *out, size_t size, struct pm_error *error);
void page_address_forget(const char *directory);

/* Has the desktop's browser open it; false where there is no desktop. */
bool page_address_open(const char *directory);

#endif
