# As smolBSD writes it for FROM base-amd64:latest.img.
FROMIMG=base-amd64:latest.img
