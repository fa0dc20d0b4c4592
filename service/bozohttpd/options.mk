# NetBSD's own web server, on the base system.
SETS=		base etc
