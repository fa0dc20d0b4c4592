IMGSIZE=	auto
