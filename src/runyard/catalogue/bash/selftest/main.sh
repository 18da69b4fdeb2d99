. ./greeting.sh
echo "$greeting"
