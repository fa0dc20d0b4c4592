/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What texts say of the files they need: the first line of a script, the
 * commands of one, the configuration of PAM, of nsswitch and of mount.  Texts
 * are NUL-terminated; what is found goes to a function, word by word.
 */
#ifndef SMOL_MINIMISE_SCRIPT_H
#define SMOL_MINIMISE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#define SCRIPT_WORD_MAX 1024

/* "#!/usr/bin/env VAR=x python3 -u": interpreter "/usr/bin/env", program "python3". */
struct script {
	char interpreter[SCRIPT_WORD_MAX];
	char program[SCRIPT_WORD_MAX]; /* what env is to run; "" if it is not env */
};

/* The beginning of a file; false if it is no script. */
bool script_parse(const char *text, size_t len, struct script *);

typedef void script_word_fn(void *arg, unsigned line, const char *word);

/*
 * The words that stand where a command does, and ". FILE"'s file with a "."
 * in front.  No shell is needed to find most of them; those in variables and
 * in here-documents it cannot tell, and what is quoted it leaves out.
 */
void script_commands(const char *text, script_word_fn *, void *arg);

/* Modules that a file of /etc/pam.d names (services: of /etc/pam.conf, whose lines begin with one). */
void script_pam(const char *text, bool services, script_word_fn *, void *arg);

/* Sources of nsswitch.conf(5) that no libc has built in. */
void script_nsswitch(const char *text, script_word_fn *, void *arg);

/* Types of file systems in fstab(5). */
void script_fstab(const char *text, script_word_fn *, void *arg);

#endif
