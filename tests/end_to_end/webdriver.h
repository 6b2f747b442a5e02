/* A browser without a window, driven over WebDriver: Chromium through its chromedriver. Whatever
 * goes wrong ends the test. */
#ifndef TESTS_WEBDRIVER_H
#define TESTS_WEBDRIVER_H

#include "programs.h"

#include <cjson/cJSON.h>
#include <stdint.h>

struct browser {
    const struct place *place;
    int port;          /* of chromedriver */
    pid_t driver;      /* its process */
    char session[128]; /* "": none */
};

/* Starts both, with a profile of their own in the place; the window is as wide and high. */
void browser_open(struct browser *browser, const struct place *place);
/* Also for a test that ended early; one that is not open is left alone. */
void browser_close(struct browser *browser);

/* The viewport, in CSS pixels. */
void browser_resize(struct browser *browser, int width, int height);

void browser_visit(struct browser *browser, const char *url);

/* Clicks, or types as on a keyboard, into the element that the selector finds first. */
void browser_click(struct browser *browser, const char *selector);
void browser_type(struct browser *browser, const char *selector, const char *keys);

/* What an expression of JavaScript is; the caller deletes. */
cJSON *browser_value(struct browser *browser, const char *expression);
/* Waits until it is true; shows the page's text and ends the test when it takes longer. */
void browser_await(struct browser *browser, const char *expression, int64_t timeout_ms);

/* What the page complained of in the browser's console since the last time: how many lines, each
 * shown on standard error. */
int browser_complaints(struct browser *browser);

#endif
