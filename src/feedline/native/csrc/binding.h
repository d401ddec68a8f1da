/* What module.c makes known to Python: each in a file bind_*.c. */
#ifndef FEEDLINE_BINDING_H
#define FEEDLINE_BINDING_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "kernel.h"

/* What was counted in this process: a dict, name -> number. */
PyObject *fl_py_counters(PyObject *module, PyObject *unused);

/* bytes -> (width, height, channels, bits); Declined where the twin shall look. */
PyObject *fl_py_png_header(PyObject *module, PyObject *data);

/* bytes -> (bytearray, height, width, channels); Declined where the twin shall look. */
PyObject *fl_py_decode_png(PyObject *module, PyObject *data);

/* fl_place for tests: see _kernel.pyi. */
PyObject *fl_py_place(PyObject *module, PyObject *arguments);
/* jpeg_header(data), decode_jpeg(data, channels, top, left, height, width, reduce, fast, orientation=1,
   offsets=None) and read_file(path); see _kernel.pyi. */
PyObject *fl_py_jpeg_header(PyObject *module, PyObject *data);
PyObject *fl_py_decode_jpeg(PyObject *module, PyObject *arguments);
PyObject *fl_py_read_file(PyObject *module, PyObject *path);

/* rewrite_jpeg(data, every): (bytes, offsets, interval); run_tiles(...): fl_run_jpeg_tiles, for tests; see
   _kernel.pyi. */
PyObject *fl_py_rewrite_jpeg(PyObject *module, PyObject *arguments);
PyObject *fl_py_run_tiles(PyObject *module, PyObject *arguments);

/* A C-contiguous array of uint8, height x width x 1 to 4 channels, as a picture, until PyBuffer_Release of the view; 0
   with an error set where it is none. */
int fl_py_image(PyObject *array, int writable, Py_buffer *view, fl_image *image);

/* regrid(image, rows, columns, form, out): the image on another grid, grids as (size, start, step, width). */
PyObject *fl_py_regrid(PyObject *module, PyObject *arguments);

/* regrid_into(image, rows, columns, form, out, (start, row, column, channel), table, levels, affine): the same to
   where a sink says, in bytes of `out`, by a table of bytes or of floats, by factors and offsets, or None. */
PyObject *fl_py_regrid_into(PyObject *module, PyObject *arguments);

/* scale(image, first, weight, first, weight, out): by taps of rows and of columns, int32 and int16 x an even number. */
PyObject *fl_py_scale(PyObject *module, PyObject *arguments);

/* taps(size, start, step, width, limit, form): (first, weight, number of taps), int32 and int16 as bytes. */
PyObject *fl_py_taps(PyObject *module, PyObject *arguments);

/* simd(), simd_names(), choose_simd(name): which instructions resample, and which could. */
PyObject *fl_py_simd(PyObject *module, PyObject *unused);
PyObject *fl_py_simd_names(PyObject *module, PyObject *unused);
PyObject *fl_py_choose_simd(PyObject *module, PyObject *name);
PyObject *fl_py_run(PyObject *module, PyObject *args);
PyObject *fl_py_plan(PyObject *module, PyObject *args);

/* Raises feedline.native._kernel.Declined or the like for a status that is not FL_OK; returns NULL. */
PyObject *fl_py_raise(const fl_status *status);

/* An array as it is asked for: `kinds` are the letters of Python's struct that its numbers may have. */
typedef struct {
    PyObject *object;
    int writable, dimensions;
    const char *kinds, *name;
} fl_py_argument;

/* Views of arrays that lie in one piece and aligned; else raises ValueError, with no view left open, and returns -1. */
int fl_py_arrays(const fl_py_argument *arguments, Py_buffer *views, int count);
void fl_py_release(Py_buffer *views, int count);

/* Raises ValueError and returns -1 unless the array has this shape. */
int fl_py_shape(const Py_buffer *view, const Py_ssize_t *shape, const char *name);

/* The functions of the module; see _kernel.pyi. */
PyObject *fl_py_warp(PyObject *module, PyObject *given);
PyObject *fl_py_look_up(PyObject *module, PyObject *given);
PyObject *fl_py_mix(PyObject *module, PyObject *given);
PyObject *fl_py_scale_shift(PyObject *module, PyObject *given);
PyObject *fl_py_words(PyObject *module, PyObject *given);
PyObject *fl_py_crc32c(PyObject *module, PyObject *given);
PyObject *fl_py_crc32c_names(PyObject *module, PyObject *unused);
PyObject *fl_py_permute(PyObject *module, PyObject *given);

#endif
