ADDPKGS=	curl
