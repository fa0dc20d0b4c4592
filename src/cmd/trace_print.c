/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs of the same monitor and temperature are a group, and a column block:
 *
 *	                        smol, warm (10)        qemu, warm (10)
 *	ms                      min   p50   p90   max  ...
 *	monitor is started      0.4   0.4 ...
 */
#include "cmd/trace_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "cmd/cmd.h"
#include "cmd/launch.h"

#define GROUPS_MAX 4
#define PLACES 6

static const struct {
	const char *name;
	unsigned percent;
} columns[] = { { "min", 0 }, { "p50", 50 }, { "p90", 90 }, { "max", 100 } };

struct group {
	const struct trace_run *runs[4096];
	size_t n;
};

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Nearest rank. */
static double
percentile(const double *sorted, size_t n, unsigned percent)
{
	size_t rank = howmany(n * percent, 100);

	return sorted[rank == 0 ? 0 : rank - 1];
}

static double
stage_ms(const struct trace *t, enum trace_stage stage)
{
	return (double)(t->at_ns[stage] - t->begin_ns) / 1e6;
}

/* Sorted; how many of the group's runs saw the stage. */
static size_t
values(const struct group *g, enum trace_stage stage, double *v)
{
	size_t i, n = 0;

	for (i = 0; i < g->n; i++)
		if (g->runs[i]->trace.at_ns[stage] != 0)
			v[n++] = stage_ms(&g->runs[i]->trace, stage);
	qsort(v, n, sizeof(*v), by_value);
	return n;
}

static size_t
group(const struct trace_run *runs, size_t n, struct group *groups)
{
	size_t i, j, ngroups = 0;

	for (i = 0; i < n; i++) {
		for (j = 0; j < ngroups; j++)
			if (strcmp(groups[j].runs[0]->vmm, runs[i].vmm) == 0 && groups[j].runs[0]->cold == runs[i].cold)
				break;
		if (j == GROUPS_MAX || groups[j].n == nitems(groups[j].runs))
			continue;
		ngroups += j == ngroups;
		groups[j].runs[groups[j].n++] = &runs[i];
	}
	return ngroups;
}

/* --- for people --- */

static void
print_stage(const struct group *groups, size_t ngroups, enum trace_stage stage)
{
	cleanup_free double *v = xcalloc(nitems(groups[0].runs), sizeof(*v));
	size_t g, c, n;

	(void)printf("%-26s", trace_stage_text(stage));
	for (g = 0; g < ngroups; g++) {
		n = values(&groups[g], stage, v);
		for (c = 0; c < nitems(columns); c++) {
			if (n == 0)
				(void)printf("%10s", "-");
			else
				(void)printf("%10.2f", percentile(v, n, columns[c].percent));
		}
	}
	(void)putchar('\n');
}

static long long
counter(const json_t *metrics, const char *object, const char *name)
{
	return (long long)json_integer_value(json_object_get(json_object_get(metrics, object), name));
}

/* Where the exits that reach the monitor go, the busiest first. */
static void
print_places(const json_t *metrics)
{
	static const char *const lists[] = { "ports", "mmio" };
	const json_t *best[PLACES] = { NULL };
	long long count[PLACES] = { 0 }, sum;
	size_t i, j, k;
	json_t *p;

	for (i = 0; i < nitems(lists); i++)
		json_array_foreach(json_object_get(metrics, lists[i]), j, p)
		{
			sum = (long long)(json_integer_value(json_object_get(p, "reads")) +
					  json_integer_value(json_object_get(p, "writes")));
			for (k = 0; k < PLACES && count[k] >= sum; k++)
				continue;
			if (k == PLACES)
				continue;
			memmove(best + k + 1, best + k, (PLACES - 1 - k) * sizeof(best[0]));
			memmove(count + k + 1, count + k, (PLACES - 1 - k) * sizeof(count[0]));
			best[k] = p;
			count[k] = sum;
		}
	for (k = 0; k < PLACES && count[k] > 0; k++)
		(void)printf("%s %s %lld", k == 0 ? "  of them" : ",",
		    json_string_value(json_object_get(best[k], "name")), count[k]);
	if (count[0] > 0)
		(void)putchar('\n');
}

