# A read-only shell as small as it gets: one static program, /rescue, that is
# all the tools by its links; of etc, what init and sh need.
SETS=		rescue etc
IMGSIZE=	auto
MOUNTRO=	y
