.if ${ARCH} == "evbarm-aarch64"
ADDSETS=	misc
.endif