/* Of the group's last run. */
static void
print_exits(const struct group *g)
{
	const json_t *m = g->runs[g->n - 1]->trace.metrics;
	const char *vmm = g->runs[0]->vmm;

	if (json_object_get(m, "exits") != NULL) {
		(void)printf("%s: exits to the monitor: %lld (port %lld, memory %lld, other %lld)\n", vmm,
		    counter(m, "exits", "port") + counter(m, "exits", "mmio") + counter(m, "exits", "other"),
		    counter(m, "exits", "port"), counter(m, "exits", "mmio"), counter(m, "exits", "other"));
		print_places(m);
	}
	if (counter(m, "kvm", "exits") > 0)
		(void)printf("%s: exits to KVM: %lld (port %lld, memory %lld, interrupts %lld, halts %lld)\n", vmm,
		    counter(m, "kvm", "exits"), counter(m, "kvm", "io_exits"), counter(m, "kvm", "mmio_exits"),
		    counter(m, "kvm", "irq_exits"), counter(m, "kvm", "halt_exits"));
}

static void
print_table(const struct group *groups, size_t ngroups)
{
	enum trace_stage stage;
	char title[64];
	size_t g, c;

	(void)printf("%-26s", "");
	for (g = 0; g < ngroups; g++) {
		(void)snprintf(title, sizeof(title), "%s, %s, %zu runs", groups[g].runs[0]->vmm,
		    groups[g].runs[0]->cold ? "cold" : "warm", groups[g].n);
		(void)printf("%*s", (int)(10 * nitems(columns)), title);
	}
	(void)printf("\n%-26s", "ms from the start");
	for (g = 0; g < ngroups; g++)
		for (c = 0; c < nitems(columns); c++)
			(void)printf("%10s", columns[c].name);
	(void)putchar('\n');
	for (stage = 0; stage < TRACE_STAGES; stage++)
		print_stage(groups, ngroups, stage);
	for (g = 0; g < ngroups; g++)
		if (!groups[g].runs[0]->cold)
			print_exits(&groups[g]);
}

void
launch_trace_tell(const struct trace *t)
{
	enum trace_stage stage;

	for (stage = 0; stage < TRACE_STAGES; stage++)
		if (t->at_ns[stage] != 0)
			(void)fprintf(stderr, "smol: %10.2f ms  %s\n", stage_ms(t, stage), trace_stage_text(stage));
}

/* --- for programs --- */

static json_t *
run_json(const struct trace_run *r)
{
	json_t *ms = json_object(), *run;
	enum trace_stage stage;

	for (stage = 0; stage < TRACE_STAGES; stage++)
		if (r->trace.at_ns[stage] != 0)
			(void)json_object_set_new(ms, trace_stage_name(stage), json_real(stage_ms(&r->trace, stage)));
	run = json_pack("{s:s, s:b, s:o}", "vmm", r->vmm, "cold", r->cold, "ms", ms);
	if (r->trace.metrics != NULL)
		(void)json_object_set(run, "metrics", r->trace.metrics);
	return run;
}

static json_t *
group_json(const struct group *g)
{
	cleanup_free double *v = xcalloc(nitems(g->runs), sizeof(*v));
	json_t *ms = json_object(), *row;
	enum trace_stage stage;
	size_t c, n;

	for (stage = 0; stage < TRACE_STAGES; stage++) {
		n = values(g, stage, v);
		if (n == 0)
			continue;
		row = json_pack("{s:I}", "runs", (json_int_t)n);
		for (c = 0; c < nitems(columns); c++)
			(void)json_object_set_new(
			    row, columns[c].name, json_real(percentile(v, n, columns[c].percent)));
		(void)json_object_set_new(ms, trace_stage_name(stage), row);
	}
	return json_pack("{s:s, s:b, s:o}", "vmm", g->runs[0]->vmm, "cold", g->runs[0]->cold, "ms", ms);
}

static void
print_json(const char *image, const struct trace_run *runs, size_t n, const struct group *groups, size_t ngroups)
{
	json_t *all = json_array(), *summary = json_array(), *top;
	size_t i;

	for (i = 0; i < n; i++)
		(void)json_array_append_new(all, run_json(&runs[i]));
	for (i = 0; i < ngroups; i++)
		(void)json_array_append_new(summary, group_json(&groups[i]));
	top = json_pack("{s:s, s:o, s:o}", "image", image == NULL ? "" : image, "summary", summary, "runs", all);
	(void)json_dumpf(top, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(7));
	(void)putchar('\n');
	json_decref(top);
}

int
trace_print(const char *image, const struct trace_run *runs, size_t n, bool json, struct err *err)
{
	struct group *groups = xcalloc(GROUPS_MAX, sizeof(*groups));
	size_t ngroups = group(runs, n, groups);

	if (json)
		print_json(image, runs, n, groups, ngroups);
	else
		print_table(groups, ngroups);
	free(groups);
	return cmd_flush(err);
}
