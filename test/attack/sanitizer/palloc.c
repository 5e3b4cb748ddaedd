/*
 * palloc.c
 *		Makes every chunk that palloc() hands out one of malloc()'s.
 *
 * The server allocates blocks and cuts chunks from them, so that AddressSanitizer sees neither
 * a write behind a chunk nor the use of one whose context was reset.  This is linked into the
 * sanitized library; when that is loaded, it replaces the methods of all allocation sets of
 * the process.  Chunks that are older keep what they have: chunks of ours have a mark.
 *
 * The methods are where this expects them in PostgreSQL 14 and 15; later versions find them by
 * bits in front of the chunk, and there this file is empty.
 */
#include "postgres.h"

#if PG_VERSION_NUM < 160000

#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "utils/memutils.h"

#define MARK UINT64CONST(0x6361743a6d616c6c)
#define UNCHECKED __attribute__((no_sanitize("address")))

/* What is in front of a chunk; the context is where the server looks for it. */
typedef struct Chunk
{
	uint64		mark;
	struct Chunk *previous;
	struct Chunk *next;
	Size		size;			/* bytes that were asked for */
	MemoryContext context;
} Chunk;

/* The chunks of a context, and the next context of the bucket. */
typedef struct Chunks
{
	MemoryContext context;
	Chunk	   *first;
	struct Chunks *next;
} Chunks;

#define NBUCKETS 4096
static Chunks *buckets[NBUCKETS];
static MemoryContextMethods original;

static Chunks **
find(MemoryContext context)
{
	Chunks	  **place = &buckets[((uintptr_t) context >> 6) % NBUCKETS];

	while (*place != NULL && (*place)->context != context)
		place = &(*place)->next;
	return place;
}

static UNCHECKED Chunk *
chunk_of(void *pointer)
{
	Chunk	   *chunk = (Chunk *) pointer - 1;

	return chunk->mark == MARK ? chunk : NULL;
}

static UNCHECKED void *
allocate(MemoryContext context, Size size)
{
	Chunks	  **place = find(context);
	Chunk	   *chunk = malloc(sizeof(Chunk) + size);

	if (chunk == NULL)
		return NULL;
	if (*place == NULL)
	{
		*place = calloc(1, sizeof(Chunks));
		(*place)->context = context;
	}
	chunk->mark = MARK;
	chunk->previous = NULL;
	chunk->next = (*place)->first;
	if (chunk->next != NULL)
		chunk->next->previous = chunk;
	(*place)->first = chunk;
	chunk->size = size;
	chunk->context = context;
	context->mem_allocated += size;
	/* the context is read by GetMemoryChunkContext() */
	ASAN_POISON_MEMORY_REGION(chunk, offsetof(Chunk, context));
	return chunk + 1;
}

static UNCHECKED void
release(Chunk *chunk)
{
	chunk->context->mem_allocated -= chunk->size;
	chunk->mark = 0;
	ASAN_UNPOISON_MEMORY_REGION(chunk, offsetof(Chunk, context));
	free(chunk);
}

static UNCHECKED void
release_one(MemoryContext context, void *pointer)
{
	Chunk	   *chunk = chunk_of(pointer);

	if (chunk == NULL)
	{
		original.free_p(context, pointer);
		return;
	}
	if (chunk->next != NULL)
		chunk->next->previous = chunk->previous;
	if (chunk->previous != NULL)
		chunk->previous->next = chunk->next;
	else
		(*find(context))->first = chunk->next;
	release(chunk);
}

static UNCHECKED void
release_all(MemoryContext context)
{
	Chunks	  **place = find(context);
	Chunks	   *gone = *place;

	if (gone == NULL)
		return;
	for (Chunk *chunk = gone->first, *next; chunk != NULL; chunk = next)
	{
		next = chunk->next;
		release(chunk);
	}
	*place = gone->next;
	free(gone);
}

/* Always moves, so that a pointer to what was there before is found out. */
static UNCHECKED void *
resize(MemoryContext context, void *pointer, Size size)
{
	Chunk	   *chunk = chunk_of(pointer);
	void	   *moved;

	if (chunk == NULL)
		return original.realloc(context, pointer, size);
	moved = allocate(context, size);
	if (moved != NULL)
	{
		memcpy(moved, pointer, Min(size, chunk->size));
		release_one(context, pointer);
	}
	return moved;
}

static void
reset(MemoryContext context)
{
	release_all(context);
	original.reset(context);
}

static void
delete_context(MemoryContext context)
{
	release_all(context);
	original.delete_context(context);
}

static UNCHECKED Size
space_of(MemoryContext context, void *pointer)
{
	Chunk	   *chunk = chunk_of(pointer);

	return chunk == NULL ? original.get_chunk_space(context, pointer) : sizeof(Chunk) + chunk->size;
}

static bool
is_empty(MemoryContext context)
{
	return *find(context) == NULL && original.is_empty(context);
}

static void __attribute__((constructor))
replace_methods(void)
{
	MemoryContextMethods *methods = unconstify(MemoryContextMethods *, TopMemoryContext->methods);
	uintptr_t	page = (uintptr_t) methods & ~((uintptr_t) getpagesize() - 1);

	if (mprotect((void *) page, (uintptr_t) (methods + 1) - page, PROT_READ | PROT_WRITE) != 0)
		abort();
	original = *methods;
	methods->alloc = allocate;
	methods->free_p = release_one;
	methods->realloc = resize;
	methods->reset = reset;
	methods->delete_context = delete_context;
	methods->get_chunk_space = space_of;
	methods->is_empty = is_empty;
}

#endif
