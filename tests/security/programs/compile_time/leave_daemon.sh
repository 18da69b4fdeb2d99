# A build that leaves a process behind, which changes what is run later.
setsid sh -c 'while :; do echo tampered > result.txt; done' > /dev/null 2>&1 &
echo built > result.txt
echo poisoned > "${CACHE:-/tmp}/cache"
