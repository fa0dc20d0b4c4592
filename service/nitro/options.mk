# nitro, a process supervisor, as the machine's init.
SETS=		base etc
ADDPKGS=	nitro
