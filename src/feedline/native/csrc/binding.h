/* What module.c makes known to Python: each in a file bind_*.c. */
#ifndef FEEDLINE_BINDING_H
#define FEEDLINE_BINDING_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "kernel.h"

/* Adds the worker's counters to a dict name -> number, new in each call, and sets them to 0. */
PyObject *fl_py_counters(PyObject *module, PyObject *unused);

/* Raises feedline.native._kernel.Declined or the like for a status that is not FL_OK; returns NULL. */
PyObject *fl_py_raise(const fl_status *status);

#endif
