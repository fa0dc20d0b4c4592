.include "more.mk"
.-include "none.mk"
SETS:=${SETS:N*comp*} ${LAST:Umodules}
