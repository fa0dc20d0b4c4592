SETS=base xcomp
IMGSIZE=99
