ADDPKGS=	nitro
