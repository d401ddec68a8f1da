/* What a thread keeps between samples, so that none of them allocates anything. */
#include "kernel.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNTERS = sizeof(fl_counters) / sizeof(int64_t) };

static _Atomic int64_t totals[COUNTERS]; /* and no lock, which a fork might leave locked */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int has_key;

static void let_go(void *kept)
{
    fl_worker *worker = kept;
    for (int block = 0; block < FL_BLOCKS; block++)
        free(worker->blocks[block]);
    fl_jpeg_close(worker->jpeg);
    fl_png_close(worker->png);
    free(worker);
}

static void make_key(void)
{
    has_key = pthread_key_create(&key, let_go) == 0;
}

fl_worker *fl_worker_here(void)
{
    pthread_once(&once, make_key);
    if (!has_key)
        return NULL;
    fl_worker *worker = pthread_getspecific(key);
    if (worker == NULL && (worker = calloc(1, sizeof *worker)) != NULL && pthread_setspecific(key, worker) != 0) {
        free(worker);
        worker = NULL;
    }
    return worker;
}

void fl_tally(fl_worker *worker)
{
    int64_t counted[COUNTERS];
    memcpy(counted, &worker->counters, sizeof counted);
    for (int counter = 0; counter < COUNTERS; counter++)
        if (counted[counter] != 0)
            atomic_fetch_add_explicit(&totals[counter], counted[counter], memory_order_relaxed);
    worker->counters = (fl_counters){0};
}

fl_counters fl_totals(void)
{
    int64_t counted[COUNTERS];
    fl_counters found;
    for (int counter = 0; counter < COUNTERS; counter++)
        counted[counter] = atomic_load_explicit(&totals[counter], memory_order_relaxed);
    memcpy(&found, counted, sizeof found);
    return found;
}

void *fl_block(fl_worker *worker, enum fl_block block, size_t bytes)
{
    if (bytes > SIZE_MAX / 2 - FL_SLACK)
        return NULL;
    if (worker->sizes[block] < bytes + FL_SLACK) {
        size_t size = bytes + bytes / 2 + FL_SLACK;
        free(worker->blocks[block]);
        worker->blocks[block] = calloc(1, size); /* so that what is read behind the end is at least the same */
        worker->sizes[block] = worker->blocks[block] == NULL ? 0 : size;
    }
    return worker->blocks[block];
}

enum { LARGE = 1 << 25 }; /* bytes */

void fl_trim(fl_worker *worker)
{
    for (int block = 0; block < FL_BLOCKS; block++)
        if (worker->sizes[block] > LARGE) {
            free(worker->blocks[block]);
            worker->blocks[block] = NULL;
            worker->sizes[block] = 0;
        }
}

int fl_fail(fl_status *status, int code, const char *format, ...)
{
    va_list given;
    va_start(given, format);
    vsnprintf(status->text, sizeof status->text, format, given);
    va_end(given);
    return status->code = code;
}
