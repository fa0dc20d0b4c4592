CURLSH=	https://example.org/last.sh
