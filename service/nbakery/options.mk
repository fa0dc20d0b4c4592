# A workshop: editor, shell, search tools and tmux, for one user.
SETS=		base etc
IMGSIZE=	1024
IMGTAG=		:latest
