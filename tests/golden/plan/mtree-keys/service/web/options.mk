SSHKEYS=	user
