/* Which of resample_*.c runs: the best that the processor can, or what FEEDLINE_SIMD or a test asks for. */
#include "simd.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Atomic(const fl_simd *) chosen;

static const fl_simd *const *built(void)
{
    static const fl_simd *const all[] = {
#if defined(__x86_64__)
        &fl_simd_avx2, &fl_simd_sse2,
#endif
#if defined(__ARM_NEON)
        &fl_simd_neon,
#endif
        &fl_simd_plain, NULL,
    };
    const fl_simd *const *best = all;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2"))
        best++;
#endif
    return best;
}

int fl_simd_choose(const char *name)
{
    for (const fl_simd *const *each = built(); *each != NULL; each++)
        if (strcmp((*each)->name, name) == 0) {
            atomic_store(&chosen, *each);
            return 1;
        }
    return 0;
}

const fl_simd *fl_simd_here(void)
{
    const fl_simd *found = atomic_load_explicit(&chosen, memory_order_acquire);
    if (found != NULL)
        return found;
    const char *asked = getenv("FEEDLINE_SIMD");
    if (asked == NULL || !fl_simd_choose(asked)) /* Python says so, where there is none of that name */
        fl_simd_choose((*built())->name);
    return atomic_load(&chosen);
}

const char *const *fl_simd_names(void)
{
    static const char *const names[] = {
#if defined(__x86_64__)
        "avx2", "sse2",
#endif
#if defined(__ARM_NEON)
        "neon",
#endif
        "plain", NULL,
    };
    const char *const *best = names;
    while (strcmp(*best, (*built())->name) != 0)
        best++;
    return best;
}
