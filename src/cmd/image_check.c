/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol image check: is the file system consistent?  A problem a line, then a
 * summary; exit status 0 if there is none, 1 otherwise.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/defs.h"
#include "cmd/cmd.h"
#include "cmd/image_arg.h"

struct checking {
	struct image_arg a;
	bool json, first;
	struct str line;
};

static void
report(void *arg, const char *text)
{
	struct checking *ch = arg;

	ch->line.len = 0;
	if (ch->json) {
		str_add(&ch->line, ch->first ? "\n  " : ",\n  ");
		str_add_json(&ch->line, text);
	} else {
		str_add_escaped(&ch->line, text, false);
		str_add(&ch->line, "\n");
	}
	ch->first = false;
	(void)fwrite(ch->line.p, 1, ch->line.len, stdout);
}

static void
begin_json(struct checking *ch)
{
	const struct ffs_super *s = &ch->a.r.super;

	str_add(&ch->line, "{\"image\":");
	str_add_json(&ch->line, ch->a.image);
	str_addf(&ch->line, ",\"ffs\":%u,\"endian\":\"%s\",\"bsize\":%" PRId32 ",\"fsize\":%" PRId32, s->ver,
	    s->big ? "big" : "little", s->bsize, s->fsize);
	if (ch->a.part.gpt) {
		str_add(&ch->line, ",\"label\":");
		str_add_json(&ch->line, ch->a.part.label);
	}
	str_add(&ch->line, ",\n \"problems\":[");
	(void)fwrite(ch->line.p, 1, ch->line.len, stdout);
}

static void
summary_json(const struct ffs_check_result *r)
{
	(void)printf("%s],\n \"clean\":%s,\"files\":%" PRIu64 ",\"directories\":%" PRIu64 ",\"used_frags\":%" PRIu64
		     ",\"free_frags\":%" PRIu64 "}\n",
	    r->problems > 0 ? "\n " : "", r->problems == 0 ? "true" : "false", r->files, r->directories, r->used_frags,
	    r->free_frags);
}

static void
summary(const struct checking *ch, const struct ffs_check_result *r)
{
	const struct ffs_super *s = &ch->a.r.super;
	char used[SIZE_TEXT_MAX], nfree[SIZE_TEXT_MAX];
	struct str name = { 0 };

	str_add_escaped(&name, ch->a.image, true);
	if (r->problems == 0)
		(void)printf("%s: clean", name.p);
	else
		(void)printf("%s: %" PRIu64 " problem%s", name.p, r->problems, r->problems == 1 ? "" : "s");
	(void)printf(": FFSv%u, %s-endian, %" PRId32 "/%" PRId32 "; %" PRIu64 " director%s, %" PRIu64
		     " file%s, %s used, %s free\n",
	    s->ver, s->big ? "big" : "little", s->bsize, s->fsize, r->directories, r->directories == 1 ? "y" : "ies",
	    r->files, r->files == 1 ? "" : "s", size_text(r->used_frags << s->fshift, used),
	    size_text(r->free_frags << s->fshift, nfree));
	str_release(&name);
}

static int
check(struct checking *ch, struct err *err)
{
	struct ffs_check_result result;
	uint64_t notes = 0;

	ch->first = true;
	if (ch->json)
		begin_json(ch);
	if (ch->a.part.note[0] != '\0') {
		report(ch, ch->a.part.note);
		notes = 1;
	}
	if (ffs_check(&ch->a.r, report, ch, &result, err) < 0)
		return err_wrap(err, "image '%s'", ch->a.image);
	result.problems += notes;
	if (ch->json)
		summary_json(&result);
	else
		summary(ch, &result);
	return cmd_flush(err) < 0 ? -1 : result.problems > 0;
}

static int
run(int argc, char **argv, struct err *err)
{
	static const struct option longs[] = { { "json", no_argument, NULL, 'j' }, { NULL, 0, NULL, 0 } };
	struct checking ch = { 0 };
	int opt, rv;

	while ((opt = cmd_getopt(argc, argv, "", longs, err)) != -1) {
		if (opt != 'j')
			return -1;
		ch.json = true;
	}
	if (argc - optind != 1)
		return err_usage(err, "want one IMAGE; see 'smol image check --help'");
	rv = image_arg_open(&ch.a, argv[optind], err);
	if (rv == 0)
		rv = check(&ch, err);
	image_arg_close(&ch.a);
	str_release(&ch.line);
	return rv;
}

const struct command cmd_image_check = {
	.name = "image check",
	.args = "[--json] IMAGE",
	.summary = "check the file system of an image",
	.help = "Every inode, block, link count, map, summary and directory entry, as fsck_ffs does.  Nothing is\n"
		"changed.  Exit status 0: clean; 1: there are problems, each on a line.\n\n"
		"  --json  the same as a JSON object\n",
	.run = run,
};
