mkdir -p packages
