# A place to draw where a boot's time goes: perl and git, for the scripts that
# make flame graphs of the kernel's time stamps (options TSLOG).
SETS=		base etc
IMGSIZE=	1024
