# The cache of compiled packages is read-only. Links to what it has leave room for what it has not.
cp -rs /opt/go-cache "$GOCACHE" && exec go build -o .main .
