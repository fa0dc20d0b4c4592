ADDPKGS=	nitro \
	bash
ADDPKGS+=	curl
