/* label.c: see label.h. */
#include "probe/label.h"

#include "common/wire.h"
#include "probe/probe.h"
#include "probe/sys.h"
#include "probe/text.h"

#define LABELS 8192u
#define SIZE   ((size_t) LABELS * WIRE_LABEL_MAX)

typedef char label[WIRE_LABEL_MAX];

static label *labels;  /* LABELS of them, mapped with the first */
static uint32_t count; /* of those in use; the first is for 0 */

static label *
list(void)
{
	label *mapped = load_acquire(&labels);
	label *other = NULL;

	if (mapped != NULL) {
		return mapped;
	}
	mapped = sys_map(SIZE);
	if (mapped != NULL &&
	    !__atomic_compare_exchange_n(&labels, &other, mapped, false,
		__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		sys_unmap(mapped, SIZE);
		return other;
	}
	return mapped;
}

uint32_t
label_new(const char *text)
{
	label *all = text != NULL && text[0] != '\0' ? list() : NULL;
	uint32_t number;

	if (all == NULL || load_relaxed(&count) + 1 >= LABELS) {
		return 0;
	}
	number = __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED);
	if (number >= LABELS) {
		return 0;
	}
	text_copy(all[number], text, sizeof(all[number]));
	return number;
}

const char *
label_text(uint32_t number)
{
	label *all = load_acquire(&labels);

	return all != NULL && number < LABELS ? all[number] : "";
}
