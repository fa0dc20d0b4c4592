# OpenSSH's server, for whoever builds it: their public keys go into the image.
# SSHKEYS=FILE names others, further ones are service/sshd/etc/NAME.pub.
SETS=		base etc
SSHKEYS?=	user
