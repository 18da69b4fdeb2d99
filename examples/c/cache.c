#include "cache.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKET_COUNT = 64 };

struct entry {
    char *key, *value;
    struct entry *next_in_bucket;
    struct entry *newer, *older;
};

struct cache {
    size_t capacity, count;
    struct entry *newest, *oldest;
    struct entry *buckets[BUCKET_COUNT];
};

static size_t bucket_of(const char *key)
{
    size_t hash = 5381;
    while (*key)
        hash = hash * 33 + (unsigned char)*key++;
    return hash % BUCKET_COUNT;
}

static struct entry *find(struct cache *cache, const char *key)
{
    struct entry *entry = cache->buckets[bucket_of(key)];
    while (entry && strcmp(entry->key, key))
        entry = entry->next_in_bucket;
    return entry;
}

static void unlink_use(struct cache *cache, struct entry *entry)
{
    *(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
}

static void link_newest(struct cache *cache, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = cache->newest;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
}

static void drop_oldest(struct cache *cache)
{
    struct entry *entry = cache->oldest;
    struct entry **link = &cache->buckets[bucket_of(entry->key)];
    while (*link != entry)
        link = &(*link)->next_in_bucket;
    *link = entry->next_in_bucket;
    unlink_use(cache, entry);
    free(entry->key);
    free(entry->value);
    free(entry);
    cache->count--;
}

struct cache *cache_new(size_t capacity)
{
    struct cache *cache = calloc(1, sizeof *cache);
    cache->capacity = capacity;
    return cache;
}

void cache_put(struct cache *cache, const char *key, const char *value)
{
    struct entry *entry = find(cache, key);
    if (entry) {
        unlink_use(cache, entry);
        free(entry->value);
    } else {
        if (cache->count == cache->capacity)
            drop_oldest(cache);
        struct entry **bucket = &cache->buckets[bucket_of(key)];
        entry = calloc(1, sizeof *entry);
        entry->key = strdup(key);
        entry->next_in_bucket = *bucket;
        *bucket = entry;
        cache->count++;
    }
    entry->value = strdup(value);
    link_newest(cache, entry);
}

const char *cache_get(struct cache *cache, const char *key)
{
    struct entry *entry = find(cache, key);
    if (!entry)
        return NULL;
    unlink_use(cache, entry);
    link_newest(cache, entry);
    return entry->value;
}

void cache_free(struct cache *cache)
{
    while (cache->oldest)
        drop_oldest(cache);
    free(cache);
}
