.if defined(MINIMIZE) && ${MINIMIZE} == y
ADDPKGS=pkgin sqlite3
.endif
