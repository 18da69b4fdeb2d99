#!/bin/sh
# First process of the virtual machine, part of the root image: mounts the two other disks and hands
# over to the plain init or to systemd, as the kernel's command line says.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t devtmpfs -o nosuid dev /dev
exec </dev/console >/dev/console 2>&1
mount -t ext4 -o ro /dev/nvme1n1 /venv
mount -t ext4 -o ro /dev/nvme2n1 /checkout
case "$1" in
systemd)
    cp /checkout/tests/vm/guest/runyard-vm.* /etc/systemd/system/
    exec /lib/systemd/systemd --unit=runyard-vm.target
    ;;
*)
    exec /bin/sh /checkout/tests/vm/guest/plain.sh
    ;;
esac
