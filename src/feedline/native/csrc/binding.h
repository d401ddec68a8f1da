/* What module.c makes known to Python: each in a file bind_*.c. */
#ifndef FEEDLINE_BINDING_H
#define FEEDLINE_BINDING_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "kernel.h"

/* Adds the worker's counters to a dict name -> number, new in each call, and sets them to 0. */
PyObject *fl_py_counters(PyObject *module, PyObject *unused);

/* bytes -> (width, height, channels, bits); Declined where the twin shall look. */
PyObject *fl_py_png_header(PyObject *module, PyObject *data);

/* bytes -> (bytearray, height, width, channels); Declined where the twin shall look. */
PyObject *fl_py_decode_png(PyObject *module, PyObject *data);

/* fl_place for tests: see _kernel.pyi. */
PyObject *fl_py_place(PyObject *module, PyObject *arguments);
/* jpeg_header(data), decode_jpeg(data, channels, top, left, height, width, reduce, fast, orientation=1) and
   read_file(path); see _kernel.pyi. */
PyObject *fl_py_jpeg_header(PyObject *module, PyObject *data);
PyObject *fl_py_decode_jpeg(PyObject *module, PyObject *arguments);
PyObject *fl_py_read_file(PyObject *module, PyObject *path);

/* Raises feedline.native._kernel.Declined or the like for a status that is not FL_OK; returns NULL. */
PyObject *fl_py_raise(const fl_status *status);

#endif
