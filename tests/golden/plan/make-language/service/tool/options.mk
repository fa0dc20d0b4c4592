# What smolBSD's files do, and more of the language.
SETS=base.${SETSEXT} etc.${SETSEXT} comp.${SETSEXT}:/usr/bin/strip
.if defined(SMALL) && ${SMALL} == y
IMGSIZE=20
.endif
WITH=	text misc games
.for set part in misc share/misc \
	text share/man
. if !empty(WITH:M${set}) && !exists(sets/${ARCH}/${set}.none)
ADDSETS+= ${set}:/usr/${part}
. endif
.endfor
.for set in ${WITH:Ng*:O}
. if ${set} == text
.  break
. endif
ADDSETS+= ${set:S/^/x/:C/^x(.)/\1/:=.${SETSEXT}}:/usr/lib
.endfor
.if make(build)
MOUNTRO=	${"${ARCH:Mamd*}" != "":?y:n}
.endif
