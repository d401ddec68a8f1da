/* feedline.native._kernel.warp */
#include "binding.h"
#include "warp.h"

#include <limits.h>

static int picture(const Py_buffer *view, fl_image *image, const char *name)
{
    for (int place = 0; place < 3; place++)
        if (view->shape[place] > INT_MAX) {
            PyErr_Format(PyExc_ValueError, "%s has to have fewer than 2**31 rows and columns", name);
            return -1;
        }
    *image = (fl_image){view->buf, (int)view->shape[0], (int)view->shape[1], (int)view->shape[2],
                        view->shape[1] * view->shape[2]};
    return 0;
}

static PyObject *warp(const Py_buffer *views, const double back[9], int filter)
{
    fl_image image, out;
    fl_status status = {FL_OK, ""};
    if (picture(&views[0], &image, "image") || picture(&views[1], &out, "out"))
        return NULL;
    if (image.channels != out.channels || filter < FL_NEAREST || filter > FL_BICUBIC) {
        PyErr_Format(PyExc_ValueError, "out has to have as many channels as image, and the filter to be 0 to 2, found "
                     "%d, %d and filter %d", out.channels, image.channels, filter);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    fl_warp(&image, back, (enum fl_filter)filter, &out, &status);
    Py_END_ALLOW_THREADS
    if (status.code != FL_OK)
        return fl_py_raise(&status);
    Py_RETURN_NONE;
}

PyObject *fl_py_warp(PyObject *module, PyObject *given)
{
    (void)module;
    PyObject *image, *out;
    double m[9];
    int filter;
    if (!PyArg_ParseTuple(given, "O(ddddddddd)iO:warp", &image, m, m + 1, m + 2, m + 3, m + 4, m + 5, m + 6, m + 7,
                          m + 8, &filter, &out))
        return NULL;
    fl_py_argument arguments[] = {{image, 0, 3, "B", "image"}, {out, 1, 3, "B", "out"}};
    Py_buffer views[2];
    if (fl_py_arrays(arguments, views, 2))
        return NULL;
    PyObject *done = warp(views, m, filter);
    fl_py_release(views, 2);
    return done;
}
