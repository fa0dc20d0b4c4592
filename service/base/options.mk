# The whole base system.
SETS=		base etc
