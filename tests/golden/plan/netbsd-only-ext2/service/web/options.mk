FS=ext2
