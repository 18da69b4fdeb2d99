# Makes what Java's compile step is started with: `sh make.sh JAVA-OPTION...` leaves the class
# Compile, an archive of the compiler's classes as the virtual machine has them in memory, and
# `sources`, what that was made from.
set -eu
javac -d classes Compile.java

# The archive fits only a class path that begins like this one, which is empty. A virtual machine
# that cannot make one goes without.
java "$@" -XX:ArchiveClassesAtExit=javac.jsa -m jdk.compiler/com.sun.tools.javac.Main -d out Warm.java
gzip -1 -f javac.jsa || :

home=$(java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.home = //p')
find "$home/lib/modules" "$home/lib/server" -type f >sources
