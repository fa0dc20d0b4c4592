# The second turn is wrong.
.for i in 1 x

.if ${i} < 2
.endif
.endfor
