#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A stock kernel of Debian's, and an initrd whose init is linux-init.sh, with
# every driver of a machine of ours and static programs in /bin.
#
#   linux_initrd.sh CACHE KERNEL NAME /PROGRAM...
#
# They lie, and it exits, as debian.sh says.
set -u

here=$(cd "$(dirname "$0")" && pwd)
cache=$1 kernel=$2 name=$3
shift 3
# In the order in which they must be loaded.
modules="virtio_ring virtio virtio_mmio virtio_blk failover net_failover virtio_net virtio_console virtio-rng virtio_balloon
netfs fscache 9pnet 9pnet_virtio 9p button evdev pvpanic pvpanic-mmio"
# shellcheck disable=SC2086
exec sh "$here/../debian.sh" "$cache" "$kernel" "$name" "$here/linux-init.sh" $modules "$@"
