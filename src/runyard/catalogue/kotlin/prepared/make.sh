# Leaves an archive of the compiler's classes as the virtual machine has them in memory, and `sources`,
# what it was made from: `sh make.sh JAVA-OPTION...`.
set -eu
jar=/opt/kotlinc/lib/kotlin-compiler.jar

# It fits only a class path that begins like this one.
java "$@" -XX:ArchiveClassesAtExit=kotlinc.jsa -cp "$jar" \
    org.jetbrains.kotlin.cli.jvm.K2JVMCompiler -no-reflect -kotlin-home /opt/kotlinc \
    -include-runtime -d out.jar Warm.kt >/dev/null 2>&1
gzip -1 -f kotlinc.jsa

home=$(java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.home = //p')
find "$home/lib/modules" "$home/lib/server" "$jar" -type f >sources
