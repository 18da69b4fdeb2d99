/* Tests of a least-recently-used cache.
 * Run it: runyard run examples/c
 */
#include <stdio.h>
#include <string.h>

#include "cache.h"

static int failures;

static void check(const char *what, const char *actual, const char *expected)
{
    int same = actual && expected ? strcmp(actual, expected) == 0 : actual == expected;
    printf("%s %s\n", same ? "ok  " : "FAIL", what);
    failures += !same;
}

int main(void)
{
    struct cache *cache = cache_new(3);

    cache_put(cache, "one", "eins");
    cache_put(cache, "two", "zwei");
    cache_put(cache, "three", "drei");
    check("what was put is found", cache_get(cache, "one"), "eins");

    cache_put(cache, "four", "vier");
    check("the least recently used entry is dropped", cache_get(cache, "two"), NULL);
    check("an entry that was read is kept", cache_get(cache, "one"), "eins");

    cache_put(cache, "three", "trois");
    check("a value is replaced", cache_get(cache, "three"), "trois");

    cache_put(cache, "five", "fünf");
    check("replacing counts as use", cache_get(cache, "three"), "trois");
    check("so another entry is dropped", cache_get(cache, "four"), NULL);

    char key[16];
    for (int i = 0; i < 100000; i++) {
        snprintf(key, sizeof key, "%d", i);
        cache_put(cache, key, key);
    }
    check("after many entries the last are there", cache_get(cache, "99999"), "99999");
    check("and no others", cache_get(cache, "99996"), NULL);

    cache_free(cache);
    printf("%d failures\n", failures);
    return failures != 0;
}
