# Sourced by plain.sh and systemd.sh: the ports to the host, and how one session's result is told.
modprobe -a virtio_pci virtio_console overlay

# port NAME: prints the device of that port once the host has answered, which takes a moment.
port() {
    tries=100
    while [ $tries -gt 0 ]; do
        for entry in /sys/class/virtio-ports/*; do
            [ "$(cat "$entry/name" 2>/dev/null)" = "$1" ] && echo "/dev/${entry##*/}" && return
        done
        tries=$((tries - 1))
        sleep 0.1
    done
    echo "vm: the host offers no port named $1" >&2
    poweroff -ff
}
output=$(port output)
results=$(port results)
exec 3>"$output" 4>"$results"

# An address of TEST-NET-2, so that there is a network to be cut off from.
modprobe dummy numdummies=1
busybox ip address add 198.51.100.2/24 dev dummy0
busybox ip link set dummy0 up
busybox ip route add default via 198.51.100.1

# say TEXT: a line of our own in the output.
say() {
    echo "$*" >&3
}

# timed NAME SECONDS COMMAND...: runs the command within its time and tells the host how it ended.
timed() {
    timed_name=$1 timed_seconds=$2
    shift 2
    say "===== session $timed_name"
    timed_start=$(date +%s)
    timeout -k 10 "$timed_seconds" "$@" </dev/null >&3 2>&1 3>&- 4>&-
    timed_code=$?
    timed_took=$(($(date +%s) - timed_start))
    [ "$timed_took" -ge "$timed_seconds" ] && say "session $timed_name: ended by force"
    echo "$timed_name $timed_code $timed_took" >&4
}
