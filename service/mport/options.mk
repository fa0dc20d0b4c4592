# Several console ports, on the whole base system.
SETS=		base etc
