/* Paths as sources/path_table.py keeps them: runs of bytes and where each piece ends. */
#ifndef FEEDLINE_PATHS_H
#define FEEDLINE_PATHS_H

#include "kernel.h"

enum { FL_LONGEST_PATH = 4096 };

/* Pieces of one kind; `ends` has one number more than there are pieces, of 4 or 8 bytes. */
typedef struct {
    const char *text;
    size_t length;
    const void *ends;
    int wide;
    int64_t count;
} fl_pieces;

typedef struct {
    const char *root; /* ends with a slash */
    size_t root_length;
    const int64_t *starts; /* of groups, one number more than there are */
    int64_t groups;
    fl_pieces heads, names, tails; /* a name ends with a slash that is not its own */
} fl_paths;

/* The path of a sample, with a 0 at its end, in `path`, which holds FL_LONGEST_PATH bytes. */
int fl_path_of(const fl_paths *paths, int64_t index, char *path, fl_status *status);

#endif
