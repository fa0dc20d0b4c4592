.if ${ARCH} == "i386"
IMGSIZE=300
.else
IMGSIZE=700
.endif
