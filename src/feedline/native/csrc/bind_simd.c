/* Which instructions resample, for Python. */
#include "binding.h"
#include "resample.h"

PyObject *fl_py_simd(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return PyUnicode_FromString(fl_simd_here()->name);
}

PyObject *fl_py_simd_names(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    const char *const *names = fl_simd_names();
    Py_ssize_t count = 0;
    while (names[count] != NULL)
        count++;
    PyObject *all = PyTuple_New(count);
    for (Py_ssize_t place = 0; all != NULL && place < count; place++) {
        PyObject *name = PyUnicode_FromString(names[place]);
        if (name == NULL)
            Py_CLEAR(all);
        else
            PyTuple_SET_ITEM(all, place, name);
    }
    return all;
}

PyObject *fl_py_choose_simd(PyObject *module, PyObject *name)
{
    const char *asked = PyUnicode_AsUTF8(name);
    if (asked == NULL)
        return NULL;
    if (!fl_simd_choose(asked)) {
        PyObject *names = fl_py_simd_names(module, NULL);
        if (names != NULL)
            PyErr_Format(PyExc_ValueError,
                         "FEEDLINE_SIMD or choose_simd: there is no %R among this machine's SIMD: choose one of %R", name, names);
        Py_XDECREF(names);
        return NULL;
    }
    Py_RETURN_NONE;
}
