#!/bin/sh
mv usr/pkg/sbin/nitro sbin/init
