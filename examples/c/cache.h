/* Maps strings to strings and forgets what was not used for longest. */
#ifndef CACHE_H
#define CACHE_H

#include <stddef.h>

struct cache;

struct cache *cache_new(size_t capacity);
void cache_put(struct cache *cache, const char *key, const char *value);
/* Returns NULL if the key is not there; else the value, until the next put. */
const char *cache_get(struct cache *cache, const char *key);
void cache_free(struct cache *cache);

#endif
