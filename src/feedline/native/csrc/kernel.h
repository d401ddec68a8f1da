/* What the parts of the kernel share: pictures, outcomes, and what a thread keeps between samples. */
#ifndef FEEDLINE_KERNEL_H
#define FEEDLINE_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/* What became of a sample. */
enum fl_code {
    FL_OK = 0,
    FL_DECLINED,   /* not the kernel's business, or damaged: the Python twin does it, or says what is wrong */
    FL_UNREADABLE, /* the file cannot be read */
    FL_NO_MEMORY,
};

typedef struct {
    int code;
    char text[160];
} fl_status;

/* Sets code and text (printf); returns the code. */
int fl_fail(fl_status *status, int code, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* Height x width x channels of uint8, channels interleaved; `stride` bytes from row to row. */
typedef struct {
    uint8_t *pixels;
    int height, width, channels;
    ptrdiff_t stride;
} fl_image;

/* Top, left, bottom and right, in whole pixels. */
typedef struct {
    int top, left, bottom, right;
} fl_window;

/* As stored; `orientation` is EXIF's, 1 to 8. */
typedef struct {
    int width, height, channels, bits, orientation;
} fl_header;

/* What was done to pixels; the names are those of feedline.counting(). */
typedef struct {
    int64_t pixels_decoded, mcus_decoded, mcu_rows_read, mcus_read;
    int64_t resamplings, shrinks, copies, pixel_passes, float_passes;
    int64_t unlocked_ns; /* processor time of chunks, without the interpreter's lock */
} fl_counters; /* int64_t alone: added up as an array */

/* Nanoseconds. */
typedef struct {
    int64_t read, decode, transform;
} fl_times;

/* Memory that a thread keeps from sample to sample, one block for each use. */
enum fl_block {
    FL_FILE,     /* a file's bytes */
    FL_DECODED,  /* what a codec made of them */
    FL_UPRIGHT,  /* the same, turned */
    FL_PARTS,    /* a codec's own */
    FL_ROWS,     /* taps down */
    FL_COLUMNS,  /* taps across */
    FL_LINE,     /* a row under way */
    FL_SHARES,   /* filters before they are whole numbers */
    FL_PLACES,   /* of warps */
    FL_SMALL,    /* a small picture, before it turns to float as a whole */
    FL_COLOURS,  /* grey as three channels */
    FL_BLOCKS
};

typedef struct fl_worker {
    void *blocks[FL_BLOCKS];
    size_t sizes[FL_BLOCKS];
    struct fl_jpeg *jpeg; /* jpeg.c's */
    struct fl_png *png;   /* png.c's */
    fl_counters counters;
    fl_times times;
} fl_worker;

#define FL_SLACK 128 /* bytes behind each block that may be read, never used */

/* What this thread keeps; NULL where there is no memory. Let go when the thread ends. */
fl_worker *fl_worker_here(void);

/* What the worker counted is added to the process's totals, and its own are 0 again. */
void fl_tally(fl_worker *worker);
fl_counters fl_totals(void);

/* At least so many bytes (and FL_SLACK more) of a block, whose content is lost when it grows; NULL: no memory. */
void *fl_block(fl_worker *worker, enum fl_block block, size_t bytes);

/* Lets go of blocks that one large picture needed and the next will not: between chunks. */
void fl_trim(fl_worker *worker);

/* Closes what codecs keep: called when a thread ends. */
void fl_jpeg_close(struct fl_jpeg *jpeg);
void fl_png_close(struct fl_png *png);

#endif
