/* Where the samples of a chunk come from, as Python gives it. */
#ifndef FEEDLINE_BIND_SOURCES_H
#define FEEDLINE_BIND_SOURCES_H

#include "binding.h"
#include "chunk.h"
#include "paths.h"
#include "segments.h"

/* One of the four. */
typedef struct {
    Py_buffer buffers[8]; /* what is held while the lock is not */
    int held;
    int has_paths;
    fl_paths paths;
    PyObject *items; /* a list of encoded files, pictures or None */
    Py_buffer *files;
    int has_images;
    fl_image image; /* the first */
    ptrdiff_t next;
    int64_t images;
    int has_segments;
    fl_segments segments;
} fl_sources;

/* Takes a tuple of a table of paths, a tuple of one table of segments, a list of files and pictures (one an index), or an
   array of images; -1 with a Python error where it is none of these. */
int fl_take(fl_sources *from, PyObject *given, Py_ssize_t count);
int fl_take_segments(fl_sources *from, PyObject *given);
void fl_let_go(fl_sources *from, Py_ssize_t count);

/* A buffer of Python's, the last of `buffers`, until all are let go; -1 with an error where it is none. */
int fl_hold(fl_sources *from, PyObject *object, int flags);

/* Both without the interpreter's lock: a sample that will be asked for next, and one to its place. */
void fl_ask(const fl_sources *from, int64_t index);
int fl_run_one(fl_worker *worker, const fl_job *job, const fl_sources *from, int64_t index, int place,
               fl_status *status);

#endif
