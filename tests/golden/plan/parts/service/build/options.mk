SETS=base.${SETSEXT} etc.${SETSEXT} comp.${SETSEXT}:/usr/bin/strip
ADDSETS=man:/usr/share/man/man1/* my/own.tgz /abs/other.tar
MOUNTRO=y
