#!/bin/sh
# Init of the plain mode: no daemon at all; mounts what programs expect and runs the sessions.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sys /sys
mkdir -p /dev/pts /dev/shm /run/lock
mount -t devpts -o nosuid,noexec,gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o nosuid,nodev,mode=1777 shm /dev/shm
mount -t tmpfs -o nosuid,nodev,mode=0755 run /run
mount -t tmpfs -o nosuid,nodev,mode=1777 tmp /tmp
# The options systemd uses, so that what holds here holds there.
mount -t cgroup2 -o nosuid,nodev,noexec,nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
for link in fd:/proc/self/fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do
    ln -sf "${link#*:}" "/dev/${link%%:*}"
done
hostname vm
busybox ip link set lo up
. /checkout/tests/vm/guest/sessions.sh

top=/sys/fs/cgroup
controllers=$(sed 's/[^ ]*/+&/g' $top/cgroup.controllers)
echo "$controllers" >$top/cgroup.subtree_control
mkdir $top/sessions
echo "$controllers" >$top/sessions/cgroup.subtree_control

# session NAME USER GROUP SECONDS COMMAND: GROUP is `delegated` (the user owns the session's cgroup)
# or `bare` (root owns it, so an ordinary user has no cgroup of his own to divide).
session() {
    name=$1 user=$2 kind=$3 seconds=$4 command=$5
    group=$top/sessions/$name
    mkdir "$group"
    if [ "$kind" = delegated ]; then
        chown "$user" "$group"
        for file in $(cat /sys/kernel/cgroup/delegate); do
            [ -e "$group/$file" ] && chown "$user" "$group/$file"
        done
    fi
    home=$(getent passwd "$user" | cut -d: -f6)
    timed "$name" "$seconds" sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" \
        env -i setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all \
        env -i PATH="$PATH" HOME="$home" USER="$user" LANG=C.UTF-8 TERM=dumb \
        PYTHONDONTWRITEBYTECODE=1 PYTHONNOUSERSITE=1 sh -c "cd /checkout && exec $command"
    echo 1 >"$group/cgroup.kill"
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
}

. /checkout/.vm/sessions
say "===== end"
sync
busybox poweroff -f
