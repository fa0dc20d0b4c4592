# smolBSD's
.if defined(MINIMIZE) && ${MINIMIZE} == y
ADDPKGS=pkgin
.endif
.if ${NOT_SET} == y
.endif
